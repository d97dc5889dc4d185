//! The queries that recall is measured with: whose they are, and where they come from.
//!
//! | source | when |
//! |---|---|
//! | the caller's | given to [`Writer::optimize`](crate::db::Writer::optimize), or kept in the codebook since |
//! | a sample of real ones | the writer has an encoder, or the codebook keeps their vectors |
//! | rows | neither: they are moved away as queries lie (`index/calibrate/moved.rs`) |

use super::super::next::NextGeneration;
use super::options::Job;
use super::sample::sample;
use crate::encoder::call;
use crate::error::{Error, Result};
use crate::format::manifest::QuerySource;
use crate::search::Vectors;
use crate::segment::{CodebookFile, Queries};

/// Queries to calibrate with: a recall of 0.95 is then known to 0.005.
const QUERIES_MAX: usize = 512;

/// Words of sample queries, which take turns, by how many bytes texts have on average, at most: titles and sentences, passages of a few
/// sentences, abstracts. A fragment lies nearer to a short text than to a long one (`benches/HISTORY.md`).
const WORDS: [(u64, &[usize]); 3] =
    [(300, &[1, 2, 3]), (800, &[1, 2, 3, 4]), (u64::MAX, &[2, 3, 4, 5])];

/// Queries per call of the encoder; between calls the control is checked.
const BATCH_QUERIES: usize = 64;

/// The queries of PubMedQA, one per line; see `samples/pubmedqa/PROVENANCE.md`.
#[cfg(feature = "static-encoder")]
const SAMPLE: &[u8] = include_bytes!("../../../samples/pubmedqa/questions.txt.zst");

/// A library that can link no encoder of its own carries no queries.
#[cfg(not(feature = "static-encoder"))]
const SAMPLE: &[u8] = &[];

/// Vectors as rows are stored, and what they are.
pub(super) struct Asked {
    pub(super) vectors: Vec<f32>,
    pub(super) source: QuerySource,
}

impl Asked {
    /// As a codebook keeps them.
    pub(super) fn into_stored(self) -> Queries {
        Queries { vectors: self.vectors, are_rows: self.source == QuerySource::Moved }
    }
}

/// The queries to keep in a new codebook.
pub(super) fn new_queries(job: &Job<'_>, dimension: usize) -> Result<Asked> {
    if let Some(given) = &job.options.queries {
        return Ok(given_queries(job.next, given, dimension));
    }
    if let Some(vectors) = embedded_sample(job, dimension, QUERIES_MAX)? {
        return Ok(Asked { vectors, source: QuerySource::Sample });
    }
    let rows = sample(job.next, QUERIES_MAX, dimension, job.control)?;
    let vectors = evenly(&rows, dimension, QUERIES_MAX);
    Ok(Asked { vectors, source: QuerySource::Moved })
}

/// The queries to measure an index with whose codebook keeps `stored` ones: the best there are.
pub(super) fn queries_for(
    job: &Job<'_>,
    codebook: &CodebookFile,
    stored: QuerySource,
) -> Result<Asked> {
    let dimension = codebook.meta().dimension as usize;
    if let Some(given) = &job.options.queries {
        return Ok(given_queries(job.next, given, dimension));
    }
    if stored == QuerySource::Moved
        && let Some(vectors) = embedded_sample(job, dimension, QUERIES_MAX)?
    {
        return Ok(Asked { vectors, source: QuerySource::Sample });
    }
    Ok(Asked { vectors: codebook.queries()?.vectors, source: stored })
}

/// The caller's queries, at most [`QUERIES_MAX`] of them.
fn given_queries(next: &NextGeneration, given: &[f32], dimension: usize) -> Asked {
    let vectors = stored_form(next, &evenly(given, dimension, QUERIES_MAX), dimension);
    Asked { vectors, source: QuerySource::Given }
}

/// Whether there are real queries to measure with, and an encoder that embeds queries. Costs the encoding of one.
pub(super) fn has_sample(job: &Job<'_>, dimension: usize) -> Result<bool> {
    Ok(embedded_sample(job, dimension, 1)?.is_some())
}

/// So many real queries, embedded; `None` without an encoder that embeds queries.
fn embedded_sample(job: &Job<'_>, dimension: usize, count: usize) -> Result<Option<Vec<f32>>> {
    let Some(encoder) = &job.writer.encoder else { return Ok(None) };
    let text = sample_queries();
    let queries = short_queries(&text, count, words_per_query(job.next));
    let lines: Vec<&str> = queries.iter().map(String::as_str).collect();
    let mut vectors = Vec::with_capacity(lines.len() * dimension);
    for batch in lines.chunks(BATCH_QUERIES) {
        job.control.check()?;
        match call::queries(&**encoder, batch) {
            Ok(embedded) => vectors.extend(embedded.into_iter().flatten().flatten()),
            Err(error @ (Error::Cancelled | Error::DeadlineExceeded)) => return Err(error),
            // The document half of a two-tower model embeds no queries.
            Err(_) => return Ok(None),
        }
    }
    let vectors = stored_form(job.next, &vectors, dimension);
    Ok(Some(vectors).filter(|vectors| !vectors.is_empty()))
}

/// Words of sample queries for the texts of these segments.
fn words_per_query(next: &NextGeneration) -> &'static [usize] {
    let (mut bytes, mut rows) = (0, 0);
    for segment in next.segments() {
        bytes += segment.text_bytes();
        rows += u64::from(segment.rows());
    }
    words_for(bytes.checked_div(rows).unwrap_or_default())
}

/// Words of sample queries for texts of so many bytes on average.
fn words_for(text_bytes: u64) -> &'static [usize] {
    let fits = |(most, _): &&(u64, &'static [usize])| text_bytes <= *most;
    WORDS.iter().find(fits).map_or(&[], |(_, words)| words)
}

/// Queries as rows are stored; those that have no direction are left out.
fn stored_form(next: &NextGeneration, queries: &[f32], dimension: usize) -> Vec<f32> {
    let Some(Vectors { space, .. }) = &next.base().state().vectors else {
        return Vec::new();
    };
    let stored = |query| space.to_query(query).unwrap_or_default();
    queries.chunks_exact(dimension.max(1)).flat_map(stored).collect()
}

/// Real biomedical queries, one per line; empty where none come with the library.
fn sample_queries() -> String {
    // The bytes are the library's own; a test reads them.
    let text = zstd::decode_all(SAMPLE).unwrap_or_default();
    String::from_utf8(text).unwrap_or_default()
}

/// Some lines, spread evenly, cut to as many words as `lengths` says in turn: from their beginnings, middles
/// and ends.
///
/// These queries are the titles of articles, 13 words long on average, and miss a third of what real
/// queries do. With a few words of them the recall is that of real queries (`benches/recall`).
fn short_queries(text: &str, count: usize, lengths: &[usize]) -> Vec<String> {
    let all: Vec<&str> = text.lines().collect();
    let wanted = count.min(all.len());
    let spread =
        (0..wanted).filter_map(|place| Some((place, all.get(place * all.len() / wanted)?)));
    let cut = |(place, query): (usize, &&str)| {
        let words: Vec<&str> = query.split(' ').collect();
        // Each length occurs at each place.
        let turn = place / 3 % lengths.len().max(1);
        let length = lengths.get(turn).copied().unwrap_or(words.len());
        let start = words.len().saturating_sub(length) * (place % 3) / 2;
        words.into_iter().skip(start).take(length).collect::<Vec<_>>().join(" ")
    };
    spread.map(cut).collect()
}

/// At most `count` vectors, spread evenly.
fn evenly(vectors: &[f32], dimension: usize, count: usize) -> Vec<f32> {
    let total = vectors.len() / dimension.max(1);
    let wanted = count.min(total);
    let pick = |place: usize| {
        let start = place * total / wanted.max(1) * dimension;
        vectors.get(start..start + dimension).unwrap_or_default()
    };
    (0..wanted).flat_map(pick).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_cut_everywhere_and_spread() {
        let text: String = (0..100).map(|n| format!("a{n} b c d e f g h i j{n}\n")).collect();
        let short = short_queries(&text, 20, &[3, 4, 5]);
        assert_eq!(short.len(), 20);
        assert_eq!(short[0], "a0 b c");
        assert_eq!(short[1], "d e f");
        assert_eq!(short[2], "h i j10");
        assert_eq!(short[3], "a15 b c d");
        assert!(short.iter().all(|query| (3..=5).contains(&query.split(' ').count())));
        assert_eq!(short_queries("one two\n", 5, &[3]), ["one two"]);
        assert!(short_queries("", 5, &[2, 3]).is_empty());
    }

    #[test]
    fn short_texts_are_asked_for_with_fewer_words() {
        let words = [0, 300, 301, 800, 801, u64::MAX].map(words_for);
        assert_eq!(
            words.map(|words| (words[0], words.len())),
            [(1, 3), (1, 3), (1, 4), (1, 4), (2, 4), (2, 4)]
        );
    }

    #[cfg(feature = "static-encoder")]
    #[test]
    fn the_sample_is_a_thousand_queries() {
        let text = sample_queries();
        let mut lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| line.len() > 20 && line.trim() == *line));
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), 1000);
    }
}
