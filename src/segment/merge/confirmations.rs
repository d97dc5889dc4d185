//! Confirmations of a merge: those of citations that are in it become the revisions of their rows, the others stay.

use roaring::RoaringBitmap;

use super::columns::Copy;
use super::order::Input;
use crate::error::Result;
use crate::format::segment::{RevisionEntry, SECTION_REVISIONS};
use crate::ids::{Key, RowId};
use crate::segment::read::segment::ROWS_PER_CHECK;
use crate::segment::write::confirmations::Confirmations;
use crate::segment::write::file::SegmentFile;

/// Those of all inputs, the greatest revision of each citation.
pub(super) fn of_inputs(inputs: &[Input<'_>]) -> Result<Confirmations> {
    let mut all = Confirmations::default();
    for input in inputs {
        for item in input.segment.confirmations()? {
            let (pmid, revision) = item?;
            all.push(pmid, revision);
        }
    }
    Ok(all)
}

/// Writes the revision of every row, or of its confirmation where that is greater, and forgets the confirmations
/// of these rows.
pub(super) fn write_revisions(
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
