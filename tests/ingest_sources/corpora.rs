//! Corpora of retrieval research in the layouts of their authors: PubTator, NFCorpus, Cystic Fibrosis, SciFact, MedRAG.

use std::collections::{BTreeMap, HashSet};

use medvec::document::FieldValue;
use medvec::ingest::open;
use medvec::{Document, Key};

use super::shared::{files, shared};
use super::{all, document, input_error};

pub(super) const PUBTATOR: &str = "\
8701013|t|Famotidine-associated delirium.
8701013|a|Six cases | of delirium.
8701013\t0\t10\tFamotidine\tChemical\tD015738
8701013\t22\t30\tdelirium\tDisease\tD003693
8701013\t40\t50\tfamotidine\tChemical\tD015738
8701013\t51\t60\tTRPA1\tGene
8701013\t61\t62\tx\tVariant\tc|SUB|G|4|A
8701013\tCID\tD015738\tD003693

PMC7|t|
PMC7|a|
";

pub(super) const NFCORPUS: &str = "\
MED-10\tstatin breast cancer
MED-14\thttp://www.ncbi.nlm.nih.gov/pubmed/25329299\tStatin Use\tRecent studies
MED-15\t
";

pub(super) const CYSTIC_FIBROSIS: &str = "
PN 74001
RN 00001 \n\
AN 75051687
AU Hoiby-N.  Jorgensen-B-A.
TI Pseudomonas aeruginosa infection in cystic fibrosis.  Occurrence of
   precipitating antibodies.
SO Acta-Pathol-Microbiol-Scand [B]. 1974 Nov. 63(6). P 843-8.
MJ CYSTIC-FIBROSIS: co.  PSEUDOMONAS-AERUGINOSA: im.
   OBESITY-IN-DIABETES.
MN ADOLESCENCE.  CYSTIC-FIBROSIS: im, zz.  CHILD-PRESCHOOL.  HUMAN.
EX The significance of
(CP); goes on.
RF 001   BELFRAGE S            ACTA MED SCAND SUPPL           173     5 963
   011$  LUNDH B               ACTA UNIV LUND II               27     1 965.
CT   1   HOIBY N               SCAND J RESPIR DIS              56    38 975

PN 74002
RN 00002
TI Another
\u{1a}\u{1a}\u{1a}
";

pub(super) const SCIFACT: &str = concat!(
    "{\"doc_id\": 4983, \"title\": \"Microstructure\", \"abstract\": [\"First.\", \"Second.\"], \"structured\": false}\n",
    "{\"doc_id\": 7, \"title\": \"\", \"abstract\": [], \"structured\": true}\n"
);

fn read(text: &str) -> Vec<Document> {
    all(text).into_iter().map(document).collect()
}

fn keys(documents: &[Document]) -> Vec<String> {
    documents.iter().map(|document| document.key.to_string()).collect()
}

fn field<'a>(document: &'a Document, name: &str) -> Option<&'a FieldValue> {
    document.fields.iter().find(|field| field.name == name).map(|field| &field.value)
}

fn list(values: &[&str]) -> FieldValue {
    FieldValue::List(values.iter().map(|value| (*value).to_owned()).collect())
}

#[test]
fn pubtator_is_titles_abstracts_and_identifiers() {
    let found = read(PUBTATOR);
    assert_eq!(keys(&found), ["8701013", "PMC7"]);
    let first = &found[0];
    assert_eq!(first.title, "Famotidine-associated delirium.");
    assert_eq!(first.abstract_text(), "Six cases | of delirium.");
    let expected = list(&["Chemical:D015738", "Disease:D003693", "Variant:c|SUB|G|4|A"]);
    assert_eq!(field(first, "annotations"), Some(&expected));
    assert!(found[1].encoder_input().is_empty() && found[1].fields.is_empty());
    // Blank lines are not needed, BOM and CRLF do no harm.
    let dense = format!("\u{feff}{}", PUBTATOR.replace("\n\n", "\n").replace('\n', "\r\n"));
    assert_eq!(read(&dense), found);
}

#[test]
fn bad_lines_of_pubtator_are_named() {
    let text = "1|t|A\n1|k|B\n\n2|t|A\n3|a|B\n\n4|t|A\n4\t1\tx\n\n5|t|Good\n";
    let mut records = all(text);
    assert_eq!(document(records.pop().unwrap()).key, Key::pmid(5));
    for (line, words) in [
        ("line 8", "3 columns; a mention has five or six"),
        ("line 5", "a line of `3` in the record of `2`"),
        ("line 2", "expected `ID|t|`, `ID|a|` or columns between tabs, found `1|k|B`"),
    ] {
        let (place, detail) = input_error(records.pop().unwrap());
        assert!(place == line && detail.contains(words), "{place}: {detail}");
    }
}

#[test]
fn annotations_have_a_bound() {
    let mut text = "7|t|A\n".to_owned();
    for number in 0..3000 {
        text.push_str(&format!("7\t0\t1\tx\tGene\t{number}\n"));
    }
    let found = read(&text);
    assert!(
        matches!(field(&found[0], "annotations"), Some(FieldValue::List(all)) if all.len() == 1000)
    );
}

#[test]
fn nfcorpus_has_two_columns_or_four() {
    let found = read(NFCORPUS);
    assert_eq!(keys(&found), ["MED-10", "MED-14", "MED-15"]);
    assert_eq!(
        (found[0].title.as_str(), found[0].abstract_text().as_str()),
        ("", "statin breast cancer")
    );
    assert_eq!((found[1].title.as_str(), found[1].id("pubmed")), ("Statin Use", Some("25329299")));
    assert!(found[2].encoder_input().is_empty());
    let mut records = all("MED-1\ta\nMED-2\tb\tc\n\tx\nMED-4\td\r\n");
    assert_eq!(document(records.pop().unwrap()).abstract_text(), "d");
    let (place, detail) = input_error(records.pop().unwrap());
    assert_eq!((place.as_str(), detail.as_str()), ("line 3", "`id` is empty"));
    let (place, detail) = input_error(records.pop().unwrap());
    assert!(place == "line 2" && detail.contains("3 columns"), "{place}: {detail}");
}

#[test]
fn cystic_fibrosis_records_are_citations() {
    let found = read(CYSTIC_FIBROSIS);
    assert_eq!(keys(&found), ["1", "2"]);
    let first = &found[0];
    let title = "Pseudomonas aeruginosa infection in cystic fibrosis. Occurrence of precipitating antibodies.";
    assert_eq!(
        (first.title.as_str(), first.abstract_text().as_str()),
        (title, "The significance of (CP); goes on.")
    );
    let (last, second) = (&first.authors[0].last_name, &first.authors[1]);
    assert_eq!(
        (last.as_str(), second.last_name.as_str(), second.initials.as_str()),
        ("Hoiby", "Jorgensen", "BA")
    );
    let journal = &first.journal;
    assert_eq!(journal.abbreviation, "Acta Pathol Microbiol Scand [B]");
    assert_eq!([&journal.volume, &journal.issue, &journal.pages], ["63", "6", "843-8"]);
    assert_eq!(first.date.as_ref().unwrap().verbatim, "1974 Nov");
    let headings: Vec<(&str, bool)> =
        first.mesh.iter().map(|heading| (heading.name.as_str(), heading.is_major())).collect();
    assert_eq!(
        headings,
        [
            ("Cystic Fibrosis", true),
            ("Pseudomonas aeruginosa", true),
            ("Adolescent", false),
            ("Child, Preschool", false),
            ("Humans", false)
        ]
    );
    let qualifiers: Vec<(&str, bool)> =
        first.mesh[0].qualifiers.iter().map(|one| (one.name.as_str(), one.major)).collect();
    assert_eq!(qualifiers, [("complications", true), ("immunology", false), ("zz", false)]);
    let keyword = &first.keywords[0];
    assert_eq!((keyword.text.as_str(), keyword.major), ("OBESITY IN DIABETES", true));
    let references: Vec<&str> = first.references.iter().map(|one| one.citation.as_str()).collect();
    assert_eq!(
        references,
        ["BELFRAGE S ACTA MED SCAND SUPPL 173 5 963", "LUNDH B ACTA UNIV LUND II 27 1 965."]
    );
    assert_eq!(field(first, "cited_by"), Some(&list(&["HOIBY N SCAND J RESPIR DIS 56 38 975"])));
    assert_eq!(field(first, "accession"), Some(&FieldValue::String("75051687".into())));
    assert_eq!(found[1].title, "Another");
}

#[test]
fn cystic_fibrosis_may_be_latin_1_and_needs_a_number() {
    let mut records = all(b"PN 1\nRN 1\nTI Caf\xe9\nPN 2\nRN x\nPN 3\nTI A\n".to_vec());
    for line in ["line 6", "line 4"] {
        let (place, detail) = input_error(records.pop().unwrap());
        assert_eq!((place.as_str(), detail.as_str()), (line, "`RN` must be a positive number"));
    }
    assert_eq!(document(records.pop().unwrap()).title, "Caf\u{e9}");
}

#[test]
fn scifact_abstracts_are_lists_of_sentences() {
    let found = read(SCIFACT);
    assert_eq!(keys(&found), ["4983", "7"]);
    assert_eq!(found[0].abstract_text(), "First. Second.");
    assert_eq!(field(&found[0], "structured"), Some(&FieldValue::String("false".into())));
    assert!(found[1].encoder_input().is_empty());
    // Beside another key it is a field, as before.
    let both = read("{\"id\": \"a\", \"doc_id\": 4, \"text\": \"x\"}\n");
    assert_eq!(
        (keys(&both), field(&both[0], "doc_id")),
        (vec!["a".to_owned()], Some(&FieldValue::Integer(4)))
    );
    let (_, detail) = input_error(all("{\"doc_id\": 1, \"abstract\": [2.5]}\n").remove(0));
    assert_eq!(detail, "`abstract` must be a string, found the number 2.5");
}

#[test]
fn medrag_chunks_have_a_title_and_a_content() {
    let found = read(concat!(
        "{\"id\": \"PMID:123\", \"title\": \"T\", \"content\": \"C\"}\n",
        "{\"id\": \"Anatomy_Gray_0\", \"title\": \"Anatomy_Gray\", \"content\": \"C\", \"contents\": \"Anatomy_Gray. C\"}\n",
        "{\"id\": \"article-100024_0\", \"title\": \"A -- B \", \"contents\": \"A -- B. C\"}\n",
        "{\"id\": \"wiki_1\", \"title\": \"Why?\", \"contents\": \"Why? C\"}\n",
        "{\"id\": \"wiki_2\", \"title\": \"Why\", \"contents\": \"Whyever. C\"}\n",
        "{\"id\": \"wiki_3\", \"contents\": \"C\"}\n"
    ));
    assert_eq!(
        keys(&found),
        ["123", "Anatomy_Gray_0", "article-100024_0", "wiki_1", "wiki_2", "wiki_3"]
    );
    let texts: Vec<String> = found.iter().map(Document::abstract_text).collect();
    assert_eq!(texts, ["C", "C", "C", "C", "Whyever. C", "C"]);
}

#[test]
fn the_real_pubtator_corpora_are_read() {
    let Some(data) = shared() else { return };
    let (mut documents, mut with_abstract, mut ids, mut values) = (0, 0, HashSet::new(), 0);
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    for path in files(&data.join("pubtator"), ".gz") {
        for record in open(&path).expect("opens") {
            let document = document(record);
            documents += 1;
            with_abstract += u32::from(document.has_abstract());
            assert!(!document.title.is_empty() && matches!(document.key, Key::Pmid(_)));
            if let Some(FieldValue::List(all)) = field(&document, "annotations") {
                values += all.len();
                for value in all {
                    let (kind, id) = value.split_once(':').expect("a type");
                    assert!(!id.is_empty() && id.trim() == id, "{value}");
                    *kinds.entry(kind.to_owned()).or_default() += 1;
                }
            }
            ids.insert(document.key);
        }
    }
    // As a script counts lines: one PMID is in a file twice; others are in several files.
    assert_eq!((documents, ids.len(), with_abstract), (7368, 6763, 7345));
    assert!(values > 20_000 && kinds["Gene"] > 5000, "{values} {kinds:?}");
}

#[test]
fn the_real_nfcorpus_is_read() {
    let Some(data) = shared() else { return };
    let source = open(&data.join("retrieval/nfcorpus-dev/dev.docs.gz")).expect("opens");
    let found: Vec<Document> = source.map(document).collect();
    assert!(found.iter().all(|document| document.has_abstract()));
    let ids: HashSet<String> = keys(&found).into_iter().collect();
    assert_eq!((found.len(), ids.len()), (3193, 3193));
    assert!(ids.iter().all(|id| id.starts_with("MED-")));
}

#[test]
fn the_real_cystic_fibrosis_collection_is_read() {
    let Some(data) = shared() else { return };
    let mut found = Vec::new();
    for year in 74..80 {
        let path = data.join(format!("retrieval/cf/cf{year}.gz"));
        found.extend(open(&path).expect("opens").map(document));
    }
    let numbers: Vec<u32> = (1..=1239).collect();
    let keys: Vec<u32> =
        found.iter().map(|document| document.key.to_string().parse().unwrap()).collect();
    assert_eq!(keys, numbers);
    let count = |test: &dyn Fn(&Document) -> bool| found.iter().filter(|one| test(one)).count();
    assert_eq!(count(&|one| !one.title.is_empty() && one.has_abstract()), 1239);
    assert_eq!(
        count(&|one| one.date.as_ref().is_some_and(|date| date.first.0 / 10_000 / 10 == 197)),
        1239
    );
    assert_eq!(count(&|one| !one.authors.is_empty()), 1209);
    assert_eq!(count(&|one| !one.references.is_empty()), 1195);
    assert_eq!(count(&|one| field(one, "cited_by").is_some()), 1023);
    let headings: usize = found.iter().map(|one| one.mesh.len()).sum();
    let keywords: usize = found.iter().map(|one| one.keywords.len()).sum();
    assert!(headings > 14_000 && keywords < headings / 30, "{headings} {keywords}");
}

/// Samples of every format of this file, and of tables.
const SAMPLES: [&str; 5] = [PUBTATOR, NFCORPUS, CYSTIC_FIBROSIS, SCIFACT, super::cord19::CORD19];

#[test]
fn any_byte_may_be_changed() {
    for sample in SAMPLES {
        let sound = sample.as_bytes();
        for place in 0..sound.len() {
            for byte in [b'\n', b'\t', b'|', b'"', 0xff, sound[place] ^ 1] {
                let mut bytes = sound.to_vec();
                bytes[place] = byte;
                for record in all(bytes).into_iter().flatten() {
                    document(Ok(record)).validate().expect("sources give valid documents");
                }
            }
        }
        for end in 0..sound.len() {
            all(&sound[..end]);
        }
    }
}
