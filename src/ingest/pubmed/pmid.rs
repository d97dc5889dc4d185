//! PMIDs: as they are read, and in messages about records.

use memchr::memmem;

use super::walk::{Tag, Walker};
use crate::ids::Pmid;
use crate::ingest::raw::Fault;

/// The PMID in the element just entered, and its `Version`.
pub(super) fn pmid(walker: &mut Walker<'_>, tag: &Tag<'_>) -> Result<(Pmid, u32), Fault> {
    let version = tag.attribute("Version")?.parse().unwrap_or(1);
    let text = walker.text()?;
    match text.parse::<u32>() {
        Ok(number) if number > 0 => Ok((Pmid(number), version)),
        _ => {
            let found: String = text.chars().take(40).collect();
            Err(Fault::whole(format!("`{found}` is not a PMID: expected a positive number")))
        }
    }
}

/// The first PMID in a record's bytes, for error messages only.
pub(in crate::ingest) fn pmid_hint(bytes: &[u8]) -> Option<u32> {
    let rest = bytes.get(memmem::find(bytes, b"<PMID")?..)?;
    let rest = rest.get(rest.iter().take(64).position(|&byte| byte == b'>')? + 1..)?;
    let digits = rest.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()
}

/// Where a record stands, in words.
pub(in crate::ingest) fn place(position: u64, offset: u64, pmid: Option<u32>) -> String {
    match pmid {
        Some(pmid) => format!("record {} (PMID {pmid}), byte {offset}", position + 1),
        None => format!("record {}, byte {offset}", position + 1),
    }
}
