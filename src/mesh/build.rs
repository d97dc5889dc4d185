//! From records to the bytes of a file.

use std::collections::HashMap;

use super::key::key;
use super::record::MeshRecord;
use super::tree::is_tree_number;
use crate::error::{Error, Result};
use crate::format::mesh::{MeshLink, MeshParts, MeshTag, encode};

/// The bytes of a MeSH file: the same for the same records in any order. Links to records that are not
/// given are left out.
///
/// # Errors
/// [`Error::Input`] that names the record: a UI, name, or tree number that is not one or comes twice; a
/// zero byte in a text; more than 4 GiB.
pub fn build(year: u32, mut records: Vec<MeshRecord>) -> Result<Vec<u8>> {
    records.sort_by(|a, b| a.ui.cmp(&b.ui));
    check(&records)?;
    let mut parts =
        MeshParts { year, starts: vec![0], tree_starts: vec![0], ..MeshParts::default() };
    add_texts(&records, &mut parts)?;
    add_trees(&records, &mut parts)?;
    add_links(&records, &mut parts);
    Ok(encode(&parts).0)
}

fn wrong(record: &MeshRecord, detail: impl Into<String>) -> Error {
    Error::input("MeSH", format!("record `{}`", record.ui), detail)
}

/// Whether a text is a letter of a kind of record and at least six digits.
pub(crate) fn is_ui(text: &str) -> bool {
    let digits = text.strip_prefix(['D', 'Q', 'C']).unwrap_or_default();
    digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn check(records: &[MeshRecord]) -> Result<()> {
    for record in records {
        if !is_ui(&record.ui) {
            return Err(wrong(record, "a UI is D, Q or C and six digits or more"));
        }
        if record.name.trim().is_empty() {
            return Err(wrong(record, "the name is empty"));
        }
        let texts = [&record.code, &record.name].into_iter();
        let mut texts = texts.chain(&record.entry_terms).chain(&record.former_names);
        if texts.any(|text| text.contains('\0')) {
            return Err(wrong(record, "a text has a zero byte"));
        }
        if let Some(ui) = record.retired_uis.iter().find(|ui| !is_ui(ui)) {
            return Err(wrong(record, format!("`{ui}` is not a UI")));
        }
        if let Some(number) = record.tree_numbers.iter().find(|number| !is_tree_number(number)) {
            return Err(wrong(record, format!("`{number}` is not a tree number")));
        }
    }
    match records.iter().zip(records.iter().skip(1)).find(|(a, b)| a.ui == b.ui) {
        Some((record, _)) => Err(wrong(record, "the UI comes twice")),
        None => Ok(()),
    }
}

fn add_texts(records: &[MeshRecord], parts: &mut MeshParts) -> Result<()> {
    let mut names: Vec<(String, u32)> = Vec::new();
    for record in records {
        let mut add = |tag: MeshTag, text: &str| {
            let at = parts.text.len() as u32;
            parts.text.push(char::from(tag as u8));
            parts.text.push_str(text);
            parts.text.push('\0');
            let key = key(text);
            if !key.is_empty() && !matches!(tag, MeshTag::Ui | MeshTag::Code) {
                names.push((key, at));
            }
        };
        add(MeshTag::Ui, &record.ui);
        add(MeshTag::Name, &record.name);
        if !record.code.is_empty() {
            add(MeshTag::Code, &record.code);
        }
        for (tag, texts) in [
            (MeshTag::Entry, &record.entry_terms),
            (MeshTag::Former, &record.former_names),
            (MeshTag::Retired, &record.retired_uis),
        ] {
            // An entry term can be a former name as well, which is what older documents are indexed with.
            let mut seen = vec![record.name.as_str()];
            let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            texts.sort_unstable();
            for text in texts.into_iter().filter(|text| !text.trim().is_empty()) {
                if !seen.contains(&text) {
                    seen.push(text);
                    add(tag, text);
                }
            }
        }
        let end = u32::try_from(parts.text.len());
        parts.starts.push(end.map_err(|_| wrong(record, "the names have more than 4 GiB"))?);
    }
    names.sort();
    parts.names = names.into_iter().map(|(_, at)| at).collect();
    Ok(())
}

fn add_trees(records: &[MeshRecord], parts: &mut MeshParts) -> Result<()> {
    let of_record = |(number, record): (usize, &MeshRecord)| {
        let numbers = record.tree_numbers.clone().into_iter();
        numbers.map(|tree| (tree, number as u32)).collect::<Vec<_>>()
    };
    let mut trees: Vec<(String, u32)> = records.iter().enumerate().flat_map(of_record).collect();
    trees.sort();
    trees.dedup();
    for ((number, record), (next, _)) in trees.iter().zip(trees.iter().skip(1)) {
        if let Some(record) = records.get(*record as usize).filter(|_| number == next) {
            return Err(wrong(record, format!("another record has the tree number {number}, too")));
        }
    }
    for (number, record) in trees {
        parts.tree_text.push_str(&number);
        parts.tree_starts.push(parts.tree_text.len() as u32);
        parts.tree_records.push(record);
    }
    Ok(())
}

fn add_links(records: &[MeshRecord], parts: &mut MeshParts) {
    let numbers: HashMap<&str, u32> =
        records.iter().zip(0..).map(|(record, number)| (record.ui.as_str(), number)).collect();
    let number = |ui: &String| numbers.get(ui.as_str()).copied();
    for (record, from) in records.iter().zip(0..) {
        let mut add = |kind: MeshLink, to: Option<u32>, extra: u32| {
            parts.links.extend(to.map(|to| [kind as u32, from, to, extra]));
        };
        for ui in &record.actions {
            add(MeshLink::Action, number(ui), 0);
        }
        for heading in &record.mapped_to {
            let qualifier = number(&heading.qualifier).map_or(0, |qualifier| (qualifier + 1) * 2);
            add(MeshLink::MappedTo, number(&heading.ui), qualifier | u32::from(heading.is_main));
        }
        for ui in &record.allowed_qualifiers {
            add(MeshLink::Allows, number(ui), 0);
        }
    }
    parts.links.sort_unstable();
    parts.links.dedup();
}
