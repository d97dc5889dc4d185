//! A segment's sections and its meta record.
//!
//! See `format-spec/04-segment.md`. Arrays are little-endian and start at multiples of 64 bytes.

use std::ops::Range;

use rkyv::{Archive, Deserialize, Serialize};

use super::blocks::blocks_bytes;
use super::documents::BLOCK_RAW_BYTES_MAX;
use super::layout::layout;
use super::lexical::LexicalSection;
use super::manifest::{RowType, VectorConfig};
use super::postings::PostingEntry;
use super::rules::Rule;
use super::terms::TermField;
use crate::encoder::Metric;
use crate::ids::Revision;

/// The [`SegmentMeta`] record.
pub const SECTION_META: u32 = 1;
/// Sorted distinct PMIDs, `u32`.
pub const SECTION_KEY_PMIDS: u32 = 2;
/// Row of each sorted PMID, `u32`.
pub const SECTION_KEY_PMID_ROWS: u32 = 3;
/// PMID of each row, `u32`; 0 for a row with a string key.
pub const SECTION_ROW_PMIDS: u32 = 4;
/// Where each sorted string key starts, `u64`, and where the last one ends.
pub const SECTION_KEY_TEXT_OFFSETS: u32 = 5;
/// Sorted distinct string keys.
pub const SECTION_KEY_TEXTS: u32 = 6;
/// Row of each sorted string key, `u32`.
pub const SECTION_KEY_TEXT_ROWS: u32 = 7;
/// Ordinal of each row's string key, `u32`; 0 for a row with a PMID. Empty without string keys.
pub const SECTION_ROW_TEXTS: u32 = 8;
/// Revision of each row, [`RevisionEntry`]. Empty when no row has one.
pub const SECTION_REVISIONS: u32 = 9;
/// Hash of the encoder input of each row, 16 bytes. Empty when no row has one.
pub const SECTION_INPUT_HASHES: u32 = 10;
/// First day of each row's publication date, `u32`; 0 for none.
pub const SECTION_DATE_FIRST: u32 = 11;
/// Last day of each row's publication date, `u32`; 0 for none.
pub const SECTION_DATE_LAST: u32 = 12;
/// The zstd dictionary, or nothing.
pub const SECTION_DICTIONARY: u32 = 13;
/// Compressed document blocks.
pub const SECTION_BLOCKS: u32 = 14;
/// Where each block starts, `u64`, and where the last one ends.
pub const SECTION_BLOCK_OFFSETS: u32 = 15;
/// First row of each block, `u32`, and the row count.
pub const SECTION_BLOCK_ROWS: u32 = 16;
/// Where each term starts, `u64`, and where the last one ends.
pub const SECTION_TERM_OFFSETS: u32 = 17;
/// Terms, by field, then sorted.
pub const SECTION_TERMS: u32 = 18;
/// Postings of each term, [`super::postings::PostingEntry`].
pub const SECTION_POSTING_ENTRIES: u32 = 19;
/// Roaring bitmaps.
pub const SECTION_POSTINGS: u32 = 20;
/// Rows of the integer columns, `u32`.
pub const SECTION_INTEGER_ROWS: u32 = 21;
/// Values of the integer columns, `i64`.
pub const SECTION_INTEGER_VALUES: u32 = 22;
/// Rows of the float columns, `u32`.
pub const SECTION_FLOAT_ROWS: u32 = 23;
/// Values of the float columns, `f64`.
pub const SECTION_FLOAT_VALUES: u32 = 24;
/// Sorted PMIDs with a deletion mark, `u32`.
pub const SECTION_DELETE_PMIDS: u32 = 25;
/// Revision of each PMID deletion mark, [`RevisionEntry`].
pub const SECTION_DELETE_PMID_REVISIONS: u32 = 26;
/// Where each string key with a deletion mark starts, `u64`, and where the last one ends.
pub const SECTION_DELETE_TEXT_OFFSETS: u32 = 27;
/// Sorted string keys with a deletion mark.
pub const SECTION_DELETE_TEXTS: u32 = 28;
/// Revision of each string deletion mark, [`RevisionEntry`].
pub const SECTION_DELETE_TEXT_REVISIONS: u32 = 29;
/// Vectors: `i8`, half or single precision, one row after the other. Empty without vectors.
pub const SECTION_VECTORS: u32 = 30;
/// Scale of each `i8` row, `f32`. Empty for other row types.
pub const SECTION_SCALES: u32 = 31;
/// Rows that have a vector, as a Roaring bitmap. Empty without vectors.
pub const SECTION_VECTOR_ROWS: u32 = 32;
/// First row of each list, `u32`, and the number of rows in lists. Empty without an index, as the
/// sections below are.
pub const SECTION_LIST_OFFSETS: u32 = 33;
/// Codes of the rows in lists, in scan blocks.
pub const SECTION_CODES: u32 = 34;
/// Scale of each row's estimate, half precision.
pub const SECTION_CODE_SCALES: u32 = 35;

/// The [`super::lexical::LexicalMeta`] record of the lexical index. It and the sections below are all there, or none.
pub const SECTION_LEXICAL_META: u32 = 36;
/// Words and stems, front-coded.
pub const SECTION_LEXICAL_TERMS: u32 = 37;
/// Where each block of them starts, [`super::lexical::TermIndexEntry`].
pub const SECTION_LEXICAL_TERM_INDEX: u32 = 38;
/// Rows, counts, forms and positions of each stem.
pub const SECTION_LEXICAL_LISTS: u32 = 39;
/// The code of the length of each row, `u8`.
pub const SECTION_LEXICAL_LENGTHS: u32 = 40;
/// Lengths of the parts of the text of each row, packed. Empty without positions.
pub const SECTION_LEXICAL_PARTS: u32 = 41;
/// Where each block of parts starts, `u64`, and where the last one ends.
pub const SECTION_LEXICAL_PART_INDEX: u32 = 42;

/// The kind of a section of the lexical index.
pub const fn lexical_kind(section: LexicalSection) -> u32 {
    match section {
        LexicalSection::Meta => SECTION_LEXICAL_META,
        LexicalSection::Terms => SECTION_LEXICAL_TERMS,
        LexicalSection::TermIndex => SECTION_LEXICAL_TERM_INDEX,
        LexicalSection::Lists => SECTION_LEXICAL_LISTS,
        LexicalSection::Lengths => SECTION_LEXICAL_LENGTHS,
        LexicalSection::Parts => SECTION_LEXICAL_PARTS,
        LexicalSection::PartIndex => SECTION_LEXICAL_PART_INDEX,
    }
}

/// The sum of all vectors, `f64`, one per number of a vector. Empty without vectors; segments of 1.0 have none.
pub const SECTION_VECTOR_SUM: u32 = 43;

/// Sorted PMIDs with a confirmation, `u32`. A segment has this section and the one below, or neither.
pub const SECTION_CONFIRMED_PMIDS: u32 = 44;
/// Revision of each confirmation, [`RevisionEntry`].
pub const SECTION_CONFIRMED_REVISIONS: u32 = 45;

/// First copy of each list, `u32`, and the number of copies: of each row in lists one, in a second list. A segment has
/// this section and the three below, or none.
pub const SECTION_SPILLED_OFFSETS: u32 = 46;
/// The row of each copy, `u32`.
pub const SECTION_SPILLED_ROWS: u32 = 47;
/// Codes of the copies, in scan blocks.
pub const SECTION_SPILLED_CODES: u32 = 48;
/// As [`SECTION_CODE_SCALES`], of the copies.
pub const SECTION_SPILLED_SCALES: u32 = 49;

/// The sections of copies.
pub const SPILLED: [u32; 4] =
    [SECTION_SPILLED_OFFSETS, SECTION_SPILLED_ROWS, SECTION_SPILLED_CODES, SECTION_SPILLED_SCALES];

/// One past the last term of each field of [`TermField::MORE`], `u32`. This section and the four below came
/// with format 1.1: a segment has all of them or none.
pub const SECTION_MORE_TERM_ENDS: u32 = 50;
/// As [`SECTION_TERM_OFFSETS`], of those fields.
pub const SECTION_MORE_TERM_OFFSETS: u32 = 51;
/// As [`SECTION_TERMS`].
pub const SECTION_MORE_TERMS: u32 = 52;
/// As [`SECTION_POSTING_ENTRIES`].
pub const SECTION_MORE_POSTING_ENTRIES: u32 = 53;
/// As [`SECTION_POSTINGS`].
pub const SECTION_MORE_POSTINGS: u32 = 54;

/// The sections of a term dictionary and its postings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DictionarySections {
    /// Where each term starts, and where the last one ends.
    pub offsets: u32,
    /// The terms.
    pub terms: u32,
    /// A [`PostingEntry`] for each term.
    pub entries: u32,
    /// The bitmaps.
    pub postings: u32,
}

/// The dictionary of [`TermField::FIRST`].
pub const FIRST_DICTIONARY: DictionarySections = DictionarySections {
    offsets: SECTION_TERM_OFFSETS,
    terms: SECTION_TERMS,
    entries: SECTION_POSTING_ENTRIES,
    postings: SECTION_POSTINGS,
};

/// The dictionary of [`TermField::MORE`].
pub const MORE_DICTIONARY: DictionarySections = DictionarySections {
    offsets: SECTION_MORE_TERM_OFFSETS,
    terms: SECTION_MORE_TERMS,
    entries: SECTION_MORE_POSTING_ENTRIES,
    postings: SECTION_MORE_POSTINGS,
};

/// Sections that segments of format 1.0 do not have.
pub const OPTIONAL: &[u32] = &[
    SECTION_LEXICAL_META,
    SECTION_LEXICAL_TERMS,
    SECTION_LEXICAL_TERM_INDEX,
    SECTION_LEXICAL_LISTS,
    SECTION_LEXICAL_LENGTHS,
    SECTION_LEXICAL_PARTS,
    SECTION_LEXICAL_PART_INDEX,
    SECTION_VECTOR_SUM,
    SECTION_CONFIRMED_PMIDS,
    SECTION_CONFIRMED_REVISIONS,
    SECTION_SPILLED_OFFSETS,
    SECTION_SPILLED_ROWS,
    SECTION_SPILLED_CODES,
    SECTION_SPILLED_SCALES,
    SECTION_MORE_TERM_ENDS,
    SECTION_MORE_TERM_OFFSETS,
    SECTION_MORE_TERMS,
    SECTION_MORE_POSTING_ENTRIES,
    SECTION_MORE_POSTINGS,
];

/// Every section of a segment and its name in `inspect` and `stats`.
pub const NAMES: &[(u32, &str)] = &[
    (SECTION_META, "meta"),
    (SECTION_KEY_PMIDS, "key-pmids"),
    (SECTION_KEY_PMID_ROWS, "key-pmid-rows"),
    (SECTION_ROW_PMIDS, "row-pmids"),
    (SECTION_KEY_TEXT_OFFSETS, "key-text-offsets"),
    (SECTION_KEY_TEXTS, "key-texts"),
    (SECTION_KEY_TEXT_ROWS, "key-text-rows"),
    (SECTION_ROW_TEXTS, "row-texts"),
    (SECTION_REVISIONS, "revisions"),
    (SECTION_INPUT_HASHES, "input-hashes"),
    (SECTION_DATE_FIRST, "date-first"),
    (SECTION_DATE_LAST, "date-last"),
    (SECTION_DICTIONARY, "dictionary"),
    (SECTION_BLOCKS, "blocks"),
    (SECTION_BLOCK_OFFSETS, "block-offsets"),
    (SECTION_BLOCK_ROWS, "block-rows"),
    (SECTION_TERM_OFFSETS, "term-offsets"),
    (SECTION_TERMS, "terms"),
    (SECTION_POSTING_ENTRIES, "posting-entries"),
    (SECTION_POSTINGS, "postings"),
    (SECTION_INTEGER_ROWS, "integer-rows"),
    (SECTION_INTEGER_VALUES, "integer-values"),
    (SECTION_FLOAT_ROWS, "float-rows"),
    (SECTION_FLOAT_VALUES, "float-values"),
    (SECTION_DELETE_PMIDS, "delete-pmids"),
    (SECTION_DELETE_PMID_REVISIONS, "delete-pmid-revisions"),
    (SECTION_DELETE_TEXT_OFFSETS, "delete-text-offsets"),
    (SECTION_DELETE_TEXTS, "delete-texts"),
    (SECTION_DELETE_TEXT_REVISIONS, "delete-text-revisions"),
    (SECTION_VECTORS, "vectors"),
    (SECTION_SCALES, "scales"),
    (SECTION_VECTOR_ROWS, "vector-rows"),
    (SECTION_LIST_OFFSETS, "list-offsets"),
    (SECTION_CODES, "codes"),
    (SECTION_CODE_SCALES, "code-scales"),
    (SECTION_LEXICAL_META, "lexical-meta"),
    (SECTION_LEXICAL_TERMS, "lexical-terms"),
    (SECTION_LEXICAL_TERM_INDEX, "lexical-term-index"),
    (SECTION_LEXICAL_LISTS, "lexical-lists"),
    (SECTION_LEXICAL_LENGTHS, "lexical-lengths"),
    (SECTION_LEXICAL_PARTS, "lexical-parts"),
    (SECTION_LEXICAL_PART_INDEX, "lexical-part-index"),
    (SECTION_VECTOR_SUM, "vector-sum"),
    (SECTION_CONFIRMED_PMIDS, "confirmed-pmids"),
    (SECTION_CONFIRMED_REVISIONS, "confirmed-revisions"),
    (SECTION_SPILLED_OFFSETS, "spilled-offsets"),
    (SECTION_SPILLED_ROWS, "spilled-rows"),
    (SECTION_SPILLED_CODES, "spilled-codes"),
    (SECTION_SPILLED_SCALES, "spilled-scales"),
    (SECTION_MORE_TERM_ENDS, "more-term-ends"),
    (SECTION_MORE_TERM_OFFSETS, "more-term-offsets"),
    (SECTION_MORE_TERMS, "more-terms"),
    (SECTION_MORE_POSTING_ENTRIES, "more-posting-entries"),
    (SECTION_MORE_POSTINGS, "more-postings"),
];

layout! {
    /// A [`Revision`] in an array.
    pub struct RevisionEntry = 12 {
        /// Year and number of the NLM file; 0 for none.
        file: u32,
        /// Place in the file.
        position: u32,
        /// PubMed's version of the citation.
        version: u32,
    }
}

impl From<Revision> for RevisionEntry {
    fn from(revision: Revision) -> RevisionEntry {
        let Revision { file, position, version } = revision;
        RevisionEntry { file, position, version }
    }
}

impl From<RevisionEntry> for Revision {
    fn from(entry: RevisionEntry) -> Revision {
        let RevisionEntry { file, position, version } = entry;
        Revision { file, position, version }
    }
}

/// The counts that give every section its length.
#[derive(Clone, Debug, Default, PartialEq, Archive, Serialize, Deserialize)]
pub struct SegmentMeta {
    /// Rows.
    pub rows: u32,
    /// Distinct PMIDs.
    pub pmid_keys: u32,
    /// Distinct string keys.
    pub text_keys: u32,
    /// Deletion marks of PMIDs.
    pub pmid_deletes: u32,
    /// Deletion marks of string keys.
    pub text_deletes: u32,
    /// Document blocks.
    pub blocks: u32,
    /// Whether the revisions section is filled.
    pub has_revisions: bool,
    /// Whether the input hashes section is filled.
    pub has_input_hashes: bool,
    /// UTF-8 bytes of all texts of all documents.
    pub text_bytes: u64,
    /// One past the last term of each field of [`TermField::FIRST`].
    pub term_ends: [u32; TermField::FIRST.len()],
    /// Integer columns, by name.
    pub integers: Vec<NumberColumnMeta>,
    /// Float columns, by name.
    pub floats: Vec<NumberColumnMeta>,
    /// The vectors, when any row has one.
    pub vectors: Option<SegmentVectors>,
    /// The index of the vectors; without one they are searched exactly.
    pub index: Option<SegmentIndex>,
}

/// What the index sections hold.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct SegmentIndex {
    /// Hash of the codebook.
    pub codebook: [u8; 16],
    /// Its lists.
    pub lists: u32,
    /// Codes of a row.
    pub sub_quantizers: u32,
    /// Sum of the lengths of all residuals: how well the codebook fits these rows.
    pub residual_sum: f64,
}

/// A column of one free field's numbers.
#[derive(Clone, Debug, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct NumberColumnMeta {
    /// Name of the field.
    pub name: String,
    /// First element in the column sections.
    pub start: u64,
    /// Elements.
    pub count: u32,
}

/// What the vector sections hold.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct SegmentVectors {
    /// Numbers in a vector.
    pub dimension: u32,
    /// How they are compared.
    pub metric: Metric,
    /// How rows are stored.
    pub row_type: RowType,
    /// Rows that have a vector.
    pub count: u32,
    /// Seed of the rotation that they are stored under, 0 for none.
    pub rotation: u64,
}

impl SegmentVectors {
    /// Whether these are vectors of a database with this configuration.
    pub fn fits(&self, config: &VectorConfig) -> bool {
        config.dimension == self.dimension
            && config.metric == self.metric
            && config.row_type == self.row_type
            && config.rotation == self.rotation
    }
}

impl RowType {
    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            RowType::Int8 => 1,
            RowType::F16 => 2,
            RowType::F32 => 4,
        }
    }
}

impl SegmentMeta {
    /// The numbers of the terms of a field of [`TermField::FIRST`].
    pub fn terms(&self, field: TermField) -> Range<u32> {
        let end_of = |number: usize| self.term_ends.get(number).copied().unwrap_or_default();
        let number = field as usize;
        let start = number.checked_sub(1).map_or(0, end_of);
        start..end_of(number)
    }

    /// All terms.
    pub fn term_count(&self) -> u32 {
        self.term_ends.last().copied().unwrap_or_default()
    }

    /// Checks what the counts have to do with the number of rows.
    ///
    /// # Errors
    /// The rule that is broken, and which count is wrong.
    pub fn check_counts(&self) -> Result<(), (Rule, String)> {
        let rows = u64::from(self.rows);
        let broken = |what: &str, count: u64| {
            Err((Rule::SegmentCounts, format!("{count} {what} in {rows} rows")))
        };
        let some = |count: u64| count.min(rows) == count && (count > 0 || rows == 0);
        let keys = u64::from(self.pmid_keys) + u64::from(self.text_keys);
        if !some(keys) {
            return broken("keys", keys);
        }
        let blocks = u64::from(self.blocks);
        if !some(blocks) {
            return broken("document blocks", blocks);
        }
        let vectors = self.vectors.as_ref().map(|vectors| vectors.count);
        let columns = self.integers.iter().chain(&self.floats).map(|column| column.count);
        for count in columns.chain(vectors) {
            if !(1..=self.rows).contains(&count) {
                return broken("vectors, or numbers of a field,", u64::from(count));
            }
        }
        let text_bytes_max = blocks * BLOCK_RAW_BYTES_MAX as u64;
        if self.text_bytes > text_bytes_max {
            let detail = format!("{} bytes of text in {blocks} blocks", self.text_bytes);
            return Err((Rule::TextBytes, detail));
        }
        Ok(())
    }

    /// The length in bytes of every section whose length follows from the counts.
    ///
    /// # Errors
    /// What contradicts itself in the counts.
    pub fn section_lengths(&self) -> Result<Vec<(u32, u64)>, &'static str> {
        if !self.term_ends.is_sorted() {
            return Err("the terms of a field end before they begin");
        }
        let rows = u64::from(self.rows);
        let revision = RevisionEntry::SIZE as u64;
        let each = |count: u32, bytes: u64| u64::from(count) * bytes;
        let offsets = |count: u32| (u64::from(count) + 1) * 8;
        let when = |filled: bool, length: u64| if filled { length } else { 0 };
        let integers = numbers(&self.integers).ok_or("integer columns have gaps")?;
        let floats = numbers(&self.floats).ok_or("float columns have gaps")?;
        let vectors = self.vectors.as_ref();
        let scaled = vectors.is_some_and(|vectors| vectors.row_type == RowType::Int8);
        let vector_bytes = vectors.map_or(Some(0), |vectors| {
            let numbers = rows.checked_mul(u64::from(vectors.dimension))?;
            numbers.checked_mul(vectors.row_type.bytes() as u64)
        });
        let index = self.index.as_ref();
        let in_lists = match (index, vectors) {
            (Some(_), Some(vectors)) => u64::from(vectors.count),
            (Some(_), None) => return Err("there is an index but no vectors"),
            (None, _) => 0,
        };
        if index.is_some_and(|index| !(index.residual_sum >= 0.0 && index.residual_sum.is_finite()))
        {
            return Err("the sum of residuals is not a number from 0 up");
        }
        Ok(vec![
            (SECTION_KEY_PMIDS, each(self.pmid_keys, 4)),
            (SECTION_KEY_PMID_ROWS, each(self.pmid_keys, 4)),
            (SECTION_ROW_PMIDS, rows * 4),
            (SECTION_KEY_TEXT_OFFSETS, offsets(self.text_keys)),
            (SECTION_KEY_TEXT_ROWS, each(self.text_keys, 4)),
            (SECTION_ROW_TEXTS, when(self.text_keys > 0, rows * 4)),
            (SECTION_REVISIONS, when(self.has_revisions, rows * revision)),
            (SECTION_INPUT_HASHES, when(self.has_input_hashes, rows * 16)),
            (SECTION_DATE_FIRST, rows * 4),
            (SECTION_DATE_LAST, rows * 4),
            (SECTION_BLOCK_OFFSETS, offsets(self.blocks)),
            (SECTION_BLOCK_ROWS, each(self.blocks, 4) + 4),
            (SECTION_TERM_OFFSETS, offsets(self.term_count())),
            (SECTION_POSTING_ENTRIES, each(self.term_count(), PostingEntry::SIZE as u64)),
            (SECTION_INTEGER_ROWS, integers * 4),
            (SECTION_INTEGER_VALUES, integers * 8),
            (SECTION_FLOAT_ROWS, floats * 4),
            (SECTION_FLOAT_VALUES, floats * 8),
            (SECTION_DELETE_PMIDS, each(self.pmid_deletes, 4)),
            (SECTION_DELETE_PMID_REVISIONS, each(self.pmid_deletes, revision)),
            (SECTION_DELETE_TEXT_OFFSETS, offsets(self.text_deletes)),
            (SECTION_DELETE_TEXT_REVISIONS, each(self.text_deletes, revision)),
            (SECTION_VECTORS, vector_bytes.ok_or("there are too many vectors")?),
            (SECTION_SCALES, when(scaled, rows * 4)),
            (SECTION_LIST_OFFSETS, index.map_or(0, |index| (u64::from(index.lists) + 1) * 4)),
            (SECTION_CODES, index.map_or(0, |index| blocks_bytes(in_lists, index.sub_quantizers))),
            (SECTION_CODE_SCALES, in_lists * 2),
        ])
    }
}

/// Elements of columns that stand side by side; `None` when they do not.
fn numbers(columns: &[NumberColumnMeta]) -> Option<u64> {
    let mut total = 0u64;
    for column in columns {
        if column.start != total {
            return None;
        }
        total = total.checked_add(u64::from(column.count))?;
    }
    // Eight bytes each must be countable.
    total.checked_mul(8).map(|_| total)
}
