//! A segment and its deleted rows.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use roaring::RoaringBitmap;

use super::compiled::{CompiledCache, CompiledFilter};
use super::evaluate::Evaluation;
use super::filter::Filter;
use super::left_out::LackingRows;
use super::matches::{MatchCache, Matches};
use super::names::index::LooseNames;
use super::remembered::RememberedRows;
use crate::control::Control;
use crate::error::Result;
use crate::format::lexical::length_of_code;
use crate::format::rows::rows as bitmap_rows;
use crate::ids::SegmentId;
use crate::index::calibrate::Calibration;
use crate::mesh::MeshInUse;
use crate::segment::{CodebookFile, Segment};

/// A segment as one snapshot sees it. Clones share everything.
#[derive(Clone)]
pub struct SegmentView {
    /// The file.
    pub segment: Segment,
    /// Rows that are deleted in this snapshot.
    pub deleted: Arc<RoaringBitmap>,
    /// The codebook that the segment is indexed with; a segment without one is searched exactly.
    pub codebook: Option<CodebookFile>,
    /// What the headings of filters are looked up in; the same for all segments of a snapshot.
    pub mesh: MeshInUse,
    calibration: Option<Arc<Calibration>>,
    sums: Arc<Sums>,
    lacking: Arc<LackingRows>,
    remembered: Arc<RememberedRows>,
    cache: Arc<MatchCache>,
    names: Arc<LooseNames>,
    compiled: Arc<CompiledCache>,
}

impl SegmentView {
    /// A view of a segment without its deleted rows.
    pub fn new(
        segment: Segment,
        deleted: Arc<RoaringBitmap>,
        codebook: Option<CodebookFile>,
        mesh: MeshInUse,
    ) -> SegmentView {
        let (sums, lacking, remembered, cache, names, compiled) = Default::default();
        SegmentView {
            segment,
            deleted,
            codebook,
            mesh,
            calibration: None,
            sums,
            lacking,
            remembered,
            cache,
            names,
            compiled,
        }
    }

    /// The view with what was measured with this codebook, if it is its own.
    #[must_use]
    pub fn calibrated(mut self, calibration: &Arc<Calibration>, codebook: [u8; 16]) -> SegmentView {
        if self.codebook.as_ref().is_some_and(|own| own.hash() == codebook) {
            self.calibration = Some(calibration.clone());
        }
        self
    }

    /// The view of the same rows beside those of other databases: the segment under another number, with rows
    /// deleted that others stand for, and the vocabulary that all go by. `place` stands before the names of
    /// its files in errors.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn beside(
        &self,
        id: SegmentId,
        place: &Path,
        deleted: Arc<RoaringBitmap>,
        mesh: MeshInUse,
    ) -> Result<SegmentView> {
        let segment = self.segment.numbered(id, place)?;
        let view = SegmentView::new(segment, deleted, self.codebook.clone(), mesh);
        Ok(SegmentView { calibration: self.calibration.clone(), ..view })
    }

    /// What was measured with its codebook.
    pub(super) fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_deref()
    }

    /// Whether one search through an index finds the rows of both.
    pub(super) fn is_indexed_as(&self, other: &SegmentView) -> bool {
        let hash = |view: &SegmentView| view.codebook.as_ref().map(CodebookFile::hash);
        let measured = |view: &SegmentView| view.calibration.as_ref().map(Arc::as_ptr);
        hash(self) == hash(other) && measured(self) == measured(other)
    }

    /// Live rows that pass a filter, `number` being that of this segment among those it was compiled for.
    /// The last filters are remembered: a second query with the same filter does not evaluate it again.
    pub(super) fn matches(&self, filter: &CompiledFilter, number: usize) -> Result<Arc<Matches>> {
        if let Some(known) = self.cache.get(&filter.program) {
            return Ok(known);
        }
        let evaluation = self.evaluation(filter, number);
        let found = Arc::new(Matches::evaluate(&evaluation, &self.deleted, &self.lacking)?);
        self.cache.put(filter.program.clone(), found.clone());
        Ok(found)
    }

    /// A filter on this segment, `number` being as in [`SegmentView::matches`].
    pub(super) fn evaluation<'a>(
        &'a self,
        filter: &'a CompiledFilter,
        number: usize,
    ) -> Evaluation<'a> {
        let (program, places) = (&filter.program, filter.places(number));
        let (segment, remembered) = (&self.segment, &*self.remembered);
        Evaluation { segment, number, program, places, remembered }
    }

    /// Words of all live rows' texts. Computed once.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(super) fn live_tokens(&self) -> Result<u64> {
        if let Some(known) = self.sums.tokens.get() {
            return Ok(*known);
        }
        let Some(index) = self.segment.lexical() else { return Ok(0) };
        let mut tokens = index.meta().tokens;
        if !self.deleted.is_empty() {
            let lengths = index.lengths()?;
            for row in bitmap_rows(&self.deleted) {
                let code = lengths.get(row as usize).copied().unwrap_or_default();
                tokens = tokens.saturating_sub(u64::from(length_of_code(code)));
            }
        }
        Ok(*self.sums.tokens.get_or_init(|| tokens))
    }

    /// Bit `r % 64` of word `r / 64` says whether row `r` is deleted. Computed once.
    pub(super) fn deleted_bits(&self) -> &[u64] {
        self.sums.deleted.get_or_init(|| {
            let mut bits = vec![0; self.segment.rows().div_ceil(64) as usize];
            for row in bitmap_rows(&self.deleted) {
                if let Some(word) = bits.get_mut(row as usize / 64) {
                    *word |= 1 << (row % 64);
                }
            }
            bits
        })
    }

    /// The sum of the vectors of all live rows, as they are stored; `None` if there are none. Computed once: from the sum
    /// of all rows and the deleted ones or, in a segment of format 1.0, in one pass over the vectors.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(super) fn vector_sum(&self) -> Result<Option<&VectorSum>> {
        if let Some(known) = self.sums.vectors.get() {
            return Ok(known.as_ref());
        }
        let made = self.segment.vector_sum_without(&self.deleted)?;
        let made = made.map(|(sum, rows)| VectorSum { sum, rows });
        Ok(self.sums.vectors.get_or_init(|| made).as_ref())
    }

    /// The segment's terms by their loose spelling.
    pub(super) fn names(&self) -> &LooseNames {
        &self.names
    }

    /// A filter as it was compiled for these segments, of which this is one, if that is remembered.
    pub(super) fn compiled(
        &self,
        segments: &[SegmentId],
        filter: &Filter,
        allow_unknown: bool,
    ) -> Option<Arc<CompiledFilter>> {
        self.compiled.get(segments, filter, allow_unknown)
    }

    /// Remembers a compiled filter.
    pub(super) fn remember_compiled(
        &self,
        segments: Vec<SegmentId>,
        filter: &Filter,
        allow_unknown: bool,
        compiled: Arc<CompiledFilter>,
    ) {
        self.compiled.put(segments, filter, allow_unknown, compiled);
    }
}

/// What follows from the deleted rows, made when it is first needed.
#[derive(Default)]
struct Sums {
    deleted: OnceLock<Vec<u64>>,
    tokens: OnceLock<u64>,
    vectors: OnceLock<Option<VectorSum>>,
}

/// A sum of vectors.
pub(super) struct VectorSum {
    pub(super) sum: Vec<f64>,
    /// How many vectors it is of.
    pub(super) rows: u64,
}

/// The live rows of each segment that pass a filter.
///
/// # Errors
/// [`crate::Error::Corrupt`], and those of the control.
pub(super) fn matches(
    segments: &[SegmentView],
    filter: &CompiledFilter,
    control: &Control,
) -> Result<Vec<Arc<Matches>>> {
    let matches = |(number, view): (usize, &SegmentView)| {
        control.check()?;
        view.matches(filter, number)
    };
    segments.iter().enumerate().map(matches).collect()
}
