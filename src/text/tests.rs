//! The rules of the analyzer, on names that users search and on any text.

use proptest::prelude::*;

use super::{Analyzer, TERM_BYTES_MAX, Token, TokenForm};

/// `term@position`, in the order of the analyzer.
fn terms(text: &str) -> String {
    let mut found = Vec::new();
    Analyzer::default()
        .analyze(text, |token| found.push(format!("{}@{}", token.term, token.position)));
    found.join(" ")
}

/// The pieces of text that the tokens came from.
fn spans(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    Analyzer::default().analyze(text, |token| found.push(&text[token.span]));
    found
}

#[test]
fn names_of_biomedicine_have_their_terms() {
    for (text, expected) in [
        ("IL-6", "il@0 il6@0 6@1"),
        ("IL6", "il6@0"),
        ("IL\u{2011}6", "il@0 il6@0 6@1"),
        ("COVID-19", "covid@0 covid19@0 19@1"),
        ("5-HT", "5@0 5ht@0 ht@1"),
        ("CD4+", "cd4@0 cd4+@0"),
        ("CD4+CD25+ cells", "cd4@0 cd4+@0 cd4cd25@0 cd25@1 cd25+@1 cells@2"),
        ("Na+/K+", "na@0 na+@0 k@1 k+@1"),
        ("1,25-(OH)2D3", "1@0 25@1 oh@2 2d3@3"),
        ("β-catenin", "beta@0 catenin@1"),
        ("beta-catenin", "beta@0 catenin@1"),
        ("TNFα", "tnfalpha@0"),
        ("5 \u{b5}g", "5@0 mug@1"),
        ("5 \u{3bc}g", "5@0 mug@1"),
        ("p53", "p53@0"),
        ("T790M", "t790m@0"),
        ("12.5 mg", "12@0 5@1 mg@2"),
        ("5+3", "5@0 3@1"),
        ("Alzheimer\u{2019}s", "alzheimer@0 alzheimers@0 s@1"),
        ("a-b-c-d-e1", "a@0 b@1 c@2 d@3 e1@4"),
        ("meta--analysis", "meta@0 analysis@1"),
        ("Sjögren Jørgensen Łukasz Weiß", "sjogren@0 jorgensen@1 lukasz@2 weiss@3"),
        ("ﬁbrosis H₂O x²", "fibrosis@0 h2o@1 x2@2"),
        ("лёгкие", "легкие@0"),
        ("", ""),
        ("-+ . ", ""),
    ] {
        assert_eq!(terms(text), expected, "{text:?}");
    }
}

#[test]
fn spans_are_the_words_of_the_text() {
    assert_eq!(spans("(IL-6) CD4+ β½"), ["IL", "IL-6", "6", "CD4", "CD4+", "β½", "½"]);
    // The accent stands behind its letter and belongs to the word, as does a soft hyphen.
    assert_eq!(spans("cafe\u{301} in\u{ad}fect"), ["cafe\u{301}", "in\u{ad}fect"]);
}

#[test]
fn long_words_are_cut_on_a_character() {
    for (word, bytes) in [("a".repeat(64), 64), ("a".repeat(65), 64), ("é".repeat(40), 40)] {
        assert_eq!(terms(&word).len(), bytes + "@0".len());
    }
    // 64 is no multiple of the three bytes of this letter.
    assert_eq!(terms(&"中".repeat(40)), format!("{}@0", "中".repeat(21)));
}

#[test]
fn one_analyzer_reads_many_texts() {
    let mut analyzer = Analyzer::default();
    analyzer.analyze("il-", |_| {});
    let mut found = Vec::new();
    analyzer.analyze("6", |token| found.push((token.term.to_owned(), token.position)));
    assert_eq!(found, [("6".to_owned(), 0)]);
}

/// Texts in which joiners, marks, dashes and letters meet more often than in prose.
fn dense_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z0-9]{1,5}",
        "[-/'.,+]{1,2}",
        "[ ()αβµßéłﬁ½²\u{301}\u{ad}\u{2011}\u{2019}İ]",
        any::<char>().prop_map(String::from),
        "[a-z]{60,70}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn tokens_keep_their_promises(text in dense_text()) {
        let mut last = None;
        Analyzer::default().analyze(&text, |Token { term, position, span, form }| {
            assert!((1..=TERM_BYTES_MAX).contains(&term.len()), "{term}");
            assert!(!text[span.clone()].is_empty());
            let alphanumeric = |term: &str| term.chars().all(char::is_alphanumeric);
            match (form, last) {
                (TokenForm::Part, None) => assert_eq!(position, 0),
                (TokenForm::Part, Some(before)) => assert_eq!(position, before + 1),
                (TokenForm::Joined, before) => assert_eq!(Some(position), before),
            }
            let letters = if form == TokenForm::Joined { term.trim_end_matches('+') } else { term };
            assert!(alphanumeric(letters), "{term}");
            last = Some(position);
        });
    }

    #[test]
    fn a_term_is_its_own_only_term(text in dense_text()) {
        Analyzer::default().analyze(&text, |token| {
            if !token.term.ends_with('+') {
                assert_eq!(terms(token.term), format!("{}@0", token.term));
            }
        });
    }

    #[test]
    fn a_blank_separates(left in dense_text(), right in dense_text()) {
        let bare = |text: &str| -> Vec<String> {
            let mut found = Vec::new();
            Analyzer::default().analyze(text, |token| found.push(token.term.to_owned()));
            found
        };
        let apart = [bare(&left), bare(&right)].concat();
        prop_assert_eq!(bare(&format!("{left} {right}")), apart);
    }

    #[test]
    fn case_does_not_matter(text in "[a-zA-Z0-9+/' -]{0,40}") {
        prop_assert_eq!(terms(&text), terms(&text.to_ascii_uppercase()));
    }

    #[test]
    fn a_stem_is_a_nonempty_term(word in "[a-z]{1,20}") {
        let stem = super::stem(&word);
        prop_assert!((1..=TERM_BYTES_MAX).contains(&stem.len()));
        prop_assert!(stem.bytes().all(|byte| byte.is_ascii_lowercase()));
    }
}
