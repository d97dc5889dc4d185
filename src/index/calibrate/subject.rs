//! The index that is measured, and whether with the copies of its rows.

use crate::index::ivf::{Index, Layer, NO_COPY};

/// An index, and where the copy of each row is, for a measurement of searches that scan these too.
pub(super) struct Subject<'a> {
    pub(super) index: &'a Index<'a>,
    copies: Option<Vec<Vec<u32>>>,
}

/// Where codes of a row are: a segment, a place there and the list of that place.
pub(super) struct Place<'a> {
    pub(super) layer: Layer<'a>,
    pub(super) at: u32,
    pub(super) list: u32,
}

impl<'a> Subject<'a> {
    /// Rows alone.
    pub(super) fn rows(index: &'a Index<'a>) -> Subject<'a> {
        Subject { index, copies: None }
    }

    /// Rows and copies; `None` where there are none. Takes 4 bytes per row.
    pub(super) fn with_copies(index: &'a Index<'a>) -> Option<Subject<'a>> {
        if !index.has_copies() || index.segments.is_empty() {
            return None;
        }
        let copies = index.segments.iter().map(|segment| {
            let rows = segment.scales.len();
            segment.spilled.map_or_else(Vec::new, |spilled| spilled.copy_of_each(rows))
        });
        Some(Subject { index, copies: Some(copies.collect()) })
    }

    /// All that a search scans.
    pub(super) fn layers(&self) -> impl Iterator<Item = Layer<'a>> + '_ {
        let copies = self.copies.is_some();
        self.index.segments.iter().flat_map(move |segment| segment.layers(copies))
    }

    /// Copies in a list.
    pub(super) fn copies(&self, list: u32) -> u32 {
        let copies = self.layers().filter(Layer::is_copies);
        copies.map(|layer| layer.range(list, 0.0)).map(|range| range.end - range.start).sum()
    }

    /// Where the codes of an id are: its row, and the copy of that. Searches skip lists without a row of their own.
    pub(super) fn places(&self, id: u32) -> impl Iterator<Item = Place<'a>> + '_ {
        let of_segment = self.index.segments.iter().enumerate().find_map(|(number, segment)| {
            let row = id
                .checked_sub(segment.base)
                .filter(|row| (*row as usize) < segment.scales.len())?;
            Some((number, segment, row))
        });
        let layers = of_segment.into_iter().flat_map(move |(number, segment, row)| {
            let copies = self.copies.as_ref();
            let copy = copies.and_then(|copies| copies.get(number)?.get(row as usize).copied());
            let at = move |layer: &Layer<'_>| {
                if layer.is_copies() { copy.unwrap_or(NO_COPY) } else { row }
            };
            segment.layers(copies.is_some()).map(move |layer| (at(&layer), layer))
        });
        let places =
            layers.filter_map(|(at, layer)| Some(Place { at, list: layer.list_of(at)?, layer }));
        places.filter(|place| self.index.matches(place.list) > 0)
    }
}
