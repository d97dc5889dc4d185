//! How well an encoder finds documents: nDCG@10 of exact search on a folder in the layout of BEIR.
//!
//! ```text
//! FOLDER/corpus.jsonl      {"_id": "...", "title": "...", "text": "..."}
//! FOLDER/queries.jsonl     {"_id": "...", "text": "..."}
//! FOLDER/qrels/test.tsv    query-id <tab> corpus-id <tab> grade, after a line of headings
//! ```
//!
//! The measure is trec_eval's `ndcg_cut_10`: the gain is the grade, the discount the logarithm of the
//! rank plus one, the ideal ranking that of all judged documents, equal scores in descending order of
//! document id. It is averaged over the queries that have a judgement. `benches/README.md` shows how
//! it is checked against trec_eval's own code.
//!
//! Source: Thakur et al., "BEIR" (2021); Järvelin and Kekäläinen (2002) for nDCG.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::Value;

use crate::control::Control;
use crate::encoder::{Encoder, EncoderInput, Metric, call};
use crate::error::{Error, Result};
use crate::kernel::{Isa, PreparedVector, Rows, TopK, normalize, score};
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::parallel;

/// Documents of one folder: their vectors are in memory.
const DOCUMENTS_MAX: usize = 2_000_000;
/// Documents of one call of the encoder.
const BATCH: usize = 64;
/// Ranks that count.
const DEPTH: usize = 10;

/// Documents, queries and judgements.
#[derive(Debug)]
pub struct Task {
    documents: Vec<(String, EncoderInput)>,
    /// Id and text, of queries with a judgement.
    queries: Vec<(String, String)>,
    /// For each query, grade by document id; documents may be missing from the corpus.
    judgements: Vec<HashMap<String, f64>>,
}

/// The ranking of one query: rows of the corpus and their scores, best first.
pub type Ranking = Vec<(u32, f32)>;

impl Task {
    /// Reads a folder. A document without any text becomes `-`, since encoders refuse empty texts.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] names the file and the line that is not as the layout says, an
    /// id that is given twice, or a query that is judged but not there.
    pub fn read(folder: &Path) -> Result<Task> {
        let mut documents = Vec::new();
        for_each_object(&folder.join("corpus.jsonl"), |id, line| {
            if documents.len() == DOCUMENTS_MAX {
                return Err(format!("more than {DOCUMENTS_MAX} documents"));
            }
            let mut input =
                EncoderInput { title: field(line, "title")?, text: field(line, "text")? };
            if input.is_empty() {
                "-".clone_into(&mut input.text);
            }
            documents.push((id, input));
            Ok(())
        })?;
        let mut texts = HashMap::new();
        for_each_object(&folder.join("queries.jsonl"), |id, line| {
            let text = field(line, "text")?;
            if text.trim().is_empty() {
                return Err("the query has no text".to_owned());
            }
            texts.insert(id, text);
            Ok(())
        })?;
        let path = folder.join("qrels").join("test.tsv");
        let mut judged: BTreeMap<String, HashMap<String, f64>> = BTreeMap::new();
        for_each_line(&path, |number, line| {
            let mut parts = line.split('\t');
            let (Some(query), Some(document), Some(text), None) =
                (parts.next(), parts.next(), parts.next(), parts.next())
            else {
                return Err("expected query, document and grade between tabs".to_owned());
            };
            let grade = match text.parse::<f64>() {
                Ok(grade) if grade.is_finite() => grade,
                Err(_) if number == 1 => return Ok(()), // the headings
                _ => return Err(format!("{text} is not a grade")),
            };
            if !texts.contains_key(query) {
                return Err(format!("query {query} is not in queries.jsonl"));
            }
            judged.entry(query.to_owned()).or_default().insert(document.to_owned(), grade);
            Ok(())
        })?;
        let none = |what: &str, path: &Path| {
            Error::input(path.display().to_string(), "whole file", format!("no {what}"))
        };
        if documents.is_empty() {
            return Err(none("document", &folder.join("corpus.jsonl")));
        }
        if judged.is_empty() {
            return Err(none("judgement", &path));
        }
        let (ids, judgements): (Vec<String>, Vec<_>) = judged.into_iter().unzip();
        let queries = ids.into_iter().filter_map(|id| texts.remove_entry(&id)).collect::<Vec<_>>();
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
        self.queries.iter().map(|(id, _)| id.as_str())
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
            for (_, text) in part {
                control.check()?;
                let found = call::queries(encoder, &[text])?.pop().flatten();
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
    pub fn ndcg(&self, rankings: &[Ranking]) -> f64 {
        let scores = rankings.iter().zip(&self.judgements).map(|(ranking, judged)| {
            let gain = |row: &u32| judged.get(self.document_id(*row)).map_or(0.0, |g| g.max(0.0));
            let mut ideal: Vec<f64> = judged.values().map(|grade| grade.max(0.0)).collect();
            ideal.sort_by(|a, b| b.total_cmp(a));
            let best = discounted(ideal.into_iter());
            if best > 0.0 {
                discounted(ranking.iter().map(|(row, _)| gain(row))) / best
            } else {
                0.0
            }
        });
        scores.sum::<f64>() / self.judgements.len() as f64
    }
}

/// Sum of gains, each over the logarithm to base two of its rank plus one.
fn discounted(gains: impl Iterator<Item = f64>) -> f64 {
    let ranked = gains.take(DEPTH).zip(2u32..);
    ranked.map(|(gain, rank)| gain / f64::from(rank).log2()).sum()
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

fn for_each_object(
    path: &Path,
    mut take: impl FnMut(String, &Value) -> Result<(), String>,
) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for_each_line(path, |_, line| {
        let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let id = field(&value, "_id")?;
        if id.is_empty() {
            return Err("expected an object with an `_id`".to_owned());
        }
        if !seen.insert(id.clone()) {
            return Err(format!("_id {id} is given twice"));
        }
        take(id, &value)
    })
}

/// Calls `take` with each line that is not blank, and its number from 1.
fn for_each_line(path: &Path, mut take: impl FnMut(u64, &str) -> Result<(), String>) -> Result<()> {
    let name = || path.display().to_string();
    let file = File::open(path).map_err(|source| Error::io("open", name(), source))?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut line = String::new();
    for number in 1u64.. {
        line.clear();
        let read = (&mut reader)
            .take(DOCUMENT_BYTES_MAX as u64 + 1)
            .read_line(&mut line)
            .map_err(|source| Error::io("read", name(), source))?;
        let taken = match line.trim_end_matches(['\n', '\r']) {
            _ if read > DOCUMENT_BYTES_MAX => {
                Err(format!("longer than {DOCUMENT_BYTES_MAX} bytes"))
            }
            _ if read == 0 => break,
            "" => Ok(()),
            line => take(number, line),
        };
        taken.map_err(|detail| {
            Error::input(path.display().to_string(), format!("line {number}"), detail)
        })?;
    }
    Ok(())
}

/// A string of an object; absent and null count as empty.
fn field(value: &Value, name: &str) -> Result<String, String> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(format!("`{name}` is not a string")),
    }
}

fn bad_vectors(encoder: &dyn Encoder) -> Error {
    let detail = "gave a vector of another dimension, of length zero, or not of numbers".to_owned();
    Error::Encoder { name: encoder.spec().name.clone(), detail }
}

#[cfg(test)]
mod tests;
