//! Postings of a merge: terms in order over all inputs, rows mapped.

use std::ops::Range;

use roaring::RoaringBitmap;

use super::order::Input;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::names::segment_name;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::terms::TermField;
use crate::segment::write::file::SegmentFile;
use crate::segment::write::postings::PostingsWriter;

pub(super) fn write(
    inputs: &[Input<'_>],
    file: &mut SegmentFile,
    meta: &mut SegmentMeta,
    control: &Control,
) -> Result<()> {
    let mut writer = PostingsWriter::start(file, FIRST_DICTIONARY);
    for (field, end) in TermField::FIRST.into_iter().zip(&mut meta.term_ends) {
        *end = write_field(inputs, field, &mut writer, control)?;
    }
    writer.finish()?;
    let mut writer = PostingsWriter::start(file, MORE_DICTIONARY);
    let mut ends = Vec::new();
    for field in TermField::MORE {
        ends.push(write_field(inputs, field, &mut writer, control)?);
    }
    writer.finish()?;
    file.array(SECTION_MORE_TERM_ENDS, &ends)
}

/// Merges the terms of a field; returns the number of terms so far.
fn write_field(
    inputs: &[Input<'_>],
    field: TermField,
    writer: &mut PostingsWriter<'_>,
    control: &Control,
) -> Result<u32> {
    let mut cursors = Vec::with_capacity(inputs.len());
    for input in inputs {
        cursors.push(TermCursor::new(input, field)?);
    }
    let mut last: Option<&str> = None;
    while let Some(term) = cursors.iter().filter_map(|cursor| cursor.term).min() {
        control.check()?;
        // Each cursor only moves forward, so the smallest term can repeat or go back only if an input's
        // terms are out of order. Without this check the output would be damaged as well.
        if last.is_some_and(|last| last >= term) {
            let name =
                inputs.first().map_or_else(String::new, |input| segment_name(input.segment.id()));
            let detail = format!("the terms of {field:?} are out of order");
            return Err(Error::corrupt(name, 0, Rule::Sorted, detail));
        }
        last = Some(term);
        let mut rows = RoaringBitmap::new();
        for cursor in &mut cursors {
            if cursor.term == Some(term) {
                rows |= cursor.input.new_rows(&cursor.take()?);
            }
        }
        writer.term(term, rows)?;
    }
    Ok(writer.terms())
}

/// A place in the terms of one field of one input.
struct TermCursor<'a> {
    input: &'a Input<'a>,
    places: Range<u32>,
    term: Option<&'a str>,
}

impl<'a> TermCursor<'a> {
    fn new(input: &'a Input<'a>, field: TermField) -> Result<TermCursor<'a>> {
        let places = input.segment.term_range(field)?;
        let mut cursor = TermCursor { input, places, term: None };
        cursor.read()?;
        Ok(cursor)
    }

    fn read(&mut self) -> Result<()> {
        let segment = self.input.segment;
        self.term =
            if self.places.is_empty() { None } else { Some(segment.term_at(self.places.start)?) };
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
