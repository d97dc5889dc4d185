//! Which documents are relevant to a query, as people judged.

use std::collections::BTreeMap;

use crate::eval::input::{InputRule, Violation, check_id, shown};

/// Grades by query and document ("qrels"). The order of insertion does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgements {
    queries: BTreeMap<String, BTreeMap<String, i64>>,
}

impl Judgements {
    /// Adds a grade. The same grade again changes nothing.
    ///
    /// # Errors
    /// [`InputRule::Id`] for an empty id, [`InputRule::ConflictingGrade`] for a document that has another grade.
    pub fn insert(&mut self, query: &str, document: &str, grade: i64) -> Result<(), Violation> {
        check_id("query", query)?;
        check_id("document", document)?;
        // Two look-ups, so that the usual line allocates its document id alone.
        let documents = match self.queries.get_mut(query) {
            Some(documents) => documents,
            None => self.queries.entry(query.to_owned()).or_default(),
        };
        match documents.get(document) {
            Some(&earlier) if earlier != grade => {
                let detail = format!(
                    "document `{}` has grade {grade} for query `{}`, and grade {earlier} before",
                    shown(document),
                    shown(query)
                );
                return Err(Violation::new(InputRule::ConflictingGrade, detail));
            }
            Some(_) => {}
            None => {
                documents.insert(document.to_owned(), grade);
            }
        }
        Ok(())
    }

    /// Queries with at least one judgement, in byte order of their ids.
    pub fn queries(&self) -> impl ExactSizeIterator<Item = (&str, &BTreeMap<String, i64>)> {
        self.queries.iter().map(|(query, documents)| (query.as_str(), documents))
    }

    /// Grades by document of one query.
    pub fn query(&self, query: &str) -> Option<&BTreeMap<String, i64>> {
        self.queries.get(query)
    }

    /// Number of queries with at least one judgement.
    pub fn len(&self) -> usize {
        self.queries.len()
    }

    /// Whether there is no judgement.
    pub fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }
}

/// Of grades that were read with these rules.
impl From<BTreeMap<String, BTreeMap<String, i64>>> for Judgements {
    fn from(queries: BTreeMap<String, BTreeMap<String, i64>>) -> Judgements {
        Judgements { queries }
    }
}
