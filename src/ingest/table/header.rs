//! The first line of a table.

use super::cells::cells;
use super::columns::{ColumnMap, Role, is_header};
use super::{cord19, ours};

/// Separators, the likelier first.
const SEPARATORS: [char; 3] = [',', '\t', ';'];

/// The header of a table.
#[derive(Debug)]
pub(in crate::ingest) struct Header {
    pub(super) separator: char,
    /// Its line, from 1: blank lines may come before it.
    pub(super) line: u64,
    pub(super) names: Vec<String>,
    pub(super) roles: Vec<Option<Role>>,
    /// Whether the table is CORD-19's, and nobody said otherwise: cells of free fields are strings, and an id may be
    /// that of several rows.
    pub(super) is_cord19: bool,
    /// Whether the table is one that we wrote, and nobody said otherwise: its keys are written as
    /// `session::key_line` writes them, and an apostrophe before what would be a formula is not part of a cell.
    pub(super) is_ours: bool,
}

impl Header {
    /// The header at the start of a file; `None` where the first line is not one. With a map any line with a
    /// separator, or of one mapped column, is one.
    ///
    /// # Errors
    /// A column of the map that is not there, in words.
    pub(super) fn sniff(bytes: &[u8], map: Option<&ColumnMap>) -> Result<Option<Header>, String> {
        let blank = bytes.len() - bytes.trim_ascii_start().len();
        let before = bytes.get(..blank).unwrap_or_default();
        let line = bytes.get(blank..).and_then(|rest| rest.split(|&byte| byte == b'\n').next());
        let Ok(text) = std::str::from_utf8(line.unwrap_or_default()) else { return Ok(None) };
        let split = |separator: &char| {
            let names = cells(text, *separator).ok()?;
            Some((*separator, names.iter().map(|name| name.trim().to_owned()).collect::<Vec<_>>()))
        };
        let best = SEPARATORS
            .iter()
            .filter_map(split)
            .reduce(|best, other| if other.1.len() > best.1.len() { other } else { best });
        let Some((separator, names)) = best else { return Ok(None) };
        let is_known = names.len() > 1 && is_header(&names);
        if map.is_none() && !is_known {
            return Ok(None);
        }
        let is_cord19 = map.is_none() && cord19::is_metadata(&names);
        let is_ours = map.is_none() && ours::is_ours(&names);
        let roles = match map {
            Some(map) => map.roles(&names)?,
            None if is_cord19 => cord19::columns(&names).roles(&names)?,
            None if is_ours => ColumnMap::default().column(Role::Key, "key").roles(&names)?,
            None => ColumnMap::default().roles(&names)?,
        };
        let line = 1 + memchr::memchr_iter(b'\n', before).count() as u64;
        Ok(Some(Header { separator, line, names, roles, is_cord19, is_ours }))
    }
}
