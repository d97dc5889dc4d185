//! Lists of ids: text, JSON lines, or one JSON list.

use std::collections::HashSet;
use std::path::Path;

use memchr::memchr;
use roaring::RoaringBitmap;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::document::Document;
use crate::error::{Error, Result};
use crate::format::manifest::SourceEntry;
use crate::ids::Key;
use crate::ingest::input::Input;
use crate::ingest::jsonl::values;
#[cfg(any(test, feature = "session"))]
use crate::ingest::keys::key_member;
use crate::ingest::keys::{id_key, pmid_value};
use crate::ingest::raw::{Fault, RECORD_BYTES_MAX, input_error, utf8};
use crate::ingest::window::Window;

/// Longest item of a list, in bytes: with its quotes and escapes six times the longest key. A line of
/// JSON may hold a whole document.
const ITEM_BYTES_MAX: usize = 4096;

/// Members of a line of JSON that hold its id, the first that is there.
const ID_MEMBERS: [&str; 4] = ["pmid", "id", "_id", "doc_id"];

/// A list of ids that was read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) ids: u64,
    pub(super) bytes: u64,
    pub(super) hash: [u8; 32],
}

/// A list of ids, read from front to back.
pub(super) struct IdList {
    window: Window,
    form: Form,
    given: u64,
    /// Whether its name says that all are PMIDs (`pmids_chunk_36.json`).
    is_pmids: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One id or one JSON object per line.
    Lines,
    /// Inside of `[...]`.
    Json,
    /// After it.
    Ended,
}

impl IdList {
    /// Opens a list; its first byte says what it is.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] for an empty file.
    pub(super) fn open(path: &Path) -> Result<IdList> {
        let mut window = Window::new(Input::open(path)?);
        while window.bytes().trim_ascii_start().is_empty() && window.fill()? {}
        if window.bytes().starts_with(b"\xef\xbb\xbf") {
            window.consume(3);
        }
        let is_pmids = window.input().base().starts_with("pmids_");
        let mut list = IdList { window, form: Form::Lines, given: 0, is_pmids };
        if list.window.bytes().trim_ascii_start().first() == Some(&b'[') {
            list.skip_blanks()?;
            list.window.consume(1);
            list.form = Form::Json;
        }
        Ok(list)
    }

    pub(super) fn name(&self) -> &str {
        self.window.input().name()
    }

    pub(super) fn entry(&self) -> SourceEntry {
        self.window.input().entry(0, false)
    }

    /// The ids given and the bytes read so far.
    pub(super) fn counted(&self) -> Counted {
        let read = self.window.input().digest();
        let (bytes, hash) = read.map_or_else(Default::default, |read| (read.bytes, read.hash));
        Counted { ids: self.given, bytes, hash }
    }

    /// The next id; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Input`] for an invalid id, or something that is not a list.
    pub(super) fn next(&mut self) -> Result<Option<Key>> {
        let place = self.place();
        let item = match self.form {
            Form::Lines => self.next_line(),
            Form::Json => self.next_item(),
            Form::Ended => return Ok(None),
        };
        let key = match item? {
            None => return Ok(None),
            Some(item) => item.and_then(checked),
        };
        self.given += 1;
        key.map(Some).map_err(|fault| self.fault(place, fault))
    }

    /// Where the next id is, for messages.
    fn place(&self) -> String {
        match self.form {
            Form::Lines => format!("line {}", self.window.line()),
            _ => format!("item {}", self.given),
        }
    }

    fn fault(&self, place: String, fault: Fault) -> Error {
        input_error(self.name(), place, fault.detail)
    }

    fn next_line(&mut self) -> Result<Option<Result<Key, Fault>>> {
        let place = self.place();
        let mut scanned = 0;
        let (length, is_last) = loop {
            let bytes = self.window.bytes();
            match bytes.get(scanned..).and_then(|rest| memchr(b'\n', rest)) {
                Some(end) => break (scanned + end, false),
                None if bytes.len() > RECORD_BYTES_MAX => {
                    let detail = "the line is longer than 16 MiB";
                    return Err(input_error(self.name(), place, detail));
                }
                None => scanned = bytes.len(),
            }
            if !self.window.fill()? {
                break (scanned, true);
            }
        };
        let line = self.window.bytes().get(..length).unwrap_or_default().trim_ascii();
        if line.is_empty() {
            // Blank lines may end a list; inside of it one would shift all that follow.
            self.skip_blanks()?;
            return match self.window.bytes().is_empty() && (is_last || !self.window.fill()?) {
                true => Ok(None),
                false => Err(input_error(self.name(), place, "the line is empty; expected an id")),
            };
        }
        let key = line_key(line, self.is_pmids);
        self.window.consume(length + 1);
        self.window.end_line();
        Ok(Some(key))
    }

    fn next_item(&mut self) -> Result<Option<Result<Key, Fault>>> {
        self.skip_blanks()?;
        if self.window.bytes().first() == Some(&b']') {
            self.window.consume(1);
            return self.end().map(|()| None);
        }
        if self.given > 0 {
            self.eat_comma()?;
        }
        let length = self.item_length()?;
        let bytes = self.window.bytes().get(..length).unwrap_or_default();
        let value = serde_json::from_slice::<Value>(bytes).map_err(|_| {
            Fault::whole(format!(
                "expected a string or an integer, found `{}`",
                String::from_utf8_lossy(bytes.get(..length.min(40)).unwrap_or_default())
            ))
        });
        let key = value.and_then(|value| item_key(&value, self.is_pmids));
        self.window.consume(length);
        Ok(Some(key))
    }

    fn eat_comma(&mut self) -> Result<()> {
        if self.window.bytes().first() != Some(&b',') {
            let what = if self.window.bytes().is_empty() {
                "the file ends inside the list; fetch it again"
            } else {
                "expected `,` or `]` after the one before"
            };
            return Err(input_error(self.name(), self.place(), what));
        }
        self.window.consume(1);
        self.skip_blanks()
    }

    /// Bytes of the string or number at the start of the window.
    fn item_length(&mut self) -> Result<usize> {
        let mut place = 0;
        let is_string = self.window.bytes().first() == Some(&b'"');
        let mut is_escaped = false;
        loop {
            let Some(&byte) = self.window.bytes().get(place) else {
                if self.window.fill()? {
                    continue;
                }
                let detail = "the file ends inside the list; fetch it again";
                return Err(input_error(self.name(), self.place(), detail));
            };
            let ends = match (is_string, byte) {
                (true, b'"') => place > 0 && !is_escaped,
                (true, _) => false,
                (false, _) => matches!(byte, b',' | b']') || byte.is_ascii_whitespace(),
            };
            if ends {
                return Ok(place + usize::from(is_string));
            }
            is_escaped = byte == b'\\' && !is_escaped;
            place += 1;
            if place > ITEM_BYTES_MAX {
                let detail = format!("an item longer than {ITEM_BYTES_MAX} bytes is not an id");
                return Err(input_error(self.name(), self.place(), detail));
            }
        }
    }

    fn end(&mut self) -> Result<()> {
        self.skip_blanks()?;
        self.form = Form::Ended;
        match self.window.bytes().is_empty() {
            true => Ok(()),
            false => Err(input_error(
                self.name(),
                format!("byte {}", self.window.offset()),
                "something after the end of the list",
            )),
        }
    }

    fn skip_blanks(&mut self) -> Result<()> {
        loop {
            let blanks = self.window.bytes().len() - self.window.bytes().trim_ascii_start().len();
            self.window.consume(blanks);
            if !self.window.bytes().is_empty() || !self.window.fill()? {
                return Ok(());
            }
        }
    }
}

/// The id in a line: the line itself, or that of an object.
fn line_key(line: &[u8], is_pmid: bool) -> Result<Key, Fault> {
    let text = utf8(line)?;
    if !text.starts_with('{') {
        return item_key(&Value::String(text.to_owned()), is_pmid);
    }
    let members = values::members(line)?.members;
    let found = ID_MEMBERS.iter().find_map(|name| members.iter().find(|(known, _)| known == name));
    match found {
        Some((name, value)) if name == "pmid" => pmid_value(value).map(Key::Pmid),
        Some((name, value)) => id_key(name, value),
        None => Err(Fault::whole("no id: expected `pmid`, `id`, `_id` or `doc_id`")),
    }
}

/// The line of a list that has this key: the key as it is, or an object where that would be read as
/// another one.
#[cfg(any(test, feature = "session"))]
pub(crate) fn line_of(key: &Key) -> String {
    let plain = key.to_string();
    let is_odd = plain.starts_with(['{', '[', '\u{feff}']) || plain.contains('\n');
    let line = plain.as_bytes().trim_ascii();
    // The name of the list may say that all are PMIDs; then this must not be read as another one.
    let is_other = line_key(line, true).is_ok_and(|read| read != *key);
    if !is_odd && !is_other && line_key(line, false).is_ok_and(|read| read == *key) {
        return plain;
    }
    let (name, value) = key_member(key);
    serde_json::json!({ name: value }).to_string()
}

fn item_key(value: &Value, is_pmid: bool) -> Result<Key, Fault> {
    if is_pmid { pmid_value(value).map(Key::Pmid) } else { id_key("id", value) }
}

/// The key, if a document may have it.
pub(super) fn checked(key: Key) -> Result<Key, Fault> {
    let document = Document::new(key);
    match document.validate() {
        Ok(()) => Ok(document.key),
        Err(Error::InvalidDocument { detail, .. }) => Err(Fault::whole(detail)),
        Err(other) => Err(Fault::whole(other.to_string())),
    }
}

/// Reads a whole list: how many ids it has, and its digest.
///
/// # Errors
/// As [`IdList::next`], and [`Error::Input`] for an id that comes twice.
pub(super) fn check(path: &Path) -> Result<Counted> {
    let mut list = IdList::open(path)?;
    let mut seen = Seen::default();
    loop {
        let place = list.place();
        let Some(key) = list.next()? else { return Ok(list.counted()) };
        if !seen.insert(&key) {
            let first = first_place(path, &key)?;
            let detail = format!("the id {key} is there already, at {first}");
            return Err(input_error(list.name(), place, detail));
        }
    }
}

fn first_place(path: &Path, wanted: &Key) -> Result<String> {
    let mut list = IdList::open(path)?;
    loop {
        let place = list.place();
        match list.next()? {
            Some(key) if key == *wanted => return Ok(place),
            Some(_) => {}
            None => return Ok("an earlier place".into()),
        }
    }
}

/// Keys seen so far; keys that are no PMIDs by 128 bits of their hash.
#[derive(Default)]
pub(super) struct Seen {
    pmids: RoaringBitmap,
    texts: HashSet<[u8; 16]>,
}

impl Seen {
    /// Whether the key is new.
    pub(super) fn insert(&mut self, key: &Key) -> bool {
        match key {
            Key::Pmid(pmid) => self.pmids.insert(pmid.0),
            Key::Text(text) => {
                let digest: [u8; 32] = Sha256::digest(text).into();
                let mut short = [0; 16];
                short.copy_from_slice(digest.split_at(16).0);
                self.texts.insert(short)
            }
        }
    }
}
