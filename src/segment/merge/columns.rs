//! Columns of a merge: fixed-width sections copied row by row, number columns gathered.

use std::collections::BTreeSet;

use bytemuck::{AnyBitPattern, NoUninit};
use roaring::RoaringBitmap;

use super::order::{Input, Order};
use crate::control::Control;
use crate::error::Result;
use crate::format::segment::*;
use crate::ids::{Key, RowId};
use crate::segment::Segment;
use crate::segment::read::columns::NumberColumn;
use crate::segment::read::segment::ROWS_PER_CHECK;
use crate::segment::write::confirmations::Confirmations;
use crate::segment::write::file::SegmentFile;

pub(super) fn write(
    inputs: &[Input<'_>],
    order: &Order,
    confirmations: &mut Confirmations,
    file: &mut SegmentFile,
    meta: &mut SegmentMeta,
    control: &Control,
) -> Result<()> {
    let copy = Copy { inputs, order, control };
    meta.has_revisions = !confirmations.is_empty()
        || inputs.iter().any(|input| input.segment.shared.meta.has_revisions);
    if !confirmations.is_empty() {
        write_revisions(confirmations, &copy, file)?;
    } else if meta.has_revisions {
        copy.rows(file, SECTION_REVISIONS, RevisionEntry::SIZE, |meta| meta.has_revisions)?;
    } else {
        file.section(SECTION_REVISIONS);
    }
    meta.has_input_hashes = inputs.iter().any(|input| input.segment.shared.meta.has_input_hashes);
    if meta.has_input_hashes {
        copy.rows(file, SECTION_INPUT_HASHES, 16, |meta| meta.has_input_hashes)?;
    } else {
        file.section(SECTION_INPUT_HASHES);
    }
    copy.rows(file, SECTION_DATE_FIRST, 4, |_| true)?;
    copy.rows(file, SECTION_DATE_LAST, 4, |_| true)?;
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

/// Writes the revision of every row, or of its confirmation where that is greater, and forgets the confirmations
/// of these rows.
fn write_revisions(
    confirmations: &mut Confirmations,
    copy: &Copy<'_>,
    file: &mut SegmentFile,
) -> Result<()> {
    file.section(SECTION_REVISIONS);
    let mut known = RoaringBitmap::new();
    for (new, (input, row)) in copy.order.places().iter().enumerate() {
        if new.is_multiple_of(ROWS_PER_CHECK as usize) {
            copy.control.check()?;
        }
        let Some(Input { segment, .. }) = copy.inputs.get(*input as usize) else { continue };
        let row = RowId(*row);
        let mut revision = segment.revision(row)?;
        if let Key::Pmid(pmid) = segment.key(row)?
            && let Some(confirmed) = confirmations.get(pmid)
        {
            revision = revision.max(confirmed);
            known.insert(pmid.0);
        }
        file.write(&RevisionEntry::from(revision).encode())?;
    }
    confirmations.retain(|pmid| !known.contains(pmid.0));
    Ok(())
}

/// Copies sections of equal elements.
pub(super) struct Copy<'a> {
    pub(super) inputs: &'a [Input<'a>],
    pub(super) order: &'a Order,
    pub(super) control: &'a Control,
}

impl Copy<'_> {
    /// Copies one section of `width` bytes per row; an input without it gives zeros.
    pub(super) fn rows(
        &self,
        file: &mut SegmentFile,
        kind: u32,
        width: usize,
        filled: impl Fn(&SegmentMeta) -> bool,
    ) -> Result<()> {
        file.section(kind);
        let zeros = vec![0; width];
        for (place, (input, run)) in self.order.runs(ROWS_PER_CHECK).enumerate() {
            if place.is_multiple_of(ROWS_PER_CHECK as usize) {
                self.control.check()?;
            }
            let Some(Input { segment, .. }) = self.inputs.get(input) else { continue };
            let count = run.len();
            if filled(&segment.shared.meta) {
                // Neither product can overflow: the section has rows * width bytes.
                let start = u64::from(run.start) * width as u64;
                file.write(segment.part::<u8>(kind, start, count * width)?)?;
            } else {
                (0..count).try_for_each(|_| file.write(&zeros))?;
            }
        }
        Ok(())
    }
}

fn write_numbers<'a, T: AnyBitPattern + NoUninit>(
    inputs: &[Input<'a>],
    file: &mut SegmentFile,
    names: BTreeSet<&str>,
    (rows_kind, values_kind): (u32, u32),
    read: impl Fn(&'a Segment, &str) -> Result<Option<NumberColumn<'a, T>>>,
) -> Result<Vec<NumberColumnMeta>> {
    let gather = |name: &str| -> Result<Vec<(u32, T)>> {
        let mut column = Vec::new();
        for input in inputs {
            let Some(stored) = read(input.segment, name)? else { continue };
            let pairs = stored.rows.iter().zip(stored.values);
            column.extend(
                pairs.filter_map(|(row, value)| input.new_row(*row).map(|row| (row, *value))),
            );
        }
        // Inputs may interleave once rows are sorted by list. A row comes from one input only, so no two
        // entries are equal and an unstable sort is enough.
        column.sort_unstable_by_key(|(row, _)| *row);
        Ok(column)
    };
    let mut columns: Vec<NumberColumnMeta> = Vec::new();
    let mut start = 0;
    file.section(rows_kind);
    for name in names {
        let column = gather(name)?;
        for (row, _) in &column {
            file.write(&row.to_le_bytes())?;
        }
        let count = column.len() as u32;
        if count > 0 {
            columns.push(NumberColumnMeta { name: name.to_owned(), start, count });
            start += u64::from(count);
        }
    }
    file.section(values_kind);
    // Gathered again rather than kept: memory is one column, not all of them.
    for column in &columns {
        for (_, value) in gather(&column.name)? {
            file.write(bytemuck::bytes_of(&value))?;
        }
    }
    Ok(columns)
}
