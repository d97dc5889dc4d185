//! Where every row of a merge comes from and goes to.

use std::ops::Range;

use roaring::RoaringBitmap;

use crate::error::{Error, Result};
use crate::format::manifest::VectorConfig;
use crate::format::names::segment_name;
use crate::format::rules::Rule;
use crate::format::segment::SegmentVectors;
use crate::limits::SEGMENT_ROWS_MAX;
use crate::segment::Segment;

/// Stands in a row map for a row that is dropped.
const DROPPED: u32 = u32::MAX;

/// An input, and where its rows go.
pub(super) struct Input<'a> {
    pub(super) segment: &'a Segment,
    pub(super) deleted: &'a RoaringBitmap,
    /// New row of each row, or [`DROPPED`].
    map: Vec<u32>,
    /// Whether its rows keep their order.
    pub(super) ascends: bool,
}

/// The rows of the output, in order: the input and the row there.
pub(super) struct Order {
    places: Vec<(u32, u32)>,
}

impl<'a> Input<'a> {
    /// Checks that inputs fit each other and the database.
    pub(super) fn all(
        inputs: &[(&'a Segment, &'a RoaringBitmap)],
        vectors: Option<&VectorConfig>,
    ) -> Result<Vec<Input<'a>>> {
        let mut rows = 0u64;
        let mut all = Vec::with_capacity(inputs.len());
        for (segment, deleted) in inputs {
            let fits = |stored: &SegmentVectors| vectors.is_some_and(|config| stored.fits(config));
            if !segment.shared.meta.vectors.as_ref().is_none_or(fits) {
                return Err(Error::Vector {
                    subject: format!("segment {}", segment.id()),
                    detail: "its vectors are not of the kind to merge into".into(),
                });
            }
            let dead = deleted.range_cardinality(..segment.rows());
            rows += u64::from(segment.rows()) - dead;
            if rows > u64::from(SEGMENT_ROWS_MAX) {
                let detail = "the inputs have more rows than a segment can";
                let name = segment_name(segment.id());
                return Err(Error::corrupt(name, 0, Rule::SegmentRows, detail));
            }
            all.push(Input { segment, deleted, map: Vec::new(), ascends: true });
        }
        Ok(all)
    }

    pub(super) fn new_row(&self, row: u32) -> Option<u32> {
        self.map.get(row as usize).copied().filter(|row| *row != DROPPED)
    }

    /// New rows, ascending.
    pub(super) fn new_rows(&self, rows: &RoaringBitmap) -> RoaringBitmap {
        let mut new: Vec<u32> = rows.iter().filter_map(|row| self.new_row(row)).collect();
        new.sort_unstable();
        new.into_iter().collect()
    }

    /// Rows that are kept.
    pub(super) fn live_rows(&self) -> impl Iterator<Item = u32> {
        (0..self.segment.rows()).filter(|row| !self.deleted.contains(*row))
    }
}

impl Order {
    /// Rows keep their order: those of the first input come first.
    pub(super) fn of_inputs(inputs: &mut [Input<'_>]) -> Order {
        let mut places = Vec::new();
        for (number, input) in (0..).zip(&*inputs) {
            places.extend(input.live_rows().map(|row| (number, row)));
        }
        Order::new(places, inputs)
    }

    /// Rows in a given order; each place is an input's number and a row that it has.
    pub(super) fn new(places: Vec<(u32, u32)>, inputs: &mut [Input<'_>]) -> Order {
        for input in &mut *inputs {
            input.map = vec![DROPPED; input.segment.rows() as usize];
        }
        let mut last: Vec<Option<u32>> = vec![None; inputs.len()];
        for (new, (number, row)) in (0u32..).zip(&places) {
            let Some(input) = inputs.get_mut(*number as usize) else { continue };
            if let Some(place) = input.map.get_mut(*row as usize) {
                *place = new;
            }
            let last = last.get_mut(*number as usize).and_then(|last| last.replace(*row));
            input.ascends &= last.is_none_or(|last| last < *row);
        }
        Order { places }
    }

    /// Rows of the output.
    pub(super) fn rows(&self) -> u32 {
        self.places.len() as u32
    }

    /// Input and row of each row of the output.
    pub(super) fn places(&self) -> &[(u32, u32)] {
        &self.places
    }

    /// Runs of rows that lie side by side in one input, at most `rows_max` long.
    pub(super) fn runs(&self, rows_max: u32) -> impl Iterator<Item = (usize, Range<u32>)> {
        let mut rest = self.places.as_slice();
        std::iter::from_fn(move || {
            let (input, start) = *rest.first()?;
            let joins = |(step, place): (u32, &(u32, u32))| {
                step < rows_max && *place == (input, start.wrapping_add(step))
            };
            let count = (0u32..).zip(rest).take_while(|pair| joins(*pair)).count();
            rest = rest.get(count..).unwrap_or_default();
            Some((input as usize, start..start + count as u32))
        })
    }
}
