//! Per-row columns while a segment is written: revisions, input hashes, dates, numbers.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::file::SegmentFile;
use crate::document::FieldValue;
use crate::error::Result;
use crate::format::segment::{
    NumberColumnMeta, RevisionEntry, SECTION_DATE_FIRST, SECTION_DATE_LAST, SECTION_FLOAT_ROWS,
    SECTION_FLOAT_VALUES, SECTION_INPUT_HASHES, SECTION_INTEGER_ROWS, SECTION_INTEGER_VALUES,
    SECTION_REVISIONS, SegmentMeta,
};
use crate::ids::Revision;

/// Columns in order of rows. Memory: 36 bytes per row, 12 bytes per number.
#[derive(Default)]
pub(in crate::segment) struct Columns {
    revisions: Vec<u8>,
    has_revisions: bool,
    input_hashes: Vec<[u8; 16]>,
    has_input_hashes: bool,
    date_first: Vec<u32>,
    date_last: Vec<u32>,
    integers: Numbers<i64>,
    floats: Numbers<f64>,
}

impl Columns {
    pub(in crate::segment) fn push(
        &mut self,
        row: u32,
        draft: &Draft,
        revision: Revision,
        input_hash: [u8; 16],
    ) {
        self.has_revisions |= revision != Revision::default();
        self.revisions.extend_from_slice(&RevisionEntry::from(revision).encode());
        self.has_input_hashes |= input_hash != [0; 16];
        self.input_hashes.push(input_hash);
        let [first, last] = draft.dates();
        self.date_first.push(first);
        self.date_last.push(last);
        for field in draft.numbers() {
            match field.value {
                FieldValue::Integer(number) => self.integers.push(&field.name, row, number),
                FieldValue::Float(number) => self.floats.push(&field.name, row, number),
                FieldValue::String(_) | FieldValue::List(_) => {}
            }
        }
    }

    pub(in crate::segment) fn memory_bytes(&self) -> usize {
        self.revisions.capacity()
            + self.input_hashes.capacity() * 16
            + self.date_first.capacity() * 8
            + self.integers.memory_bytes()
            + self.floats.memory_bytes()
    }

    pub(in crate::segment) fn write(
        self,
        file: &mut SegmentFile,
        meta: &mut SegmentMeta,
    ) -> Result<()> {
        meta.has_revisions = self.has_revisions;
        file.section(SECTION_REVISIONS);
        if self.has_revisions {
            file.write(&self.revisions)?;
        }
        meta.has_input_hashes = self.has_input_hashes;
        file.section(SECTION_INPUT_HASHES);
        if self.has_input_hashes {
            file.write(self.input_hashes.as_flattened())?;
        }
        file.array(SECTION_DATE_FIRST, &self.date_first)?;
        file.array(SECTION_DATE_LAST, &self.date_last)?;
        meta.integers = self.integers.write(file, SECTION_INTEGER_ROWS, SECTION_INTEGER_VALUES)?;
        meta.floats = self.floats.write(file, SECTION_FLOAT_ROWS, SECTION_FLOAT_VALUES)?;
        Ok(())
    }
}

/// The numbers of every free field of one type, by name.
pub(in crate::segment) struct Numbers<T>(BTreeMap<String, (Vec<u32>, Vec<T>)>);

impl<T> Default for Numbers<T> {
    fn default() -> Numbers<T> {
        Numbers(BTreeMap::new())
    }
}

impl<T: bytemuck::NoUninit> Numbers<T> {
    /// Adds a number; rows of one name must ascend.
    pub(in crate::segment) fn push(&mut self, name: &str, row: u32, number: T) {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), (Vec::new(), Vec::new()));
        }
        if let Some((rows, values)) = self.0.get_mut(name) {
            rows.push(row);
            values.push(number);
        }
    }

    fn memory_bytes(&self) -> usize {
        let column = |(name, (rows, values)): (&String, &(Vec<u32>, Vec<T>))| {
            name.len()
                + 128
                + rows.capacity() * size_of::<u32>()
                + values.capacity() * size_of::<T>()
        };
        self.0.iter().map(column).sum()
    }

    pub(in crate::segment) fn write(
        &self,
        file: &mut SegmentFile,
        rows_kind: u32,
        values_kind: u32,
    ) -> Result<Vec<NumberColumnMeta>> {
        let mut columns = Vec::with_capacity(self.0.len());
        let mut start = 0;
        file.section(rows_kind);
        for (name, (rows, _)) in &self.0 {
            file.write(bytemuck::cast_slice(rows))?;
            columns.push(NumberColumnMeta { name: name.clone(), start, count: rows.len() as u32 });
            start += rows.len() as u64;
        }
        file.section(values_kind);
        for (_, values) in self.0.values() {
            file.write(bytemuck::cast_slice(values))?;
        }
        Ok(columns)
    }
}
