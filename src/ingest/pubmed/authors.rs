//! Persons and groups.
//!
//! `ValidYN="N"` marks a spelling that was corrected since; the correct one stands beside it, so the
//! wrong one is left out. Investigators (members of a group that is an author) go to the free field
//! `investigators`, as `Last Initials`; so do the editors of books to `editors`.

use super::walk::Walker;
use crate::document::{Author, Field, FieldValue};
use crate::ingest::raw::Fault;

/// Reads the `<AuthorList>` just entered.
pub(super) fn authors(walker: &mut Walker<'_>, authors: &mut Vec<Author>) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        if tag.name() == "Author" && tag.attribute("ValidYN")? != "N" {
            authors.push(person(walker)?);
        }
        Ok(())
    })
}

/// Reads the `<InvestigatorList>` just entered.
pub(super) fn investigators(walker: &mut Walker<'_>, fields: &mut Vec<Field>) -> Result<(), Fault> {
    let mut names = Vec::new();
    walker.children(|walker, tag| {
        if tag.name() == "Investigator" && tag.attribute("ValidYN")? != "N" {
            names.push(short_name(&person(walker)?));
        }
        Ok(())
    })?;
    add_list(fields, "investigators", names);
    Ok(())
}

/// Reads the `<AuthorList>` just entered as a list of editors.
pub(super) fn editors(walker: &mut Walker<'_>, fields: &mut Vec<Field>) -> Result<(), Fault> {
    let mut persons = Vec::new();
    authors(walker, &mut persons)?;
    add_list(fields, "editors", persons.iter().map(short_name).collect());
    Ok(())
}

/// `Last Initials`, or the name of a group.
pub(in crate::ingest) fn short_name(person: &Author) -> String {
    if !person.collective_name.is_empty() {
        return person.collective_name.clone();
    }
    let initials = if person.initials.is_empty() { &person.fore_name } else { &person.initials };
    format!("{} {initials} {}", person.last_name, person.suffix).trim().to_owned()
}

/// Adds texts to a free field that is a list, and makes it where there is none.
pub(in crate::ingest) fn add_list(fields: &mut Vec<Field>, name: &str, mut texts: Vec<String>) {
    texts.retain(|text| !text.is_empty());
    if texts.is_empty() {
        return;
    }
    let known = fields.iter_mut().find(|field| field.name == name);
    match known.map(|field| &mut field.value) {
        Some(FieldValue::List(list)) => list.extend(texts),
        Some(_) => {}
        None => fields.push(Field { name: name.to_owned(), value: FieldValue::List(texts) }),
    }
}

fn person(walker: &mut Walker<'_>) -> Result<Author, Fault> {
    let mut author = Author::default();
    walker.children(|walker, tag| {
        match tag.name() {
            "LastName" => author.last_name = walker.string()?,
            "ForeName" | "FirstName" => author.fore_name = walker.string()?,
            "Initials" => author.initials = walker.string()?,
            "Suffix" => author.suffix = walker.string()?,
            "CollectiveName" => author.collective_name = walker.string()?,
            "Identifier" => {
                let source = tag.attribute("Source")?;
                author.identifier = format!("{source}:{}", walker.text()?);
            }
            "AffiliationInfo" => walker.children(|walker, tag| {
                if tag.name() == "Affiliation" {
                    author.affiliations.push(walker.string()?);
                }
                Ok(())
            })?,
            "Affiliation" => author.affiliations.push(walker.string()?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(author)
}
