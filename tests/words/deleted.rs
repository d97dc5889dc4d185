//! Statistics of words where rows are deleted: those of the live documents, in segments of many blocks.

use std::sync::Arc;

use medvec::db::{CreateOptions, Database, WriterOptions};
use medvec::document::Document;
use medvec::format::manifest::LexicalConfig;
use medvec::storage::MemoryStorage;
use medvec::{Key, Mode, Query};

/// Rows of the first segment: a bitmap of them has two containers.
const ROWS: u32 = 66_000;

/// Words and how rare each is: one document in so many has it.
const WORDS: [(&str, u32); 5] =
    [("common", 1), ("third", 3), ("twentieth", 20), ("seldom", 700), ("rare", 50_000)];

/// Whether a document is alive after so many deletions: none, few, every second, all but a few.
fn is_alive(number: u32, stage: usize) -> bool {
    match stage {
        0 => true,
        1 => !number.is_multiple_of(9_000),
        2 => !number.is_multiple_of(2) && !number.is_multiple_of(9_000),
        _ => number % 11_000 == 7,
    }
}

#[test]
fn a_word_is_as_rare_as_its_live_documents_are_few() {
    let options = CreateOptions::default().lexical(Some(LexicalConfig { positions: false }));
    let database = Database::create_in(Arc::new(MemoryStorage::new()), options).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    for number in 1..=ROWS {
        let mut document = Document::new(Key::pmid(number));
        let has = WORDS.iter().filter(|(_, share)| number.is_multiple_of(*share));
        document.title = has.map(|(word, _)| *word).collect::<Vec<_>>().join(" ");
        writer.upsert(document).unwrap();
    }
    writer.commit().unwrap();
    for stage in 0..4 {
        for number in (1..=ROWS).filter(|number| stage > 0 && is_alive(*number, stage - 1)) {
            if !is_alive(number, stage) {
                writer.delete(&Key::pmid(number)).unwrap();
            }
        }
        writer.commit().unwrap();
        let text = WORDS.map(|(word, _)| word).join(" ");
        let query = Query::text(text).mode(Mode::Lexical).k(20);
        let found = database.snapshot().search(&query).unwrap();
        for (word, share) in WORDS {
            let live = (1..=ROWS)
                .filter(|number| number.is_multiple_of(share) && is_alive(*number, stage))
                .count() as u64;
            let stem = word.trim_end_matches("ieth");
            let told = found.explain.words.iter().find(|told| told.stem.starts_with(&stem[..4]));
            assert_eq!(told.map(|told| told.documents), Some(live), "{word} at stage {stage}");
        }
        assert!(found.hits.iter().all(|hit| match hit.key {
            Key::Pmid(pmid) => is_alive(pmid.0, stage),
            Key::Text(_) => false,
        }));
    }
}
