//! The vocabulary of a WordPiece tokenizer: tokens by id, and ids by bytes.
//!
//! The written form is `vocab.txt` of the BERT world: one token per line, the line's number is the
//! id; a token that continues a word is written with `##` before it. Words and continuations are
//! looked up in two hash tables of ids with open addressing; the bytes are only in the text.

/// Tokens of one vocabulary: ten times what encoders use; bounds what a file can make us allocate.
pub const TOKENS_MAX: usize = 1 << 20;

/// Characters of the longest word that is cut into pieces; a longer one is unknown as a whole.
pub const WORD_CHARS_MAX: usize = 100;

/// Slots looked at to enter one token: a table is at most half full, where a real vocabulary needs
/// dozens; more means tokens made to collide.
const PROBES_MAX: usize = 1024;

/// Mark of a token that continues a word.
const CONTINUATION: &[u8] = b"##";

/// The token for words that the vocabulary cannot spell.
const UNKNOWN: &[u8] = b"[UNK]";

/// The hash of nothing: start of [`hash_next`].
pub(super) const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, one byte on: all prefixes of a word are hashed in one pass.
pub(super) fn hash_next(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

/// Tokens and their ids.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    text: Vec<u8>,
    /// Start of each token in `text`, and the end of the text.
    starts: Vec<u32>,
    words: Table,
    continuations: Table,
    unknown: u32,
}

/// Ids by the hash of their bytes.
#[derive(Clone, Debug)]
struct Table {
    /// Ids; `u32::MAX` is a free slot. The length is a power of two, at least twice the ids.
    slots: Vec<u32>,
    bytes_max: usize,
    /// Bytes before the part that counts: the length of `##`, or 0.
    skip: usize,
}

impl Vocabulary {
    /// Reads a vocabulary: tokens in order of id, each ended by a line feed.
    ///
    /// # Errors
    /// A sentence on what is wrong: no line feed at the end, not UTF-8, an empty token, a token
    /// given twice, more than [`TOKENS_MAX`], or no `[UNK]`.
    pub fn parse(text: &[u8]) -> Result<Vocabulary, String> {
        if text.last() != Some(&b'\n') {
            return Err("the vocabulary does not end with a line feed".into());
        }
        if std::str::from_utf8(text).is_err() {
            return Err("the vocabulary is not UTF-8".into());
        }
        let count = text.iter().filter(|&&byte| byte == b'\n').count();
        if count > TOKENS_MAX || u32::try_from(text.len()).is_err() {
            return Err(format!("{count} tokens, at most {TOKENS_MAX} are allowed"));
        }
        let mut vocabulary = Vocabulary {
            text: text.to_vec(),
            starts: Vec::with_capacity(count + 1),
            words: Table::new(count, 0),
            continuations: Table::new(count, CONTINUATION.len()),
            unknown: u32::MAX,
        };
        let mut start = 0u32;
        vocabulary.starts.push(start);
        for (id, line) in (0u32..).zip(text.split_inclusive(|&byte| byte == b'\n')) {
            start += line.len() as u32;
            vocabulary.starts.push(start);
            let token = line.strip_suffix(b"\n").unwrap_or(line);
            if token.is_empty() {
                return Err(format!("token {id} is empty"));
            }
            if token == UNKNOWN {
                vocabulary.unknown = id;
            }
            vocabulary.insert(id)?;
        }
        if vocabulary.unknown == u32::MAX {
            return Err("there is no token [UNK]".into());
        }
        Ok(vocabulary)
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Never true: a vocabulary holds at least `[UNK]`.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Id of `[UNK]`.
    pub fn unknown(&self) -> u32 {
        self.unknown
    }

    /// The bytes of a token, UTF-8, as written; empty for an id that is not in the vocabulary.
    pub fn token(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let (Some(&start), Some(&end)) = (self.starts.get(id), self.starts.get(id + 1)) else {
            return &[];
        };
        self.text.get(start as usize..end as usize - 1).unwrap_or_default()
    }

    /// The written form.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Bytes of the longest token at the start of a word, or inside one.
    pub(super) fn bytes_max(&self, inside: bool) -> usize {
        self.table(inside).bytes_max
    }

    /// The id of a word's beginning, or of a piece inside a word, given with its hash.
    pub(super) fn find(&self, inside: bool, piece: &[u8], hash: u64) -> Option<u32> {
        let table = self.table(inside);
        let mut slot = table.slot(hash);
        // A table is at most half full, so a free slot ends the loop.
        loop {
            let id = *table.slots.get(slot)?;
            if id == u32::MAX {
                return None;
            }
            if self.token(id).get(table.skip..) == Some(piece) {
                return Some(id);
            }
            slot = (slot + 1) & (table.slots.len() - 1);
        }
    }

    fn table(&self, inside: bool) -> &Table {
        if inside { &self.continuations } else { &self.words }
    }

    /// Enters a token in its table.
    fn insert(&mut self, id: u32) -> Result<(), String> {
        let token = self.token(id);
        let inside = token.starts_with(CONTINUATION);
        let skip = self.table(inside).skip;
        let piece = token.get(skip..).unwrap_or_default();
        let bytes = piece.len();
        let hash = piece.iter().fold(HASH_START, |hash, &byte| hash_next(hash, byte));
        if self.find(inside, piece, hash).is_some() {
            return Err(format!("token {id} is given twice"));
        }
        let table = if inside { &mut self.continuations } else { &mut self.words };
        table.bytes_max = table.bytes_max.max(bytes);
        let last = table.slots.len() - 1;
        let first = table.slot(hash);
        let mut probes = (0..PROBES_MAX).map(|probe| (first + probe) & last);
        let free = probes.find(|&slot| table.slots.get(slot) == Some(&u32::MAX));
        match free.and_then(|slot| table.slots.get_mut(slot)) {
            Some(slot) => *slot = id,
            None => return Err(format!("token {id} collides with {PROBES_MAX} others")),
        }
        Ok(())
    }
}

impl Table {
    fn new(count: usize, skip: usize) -> Table {
        let slots = (2 * count.max(1)).next_power_of_two();
        Table { slots: vec![u32::MAX; slots], bytes_max: 0, skip }
    }

    fn slot(&self, hash: u64) -> usize {
        // FNV's low bits are its weakest: fold the high half in.
        ((hash ^ (hash >> 32)) as usize) & (self.slots.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_ids() {
        let vocabulary = Vocabulary::parse("[UNK]\nheart\n##s\nβ\n".as_bytes()).unwrap();
        assert_eq!(vocabulary.len(), 4);
        assert_eq!(vocabulary.unknown(), 0);
        assert_eq!(vocabulary.token(2), b"##s");
        assert_eq!(vocabulary.token(4), b"");
        assert_eq!(vocabulary.bytes_max(false), 5);
        assert_eq!(vocabulary.bytes_max(true), 1);
    }

    #[test]
    fn bad_vocabularies_are_refused() {
        for (text, reason) in [
            (&b""[..], "line feed"),
            (b"[UNK]\nheart", "line feed"),
            (b"[UNK]\n\n", "empty"),
            (b"[UNK]\nheart\nheart\n", "twice"),
            (b"[UNK]\n##s\n##s\n", "twice"),
            (b"heart\n", "[UNK]"),
            (b"[UNK]\n\xff\n", "UTF-8"),
        ] {
            let error = Vocabulary::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
    }
}
