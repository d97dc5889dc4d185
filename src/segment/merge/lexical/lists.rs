//! Lists of the output, each joined from those of the inputs, on all cores.

use super::super::order::Input;
use crate::control::Control;
use crate::error::Result;
use crate::format::lexical::{Decoded, ListCoding, ListInfo, Occurrence, TermEntry, Wanted};
use crate::parallel;
use crate::segment::read::lexical::{Entries, LexicalIndex, List};
use crate::segment::write::lexical::{is_text, put_list};

/// Bytes of lists that are joined together, at least: a list takes ten times as much memory while it is joined.
const BATCH_BYTES: u64 = if cfg!(test) { 256 << 10 } else { 8 << 20 };

/// Bytes of lists that one thread joins in one go, at least.
const PART_BYTES: u64 = 64 << 10;

/// What a list costs besides its bytes, in bytes: most are of one row.
const LIST_BYTES: u64 = 32;

/// Stands for a form or a list that the output does not have.
pub(super) const NONE: u32 = u32::MAX;

/// The lists of one input.
pub(super) struct Map {
    /// The joined list that each list goes into.
    pub(super) lists: Vec<u32>,
    /// Where the forms of each list start in `forms`, and where the last one's end.
    pub(super) starts: Vec<u32>,
    /// Each form among those of the joined list.
    pub(super) forms: Vec<u32>,
}

impl Map {
    /// The forms of a list among those of the joined one, and what follows them.
    fn forms_of(&self, list: u32) -> &[u32] {
        let start = self.starts.get(list as usize).copied().unwrap_or_default();
        self.forms.get(start as usize..).unwrap_or_default()
    }
}

/// Lists to be joined, in order.
#[derive(Default)]
pub(super) struct Batch {
    parts: Vec<Part>,
    bytes: u64,
}

/// Lists that one thread joins.
#[derive(Default)]
struct Part {
    lists: Vec<Joining>,
    /// Inputs of all these lists, one after the other.
    sources: Vec<(usize, List)>,
    bytes: u64,
}

/// A list of the output.
struct Joining {
    is_text: bool,
    /// Its number among the joined ones.
    number: u32,
    /// Where its sources end.
    end: usize,
}

/// Lists that were joined.
#[derive(Default)]
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    /// For each list what the dictionary says of it; `None` for one without a live row.
    pub(super) infos: Vec<Option<ListInfo>>,
    /// The forms of each list, one after the other: the form in the output, or [`NONE`].
    pub(super) ranks: Vec<u32>,
}

impl Batch {
    /// Adds the joined list of a key.
    pub(super) fn push(&mut self, key: &[u8], number: u32, entries: &[(usize, TermEntry)]) {
        if self.parts.last().is_none_or(|part| part.bytes >= PART_BYTES) {
            self.parts.push(Part::default());
        }
        let Some(part) = self.parts.last_mut() else { return };
        let sources =
            entries.iter().filter_map(|(input, entry)| Some((*input, Entries::list(entry)?)));
        let first = part.sources.len();
        part.sources.extend(sources);
        let bytes: u64 = part.sources.iter().skip(first).map(|(_, list)| list.bytes()).sum();
        let end = part.sources.len();
        part.lists.push(Joining { is_text: is_text(key), number, end });
        part.bytes += bytes + LIST_BYTES;
        self.bytes += bytes;
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES || self.parts.len() as u64 > BATCH_BYTES / PART_BYTES
    }

    /// Bytes of the lists of the inputs.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.parts.clear();
        self.bytes = 0;
    }
}

/// Joins lists.
pub(super) struct Joiner<'a> {
    pub(super) inputs: &'a [Input<'a>],
    pub(super) indexes: &'a [LexicalIndex<'a>],
    pub(super) maps: &'a [Map],
    /// Forms of each joined list.
    pub(super) forms: &'a [u32],
    pub(super) coding: ListCoding<'a>,
}

impl Joiner<'_> {
    /// Joins the lists of a batch.
    ///
    /// # Errors
    /// Those of decoding; a list of more than 2^32 occurrences or bytes; those of the control.
    pub(super) fn join(&self, batch: &Batch, control: &Control) -> Result<Vec<Encoded>> {
        let mut all: Vec<Encoded> = Vec::new();
        all.resize_with(batch.parts.len(), Encoded::default);
        let items = batch.parts.iter().zip(&mut all);
        let threads = parallel::cores().min(batch.parts.len());
        let run = |buffers: &mut Buffers, (part, encoded): (&Part, &mut Encoded)| {
            self.join_part(part, buffers, encoded)
        };
        parallel::for_each(threads, items, control, Buffers::default, run, &mut |_| ())?;
        Ok(all)
    }

    fn join_part(&self, part: &Part, buffers: &mut Buffers, encoded: &mut Encoded) -> Result<()> {
        let Buffers { decoded, gathered } = buffers;
        let mut start = 0;
        for list in &part.lists {
            gathered.clear();
            for (number, source) in part.sources.get(start..list.end).unwrap_or_default() {
                let parts =
                    (self.maps.get(*number), self.indexes.get(*number), self.inputs.get(*number));
                let (Some(map), Some(index), Some(input)) = parts else { continue };
                index.decode(source, gathered.wanted(index), decoded)?;
                let known = map.forms_of(source.number);
                for (place, row) in (0..).zip(&decoded.rows) {
                    if let Some(row) = input.new_row(*row) {
                        gathered.push(row, decoded, place, known);
                    }
                }
            }
            start = list.end;
            let forms = self.forms.get(list.number as usize).copied().unwrap_or_default();
            let kept = gathered.finish(forms, &mut encoded.ranks);
            encoded.infos.push(match gathered.list.rows.is_empty() {
                true => None,
                false => {
                    let out = &mut encoded.bytes;
                    Some(put_list(&gathered.list, kept, list.is_text, self.coding, out)?)
                }
            });
        }
        Ok(())
    }
}

/// What a thread joins lists in.
#[derive(Default)]
struct Buffers {
    decoded: Decoded,
    gathered: Gathered,
}

/// The rows of one list of the output, in any order, and what becomes of them.
#[derive(Default)]
struct Gathered {
    list: Decoded,
    /// New row, and where its occurrences are in `occurrences`.
    rows: Vec<(u32, u32, u32)>,
    occurrences: Vec<Occurrence>,
    counts: Vec<u32>,
}

impl Gathered {
    fn clear(&mut self) {
        self.list.clear();
        self.rows.clear();
        self.occurrences.clear();
    }

    fn wanted(&self, index: &LexicalIndex<'_>) -> Wanted {
        Wanted { forms: true, positions: index.has_positions() }
    }

    /// Adds a row of an input; `known` maps the forms of its list.
    fn push(&mut self, row: u32, from: &Decoded, place: usize, known: &[u32]) {
        let start = self.occurrences.len() as u32;
        for at in from.range(place) {
            let form = from.forms.get(at).copied().unwrap_or_default();
            self.occurrences.push(Occurrence {
                position: from.positions.get(at).copied().unwrap_or_default(),
                form: known.get(form as usize).copied().unwrap_or_default(),
            });
        }
        self.rows.push((row, start, self.occurrences.len() as u32));
    }

    /// Makes `list` of what was added; appends the ranks of the forms and returns how many are left.
    fn finish(&mut self, forms: u32, ranks: &mut Vec<u32>) -> u32 {
        let Gathered { list, rows, occurrences, counts } = self;
        counts.clear();
        counts.resize(forms.max(1) as usize, 0);
        for occurrence in &*occurrences {
            if let Some(count) = counts.get_mut(occurrence.form as usize) {
                *count += 1;
            }
        }
        let mut by_count: Vec<u32> = (0..forms).collect();
        let count = |form: &u32| counts.get(*form as usize).copied().unwrap_or_default();
        by_count.sort_by_key(|form| std::cmp::Reverse(count(form)));
        let kept = by_count.iter().filter(|form| count(form) > 0).count() as u32;
        let first = ranks.len();
        ranks.resize(first + forms as usize, NONE);
        for (rank, form) in (0..kept).zip(&by_count) {
            if let Some(slot) = ranks.get_mut(first + *form as usize) {
                *slot = rank;
            }
        }
        if !rows.is_sorted() {
            rows.sort_unstable();
        }
        for (row, start, end) in &*rows {
            let in_row = occurrences.get_mut(*start as usize..*end as usize).unwrap_or_default();
            if kept > 1 {
                for occurrence in &mut *in_row {
                    let rank = ranks.get(first + occurrence.form as usize).copied();
                    occurrence.form = rank.filter(|rank| *rank != NONE).unwrap_or_default();
                }
                in_row.sort_unstable();
                list.forms.extend(in_row.iter().map(|occurrence| occurrence.form));
            }
            list.rows.push(*row);
            list.positions.extend(in_row.iter().map(|occurrence| occurrence.position));
            list.ends.push(list.positions.len() as u32);
        }
        kept.max(1)
    }
}
