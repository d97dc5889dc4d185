//! Rows of one id: CORD-19 has one per source of a paper (*Why can the same `cord_uid` appear in multiple rows?* at
//! <https://github.com/allenai/cord19>).

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::cells::cells;
use super::columns::Role;
use super::header::Header;
use crate::ingest::raw::utf8;

/// Ids that are remembered: what fills 7/8 of a table of 2^23 entries of 18 bytes, 151 MB, and half as much again while
/// it grows. The last release has 1.1 million rows.
const IDS_MAX: usize = (1 << 23) / 8 * 7;

/// Leaves rows out so that, of those with one id, the first with an abstract stays, or else the first. A row with the
/// first abstract of its id is given although one without came before: like any later revision, it replaces that.
#[derive(Default)]
pub(super) struct Duplicates {
    /// Hashes of ids, and whether a row of each had an abstract.
    known: HashMap<[u8; 16], bool>,
    pub(super) dropped: u64,
}

impl Duplicates {
    /// Whether a row is to be left out. Rows that cannot be read or have no id are not: their faults are to be reported.
    pub(super) fn drop(&mut self, header: &Header, row: &[u8]) -> bool {
        let read = utf8(row).ok().and_then(|row| cells(row, header.separator).ok());
        let Some(cells) = read.filter(|cells| cells.len() <= header.names.len()) else {
            return false;
        };
        let cell = |role: Role| {
            let place = header.roles.iter().position(|own| *own == Some(role))?;
            cells.get(place).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
        };
        let Some(id) = cell(Role::Key) else { return false };
        let has_abstract = cell(Role::Abstract).is_some();
        let mut short = [0; 16];
        short.copy_from_slice(Sha256::digest(id).split_at(16).0);
        let is_dropped = match self.known.get_mut(&short) {
            Some(had_abstract) => {
                let is_better = has_abstract && !*had_abstract;
                *had_abstract |= has_abstract;
                !is_better
            }
            None => {
                if self.known.len() < IDS_MAX {
                    self.known.insert(short, has_abstract);
                }
                false
            }
        };
        self.dropped += u64::from(is_dropped);
        is_dropped
    }
}
