//! Identifiers of the article and its ties to other works.

use std::collections::HashSet;

use super::walk::{Tag, Walker};
use crate::document::{Correction, DataBank, Grant, OtherId, Reference};
use crate::ingest::raw::Fault;

/// `ReferenceList`s inside each other: chapters hold lists of their own, one level in practice.
const LIST_DEPTH_MAX: u32 = 8;

/// Reads the `<ELocationID>` just entered, unless it is marked as wrong.
pub(super) fn location(
    walker: &mut Walker<'_>,
    tag: &Tag<'_>,
    ids: &mut Vec<OtherId>,
) -> Result<(), Fault> {
    if tag.attribute("ValidYN")? != "N" {
        let kind = tag.attribute("EIdType")?.to_ascii_lowercase();
        push(ids, kind, walker.string()?);
    }
    Ok(())
}

/// Reads the `<ArticleIdList>` just entered; the PMID itself is not kept twice.
pub(super) fn article_ids(walker: &mut Walker<'_>, ids: &mut Vec<OtherId>) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        let kind = tag.attribute("IdType")?.to_ascii_lowercase();
        if tag.name() == "ArticleId" && kind != "pubmed" {
            push(ids, kind, walker.string()?);
        }
        Ok(())
    })
}

/// Reads the `<OtherID>` just entered; its kind is who gave it, in lower case.
pub(super) fn other_id(
    walker: &mut Walker<'_>,
    tag: &Tag<'_>,
    ids: &mut Vec<OtherId>,
) -> Result<(), Fault> {
    let kind = tag.attribute("Source")?.to_ascii_lowercase();
    push(ids, kind, walker.string()?);
    Ok(())
}

fn push(ids: &mut Vec<OtherId>, kind: String, value: String) {
    // Some records carry the prefix of a PMCID twice.
    let value = match value.strip_prefix("PMCPMC") {
        Some(number) if kind == "pmc" => format!("PMC{number}"),
        _ => value,
    };
    if !value.is_empty() {
        ids.push(OtherId { kind, value });
    }
}

/// Drops identifiers that are given twice; letter case makes no difference.
pub(in crate::ingest) fn deduplicate(ids: &mut Vec<OtherId>) {
    let mut known = HashSet::with_capacity(ids.len());
    ids.retain(|id| known.insert((id.kind.clone(), id.value.to_ascii_lowercase())));
}

/// Reads the `<ReferenceList>` just entered, lists inside of it included.
pub(super) fn references(
    walker: &mut Walker<'_>,
    references_out: &mut Vec<Reference>,
    depth: u32,
) -> Result<(), Fault> {
    if depth > LIST_DEPTH_MAX {
        return Err(Fault::whole(format!("ReferenceLists nest deeper than {LIST_DEPTH_MAX}")));
    }
    walker.children(|walker, tag| match tag.name() {
        "ReferenceList" => references(walker, references_out, depth + 1),
        "Reference" => {
            let mut reference = Reference::default();
            walker.children(|walker, tag| {
                match tag.name() {
                    "Citation" => reference.citation = walker.string()?,
                    "ArticleIdList" => walker.children(|walker, tag| {
                        let kind = tag.attribute("IdType")?.to_ascii_lowercase();
                        push(&mut reference.ids, kind, walker.string()?);
                        Ok(())
                    })?,
                    _ => {}
                }
                Ok(())
            })?;
            references_out.push(reference);
            Ok(())
        }
        _ => Ok(()),
    })
}

/// Reads the `<CommentsCorrectionsList>` just entered.
pub(super) fn corrections(
    walker: &mut Walker<'_>,
    corrections: &mut Vec<Correction>,
) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        if tag.name() != "CommentsCorrections" {
            return Ok(());
        }
        let mut correction =
            Correction { kind: tag.attribute("RefType")?.into_owned(), ..Correction::default() };
        walker.children(|walker, tag| {
            match tag.name() {
                "RefSource" => correction.source = walker.string()?,
                "PMID" => correction.pmid = walker.text()?.parse().unwrap_or(0),
                _ => {}
            }
            Ok(())
        })?;
        corrections.push(correction);
        Ok(())
    })
}

/// Reads the `<DataBankList>` just entered.
pub(super) fn data_banks(walker: &mut Walker<'_>, banks: &mut Vec<DataBank>) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        if tag.name() != "DataBank" {
            return Ok(());
        }
        let mut bank = DataBank::default();
        walker.children(|walker, tag| match tag.name() {
            "DataBankName" => {
                bank.name = walker.string()?;
                Ok(())
            }
            "AccessionNumberList" => walker.children(|walker, _| {
                bank.accessions.push(walker.string()?);
                Ok(())
            }),
            _ => Ok(()),
        })?;
        banks.push(bank);
        Ok(())
    })
}

/// Reads the `<GrantList>` just entered.
pub(super) fn grants(walker: &mut Walker<'_>, grants: &mut Vec<Grant>) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        if tag.name() != "Grant" {
            return Ok(());
        }
        let mut grant = Grant::default();
        walker.children(|walker, tag| {
            match tag.name() {
                "GrantID" => grant.id = walker.string()?,
                "Agency" => grant.agency = walker.string()?,
                "Country" => grant.country = walker.string()?,
                _ => {}
            }
            Ok(())
        })?;
        grants.push(grant);
        Ok(())
    })
}
