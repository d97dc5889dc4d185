//! Files that trainers of retrievers read.
//!
//! | format | a line | read by |
//! |---|---|---|
//! | [`TripleFormat::Triplet`] | `{"query", "positive", "negative"}`, texts | sentence-transformers, losses of (anchor, positive, negative) |
//! | [`TripleFormat::NTuple`] | `{"query", "positive", "negative_1", ...}`, texts | the same, with several negatives |
//! | [`TripleFormat::LabeledPair`] | `{"sentence1", "sentence2", "score"}`, texts and a similarity | `CosineSimilarityLoss`, `CoSENTLoss` |
//! | [`TripleFormat::MsMarco`] | `{"qid", "pos": [ids], "neg": {"bm25": [ids], ...}}` | sentence-transformers' MS MARCO scripts |
//! | [`TripleFormat::TripletIds`] | query, positive and negative, ids with tabs between them | `qidpidtriples` of MS MARCO |
//! | [`MedCptWriter`] | `train.jsonl`, `reranker.json`, `qid2info.json`, `pmid2info.json` | MedCPT's retriever and re-ranker |
//!
//! Ids are strings, as BEIR has them; that of a key that is no PMID and looks like one is a JSON string. A line of texts is one (positive, negative) pair of a query, or one positive with all
//! its negatives.
//!
//! Sources: the cards of Hugging Face's `sentence-transformers/msmarco-msmarco-distilbert-base-tas-b` (`triplet`,
//! `triplet-50`, `triplet-ids`), `sentence-transformers/stsb` and `sentence-transformers/msmarco-hard-negatives`;
//! ncbi/MedCPT, `retriever/README.md` and `reranker/README.md`. sentence-transformers takes columns in their order, and only
//! `score` or `label` by name.

mod medcpt;

pub use medcpt::MedCptWriter;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::json;
use crate::ingest::distinct_id;
use crate::session::triples::{MinedQuery, Passage};

/// A format of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TripleFormat {
    /// A text, one that answers it, one that does not.
    Triplet,
    /// A text, one that answers it, several that do not. Queries with fewer negatives than asked for are left out.
    NTuple,
    /// Two texts and their similarity by MeSH. Pairs without headings on both sides are left out.
    LabeledPair,
    /// Ids of a query: positives, and negatives by where they come from.
    MsMarco,
    /// Ids of a triplet.
    TripletIds,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WrittenTriples {
    /// Lines.
    pub rows: u64,
    /// Queries that were left out because they have no negative, or fewer than a tuple needs.
    pub incomplete: u64,
    /// Pairs that were left out because one side has no MeSH heading.
    pub ungraded: u64,
}

/// Writes queries in one format. Memory: one query.
///
/// ```
/// use medvec::export::triples::{TripleFormat, TripleWriter};
/// use medvec::session::triples::MinedQuery;
///
/// let mut out = Vec::new();
/// let mut writer = TripleWriter::new(TripleFormat::Triplet, 7, &mut out);
/// writer.write(&MinedQuery::default())?; // no positives, no negatives
/// let written = writer.finish()?;
/// assert_eq!((written.rows, written.incomplete), (0, 1));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TripleWriter<'a> {
    format: TripleFormat,
    /// Negatives of a tuple.
    count: usize,
    out: &'a mut dyn Write,
    written: WrittenTriples,
}

impl<'a> TripleWriter<'a> {
    /// Begins a file. `count` is how many negatives a tuple has.
    pub fn new(format: TripleFormat, count: usize, out: &'a mut dyn Write) -> TripleWriter<'a> {
        TripleWriter { format, count, out, written: WrittenTriples::default() }
    }

    /// Writes the lines of a query.
    ///
    /// # Errors
    /// Those of the writer; of [`io::ErrorKind::InvalidData`] for an id that a table cannot hold.
    pub fn write(&mut self, query: &MinedQuery) -> io::Result<()> {
        if self.format == TripleFormat::LabeledPair {
            return self.pairs(query);
        }
        let least = if self.format == TripleFormat::NTuple { self.count.max(1) } else { 1 };
        if query.negatives.len() < least || query.positives.is_empty() {
            self.written.incomplete += 1;
            return Ok(());
        }
        match self.format {
            TripleFormat::NTuple => self.tuples(query),
            TripleFormat::MsMarco => self.ids(query),
            _ => self.triplets(query),
        }
    }

    fn triplets(&mut self, query: &MinedQuery) -> io::Result<()> {
        for positive in &query.positives {
            for negative in query.negatives.iter().map(|negative| &negative.passage) {
                match self.format {
                    TripleFormat::TripletIds => {
                        let (pos, neg) = (distinct_id(&positive.key), distinct_id(&negative.key));
                        let (qid, pos, neg) = (cell(&query.id)?, cell(&pos)?, cell(&neg)?);
                        writeln!(self.out, "{qid}\t{pos}\t{neg}")?;
                    }
                    _ => {
                        let (positive, negative) = (&positive.text, &negative.text);
                        let row = Triplet { query: &query.text, positive, negative };
                        json::write_line(self.out, &row)?;
                    }
                }
                self.written.rows += 1;
            }
        }
        Ok(())
    }

    fn tuples(&mut self, query: &MinedQuery) -> io::Result<()> {
        for positive in &query.positives {
            let mut row = vec![
                ("query".to_owned(), query.text.as_str()),
                ("positive".to_owned(), positive.text.as_str()),
            ];
            for (place, negative) in (1..).zip(query.negatives.iter().take(self.count)) {
                row.push((format!("negative_{place}"), &negative.passage.text));
            }
            json::write_line(self.out, &InOrder(row))?;
            self.written.rows += 1;
        }
        Ok(())
    }

    fn pairs(&mut self, query: &MinedQuery) -> io::Result<()> {
        let negatives = query.negatives.iter().map(|negative| &negative.passage);
        for Passage { text, similarity, .. } in query.positives.iter().chain(negatives) {
            let Some(score) = *similarity else {
                self.written.ungraded += 1;
                continue;
            };
            let row = Pair { sentence1: &query.text, sentence2: text, score: rounded(score) };
            json::write_line(self.out, &row)?;
            self.written.rows += 1;
        }
        Ok(())
    }

    fn ids(&mut self, query: &MinedQuery) -> io::Result<()> {
        let pos: Vec<String> = query.positives.iter().map(|one| distinct_id(&one.key)).collect();
        let mut neg: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for negative in &query.negatives {
            neg.entry(negative.name).or_default().push(distinct_id(&negative.passage.key));
        }
        self.written.rows += 1;
        json::write_line(self.out, &ByIds { qid: &query.id, pos, neg })
    }

    /// Ends the file; what it holds.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(self) -> io::Result<WrittenTriples> {
        self.out.flush()?;
        Ok(self.written)
    }
}

#[derive(Serialize)]
struct Triplet<'a> {
    query: &'a str,
    positive: &'a str,
    negative: &'a str,
}

#[derive(Serialize)]
struct Pair<'a> {
    sentence1: &'a str,
    sentence2: &'a str,
    score: f64,
}

#[derive(Serialize)]
struct ByIds<'a> {
    qid: &'a str,
    pos: Vec<String>,
    neg: BTreeMap<&'a str, Vec<String>>,
}

/// An object whose members keep their order.
struct InOrder<'a>(Vec<(String, &'a str)>);

impl Serialize for InOrder<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Six digits after the point: more than a sum of a few quotients means.
fn rounded(score: f64) -> f64 {
    (score * 1e6).round() / 1e6
}

/// An id as a cell of a table.
pub(super) fn cell(id: &str) -> io::Result<&str> {
    match id.contains(['\t', '\n', '\r']) {
        false => Ok(id),
        true => {
            let detail = format!("the id {id:?} has a tab or a line break, which end a cell");
            Err(io::Error::new(io::ErrorKind::InvalidData, detail))
        }
    }
}
