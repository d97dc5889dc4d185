//! A list in memory.

/// A word in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// Counts the words before it in the row's field.
    pub position: u32,
    /// The form, from 0; lower ones are more frequent.
    pub form: u32,
}

/// A list in memory. Buffers are used again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Rows, strictly ascending.
    pub rows: Vec<u32>,
    /// One past the last occurrence of each row.
    pub ends: Vec<u32>,
    /// Per occurrence its form; empty when there is one form, or when forms were not wanted.
    pub forms: Vec<u32>,
    /// Per occurrence its position, not descending within a row; empty when positions were not wanted.
    pub positions: Vec<u32>,
}

impl Decoded {
    /// Forgets everything but the buffers.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.ends.clear();
        self.forms.clear();
        self.positions.clear();
    }

    /// The occurrences of the row at a place.
    pub fn range(&self, place: usize) -> std::ops::Range<usize> {
        let end = |place: usize| self.ends.get(place).copied().unwrap_or_default() as usize;
        place.checked_sub(1).map_or(0, end)..end(place)
    }
}

/// Which parts of a list are to be decoded beside rows and counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The form of each occurrence.
    pub forms: bool,
    /// The position of each occurrence.
    pub positions: bool,
}
