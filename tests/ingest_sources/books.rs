//! Books and chapters of the Bookshelf.

use medvec::document::{Document, FieldValue};
use medvec::ingest::jsonl::to_json;

use super::{all, document};

const CHAPTER: &str = r#"<PubmedBookArticle><BookDocument>
  <PMID Version="1">700</PMID>
  <ArticleIdList><ArticleId IdType="bookaccession">NBK1</ArticleId><ArticleId IdType="doi">10.1/chapter</ArticleId></ArticleIdList>
  <Book>
    <Publisher><PublisherName>Toy &amp; Press</PublisherName><PublisherLocation>Toytown (TT)</PublisherLocation></Publisher>
    <BookTitle book="toy">A Book of Toys</BookTitle>
    <PubDate><Year>2004</Year><Season>Jul-Aug</Season></PubDate>
    <BeginningDate><Year>2004</Year></BeginningDate><EndingDate><Year>2006</Year><Month>05</Month></EndingDate>
    <AuthorList Type="editors"><Author><LastName>Berg</LastName><ForeName>Jo</ForeName><Initials>J</Initials></Author></AuthorList>
    <AuthorList Type="authors"><Author><CollectiveName>The Toy Group</CollectiveName></Author></AuthorList>
    <Volume>3</Volume><VolumeTitle>Wooden Toys</VolumeTitle><Edition>2nd</Edition>
    <CollectionTitle book="toys">Toys and Methods</CollectionTitle>
    <Isbn>9780645001778</Isbn><Isbn/>
    <ELocationID EIdType="doi">10.1/book</ELocationID>
    <Medium>Internet</Medium><ReportNumber>No. 12</ReportNumber>
  </Book>
  <LocationLabel Type="chapter">Chapter 5</LocationLabel>
  <ArticleTitle book="toy" part="Ch5">Ducks</ArticleTitle>
  <Language>eng</Language>
  <AuthorList Type="authors"><Author><LastName>Okafor</LastName><Initials>A</Initials></Author></AuthorList>
  <AuthorList Type="editors"><Author><LastName>Lind</LastName><Initials>M</Initials></Author></AuthorList>
  <PublicationType UI="D016454">Review</PublicationType>
  <Abstract><AbstractText>About ducks.</AbstractText></Abstract>
  <Sections><Section><SectionTitle>Wood</SectionTitle><Section><SectionTitle>Oak</SectionTitle></Section></Section><Section><SectionTitle>Paint</SectionTitle></Section></Sections>
  <ContributionDate><Year>2005</Year><Month>2</Month><Day>3</Day></ContributionDate>
</BookDocument></PubmedBookArticle>"#;

fn field<'a>(document: &'a Document, name: &str) -> &'a FieldValue {
    let field = document.fields.iter().find(|field| field.name == name);
    &field.unwrap_or_else(|| panic!("no {name} among {:?}", document.fields)).value
}

fn string(text: &str) -> FieldValue {
    FieldValue::String(text.into())
}

fn list(texts: &[&str]) -> FieldValue {
    FieldValue::List(texts.iter().map(|text| (*text).to_owned()).collect())
}

#[test]
fn a_chapter_keeps_its_book() {
    let chapter = document(all(CHAPTER).remove(0));
    assert_eq!(chapter.title, "Ducks");
    assert_eq!(
        (chapter.journal.title.as_str(), chapter.journal.volume.as_str()),
        ("A Book of Toys", "3")
    );
    let date = chapter.date.as_ref().expect("a date");
    assert_eq!((date.first.0, date.last.0), (20_040_701, 20_040_831));
    for (name, text) in [
        ("publisher", "Toy & Press"),
        ("publisher_place", "Toytown (TT)"),
        ("edition", "2nd"),
        ("collection", "Toys and Methods"),
        ("volume_title", "Wooden Toys"),
        ("medium", "Internet"),
        ("report_number", "No. 12"),
    ] {
        assert_eq!(field(&chapter, name), &string(text));
    }
    assert_eq!(field(&chapter, "editors"), &list(&["Berg J", "Lind M"]));
    assert_eq!(field(&chapter, "book_authors"), &list(&["The Toy Group"]));
    assert_eq!(field(&chapter, "location"), &list(&["Chapter 5"]));
    assert_eq!(field(&chapter, "section_titles"), &list(&["Wood", "Oak", "Paint"]));
    assert_eq!(chapter.authors.len(), 1);
    assert_eq!(chapter.authors[0].last_name, "Okafor");
    assert_eq!(chapter.id("doi"), Some("10.1/chapter"));
    assert_eq!(chapter.id("book-doi"), Some("10.1/book"));
    assert_eq!(chapter.id("isbn"), Some("9780645001778"));
    assert_eq!(chapter.id("bookaccession"), Some("NBK1"));
    assert_eq!(chapter.ids.len(), 4);
    let history: Vec<(&str, u32)> =
        chapter.history.iter().map(|event| (event.event.as_str(), event.day.0)).collect();
    assert_eq!(
        history,
        [("beginning", 20_040_101), ("ending", 20_060_501), ("contribution", 20_050_203)]
    );
    let line = to_json(&chapter).expect("valid").to_string();
    assert_eq!(document(all(line).remove(0)), chapter);
}

#[test]
fn a_whole_book_has_its_own_title_authors_and_doi() {
    let whole = CHAPTER
        .replace("<ArticleTitle book=\"toy\" part=\"Ch5\">Ducks</ArticleTitle>", "")
        .replace("<AuthorList Type=\"authors\"><Author><LastName>Okafor</LastName><Initials>A</Initials></Author></AuthorList>", "")
        .replace("<ArticleId IdType=\"doi\">10.1/chapter</ArticleId>", "");
    let book = document(all(whole).remove(0));
    assert_eq!(book.title, "A Book of Toys");
    assert_eq!(book.authors[0].collective_name, "The Toy Group");
    assert_eq!(book.id("doi"), Some("10.1/book"));
    assert!(book.fields.iter().all(|field| field.name != "book_authors"));
}
