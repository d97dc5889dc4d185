//! The copies of a merge's rows in second lists: taken over where the codebook is the same, made where there are
//! none.

use super::lists::{BATCH_ROWS, Batch, Indexer, Lists};
use super::order::{Input, Order};
use crate::control::Control;
use crate::error::Result;
use crate::format::segment::*;
use crate::index::ivf::{NO_COPY, SpilledRows};
use crate::kernel::Rows;
use crate::segment::write::file::SegmentFile;

/// What an input has.
struct Source<'a> {
    copies: Option<InputCopies<'a>>,
    vectors: Option<Rows<'a>>,
}

/// The copies of an input that was indexed with the same codebook.
struct InputCopies<'a> {
    copies: SpilledRows<'a>,
    /// The copy of each row.
    of_row: Vec<u32>,
}

impl<'a> Source<'a> {
    fn of(input: &Input<'a>, is_indexed: bool) -> Result<Source<'a>> {
        let copies = if is_indexed { input.segment.copies()? } else { None };
        let rows = input.segment.rows() as usize;
        let copies = copies.map(|copies| InputCopies { of_row: copies.copy_of_each(rows), copies });
        Ok(Source { copies, vectors: input.segment.vectors()?.map(|(rows, _)| rows) })
    }

    /// The copy of a row.
    fn copy_of(&self, row: u32) -> Option<(&SpilledRows<'a>, u32)> {
        let known = self.copies.as_ref()?;
        let copy = *known.of_row.get(row as usize)?;
        (copy != NO_COPY).then_some((&known.copies, copy))
    }
}

impl Indexer<'_> {
    /// Writes the sections of copies, if they are wanted and there is more than one list.
    pub(super) fn write_copies(
        &self,
        inputs: &[Input<'_>],
        order: &Order,
        lists: &Lists,
        file: &mut SegmentFile,
        control: &Control,
    ) -> Result<()> {
        if !self.copies {
            return Ok(());
        }
        let mut sources = Vec::with_capacity(inputs.len());
        for input in inputs {
            sources.push(Source::of(input, self.own_index(input)?.is_some())?);
        }
        let Some(second) = self.second_lists(&sources, order, lists, control)? else {
            return Ok(());
        };
        let (offsets, rows) = sort(&second, self.codebook.meta().lists);
        file.array(SECTION_SPILLED_OFFSETS, &offsets)?;
        file.array(SECTION_SPILLED_ROWS, &rows)?;
        file.section(SECTION_SPILLED_CODES);
        let mut batch = Batch::new(self);
        let mut scales = Vec::with_capacity(rows.len());
        // A batch is a whole number of scan blocks, so that blocks are written without a seam.
        for (batches, batch_rows) in rows.chunks(BATCH_ROWS).enumerate() {
            control.check()?;
            let done = (batches * BATCH_ROWS) as u64;
            control.report("copying codes", "documents", done, rows.len() as u64);
            batch.clear(batch_rows.len());
            for (at, new) in batch_rows.iter().enumerate() {
                let Some((source, row)) = source(&sources, order, *new) else { continue };
                match (source.copy_of(row), &source.vectors) {
                    (Some((copies, copy)), _) => {
                        batch.copy(at, (copies.codes, copies.scales), copy as usize);
                    }
                    (None, Some(stored)) => {
                        let list = second.get(*new as usize).copied().unwrap_or_default();
                        batch.want(at, list, stored, row as usize);
                    }
                    (None, None) => {}
                }
            }
            batch.encode(self, control)?;
            file.write(batch.blocks())?;
            scales.extend_from_slice(batch.scales());
        }
        control.report("copying codes", "documents", rows.len() as u64, rows.len() as u64);
        file.array(SECTION_SPILLED_SCALES, &scales)
    }

    /// The second list of each row in lists; `None` when there is no other than the first.
    fn second_lists(
        &self,
        sources: &[Source<'_>],
        order: &Order,
        lists: &Lists,
        control: &Control,
    ) -> Result<Option<Vec<u32>>> {
        let first = lists.of_row();
        let dimension = self.codebook.meta().dimension as usize;
        let mut second = vec![0; first.len()];
        let (mut wanted, mut vectors, mut owned) = (Vec::new(), Vec::new(), Vec::new());
        for start in (0..first.len()).step_by(BATCH_ROWS) {
            control.check()?;
            control.report("finding second lists", "documents", start as u64, first.len() as u64);
            wanted.clear();
            vectors.clear();
            owned.clear();
            for (new, list) in first.iter().enumerate().skip(start).take(BATCH_ROWS) {
                let Some((source, row)) = source(sources, order, new as u32) else { continue };
                let copied = source.copy_of(row);
                let copied = copied.and_then(|(copies, copy)| copies.list_of(copy));
                if let (Some(list), Some(place)) = (copied, second.get_mut(new)) {
                    *place = list;
                } else if let Some(stored) = &source.vectors {
                    wanted.push(new);
                    owned.push(*list);
                    let from = vectors.len();
                    vectors.resize(from + dimension, 0.0);
                    stored.read(row as usize, vectors.get_mut(from..).unwrap_or_default());
                }
            }
            let found = self.encoder.assign_second(&vectors, &owned, self.threads, control)?;
            for (new, found) in wanted.iter().zip(found) {
                match (second.get_mut(*new), found) {
                    (Some(place), Some(list)) => *place = list,
                    _ => return Ok(None),
                }
            }
        }
        Ok(Some(second))
    }
}

/// The input of a row of the output, and its number there.
fn source<'s, 'a>(
    sources: &'s [Source<'a>],
    order: &Order,
    new: u32,
) -> Option<(&'s Source<'a>, u32)> {
    let (input, row) = *order.places().get(new as usize)?;
    Some((sources.get(input as usize)?, row))
}

/// Rows by list, then by number: offsets of the lists and one past the last row, and the rows.
fn sort(list_of_row: &[u32], lists: u32) -> (Vec<u32>, Vec<u32>) {
    let mut offsets = vec![0u32; lists as usize + 1];
    for list in list_of_row {
        if let Some(count) = offsets.get_mut(*list as usize + 1) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for offset in &mut offsets {
        sum += *offset;
        *offset = sum;
    }
    let mut next = offsets.clone();
    let mut rows = vec![0; list_of_row.len()];
    for (row, list) in (0..).zip(list_of_row) {
        if let Some(place) = next.get_mut(*list as usize) {
            if let Some(to) = rows.get_mut(*place as usize) {
                *to = row;
            }
            *place += 1;
        }
    }
    (offsets, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_by_list_and_keep_their_order_in_it() {
        assert_eq!(sort(&[3, 0, 3, 1, 0], 5), (vec![0, 2, 3, 3, 5, 5], vec![1, 4, 3, 0, 2]));
        assert_eq!(sort(&[], 2), (vec![0, 0, 0], vec![]));
    }
}
