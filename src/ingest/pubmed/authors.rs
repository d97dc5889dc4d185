//! Persons and groups.
//!
//! `ValidYN="N"` marks a spelling that was corrected since; the correct one stands beside it, so the
//! wrong one is left out. Investigators (members of a group that is an author) go to the free field
//! `investigators`, as `Last Initials`.

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
            let person = person(walker)?;
            let name = format!("{} {}", person.last_name, person.initials);
            names.push(name.trim().to_owned());
        }
        Ok(())
    })?;
    if !names.is_empty() && fields.iter().all(|field| field.name != "investigators") {
        fields.push(Field { name: "investigators".into(), value: FieldValue::List(names) });
    }
    Ok(())
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
