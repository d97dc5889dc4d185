//! Authors and journals from PubMed's summaries of citations, as often as they are there.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Result, escaped};

/// How much of the summaries is read, in bytes: a third, with some 500,000 authors.
const BYTES: u64 = 28 << 20;

/// What summaries say, escaped.
#[derive(Default)]
pub(super) struct Summaries {
    /// Family names and initials.
    pub(super) authors: Vec<(String, String)>,
    /// Abbreviations of journals.
    pub(super) journals: Vec<String>,
}

impl Summaries {
    pub(super) fn read(path: &Path) -> Result<Summaries> {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut bytes = Vec::new();
        zstd::Decoder::new(file)?.take(BYTES).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let mut summaries = Summaries::default();
        for entry in text.split("\n\n") {
            let entry = entry.replace('\n', " ");
            let Some((_, entry)) = entry.split_once(": ") else { continue };
            let Some((authors, rest)) = entry.split_once(". ") else { continue };
            summaries.authors.extend(authors.split(", ").filter_map(author));
            summaries.journals.extend(journal(rest));
        }
        Ok(summaries)
    }
}

/// `De la Cruz AB`.
fn author(text: &str) -> Option<(String, String)> {
    let (family, initials) = text.rsplit_once(' ')?;
    let is_person = (1..=3).contains(&initials.len())
        && initials.bytes().all(|byte| byte.is_ascii_uppercase())
        && (2..40).contains(&family.len());
    is_person.then(|| (escaped(family), escaped(initials)))
}

/// `Title. Journal. 2020 Oct 30;99(44)`.
fn journal(text: &str) -> Option<String> {
    let before = &text[..text.find(". 20")?];
    let journal = before.rsplit(['.', '?', ']']).next()?.trim();
    let is_name = (3..60).contains(&journal.len()) && journal.starts_with(char::is_uppercase);
    is_name.then(|| escaped(journal))
}
