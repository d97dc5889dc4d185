//! MedCPT's files.
//!
//! ```text
//! train.jsonl      {"qid": "0", "pmid": "15858239", "click": 1}                       a line per positive
//! reranker.json    [{"qid": "0", "pos_pmids": [["15858239", 1]], "neg_pmids": ["1"]}]
//! qid2info.json    {"0": "Is Hirschsprung disease a mendelian or a multifactorial disorder?"}
//! pmid2info.json   {"15858239": ["title", "abstract"]}
//! ```
//!
//! The retriever takes the other queries of its batch as negatives, so that only `reranker.json` names some.

use std::collections::HashSet;
use std::io::{self, Write};

use serde::Serialize;

use super::{WrittenTriples, json};
use crate::ids::Key;
use crate::ingest::distinct_id;
use crate::session::triples::{MinedQuery, Passage};

/// Writes the four files at once. Memory: the keys of all documents written.
pub struct MedCptWriter<W> {
    train: W,
    reranker: Members<W>,
    queries: Members<W>,
    articles: Members<W>,
    known: HashSet<Key>,
    written: WrittenTriples,
}

#[derive(Serialize)]
struct Click<'a> {
    qid: &'a str,
    pmid: String,
    click: u64,
}

#[derive(Serialize)]
struct Ranked<'a> {
    qid: &'a str,
    pos_pmids: Vec<(String, u64)>,
    neg_pmids: Vec<String>,
}

impl<W: Write> MedCptWriter<W> {
    /// The names of the files, in the order of [`MedCptWriter::new`].
    pub const FILES: [&'static str; 4] =
        ["train.jsonl", "reranker.json", "qid2info.json", "pmid2info.json"];

    /// Begins the files.
    ///
    /// # Errors
    /// Those of the writers, as in every call.
    pub fn new([train, reranker, queries, articles]: [W; 4]) -> io::Result<MedCptWriter<W>> {
        Ok(MedCptWriter {
            train,
            reranker: Members::begin(reranker, '[', ']')?,
            queries: Members::begin(queries, '{', '}')?,
            articles: Members::begin(articles, '{', '}')?,
            known: HashSet::new(),
            written: WrittenTriples::default(),
        })
    }

    /// Writes a query with its positives, and its negatives for the re-ranker. Ids of queries are unique.
    ///
    /// # Errors
    /// Those of the writers.
    pub fn write(&mut self, query: &MinedQuery) -> io::Result<()> {
        if query.positives.is_empty() {
            return Ok(());
        }
        self.queries.named(&query.id, &query.text)?;
        for positive in &query.positives {
            // MedCPT's weight is the logarithm of clicks + 1.
            let click = positive.weight.max(1);
            let row = Click { qid: &query.id, pmid: distinct_id(&positive.key), click };
            json::write_line(&mut self.train, &row)?;
            self.written.rows += 1;
            self.article(positive)?;
        }
        for negative in &query.negatives {
            self.article(&negative.passage)?;
        }
        if query.negatives.is_empty() {
            self.written.incomplete += 1;
            return Ok(());
        }
        let positive = |one: &Passage| (distinct_id(&one.key), one.weight.max(1));
        let negatives = query.negatives.iter();
        self.reranker.value(&Ranked {
            qid: &query.id,
            pos_pmids: query.positives.iter().map(positive).collect(),
            neg_pmids: negatives.map(|negative| distinct_id(&negative.passage.key)).collect(),
        })
    }

    fn article(&mut self, passage: &Passage) -> io::Result<()> {
        if self.known.insert(passage.key.clone()) {
            let article = (&passage.title, &passage.abstract_text);
            self.articles.named(&distinct_id(&passage.key), &article)?;
        }
        Ok(())
    }

    /// Ends the files; what they hold.
    ///
    /// # Errors
    /// Those of the writers.
    pub fn finish(mut self) -> io::Result<WrittenTriples> {
        self.train.flush()?;
        self.reranker.end()?;
        self.queries.end()?;
        self.articles.end()?;
        Ok(self.written)
    }
}

/// A list or an object that grows.
struct Members<W> {
    out: W,
    end: char,
    is_empty: bool,
}

impl<W: Write> Members<W> {
    fn begin(mut out: W, start: char, end: char) -> io::Result<Members<W>> {
        write!(out, "{start}")?;
        Ok(Members { out, end, is_empty: true })
    }

    fn value(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.next()?;
        write!(self.out, "{}", json::escaped(serde_json::to_string(value)?))
    }

    fn named(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        self.next()?;
        let (name, value) = (serde_json::to_string(name)?, serde_json::to_string(value)?);
        write!(self.out, "{}: {}", json::escaped(name), json::escaped(value))
    }

    fn next(&mut self) -> io::Result<()> {
        let before = if self.is_empty { "\n" } else { ",\n" };
        self.is_empty = false;
        write!(self.out, "{before}")
    }

    fn end(mut self) -> io::Result<()> {
        write!(self.out, "\n{}\n", self.end)?;
        self.out.flush()
    }
}
