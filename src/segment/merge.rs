//! Several segments into one, without their deleted rows.
//!
//! Rows keep their order: those of the first input come first. Vectors are copied as they are
//! stored. Documents are decompressed, checked and compressed again with a dictionary trained on
//! samples of all inputs. Memory is bounded by 12 bytes a row, the keys and terms; everything else
//! streams from the inputs to the new file.

use std::collections::BTreeSet;
use std::ops::Range;

use bytemuck::{AnyBitPattern, NoUninit};
use roaring::RoaringBitmap;

use super::builder;
use super::deletes::Deletes;
use super::file::SegmentFile;
use super::filters::NumberColumn;
use super::keys::Keys;
use super::packer::{Packer, SAMPLE_BYTES};
use super::postings::PostingsWriter;
use super::reader::Segment;
use super::stored::Records;
use super::vectors::{write_none, write_presence};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::manifest::{RowType, SegmentEntry, VectorConfig};
use crate::format::names::segment_name;
use crate::format::record;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::terms::TermField;
use crate::ids::{RowId, SegmentId};
use crate::limits::SEGMENT_ROWS_MAX;
use crate::storage::Storage;

/// Rows between two looks at the caller's [`Control`].
const ROWS_PER_CHECK: u32 = 256;

/// Stands in a row map for a row that is dropped.
const DROPPED: u32 = u32::MAX;

/// Writes `segment-<id>` from the rows of `inputs` that are not in the bitmap beside each.
///
/// Deletion marks are kept, the greatest revision of each key. A key that is live in several inputs
/// keeps all its rows, and the last is found.
///
/// Cost: about 60 us an abstract.
///
/// # Errors
/// [`Error::Corrupt`] when an input breaks a rule; [`Error::Cancelled`],
/// [`Error::DeadlineExceeded`], [`Error::Io`]; [`Error::Vector`] when an input's vectors are not
/// those of `vectors`. The unfinished file is removed.
pub fn merge(
    inputs: &[(&Segment, &RoaringBitmap)],
    vectors: Option<&VectorConfig>,
    storage: &dyn Storage,
    id: SegmentId,
    file_id: [u8; 16],
    control: &Control,
) -> Result<SegmentEntry> {
    let inputs = Input::all(inputs, vectors)?;
    // Outside of what is cleaned up: a file that is already there is not ours.
    let file = SegmentFile::create(storage, id, file_id)?;
    write(&inputs, file, id, control).inspect_err(|_| {
        // The failure is what the caller must hear of; a file left behind is collected later.
        let _ = storage.remove(&segment_name(id));
    })
}

/// An input, and where its rows go.
struct Input<'a> {
    segment: &'a Segment,
    deleted: &'a RoaringBitmap,
    /// New row of each row, or [`DROPPED`].
    map: Vec<u32>,
}

impl<'a> Input<'a> {
    fn all(
        inputs: &[(&'a Segment, &'a RoaringBitmap)],
        vectors: Option<&VectorConfig>,
    ) -> Result<Vec<Input<'a>>> {
        let mut rows = 0u32;
        let mut all = Vec::with_capacity(inputs.len());
        for (segment, deleted) in inputs {
            let stored = segment.shared.meta.vectors.as_ref();
            let fits = |stored: &SegmentVectors| {
                vectors.is_some_and(|config| {
                    config.dimension == stored.dimension
                        && config.metric == stored.metric
                        && config.row_type == stored.row_type
                })
            };
            if !stored.is_none_or(fits) {
                return Err(Error::Vector {
                    subject: format!("segment {}", segment.id()),
                    detail: "its vectors are not of the kind to merge into".into(),
                });
            }
            let mut map = vec![DROPPED; segment.rows() as usize];
            for run in live_runs(segment.rows(), deleted) {
                let places = map.get_mut(run.start as usize..run.end as usize).unwrap_or_default();
                for place in places {
                    if rows == SEGMENT_ROWS_MAX {
                        let detail = "the inputs have more rows than a segment can";
                        let name = segment_name(segment.id());
                        return Err(Error::corrupt(name, 0, Rule::SegmentRows, detail));
                    }
                    *place = rows;
                    rows += 1;
                }
            }
            all.push(Input { segment, deleted, map });
        }
        Ok(all)
    }

    fn new_row(&self, row: u32) -> Option<u32> {
        self.map.get(row as usize).copied().filter(|row| *row != DROPPED)
    }

    fn new_rows(&self, rows: &RoaringBitmap) -> impl Iterator<Item = u32> {
        rows.iter().filter_map(|row| self.new_row(row))
    }
}

/// The runs of rows that are not deleted.
fn live_runs(rows: u32, deleted: &RoaringBitmap) -> impl Iterator<Item = Range<u32>> {
    let mut start = 0;
    deleted
        .iter()
        .take_while(move |row| *row < rows)
        .chain([rows])
        .map(move |end| std::mem::replace(&mut start, end.saturating_add(1))..end)
        .filter(|run| !run.is_empty())
}

fn write(
    inputs: &[Input<'_>],
    mut file: SegmentFile,
    id: SegmentId,
    control: &Control,
) -> Result<SegmentEntry> {
    let file_ref = &mut file;
    let mut meta = SegmentMeta::default();
    let keys = write_documents(inputs, file_ref, &mut meta, control)?;
    keys.write(file_ref, &mut meta)?;
    write_columns(inputs, file_ref, &mut meta, control)?;
    write_postings(inputs, file_ref, &mut meta, control)?;
    let mut deletes = Deletes::default();
    for input in inputs {
        for mark in input.segment.deletes() {
            let (key, revision) = mark?;
            deletes.push(&key, revision);
        }
    }
    deletes.write(file_ref, &mut meta)?;
    write_vectors(inputs, file_ref, &mut meta, control)?;
    builder::finish(file, id, &meta)
}

fn write_documents(
    inputs: &[Input<'_>],
    file: &mut SegmentFile,
    meta: &mut SegmentMeta,
    control: &Control,
) -> Result<Keys> {
    let (samples, lengths) = samples(inputs)?;
    let mut packer = Packer::with_samples(samples, lengths)?;
    let mut keys = Keys::default();
    Packer::start(file);
    for input in inputs {
        let mut records = Records::new(input.segment.clone());
        let mut take = |segment: &Segment, block: u32, row: RowId, bytes: &[u8]| {
            if row.0.is_multiple_of(ROWS_PER_CHECK) {
                control.check()?;
            }
            if input.new_row(row.0).is_none() {
                return Ok(());
            }
            let document = segment.in_block(block, record::decode(bytes))?;
            segment.check_key(row, &document)?;
            keys.push(&document.key);
            meta.rows += 1;
            meta.text_bytes += record::text_bytes(&document) as u64;
            packer.push(bytes)?;
            packer.write_blocks(file)
        };
        while let Some(taken) = records.advance(&mut take) {
            taken?;
        }
    }
    meta.blocks = packer.finish(file)?;
    Ok(keys)
}

/// Records from blocks spread over all inputs, to train the dictionary on.
fn samples(inputs: &[Input<'_>]) -> Result<(Vec<u8>, Vec<usize>)> {
    let (mut samples, mut lengths) = (Vec::new(), Vec::new());
    let bytes: u64 = inputs.iter().map(|input| input.segment.text_bytes()).sum();
    let stride = usize::try_from(bytes / SAMPLE_BYTES as u64).unwrap_or(usize::MAX).max(1);
    for input in inputs {
        for block in (0..input.segment.shared.meta.blocks).step_by(stride) {
            if samples.len() >= SAMPLE_BYTES {
                return Ok((samples, lengths));
            }
            input.segment.sample_block(block, &mut samples, &mut lengths)?;
        }
    }
    Ok((samples, lengths))
}

fn write_columns(
    inputs: &[Input<'_>],
    file: &mut SegmentFile,
    meta: &mut SegmentMeta,
    control: &Control,
) -> Result<()> {
    meta.has_revisions = inputs.iter().any(|input| input.segment.shared.meta.has_revisions);
    if meta.has_revisions {
        let filled = |meta: &SegmentMeta| meta.has_revisions;
        copy_rows(inputs, file, SECTION_REVISIONS, RevisionEntry::SIZE, filled, control)?;
    } else {
        file.section(SECTION_REVISIONS);
    }
    meta.has_input_hashes = inputs.iter().any(|input| input.segment.shared.meta.has_input_hashes);
    if meta.has_input_hashes {
        copy_rows(inputs, file, SECTION_INPUT_HASHES, 16, |meta| meta.has_input_hashes, control)?;
    } else {
        file.section(SECTION_INPUT_HASHES);
    }
    copy_rows(inputs, file, SECTION_DATE_FIRST, 4, |_| true, control)?;
    copy_rows(inputs, file, SECTION_DATE_LAST, 4, |_| true, control)?;
    let names = |of: fn(&SegmentMeta) -> &[NumberColumnMeta]| {
        let columns = inputs.iter().flat_map(move |input| of(&input.segment.shared.meta));
        columns.map(|column| column.name.as_str()).collect::<BTreeSet<&str>>()
    };
    meta.integers = write_numbers(
        inputs,
        file,
        names(|meta| &meta.integers),
        (SECTION_INTEGER_ROWS, SECTION_INTEGER_VALUES),
        |segment, name| segment.integers(name),
    )?;
    meta.floats = write_numbers(
        inputs,
        file,
        names(|meta| &meta.floats),
        (SECTION_FLOAT_ROWS, SECTION_FLOAT_VALUES),
        |segment, name| segment.floats(name),
    )?;
    Ok(())
}

/// Copies a section of equal elements; an input without it gives zeros.
fn copy_rows(
    inputs: &[Input<'_>],
    file: &mut SegmentFile,
    kind: u32,
    width: usize,
    filled: impl Fn(&SegmentMeta) -> bool,
    control: &Control,
) -> Result<()> {
    file.section(kind);
    let zeros = vec![0; width];
    for input in inputs {
        let segment = input.segment;
        let filled = filled(&segment.shared.meta);
        for run in live_runs(segment.rows(), input.deleted) {
            let mut rest = run;
            while !rest.is_empty() {
                control.check()?;
                let end = rest.end.min(rest.start.saturating_add(ROWS_PER_CHECK));
                let count = (end - rest.start) as usize;
                if filled {
                    // Neither product can overflow: the section has rows * width bytes.
                    let start = u64::from(rest.start) * width as u64;
                    file.write(segment.part::<u8>(kind, start, count * width)?)?;
                } else {
                    (0..count).try_for_each(|_| file.write(&zeros))?;
                }
                rest.start = end;
            }
        }
    }
    Ok(())
}

fn write_numbers<'a, T: AnyBitPattern + NoUninit>(
    inputs: &[Input<'a>],
    file: &mut SegmentFile,
    names: BTreeSet<&str>,
    (rows_kind, values_kind): (u32, u32),
    read: impl Fn(&'a Segment, &str) -> Result<Option<NumberColumn<'a, T>>>,
) -> Result<Vec<NumberColumnMeta>> {
    let mut columns: Vec<NumberColumnMeta> = Vec::new();
    let mut start = 0;
    file.section(rows_kind);
    for name in names {
        let mut count = 0;
        for input in inputs {
            let Some(column) = read(input.segment, name)? else { continue };
            for row in column.rows.iter().filter_map(|row| input.new_row(*row)) {
                file.write(&row.to_le_bytes())?;
                count += 1;
            }
        }
        if count > 0 {
            columns.push(NumberColumnMeta { name: name.to_owned(), start, count });
            start += u64::from(count);
        }
    }
    file.section(values_kind);
    for column in &columns {
        for input in inputs {
            let Some(stored) = read(input.segment, &column.name)? else { continue };
            for (row, value) in stored.rows.iter().zip(stored.values) {
                if input.new_row(*row).is_some() {
                    file.write(bytemuck::bytes_of(value))?;
                }
            }
        }
    }
    Ok(columns)
}

fn write_postings(
    inputs: &[Input<'_>],
    file: &mut SegmentFile,
    meta: &mut SegmentMeta,
    control: &Control,
) -> Result<()> {
    let mut writer = PostingsWriter::start(file);
    for (field, end) in TermField::ALL.into_iter().zip(&mut meta.term_ends) {
        let mut cursors = Vec::with_capacity(inputs.len());
        for input in inputs {
            cursors.push(TermCursor::new(input, field)?);
        }
        let mut last: Option<&str> = None;
        while let Some(term) = cursors.iter().filter_map(|cursor| cursor.term).min() {
            control.check()?;
            if last.is_some_and(|last| last >= term) {
                let name = inputs
                    .first()
                    .map_or_else(String::new, |input| segment_name(input.segment.id()));
                let detail = format!("the terms of {field:?} are out of order");
                return Err(Error::corrupt(name, 0, Rule::Sorted, detail));
            }
            last = Some(term);
            let mut rows = RoaringBitmap::new();
            for cursor in &mut cursors {
                if cursor.term == Some(term) {
                    rows.extend(cursor.input.new_rows(&cursor.take()?));
                }
            }
            writer.term(term, rows)?;
        }
        *end = writer.terms();
    }
    writer.finish()
}

/// A place in the terms of one field of one input.
struct TermCursor<'a> {
    input: &'a Input<'a>,
    places: Range<u32>,
    term: Option<&'a str>,
}

impl<'a> TermCursor<'a> {
    fn new(input: &'a Input<'a>, field: TermField) -> Result<TermCursor<'a>> {
        let places = input.segment.shared.meta.terms(field);
        let mut cursor = TermCursor { input, places, term: None };
        cursor.read()?;
        Ok(cursor)
    }

    fn read(&mut self) -> Result<()> {
        let segment = self.input.segment;
        self.term = if self.places.is_empty() {
            None
        } else {
            Some(segment.text(SECTION_TERM_OFFSETS, SECTION_TERMS, self.places.start)?)
        };
        Ok(())
    }

    /// The rows of the current term; goes on to the next.
    fn take(&mut self) -> Result<RoaringBitmap> {
        let rows = self.input.segment.posting_at(self.places.start)?;
        self.places.start += 1;
        self.read()?;
        Ok(rows)
    }
}

fn write_vectors(
    inputs: &[Input<'_>],
    file: &mut SegmentFile,
    meta: &mut SegmentMeta,
    control: &Control,
) -> Result<()> {
    let mut present = RoaringBitmap::new();
    let mut kind = None;
    for input in inputs {
        let Some(vectors) = &input.segment.shared.meta.vectors else { continue };
        present.extend(input.new_rows(input.segment.vector_rows(vectors)?));
        kind = Some(vectors);
    }
    let Some(kind) = kind.filter(|_| !present.is_empty()) else { return write_none(file) };
    let width = (kind.dimension as usize).saturating_mul(kind.row_type.bytes());
    let filled = |meta: &SegmentMeta| meta.vectors.is_some();
    copy_rows(inputs, file, SECTION_VECTORS, width, filled, control)?;
    if kind.row_type == RowType::Int8 {
        copy_rows(inputs, file, SECTION_SCALES, 4, filled, control)?;
    } else {
        file.section(SECTION_SCALES);
    }
    meta.vectors = Some(SegmentVectors { count: present.len() as u32, ..kind.clone() });
    write_presence(file, present)
}
