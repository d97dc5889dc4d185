//! NLM's `descYYYY.xml`, `qualYYYY.xml` and `suppYYYY.xml`, one record at a time.

use super::feed::Feed;
use super::gathered::MeshSource;
use crate::error::{Error, Result};
use crate::ingest::pubmed::walk::{Tag, Walker};
use crate::ingest::raw::Fault;
use crate::mesh::{MappedHeading, MeshRecord, is_tree_number, is_ui};

/// Elements that are records.
const RECORDS: &[&str] = &["DescriptorRecord", "QualifierRecord", "SupplementalRecord"];

pub(super) fn read(feed: &mut Feed, source: &mut MeshSource) -> Result<()> {
    let head = String::from_utf8_lossy(feed.head());
    // The set is called after its records: `<DescriptorRecordSet`.
    let kind = RECORDS.iter().rfind(|name| head.contains(&format!("<{name}")));
    let Some(kind) = kind.copied() else {
        return Err(
            feed.wrong("not MeSH XML: no DescriptorRecord, QualifierRecord or SupplementalRecord")
        );
    };
    let end = format!("</{kind}>");
    let (set, set_end) = (format!("<{kind}Set"), format!("</{kind}Set>"));
    let is_set = head.contains(&set);
    let mut found = 0;
    loop {
        let place = feed.place();
        let Some(bytes) = feed.through(end.as_bytes())? else { break };
        let text =
            std::str::from_utf8(&bytes).map(|text| from_start(text, kind).map(str::to_owned));
        let problem =
            |detail: &str| Error::input(feed.name(), format!("record after {place}"), detail);
        let Ok(Some(text)) = text else {
            return Err(problem("the record has no start or is not UTF-8"));
        };
        add(record(&text), source).map_err(|detail| problem(&detail))?;
        found += 1;
    }
    let rest = String::from_utf8_lossy(feed.head());
    if found == 0 || from_start(&rest, kind).is_some() {
        return Err(feed.wrong(format!("the file ends inside of a {kind}, or has none")));
    }
    if is_set && !rest.contains(&set_end) {
        return Err(feed.wrong(format!("the file ends before `{set_end}`: it is cut")));
    }
    Ok(())
}

/// The text from the start tag of a record on.
fn from_start<'a>(text: &'a str, kind: &str) -> Option<&'a str> {
    let tag = format!("<{kind}");
    let mut places = text.match_indices(&tag).map(|(place, _)| place);
    let goes_on = |place: &usize| {
        text.get(place + tag.len()..)
            .is_some_and(|rest| rest.starts_with([' ', '>', '\t', '\r', '\n']))
    };
    text.get(places.find(goes_on)?..)
}

fn add(read: Result<MeshRecord, Fault>, source: &mut MeshSource) -> Result<(), String> {
    let read = read.map_err(|fault| fault.detail)?;
    if !is_ui(&read.ui) || read.name.is_empty() {
        return Err(format!("the UI `{}` is not one, or the name is missing", read.ui));
    }
    if let Some(number) = read.tree_numbers.iter().find(|number| !is_tree_number(number)) {
        return Err(format!("`{number}` is not a tree number"));
    }
    source.replace(read);
    Ok(())
}

fn record(text: &str) -> Result<MeshRecord, Fault> {
    let mut record = MeshRecord::default();
    let mut walker = Walker::new(text);
    walker.root()?;
    walker.children(|walker, tag| {
        match tag.name() {
            "DescriptorUI" | "QualifierUI" | "SupplementalRecordUI" => {
                record.ui = walker.string()?
            }
            "DescriptorName" | "QualifierName" | "SupplementalRecordName" => {
                record.name = string(walker)?;
            }
            "TreeNumberList" => walker.children(|walker, _| {
                record.tree_numbers.push(walker.string()?);
                Ok(())
            })?,
            "AllowableQualifiersList" => walker.children(|walker, _| {
                let (ui, _) = referred(walker)?;
                record.allowed_qualifiers.push(ui);
                Ok(())
            })?,
            "PharmacologicalActionList" => walker.children(|walker, _| {
                let (ui, _) = referred(walker)?;
                record.actions.push(ui);
                Ok(())
            })?,
            "HeadingMappedToList" => walker.children(|walker, _| {
                let (ui, qualifier) = referred(walker)?;
                let is_main = ui.starts_with('*') || qualifier.starts_with('*');
                let plain = |ui: String| ui.trim_start_matches('*').to_owned();
                let (ui, qualifier) = (plain(ui), plain(qualifier));
                record.mapped_to.push(MappedHeading { ui, qualifier, is_main });
                Ok(())
            })?,
            "ConceptList" => walker.children(|walker, _| concept(walker, &mut record))?,
            _ => {}
        }
        Ok(())
    })?;
    let name = record.name.clone();
    record.entry_terms.retain(|term| *term != name);
    Ok(record)
}

/// The text of the child `String`.
fn string(walker: &mut Walker<'_>) -> Result<String, Fault> {
    let mut found = String::new();
    walker.children(|walker, tag| {
        if tag.name() == "String" {
            found = walker.string()?;
        }
        Ok(())
    })?;
    Ok(found)
}

/// UIs of the descriptor and the qualifier that an element refers to; empty where it has none. A descriptor
/// with a qualifier (`ECIN`) names both one level deeper.
fn referred(walker: &mut Walker<'_>) -> Result<(String, String), Fault> {
    let (mut descriptor, mut qualifier) = (String::new(), String::new());
    walker.children(|walker, _| {
        walker.children(|walker, tag: &Tag<'_>| {
            match tag.name() {
                "DescriptorUI" => descriptor = walker.string()?,
                "QualifierUI" => qualifier = walker.string()?,
                _ => {}
            }
            Ok(())
        })
    })?;
    // A list of qualifiers alone has no descriptor.
    if descriptor.is_empty() {
        std::mem::swap(&mut descriptor, &mut qualifier);
    }
    Ok((descriptor, qualifier))
}

fn concept(walker: &mut Walker<'_>, record: &mut MeshRecord) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        if tag.name() != "TermList" {
            return Ok(());
        }
        walker.children(|walker, tag| {
            // Permuted terms are what a look-up makes of inverted names anyway.
            let is_permuted = tag.is_yes("IsPermutedTermYN")?;
            walker.children(|walker, tag| {
                match tag.name() {
                    "String" if !is_permuted => record.entry_terms.push(walker.string()?),
                    "Abbreviation" => record.code = walker.string()?,
                    _ => {}
                }
                Ok(())
            })
        })
    })
}
