//! Every rule of a segment, one after the other.
//!
//! Memory is bounded by one block of documents. Derived sections (postings, columns) are compared
//! with the documents as multisets: both sides sum a 64-bit hash of each entry, so nothing has to be
//! kept or looked up.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::reader::Segment;
use super::stored::Records;
use crate::control::Control;
use crate::document::{Document, FieldValue};
use crate::error::Result;
use crate::format::postings::PostingEntry;
use crate::format::record;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::terms::{TermField, of_document};
use crate::ids::RowId;
use crate::kernel::Rows;
use crate::limits::KEY_BYTES_MAX;

/// Rows between two looks at the caller's [`Control`].
const ROWS_PER_CHECK: u32 = 256;

impl Segment {
    /// Holds the file against every rule of the format: each block's checksum, each array's order and
    /// bounds, each document, and that postings and columns are those of the documents.
    ///
    /// Cost: about 40 us an abstract.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] with the first rule that is broken; [`crate::Error::Cancelled`],
    /// [`crate::Error::DeadlineExceeded`].
    pub fn verify(&self, control: &Control) -> Result<()> {
        self.shared.file.verify()?;
        control.check()?;
        self.verify_keys(control)?;
        self.verify_deletes()?;
        let documents = self.verify_documents(control)?;
        let stored = Sums {
            text_bytes: self.text_bytes(),
            postings: self.verify_postings(control)?,
            numbers: self.verify_numbers()?,
        };
        let differ = |same: bool, rule, detail: &str| {
            if same { Ok(()) } else { Err(self.corrupt(SECTION_META, 0, rule, detail.to_owned())) }
        };
        let detail = format!("{} bytes of text", documents.text_bytes);
        differ(documents.text_bytes == stored.text_bytes, Rule::TextBytes, &detail)?;
        let detail = "the postings are not those of the documents";
        differ(documents.postings == stored.postings, Rule::PostingContent, detail)?;
        let detail = "the number columns are not those of the documents";
        differ(documents.numbers == stored.numbers, Rule::ColumnContent, detail)?;
        self.verify_vectors(control)?;
        self.verify_lists()
    }

    /// Checks that a document is the one its row's key names.
    pub(super) fn check_key(&self, row: RowId, document: &Document) -> Result<()> {
        let key = self.key(row)?;
        if key == document.key {
            return Ok(());
        }
        let detail = format!("row {} has key {key}, its document {}", row.0, document.key);
        Err(self.corrupt(SECTION_BLOCKS, 0, Rule::DocumentKey, detail))
    }

    fn verify_keys(&self, control: &Control) -> Result<()> {
        let meta = &self.shared.meta;
        let wrong = |kind, place: usize, rule, detail: &str| {
            Err(self.corrupt(kind, place as u64 * 4, rule, detail.to_owned()))
        };
        let row_pmids = self.array::<u32>(SECTION_ROW_PMIDS, meta.rows as usize)?;
        let pmids = self.array::<u32>(SECTION_KEY_PMIDS, meta.pmid_keys as usize)?;
        let pmid_rows = self.array::<u32>(SECTION_KEY_PMID_ROWS, meta.pmid_keys as usize)?;
        if !pmids.is_sorted_by(|a, b| a < b) || pmids.first() == Some(&0) {
            return wrong(SECTION_KEY_PMIDS, 0, Rule::Sorted, "PMIDs are out of order");
        }
        for (place, (pmid, row)) in pmids.iter().zip(pmid_rows).enumerate() {
            if row_pmids.get(*row as usize) != Some(pmid) {
                let detail = "the row of a PMID has another key";
                return wrong(SECTION_KEY_PMID_ROWS, place, Rule::KeyIndex, detail);
            }
        }
        self.verify_texts(SECTION_KEY_TEXT_OFFSETS, SECTION_KEY_TEXTS, 0..meta.text_keys)?;
        self.verify_key_lengths(SECTION_KEY_TEXT_OFFSETS, SECTION_KEY_TEXTS, meta.text_keys)?;
        let text_rows = self.array::<u32>(SECTION_KEY_TEXT_ROWS, meta.text_keys as usize)?;
        let ordinals = if meta.text_keys == 0 { 0 } else { meta.rows as usize };
        let row_texts = self.array::<u32>(SECTION_ROW_TEXTS, ordinals)?;
        for (place, row) in text_rows.iter().enumerate() {
            let at = *row as usize;
            if row_texts.get(at) != Some(&(place as u32)) || row_pmids.get(at) != Some(&0) {
                let detail = "the row of a string key has another key";
                return wrong(SECTION_KEY_TEXT_ROWS, place, Rule::KeyIndex, detail);
            }
        }
        for (row, pmid) in (0u32..).zip(row_pmids) {
            if row.is_multiple_of(ROWS_PER_CHECK) {
                control.check()?;
            }
            let ordinal = row_texts.get(row as usize).copied();
            let last = if *pmid != 0 {
                let place = pmids.binary_search(pmid).ok();
                place.filter(|_| ordinal.unwrap_or(0) == 0).and_then(|place| pmid_rows.get(place))
            } else {
                ordinal.and_then(|ordinal| text_rows.get(ordinal as usize))
            };
            if last.is_none_or(|last| *last < row) {
                let detail = "a row's key is not in the index, or at an earlier row";
                return wrong(SECTION_ROW_PMIDS, row as usize, Rule::KeyIndex, detail);
            }
        }
        Ok(())
    }

    fn verify_deletes(&self) -> Result<()> {
        let meta = &self.shared.meta;
        let pmids = self.array::<u32>(SECTION_DELETE_PMIDS, meta.pmid_deletes as usize)?;
        if !pmids.is_sorted_by(|a, b| a < b) || pmids.first() == Some(&0) {
            let detail = "PMIDs of deletion marks are out of order".to_owned();
            return Err(self.corrupt(SECTION_DELETE_PMIDS, 0, Rule::Sorted, detail));
        }
        let (offsets, texts) = (SECTION_DELETE_TEXT_OFFSETS, SECTION_DELETE_TEXTS);
        self.verify_texts(offsets, texts, 0..meta.text_deletes)?;
        self.verify_key_lengths(offsets, texts, meta.text_deletes)
    }

    fn verify_key_lengths(&self, offsets_kind: u32, bytes_kind: u32, count: u32) -> Result<()> {
        self.verify_ends(offsets_kind, bytes_kind, count)?;
        for place in 0..count {
            let length = self.piece(offsets_kind, bytes_kind, place)?.len();
            if length == 0 || length > KEY_BYTES_MAX {
                let detail = format!("string key {place} has {length} bytes");
                return Err(self.corrupt(bytes_kind, 0, Rule::DocumentKey, detail));
            }
        }
        Ok(())
    }

    /// Offsets must start at 0 and end at the end of the section they point into.
    fn verify_ends(&self, offsets_kind: u32, bytes_kind: u32, count: u32) -> Result<()> {
        let first: u64 = self.element(offsets_kind, 0)?;
        let last: u64 = self.element(offsets_kind, count)?;
        let length = self.section(bytes_kind)?.length;
        if first == 0 && last == length {
            return Ok(());
        }
        let detail = format!("offsets {first} to {last} in a section of {length} bytes");
        Err(self.corrupt(offsets_kind, 0, Rule::OffsetBounds, detail))
    }

    /// Texts must be UTF-8 and strictly ascend.
    fn verify_texts(
        &self,
        offsets_kind: u32,
        bytes_kind: u32,
        range: std::ops::Range<u32>,
    ) -> Result<()> {
        let mut last: Option<&str> = None;
        for place in range {
            let text = self.text(offsets_kind, bytes_kind, place)?;
            if last.is_some_and(|last| last >= text) {
                let detail = format!("text {place} is out of order");
                let offset = u64::from(place).saturating_mul(8);
                return Err(self.corrupt(offsets_kind, offset, Rule::Sorted, detail));
            }
            last = Some(text);
        }
        Ok(())
    }

    fn verify_documents(&self, control: &Control) -> Result<Sums> {
        let blocks = self.shared.meta.blocks;
        self.verify_ends(SECTION_BLOCK_OFFSETS, SECTION_BLOCKS, blocks)?;
        let mut sums = Sums::default();
        let mut terms = Vec::new();
        let mut records = Records::new(self.clone());
        let mut check = |segment: &Segment, block, row: RowId, bytes: &[u8]| {
            if row.0.is_multiple_of(ROWS_PER_CHECK) {
                control.check()?;
                let rows = segment.shared.meta.rows;
                control.report("checking", "documents", row.0.into(), rows.into());
            }
            let document = segment.in_block(block, record::decode(bytes))?;
            segment.check_key(row, &document)?;
            segment.verify_document(row, &document)?;
            sums.add(row, &document, &mut terms);
            Ok(())
        };
        while let Some(checked) = records.advance(&mut check) {
            checked?;
        }
        Ok(sums)
    }

    fn verify_document(&self, row: RowId, document: &Document) -> Result<()> {
        let wrong =
            |kind, rule, detail| Err(self.corrupt(kind, u64::from(row.0) * 4, rule, detail));
        if let Err(error) = document.validate() {
            return wrong(SECTION_ROW_PMIDS, Rule::DocumentRecord, error.to_string());
        }
        let [first, last] = super::columns::date_of(document);
        if first > last {
            let detail = format!("the date of row {} ends before it begins", row.0);
            return wrong(SECTION_DATE_FIRST, Rule::ColumnRange, detail);
        }
        let stored = [
            self.element::<u32>(SECTION_DATE_FIRST, row.0)?,
            self.element::<u32>(SECTION_DATE_LAST, row.0)?,
        ];
        if stored != [first, last] {
            let detail = format!("date {stored:?}, the document has {:?}", [first, last]);
            return wrong(SECTION_DATE_FIRST, Rule::ColumnContent, detail);
        }
        Ok(())
    }

    fn verify_postings(&self, control: &Control) -> Result<u64> {
        let terms = self.shared.meta.term_count();
        self.verify_ends(SECTION_TERM_OFFSETS, SECTION_TERMS, terms)?;
        let mut end = 0u64;
        let mut sum = 0u64;
        for field in TermField::ALL {
            let range = self.shared.meta.terms(field);
            self.verify_texts(SECTION_TERM_OFFSETS, SECTION_TERMS, range.clone())?;
            for place in range {
                control.check()?;
                let term = self.text(SECTION_TERM_OFFSETS, SECTION_TERMS, place)?;
                let at = u64::from(place) * 16;
                if term.is_empty() || field.normalise(term) != term {
                    let detail = format!("term {place} of {field:?} is not normalised");
                    return Err(self.corrupt(SECTION_TERMS, 0, Rule::Term, detail));
                }
                let PostingEntry { offset, length, count } = self.posting_entry(place)?;
                if count == 0 {
                    let detail = format!("term {place} of {field:?} has no rows");
                    let rule = Rule::PostingContent;
                    return Err(self.corrupt(SECTION_POSTING_ENTRIES, at, rule, detail));
                }
                if length != 0 && offset != end {
                    let detail = format!("bitmap at {offset}, expected at {end}");
                    return Err(self.corrupt(
                        SECTION_POSTING_ENTRIES,
                        at,
                        Rule::OffsetBounds,
                        detail,
                    ));
                }
                end = end.saturating_add(u64::from(length));
                let hash = hash_of(&(field as u8, term));
                for row in self.posting_at(place)? {
                    sum = sum.wrapping_add(hash_of(&(hash, row)));
                }
            }
        }
        if end == self.section(SECTION_POSTINGS)?.length {
            return Ok(sum);
        }
        let detail = format!("the bitmaps end at {end}");
        Err(self.corrupt(SECTION_POSTINGS, end, Rule::OffsetBounds, detail))
    }

    fn verify_numbers(&self) -> Result<u64> {
        let SegmentMeta { integers, floats, .. } = &self.shared.meta;
        let mut sum = 0u64;
        for columns in [integers, floats] {
            if !columns.is_sorted_by(|a, b| a.name < b.name) {
                let detail = "number columns are out of order".to_owned();
                return Err(self.corrupt(SECTION_META, 0, Rule::Sorted, detail));
            }
        }
        for meta in integers {
            let Some(column) = self.integers(&meta.name)? else { continue };
            for (row, value) in column.rows.iter().zip(column.values) {
                sum = sum.wrapping_add(hash_of(&(0u8, &meta.name, row, value)));
            }
        }
        for meta in floats {
            let Some(column) = self.floats(&meta.name)? else { continue };
            for (row, value) in column.rows.iter().zip(column.values) {
                if !value.is_finite() {
                    let detail = format!("field `{}` of row {row} is not finite", meta.name);
                    return Err(self.corrupt(SECTION_FLOAT_VALUES, 0, Rule::FiniteNumber, detail));
                }
                sum = sum.wrapping_add(hash_of(&(1u8, &meta.name, row, value.to_bits())));
            }
        }
        Ok(sum)
    }

    fn verify_vectors(&self, control: &Control) -> Result<()> {
        let Some((rows, present)) = self.vectors()? else {
            for kind in [SECTION_VECTOR_ROWS, SECTION_SCALES] {
                if self.section(kind)?.length != 0 {
                    let detail = "a segment without vectors has some".to_owned();
                    return Err(self.corrupt(kind, 0, Rule::SegmentMeta, detail));
                }
            }
            return Ok(());
        };
        let dimension = self.shared.meta.vectors.as_ref().map_or(0, |v| v.dimension as usize);
        for row in 0..self.rows() {
            if row.is_multiple_of(ROWS_PER_CHECK) {
                control.check()?;
            }
            let wrong = |rule, detail: &str| -> Result<()> {
                Err(self.corrupt(SECTION_VECTORS, 0, rule, format!("row {row}: {detail}")))
            };
            let place = row as usize * dimension..(row as usize + 1) * dimension;
            let zero = match rows {
                Rows::Int8 { codes, scales } => {
                    let codes = codes.get(place).unwrap_or_default();
                    let scale = scales.get(row as usize).copied().unwrap_or_default();
                    if !scale.is_finite() || scale < 0.0 {
                        wrong(Rule::FiniteNumber, "its scale is not a finite number from 0 up")?;
                    }
                    if codes.contains(&i8::MIN) {
                        wrong(Rule::CodeRange, "a code is -128")?;
                    }
                    scale.to_bits() == 0 && codes.iter().all(|code| *code == 0)
                }
                Rows::F16(halves) => {
                    let halves = halves.get(place).unwrap_or_default();
                    if halves.iter().any(|half| half & 0x7c00 == 0x7c00) {
                        wrong(Rule::FiniteNumber, "a number is not finite")?;
                    }
                    halves.iter().all(|half| *half == 0)
                }
                Rows::F32(numbers) => {
                    let numbers = numbers.get(place).unwrap_or_default();
                    if numbers.iter().any(|number| !number.is_finite()) {
                        wrong(Rule::FiniteNumber, "a number is not finite")?;
                    }
                    numbers.iter().all(|number| number.to_bits() == 0)
                }
            };
            if !rows.squared_length(row as usize, dimension).is_some_and(fits_single) {
                wrong(Rule::VectorLength, "its squared length is beyond single precision")?;
            }
            if !zero && !present.contains(row) {
                wrong(Rule::VectorPresence, "it has no vector but is not zero")?;
            }
        }
        Ok(())
    }
}

/// What must be the same in documents and in derived sections.
#[derive(Default)]
struct Sums {
    text_bytes: u64,
    postings: u64,
    numbers: u64,
}

impl Sums {
    fn add(&mut self, row: RowId, document: &Document, terms: &mut Vec<u64>) {
        self.text_bytes += record::text_bytes(document) as u64;
        terms.clear();
        of_document(document, &mut |field, term| terms.push(hash_of(&(field as u8, term))));
        terms.sort_unstable();
        terms.dedup();
        for term in terms {
            self.postings = self.postings.wrapping_add(hash_of(&(*term, row.0)));
        }
        for field in &document.fields {
            let hash = match &field.value {
                FieldValue::Integer(number) => hash_of(&(0u8, &field.name, row.0, number)),
                FieldValue::Float(number) => hash_of(&(1u8, &field.name, row.0, number.to_bits())),
                FieldValue::String(_) | FieldValue::List(_) => continue,
            };
            self.numbers = self.numbers.wrapping_add(hash);
        }
    }
}

/// Whether products of two such vectors are finite: none is greater than the greater squared length.
pub(super) fn fits_single(squared_length: f64) -> bool {
    squared_length <= f64::from(f32::MAX)
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
