//! The Cystic Fibrosis collection: 1,239 MEDLINE records of 1974 to 1979, 100 queries.
//!
//! ```text
//! cf74 … cf79     records
//! cfquery         QN 00001
//!                 QU What are the effects of calcium on the physical properties of mucus
//!                    from CF patients?
//!                 NR 00034
//!                 RD  139 1222  151 2211
//! ```
//!
//! `RD` has record numbers (`RN`), each with the scores of four judges from 0 to 2. The grade is the
//! number of judges who gave more than 0, as `peers/retrieval.py` has it; a document without such a judge
//! is counted and left out. Ids are numbers without leading zeros. `NR` must be the number of documents.
//! The files are in Latin-1.
//!
//! Source: the collection's `README`; Shaw et al., "The Cystic Fibrosis Database" (1991).

use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::files::Folder;
use super::layout::Layout;
use super::query::TestQuery;
use super::set::Collection;
use crate::eval::input::{Encoding, InputError, Line, Lines, Place};

/// Judges of every document.
const JUDGES: usize = 4;

pub(super) fn open(path: &Path) -> Result<Collection, InputError> {
    let folder = Folder::open(path)?;
    let years = (74..=79).map(|year| folder.need(&format!("cf{year}")).map(Path::to_owned));
    let corpus = years.collect::<Result<Vec<PathBuf>, InputError>>()?;
    let mut draft = Draft::default();
    let mut query: Option<Query> = None;
    for line in Lines::open(folder.need("cfquery")?, Encoding::Latin1)? {
        let Line { place, text } = line?;
        let wrong = |detail: String| place.error(detail);
        match tag(&text) {
            Some(("QN", number)) => {
                add(query.take(), &mut draft)?;
                let number = number.parse::<u32>();
                let number =
                    number.map_err(|_| wrong("the query's number is not a number".into()))?;
                query = Some(Query { number, place, fields: Vec::new() });
            }
            Some((tag @ ("QU" | "NR" | "RD"), body)) => match &mut query {
                Some(query) => query.fields.push((tag.to_owned(), body.to_owned())),
                None => return Err(wrong(format!("`{tag}` before the first `QN`"))),
            },
            Some((tag, _)) => return Err(wrong(format!("unknown field `{tag}`"))),
            None if text.trim().is_empty() => {}
            None => {
                let field = query.as_mut().and_then(|query| query.fields.last_mut());
                let (_, body) = field.ok_or_else(|| wrong("a text that is of no field".into()))?;
                body.push(' ');
                body.push_str(text.trim());
            }
        }
    }
    add(query, &mut draft)?;
    draft.finish(path, Layout::CysticFibrosis, None, corpus)
}

struct Query {
    number: u32,
    place: Place,
    fields: Vec<(String, String)>,
}

impl Query {
    fn field(&self, tag: &str) -> Result<&str, InputError> {
        let field =
            self.fields.iter().find(|(found, _)| found == tag).map(|(_, body)| body.as_str());
        field.ok_or_else(|| self.place.error(format!("the query has no `{tag}`")))
    }
}

/// `QN 00001`: two capitals and a blank at the start of a line.
fn tag(line: &str) -> Option<(&str, &str)> {
    let (tag, body) = line.split_once(' ')?;
    let is_tag = tag.len() == 2 && tag.bytes().all(|byte| byte.is_ascii_uppercase());
    is_tag.then(|| (tag, body.trim()))
}

fn add(query: Option<Query>, draft: &mut Draft) -> Result<(), InputError> {
    let Some(query) = query else { return Ok(()) };
    let wrong = |detail: String| query.place.error(detail);
    let id = query.number.to_string();
    let text = query.field("QU")?.split_whitespace().collect::<Vec<_>>().join(" ");
    draft.query(TestQuery::new(id.as_str(), text), &query.place).map_err(wrong)?;
    draft.expect_judgements();
    let mut words = query.field("RD")?.split_ascii_whitespace();
    let mut count = 0usize;
    while let Some(document) = words.next() {
        count += 1;
        let number = document.parse::<u32>();
        let number = number.map_err(|_| wrong(format!("`{document}` is not a record number")))?;
        let scores = words.next().unwrap_or_default();
        let is_valid =
            scores.len() == JUDGES && scores.bytes().all(|score| (b'0'..=b'2').contains(&score));
        if !is_valid {
            let detail =
                format!("document {number} has the scores `{scores}`, not four from 0 to 2");
            return Err(wrong(detail));
        }
        let grade = scores.bytes().filter(|score| *score != b'0').count() as i64;
        if grade == 0 {
            draft.skipped.add("documents that no judge found relevant", &query.place);
            continue;
        }
        draft.judge(&id, &number.to_string(), grade, &query.place).map_err(wrong)?;
    }
    let said = query.field("NR")?;
    match said.parse::<usize>() {
        Ok(said) if said == count => Ok(()),
        _ => Err(wrong(format!("`NR` is {said}, but `RD` has {count} documents"))),
    }
}
