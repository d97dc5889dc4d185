//! `PubmedBookArticle`: a chapter of the NCBI Bookshelf, or a whole book.
//!
//! The book stands where an article has its journal; a whole book's title is the document's own. What
//! articles do not have becomes free fields, all of them strings or lists of strings:
//!
//! | field | of |
//! |---|---|
//! | `publisher`, `publisher_place` | `Publisher` |
//! | `edition`, `collection`, `volume_title`, `medium`, `report_number` | `Book` |
//! | `editors` | the lists of editors of book and chapter, as `Last Initials` |
//! | `book_authors` | the authors of the book, where a chapter has its own |
//! | `location` | `LocationLabel`: `Chapter 5` |
//! | `section_titles` | `Sections`, inner ones behind the one they are in |
//!
//! Identifiers are ids: `isbn`, `doi`, `bookaccession`; the DOI of the book that a chapter is in is
//! `book-doi`. `BeginningDate` and `EndingDate` of the book and `ContributionDate` are in the history, as
//! `beginning`, `ending` and `contribution`.

use super::authors::{self, add_list, short_name};
use super::dates::history;
use super::pmid::pmid;
use super::walk::Walker;
use super::{abstracts, journal, links, terms};
use crate::document::{Author, Document, Field, FieldValue, OtherId};
use crate::ids::Key;
use crate::ingest::books::{self, BookPart};
use crate::ingest::raw::Fault;

/// Sections inside each other that are read; deeper ones are passed over.
const SECTION_DEPTH_MAX: u32 = 16;

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
    })
}

/// What is known of the book before all of its chapter is.
#[derive(Default)]
struct Book {
    authors: Vec<Author>,
    ids: Vec<OtherId>,
}

fn book_document(walker: &mut Walker<'_>, document: &mut Document) -> Result<(), Fault> {
    let mut book = Book::default();
    let (mut locations, mut titles) = (Vec::new(), Vec::new());
    walker.children(|walker, tag| {
        match tag.name() {
            "PMID" => {
                let (pmid, version) = pmid(walker, tag)?;
                document.key = Key::Pmid(pmid);
                document.version = version;
            }
            "ArticleIdList" => links::article_ids(walker, &mut document.ids)?,
            "Book" => read_book(walker, document, &mut book)?,
            "LocationLabel" => locations.push(walker.string()?),
            "ArticleTitle" => document.title = walker.string()?,
            "VernacularTitle" => document.vernacular_title = walker.string()?,
            "Pagination" => document.journal.pages = journal::pages(walker)?,
            "Language" => document.languages.push(walker.string()?),
            "AuthorList" if tag.attribute("Type")? == "editors" => {
                authors::editors(walker, &mut document.fields)?;
            }
            "AuthorList" => authors::authors(walker, &mut document.authors)?,
            "InvestigatorList" => authors::investigators(walker, &mut document.fields)?,
            "PublicationType" => document.publication_types.push(terms::term(walker, tag)?),
            "Abstract" => abstracts::main(walker, document)?,
            "Sections" => section_titles(walker, &mut titles, 0)?,
            "KeywordList" => terms::keywords(walker, tag, &mut document.keywords)?,
            "GrantList" => links::grants(walker, &mut document.grants)?,
            "ReferenceList" => links::references(walker, &mut document.references, 0)?,
            "DateRevised" => history(walker, "revised", document)?,
            "ContributionDate" => history(walker, "contribution", document)?,
            _ => {}
        }
        Ok(())
    })?;
    add_list(&mut document.fields, "location", locations);
    add_list(&mut document.fields, "section_titles", titles);
    let is_chapter = !document.title.is_empty();
    for mut id in book.ids {
        if is_chapter && id.kind == "doi" {
            id.kind = "book-doi".into();
        }
        document.ids.push(id);
    }
    match document.authors.is_empty() {
        true => document.authors = book.authors,
        false => {
            let names = book.authors.iter().map(short_name).collect();
            add_list(&mut document.fields, "book_authors", names);
        }
    }
    if !is_chapter {
        document.title.clone_from(&document.journal.title);
    }
    let is_whole = document.title == document.journal.title;
    books::say(document, if is_whole { BookPart::Whole } else { BookPart::Chapter });
    Ok(())
}

fn read_book(
    walker: &mut Walker<'_>,
    document: &mut Document,
    book: &mut Book,
) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        match tag.name() {
            "Publisher" => walker.children(|walker, tag| match tag.name() {
                "PublisherName" => text_field(walker, document, "publisher"),
                "PublisherLocation" => text_field(walker, document, "publisher_place"),
                _ => Ok(()),
            })?,
            "BookTitle" => document.journal.title = walker.string()?,
            "Volume" => document.journal.volume = walker.string()?,
            "VolumeTitle" => text_field(walker, document, "volume_title")?,
            "Edition" => text_field(walker, document, "edition")?,
            "CollectionTitle" => text_field(walker, document, "collection")?,
            "Medium" => text_field(walker, document, "medium")?,
            "ReportNumber" => text_field(walker, document, "report_number")?,
            "PubDate" => journal::publication_date(walker, document)?,
            "BeginningDate" => history(walker, "beginning", document)?,
            "EndingDate" => history(walker, "ending", document)?,
            "Isbn" => {
                let value = walker.string()?;
                if !value.is_empty() {
                    book.ids.push(OtherId { kind: "isbn".into(), value });
                }
            }
            "ELocationID" => links::location(walker, tag, &mut book.ids)?,
            "AuthorList" if tag.attribute("Type")? == "editors" => {
                authors::editors(walker, &mut document.fields)?;
            }
            "AuthorList" => authors::authors(walker, &mut book.authors)?,
            "InvestigatorList" => authors::investigators(walker, &mut document.fields)?,
            _ => {}
        }
        Ok(())
    })
}

/// Keeps the text of the element just entered as a free field, the first of its name.
fn text_field(walker: &mut Walker<'_>, document: &mut Document, name: &str) -> Result<(), Fault> {
    let text = walker.string()?;
    let is_new = document.fields.iter().all(|field| field.name != name);
    if !text.is_empty() && is_new {
        document.fields.push(Field { name: name.to_owned(), value: FieldValue::String(text) });
    }
    Ok(())
}

/// Reads the `<Sections>` or the `<Section>` just entered.
fn section_titles(
    walker: &mut Walker<'_>,
    titles: &mut Vec<String>,
    depth: u32,
) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        match tag.name() {
            "SectionTitle" => titles.push(walker.string()?),
            "Section" if depth < SECTION_DEPTH_MAX => section_titles(walker, titles, depth + 1)?,
            _ => {}
        }
        Ok(())
    })
}
