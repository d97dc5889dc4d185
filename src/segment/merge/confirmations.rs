//! Confirmations of a merge: those of all inputs, the greatest revision of each citation.

use super::order::Input;
use crate::error::Result;
use crate::segment::write::confirmations::Confirmations;

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
