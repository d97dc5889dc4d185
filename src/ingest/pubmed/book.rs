//! `PubmedBookArticle`: a chapter of the NCBI Bookshelf, or a whole book.
//!
//! The book stands where an article has its journal; a whole book's title is the document's own.

use super::citation::history;
use super::walk::Walker;
use super::{abstracts, authors, journal, links, pmid, terms};
use crate::document::{Document, OtherId};
use crate::ids::Key;
use crate::ingest::raw::Fault;

/// Reads the `<PubmedBookArticle>` just entered.
pub(super) fn read(walker: &mut Walker<'_>, document: &mut Document) -> Result<(), Fault> {
    walker.children(|walker, tag| match tag.name() {
        "BookDocument" => book_document(walker, document),
        "PubmedBookData" => walker.children(|walker, tag| match tag.name() {
            "History" => walker.children(|walker, tag| {
                let event = tag.attribute("PubStatus")?.into_owned();
                history(walker, &event, document)
            }),
            "ArticleIdList" => links::article_ids(walker, &mut document.ids),
            _ => Ok(()),
        }),
        _ => Ok(()),
    })?;
    if document.title.is_empty() {
        document.title.clone_from(&document.journal.title);
    }
    Ok(())
}

fn book_document(walker: &mut Walker<'_>, document: &mut Document) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        match tag.name() {
            "PMID" => {
                let (pmid, version) = pmid(walker, tag)?;
                document.key = Key::Pmid(pmid);
                document.version = version;
            }
            "ArticleIdList" => links::article_ids(walker, &mut document.ids)?,
            "Book" => book(walker, document)?,
            "ArticleTitle" => document.title = walker.string()?,
            "VernacularTitle" => document.vernacular_title = walker.string()?,
            "Pagination" => document.journal.pages = journal::pages(walker)?,
            "Language" => document.languages.push(walker.string()?),
            "AuthorList" if tag.attribute("Type")? != "editors" => {
                document.authors.clear();
                authors::authors(walker, &mut document.authors)?;
            }
            "PublicationType" => document.publication_types.push(terms::term(walker, tag)?),
            "Abstract" => abstracts::main(walker, document)?,
            "KeywordList" => terms::keywords(walker, tag, &mut document.keywords)?,
            "GrantList" => links::grants(walker, &mut document.grants)?,
            "ReferenceList" => links::references(walker, &mut document.references, 0)?,
            "DateRevised" => history(walker, "revised", document)?,
            "ContributionDate" => history(walker, "contribution", document)?,
            _ => {}
        }
        Ok(())
    })
}

fn book(walker: &mut Walker<'_>, document: &mut Document) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        match tag.name() {
            "BookTitle" => document.journal.title = walker.string()?,
            "Volume" => document.journal.volume = walker.string()?,
            "PubDate" => journal::publication_date(walker, document)?,
            "Isbn" => document.ids.push(OtherId { kind: "isbn".into(), value: walker.string()? }),
            "AuthorList" if tag.attribute("Type")? != "editors" => {
                authors::authors(walker, &mut document.authors)?;
            }
            _ => {}
        }
        Ok(())
    })
}
