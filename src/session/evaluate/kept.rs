//! Rankings of earlier runs: an evaluation that was interrupted goes on, and one with other measures asks nothing.
//!
//! ```text
//! medvec rankings 1 <SHA-256 of the state>
//! <16 digits of a SHA-256> {"query":"q1","hits":[["d1",0.5]]}
//! ```
//!
//! There is one file per task, encoder, approach and depth. A line is appended in one write as soon as its query is
//! answered, so a run that is killed loses the queries that were being asked. Nothing here is trusted: the state is all
//! that rankings depend on (the database and its generation, the fingerprint of the encoder, the files of the
//! cross-encoder, this version of the library), and the sum of a line covers the state and the query's text as well. A
//! file of another state is begun anew; a line that is cut, changed or of another text is passed over.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::eval::collection::TestQuery;
use crate::eval::measures::RankedDocument;
use crate::format::content::hexadecimal;

/// Digits of a line's sum.
const SUM_DIGITS: usize = 16;

/// The rankings of one approach.
pub(super) struct Kept {
    name: String,
    /// The first line.
    heading: String,
    file: Mutex<File>,
    known: HashMap<String, Vec<RankedDocument>>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    query: String,
    hits: Vec<(String, f64)>,
}

impl Kept {
    /// Opens the file, or begins it. Rankings of other queries stay in it and are not read. If `fresh`, nothing is known.
    ///
    /// Memory: the rankings of these queries, and one line.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn open(
        path: &Path,
        state: [u8; 32],
        queries: &[TestQuery],
        fresh: bool,
    ) -> Result<Kept> {
        let name = path.display().to_string();
        let heading = format!("medvec rankings 1 {}\n", hexadecimal(&state));
        let failed = |what| {
            let name = name.clone();
            move |source| Error::io(what, name, source)
        };
        let options = OpenOptions::new().read(true).append(true).create(true).clone();
        let mut file = options.open(path).map_err(failed("open"))?;
        let mut found = String::new();
        let mut reader = BufReader::new(&file);
        let head = reader.by_ref().take(heading.len() as u64).read_to_string(&mut found);
        let mut known = HashMap::new();
        // Bytes that are not UTF-8 are another heading; what cannot be read at all cannot be written either.
        if fresh || head.is_err() || found != heading {
            drop(reader);
            file.set_len(0).map_err(failed("write"))?;
            file.write_all(heading.as_bytes()).map_err(failed("write"))?;
        } else {
            let texts: HashMap<&str, &str> =
                queries.iter().map(|query| (query.id.as_str(), query.text.as_str())).collect();
            let mut line = Vec::new();
            let mut is_ended = true;
            loop {
                line.clear();
                if reader.read_until(b'\n', &mut line).map_err(failed("read"))? == 0 {
                    break;
                }
                is_ended = line.ends_with(b"\n");
                if let Some(Line { query, hits }) = parse(&line, &heading, &texts) {
                    let hits = hits.into_iter().map(|(id, score)| RankedDocument::new(id, score));
                    known.entry(query).or_insert_with(|| hits.collect());
                }
            }
            drop(reader);
            // A cut line ends here, so that the next one begins at a line's start.
            if !is_ended {
                file.write_all(b"\n").map_err(failed("write"))?;
            }
        }
        Ok(Kept { name, heading, file: Mutex::new(file), known })
    }

    /// Whether the ranking of a query is known.
    pub(super) fn has(&self, query: &str) -> bool {
        self.known.contains_key(query)
    }

    /// The known rankings, by query.
    pub(super) fn into_known(self) -> HashMap<String, Vec<RankedDocument>> {
        self.known
    }

    /// Keeps the ranking of a query.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn add(&self, query: &TestQuery, ranked: &[RankedDocument]) -> Result<()> {
        let hits = ranked.iter().map(|ranked| (ranked.document.clone(), ranked.score)).collect();
        let failed = |source| Error::io("write", self.name.clone(), source);
        let json = serde_json::to_string(&Line { query: query.id.clone(), hits })
            .map_err(|error| failed(error.into()))?;
        let line = format!("{} {json}\n", sum(&self.heading, &query.text, json.as_bytes()));
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes()).map_err(failed)
    }
}

/// A line that is whole and of one of these texts.
fn parse(line: &[u8], heading: &str, texts: &HashMap<&str, &str>) -> Option<Line> {
    let (found, rest) = line.split_at_checked(SUM_DIGITS)?;
    let json = rest.strip_prefix(b" ")?;
    let json = json.strip_suffix(b"\n").unwrap_or(json);
    let line: Line = serde_json::from_slice(json).ok()?;
    let text = texts.get(line.query.as_str())?;
    (sum(heading, text, json).as_bytes() == found).then_some(line)
}

fn sum(heading: &str, text: &str, json: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(heading);
    digest.update((text.len() as u64).to_le_bytes());
    digest.update(text);
    digest.update(json);
    hexadecimal(digest.finalize().get(..SUM_DIGITS / 2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queries() -> Vec<TestQuery> {
        (0..4).map(|number| TestQuery::new(format!("q{number}"), "a text")).collect()
    }

    fn open(path: &Path, state: u8, fresh: bool) -> Vec<String> {
        let kept = Kept::open(path, [state; 32], &queries(), fresh).unwrap();
        let mut known: Vec<String> = kept.into_known().into_keys().collect();
        known.sort();
        known
    }

    /// A file with the rankings of three queries, the second one empty.
    fn filled() -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.rankings");
        let kept = Kept::open(&path, [1; 32], &queries(), false).unwrap();
        for (number, query) in queries().iter().enumerate().take(3) {
            let score = f64::from(0.1f32) / 3.0;
            let ranked = [RankedDocument::new("d \"1\"", score), RankedDocument::new("2", -1e-300)];
            kept.add(query, if number == 1 { &[] } else { &ranked }).unwrap();
        }
        let bytes = std::fs::read(&path).unwrap();
        (folder, path, bytes)
    }

    #[test]
    fn what_was_kept_is_known_to_the_last_bit() {
        let (_folder, path, bytes) = filled();
        let kept = Kept::open(&path, [1; 32], &queries(), false).unwrap();
        assert!(kept.has("q0") && kept.has("q1") && !kept.has("q3"));
        let known = kept.into_known();
        assert_eq!(known["q1"], []);
        assert_eq!(known["q2"][0], RankedDocument::new("d \"1\"", f64::from(0.1f32) / 3.0));
        assert_eq!(known["q2"][1].score, -1e-300);
        // Reading changes nothing.
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn another_state_text_or_wish_knows_nothing() {
        let (_folder, path, bytes) = filled();
        let others: Vec<TestQuery> =
            (0..4).map(|number| TestQuery::new(format!("q{number}"), "another text")).collect();
        assert!(Kept::open(&path, [1; 32], &others, false).unwrap().into_known().is_empty());
        assert_eq!(open(&path, 1, false).len(), 3, "other queries' lines stay");
        assert!(open(&path, 1, true).is_empty());
        assert!(open(&path, 1, false).is_empty(), "they are gone");
        std::fs::write(&path, bytes).unwrap();
        assert!(open(&path, 2, false).is_empty());
        assert!(open(&path, 1, false).is_empty(), "the file has been begun anew");
    }

    #[test]
    fn a_cut_file_goes_on_after_its_last_whole_line() {
        let (_folder, path, bytes) = filled();
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let known = open(&path, 1, false);
            // A line that lacks its end alone is whole.
            let whole = bytes[..=length].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(known.len(), whole.saturating_sub(1), "{length}");
            let kept = Kept::open(&path, [1; 32], &queries(), false).unwrap();
            kept.add(&queries()[3], &[]).unwrap();
            assert_eq!(open(&path, 1, false).len(), known.len() + 1, "{length}");
        }
    }

    #[test]
    fn no_changed_byte_is_believed() {
        let (_folder, path, bytes) = filled();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            let kept = Kept::open(&path, [1; 32], &queries(), false).unwrap();
            let known = kept.into_known();
            assert!(known.len() < 3, "{place}");
            let score = f64::from(0.1f32) / 3.0;
            let is_whole = |ranked: &Vec<RankedDocument>| {
                ranked.is_empty() || (ranked.len() == 2 && ranked[0].score == score)
            };
            assert!(known.values().all(is_whole), "{place}");
        }
    }
}
