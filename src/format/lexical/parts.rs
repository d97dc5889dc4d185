//! Where the parts of each row's text end, in packed blocks of 128 rows.
//!
//! Title, abstract and other abstracts follow each other in one space of positions, with one position left free
//! between them so that no phrase crosses; keywords come last.

use super::pack::{BLOCK, block_bytes, pack, unpack, width_of};
use super::{Read, broken};

/// Positions of title, abstract and other abstracts of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartLengths(pub [u32; 3]);

impl PartLengths {
    /// Where each of title, abstract, other abstracts and keywords starts.
    pub fn starts(self) -> [u32; 4] {
        let PartLengths([title, main, other]) = self;
        let main_start = title.saturating_add(1);
        let other_start = main_start.saturating_add(main).saturating_add(1);
        let keywords_start = other_start.saturating_add(other).saturating_add(1);
        [0, main_start, other_start, keywords_start]
    }
}

/// Packs parts as they come.
#[derive(Default)]
pub struct PartsWriter {
    open: Vec<PartLengths>,
    bytes: Vec<u8>,
    starts: Vec<u64>,
}

impl PartsWriter {
    /// Adds the next row.
    pub fn push(&mut self, parts: PartLengths) {
        self.open.push(parts);
        if self.open.len() == BLOCK {
            self.close();
        }
    }

    fn close(&mut self) {
        self.starts.push(self.bytes.len() as u64);
        let mut columns = [[0; BLOCK]; 3];
        for (row, PartLengths(lengths)) in self.open.drain(..).enumerate() {
            for (column, length) in columns.iter_mut().zip(lengths) {
                if let Some(to) = column.get_mut(row) {
                    *to = length;
                }
            }
        }
        self.bytes.extend(columns.iter().map(|column| width_of(column)));
        for column in &columns {
            pack(column, width_of(column), &mut self.bytes);
        }
    }

    /// The packed blocks, and where each starts and the last one ends.
    pub fn finish(mut self) -> (Vec<u8>, Vec<u64>) {
        if !self.open.is_empty() {
            self.close();
        }
        self.starts.push(self.bytes.len() as u64);
        (self.bytes, self.starts)
    }
}

/// The parts of the rows of a block, in order.
///
/// # Errors
/// A block that does not have the bytes of its widths.
pub fn parts_at(bytes: &[u8]) -> Read<Vec<PartLengths>> {
    let Some((widths, mut rest)) = bytes.split_first_chunk::<3>() else {
        return broken(0, "a block of parts is too short");
    };
    let mut parts = vec![PartLengths::default(); BLOCK];
    let mut column = [0; BLOCK];
    for (number, width) in widths.iter().enumerate() {
        if unpack(rest, *width, &mut column).is_none() {
            return broken(0, "a block of parts does not have the bytes of its widths");
        }
        rest = rest.get(block_bytes(*width)..).unwrap_or_default();
        for (PartLengths(lengths), length) in parts.iter_mut().zip(column) {
            if let Some(to) = lengths.get_mut(number) {
                *to = length;
            }
        }
    }
    if !rest.is_empty() {
        return broken(0, "bytes follow a block of parts");
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_come_back(rows in prop::collection::vec(prop::array::uniform3(0u32..100_000), 0..300)) {
            let mut writer = PartsWriter::default();
            rows.iter().for_each(|row| writer.push(PartLengths(*row)));
            let (bytes, starts) = writer.finish();
            let mut read = Vec::new();
            for ends in starts.windows(2) {
                read.extend(parts_at(&bytes[ends[0] as usize..ends[1] as usize]).unwrap());
            }
            prop_assert_eq!(starts.len(), rows.len().div_ceil(BLOCK) + 1);
            prop_assert!(rows.iter().zip(&read).all(|(row, parts)| *row == parts.0));
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = parts_at(&bytes);
        }
    }
}
