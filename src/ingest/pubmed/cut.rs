//! Cuts a PubMed XML stream into records, keeping one record in memory.
//!
//! Nothing of a record is understood here but its name and its end, so one thread can cut while
//! others parse. Comments and CDATA sections are stepped over, so a tag inside of them does not count.
//! A record that is never closed ends where the next one begins: it is reported and the next one
//! is read as if nothing had happened.
//!
//! No DTD is ever fetched. A DOCTYPE that declares entities of its own is refused: nothing that
//! NLM publishes does, and expanding them is how small files become large ones.

use memchr::{memchr, memmem};

use super::markup::{MARKUP_BYTES_MAX, Markup, declared_encoding};
use super::pmid::{place, pmid_hint};
use super::token::tag_length;
use crate::error::{Error, Result};
use crate::ingest::raw::{RECORD_BYTES_MAX, RawBatch, RawKind, input_error};
use crate::ingest::window::Window;

/// Cuts records out of a window.
#[derive(Default)]
pub(in crate::ingest) struct XmlCutter {
    phase: Phase,
    /// Bytes of the window that the search for a record's end has passed.
    scanned: usize,
    records: u64,
    documents: u64,
}

/// Where the cutter stands.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    /// Before a root element, or after one: files that were joined hold several.
    #[default]
    Outside,
    /// Between the records of a set.
    Set(Root),
    /// Between the PMIDs of a `<DeleteCitation>`.
    Deletes(Root),
    /// In a record; the phase to go back to.
    Record(RawKind, Home),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Home {
    Outside,
    Set(Root),
    Deletes(Root),
}

/// A root element that holds records.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    Articles,
    Books,
    Citations,
}

impl Root {
    fn named(name: &str) -> Option<Root> {
        match name {
            "PubmedArticleSet" => Some(Root::Articles),
            "PubmedBookArticleSet" => Some(Root::Books),
            "MedlineCitationSet" => Some(Root::Citations),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Root::Articles => "PubmedArticleSet",
            Root::Books => "PubmedBookArticleSet",
            Root::Citations => "MedlineCitationSet",
        }
    }

    /// The kind of record a child of this name is.
    fn record(self, name: &str) -> Option<RawKind> {
        match (self, name) {
            (Root::Citations, "MedlineCitation") => Some(RawKind::Citation),
            (Root::Citations, _) => None,
            (_, "PubmedArticle") => Some(RawKind::Article),
            (_, "PubmedBookArticle") => Some(RawKind::Book),
            _ => None,
        }
    }
}

impl Home {
    fn phase(self) -> Phase {
        match self {
            Home::Outside => Phase::Outside,
            Home::Set(root) => Phase::Set(root),
            Home::Deletes(root) => Phase::Deletes(root),
        }
    }

    /// Whether a tag proves that the record before it was not closed.
    fn interrupts(self, tag: &Markup<'_>) -> bool {
        match (self, tag) {
            (Home::Set(root), Markup::Open(name, _)) => {
                root.record(name).is_some() || holds_deletes(name)
            }
            (Home::Set(root), Markup::Close(name, _)) => *name == root.name(),
            (Home::Deletes(_), Markup::Open(name, _)) => *name == "PMID",
            (Home::Deletes(root), Markup::Close(name, _)) => {
                holds_deletes(name) || *name == root.name()
            }
            _ => false,
        }
    }
}

/// Whether an element holds PMIDs that are taken back.
fn holds_deletes(name: &str) -> bool {
    matches!(name, "DeleteCitation" | "DeleteDocument")
}

/// A start tag that is there to its end.
#[derive(Clone, Copy)]
struct StartTag {
    /// Bytes from `<` to `>`.
    length: usize,
    /// `<name/>`: the element has neither content nor end tag.
    is_empty: bool,
}

/// The start tag at the start of `bytes`, of which `name_end` bytes are `<` and name; `None` when it
/// does not end within them.
fn start_tag(bytes: &[u8], name_end: usize) -> Option<StartTag> {
    let rest = bytes.get(name_end..)?;
    let rest = rest.get(..rest.len().min(MARKUP_BYTES_MAX))?;
    let length = tag_length(rest)?;
    let is_empty = rest.get(..length)?.ends_with(b"/");
    Some(StartTag { length: name_end + length + 1, is_empty })
}

fn element(kind: RawKind) -> &'static str {
    match kind {
        RawKind::Citation => "MedlineCitation",
        RawKind::Book => "PubmedBookArticle",
        RawKind::Delete => "PMID",
        _ => "PubmedArticle",
    }
}

impl XmlCutter {
    /// Adds the next record to `batch`; `false` at the end of the file.
    ///
    /// # Errors
    /// [`Error::Input`] when the file is not PubMed XML, is cut, is not UTF-8 by its own words, or
    /// declares entities; and as [`Window::fill`].
    pub(in crate::ingest) fn next(
        &mut self,
        window: &mut Window,
        batch: &mut RawBatch,
    ) -> Result<bool> {
        loop {
            let step = match self.phase {
                Phase::Outside => self.outside(window)?,
                Phase::Set(root) => self.between(window, Home::Set(root))?,
                Phase::Deletes(root) => self.between(window, Home::Deletes(root))?,
                Phase::Record(kind, home) => {
                    let added = self.record(window, batch, kind, home);
                    if added {
                        self.records += 1;
                        return Ok(true);
                    }
                    Step::More
                }
            };
            match step {
                Step::Again => {}
                Step::More if window.fill()? => {}
                Step::More => return self.end(window),
            }
        }
    }

    /// What the end of the stream means here.
    fn end(&self, window: &Window) -> Result<bool> {
        let detail = match self.phase {
            Phase::Outside if self.documents > 0 && window.bytes().trim_ascii().is_empty() => {
                return Ok(false);
            }
            Phase::Outside if window.bytes().is_empty() => "no root element was found".to_owned(),
            Phase::Outside => "the file ends inside of its prolog: it is cut".to_owned(),
            Phase::Set(root) | Phase::Deletes(root) => {
                format!("the file ends before </{}>: it is cut", root.name())
            }
            Phase::Record(kind, _) => {
                format!("the file ends before this record's </{}>: it is cut", element(kind))
            }
        };
        Err(self.error(window, detail))
    }

    fn error(&self, window: &Window, detail: impl Into<String>) -> Error {
        let place = match self.phase {
            Phase::Record(..) => place(self.records, window.offset(), pmid_hint(window.bytes())),
            _ => format!("byte {}", window.offset()),
        };
        input_error(window.input().name(), place, detail)
    }

    /// Steps over the prolog, to and over the root's start tag.
    fn outside(&mut self, window: &mut Window) -> Result<Step> {
        let bytes = window.bytes();
        let blank = bytes.len() - bytes.trim_ascii_start().len();
        if blank > 0 {
            window.consume(blank);
            return Ok(Step::Again);
        }
        match bytes.first() {
            None => return Ok(Step::More),
            Some(b'<') => {}
            Some(_) => return Err(self.error(window, "expected XML mark-up, found text")),
        }
        match Markup::at(bytes) {
            Markup::Cut if bytes.len() > MARKUP_BYTES_MAX => {
                Err(self.error(window, "a comment or DOCTYPE is longer than 64 KiB"))
            }
            Markup::Cut => Ok(Step::More),
            Markup::Aside(length) | Markup::Doctype(length) => {
                self.check_prolog(window, length)?;
                window.consume(length);
                Ok(Step::Again)
            }
            Markup::Open(name, name_end) => {
                if let Some(root) = Root::named(name) {
                    let Some(tag) = start_tag(bytes, name_end) else {
                        return self.cut_tag(window, name_end);
                    };
                    if !tag.is_empty {
                        self.phase = Phase::Set(root);
                    }
                    window.consume(tag.length);
                } else {
                    self.phase = self.lone_record(window, name)?;
                }
                self.documents += 1;
                Ok(Step::Again)
            }
            Markup::Close(..) | Markup::Bad => {
                Err(self.error(window, "expected a root element, found other mark-up"))
            }
        }
    }

    /// What a start tag that does not end yet means.
    fn cut_tag(&self, window: &Window, name_end: usize) -> Result<Step> {
        if window.bytes().len() < name_end + MARKUP_BYTES_MAX {
            return Ok(Step::More);
        }
        Err(self.error(window, "not well-formed: a tag is not closed within 64 KiB"))
    }

    fn lone_record(&self, window: &Window, name: &str) -> Result<Phase> {
        let kind = Root::Articles
            .record(name)
            .or_else(|| Root::Citations.record(name))
            .ok_or_else(|| {
                let detail = format!(
                    "the root element is <{name}>; expected <PubmedArticleSet> or <MedlineCitationSet>"
                );
                self.error(window, detail)
            })?;
        Ok(Phase::Record(kind, Home::Outside))
    }

    fn check_prolog(&self, window: &Window, length: usize) -> Result<()> {
        let markup = window.bytes().get(..length).unwrap_or_default();
        if markup.starts_with(b"<?xml") {
            let encoding = declared_encoding(markup).unwrap_or("UTF-8");
            if !["utf-8", "utf8", "us-ascii", "ascii"]
                .iter()
                .any(|known| encoding.eq_ignore_ascii_case(known))
            {
                let detail = format!("the encoding is {encoding}; expected UTF-8");
                return Err(self.error(window, detail));
            }
        }
        if markup.starts_with(b"<!DOCTYPE") && memmem::find(markup, b"<!ENTITY").is_some() {
            let detail = "the DOCTYPE declares entities of its own, which are never expanded";
            return Err(self.error(window, detail));
        }
        if markup.starts_with(b"<![CDATA[") {
            return Err(self.error(window, "expected XML mark-up, found a CDATA section"));
        }
        Ok(())
    }

    /// Steps to the next tag between records.
    fn between(&mut self, window: &mut Window, home: Home) -> Result<Step> {
        let bytes = window.bytes();
        let Some(place) = memchr(b'<', bytes) else {
            window.consume(bytes.len());
            return Ok(Step::More);
        };
        if place > 0 {
            window.consume(place);
            return Ok(Step::Again);
        }
        let (skip, phase) = match Markup::at(bytes) {
            Markup::Cut if bytes.len() > MARKUP_BYTES_MAX => {
                return Err(self.error(window, "a comment between records is longer than 64 KiB"));
            }
            Markup::Cut => return Ok(Step::More),
            Markup::Aside(length) | Markup::Doctype(length) => (length, self.phase),
            Markup::Bad => (1, self.phase),
            Markup::Open(name, name_end) => match (home, name) {
                (Home::Set(root), name) if holds_deletes(name) => {
                    match start_tag(bytes, name_end) {
                        // An empty one takes nothing back: what follows are records.
                        Some(tag) if tag.is_empty => (tag.length, self.phase),
                        Some(tag) => (tag.length, Phase::Deletes(root)),
                        None => return self.cut_tag(window, name_end),
                    }
                }
                (Home::Deletes(_), "PMID") => (0, Phase::Record(RawKind::Delete, home)),
                // The PMIDs of a record would be taken for deletions.
                (Home::Deletes(_), name) => {
                    let detail = format!("expected a <PMID> to delete, found <{name}>");
                    return Err(self.error(window, detail));
                }
                (Home::Set(root), name) => match root.record(name) {
                    Some(kind) => (0, Phase::Record(kind, home)),
                    None => (name_end, self.phase),
                },
                (Home::Outside, _) => (name_end, self.phase),
            },
            Markup::Close(name, length) => match home {
                Home::Deletes(root) if holds_deletes(name) => (length, Phase::Set(root)),
                Home::Set(root) | Home::Deletes(root) if name == root.name() => {
                    // A root's end tag is closed by the `>` that follows, which is not mark-up.
                    match memchr(b'>', bytes) {
                        Some(end) => (end + 1, Phase::Outside),
                        None => return Ok(Step::More),
                    }
                }
                _ => (length, self.phase),
            },
        };
        self.phase = phase;
        self.scanned = 0;
        window.consume(skip);
        Ok(Step::Again)
    }

    /// Looks for the end of the record at the start of the window; `true` when one was added.
    fn record(
        &mut self,
        window: &mut Window,
        batch: &mut RawBatch,
        kind: RawKind,
        home: Home,
    ) -> bool {
        let offset = window.offset();
        let (length, reason) = match self.find_end(window.bytes(), kind, home) {
            Found::Whole(length) => {
                let bytes = window.bytes().get(..length).unwrap_or_default();
                batch.push(kind, bytes, offset, 0);
                (length, None)
            }
            Found::Interrupted(length) => (length, Some(NOT_CLOSED)),
            Found::Cut if window.bytes().len() > RECORD_BYTES_MAX => (1, Some(TOO_LONG)),
            Found::Cut => return false,
        };
        if let Some(reason) = reason {
            let searched = if reason == TOO_LONG { window.bytes().len() } else { length };
            let head = window.bytes().get(..searched).unwrap_or_default();
            let whose = pmid_hint(head).map(|pmid| format!(" of PMID {pmid}"));
            let detail = format!("the record{} {reason}", whose.unwrap_or_default());
            batch.push(RawKind::Bad, detail.as_bytes(), offset, 0);
        }
        window.consume(length);
        self.scanned = 0;
        self.phase = home.phase();
        true
    }

    fn find_end(&mut self, bytes: &[u8], kind: RawKind, home: Home) -> Found {
        let end_name = element(kind);
        if self.scanned == 0 {
            let name_end = 1 + end_name.len();
            self.scanned = match start_tag(bytes, name_end) {
                Some(tag) if tag.is_empty => return Found::Whole(tag.length),
                Some(tag) => tag.length,
                None if bytes.len() < name_end + MARKUP_BYTES_MAX => return Found::Cut,
                // The reader of the record says what is wrong with its tag.
                None => name_end,
            };
        }
        loop {
            let rest = bytes.get(self.scanned..).unwrap_or_default();
            let Some(place) = memchr(b'<', rest) else {
                self.scanned = bytes.len();
                return Found::Cut;
            };
            let at = self.scanned + place;
            let tag = rest.get(place..).unwrap_or_default();
            let is_candidate = may_end_record(tag.get(1..).unwrap_or_default());
            self.scanned = at + 1;
            if !is_candidate {
                continue;
            }
            match Markup::at(tag) {
                Markup::Cut => {
                    self.scanned = at;
                    return Found::Cut;
                }
                Markup::Aside(length) => self.scanned = at + length,
                Markup::Close(name, length) if name == end_name => {
                    let Some(end) = tag.get(length..).and_then(|rest| memchr(b'>', rest)) else {
                        self.scanned = at;
                        return Found::Cut;
                    };
                    return Found::Whole(at + length + end + 1);
                }
                tag if home.interrupts(&tag) => return Found::Interrupted(at),
                _ => {}
            }
        }
    }
}

/// Whether mark-up, behind its `<`, can be one that the search for a record's end looks at. Most is
/// settled by its first letters, and there is much of it.
fn may_end_record(markup: &[u8]) -> bool {
    let name = markup.strip_prefix(b"/").unwrap_or(markup);
    match name.first_chunk::<4>() {
        Some([b'!' | b'?', ..] | b"Pubm" | b"Medl" | b"Dele" | b"PMID") => true,
        Some(_) => false,
        // Cut: more must be read to know.
        None => true,
    }
}

const NOT_CLOSED: &str = "is not closed; the next one begins inside of it";
const TOO_LONG: &str = "is longer than 16 MiB";

/// What to do next.
enum Step {
    Again,
    More,
}

/// Where a record ends.
enum Found {
    Whole(usize),
    Interrupted(usize),
    Cut,
}
