//! NBIB: what is written comes back, real files are read, bad ones are refused with their line.

use medvec::document::{
    AbstractSection, Author, Correction, DataBank, Document, Field, FieldValue, Grant, HistoryDate,
    Journal, Keyword, MeshHeading, MeshQualifier, OtherAbstract, OtherId, Term, TypedTerm,
};
use medvec::ingest::nbib::to_nbib;
use medvec::ingest::{Event, open, open_reader};
use medvec::{Day, Key};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::round_trip::any_document;
use super::shared::{files, shared, tar_members};
use super::{all, document, gzip, input_error};

/// Reads the one record that a text holds.
fn read(text: &str) -> Document {
    let mut records = all(text.as_bytes().to_vec());
    assert_eq!(records.len(), 1, "{text}");
    document(records.pop().expect("one record"))
}

fn word() -> impl Strategy<Value = String> {
    "[a-zäéα(\\[]{1,9}[a-z0-9\\-/.)\\]=,:]{0,3}"
}

/// Text as a line holds it; sometimes so long that it breaks.
fn line() -> impl Strategy<Value = String> {
    let long = vec(word(), 1..40).prop_map(|words| words.join(" "));
    prop_oneof![2 => "[A-Z][a-z]{1,8}( [a-z]{1,8}){0,2}", 1 => long]
}

fn maybe() -> impl Strategy<Value = String> {
    prop_oneof![1 => Just(String::new()), 2 => line()]
}

fn day() -> impl Strategy<Value = Day> {
    (1800u32..2100, 0u32..=12, 0u32..=31).prop_map(|(y, m, d)| Day(y * 10_000 + m * 100 + d))
}

fn sections() -> impl Strategy<Value = Vec<AbstractSection>> {
    let text = "[A-Z][a-z]{1,8}( [a-z0-9:]{1,9}){0,30}\\.";
    let section = |label: &str, text: String| AbstractSection {
        label: label.to_owned(),
        text,
        ..Default::default()
    };
    let label = "[A-Z]{3,9}( (AND|OF)( [A-Z]{3,9}))?(/[A-Z]{3,9})?";
    prop_oneof![
        Just(Vec::new()),
        text.prop_map(move |text| vec![section("", text)]),
        vec(
            (prop_oneof![9 => label, 1 => ""], text)
                .prop_map(move |(label, text)| section(&label, text)),
            1..5
        ),
    ]
}

fn author() -> impl Strategy<Value = Author> {
    let suffix = prop::sample::select(vec!["", "", "Jr", "Sr", "2nd", "3rd"]);
    let person = (
        "([a-z]{2,4} ){0,2}[A-Z][a-z]{1,9}(-[A-Z][a-z]{1,9})?",
        prop_oneof![Just(String::new()), "[A-Z][a-z]{1,8}( [A-Z]){0,2}"],
        "[A-Z]{0,3}",
        suffix,
    )
        .prop_map(|(last_name, fore_name, initials, suffix)| Author {
            last_name,
            fore_name,
            initials,
            suffix: suffix.to_owned(),
            ..Author::default()
        });
    let group = line().prop_map(|collective_name| Author { collective_name, ..Author::default() });
    let identifier = option::of("(ORCID|ISNI):(https://orcid\\.org/)?[0-9X-]{4,19}");
    (prop_oneof![4 => person, 1 => group], identifier, vec(line(), 0..3)).prop_map(
        |(author, identifier, affiliations)| Author {
            identifier: identifier.unwrap_or_default(),
            affiliations,
            ..author
        },
    )
}

fn heading() -> impl Strategy<Value = MeshHeading> {
    let qualifier = ("[a-z]{2,9}( & [a-z]{3,9})?", any::<bool>())
        .prop_map(|(name, major)| MeshQualifier { ui: String::new(), name, major });
    ("[A-Z][a-z]{1,9}(, [A-Z][a-z0-9]{0,5})?(/[A-Z])?", any::<bool>(), vec(qualifier, 0..3))
        .prop_map(|(name, major, qualifiers)| MeshHeading {
            ui: String::new(),
            name,
            major,
            qualifiers,
        })
}

fn journal() -> impl Strategy<Value = Journal> {
    let issn = || prop_oneof![Just(String::new()), "[0-9]{4}-[0-9]{3}[0-9X]"];
    (
        maybe(),
        maybe(),
        maybe(),
        maybe(),
        issn(),
        issn(),
        "[0-9]{0,3}( Suppl)?",
        "[0-9]{0,7}(-[0-9]{2})?",
    )
        .prop_map(
            |(title, abbreviation, nlm_id, country, issn, issn_linking, volume, pages)| {
                let (volume, issue) = (volume.trim().to_owned(), pages.clone());
                Journal {
                    title,
                    abbreviation,
                    nlm_id,
                    issn,
                    issn_linking,
                    volume,
                    issue,
                    pages,
                    country,
                }
            },
        )
}

/// Identifiers, none twice.
fn ids() -> impl Strategy<Value = Vec<OtherId>> {
    let id = |kind: &'static str, value: &'static str| {
        value.prop_map(move |value| OtherId { kind: kind.to_owned(), value })
    };
    let article = prop_oneof![
        id("doi", "10\\.[0-9]{4}/[A-Za-z0-9<>;()\\[\\]]{1,20}"),
        id("pii", "[A-Z][0-9()-]{3,12}[0-9]"),
        id("bookaccession", "NBK[0-9]{1,7}"),
    ];
    let foreign = prop_oneof![id("nlm", "[A-Z]{3}[0-9]{1,8}"), id("", "[0-9]{1,8}")];
    let pmc = id("pmc", "PMC[0-9]{1,8}");
    let mid = id("mid", "NIHMS[0-9]{1,8}");
    vec(prop_oneof![article, pmc, mid, foreign], 0..5).prop_map(|all| {
        let mut ids: Vec<OtherId> = Vec::new();
        for id in all {
            let is_same = |known: &OtherId| {
                known.kind == id.kind && known.value.eq_ignore_ascii_case(&id.value)
            };
            if !ids.iter().any(is_same) {
                ids.push(id);
            }
        }
        ids
    })
}

fn data_banks() -> impl Strategy<Value = Vec<DataBank>> {
    let bank = ("[A-Z][A-Za-z.]{1,12}", vec("[A-Z]{2}[0-9/]{1,8}", 0..3))
        .prop_map(|(name, accessions)| DataBank { name, accessions });
    vec(bank, 0..3).prop_map(|mut banks| {
        banks.dedup_by(|one, other| one.name == other.name);
        banks
    })
}

/// A document of everything that NBIB carries.
fn carried() -> impl Strategy<Value = Document> {
    let key = prop_oneof![
        4 => (1..=u32::MAX).prop_map(Key::pmid),
        1 => any::<String>().prop_filter("not empty", |text| !text.is_empty()).prop_map(Key::Text),
    ];
    let date = prop_oneof![
        "(18|19|20)[0-9]{2}( (Jan|Feb-Mar|Dec|Winter)( [1-9])?)?",
        "20[0-9]{2}-0[1-9](-1[0-9])?",
        line(),
    ];
    let event = prop::sample::select(vec![
        "created",
        "completed",
        "revised",
        "electronic",
        "received",
        "pubmed",
        "medline",
        "entrez",
        "pmc-release",
    ]);
    let history = vec((event, day()), 0..6).prop_map(|dates| {
        let date = |(event, day): (&str, Day)| HistoryDate { event: event.to_owned(), day };
        dates.into_iter().map(date).collect::<Vec<_>>()
    });
    let kind = prop::sample::select(vec!["", "PIP", "Publisher", "plain-language-summary"]);
    let other =
        (kind, "[a-z]{0,3}", sections()).prop_filter_map("text", |(kind, language, sections)| {
            let (kind, language) = (kind.to_owned(), language.to_owned());
            (!sections.is_empty()).then_some(OtherAbstract { kind, language, sections })
        });
    let texts = (maybe(), maybe(), maybe(), maybe(), maybe());
    let head = (key, texts, sections(), vec(other, 0..2), journal(), option::of(date), history);
    let chemical = ("(0|EC [0-9.]{1,9}|[0-9]{2,5}-[0-9]{2}-[0-9])", line())
        .prop_map(|(kind, name)| TypedTerm { kind, ui: String::new(), name });
    let concept = line().prop_map(|name| TypedTerm { name, ..Default::default() });
    let owner = prop::sample::select(vec!["", "NOTNLM", "PIP"]);
    let keyword = (owner, any::<bool>(), line()).prop_map(|(owner, major, text)| Keyword {
        owner: owner.to_owned(),
        major,
        text,
    });
    let term = line().prop_map(|name| Term { ui: String::new(), name });
    let terms = (
        vec(term, 0..3),
        vec("[a-z]{3}", 0..2),
        vec(heading(), 0..4),
        vec(concept, 0..2),
        vec(chemical, 0..3),
        vec(keyword, 0..4),
    );
    let correction = (
        prop::sample::select(vec!["CommentIn", "RetractionOf", "ErratumIn", "UpdateOf"]),
        "[A-Z][a-z]{1,8}\\. [0-9]{4};[0-9]{1,3}:[0-9]{1,4}",
        prop_oneof![Just(0u32), any::<u32>()],
    )
        .prop_map(|(kind, source, pmid)| Correction { kind: kind.to_owned(), source, pmid });
    let grant =
        ("([A-Z]{2}[0-9]{1,6}(/[0-9]{1,3})?)?", "[A-Z]{3,5}( [A-Z]{3})?", "([A-Z][a-z]{2,9})?")
            .prop_map(|(id, agency, country)| Grant { id, agency, country });
    let links = (ids(), vec(correction, 0..3), data_banks(), vec(grant, 0..3));
    let names = || vec("[A-Z][a-z]{1,9} [A-Z]{1,2}", 0..3);
    (head, vec(author(), 0..4), terms, links, (names(), names())).prop_map(
        |(head, authors, terms, links, (investigators, editors))| {
            let (key, texts, abstract_sections, other_abstracts, journal, date, history) = head;
            let mut document = Document::new(key);
            document.version = u32::from(matches!(document.key, Key::Pmid(_)));
            (document.title, document.vernacular_title, ..) = (texts.0, texts.1);
            document.status = texts.2;
            document.conflict_of_interest = texts.3;
            document.copyright = texts.4;
            document.abstract_sections = abstract_sections;
            document.other_abstracts = other_abstracts;
            document.journal = journal;
            document.date =
                date.map(|words| read(&format!("PMID- 1\nDP  - {words}\n")).date.unwrap());
            document.history = history;
            document.authors = authors;
            (document.publication_types, document.languages, document.mesh, ..) =
                (terms.0, terms.1, terms.2);
            document.supplementary = terms.3;
            document.chemicals = terms.4;
            document.keywords = terms.5;
            (document.ids, document.corrections, document.data_banks, document.grants) = links;
            for (name, list) in [("investigators", investigators), ("editors", editors)] {
                if !list.is_empty() {
                    let value = FieldValue::List(list);
                    document.fields.push(Field { name: name.to_owned(), value });
                }
            }
            document
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Whatever NBIB carries comes back as it was.
    #[test]
    fn what_nbib_carries_comes_back(document in carried()) {
        prop_assert_eq!(read(&to_nbib(&document)), document);
    }

    /// A document with anything in any field is written as one record under its key, and what of it is read
    /// stays the same from then on.
    #[test]
    fn any_document_is_written_and_stays(document in any_document()) {
        let once = read(&to_nbib(&document));
        prop_assert_eq!(&once.key, &document.key);
        let twice = read(&to_nbib(&once));
        prop_assert_eq!(twice.encoder_input(), once.encoder_input());
        prop_assert_eq!(read(&to_nbib(&twice)), twice);
    }

    /// Records are found wherever they follow each other, in pieces of any size.
    #[test]
    fn records_follow_each_other(documents in vec(carried(), 1..5)) {
        let text: String = documents.iter().map(to_nbib).collect();
        let found = all(gzip(text.replace('\n', "\r\n").as_bytes()));
        let found: Vec<Document> = found.into_iter().map(super::document).collect();
        prop_assert_eq!(found, documents);
    }
}

#[test]
fn no_word_is_added_behind_labels_that_are_not_in_capitals() {
    let section = |label: &str, text: &str| AbstractSection {
        label: label.to_owned(),
        text: text.to_owned(),
        ..Default::default()
    };
    let mut before = Document::new(Key::pmid(17));
    before.abstract_sections = vec![section("Background", "We did."), section("", "It was.")];
    let after = read(&to_nbib(&before));
    assert_eq!(after.abstract_text(), "Background: We did. It was.");
    assert_eq!(after.encoder_input(), before.encoder_input());
}

#[test]
fn real_medline_text_is_read_and_stays() {
    let Some(data) = shared() else { return };
    let (mut records, mut with_mesh, mut with_abstract, mut headings) = (0, 0, 0, 0);
    for path in files(&data.join("medline-text"), ".txt.gz") {
        for record in open(&path).expect("opens") {
            let first = document(record);
            records += 1;
            with_mesh += u32::from(!first.mesh.is_empty());
            with_abstract += u32::from(first.has_abstract());
            headings += first.mesh.len();
            assert!(first.date.as_ref().is_some_and(|date| date.first.0 > 0), "{:?}", first.date);
            assert!(!first.journal.title.is_empty() && !first.languages.is_empty());
            assert_eq!(read(&to_nbib(&first)), first, "{}", path.display());
        }
    }
    // As the data's own description counts them.
    assert_eq!((records, with_mesh, with_abstract, headings), (1102, 1088, 920, 14_613));
}

/// What of a document of NLM's XML NBIB has no place for, taken away.
fn without_what_is_lost(mut document: Document) -> Document {
    document.indexing_method.clear();
    document.references.clear();
    document.corrections.retain(|correction| correction.kind != "Cites");
    document.fields.retain(|field| matches!(field.name.as_str(), "investigators" | "editors"));
    document.version = 1;
    let types = document.publication_types.iter_mut().map(|term| &mut term.ui);
    let headings = document.mesh.iter_mut().flat_map(|heading| {
        let qualifiers = heading.qualifiers.iter_mut().map(|qualifier| &mut qualifier.ui);
        std::iter::once(&mut heading.ui).chain(qualifiers)
    });
    let concepts = document.supplementary.iter_mut();
    let concepts = concepts.flat_map(|concept| [&mut concept.ui, &mut concept.kind]);
    let chemicals = document.chemicals.iter_mut().map(|chemical| &mut chemical.ui);
    types.chain(headings).chain(concepts).chain(chemicals).for_each(String::clear);
    let others = document.other_abstracts.iter_mut().flat_map(|other| &mut other.sections);
    others.chain(&mut document.abstract_sections).for_each(|section| section.category.clear());
    document
}

#[test]
fn real_citations_come_back() {
    let Some(data) = shared() else { return };
    let mut sources = Vec::new();
    for path in files(&data.join("medline-xml"), ".xml.gz") {
        sources.push(open(&path).expect("opens"));
    }
    for path in files(&data.join("medline-xml"), ".tar.gz") {
        let packed = std::fs::File::open(&path).expect("opens");
        let mut bytes = Vec::new();
        let mut reader = flate2::read::MultiGzDecoder::new(packed);
        std::io::Read::read_to_end(&mut reader, &mut bytes).expect("unpacks");
        for member in tar_members(&bytes) {
            let member = std::io::Cursor::new(member.to_vec());
            sources.push(open_reader("member", member).expect("opens"));
        }
    }
    let (mut citations, mut the_same, mut structured, mut same_sections) = (0, 0, 0, 0);
    for record in sources.into_iter().flatten() {
        let Event::Document { document, .. } = record.expect("good").event else { continue };
        let document = without_what_is_lost(*document);
        let read = read(&to_nbib(&document));
        citations += 1;
        if document.abstract_sections.len() > 1 {
            structured += 1;
            same_sections += u32::from(document.abstract_sections == read.abstract_sections);
        }
        the_same += u32::from(read == document);
        assert_eq!(read.encoder_input(), document.encoder_input(), "{}", document.key);
    }
    // The others have labels in small letters, or slashes in the name of an agency.
    assert_eq!((citations, the_same), (1725, 1687));
    assert_eq!((structured, same_sections), (377, 345));
}

#[test]
fn bad_records_are_refused_with_their_line() {
    let records = "PMID- 1\nTI  - One\n\nPMID- x\nTI  - Two\n\nPMID- 3\nTI  - Three\nno tag\n\nPMID- 4\n\
                   DCOM- yesterday\n\nPMID- \nTI  - Five\n\nPMID- 6\nTI  - Six\n";
    let mut found = all(records.as_bytes().to_vec());
    assert_eq!(found.len(), 6);
    assert_eq!(document(found.pop().unwrap()).title, "Six");
    let errors: Vec<(String, String)> = found.drain(1..).map(input_error).collect();
    for ((place, detail), (line, words)) in errors.iter().zip([
        ("line 4", "`x` is not a PMID"),
        ("line 9", "expected a tag"),
        ("line 12", "`DCOM` must be a day such as 20180724, found `yesterday`"),
        ("line 14", "no PMID"),
    ]) {
        assert!(place == line && detail.contains(words), "{place}: {detail}");
    }
    assert_eq!(errors.len(), 4);
    assert_eq!(document(found.pop().unwrap()).title, "One");
    let (place, detail) =
        input_error(super::source(b"PMID- 1\nTI  - \xe9\n".to_vec()).unwrap().next().unwrap());
    assert!(place == "line 2" && detail.contains("UTF-8"), "{place}: {detail}");
}

#[test]
fn a_mark_of_utf8_and_blank_lines_before_the_first_record_are_nothing() {
    let found = all(b"\xef\xbb\xbf\r\n\r\nPMID- 7\r\nTI  - A\r\n".to_vec());
    assert_eq!(found.into_iter().map(document).next().unwrap().title, "A");
    let (_, detail) = input_error(super::source(b"\xff\xfeP\0M\0I\0D\0-\0".to_vec()));
    assert!(detail.contains("UTF-16"), "{detail}");
}

#[test]
fn a_record_without_end_is_refused_and_the_next_one_read() {
    let mut text = b"PMID- 1\nAB  - ".to_vec();
    for _ in 0..(17 << 20) / 64 {
        text.extend_from_slice(&[b'x'; 63]);
        text.extend_from_slice(b"\n");
    }
    text.extend_from_slice(b"PMID- 2\nTI  - Two\n");
    let mut found = all(text);
    assert_eq!(found.len(), 2);
    assert_eq!(document(found.pop().unwrap()).title, "Two");
    let (place, detail) = input_error(found.pop().unwrap());
    assert!(place == "line 1" && detail.contains("16 MiB"), "{place}: {detail}");
}
