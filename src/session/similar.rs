//! More like these, and not like those: a query of stored vectors.
//!
//! The query is the mean of the liked documents' vectors minus a share of the mean of the disliked ones'
//! (Rocchio's formula, with the weights that information retrieval has used since: 1 and 0.25). Under cosine every
//! vector counts with length 1. The documents themselves are never hits.

use super::error::{SessionError, SessionResult};
use crate::db::Snapshot;
use crate::encoder::Metric;
use crate::ids::Key;
use crate::search::Filter;

/// Weight of the mean of the disliked documents.
const DISLIKED: f32 = 0.25;

/// The vector that lies near the liked documents and off the disliked ones.
///
/// # Errors
/// [`SessionError::NoVectors`] for a database without vectors; [`SessionError::NotThere`] for a key that no
/// document has, [`SessionError::WithoutVector`] for a document that has none, and
/// [`SessionError::NothingLeft`] where both cancel each other out.
pub(super) fn vector(snapshot: &Snapshot, like: &[Key], unlike: &[Key]) -> SessionResult<Vec<f32>> {
    let Some(config) = &snapshot.manifest().vectors else { return Err(SessionError::NoVectors) };
    let dimension = config.dimension as usize;
    let is_cosine = config.metric == Metric::Cosine;
    let mut sum = mean(snapshot, like, dimension, is_cosine)?;
    let disliked = mean(snapshot, unlike, dimension, is_cosine)?;
    for (number, other) in sum.iter_mut().zip(disliked) {
        *number -= DISLIKED * other;
    }
    let is_left = sum.iter().any(|number| number.abs() > f32::EPSILON);
    if is_left { Ok(sum) } else { Err(SessionError::NothingLeft) }
}

/// Leaves the documents of these keys out.
pub(super) fn without(filter: Filter, like: &[Key], unlike: &[Key]) -> Filter {
    let keys: Vec<Key> = like.iter().chain(unlike).cloned().collect();
    if keys.is_empty() { filter } else { filter & !Filter::Keys(keys) }
}

fn mean(
    snapshot: &Snapshot,
    keys: &[Key],
    dimension: usize,
    is_cosine: bool,
) -> SessionResult<Vec<f32>> {
    let mut sum = vec![0.0f32; dimension];
    for key in keys {
        let stored = snapshot.vector(key)?;
        let vector = match stored {
            Some(vector) => vector,
            None if snapshot.contains(key)? => {
                return Err(SessionError::WithoutVector { key: key.clone() });
            }
            None => return Err(SessionError::NotThere { key: key.clone() }),
        };
        let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
        let weight = if is_cosine && length > 0.0 { 1.0 / length } else { 1.0 };
        let weight = weight / keys.len() as f32;
        for (total, number) in sum.iter_mut().zip(vector) {
            *total += weight * number;
        }
    }
    Ok(sum)
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
        let near = vector(&snapshot, &keys(&[2]), &[]).unwrap();
        let off = vector(&snapshot, &keys(&[2]), &keys(&[1])).unwrap();
        // Document 1 lies on the first axis.
        assert!(off[0] / off[1] < near[0] / near[1]);
    }

    #[test]
    fn keys_that_cannot_be_liked_are_named() {
        let session = session();
        let error = |request: Request| session.ask(&request).unwrap_err().code();
        assert_eq!(error(Request::like(keys(&[9]))), "not_there");
        assert_eq!(error(Request::like(keys(&[5]))), "without_vector");
        assert_eq!(error(Request::like(Vec::new()).unlike(keys(&[1]))), "nothing_liked");
    }
}
