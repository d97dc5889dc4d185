//! More like these, and not like those: a query of documents' words and stored vectors.
//!
//! The query is the mean of the liked documents minus a share of the mean of the disliked ones (Rocchio's formula, with the
//! weights that information retrieval has used since: 1 and 0.25), of vectors as of words. Under cosine every vector counts
//! with length 1, and every text counts with length 1. The documents themselves are never hits.

use super::error::{SessionError, SessionResult};
use crate::db::Snapshot;
use crate::document::Document;
use crate::encoder::Metric;
use crate::ids::Key;
use crate::search::{Filter, Mode, Query, UNLIKED_WEIGHT, has_words};

/// The search for documents like some.
///
/// [`Mode::Auto`] takes what the liked documents have, words or a vector; the other modes want what they rank by of each.
///
/// # Errors
/// [`SessionError::NotThere`] for a key that no document has; [`SessionError::WithoutVector`],
/// [`SessionError::WithoutWords`] and [`SessionError::NothingToCompare`] for a document that lacks what the mode needs;
/// [`SessionError::NoVectors`] for a database that does; [`SessionError::NothingLeft`] where liked and disliked vectors
/// cancel each other out.
pub(super) fn query(
    snapshot: &Snapshot,
    like: &[Key],
    unlike: &[Key],
    mode: Mode,
) -> SessionResult<Query> {
    let is_auto = mode == Mode::Auto;
    let has_vectors = snapshot.manifest().vectors.is_some();
    let by_words = match mode {
        Mode::Auto => snapshot.manifest().lexical.is_some(),
        mode => mode != Mode::Dense,
    };
    let by_vector = mode != Mode::Lexical && (has_vectors || !(is_auto && by_words));
    let (mut liked, mut disliked) = (Examples::default(), Examples::default());
    for key in like {
        let (has_words, has_vector) = liked.read(snapshot, key, by_words, by_vector)?;
        let key = key.clone();
        match (has_words, has_vector) {
            (false, false) if by_words && by_vector && is_auto => {
                return Err(SessionError::NothingToCompare { key });
            }
            (_, false) if by_vector && !(is_auto && by_words) => {
                return Err(match has_vectors {
                    true => SessionError::WithoutVector { key },
                    false => SessionError::NoVectors,
                });
            }
            (false, _) if by_words && !(is_auto && by_vector) => {
                return Err(SessionError::WithoutWords { key });
            }
            _ => {}
        }
    }
    for key in unlike {
        disliked.read(snapshot, key, by_words, by_vector)?;
    }
    let vector = liked.less(&disliked, snapshot)?;
    Ok(match vector {
        Some(vector) if !liked.has_words => Query::vector(vector),
        Some(vector) => {
            Query::like(&liked.documents, &disliked.documents).with_vector(vector).mode(mode)
        }
        None => Query::like(&liked.documents, &disliked.documents).mode(mode),
    })
}

/// Documents that hits should be like, or should not be like.
#[derive(Default)]
struct Examples {
    documents: Vec<Document>,
    /// Whether any of them has words.
    has_words: bool,
    vectors: Vec<Vec<f32>>,
}

impl Examples {
    /// Takes in a document; whether it has words and a vector, as far as they are wanted.
    fn read(
        &mut self,
        snapshot: &Snapshot,
        key: &Key,
        by_words: bool,
        by_vector: bool,
    ) -> SessionResult<(bool, bool)> {
        if !snapshot.contains(key)? {
            return Err(SessionError::NotThere { key: key.clone() });
        }
        let document = if by_words { snapshot.get(key)? } else { None };
        let vector = if by_vector { snapshot.vector(key)? } else { None };
        let found = (document.as_ref().is_some_and(has_words), vector.is_some());
        self.has_words |= found.0;
        self.documents.extend(document);
        self.vectors.extend(vector);
        Ok(found)
    }

    /// The vector that lies near these documents and off the disliked ones; `None` without vectors.
    fn less(&self, disliked: &Examples, snapshot: &Snapshot) -> SessionResult<Option<Vec<f32>>> {
        let Some(config) = &snapshot.manifest().vectors else { return Ok(None) };
        if self.vectors.is_empty() {
            return Ok(None);
        }
        let dimension = config.dimension as usize;
        let is_cosine = config.metric == Metric::Cosine;
        let mut sum = mean(&self.vectors, dimension, is_cosine);
        for (number, other) in sum.iter_mut().zip(mean(&disliked.vectors, dimension, is_cosine)) {
            *number -= UNLIKED_WEIGHT as f32 * other;
        }
        let is_left = sum.iter().any(|number| number.abs() > f32::EPSILON);
        if is_left { Ok(Some(sum)) } else { Err(SessionError::NothingLeft) }
    }
}

/// Leaves the documents of these keys out.
pub(super) fn without(filter: Filter, like: &[Key], unlike: &[Key]) -> Filter {
    let keys: Vec<Key> = like.iter().chain(unlike).cloned().collect();
    if keys.is_empty() { filter } else { filter & !Filter::Keys(keys) }
}

fn mean(vectors: &[Vec<f32>], dimension: usize, is_cosine: bool) -> Vec<f32> {
    let mut sum = vec![0.0f32; dimension];
    for vector in vectors {
        let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
        let weight = if is_cosine && length > 0.0 { 1.0 / length } else { 1.0 };
        let weight = weight / vectors.len() as f32;
        for (total, number) in sum.iter_mut().zip(vector) {
            *total += weight * number;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::{CreateOptions, Database, WriterOptions};
    use crate::document::Document;
    use crate::format::manifest::{RowType, VectorConfig};
    use crate::session::{Request, Session, SessionOptions};
    use crate::storage::MemoryStorage;

    /// Four documents on a circle, and one without a vector.
    fn session() -> Session {
        let config = VectorConfig::new(2, Metric::Cosine, RowType::F32, None);
        let options = CreateOptions::default().vectors(Some(config));
        let database = Database::create_in(Arc::new(MemoryStorage::new()), options).unwrap();
        let mut writer = database.writer(WriterOptions::default()).unwrap();
        for (number, angle) in (1u32..).zip([0.0f32, 0.3, 0.6, 2.0]) {
            let vector = vec![3.0 * angle.cos(), 3.0 * angle.sin()];
            writer.upsert_with_vector(Document::new(Key::pmid(number)), vector).unwrap();
        }
        writer.upsert(Document::new(Key::pmid(5))).unwrap();
        writer.commit().unwrap();
        drop(writer);
        Session::of(database, SessionOptions::default())
    }

    fn keys(numbers: &[u32]) -> Vec<Key> {
        numbers.iter().map(|number| Key::pmid(*number)).collect()
    }

    fn found(like: &[u32], unlike: &[u32]) -> Vec<Key> {
        let request = Request::like(keys(like)).unlike(keys(unlike));
        let hits = session().ask(&request).unwrap().hits;
        assert!(hits.iter().all(|hit| hit.score.is_some()));
        hits.into_iter().map(|hit| hit.key).collect()
    }

    #[test]
    fn the_nearest_come_first_and_the_keys_themselves_never() {
        assert_eq!(found(&[1], &[]), keys(&[2, 3, 4]));
        assert_eq!(found(&[1, 4], &[]), keys(&[3, 2]));
        assert_eq!(found(&[2], &[1]), keys(&[3, 4]));
    }

    #[test]
    fn what_is_disliked_is_pushed_away() {
        let session = session();
        let snapshot = session.snapshot();
        let vector = |unlike: &[u32]| {
            let examples = |numbers: &[u32]| {
                let mut examples = Examples::default();
                for key in keys(numbers) {
                    examples.read(&snapshot, &key, false, true).unwrap();
                }
                examples
            };
            examples(&[2]).less(&examples(unlike), &snapshot).unwrap().unwrap()
        };
        let (near, off) = (vector(&[]), vector(&[1]));
        // Document 1 lies on the first axis.
        assert!(off[0] / off[1] < near[0] / near[1]);
    }

    #[test]
    fn keys_that_cannot_be_liked_are_named() {
        let session = session();
        let error = |request: Request| session.ask(&request).unwrap_err().code();
        assert_eq!(error(Request::like(keys(&[9]))), "not_there");
        assert_eq!(error(Request::like(keys(&[1])).unlike(keys(&[9]))), "not_there");
        assert_eq!(error(Request::like(keys(&[1, 5]))), "nothing_to_compare");
        let in_mode = |key: u32, mode: Mode| error(Request::like(keys(&[key])).mode(mode));
        assert_eq!(in_mode(5, Mode::Dense), "without_vector");
        assert_eq!(in_mode(5, Mode::Lexical), "without_words");
        assert_eq!(in_mode(1, Mode::Hybrid), "without_words");
        assert_eq!(error(Request::like(Vec::new()).unlike(keys(&[1]))), "nothing_liked");
    }

    /// Documents with these titles, of which some have vectors.
    fn titled(vectors: bool, lexical: bool) -> Session {
        let config = VectorConfig::new(2, Metric::Cosine, RowType::F32, None);
        let lexical = CreateOptions::default().lexical.filter(|_| lexical);
        let options =
            CreateOptions::default().vectors(Some(config).filter(|_| vectors)).lexical(lexical);
        let database = Database::create_in(Arc::new(MemoryStorage::new()), options).unwrap();
        let mut writer = database.writer(WriterOptions::default()).unwrap();
        for (number, title, angle) in [
            (1u32, "aspirin after stroke", Some(0.0f32)),
            (2, "aspirin and bleeding after stroke", None),
            (3, "statins in children", Some(0.1)),
            (4, "the bleeding", Some(3.0)),
            (5, "of the", Some(0.2)),
        ] {
            let mut document = Document::new(Key::pmid(number));
            document.title = title.into();
            match angle.filter(|_| vectors) {
                Some(angle) => {
                    writer.upsert_with_vector(document, vec![angle.cos(), angle.sin()]).unwrap();
                }
                None => writer.upsert(document).map(|_| ()).unwrap(),
            }
        }
        writer.commit().unwrap();
        drop(writer);
        Session::of(database, SessionOptions::default())
    }

    #[test]
    fn words_find_what_vectors_do_not() {
        let session = titled(true, true);
        let found = |request: &Request| -> Vec<Key> {
            session.ask(request).unwrap().hits.into_iter().map(|hit| hit.key).collect()
        };
        let like = |numbers: &[u32]| Request::like(keys(numbers));
        assert_eq!(found(&like(&[1]).mode(Mode::Lexical)), keys(&[2]));
        assert_eq!(found(&like(&[1]).mode(Mode::Dense)), keys(&[3, 5, 4]));
        // By both, document 2 is an average one among the vectors, and the only one with the words.
        let hybrid = found(&like(&[1]));
        assert_eq!(hybrid, found(&like(&[1]).mode(Mode::Hybrid)));
        let place = |number| hybrid.iter().position(|key| *key == Key::pmid(number));
        assert_eq!((hybrid.len(), place(3), place(4)), (4, Some(0), Some(3)));
        // Document 2 has no vector, document 5 no words.
        assert_eq!(found(&like(&[2])), keys(&[1, 4]));
        assert_eq!(found(&like(&[5])), keys(&[3, 1, 4]));
        // A quarter of document 4, which is about bleeding alone, takes all of the word off document 2.
        let off = like(&[2]).unlike(keys(&[4]));
        assert_eq!(found(&off), keys(&[1]));
        let stems = |request: Request| -> Vec<String> {
            let explained = session.ask(&request.explain()).unwrap().explain.unwrap();
            explained.search.words.into_iter().map(|word| word.stem).collect()
        };
        assert_eq!(stems(like(&[2])), ["after", "aspirin", "bleed", "stroke"]);
        assert_eq!(stems(off), ["after", "aspirin", "stroke"]);
    }

    #[test]
    fn databases_without_vectors_or_words_compare_by_the_other() {
        let words = titled(false, true);
        assert_eq!(words.ask(&Request::like(keys(&[1]))).unwrap().hits[0].key, Key::pmid(2));
        let error = |session: &Session, request: Request| session.ask(&request).unwrap_err().code();
        assert_eq!(error(&words, Request::like(keys(&[1])).mode(Mode::Dense)), "no_vectors");
        assert_eq!(error(&words, Request::like(keys(&[5]))), "without_words");
        let vectors = titled(true, false);
        assert_eq!(vectors.ask(&Request::like(keys(&[1]))).unwrap().hits[0].key, Key::pmid(3));
        assert_eq!(error(&vectors, Request::like(keys(&[2]))), "without_vector");
        assert_eq!(error(&titled(false, false), Request::like(keys(&[1]))), "no_vectors");
    }
}
