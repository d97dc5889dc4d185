//! MedCPT's training files: clicks on articles, as a stream for training exports.
//!
//! ```text
//! train.jsonl         {"qid": "0", "pmid": "15858239", "click": 1}
//! qid2info.json       {"0": "Is Hirschsprung disease a mendelian or a multifactorial disorder?"}
//! pmid2info.json      {"15858239": ["title", "abstract"]}
//! ```
//!
//! NLM's own log is not public; the repository has BioASQ in this form. Memory: all queries, one click,
//! one article. The re-ranker's `train.json` (`pos_pmids`, `neg_pmids`) is another form.
//!
//! Source: ncbi/MedCPT, `retriever/README.md` and `retriever/utils.py`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::entries::each_member;
use super::files::{Folder, bare, stem_of};
use super::record::Record;
use super::records::Records;
use crate::eval::input::InputError;

/// Queries of one log.
const QUERIES_MAX: usize = 50_000_000;

/// A query and an article that was opened from its results.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Click {
    /// The id of the query.
    pub query_id: String,
    /// Its text.
    pub query: String,
    /// The article.
    pub pmid: String,
    /// How often it was clicked: at least 1. (MedCPT's weight is log2(clicks + 1).)
    pub clicks: u64,
}

/// An iterator over the clicks of a folder; it ends after an error.
pub struct ClickLog {
    records: Records,
    queries: HashMap<String, String>,
    articles: Option<PathBuf>,
    is_over: bool,
}

impl ClickLog {
    /// Opens a folder with `train.jsonl` and `qid2info.json`. The names may have more in front of
    /// `.json` (`train_example.jsonl`), and end in `.gz` or `.zst`. Reads all queries.
    ///
    /// # Errors
    /// A file is missing, there are several of it, or the queries are not as above.
    pub fn open(folder: &Path) -> Result<ClickLog, InputError> {
        let folder = Folder::open(folder)?;
        let file = |start: &str, end: &str| -> Result<Option<PathBuf>, InputError> {
            let is = |name: &str| bare(name).starts_with(start) && bare(name).ends_with(end);
            let found: Vec<&Path> =
                folder.files().filter(|(name, _)| is(name)).map(|(_, path)| path).collect();
            match found.as_slice() {
                [] => Ok(None),
                [only] => Ok(Some((*only).to_owned())),
                several => {
                    let names: Vec<String> = several.iter().map(|path| stem_of(path)).collect();
                    let detail = format!("several files {start}*{end}: {}", names.join(", "));
                    Err(InputError::folder(&folder.path, detail))
                }
            }
        };
        let missing = |name: &str| InputError::folder(&folder.path, format!("no file {name}"));
        let train = file("train", ".jsonl")?.ok_or_else(|| missing("train.jsonl"))?;
        let info = file("qid2info", ".json")?.ok_or_else(|| missing("qid2info.json"))?;
        let mut queries = HashMap::new();
        each_member(&info, |_, id, text: String| {
            if queries.len() == QUERIES_MAX {
                return Err(format!("more than {QUERIES_MAX} queries"));
            }
            match queries.insert(id.clone(), text) {
                None => Ok(()),
                Some(_) => Err(format!("the query id `{id}` is there twice")),
            }
        })?;
        let records = Records::open(&train, |name| matches!(name, "qid" | "pmid" | "click"))?;
        Ok(ClickLog { records, queries, articles: file("pmid2info", ".json")?, is_over: false })
    }

    /// `pmid2info.json`, if it is there.
    pub fn articles(&self) -> Option<&Path> {
        self.articles.as_deref()
    }

    fn click(&self, record: &Record) -> Result<Click, InputError> {
        let query_id = record.id(&["qid"])?;
        let query = self.queries.get(&query_id).cloned();
        let query =
            query.ok_or_else(|| record.place.error(format!("unknown query `{query_id}`")))?;
        let clicks = u64::try_from(record.grade(&["click"])?).ok().filter(|clicks| *clicks > 0);
        let clicks = clicks.ok_or_else(|| record.place.error("`click` is not at least 1"))?;
        Ok(Click { query_id, query, pmid: record.id(&["pmid"])?, clicks })
    }
}

impl Iterator for ClickLog {
    type Item = Result<Click, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let click = self.records.next()?.and_then(|record| self.click(&record));
        self.is_over = click.is_err();
        Some(click)
    }
}

/// Gives PMID, title and abstract of every article of `pmid2info.json`, in the order of the file.
/// Memory: one article.
///
/// # Errors
/// The file is not as above, or `take` refuses an article.
pub fn each_article(
    path: &Path,
    mut take: impl FnMut(String, String, String) -> Result<(), String>,
) -> Result<(), InputError> {
    each_member(path, |_, pmid, article: (Option<String>, Option<String>)| {
        let (title, text) = article;
        take(pmid, title.unwrap_or_default(), text.unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(train: &str, queries: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("train_example.jsonl"), train).unwrap();
        std::fs::write(folder.path().join("qid2info_example.json"), queries).unwrap();
        folder
    }

    #[test]
    fn clicks_have_the_texts_of_their_queries() {
        let at = folder(
            "{\"qid\": \"0\", \"pmid\": 11, \"click\": 3}\r\n{\"qid\": 1, \"pmid\": \"12\", \"click\": 1}\n",
            "{\"0\": \"asthma\", \"1\": \"ear wax\"}",
        );
        std::fs::write(at.path().join("pmid2info.json"), "{\"11\": [\"A\", null]}").unwrap();
        let log = ClickLog::open(at.path()).unwrap();
        let articles = log.articles().unwrap().to_owned();
        let clicks: Vec<Click> = log.map(Result::unwrap).collect();
        assert_eq!((clicks[0].query.as_str(), clicks[0].clicks), ("asthma", 3));
        assert_eq!((clicks[1].query_id.as_str(), clicks[1].pmid.as_str()), ("1", "12"));
        let mut found = Vec::new();
        each_article(&articles, |pmid, title, text| {
            found.push((pmid, title, text));
            Ok(())
        })
        .unwrap();
        assert_eq!(found, [("11".to_owned(), "A".to_owned(), String::new())]);
    }

    #[test]
    fn invalid_clicks_end_the_log() {
        for (line, words) in [
            ("{\"qid\": \"7\", \"pmid\": 11, \"click\": 3}", "line 1: unknown query `7`"),
            ("{\"qid\": \"0\", \"pmid\": 11, \"click\": 0}", "line 1: `click` is not at least 1"),
            ("{\"qid\": \"0\", \"pmid\": 11, \"click\": 1.5}", "the grade 1.5 is not an integer"),
            ("{\"qid\": \"0\", \"click\": 1}", "no `pmid`"),
            ("{\"qid\"", "EOF while parsing"),
        ] {
            let at = folder(&format!("{line}\n{{}}\n"), "{\"0\": \"asthma\"}");
            let mut log = ClickLog::open(at.path()).unwrap();
            let error = log.next().unwrap().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(log.next().is_none());
        }
        let at = folder("x", "{\"0\": \"a\", \"0\": \"b\"}");
        let error = ClickLog::open(at.path()).err().unwrap();
        assert!(error.detail.contains("`0` is there twice"), "{error}");
        let at = tempfile::tempdir().unwrap();
        assert_eq!(ClickLog::open(at.path()).err().unwrap().detail, "no file train.jsonl");
    }
}
