//! Bad input: what it says, where, and whether reading goes on.

use super::{all, data, document, gzip, input_error, source};
use medvec::Key;

const GOOD: &str =
    "<PubmedArticle><MedlineCitation><PMID>2</PMID></MedlineCitation></PubmedArticle>";

/// A set with `bad` before a good record: the error of the first, and that the second is read.
fn skips(bad: &[u8]) -> (String, String) {
    let text = [b"<PubmedArticleSet>", bad, GOOD.as_bytes(), b"</PubmedArticleSet>"].concat();
    let mut records = all(text);
    assert_eq!(records.len(), 2);
    assert_eq!(document(records.remove(1)).key, Key::pmid(2));
    input_error(records.remove(0))
}

/// The error that ends a stream, after `good` records.
fn ends(bytes: impl Into<Vec<u8>>, good: usize) -> (String, String) {
    let mut source = match source(bytes) {
        Ok(source) => source,
        Err(error) => return input_error::<()>(Err(error)),
    };
    for _ in 0..good {
        source.next().expect("a record").expect("good");
    }
    let error = input_error(source.next().expect("an error"));
    assert!(!source.recoverable() && !source.entry().complete);
    assert!(source.next().is_none());
    error
}

fn article(inside: &str) -> Vec<u8> {
    format!(
        "<PubmedArticle><MedlineCitation><PMID>1</PMID>{inside}</MedlineCitation></PubmedArticle>"
    )
    .into_bytes()
}

#[test]
fn truncated_gzip() {
    let mut text = b"<PubmedArticleSet>".to_vec();
    for _ in 0..20_000 {
        text.extend_from_slice(GOOD.as_bytes());
    }
    text.extend_from_slice(b"</PubmedArticleSet>");
    let packed = gzip(&text);
    let mut records = all(&packed[..packed.len() / 2]);
    let last = records.pop().expect("an error");
    assert!(records.len() > 1000 && records.iter().all(Result::is_ok));
    let (place, detail) = input_error(last);
    assert_eq!(place, format!("byte {}", packed.len() / 2));
    assert!(detail.contains("ends too early"), "{detail}");
}

#[test]
fn damaged_gzip() {
    let mut packed =
        gzip(&[b"<PubmedArticleSet>", GOOD.as_bytes(), b"</PubmedArticleSet>"].concat());
    let place = packed.len() - 6;
    packed[place] ^= 0xff;
    let (_, detail) = ends(packed, 1);
    assert!(detail.contains("damaged"), "{detail}");
}

#[test]
fn truncated_zstd() {
    let packed = zstd::encode_all(&b"{\"id\": \"a\"}\n".repeat(10_000)[..], 1).expect("memory");
    let records = all(&packed[..packed.len() - 8]);
    let (_, detail) = input_error(records.into_iter().last().expect("an error"));
    assert!(detail.contains("packed stream"), "{detail}");
}

#[test]
fn tagged_text_without_line_feeds() {
    for text in ["PMID- 7\nTI  - A\n", "TY  - JOUR\nTI  - A\nER  - \n", "7|t|A\n7|a|B\n"] {
        let (place, detail) = ends(text.replace('\n', "\r"), 0);
        assert_eq!(place, "byte 0");
        assert!(detail.contains("carriage returns alone"), "{detail}");
        assert!(all(text.replace('\n', "\r\n"))[0].is_ok());
    }
}

#[test]
fn xml_cut_inside_a_record() {
    let text =
        format!("<PubmedArticleSet>{GOOD}<PubmedArticle><MedlineCitation><PMID>31</PMID><Art");
    let (place, detail) = ends(text, 1);
    assert_eq!(place, "record 2 (PMID 31), byte 98");
    assert_eq!(detail, "the file ends before this record's </PubmedArticle>: it is cut");
}

#[test]
fn xml_cut_between_records() {
    let (place, detail) = ends(format!("<PubmedArticleSet>{GOOD}\n"), 1);
    assert_eq!(place, "byte 99");
    assert_eq!(detail, "the file ends before </PubmedArticleSet>: it is cut");
}

#[test]
fn a_record_that_is_not_closed_is_skipped() {
    let (place, detail) = skips(b"<PubmedArticle><MedlineCitation><PMID>1</PMID>");
    assert_eq!(place, "record 1, byte 18");
    assert_eq!(detail, "the record of PMID 1 is not closed; the next one begins inside of it");
}

#[test]
fn invalid_utf8() {
    let (place, detail) = skips(
        b"<PubmedArticle><MedlineCitation><PMID>1</PMID><CoiStatement>\xc3(</CoiStatement></MedlineCitation></PubmedArticle>",
    );
    assert_eq!(place, "record 1 (PMID 1), byte 78");
    assert_eq!(detail, "the text is not UTF-8");
}

#[test]
fn wrong_root() {
    let (_, detail) = ends("<?xml version=\"1.0\"?><html><body/></html>", 0);
    assert_eq!(
        detail,
        "the root element is <html>; expected <PubmedArticleSet> or <MedlineCitationSet>"
    );
    let (_, detail) = ends("<?xml version=\"1.0\"?>\n", 0);
    assert_eq!(detail, "no root element was found");
}

#[test]
fn other_encodings() {
    let (_, detail) = ends("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><PubmedArticleSet/>", 0);
    assert_eq!(detail, "the encoding is ISO-8859-1; expected UTF-8");
}

#[test]
fn entities_declared_by_the_file() {
    let text = format!(
        "<!DOCTYPE PubmedArticleSet [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;\">]><PubmedArticleSet>{GOOD}</PubmedArticleSet>"
    );
    let (_, detail) = ends(text, 0);
    assert_eq!(detail, "the DOCTYPE declares entities of its own, which are never expanded");
    let (_, detail) = skips(&article("<CoiStatement>&nbsp;</CoiStatement>"));
    assert_eq!(detail, "unknown entity &nbsp;");
    let (_, detail) = skips(&article("<CoiStatement>&#x110000;</CoiStatement>"));
    assert!(detail.starts_with("bad character &#x110000;"), "{detail}");
}

#[test]
fn missing_or_bad_pmid() {
    let (place, detail) =
        skips(b"<PubmedArticle><MedlineCitation><Article/></MedlineCitation></PubmedArticle>");
    assert_eq!((place.as_str(), detail.as_str()), ("record 1, byte 18", "the record has no PMID"));
    for pmid in ["x12", "0", "-1", "99999999999", ""] {
        let text = format!(
            "<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID></MedlineCitation></PubmedArticle>"
        );
        let (_, detail) = skips(text.as_bytes());
        assert_eq!(detail, format!("`{pmid}` is not a PMID: expected a positive number"));
    }
    let (_, detail) = skips(b"<PubmedArticle/>");
    assert_eq!(detail, "the record has no PMID");
    let (_, detail) = skips(b"<DeleteCitation><PMID>no</PMID></DeleteCitation>");
    assert_eq!(detail, "`no` is not a PMID: expected a positive number");
}

#[test]
fn tags_that_do_not_match() {
    let (_, detail) = skips(&article("<Article><ArticleTitle>x</Article>"));
    assert!(detail.starts_with("not well-formed:"), "{detail}");
    let (_, detail) = skips(&article("<KeywordList Owner=x><Keyword>k</Keyword></KeywordList>"));
    assert!(detail.contains("KeywordList"), "{detail}");
}

#[test]
fn elements_nested_too_deeply() {
    let bomb = "<Article>".repeat(100_000) + &"</Article>".repeat(100_000);
    let (_, detail) = skips(&article(&bomb));
    assert_eq!(detail, "elements nest deeper than 256");
    let lists = "<ReferenceList>".repeat(30) + &"</ReferenceList>".repeat(30);
    let text = format!(
        "<PubmedArticle><MedlineCitation><PMID>1</PMID></MedlineCitation><PubmedData>{lists}</PubmedData></PubmedArticle>"
    );
    let (_, detail) = skips(text.as_bytes());
    assert_eq!(detail, "ReferenceLists nest deeper than 8");
}

#[test]
fn a_huge_attribute() {
    let label = "x".repeat(40 << 20);
    let (place, detail) = skips(&article(&format!(
        "<Article><Abstract><AbstractText Label=\"{label}\"/></Abstract></Article>"
    )));
    assert_eq!(place, "record 1, byte 18");
    assert_eq!(detail, "the record of PMID 1 is longer than 16 MiB");
}

#[test]
fn none_of_the_formats() {
    let (_, detail) = ends("Dear colleagues,\n", 0);
    assert_eq!(
        detail,
        "expected PubMed XML, JSON lines, PubMedQA JSON, NBIB, RIS, PubTator or a table with a header \
         that names a PMID, title or abstract, found something else"
    );
    let (_, detail) = ends("", 0);
    assert_eq!(detail, "the file is empty");
    let (_, detail) = ends(" \n", 0);
    assert_eq!(detail, "the file holds nothing but white space");
    let missing = medvec::ingest::open(&data("no-such-file.xml"));
    assert!(matches!(missing, Err(medvec::Error::Io { operation: "open", .. })));
}

/// A bad line between two good ones.
fn bad_line(bad: &[u8]) -> (String, String) {
    let mut records = all([b"{\"id\": \"a\"}\n", bad, b"\n{\"id\": \"b\"}\n"].concat());
    assert_eq!(records.len(), 3);
    assert!(records[2].is_ok());
    input_error(records.remove(1))
}

#[test]
fn json_that_is_none() {
    let (place, detail) = bad_line(b"{\"id\": \"x\",");
    assert_eq!(place, "line 2");
    assert_eq!(detail, "column 11: EOF while parsing a value");
    let (_, detail) = bad_line(b"{\"id\": \"x\"} {}");
    assert_eq!(detail, "column 13: trailing characters");
    let (_, detail) = bad_line(b"[1, 2]");
    assert_eq!(detail, "invalid type: sequence, expected an object");
    let (_, detail) = bad_line(b"{\"id\": \"x\xff\"}");
    assert_eq!(detail, "the text is not UTF-8");
    let bomb = [b"{\"id\": \"x\", \"a\": ".to_vec(), b"[".repeat(100_000)].concat();
    let (_, detail) = bad_line(&bomb);
    assert!(detail.contains("recursion limit"), "{detail}");
}

#[test]
fn json_members_of_the_wrong_type() {
    for (line, expected) in [
        (r#"{"title": "x"}"#, "no key: expected `pmid`, `id`, `_id` or `doc_id`"),
        (r#"{"id": ""}"#, "`id` is empty"),
        (r#"{"id": 1.5}"#, "`id` must be a string or an integer, found the number 1.5"),
        (r#"{"pmid": -3}"#, "`pmid` must be a positive integer, found the number -3"),
        (r#"{"pmid": "x"}"#, "`pmid` must be a positive integer, found the string `x`"),
        (r#"{"id": "x", "title": ["t"]}"#, "`title` must be a string, found a list"),
        (r#"{"id": "x", "mesh": "Humans"}"#, "`mesh` must be a list, found the string `Humans`"),
        (
            r#"{"id": "x", "mesh": [3]}"#,
            "`mesh[]` must be a string or an object, found the number 3",
        ),
        (
            r#"{"id": "x", "sections": ["t"]}"#,
            "`sections[]` must be an object, found the string `t`",
        ),
        (r#"{"id": "x", "authors": 3}"#, "`authors` must be a list, found the number 3"),
        (
            r#"{"id": "x", "journal": 3}"#,
            "`journal` must be a string or an object, found the number 3",
        ),
        (r#"{"id": "x", "fields": 3}"#, "`fields` must be an object, found the number 3"),
        (r#"{"id": "x", "year": {}}"#, "`year` must be a string, found an object"),
        (r#"{"id": "x", "fields": {"a": 1}, "a": 2}"#, "field `a` is given twice"),
        (r#"{"id": "x", "": 2}"#, "field name `` must have 1 to 128 bytes"),
    ] {
        assert_eq!(bad_line(line.as_bytes()).1, expected);
    }
    let (_, detail) = bad_line(format!("{{\"id\": \"{}\"}}", "k".repeat(600)).as_bytes());
    assert_eq!(detail, "the key has 600 bytes, at most 512 are allowed");
}

#[test]
fn json_members_given_twice() {
    let (place, detail) = bad_line(br#"{"id": "x", "title": "a", "title": "b"}"#);
    assert_eq!(place, "line 2");
    assert!(detail.ends_with("`title` is given twice"), "{detail}");
}

#[test]
fn vectors_of_another_length() {
    let mut records = all(
        "{\"id\": \"a\", \"vector\": [1, 2]}\n{\"id\": \"b\", \"vector\": [1, 2, 3]}\n{\"id\": \"c\", \"vector\": [3, 4]}\n",
    );
    assert!(records[2].is_ok());
    let (place, detail) = input_error(records.remove(1));
    assert_eq!(place, "line 2");
    assert_eq!(detail, "the vector has 3 numbers, the first one of this file has 2");
}

#[test]
fn vectors_with_what_is_no_number() {
    for (vector, expected) in [
        ("[1, NaN]", "NaN and Infinity are no numbers in JSON"),
        ("[Infinity]", "NaN and Infinity are no numbers in JSON"),
        ("[1, -Infinity]", "NaN and Infinity are no numbers in JSON"),
        ("[1, 1e39]", "`vector`[1] is not a finite number"),
        ("[1, 1e999]", "number out of range"),
        ("[1, \"2\"]", "invalid type: string \"2\", expected f64"),
        ("\"abc\"", "invalid type: string \"abc\", expected a list of numbers as `vector`"),
        ("[]", "`vector` is empty"),
    ] {
        let (_, detail) = bad_line(format!("{{\"id\": \"x\", \"vector\": {vector}}}").as_bytes());
        assert!(detail.contains(expected), "{vector}: {detail}");
    }
    let long = vec!["0"; 9000].join(",");
    let (_, detail) = bad_line(format!("{{\"id\": \"x\", \"vector\": [{long}]}}").as_bytes());
    assert!(detail.contains("more than 8192 numbers"), "{detail}");
}

#[test]
fn a_line_longer_than_any_record() {
    let line = format!("{{\"id\": \"x\", \"title\": \"{}\"}}", "x".repeat(70 << 20));
    let (place, detail) = bad_line(line.as_bytes());
    assert_eq!((place.as_str(), detail.as_str()), ("line 2", "the line is longer than 16 MiB"));
}
