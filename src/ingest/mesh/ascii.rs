//! NLM's `dYYYY.bin`, `qYYYY.bin` and `cYYYY.bin`: `*NEWRECORD`, then lines of `KEY = value`.
//!
//! They name headings by name and qualifiers by their two letters; [`MeshSource::finish`] finds the UIs.

use super::feed::Feed;
use super::gathered::MeshSource;
use crate::error::{Error, Result};
use crate::mesh::{MappedHeading, MeshRecord, is_tree_number, is_ui};

pub(super) fn read(feed: &mut Feed, source: &mut MeshSource) -> Result<()> {
    let mut record: Option<MeshRecord> = None;
    while let Some(line) = feed.line()? {
        let line = line.trim();
        if line == "*NEWRECORD" {
            if let Some(done) = record.replace(MeshRecord::default()) {
                add(done, source).map_err(|detail| unfinished(feed, detail))?;
            }
            continue;
        }
        let Some((key, value)) = line.split_once(" = ") else {
            // A key without a value ends with its `=`; long notes go on in the next line.
            continue;
        };
        let Some(record) = record.as_mut() else {
            return Err(feed.wrong("expected *NEWRECORD"));
        };
        field(key, value.trim(), record).map_err(|detail| feed.wrong(detail))?;
    }
    match record {
        Some(done) => add(done, source).map_err(|detail| unfinished(feed, detail)),
        None => Ok(()),
    }
}

fn unfinished(feed: &Feed, detail: String) -> Error {
    feed.wrong(format!("the record before: {detail}"))
}

fn add(read: MeshRecord, source: &mut MeshSource) -> Result<(), String> {
    if read.ui.is_empty() || read.name.is_empty() {
        return Err("it has no UI or no name".to_owned());
    }
    let record = source.record(&read.ui);
    let tree_numbers = std::mem::take(&mut record.tree_numbers);
    let added = read.tree_numbers.iter().filter(|number| !tree_numbers.contains(number)).cloned();
    let tree_numbers = tree_numbers.iter().cloned().chain(added).collect();
    source.replace(MeshRecord { tree_numbers, ..read });
    Ok(())
}

fn field(key: &str, value: &str, record: &mut MeshRecord) -> Result<(), String> {
    let term = || value.split('|').next().unwrap_or_default().trim().to_owned();
    match key {
        "UI" if is_ui(value) => record.ui = value.to_owned(),
        "UI" => return Err(format!("`{value}` is not a UI")),
        "MH" | "SH" | "NM" => record.name = value.to_owned(),
        "QA" => record.code = value.to_owned(),
        "ENTRY" | "PRINT ENTRY" | "SY" => record.entry_terms.push(term()),
        "MN" if is_tree_number(value) => record.tree_numbers.push(value.to_owned()),
        "MN" => return Err(format!("`{value}` is not a tree number")),
        "PA" => record.actions.push(term()),
        "AQ" => record.allowed_qualifiers = value.split_whitespace().map(str::to_owned).collect(),
        "HM" => {
            let heading = term();
            let (is_main, heading) = match heading.strip_prefix('*') {
                Some(heading) => (true, heading.to_owned()),
                None => (false, heading),
            };
            let (name, qualifier) = heading.split_once('/').unwrap_or((&heading, ""));
            let is_starred = qualifier.starts_with('*');
            record.mapped_to.push(MappedHeading {
                ui: name.to_owned(),
                qualifier: qualifier.trim_start_matches('*').to_owned(),
                is_main: is_main || is_starred,
            });
        }
        _ => {}
    }
    Ok(())
}
