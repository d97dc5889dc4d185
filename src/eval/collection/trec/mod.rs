//! TREC topics and qrels.
//!
//! ```text
//! <top> <num> Number: 301 <title> ... <desc> Description: ... <narr> Narrative: ... </top>
//! <topic number="1"><query>..</query><question>..</question><narrative>..</narrative></topic>
//! <topic number="1"><disease>..</disease><gene>..</gene><demographic>..</demographic></topic>
//! <topic number="1">a patient's case in plain text</topic>
//! 1 <tab> text                                                      (`.tsv`, `.txt`; no headings)
//! ```
//!
//! | part | elements, the first that is there |
//! |---|---|
//! | title | `title`, `query`; else `disease`, `gene`, `variant` and `treatment` in the order of the file; else `summary`; else the plain text; else all `field`s as `name value` |
//! | description | `desc`, `description`, `question`; else, of a topic with a disease, its title with `demographic` and `other` |
//! | narrative | `narr`, `narrative`, `note` |
//!
//! The path is a file of topics, or a folder with one file `*topics*` and at most one `*qrels*` or
//! `*judg*`. Without judgements every query is kept: it is asked of a database. Topics are read one at a
//! time; a DTD's entities are not expanded.
//!
//! Sources: trec.nist.gov, "data/topics_eng" (SGML), `covid/topics-rnd5.xml`, `precmed/topics2017.xml`,
//! `trials/topics2021.xml`; castorini/anserini, `TrecTopicReader.java`; pisa-engine/pisa,
//! `trec_topic_reader` for the old form.

mod markup;
mod topics;

use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::files::{Folder, stem_of};
use super::layout::Layout;
use super::options::CollectionOptions;
use super::query::TestQuery;
use super::set::Collection;
use crate::eval::input::{Encoding, Input, InputError, Line, Lines};
use crate::eval::qrels::JudgementFormat;

/// Bytes that tell tags from a table.
const HEAD_BYTES: u64 = 4096;

pub(super) fn open(path: &Path, options: &CollectionOptions) -> Result<Collection, InputError> {
    let (topics, mut judgements) = files(path)?;
    if let Some(named) = &options.judgements {
        judgements = Some(named.clone());
    }
    let mut draft = Draft::default();
    if Input::head(&topics, HEAD_BYTES)?.trim_start().starts_with('<') {
        topics::read(&topics, options.topic_part, &mut draft)?;
    } else {
        read_tsv(&topics, &mut draft)?;
    }
    if let Some(judgements) = judgements {
        draft.judge_file(&judgements, JudgementFormat::Trec)?;
    }
    draft.finish(path, Layout::Trec, None, Vec::new())
}

/// The topics and the judgements of a folder.
fn files(path: &Path) -> Result<(PathBuf, Option<PathBuf>), InputError> {
    if !path.is_dir() {
        return Ok((path.to_owned(), None));
    }
    let folder = Folder::open(path)?;
    let one = |what: &str, parts: &[&str]| -> Result<Option<PathBuf>, InputError> {
        let has = |name: &str| parts.iter().any(|part| name.to_ascii_lowercase().contains(part));
        let found: Vec<&Path> =
            folder.files().filter(|(name, _)| has(name)).map(|(_, path)| path).collect();
        match found.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some((*only).to_owned())),
            several => {
                let names: Vec<String> = several.iter().map(|path| stem_of(path)).collect();
                let detail = format!("several files of {what}: {}", names.join(", "));
                Err(InputError::folder(path, detail))
            }
        }
    };
    let topics = one("topics", &["topics"])?;
    let topics = topics.ok_or_else(|| InputError::folder(path, "no file `*topics*`"))?;
    Ok((topics, one("judgements", &["qrels", "judg"])?))
}

/// Reads lines of an id and a text with a tab between.
///
/// # Errors
/// A line with no tab or with several; as [`Draft::query`].
pub(super) fn read_tsv(path: &Path, draft: &mut Draft) -> Result<(), InputError> {
    for line in Lines::open(path, Encoding::Utf8)? {
        let Line { place, text } = line?;
        if text.is_empty() {
            continue;
        }
        let cells: Vec<&str> = text.split('\t').collect();
        let [id, text] = cells.as_slice() else {
            let detail = format!(
                "expected an id, a tab and a text without tabs, found {} cells",
                cells.len()
            );
            return Err(place.error(detail));
        };
        let added = draft.query(TestQuery::new(id.trim(), text.trim()), &place);
        added.map_err(|detail| place.error(detail))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
