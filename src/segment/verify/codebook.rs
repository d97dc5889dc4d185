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
        for kind in [
            SECTION_CENTROID_SCALES,
            SECTION_GROUP_SCALES,
            SECTION_POINTS,
            SECTION_RANKING_POINTS,
            SECTION_QUERIES,
        ] {
            if self.array::<f32>(kind)?.iter().any(|number| !number.is_finite()) {
                let detail = format!("a number of section {kind} is not finite");
                return Err(self.corrupt(kind, Rule::FiniteNumber, detail));
            }
        }
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

    /// Checks that no product of two vectors can leave single precision, and that blocks are padded with zeros.
    fn verify_lengths(&self) -> Result<()> {
        let dimension = self.meta().dimension as usize;
        let view = self.view()?;
        let queries = Rows::F32(self.array(SECTION_QUERIES)?);
        let vectors = [
            (SECTION_CENTROIDS, view.centroids),
            (SECTION_GROUPS, view.groups),
            (SECTION_QUERIES, queries),
        ];
        for (kind, rows) in vectors {
            for row in 0..rows.count(dimension).unwrap_or_default() {
                if !rows.squared_length(row, dimension).is_some_and(fits_single) {
                    let detail =
                        format!("the squared length of vector {row} is beyond single precision");
                    return Err(self.corrupt(kind, Rule::VectorLength, detail));
                }
            }
        }
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
