//! Characters that XML forbids or discourages.

use super::{all, document, input_error};

fn article(inside: &str) -> String {
    format!(
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>\
         <ArticleTitle>{inside}</ArticleTitle></Article></MedlineCitation></PubmedArticle>\
         <PubmedArticle><MedlineCitation><PMID>2</PMID></MedlineCitation></PubmedArticle>\
         </PubmedArticleSet>"
    )
}

#[test]
fn forbidden_characters_make_their_record_an_error() {
    for (inside, code) in [
        ("a\u{1b}[31mb", "U+001B"),
        ("a&#27;b", "U+001B"),
        ("a&#x1B;b", "U+001B"),
        ("a\u{0}b", "U+0000"),
        ("<i a='&#8;'/>a\u{8}b", "U+0008"),
        ("a\u{fffe}b", "U+FFFE"),
        ("a&#xFFFF;b", "U+FFFF"),
        ("a<!-- \u{c} -->b", "U+000C"),
    ] {
        let mut records = all(article(inside));
        assert_eq!(records.len(), 2, "{inside:?}");
        assert!(records.pop().is_some_and(|record| record.is_ok()), "the next one is read");
        let (place, detail) = input_error(records.remove(0));
        assert!(place.starts_with("record 1 (PMID 1), byte "), "{place}");
        assert!(detail.contains(code) && detail.contains("XML 1.0 forbids"), "{detail}");
    }
}

#[test]
fn discouraged_characters_are_left_out() {
    for (inside, title) in [
        ("a\u{9b}31mb", "a31mb"),
        ("a&#x9B;31mb", "a31mb"),
        ("a&#127;b\u{7f}", "ab"),
        ("caf\u{e9}\u{92}s \u{a0}x", "caf\u{e9}s \u{a0}x"),
        ("a\u{85}b", "a\u{85}b"),
        ("\u{7ff}\u{bff}\u{fbff}\u{10ffff}", "\u{7ff}\u{bff}\u{fbff}\u{10ffff}"),
        ("\u{fffd}\u{e000}\t&#10;x", "\u{fffd}\u{e000} x"),
    ] {
        let document = document(all(article(inside)).remove(0));
        assert_eq!(document.title, title, "{inside:?}");
    }
}
