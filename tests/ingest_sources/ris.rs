//! RIS: what it carries comes back, what other programs write is read, bad records are refused.

use medvec::document::{
    AbstractSection, Author, Document, Field, FieldValue, Journal, Keyword, MeshHeading, OtherId,
    Term,
};
use medvec::ingest::nbib::to_nbib;
use medvec::ingest::ris::to_ris;
use medvec::{Day, Key};
use proptest::collection::vec;
use proptest::prelude::*;

use super::round_trip::any_document;
use super::{all, document, input_error};

fn read(text: &str) -> Document {
    let mut records = all(text.as_bytes().to_vec());
    assert_eq!(records.len(), 1, "{text}");
    document(records.pop().expect("one record"))
}

fn line() -> impl Strategy<Value = String> {
    "[A-Zé][a-z]{1,8}( [a-zβ(]{1,8}[,:)-]{0,1}){0,4}"
}

fn author() -> impl Strategy<Value = Author> {
    let suffix = prop::sample::select(vec!["", "Jr", "3rd"]);
    let person = ("[A-Z][a-z]{1,9}", "([A-Z][a-z]{1,8}( [A-Z][a-z]{1,4})?)?", suffix).prop_map(
        |(last_name, fore_name, suffix)| {
            let initials = fore_name.split(' ').filter_map(|name| name.chars().next()).collect();
            let suffix = suffix.to_owned();
            Author { last_name, fore_name, initials, suffix, ..Author::default() }
        },
    );
    let initials = ("[A-Z][a-z]{1,9}", "[A-Z]{1,3}").prop_map(|(last_name, initials)| Author {
        last_name,
        initials,
        ..Author::default()
    });
    let group = "[A-Z][a-z]{2,8} [A-Z][a-z]{3,8} Group"
        .prop_map(|collective_name| Author { collective_name, ..Author::default() });
    (prop_oneof![3 => person, 1 => initials, 1 => group], vec(line(), 0..2))
        .prop_map(|(author, affiliations)| Author { affiliations, ..author })
}

/// A document of everything that RIS carries.
fn carried() -> impl Strategy<Value = Document> {
    let key = prop_oneof![
        3 => (1..=u32::MAX).prop_map(Key::pmid),
        1 => any::<String>().prop_filter("not empty", |text| !text.is_empty()).prop_map(Key::Text),
        1 => "[0-9]{1,9}".prop_map(Key::Text),
    ];
    let journal = (line(), line(), "[0-9]{0,3}", "[0-9]{0,2}", "[0-9]{0,4}(-{1,2}[0-9]{0,2}){0,2}")
        .prop_map(|(title, abbreviation, volume, issue, pages)| Journal {
            title,
            abbreviation,
            volume,
            issue,
            pages,
            issn: "1234-567X".to_owned(),
            ..Journal::default()
        });
    let date =
        "(18|19|20)[0-9]{2}(-(0[1-9]|1[0-2])(-(0[1-9]|1[0-9]))?| (Spring|Jul-Aug|Mar 4-Apr 3))?";
    let lists = (vec(author(), 0..4), vec(line(), 0..4), vec(line(), 0..3), vec("[a-z]{3}", 0..2));
    let head = (key, line(), line(), "[A-Z][a-z ,;:.]{0,99}[a-z]\\.", journal, date);
    (head, lists, "10\\.[0-9]{4}/[A-Za-z0-9.;()<>]{1,20}", "PMC[0-9]{1,8}").prop_map(
        |(head, (authors, keywords, types, languages), doi, pmc)| {
            let mut document = Document::new(head.0);
            document.version = u32::from(matches!(document.key, Key::Pmid(_)));
            document.title = head.1;
            document.vernacular_title = head.2;
            let text =
                head.3.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            document.abstract_sections = vec![AbstractSection { text, ..Default::default() }];
            document.journal = head.4;
            let words = format!("PMID- 1\nDP  - {}\n", head.5);
            document.date = read(&words).date;
            document.authors = authors;
            let keyword = |text| Keyword { text, ..Default::default() };
            document.keywords = keywords.into_iter().map(keyword).collect();
            let term = |name| Term { ui: String::new(), name };
            document.publication_types = types.into_iter().map(term).collect();
            document.languages = languages;
            document.ids = [("doi", doi), ("pmc", pmc)]
                .map(|(kind, value)| OtherId { kind: kind.to_owned(), value })
                .to_vec();
            document
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_ris_carries_comes_back(document in carried()) {
        prop_assert_eq!(read(&to_ris(&document)), document);
    }

    /// A document with anything in any field is written as one record, and what of it is read stays the same.
    #[test]
    fn any_document_is_written_and_stays(mut document in any_document()) {
        document.title.push('x');
        let once = read(&to_ris(&document));
        prop_assert_eq!(&once.key, &document.key);
        // A group may look like a person, whose initials are then taken for a first name.
        let settled = read(&to_ris(&read(&to_ris(&once))));
        prop_assert_eq!(read(&to_ris(&settled)), settled);
    }

    #[test]
    fn records_follow_each_other(documents in vec(carried(), 1..5)) {
        let text: String = documents.iter().map(to_ris).collect();
        for text in [text.replace("\r\n", "\n"), text.replace("ER  - \r\n", ""), text] {
            let found: Vec<Document> =
                all(text.into_bytes()).into_iter().map(super::document).collect();
            prop_assert_eq!(&found, &documents);
        }
    }
}

#[test]
fn names_with_commas_and_equal_titles_settle_at_once() {
    let mut document = Document::new(Key::pmid(17));
    document.title = "Aspirina".into();
    document.vernacular_title = "Aspirina".into();
    let author = |last: &str, fore: &str, suffix: &str| Author {
        last_name: last.into(),
        fore_name: fore.into(),
        suffix: suffix.into(),
        ..Author::default()
    };
    document.authors = vec![author("Okafor, Jr", "Ada, M", ""), author(",", "", ";")];
    let once = read(&to_ris(&document));
    assert_eq!(once.vernacular_title, "Aspirina");
    assert_eq!((&*once.authors[0].last_name, &*once.authors[0].fore_name), ("Okafor Jr", "Ada M"));
    assert_eq!(read(&to_ris(&once)), once);
}

#[test]
fn a_group_with_commas_stays_a_group() {
    let mut document = Document::new(Key::pmid(17));
    document.title = "Report".into();
    let collective_name = "Academies of Sciences, Engineering, and Medicine".to_owned();
    document.authors = vec![Author { collective_name, ..Author::default() }];
    let once = read(&to_ris(&document));
    let name = "Academies of Sciences Engineering and Medicine";
    assert_eq!(once.authors[0].collective_name, name);
    assert_eq!(read(&to_ris(&once)), once);
}

/// As EndNote, Zotero, Covidence and Embase write it.
const OTHERS: &str = "\
TY  - JOUR
A1  - Okafor, A. M.
T1  - Aspirin again
JF  - Lancet
Y1  - 2019/03//
N2  - We did
not see it.
SP  - 537-43
EP  - 43
AN  - 31000001
DP  - NLM
ID  - 57
ER  - 

TY  - JOUR
AU  - WHO
TI  - Embase record
PY  - 2020
AN  - 620164582
DB  - Embase
DO  - https://doi.org/10.1000/AbC
ID  - 58
ER  -

TY  - CONF
TI  - Nothing but a title
UR  - https://pubmed.ncbi.nlm.nih.gov/77/
TY  - GEN
TI  - No key at all
ER  - ";

#[test]
fn what_other_programs_write_is_read() {
    let found: Vec<Document> = all(OTHERS.as_bytes().to_vec()).into_iter().map(document).collect();
    let keys: Vec<String> = found.iter().map(|document| document.key.to_string()).collect();
    assert_eq!(keys[..3], ["31000001", "10.1000/abc", "77"]);
    assert!(keys[3].starts_with("text-"), "{}", keys[3]);
    let first = &found[0];
    assert_eq!((first.title.as_str(), first.journal.pages.as_str()), ("Aspirin again", "537-43"));
    assert_eq!(first.abstract_text(), "We did not see it.");
    assert_eq!(first.date.as_ref().unwrap().last, Day::new(2019, 3, 31));
    assert_eq!(first.authors[0].last_name, "Okafor");
}

#[test]
fn books_keep_their_publishers_editors_and_isbns() {
    let mut chapter = Document::new(Key::from("chapter"));
    chapter.title = "Ducks".into();
    chapter.journal.title = "A Book of Toys".into();
    let text = |name: &str, text: &str| Field {
        name: name.into(),
        value: FieldValue::String(text.into()),
    };
    let editors = ["van Berg JK Jr", "Lind M", "Toy Team", "WHO"].map(str::to_owned).to_vec();
    chapter.fields = vec![
        text("publisher", "Toy & Press"),
        text("publisher_place", "Toytown (TT)"),
        text("edition", "2nd"),
        text("collection", "Toys of the World"),
        Field { name: "editors".into(), value: FieldValue::List(editors) },
    ];
    let isbn = |value: &str| OtherId { kind: "isbn".into(), value: value.into() };
    let accession = OtherId { kind: "bookaccession".into(), value: "NBK1".into() };
    chapter.ids =
        vec![isbn("978-0-645-00177-8"), isbn("064500177X (print)"), isbn("odd"), accession.clone()];
    chapter.ids.rotate_right(1);
    let written = to_ris(&chapter);
    assert!(written.starts_with("TY  - CHAP\r\n"), "{written}");
    assert!(written.contains("ED  - van Berg, JK, Jr\r\n"), "{written}");
    assert_eq!(read(&written), chapter);
    let mut whole = chapter.clone();
    whole.title.clone_from(&chapter.journal.title);
    whole.journal.issn = "1234-567X".into();
    let written = to_ris(&whole);
    assert!(written.starts_with("TY  - BOOK\r\n"), "{written}");
    assert_eq!(read(&written), whole);

    // A book without an ISBN stays one.
    whole.ids = vec![accession];
    let written = to_ris(&whole);
    assert!(written.starts_with("TY  - BOOK\r\n"), "{written}");
    assert_eq!(read(&written), whole);

    // As others write them.
    let found = read(
        "TY  - CHAP\nTI  - Ducks\nA2  - Berg, Jan\nPP  - Toytown\nSN  - 9780645001778\nER  - \n",
    );
    let texts = found.fields.iter().map(|field| (&*field.name, field.value.clone()));
    let list = FieldValue::List(vec!["Berg J".into()]);
    let place = FieldValue::String("Toytown".into());
    assert_eq!(texts.collect::<Vec<_>>(), [("publisher_place", place), ("editors", list)]);
    assert_eq!((found.id("isbn"), &*found.journal.issn), (Some("9780645001778"), ""));
    let found = read(
        "TY  - JOUR\nTI  - Ducks\nA2  - Berg, Jan\nET  - 2020/01/02\nSN  - 12345678\nSN  - 0645001770\n",
    );
    assert!(found.fields.is_empty());
    assert_eq!((found.id("isbn"), &*found.journal.issn), (Some("0645001770"), "12345678"));
}

#[test]
fn lines_under_a_keyword_are_keywords() {
    let text = "TY  - JOUR\r\nTI  - A title that\r\ngoes on\r\nKW  - Aspirin\r\nColorectal cancer\r\n\r\nRisk of\r\n  \
                recurrence\r\nKW  - Humans\r\nAB  - Text\r\nof two lines\r\nER  - \r\n";
    let found = read(text);
    let keywords: Vec<&str> = found.keywords.iter().map(|keyword| &*keyword.text).collect();
    assert_eq!(keywords, ["Aspirin", "Colorectal cancer", "Risk of recurrence", "Humans"]);
    assert_eq!(
        (&*found.title, &*found.abstract_text()),
        ("A title that goes on", "Text of two lines")
    );
}

#[test]
fn mesh_headings_are_keywords() {
    let mut document = Document::new(Key::pmid(7));
    let name = "Heart Failure".to_owned();
    document.mesh.push(MeshHeading { name, major: true, ..Default::default() });
    let text = to_ris(&document);
    assert!(text.contains("KW  - Heart Failure\r\n"), "{text}");
    assert_eq!(read(&text).keywords[0].text, "Heart Failure");
    assert!(to_nbib(&document).contains("MH  - *Heart Failure\n"));
}

#[test]
fn records_without_anything_are_refused_with_their_line() {
    let text = "TY  - JOUR\nER  - \n\nTY  - JOUR\nAU  - Okafor, A\nER  - \nTY  - JOUR\nTI  - Two\nER  - \n";
    let mut found = all(text.as_bytes().to_vec());
    assert_eq!(document(found.pop().unwrap()).title, "Two");
    for (record, line) in found.into_iter().zip(["line 1", "line 4"]) {
        let (place, detail) = input_error(record);
        assert!(place == line && detail.contains("no key, no DOI"), "{place}: {detail}");
    }
}
