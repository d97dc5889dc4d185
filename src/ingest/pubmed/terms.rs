//! Controlled vocabularies: MeSH, chemicals, keywords, publication types.

use super::walk::{Tag, Walker};
use crate::document::{Keyword, MeshHeading, MeshQualifier, Term, TypedTerm};
use crate::ingest::raw::Fault;

/// Reads the element just entered as a name with a `UI`.
pub(super) fn term(walker: &mut Walker<'_>, tag: &Tag<'_>) -> Result<Term, Fault> {
    Ok(Term { ui: tag.attribute("UI")?.into_owned(), name: walker.string()? })
}

/// Reads the `<MeshHeadingList>` just entered.
pub(super) fn mesh(walker: &mut Walker<'_>, headings: &mut Vec<MeshHeading>) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        if tag.name() != "MeshHeading" {
            return Ok(());
        }
        let mut heading = MeshHeading::default();
        walker.children(|walker, tag| {
            match tag.name() {
                "DescriptorName" => {
                    heading.ui = tag.attribute("UI")?.into_owned();
                    heading.major = tag.is_yes("MajorTopicYN")?;
                    heading.name = walker.string()?;
                }
                "QualifierName" => heading.qualifiers.push(MeshQualifier {
                    ui: tag.attribute("UI")?.into_owned(),
                    major: tag.is_yes("MajorTopicYN")?,
                    name: walker.string()?,
                }),
                _ => {}
            }
            Ok(())
        })?;
        headings.push(heading);
        Ok(())
    })
}

/// Reads the `<ChemicalList>` just entered; a chemical's kind is its registry number.
pub(super) fn chemicals(walker: &mut Walker<'_>, terms: &mut Vec<TypedTerm>) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        if tag.name() != "Chemical" {
            return Ok(());
        }
        let mut chemical = TypedTerm::default();
        walker.children(|walker, tag| {
            match tag.name() {
                "RegistryNumber" => chemical.kind = walker.string()?,
                "NameOfSubstance" => {
                    chemical.ui = tag.attribute("UI")?.into_owned();
                    chemical.name = walker.string()?;
                }
                _ => {}
            }
            Ok(())
        })?;
        terms.push(chemical);
        Ok(())
    })
}

/// Reads the `<SupplMeshList>` just entered.
pub(super) fn supplementary(
    walker: &mut Walker<'_>,
    terms: &mut Vec<TypedTerm>,
) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        if tag.name() == "SupplMeshName" {
            terms.push(TypedTerm {
                kind: tag.attribute("Type")?.into_owned(),
                ui: tag.attribute("UI")?.into_owned(),
                name: walker.string()?,
            });
        }
        Ok(())
    })
}

/// Reads the `<KeywordList>` just entered; who assigned them stands at the list.
pub(super) fn keywords(
    walker: &mut Walker<'_>,
    list: &Tag<'_>,
    keywords: &mut Vec<Keyword>,
) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        if tag.name() == "Keyword" {
            let keyword = Keyword {
                owner: list.attribute("Owner")?.into_owned(),
                major: tag.is_yes("MajorTopicYN")?,
                text: walker.string()?,
            };
            keywords.extend(Some(keyword).filter(|keyword| !keyword.text.is_empty()));
        }
        Ok(())
    })
}
