//! The real data, read once: `data/` of the folder that `MEDVEC_SHARED` names.

use std::fs;
use std::path::{Path, PathBuf};

use medvec::Document;
use medvec::document::FieldValue;
use medvec::ingest::{Event, open};

use super::Result;
use super::headings::Headings;
use super::pools::Pools;
use super::texts::Texts;
use super::topics::Topics;
use super::words::WordCounts;

/// Longer abstracts are rows of tables that hold more than an abstract.
const ABSTRACT_BYTES_MAX: usize = 6_000;

/// What citations are made from.
pub struct Source {
    pub(super) texts: Texts,
    pub(super) topics: Topics,
    pub(super) headings: Headings,
    pub(super) pools: Pools,
    /// Members of each topic that have headings, or all that have.
    pub(super) headed: Vec<Vec<u32>>,
}

/// The real citations that texts and headings come from: those with a title or an abstract as it was written.
///
/// # Errors
/// A file that is missing or cannot be read.
pub fn real_citations(shared: &Path) -> Result<Vec<Document>> {
    let mut citations = Vec::new();
    for record in open(&shared.join("data/abstracts.jsonl.zst"))? {
        let Event::Document { document, .. } = record?.event else { continue };
        let is_tokenized = document.fields.iter().any(|field| {
            field.name == "tokenized"
                || matches!(&field.value, FieldValue::String(text) if text == "pubmedqa")
        });
        let text = document.abstract_text();
        if !is_tokenized && text.len() < ABSTRACT_BYTES_MAX && !text.contains('\u{fffd}') {
            citations.push(*document);
        }
    }
    Ok(citations)
}

/// Whole citations in NLM's XML.
fn whole_citations(folder: &Path) -> Result<Vec<Document>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for owner in fs::read_dir(folder)? {
        for file in fs::read_dir(owner?.path())? {
            files.push(file?.path());
        }
    }
    files.retain(|file| file.to_string_lossy().ends_with(".xml.gz"));
    files.sort();
    let mut citations = Vec::new();
    for file in files {
        // Fixtures of other programs hold records that are wrong on purpose.
        citations.extend(open(&file)?.filter_map(|record| match record.ok()?.event {
            Event::Document { document, .. } => Some(*document),
            _ => None,
        }));
    }
    Ok(citations)
}

impl Source {
    /// Reads the data. Takes some seconds and 600 MB.
    ///
    /// # Errors
    /// A file that is missing or cannot be read.
    pub fn load(shared: &Path) -> Result<Source> {
        let data = shared.join("data");
        let citations = real_citations(shared)?;
        let pools = Pools::new(
            &whole_citations(&data.join("medline-xml"))?,
            &data.join("citations/systematic_set_summaries.txt.zst"),
        )?;
        let (mut counts, mut headings) = (WordCounts::default(), Headings::new()?);
        let mut whole = Vec::new();
        for (number, citation) in citations.iter().enumerate() {
            let names: Vec<&str> = citation.mesh.iter().map(|one| one.name.as_str()).collect();
            let text = citation.abstract_text();
            whole.push(format!("{} {text} {}", citation.title, names.join(" ")));
            counts.add(number as u32 + 1, &whole[number]);
            headings.push(&citation.mesh)?;
        }
        let topics = Topics::find(&whole, &counts);
        let mut texts = Texts::default();
        for citation in &citations {
            texts.push(&citation.title, &citation.abstract_text(), &counts);
        }
        let all: Vec<u32> = (0..citations.len() as u32).filter(|one| headings.has(*one)).collect();
        let headed = topics.members.iter().map(|members| {
            let headed: Vec<u32> =
                members.iter().copied().filter(|one| headings.has(*one)).collect();
            if headed.is_empty() { all.clone() } else { headed }
        });
        let headed = headed.collect();
        Ok(Source { texts, topics, headings, pools, headed })
    }
}
