use std::sync::Arc;

use super::*;
use crate::db::{CreateOptions, Database, WriterOptions};
use crate::document::AbstractSection;
use crate::encode;
use crate::error::NameKind;
use crate::ids::Key;
use crate::search::{Filter, Hint, Mode};
use crate::session::{Remark, SessionError, SessionOptions, TextHint};
use crate::storage::MemoryStorage;

const TEXTS: [(&str, &str); 3] = [
    ("Aspirin and colorectal cancer", "Aspirin lowered the risk. Nothing else was seen at all."),
    ("Exercise in asthma", "Exercise improved lung function. Attacks became less frequent."),
    ("Statins after a stroke", "Statins were given. Second strokes were less frequent with them."),
];

fn session() -> Session {
    let encoder = encode::builtin().unwrap();
    let options = CreateOptions::for_encoder(encoder.spec(), Default::default());
    let database = Database::create_in(Arc::new(MemoryStorage::new()), options).unwrap();
    let mut writer = database.writer(WriterOptions::with_encoder(encoder)).unwrap();
    for (number, (title, text)) in (1..).zip(TEXTS) {
        let mut document = Document::new(Key::pmid(number));
        document.title = title.into();
        let text = text.into();
        document.abstract_sections.push(AbstractSection { text, ..Default::default() });
        document.languages = vec![if number == 2 { "ger" } else { "eng" }.into()];
        writer.upsert(document).unwrap();
    }
    writer.commit().unwrap();
    drop(writer);
    Session::of(database, SessionOptions::default())
}

fn codes(remarks: &[Remark]) -> Vec<&str> {
    remarks.iter().map(|remark| remark.code).collect()
}

#[test]
fn a_text_finds_sentences_and_highlights() {
    let request = Request::text(" does exercise help with asthma? ").k(1).sentences().highlights();
    let answer = session().ask(&request).unwrap();
    assert_eq!(answer.text.as_deref(), Some("does exercise help with asthma?"));
    assert_eq!((answer.documents, answer.matched, answer.hits.len()), (3, 3, 1));
    let hit = &answer.hits[0];
    assert_eq!(hit.key, Key::pmid(2));
    assert_eq!(hit.sentence.as_deref(), Some("Exercise improved lung function."));
    let marks = hit.highlights.as_ref().unwrap();
    assert_eq!(marks.title, [0..8, 12..18]);
    assert_eq!((marks.sentence.len(), &marks.sentence[0]), (1, &(0..8)));
    assert!(answer.remarks.is_empty() && answer.explain.is_none(), "{:?}", answer.remarks);
}

#[test]
fn pages_follow_each_other() {
    let session = session();
    let request = Request::text("less frequent strokes");
    let all = session.ask(&request).unwrap().hits;
    let ranks: Vec<usize> = all.iter().map(|hit| hit.rank).collect();
    assert_eq!(ranks, [1, 2, 3]);
    for offset in 0..4 {
        let page = session.ask(&request.clone().k(1).offset(offset)).unwrap().hits;
        assert_eq!(page, all[offset.min(3)..(offset + 1).min(3)], "page {offset}");
    }
}

#[test]
fn a_vector_searches_as_its_text_does() {
    let session = session();
    let text = "aspirin against tumours";
    let vector = session.encoder().unwrap().encode_queries(&[text]).unwrap();
    let by_text = session.ask(&Request::text(text).mode(Mode::Dense).explain()).unwrap();
    let by_vector = session.ask(&Request::vector(vector).explain()).unwrap();
    assert_eq!(by_text.hits, by_vector.hits);
    assert!(by_text.explain.unwrap().encoder.is_some());
    assert!(by_vector.explain.unwrap().encoder.is_none());
}

#[test]
fn a_filter_lists_and_counts() {
    let session = session();
    let english = Request::matching(Filter::Language("English".into()));
    let listed = session.ask(&english.clone().documents()).unwrap();
    assert_eq!(listed.hits.len(), 2);
    assert!(listed.hits.iter().all(|hit| hit.score.is_none() && hit.document.is_some()));
    let counted = session.ask(&english.k(0)).unwrap();
    assert_eq!((counted.matched, counted.hits.len()), (2, 0));
    let none = session.ask(&Request::matching(Filter::Language("French".into()))).unwrap();
    assert_eq!(codes(&none.remarks), ["absent", "nothing"]);
    let blank = Request { text: Some(" ".into()), ..Request::default() };
    assert_eq!(codes(&session.ask(&blank).unwrap().remarks), ["empty-text"]);
}

#[test]
fn remarks_speak_of_filters_and_keep_what_they_are_about() {
    let session = session();
    let answer = session.ask(&Request::text("2")).unwrap();
    assert_eq!(codes(&answer.remarks), ["pmid"]);
    let here = vec![crate::ids::Pmid(2)];
    assert_eq!(answer.remarks[0].hint, Some(TextHint::Pmids { count: 1, here }));
    let answer = session.ask(&Request::text("asthma[mh] AND exercise").k(0)).unwrap();
    assert_eq!(codes(&answer.remarks), ["tag", "operator", "count"]);
    assert!(matches!(answer.remarks[0].hint, Some(TextHint::Part(Hint::Tag { .. }))));
    assert!(answer.remarks.iter().all(|remark| !remark.text.contains("--")));
}

#[test]
fn re_ranking_needs_a_text_and_a_cross_encoder() {
    let session = session();
    let no_text = session.ask(&Request::default().rerank(5)).unwrap_err();
    assert!(matches!(no_text, SessionError::RerankNeedsText), "{no_text}");
    let none = session.ask(&Request::text("asthma").rerank(5)).unwrap_err();
    assert!(matches!(none, SessionError::NoReranker), "{none}");
}

#[test]
fn names_are_suggested_as_filters_take_them() {
    let session = session();
    let suggest = |text| session.suggest(NameKind::Language, text, 5).unwrap();
    assert_eq!(suggest("eng"), ["English"]);
    assert_eq!(suggest("germn"), ["German"]);
    assert!(suggest("zzz").is_empty());
}
