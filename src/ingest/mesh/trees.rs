//! NLM's `mtreesYYYY.bin`: a name, a semicolon and a tree number per line.

use super::feed::Feed;
use super::gathered::MeshSource;
use crate::error::Result;
use crate::mesh::is_tree_number;

/// Whether a line is one of such a file.
pub(super) fn is_line(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok_and(|line| parts(line).is_some())
}

fn parts(line: &str) -> Option<(&str, &str)> {
    let (name, number) = line.trim().rsplit_once(';')?;
    (!name.is_empty() && is_tree_number(number)).then_some((name, number))
}

pub(super) fn read(feed: &mut Feed, source: &mut MeshSource) -> Result<()> {
    while let Some(line) = feed.line()? {
        match parts(&line) {
            Some((name, number)) => source.tree_by_name(name, number),
            None if line.trim().is_empty() => {}
            None => return Err(feed.wrong("expected `NAME;TREE NUMBER`")),
        }
    }
    Ok(())
}
