//! The traps of PubMed XML, one test each.

use medvec::document::{AbstractSection, FieldValue, OtherId};
use medvec::ingest::{Event, open};
use medvec::{Document, Key};

use super::{all, data, document, gzip};

/// A file of one article with this inside of `<Article>` and after it.
fn file(article: &str, rest: &str) -> String {
    format!(
        "<PubmedArticleSet><PubmedArticle><MedlineCitation Status=\"MEDLINE\">\
         <PMID Version=\"1\">7</PMID><Article>{article}</Article>{rest}\
         </MedlineCitation></PubmedArticle></PubmedArticleSet>"
    )
}

fn article(inside: &str) -> Document {
    with_rest(inside, "")
}

fn with_rest(inside: &str, rest: &str) -> Document {
    let mut records = all(file(inside, rest));
    assert_eq!(records.len(), 1);
    document(records.remove(0))
}

fn sample() -> Vec<Event> {
    let source = open(&data("pubmed_sample.xml")).expect("opens");
    source.map(|record| record.expect("good").event).collect()
}

fn sample_document(place: usize) -> Document {
    match sample().swap_remove(place) {
        Event::Document { document, .. } => *document,
        other => panic!("no document: {other:?}"),
    }
}

#[test]
fn inline_markup_is_dropped_and_its_text_kept() {
    let document = article(
        "<ArticleTitle>Bald eagle (<i>Haliaeetus</i>) and H<sub>2</sub>O, 10<sup>-3</sup></ArticleTitle>\
         <Abstract><AbstractText><b>Aim:</b> to <u>see</u></AbstractText></Abstract>",
    );
    assert_eq!(document.title, "Bald eagle (Haliaeetus) and H2O, 10-3");
    assert_eq!(document.abstract_text(), "Aim: to see");
}

#[test]
fn mathml_keeps_its_text_and_needs_no_namespace() {
    let document = article(
        "<Abstract><AbstractText>if <mml:math><mml:mrow>\n  <mml:mi>x</mml:mi>\n  <mml:mo>=</mml:mo>\
         <mml:mn>2</mml:mn></mml:mrow></mml:math> then<DispFormula>y</DispFormula>holds\
         </AbstractText></Abstract>",
    );
    assert_eq!(document.abstract_text(), "if x=2 then y holds");
}

#[test]
fn structured_abstracts_keep_their_sections() {
    let document = article(
        "<Abstract><AbstractText Label=\"\">Plain.</AbstractText>\
         <AbstractText Label=\"UNLABELLED\" NlmCategory=\"UNASSIGNED\">None.</AbstractText>\
         <AbstractText Label=\"R &amp; D\" NlmCategory=\"RESULTS\"><b>Bold.</b></AbstractText>\
         <AbstractText Label=\"METHODS\"> </AbstractText></Abstract>",
    );
    let section = |label: &str, category: &str, text: &str| AbstractSection {
        label: label.into(),
        category: category.into(),
        text: text.into(),
    };
    assert_eq!(
        document.abstract_sections,
        [
            section("", "", "Plain."),
            section("", "UNASSIGNED", "None."),
            section("R & D", "RESULTS", "Bold.")
        ]
    );
    assert_eq!(document.encoder_input().text, "Plain. None. R & D: Bold.");
}

#[test]
fn without_an_abstract_the_other_abstract_is_embedded() {
    let document = sample_document(1);
    assert!(!document.has_abstract());
    assert_eq!(document.other_abstracts[0].kind, "Publisher");
    assert_eq!(document.other_abstracts[0].language, "ger");
    assert_eq!(document.encoder_input().text, "Ein erfundener Text.");
}

#[test]
fn missing_titles_fall_back_to_the_vernacular_one() {
    let document = sample_document(1);
    assert_eq!(document.title, "[Not Available].");
    assert_eq!(document.encoder_input().title, "Spielzeug ohne Ende.");
    let bracketed = article("<ArticleTitle>[Translated title].</ArticleTitle>");
    assert_eq!(bracketed.encoder_input().title, "[Translated title].");
    assert_eq!(article("<ArticleTitle/>").title, "");
}

#[test]
fn publication_dates_keep_their_words_and_become_intervals() {
    let date = |inside: &str| {
        let document = article(&format!(
            "<Journal><JournalIssue><PubDate>{inside}</PubDate></JournalIssue></Journal>"
        ));
        document.date.map(|date| (date.verbatim, date.first.0, date.last.0))
    };
    let some = |words: &str, first, last| Some((words.to_owned(), first, last));
    assert_eq!(
        date("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>"),
        some("1998 Dec-1999 Jan", 19_981_201, 19_990_131)
    );
    assert_eq!(
        date("<Year>2001</Year><Season>Spring</Season>"),
        some("2001 Spring", 20_010_301, 20_010_531)
    );
    assert_eq!(
        date("<Year>2019</Year><Month>Mar</Month>"),
        some("2019 Mar", 20_190_301, 20_190_331)
    );
    assert_eq!(date(""), None);
    let history = sample_document(0).history;
    let days: Vec<_> = history.iter().map(|date| (date.event.as_str(), date.day.0)).collect();
    assert_eq!(
        days,
        [
            ("completed", 20_200_115),
            ("revised", 20_211_105),
            ("electronic", 20_181_230),
            ("entrez", 20_190_102)
        ]
    );
}

#[test]
fn groups_and_investigators_are_kept_and_corrected_names_dropped() {
    let document = sample_document(0);
    assert_eq!(document.authors.len(), 2);
    assert_eq!(document.authors[0].identifier, "ORCID:0000-0000-0000-0001");
    assert_eq!(document.authors[0].affiliations.len(), 2);
    assert_eq!(document.authors[1].collective_name, "TOY Study Group");
    assert_eq!(document.fields[0].name, "investigators");
    assert_eq!(document.fields[0].value, FieldValue::List(vec!["Berg J".into()]));
}

#[test]
fn identifiers_are_deduplicated_and_repaired() {
    let id = |kind: &str, value: &str| OtherId { kind: kind.into(), value: value.into() };
    assert_eq!(
        sample_document(0).ids,
        [id("pii", "S0001"), id("doi", "10.9999/Toy.2019.1"), id("pmc", "PMC9900001")]
    );
}

#[test]
fn identifiers_of_other_works_are_never_taken_for_the_records_own() {
    let document = sample_document(0);
    assert_eq!(document.key, Key::pmid(90_000_001));
    assert_eq!(document.id("doi"), Some("10.9999/Toy.2019.1"));
    assert_eq!(document.ids.iter().filter(|id| id.kind == "doi").count(), 1);
    let late = with_rest(
        "",
        "<CommentsCorrectionsList><CommentsCorrections RefType=\"CommentOn\">\
         <PMID Version=\"1\">8</PMID></CommentsCorrections></CommentsCorrectionsList>",
    );
    assert_eq!(late.key, Key::pmid(7));
    assert_eq!((late.corrections[0].kind.as_str(), late.corrections[0].pmid), ("CommentOn", 8));
}

#[test]
fn references_are_kept_with_nested_lists() {
    let references = sample_document(0).references;
    assert_eq!(references.len(), 2);
    assert_eq!(references[0].ids[0].value, "80000001");
    assert_eq!(references[1].citation, "Nested N. Inner list. 2002.");
}

#[test]
fn books_are_documents() {
    let document = sample_document(2);
    assert_eq!(document.key, Key::pmid(90_000_003));
    assert_eq!(
        (document.title.as_str(), document.journal.title.as_str()),
        ("Wooden ducks", "The Book of Toys")
    );
    assert_eq!(document.authors.len(), 1);
    assert_eq!(document.authors[0].last_name, "Carver");
    assert_eq!(document.id("bookaccession"), Some("NBK999"));
    assert_eq!(document.id("isbn"), Some("9780000000000"));
    assert_eq!(document.abstract_text(), "Ducks of wood float well.");
}

#[test]
fn deletions_are_events_of_their_own() {
    let events = sample();
    assert_eq!(events.len(), 5);
    assert_eq!(events[3], Event::Delete { key: Key::pmid(90_000_004), version: 1 });
    assert_eq!(events[4], Event::Delete { key: Key::pmid(90_000_005), version: 3 });
}

#[test]
fn entities_are_the_predefined_and_numeric_ones() {
    let document = article(
        "<ArticleTitle>a &amp;&lt;&gt;&quot;&apos; &#956;&#x2013; <![CDATA[<b>&amp;]]></ArticleTitle>",
    );
    assert_eq!(document.title, "a &<>\"' \u{3bc}\u{2013} <b>&amp;");
}

#[test]
fn status_and_indexing_method_are_kept() {
    let document = sample_document(0);
    assert_eq!(
        (document.status.as_str(), document.indexing_method.as_str()),
        ("MEDLINE", "Curated")
    );
    assert_eq!(document.version, 2);
    assert_eq!(sample_document(1).indexing_method, "");
}

#[test]
fn the_copyright_line_is_kept_but_not_embedded() {
    let document = sample_document(0);
    assert_eq!(document.copyright, "Copyright 2019 The Inventors.");
    assert!(!document.encoder_input().text.contains("Copyright"));
}

#[test]
fn lists_are_kept_with_their_attributes() {
    let document = sample_document(0);
    assert_eq!(document.keywords[0].owner, "NOTNLM");
    assert!(document.keywords[0].major && !document.keywords[1].major);
    assert_eq!(document.chemicals[0].kind, "142M471B3J");
    assert_eq!(document.supplementary[0].kind, "Disease");
    assert_eq!(document.data_banks[0].accessions, ["NCT99999999"]);
    assert_eq!(document.grants[0].agency, "Toy Fund");
    assert_eq!(document.conflict_of_interest, "None \u{2013} really.");
    assert_eq!(document.publication_types[1].ui, "D016449");
    assert_eq!(document.corrections[0].kind, "RetractionIn");
    assert_eq!(document.languages, ["eng"]);
    assert_eq!(document.journal.abbreviation, "J Inv Cardiol");
    assert_eq!(
        (document.journal.pages.as_str(), document.journal.issn_linking.as_str()),
        ("100-8", "9999-0000")
    );
}

#[test]
fn a_heading_is_major_by_its_qualifier() {
    let mesh = sample_document(0).mesh;
    assert_eq!((mesh[0].ui.as_str(), mesh[0].name.as_str()), ("D006333", "Heart Failure"));
    assert!(!mesh[0].major && mesh[0].is_major());
    assert_eq!(mesh[0].qualifiers[1].name, "therapy");
    assert!(!mesh[1].is_major());
}

#[test]
fn white_space_of_pretty_printing_is_no_text() {
    let document = article("<ArticleTitle>\n    Spread over\n    lines\t here.\r\n</ArticleTitle>");
    assert_eq!(document.title, "Spread over lines here.");
}

#[test]
fn pages_without_a_medline_range_are_joined() {
    let pages = |inside: &str| article(&format!("<Pagination>{inside}</Pagination>")).journal.pages;
    assert_eq!(pages("<StartPage>1</StartPage><EndPage>9</EndPage>"), "1-9");
    assert_eq!(pages("<StartPage>e12</StartPage>"), "e12");
}

#[test]
fn medline_citation_sets_and_lone_articles_are_read() {
    let records = all(
        "<MedlineCitationSet><MedlineCitation Status=\"Completed\"><PMID>5</PMID></MedlineCitation>\
         <DeleteCitation><PMID>6</PMID></DeleteCitation></MedlineCitationSet>",
    );
    assert_eq!(records.len(), 2);
    let lone = all(
        "<?xml version=\"1.0\"?>\n<PubmedArticle><MedlineCitation><PMID>5</PMID></MedlineCitation></PubmedArticle>",
    );
    assert_eq!(lone.len(), 1);
}

#[test]
fn tags_in_comments_and_cdata_are_no_tags() {
    let document = article(
        "<!-- </PubmedArticle> --><ArticleTitle><![CDATA[</PubmedArticle><PubmedArticle>]]></ArticleTitle>",
    );
    assert_eq!(document.title, "</PubmedArticle><PubmedArticle>");
}

#[test]
fn gzip_of_several_members_zstd_and_joined_files_are_read_whole() {
    let text = std::fs::read(data("pubmed_sample.xml")).expect("fixture");
    let words = |bytes: Vec<u8>| -> Vec<_> {
        all(bytes).into_iter().map(|record| record.map_err(|error| error.to_string())).collect()
    };
    let whole = words(text.clone());
    assert_eq!(whole.len(), 5);
    // Each member is a read of its own, so every boundary falls everywhere in the mark-up.
    for piece_bytes in [1000, 7, 1] {
        let members: Vec<u8> = text.chunks(piece_bytes).flat_map(gzip).collect();
        assert_eq!(words(members), whole);
    }
    assert_eq!(all(zstd::encode_all(&text[..], 1).expect("memory")).len(), 5);
    assert_eq!(all([&text[..], &text[..]].concat()).len(), 10);
    assert_eq!(all([b"\xef\xbb\xbf", &text[..]].concat()).len(), 5);
}

#[test]
fn positions_entry_and_skipping_agree() {
    let mut source = open(&data("pubmed_sample.xml")).expect("opens");
    assert_eq!(source.entry().records, 0);
    source.skip_records(3).expect("skips");
    let record = source.next().expect("a fourth").expect("good");
    assert_eq!(record.position, 3);
    assert_eq!((source.entry().records, source.entry().complete), (4, false));
    assert_eq!(source.by_ref().count(), 1);
    let entry = source.entry();
    assert_eq!(
        (entry.records, entry.complete, entry.name.as_str()),
        (5, true, "pubmed_sample.xml")
    );
    assert_eq!(entry.bytes, source.bytes_read());
}

#[test]
fn a_long_abstract_is_kept_whole() {
    let text = "An invented sentence of forty letters. ".repeat(700);
    let document = article(&format!("<Abstract><AbstractText>{text}</AbstractText></Abstract>"));
    assert_eq!(document.abstract_text(), text.trim_end());
    assert!(text.len() > 27_000);
}
