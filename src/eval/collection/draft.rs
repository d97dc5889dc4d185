//! A collection being read: queries first, then judgements.
//!
//! What is an error and what is counted stands here, once for all layouts (see the module above).

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::layout::Layout;
use super::query::{GoldAnswer, Tally, TestQuery};
use super::set::Collection;
use crate::eval::input::{Encoding, InputError, Lines, Place};
use crate::eval::qrels::{JudgementFormat, each_judgement};

/// Queries of one collection.
const QUERIES_MAX: usize = 10_000_000;
/// Judgements of one collection.
const JUDGEMENTS_MAX: usize = 100_000_000;

/// Longest id, in bytes: URLs fit.
const ID_BYTES_MAX: usize = 4096;

#[derive(Default)]
pub(super) struct Draft {
    queries: Vec<TestQuery>,
    known: HashMap<String, Known>,
    judgements: BTreeMap<String, BTreeMap<String, i64>>,
    judged: usize,
    /// Whether the collection says which documents are relevant, even if it is of no query here.
    has_judgements: bool,
    answers: BTreeMap<String, GoldAnswer>,
    pub(super) skipped: Tally,
}

struct Known {
    place: Place,
    is_empty: bool,
}

impl Draft {
    /// Adds a query; one without text is counted.
    ///
    /// # Errors
    /// The id is empty, too long or there already.
    pub(super) fn query(&mut self, query: TestQuery, place: &Place) -> Result<(), String> {
        check_id(&query.id)?;
        if let Some(known) = self.known.get(&query.id) {
            return Err(format!("the query id `{}` is there already ({})", query.id, known.place));
        }
        if self.known.len() == QUERIES_MAX {
            return Err(format!("more than {QUERIES_MAX} queries"));
        }
        let is_empty = query.text.trim().is_empty();
        self.known.insert(query.id.clone(), Known { place: place.clone(), is_empty });
        match is_empty {
            true => self.skipped.add("queries with an empty text", place),
            false => self.queries.push(query),
        }
        Ok(())
    }

    /// Says that there are judgements: queries without one will be dropped.
    pub(super) fn expect_judgements(&mut self) {
        self.has_judgements = true;
    }

    /// Adds a judgement of a query that was added before; others are counted.
    ///
    /// # Errors
    /// The same document is judged otherwise elsewhere, or an id is invalid.
    pub(super) fn judge(
        &mut self,
        query: &str,
        document: &str,
        grade: i64,
        place: &Place,
    ) -> Result<(), String> {
        self.has_judgements = true;
        check_id(query)?;
        check_id(document)?;
        match self.known.get(query) {
            None => {
                self.skipped.add("judgements of unknown queries", place);
                return Ok(());
            }
            Some(known) if known.is_empty => {
                self.skipped.add("judgements of queries with an empty text", place);
                return Ok(());
            }
            Some(_) => {}
        }
        if self.judged == JUDGEMENTS_MAX {
            return Err(format!("more than {JUDGEMENTS_MAX} judgements"));
        }
        let judgements = self.judgements.entry(query.to_owned()).or_default();
        match judgements.insert(document.to_owned(), grade) {
            None => self.judged += 1,
            Some(before) if before == grade => {
                self.skipped.add("judgements that repeat another", place);
            }
            Some(before) => {
                return Err(format!(
                    "query `{query}` and document `{document}` have the grade {grade} here and \
                     {before} before"
                ));
            }
        }
        Ok(())
    }

    /// Adds the judgements of a file, as [`Draft::judge`].
    ///
    /// # Errors
    /// Those of [`each_judgement`] and [`Draft::judge`].
    pub(super) fn judge_file(
        &mut self,
        path: &Path,
        format: JudgementFormat,
    ) -> Result<(), InputError> {
        self.expect_judgements();
        let lines = Lines::open(path, Encoding::Utf8)?;
        each_judgement(lines, Some(format), |place, query, document, grade| {
            self.judge(query, document, grade, place)
        })
    }

    pub(super) fn answer(&mut self, query: &str, answer: GoldAnswer) {
        if answer != GoldAnswer::default() {
            self.answers.insert(query.to_owned(), answer);
        }
    }

    /// Drops queries without judgements where there are judgements, as the loaders of BEIR and MTEB
    /// do.
    ///
    /// # Errors
    /// There is no query, or no judgement is of a query here.
    pub(super) fn finish(
        mut self,
        path: &Path,
        layout: Layout,
        split: Option<String>,
        corpus: Vec<PathBuf>,
    ) -> Result<Collection, InputError> {
        let refused = |detail: &str| match path.is_dir() {
            true => InputError::folder(path, detail),
            false => InputError::file(path, detail),
        };
        if self.queries.is_empty() {
            return Err(refused("no query with a text"));
        }
        if self.has_judgements {
            if self.judgements.is_empty() {
                return Err(refused("no judgement is of a query here: the ids do not match"));
            }
            let Draft { queries, known, judgements, skipped, .. } = &mut self;
            queries.retain(|query| {
                let is_judged = judgements.contains_key(&query.id);
                if !is_judged && let Some(known) = known.get(&query.id) {
                    skipped.add("queries without judgements", &known.place);
                }
                is_judged
            });
        }
        let asked = |id: &str| self.known.get(id).is_some_and(|known| !known.is_empty);
        self.answers.retain(|id, _| asked(id));
        Ok(Collection {
            layout,
            split,
            corpus,
            queries: self.queries,
            judgements: self.judgements,
            answers: self.answers,
            skipped: self.skipped.into_vec(),
        })
    }
}

fn check_id(id: &str) -> Result<(), String> {
    if id.is_empty() {
        return Err("an id is empty".to_owned());
    }
    if id.len() > ID_BYTES_MAX {
        return Err(format!("an id has more than {ID_BYTES_MAX} bytes"));
    }
    match id.chars().any(char::is_control) {
        true => Err(format!("the id {id:?} has a control character")),
        false => Ok(()),
    }
}
