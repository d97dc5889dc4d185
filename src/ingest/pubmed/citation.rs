//! `PubmedArticle` and the `MedlineCitation` in it.

use super::dates::history;
use super::pmid::pmid;
use super::walk::{Tag, Walker};
use super::{abstracts, authors, journal, links, terms};
use crate::document::Document;
use crate::ids::Key;
use crate::ingest::raw::Fault;

/// Reads the `<PubmedArticle>` just entered.
pub(super) fn read_article(walker: &mut Walker<'_>, document: &mut Document) -> Result<(), Fault> {
    walker.children(|walker, tag| match tag.name() {
        "MedlineCitation" => read_citation(walker, tag, document),
        "PubmedData" => read_pubmed_data(walker, document),
        _ => Ok(()),
    })
}

/// Reads the `<MedlineCitation>` just entered.
pub(super) fn read_citation(
    walker: &mut Walker<'_>,
    tag: &Tag<'_>,
    document: &mut Document,
) -> Result<(), Fault> {
    document.status = tag.attribute("Status")?.into_owned();
    document.indexing_method = tag.attribute("IndexingMethod")?.into_owned();
    walker.children(|walker, tag| {
        match tag.name() {
            "PMID" => {
                let (pmid, version) = pmid(walker, tag)?;
                document.key = Key::Pmid(pmid);
                document.version = version;
            }
            "DateCreated" => history(walker, "created", document)?,
            "DateCompleted" => history(walker, "completed", document)?,
            "DateRevised" => history(walker, "revised", document)?,
            "Article" => read_article_body(walker, document)?,
            "MedlineJournalInfo" => journal::medline_info(walker, &mut document.journal)?,
            "ChemicalList" => terms::chemicals(walker, &mut document.chemicals)?,
            "SupplMeshList" => terms::supplementary(walker, &mut document.supplementary)?,
            "CommentsCorrectionsList" => links::corrections(walker, &mut document.corrections)?,
            "MeshHeadingList" => terms::mesh(walker, &mut document.mesh)?,
            "OtherID" => links::other_id(walker, tag, &mut document.ids)?,
            "OtherAbstract" => abstracts::other(walker, tag, &mut document.other_abstracts)?,
            "KeywordList" => terms::keywords(walker, tag, &mut document.keywords)?,
            "CoiStatement" => document.conflict_of_interest = walker.string()?,
            "InvestigatorList" => authors::investigators(walker, &mut document.fields)?,
            _ => {}
        }
        Ok(())
    })
}

fn read_article_body(walker: &mut Walker<'_>, document: &mut Document) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        match tag.name() {
            "Journal" => journal::journal(walker, document)?,
            "ArticleTitle" => document.title = walker.string()?,
            "Pagination" => document.journal.pages = journal::pages(walker)?,
            "ELocationID" => links::location(walker, tag, &mut document.ids)?,
            "Abstract" => abstracts::main(walker, document)?,
            "AuthorList" => authors::authors(walker, &mut document.authors)?,
            "Language" => document.languages.push(walker.string()?),
            "DataBankList" => links::data_banks(walker, &mut document.data_banks)?,
            "GrantList" => links::grants(walker, &mut document.grants)?,
            "PublicationTypeList" => {
                walker.children(|walker, tag| {
                    document.publication_types.push(terms::term(walker, tag)?);
                    Ok(())
                })?;
            }
            "VernacularTitle" => document.vernacular_title = walker.string()?,
            "ArticleDate" => {
                let kind = tag.attribute("DateType")?.to_ascii_lowercase();
                let event = if kind.is_empty() { "electronic" } else { &kind };
                history(walker, event, document)?;
            }
            _ => {}
        }
        Ok(())
    })
}

fn read_pubmed_data(walker: &mut Walker<'_>, document: &mut Document) -> Result<(), Fault> {
    walker.children(|walker, tag| match tag.name() {
        "History" => walker.children(|walker, tag| {
            let event = tag.attribute("PubStatus")?.into_owned();
            history(walker, &event, document)
        }),
        "ArticleIdList" => links::article_ids(walker, &mut document.ids),
        "ReferenceList" => links::references(walker, &mut document.references, 0),
        _ => Ok(()),
    })
}
