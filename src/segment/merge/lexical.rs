//! The lexical index of a merge: lists joined by their stems, rows mapped, nothing tokenised again.
//!
//! The keys of all inputs are walked through in order three times: for the heads, which number the lists of the output;
//! for the words, which get the forms of their new list; and, once the lists are written, for the new dictionary.

mod lists;

use super::order::{Input, Order};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::lexical::{
    LexicalSection, ListCoding, ListInfo, PartLengths, PartsWriter, TermEntry, TermWriter, Word,
};
use crate::format::manifest::LexicalConfig;
use crate::format::rules::Rule;
use crate::format::segment::lexical_kind;
use crate::segment::Segment;
use crate::segment::read::lexical::{Entries, LexicalBytes, LexicalIndex};
use crate::segment::read::lexical_meta::PART_BLOCK_ROWS;
use crate::segment::write::file::SegmentFile;
use crate::segment::write::lexical::{Lexical, LexicalSections, list_coding};
use crate::segment::write::words::{WordReader, Words};
use lists::{Batch, Joiner, Map, NONE};

/// Writes the lexical index of the output. An input without one that fits is tokenised.
pub(super) fn write(
    inputs: &[Input<'_>],
    order: &Order,
    config: LexicalConfig,
    file: &mut SegmentFile,
    control: &Control,
) -> Result<()> {
    let mut made = Vec::new();
    for input in inputs {
        let fits = |index: &LexicalIndex<'_>| index.has_positions() || !config.positions;
        let has_index = input.segment.lexical().is_some_and(|index| fits(&index));
        made.push(if has_index { None } else { Some(tokenise(input, config, control)?) });
    }
    let indexes: Vec<LexicalIndex<'_>> = inputs
        .iter()
        .zip(&made)
        .filter_map(|(input, made)| match made {
            Some(made) => Some(LexicalIndex::new(made, made.sections.meta, input.segment.rows())),
            None => input.segment.lexical(),
        })
        .collect();
    let mut lengths = Vec::with_capacity(order.rows() as usize);
    let mut parts = PartsWriter::default();
    rows(&indexes, order, config, &mut lengths, &mut parts)?;

    let mut joined = Joined::read(&indexes, control)?;
    file.section(lexical_kind(LexicalSection::Lists));
    let coding = list_coding(config.positions, &lengths);
    let infos = joined.write_lists(inputs, &indexes, coding, file, control)?;
    let terms = joined.write_terms(&indexes, &infos, control)?;
    LexicalSections::new(config, terms, infos.len() as u32, lengths, parts).write(file)
}

/// A lexical index in memory.
struct Made<'a> {
    segment: &'a Segment,
    sections: LexicalSections,
    lists: Vec<u8>,
}

impl LexicalBytes for Made<'_> {
    fn read(&self, section: LexicalSection, range: std::ops::Range<u64>) -> Result<&[u8]> {
        let bytes = match section {
            LexicalSection::Meta => &[][..],
            LexicalSection::Terms => &self.sections.terms,
            LexicalSection::TermIndex => &self.sections.term_index,
            LexicalSection::Lists => &self.lists,
            LexicalSection::Lengths => &self.sections.lengths,
            LexicalSection::Parts => &self.sections.parts,
            LexicalSection::PartIndex => bytemuck::cast_slice(&self.sections.part_index),
        };
        bytes.get(range.start as usize..range.end as usize).ok_or_else(|| {
            self.corrupt(section, range.start, Rule::OffsetBounds, "beyond what was made".into())
        })
    }

    fn length(&self, section: LexicalSection) -> u64 {
        let length = match section {
            LexicalSection::Meta => 0,
            LexicalSection::Terms => self.sections.terms.len(),
            LexicalSection::TermIndex => self.sections.term_index.len(),
            LexicalSection::Lists => self.lists.len(),
            LexicalSection::Lengths => self.sections.lengths.len(),
            LexicalSection::Parts => self.sections.parts.len(),
            LexicalSection::PartIndex => self.sections.part_index.len() * 8,
        };
        length as u64
    }

    fn corrupt(&self, _: LexicalSection, offset: u64, rule: Rule, detail: String) -> Error {
        self.segment.corrupt(crate::format::segment::SECTION_META, offset, rule, detail)
    }
}

/// Makes the index of an input from its documents; deleted rows have no words.
fn tokenise<'a>(input: &Input<'a>, config: LexicalConfig, control: &Control) -> Result<Made<'a>> {
    let mut lexical = Lexical::new(config);
    let mut reader = WordReader::default();
    for next in input.segment.documents() {
        control.check()?;
        let (row, document) = next?;
        let words = match input.deleted.contains(row.0) {
            true => Words::default(),
            false => reader.read(&document),
        };
        lexical.push(row.0, &words);
    }
    let mut lists = Vec::new();
    let sections = lexical.encode(&mut |bytes| {
        lists.extend_from_slice(bytes);
        Ok(())
    })?;
    Ok(Made { segment: input.segment, sections, lists })
}

/// Lengths and parts of the rows of the output.
fn rows(
    indexes: &[LexicalIndex<'_>],
    order: &Order,
    config: LexicalConfig,
    lengths: &mut Vec<u8>,
    parts: &mut PartsWriter,
) -> Result<()> {
    let mut known = Vec::new();
    for index in indexes {
        known.push((index.lengths()?, u32::MAX, Vec::<PartLengths>::new()));
    }
    for (number, row) in order.places() {
        let Some(((codes, block, in_block), index)) =
            known.get_mut(*number as usize).zip(indexes.get(*number as usize))
        else {
            continue;
        };
        lengths.push(codes.get(*row as usize).copied().unwrap_or_default());
        if config.positions {
            if *block != row / PART_BLOCK_ROWS {
                *block = row / PART_BLOCK_ROWS;
                *in_block = index.parts(*block)?;
            }
            let place = (row % PART_BLOCK_ROWS) as usize;
            parts.push(in_block.get(place).copied().unwrap_or_default());
        }
    }
    Ok(())
}

/// How lists and forms of the inputs become those of the output.
struct Joined {
    inputs: Vec<Map>,
    /// Forms of each joined list, those of dead rows counted in.
    forms: Vec<u32>,
    /// The forms of the joined lists one after the other: the form in the output, or [`NONE`].
    ranks: Vec<u32>,
    /// The number in the output of each joined list, or [`NONE`].
    finals: Vec<u32>,
}

/// Calls `visit` with each key of any input and the entries of the inputs that have it: words first, then stems.
fn walk(
    indexes: &[LexicalIndex<'_>],
    control: &Control,
    mut visit: impl FnMut(&[u8], &[(usize, TermEntry)]) -> Result<()>,
) -> Result<()> {
    let mut walkers: Vec<(Entries<'_>, Option<(Vec<u8>, TermEntry)>)> = Vec::new();
    for index in indexes {
        let mut entries = index.entries();
        let first = entries.next_entry()?.map(|(key, entry)| (key.to_vec(), entry));
        walkers.push((entries, first));
    }
    let mut key = Vec::new();
    let mut same: Vec<(usize, TermEntry)> = Vec::new();
    loop {
        control.check()?;
        let keys = walkers.iter().filter_map(|(_, next)| next.as_ref().map(|(key, _)| key));
        let Some(next) = keys.min() else { return Ok(()) };
        key.clear();
        key.extend_from_slice(next);
        same.clear();
        for (number, (entries, next)) in walkers.iter_mut().enumerate() {
            while let Some((at, entry)) = next
                && *at == key
            {
                same.push((number, *entry));
                match entries.next_entry()? {
                    Some((next_key, entry_after)) => {
                        at.clear();
                        at.extend_from_slice(next_key);
                        *entry = entry_after;
                    }
                    None => *next = None,
                }
            }
        }
        visit(&key, &same)?;
    }
}

impl Joined {
    fn read(indexes: &[LexicalIndex<'_>], control: &Control) -> Result<Joined> {
        let mut inputs: Vec<Map> = indexes
            .iter()
            .map(|_| Map { lists: Vec::new(), starts: vec![0], forms: Vec::new() })
            .collect();
        let mut lists = 0u32;
        walk(indexes, control, |_, entries| {
            let mut is_new = false;
            for (number, entry) in entries {
                let (Some((info, _)), Some(map)) = (entry.head, inputs.get_mut(*number)) else {
                    continue;
                };
                is_new = true;
                map.lists.push(lists);
                let end =
                    map.starts.last().copied().unwrap_or_default().saturating_add(info.shape.forms);
                map.starts.push(end);
            }
            lists += u32::from(is_new);
            Ok(())
        })?;
        for map in &mut inputs {
            let forms = map.starts.last().copied().unwrap_or_default();
            // The number comes from the file; what cannot be had is an error, not the end of the process.
            map.forms.try_reserve_exact(forms as usize).map_err(|_| Error::InvalidQuery {
                detail: "a segment claims more forms of words than memory can hold".into(),
            })?;
            map.forms.resize(forms as usize, 0);
        }
        let mut forms = vec![0u32; lists as usize];
        walk(indexes, control, |_, entries| {
            let mut new = None;
            for (number, entry) in entries {
                let (Word { list, form: Some(form) }, Some(map)) =
                    (entry.word, inputs.get_mut(*number))
                else {
                    continue;
                };
                let Some(list_forms) =
                    map.lists.get(list as usize).and_then(|list| forms.get_mut(*list as usize))
                else {
                    continue;
                };
                let form_new = *new.get_or_insert_with(|| {
                    *list_forms += 1;
                    *list_forms - 1
                });
                let start = map.starts.get(list as usize).copied().unwrap_or_default();
                if let Some(slot) =
                    map.forms.get_mut((start as usize).saturating_add(form as usize))
                {
                    *slot = form_new;
                }
            }
            Ok(())
        })?;
        Ok(Joined { inputs, forms, ranks: Vec::new(), finals: Vec::new() })
    }

    /// Writes the lists of the output in order and returns what the dictionary says of them. Forms are numbered again, the most
    /// frequent first; forms and lists that no live row has are dropped.
    fn write_lists(
        &mut self,
        inputs: &[Input<'_>],
        indexes: &[LexicalIndex<'_>],
        coding: ListCoding<'_>,
        file: &mut SegmentFile,
        control: &Control,
    ) -> Result<Vec<ListInfo>> {
        let joiner = Joiner { inputs, indexes, maps: &self.inputs, forms: &self.forms, coding };
        let (ranks, finals) = (&mut self.ranks, &mut self.finals);
        let total: u64 = indexes.iter().map(LexicalIndex::list_bytes).sum();
        let (mut done, mut infos) = (0, Vec::new());
        let mut put = |batch: &mut Batch| {
            control.report("merging words", "bytes", done, total);
            done += batch.bytes();
            for part in joiner.join(batch, control)? {
                file.write(&part.bytes)?;
                ranks.extend(part.ranks);
                for info in part.infos {
                    finals.push(info.map_or(NONE, |_| infos.len() as u32));
                    infos.extend(info);
                }
            }
            batch.clear();
            Ok(())
        };
        let mut batch = Batch::default();
        walk(indexes, control, |key, entries| {
            let joined = entries.iter().find_map(|(number, entry)| {
                let list = Entries::list(entry)?;
                self.inputs.get(*number)?.lists.get(list.number as usize).copied()
            });
            let Some(joined) = joined else { return Ok(()) };
            batch.push(key, joined, entries);
            if batch.is_full() { put(&mut batch) } else { Ok(()) }
        })?;
        put(&mut batch)?;
        control.report("merging words", "bytes", total, total);
        Ok(infos)
    }

    /// The dictionary of the output.
    fn write_terms(
        &self,
        indexes: &[LexicalIndex<'_>],
        infos: &[ListInfo],
        control: &Control,
    ) -> Result<TermWriter> {
        let mut starts = Vec::with_capacity(self.forms.len());
        let mut start = 0usize;
        for forms in &self.forms {
            starts.push(start);
            start += *forms as usize;
        }
        let mut terms = TermWriter::default();
        walk(indexes, control, |key, entries| {
            let (mut word, mut head) = (None, None);
            for (number, entry) in entries {
                let Some(map) = self.inputs.get(*number) else { continue };
                let Some(joined) = map.lists.get(entry.word.list as usize) else { continue };
                let list = self.finals.get(*joined as usize).copied().unwrap_or(NONE);
                if list == NONE {
                    continue;
                }
                if entry.head.is_some() {
                    head = Some(list);
                }
                if let Some(form) = entry.word.form {
                    let first =
                        map.starts.get(entry.word.list as usize).copied().unwrap_or_default();
                    let provisional = map.forms.get(first.saturating_add(form) as usize);
                    let place = starts.get(*joined as usize).zip(provisional);
                    let rank =
                        place.and_then(|(start, form)| self.ranks.get(start + *form as usize));
                    if let Some(rank) = rank.filter(|rank| **rank != NONE) {
                        word = Some(Word { list, form: Some(*rank) });
                    }
                }
            }
            let info = |list: u32| infos.get(list as usize);
            match (word, head) {
                (Some(word), Some(head)) if word.list == head => terms.push(key, word, info(head)),
                (word, head) => {
                    if let Some(word) = word {
                        terms.push(key, word, None);
                    }
                    if let Some(list) = head {
                        terms.push(key, Word { list, form: None }, info(list));
                    }
                }
            }
            Ok(())
        })?;
        Ok(terms)
    }
}
