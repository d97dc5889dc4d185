//! The first row of a table.

use std::borrow::Cow;
use std::collections::HashMap;

use super::cells::cells;
use super::columns::{ColumnMap, Role, is_header};
use super::scan::first_row;
use super::{cord19, ours};

/// Separators, the likelier first.
const SEPARATORS: [char; 3] = [',', '\t', ';'];

/// Bytes of the longest header of a table.
pub(in crate::ingest) const HEADER_BYTES_MAX: usize = 1 << 16;

/// The header of a table.
#[derive(Debug)]
pub(in crate::ingest) struct Header {
    pub(super) separator: char,
    /// What ends its rows.
    pub(in crate::ingest) line_end: u8,
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

/// The first row, by a separator.
struct FirstRow {
    separator: char,
    /// `None` where the row does not end in the bytes at hand.
    line_end: Option<u8>,
    names: Vec<String>,
    is_utf8: bool,
}

impl FirstRow {
    /// `None` for what is no row.
    fn read(bytes: &[u8], separator: char) -> Option<FirstRow> {
        let (row, line_end) = first_row(bytes, separator as u8);
        let text = String::from_utf8_lossy(row);
        let names = cells(&text, separator).ok()?;
        let names = names.iter().map(|name| name.trim().to_owned()).collect();
        Some(FirstRow { separator, line_end, names, is_utf8: matches!(text, Cow::Borrowed(_)) })
    }
}

impl Header {
    /// The header at the start of a file; `None` where the first row is not one. With a map any row with a
    /// separator, or of one mapped column, is one.
    ///
    /// # Errors
    /// A column of the map that is not there, two free fields of one name, or a header that does not end or is not
    /// UTF-8, in words.
    pub(super) fn sniff(bytes: &[u8], map: Option<&ColumnMap>) -> Result<Option<Header>, String> {
        let blank = bytes.len() - bytes.trim_ascii_start().len();
        let before = bytes.get(..blank).unwrap_or_default();
        // A tab before the first name may separate it from a column without a name.
        let start = before.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
        let (before, table) = bytes.split_at(start.map_or(0, |place| place + 1));
        let best = SEPARATORS
            .iter()
            .filter_map(|separator| FirstRow::read(table, *separator))
            .reduce(|best, other| if other.names.len() > best.names.len() { other } else { best });
        let Some(FirstRow { separator, line_end, names, is_utf8 }) = best else { return Ok(None) };
        let is_known = names.len() > 1 && is_header(&names);
        if map.is_none() && !is_known {
            return Ok(None);
        }
        if line_end.is_none() && bytes.len() > HEADER_BYTES_MAX {
            return Err(format!(
                "the header of the table does not end within {HEADER_BYTES_MAX} bytes; perhaps a quote in it is not \
                 closed"
            ));
        }
        if !is_utf8 {
            return Err("the header of the table is not UTF-8: save the table as UTF-8".into());
        }
        let is_cord19 = map.is_none() && cord19::is_metadata(&names);
        let is_ours = map.is_none() && ours::is_ours(&names);
        let roles = match map {
            Some(map) => map.roles(&names)?,
            None if is_cord19 => cord19::columns(&names).roles(&names)?,
            None if is_ours => ColumnMap::default().column(Role::Key, "key").roles(&names)?,
            None => ColumnMap::default().roles(&names)?,
        };
        check_fields(&names, &roles)?;
        let line_end = line_end.unwrap_or(b'\n');
        let line = 1 + memchr::memchr_iter(line_end, before).count() as u64;
        Ok(Some(Header { separator, line_end, line, names, roles, is_cord19, is_ours }))
    }
}

/// Refuses two columns that would be one free field: what is no identifier becomes one, too.
fn check_fields(names: &[String], roles: &[Option<Role>]) -> Result<(), String> {
    let is_field = |role: &Option<Role>| matches!(role, None | Some(Role::Doi | Role::Pubmed));
    let fields = names.iter().zip(roles).zip(1..).filter(|((_, role), _)| is_field(role));
    let mut seen: HashMap<&str, u32> = HashMap::new();
    for ((name, _), column) in fields.filter(|((name, _), _)| !name.is_empty()) {
        if let Some(first) = seen.insert(name, column) {
            return Err(format!(
                "columns {first} and {column} are both called `{name}`: rename one of them"
            ));
        }
    }
    Ok(())
}
