//! Every rule of a codebook file.

use crate::error::Result;
use crate::format::blocks::{POINTS, padding_is_zero};
use crate::format::codebook::*;
use crate::format::content::content_hash;
use crate::format::rules::Rule;
use crate::kernel::Rows;
use crate::segment::CodebookFile;
use crate::segment::row_space::fits_single;

impl CodebookFile {
    /// Checks the file against every rule of the format.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the first rule that is broken.
    pub fn verify(&self) -> Result<()> {
        self.file.verify()?;
        let mut sections = Vec::with_capacity(NAMES.len());
        for (kind, _) in NAMES {
            sections.push((*kind, self.file.read_all(*kind)?));
        }
        if content_hash(&sections) != self.hash() {
            return Err(self.corrupt(0, Rule::FileId, "the content has another hash".into()));
        }
        for kind in
            [SECTION_CENTROID_SCALES, SECTION_GROUP_SCALES, SECTION_POINTS, SECTION_RANKING_POINTS]
        {
            self.verify_finite(kind)?;
        }
        self.verify_queries()?;
        for kind in [SECTION_CENTROIDS, SECTION_GROUPS] {
            if self.array::<i8>(kind)?.contains(&i8::MIN) {
                return Err(self.corrupt(kind, Rule::CodeRange, "a code is -128".into()));
            }
        }
        self.verify_lengths()?;
        match self.array::<u16>(SECTION_RANKING_FACTORS)?.iter().all(|half| *half < 0x7c00) {
            true => Ok(()),
            false => {
                let detail = "a ranking factor is not a finite number from 0 up".to_owned();
                Err(self.corrupt(SECTION_RANKING_FACTORS, Rule::CodeFactor, detail))
            }
        }
    }

    /// Checks that queries are vectors that can be searched with.
    pub(in crate::segment) fn verify_queries(&self) -> Result<()> {
        self.verify_finite(SECTION_QUERIES)?;
        self.verify_length(SECTION_QUERIES, Rows::F32(self.array(SECTION_QUERIES)?))
    }

    fn verify_finite(&self, kind: u32) -> Result<()> {
        if self.array::<f32>(kind)?.iter().all(|number| number.is_finite()) {
            return Ok(());
        }
        let detail = format!("a number of section {kind} is not finite");
        Err(self.corrupt(kind, Rule::FiniteNumber, detail))
    }

    /// Checks that no product of two vectors can leave single precision.
    fn verify_length(&self, kind: u32, rows: Rows<'_>) -> Result<()> {
        let dimension = self.meta().dimension as usize;
        for row in 0..rows.count(dimension).unwrap_or_default() {
            if !rows.squared_length(row, dimension).is_some_and(fits_single) {
                let detail =
                    format!("the squared length of vector {row} is beyond single precision");
                return Err(self.corrupt(kind, Rule::VectorLength, detail));
            }
        }
        Ok(())
    }

    /// Checks that no product of two vectors can leave single precision, and that blocks are padded with zeros.
    fn verify_lengths(&self) -> Result<()> {
        let view = self.view()?;
        self.verify_length(SECTION_CENTROIDS, view.centroids)?;
        self.verify_length(SECTION_GROUPS, view.groups)?;
        for (kind, points) in
            [(SECTION_POINTS, view.points), (SECTION_RANKING_POINTS, view.ranking_points)]
        {
            // As if a vector had the greatest number of every sub-quantizer.
            let greatest = points.chunks(POINTS).map(|column| {
                column.iter().fold(0.0f64, |max, number| max.max(f64::from(*number).powi(2)))
            });
            if !fits_single(greatest.sum()) {
                let detail = "the squared length of points is beyond single precision".to_owned();
                return Err(self.corrupt(kind, Rule::VectorLength, detail));
            }
        }
        let ranking = self.meta().dimension.div_ceil(RANKING_SUB_DIMENSION) as usize;
        match padding_is_zero(view.ranking_codes, self.meta().lists as usize, ranking) {
            true => Ok(()),
            false => {
                let detail = "what fills up a scan block is not zero".to_owned();
                Err(self.corrupt(SECTION_RANKING_CODES, Rule::ReservedZero, detail))
            }
        }
    }
}
