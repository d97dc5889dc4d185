//! The keys of a segment in their order, with leaps.

use super::segment::Segment;
use crate::error::Result;
use crate::format::segment::*;
use crate::ids::RowId;

/// A key where it lies; in the order of [`Key`](crate::ids::Key).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyAt<'a> {
    /// A PMID.
    Pmid(u32),
    /// Any other key.
    Text(&'a str),
}

/// A place among the keys of a segment, ascending; see [`Segment::key_walk`].
pub struct KeyWalk<'a> {
    segment: &'a Segment,
    pmids: &'a [u32],
    /// Counts from the first PMID on; string keys follow.
    place: u32,
    /// All keys.
    end: u32,
    at: Option<KeyAt<'a>>,
}

impl Segment {
    /// The keys in their order, each once. Cost: the blocks of the PMIDs are checked, if they have not been.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn key_walk(&self) -> Result<KeyWalk<'_>> {
        let meta = &self.shared.meta;
        let pmids = self.array::<u32>(SECTION_KEY_PMIDS, meta.pmid_keys as usize)?;
        let end = meta.pmid_keys.saturating_add(meta.text_keys);
        let mut walk = KeyWalk { segment: self, pmids, place: 0, end, at: None };
        walk.at = walk.key(0)?;
        Ok(walk)
    }
}

impl<'a> KeyWalk<'a> {
    /// The key at this place; `None` after the last one.
    pub fn at(&self) -> Option<KeyAt<'a>> {
        self.at
    }

    /// The last row that has it.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`], also after the last key.
    pub fn row(&self) -> Result<RowId> {
        let pmids = self.pmids.len() as u32;
        let row = match self.place.checked_sub(pmids) {
            None => self.segment.element::<u32>(SECTION_KEY_PMID_ROWS, self.place)?,
            Some(text) => self.segment.element::<u32>(SECTION_KEY_TEXT_ROWS, text)?,
        };
        self.segment.check_row(RowId(row)).map(RowId)
    }

    /// Goes on to the next key.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn step(&mut self) -> Result<()> {
        self.go_to(self.place.saturating_add(1))
    }

    /// Goes on to the first key that is not below this one; never back. Cost: logarithmic in the keys that it
    /// passes.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn seek(&mut self, key: KeyAt<'_>) -> Result<()> {
        // Leaps of 1, 2, 4, ... and then the middle of what the last one passed.
        let (mut low, mut leap) = (self.place, 1u32);
        let mut high = low;
        while self.is_below(high, key)? {
            low = high.saturating_add(1);
            high = high.saturating_add(leap).min(self.end);
            leap = leap.saturating_mul(2);
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if self.is_below(middle, key)? {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.go_to(low)
    }

    fn is_below(&self, place: u32, key: KeyAt<'_>) -> Result<bool> {
        Ok(self.key(place)?.is_some_and(|at| at < key))
    }

    fn go_to(&mut self, place: u32) -> Result<()> {
        self.place = place.min(self.end);
        self.at = self.key(self.place)?;
        Ok(())
    }

    fn key(&self, place: u32) -> Result<Option<KeyAt<'a>>> {
        if place >= self.end {
            return Ok(None);
        }
        if let Some(pmid) = self.pmids.get(place as usize) {
            return Ok(Some(KeyAt::Pmid(*pmid)));
        }
        let text = place.saturating_sub(self.pmids.len() as u32);
        let text = self.segment.text(SECTION_KEY_TEXT_OFFSETS, SECTION_KEY_TEXTS, text)?;
        Ok(Some(KeyAt::Text(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::ids::{Key, Revision, SegmentId};
    use crate::segment::SegmentBuilder;
    use crate::storage::MemoryStorage;

    #[test]
    fn leaps_end_where_steps_do() {
        let storage = MemoryStorage::new();
        let mut builder = SegmentBuilder::new(None);
        let mut keys: Vec<Key> = (0..500).map(|number| Key::pmid(number * number + 7)).collect();
        keys.extend((0..300).map(|number| Key::Text(format!("note-{}", number * 3))));
        // Rows in another order than keys.
        for key in keys.iter().rev() {
            let document = Document::new(key.clone());
            builder.push(&document, Revision::default(), [0; 16], None).unwrap();
        }
        let entry = builder.finish(&storage, SegmentId(1), [7; 16]).unwrap();
        let segment = Segment::open(&storage, &entry, None).unwrap();
        keys.sort();
        let as_key = |at: KeyAt<'_>| match at {
            KeyAt::Pmid(pmid) => Key::pmid(pmid),
            KeyAt::Text(text) => Key::Text(text.to_owned()),
        };
        let mut walk = segment.key_walk().unwrap();
        for key in &keys {
            assert_eq!(walk.at().map(as_key).as_ref(), Some(key));
            assert_eq!(segment.find(key).unwrap(), Some(walk.row().unwrap()));
            walk.step().unwrap();
        }
        assert_eq!(walk.at(), None);
        assert!(walk.row().is_err());
        for from in (0..keys.len()).step_by(7) {
            for wanted in
                [Key::pmid(0), Key::pmid(90_000), Key::pmid(90_007), Key::from("note-30x")]
            {
                let mut walk = segment.key_walk().unwrap();
                (0..from).for_each(|_| walk.step().unwrap());
                let expected = keys.iter().skip(from).find(|key| **key >= wanted);
                walk.seek(match &wanted {
                    Key::Pmid(pmid) => KeyAt::Pmid(pmid.0),
                    Key::Text(text) => KeyAt::Text(text),
                })
                .unwrap();
                assert_eq!(walk.at().map(as_key).as_ref(), expected, "{wanted} from {from}");
            }
        }
    }
}
