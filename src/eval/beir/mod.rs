//! How well an encoder finds documents: nDCG@10 of exact search on a folder in the layout of BEIR.
//!
//! ```text
//! FOLDER/corpus.jsonl      {"_id": "...", "title": "...", "text": "..."}
//! FOLDER/queries.jsonl     {"_id": "...", "text": "..."}
//! FOLDER/qrels/test.tsv    query-id <tab> corpus-id <tab> grade, after a line of headings
//! ```
//!
//! Queries and judgements are read as [`collection`](super::collection) does, and the measure is that of
//! [`measures`](super::measures), averaged over the queries that have a judgement.
//!
//! Source: Thakur et al., "BEIR" (2021).

use std::cmp::Ordering;
use std::collections::HashSet;
use std::path::Path;

use crate::control::Control;
use crate::encoder::{Encoder, EncoderInput, Metric, call};
use crate::error::{Error, Result};
use crate::eval::collection::{Collection, CollectionOptions, Layout, TestQuery, each_text};
use crate::eval::measures::{
    EvaluationOptions, Judgements, Measure, MeasureKind, RankedDocument, Run, evaluate,
};
use crate::kernel::{Isa, PreparedVector, Rows, TopK, normalize, score};
use crate::parallel;

/// Documents of one folder: their vectors are in memory.
const DOCUMENTS_MAX: usize = 2_000_000;
/// Documents of one call of the encoder.
const BATCH: usize = 64;
/// Ranks that count.
const DEPTH: u32 = 10;

/// Documents, queries and judgements.
#[derive(Debug)]
pub struct Task {
    documents: Vec<(String, EncoderInput)>,
    /// With a judgement, in the order of ids.
    queries: Vec<TestQuery>,
    /// Documents may be missing from the corpus.
    judgements: Judgements,
}

/// The ranking of one query: rows of the corpus and their scores, best first.
pub type Ranking = Vec<(u32, f32)>;

impl Task {
    /// Reads a folder. A document without any text becomes `-`, since encoders refuse empty texts.
    ///
    /// # Errors
    /// [`Error::Input`] names the file and the line that is not as the layout says, or an id that is given twice; as
    /// [`Collection::open`].
    pub fn read(folder: &Path) -> Result<Task> {
        let options = CollectionOptions::default().layout(Layout::Beir).split("test");
        let mut collection = Collection::open(folder, &options)?;
        let corpus = collection.corpus.first().ok_or_else(|| {
            Error::input(folder.display().to_string(), "folder", "no file corpus.jsonl")
        })?;
        let (mut documents, mut seen) = (Vec::new(), HashSet::new());
        each_text(corpus, |id, title, text| {
            if documents.len() == DOCUMENTS_MAX {
                return Err(format!("more than {DOCUMENTS_MAX} documents"));
            }
            if !seen.insert(id.clone()) {
                return Err(format!("_id {id} is given twice"));
            }
            let mut input = EncoderInput { title, text };
            if input.is_empty() {
                "-".clone_into(&mut input.text);
            }
            documents.push((id, input));
            Ok(())
        })?;
        if documents.is_empty() {
            return Err(Error::input(corpus.display().to_string(), "whole file", "no document"));
        }
        collection.queries.sort_by(|a, b| a.id.cmp(&b.id));
        let (queries, judgements) = (collection.queries, collection.judgements.into());
        Ok(Task { documents, queries, judgements })
    }

    /// Number of documents.
    pub fn documents(&self) -> usize {
        self.documents.len()
    }

    /// Id of a document, by row.
    pub fn document_id(&self, row: u32) -> &str {
        self.documents.get(row as usize).map_or("", |(id, _)| id)
    }

    /// Ids of the queries that are asked, in the order of [`Task::search`].
    pub fn query_ids(&self) -> impl Iterator<Item = &str> {
        self.queries.iter().map(|query| query.id.as_str())
    }

    /// Embeds every document and query and finds the `k` documents with the highest score, exactly.
    ///
    /// Memory: four bytes per dimension and document. The time is that of the encoder.
    ///
    /// # Errors
    /// Those of the encoder; [`Error::Cancelled`].
    pub fn search(
        &self,
        encoder: &dyn Encoder,
        k: usize,
        threads: usize,
        control: &Control,
    ) -> Result<Vec<Ranking>> {
        let dimension = encoder.spec().dimension as usize;
        let cosine = encoder.spec().metric == Metric::Cosine;
        let part = self.documents.len().div_ceil(threads.max(1));
        let parts = in_threads(self.documents.chunks(part), |part| {
            let mut vectors = Vec::with_capacity(part.len() * dimension);
            for batch in part.chunks(BATCH) {
                control.check()?;
                let inputs: Vec<EncoderInput> =
                    batch.iter().map(|(_, input)| input.clone()).collect();
                for vector in call::documents(encoder, &inputs, control)? {
                    // A text that has no vector is as near to one query as to another.
                    vectors.extend(vector.unwrap_or_else(|| vec![0.0; dimension]));
                }
            }
            if cosine {
                for row in vectors.chunks_exact_mut(dimension) {
                    unit(row, encoder)?;
                }
            }
            Ok(vectors)
        })?;
        let vectors = parts.concat();
        let ids: Vec<u32> = (0..self.documents.len() as u32).collect();
        let part = self.queries.len().div_ceil(threads.max(1));
        let rankings = in_threads(self.queries.chunks(part), |part| {
            let mut rankings = Vec::with_capacity(part.len());
            let mut scores = vec![0.0; ids.len()];
            for query in part {
                control.check()?;
                let found = call::queries(encoder, &[&query.text])?.pop().flatten();
                let mut vector = found.unwrap_or_else(|| vec![0.0; dimension]);
                if cosine {
                    unit(&mut vector, encoder)?;
                }
                let query =
                    PreparedVector::new(&vector).filter(|query| query.dimension() == dimension);
                let query = query.ok_or_else(|| bad_vectors(encoder))?;
                score(Isa::detect(), &Rows::F32(&vectors), &query, &ids, &mut scores);
                rankings.push(self.best(&scores, k, encoder)?);
            }
            Ok(rankings)
        })?;
        Ok(rankings.concat())
    }

    /// The best `k` rows; equal scores in descending order of id, as trec_eval ranks them.
    fn best(&self, scores: &[f32], k: usize, encoder: &dyn Encoder) -> Result<Ranking> {
        let mut tie = |a: u32, b: u32| -> Result<Ordering> {
            Ok(self.document_id(b).cmp(self.document_id(a)))
        };
        let mut best = TopK::new(k);
        for (row, &score) in (0u32..).zip(scores) {
            if score.is_nan() {
                return Err(bad_vectors(encoder));
            }
            if score >= best.threshold() {
                best.push(row, score, &mut tie)?;
            }
        }
        best.into_sorted(&mut tie)
    }

    /// Mean nDCG@10 of rankings in the order of [`Task::search`].
    ///
    /// # Errors
    /// [`Error::InvalidQuery`] for a ranking with a row twice or a score that is not finite.
    pub fn ndcg(&self, rankings: &[Ranking]) -> Result<f64> {
        let refused = |detail: String| Error::InvalidQuery { detail };
        let mut run = Run::new("");
        for (query, ranking) in self.queries.iter().zip(rankings) {
            let ranked = ranking
                .iter()
                .map(|(row, score)| RankedDocument::new(self.document_id(*row), f64::from(*score)));
            let ranked = ranked.collect();
            run.insert(query.id.as_str(), ranked).map_err(|wrong| refused(wrong.to_string()))?;
        }
        let measure = Measure::new(MeasureKind::Ndcg, Some(DEPTH), 1)
            .map_err(|wrong| refused(wrong.to_string()))?;
        let found = evaluate(&self.judgements, &run, &[measure], &EvaluationOptions::default());
        Ok(found.summaries.first().map_or(0.0, |summary| summary.over_judged.value))
    }
}

/// Gives a vector length 1.
fn unit(vector: &mut [f32], encoder: &dyn Encoder) -> Result<()> {
    // Zeros stand for a text that has no vector.
    let is_none = vector.iter().all(|value| *value == 0.0);
    if is_none || normalize(vector) { Ok(()) } else { Err(bad_vectors(encoder)) }
}

/// Does the work of each part on a thread of its own; results in the order of the parts.
fn in_threads<P: Send, T: Send>(
    parts: impl Iterator<Item = P>,
    work: impl Fn(P) -> Result<Vec<T>> + Sync,
) -> Result<Vec<Vec<T>>> {
    let parts: Vec<P> = parts.collect();
    let mut done: Vec<Vec<T>> = Vec::new();
    done.resize_with(parts.len(), Vec::new);
    let threads = parts.len();
    let run = |(): &mut (), (part, done): (P, &mut Vec<T>)| {
        *done = work(part)?;
        Ok(())
    };
    let items = parts.into_iter().zip(&mut done);
    parallel::for_each(threads, items, &Control::default(), || (), run, &mut |_| ())?;
    Ok(done)
}

fn bad_vectors(encoder: &dyn Encoder) -> Error {
    let detail = "gave a vector of another dimension, of length zero, or not of numbers".to_owned();
    Error::Encoder { name: encoder.spec().name.clone(), detail }
}

#[cfg(test)]
mod tests;
