//! Search by the words of a query: BM25 over the text, with the statistics of the whole snapshot.
//!
//! A word of the query stands for all forms of its stem. Numbers of documents are those of live ones, whatever the
//! layout of segments, so that the same documents have the same scores in every one.

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::answer::Hit;
use super::explain::WordExplain;
use super::matches::Matches;
use super::terms::{TermWeight, WeightedTerms};
use super::text::not_indexed;
use super::view::SegmentView;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::lexical::{Broken, LexicalField, NO_ROW};
use crate::format::rows::rows as bitmap_rows;
use crate::ids::RowId;
use crate::index::lexical::{Best, Bm25, RankedList, SCORE_UNIT, rank, score_rows};
use crate::segment::{LexicalIndex, List};

/// Rows that pass a filter are scored one by one if they are this many times fewer than the occurrences of the words.
const NARROW: u64 = 8;

/// Rows of a list that a walk passes in the time of a leap, which decodes a block of 128.
const LEAP_ROWS: u64 = 128;

/// The words of a query, ready to be looked for in the segments of a snapshot.
pub(super) struct Words<'a> {
    segments: &'a [SegmentView],
    bm25: Bm25,
    words: Vec<Word>,
}

/// A word and its lists.
struct Word {
    text: String,
    /// How often the query has it, or how much it counts beside words that it has once.
    times: TermWeight,
    idf: f64,
    /// Live documents that have it.
    documents: u64,
    /// Per segment.
    lists: Vec<Option<List>>,
}

/// A found row, with its score in units of 1 / [`SCORE_UNIT`].
pub(super) struct WordHit {
    pub(super) hit: Hit,
    pub(super) units: u32,
}

/// Whether all segments that have rows can be searched for words.
pub(super) fn is_indexed(segments: &[SegmentView]) -> bool {
    segments.iter().all(|view| view.segment.rows() == 0 || view.segment.lexical().is_some())
}

impl<'a> Words<'a> {
    /// Looks weighted words up.
    ///
    /// Cost: a search in the dictionary per word and segment and, in segments with deleted rows, 1 ns per row of the
    /// lists.
    ///
    /// # Errors
    /// [`Error::InvalidQuery`] for a segment without a lexical index; [`Error::Corrupt`].
    pub(super) fn new(
        segments: &'a [SegmentView],
        terms: &WeightedTerms,
        control: &Control,
    ) -> Result<Words<'a>> {
        let mut indexes = Vec::new();
        let (mut texts, mut tokens) = (0, 0);
        for view in segments {
            if view.segment.rows() == 0 {
                indexes.push(None);
                continue;
            }
            let index = view.segment.lexical().ok_or_else(|| not_indexed(&view.segment))?;
            texts += u64::from(view.segment.rows()).saturating_sub(view.deleted.len());
            tokens += view.live_tokens()?;
            indexes.push(Some(index));
        }
        let mut words = Vec::new();
        for (text, times) in terms.iter() {
            control.check()?;
            let mut lists = Vec::with_capacity(indexes.len());
            let mut documents = 0;
            for (view, index) in segments.iter().zip(&indexes) {
                let list = match index {
                    Some(index) => index.find(LexicalField::Text, text)?.1,
                    None => None,
                };
                if let (Some(index), Some(list)) = (index, &list) {
                    documents += u64::from(list.info.shape.rows) - deleted_rows(index, list, view)?;
                }
                lists.push(list);
            }
            let idf = Bm25::idf(texts, documents);
            words.push(Word { text: text.to_owned(), times, idf, documents, lists });
        }
        Ok(Words { segments, bm25: Bm25::new(texts, tokens), words })
    }

    /// Keeps the most telling words, this many at most: those whose weights by rarity are greatest, ties by stem. The
    /// weights become those of a query of as many words, each once.
    pub(super) fn keep_telling(&mut self, count: usize) {
        self.words
            .sort_by(|a, b| b.weight().total_cmp(&a.weight()).then_with(|| a.text.cmp(&b.text)));
        self.words.truncate(count);
        self.words.sort_by(|a, b| a.text.cmp(&b.text));
        let total: f64 = self.words.iter().map(|word| word.times.all).sum();
        let factor = self.words.len() as f64 / total;
        for word in &mut self.words {
            word.times = word.times.scaled(factor);
        }
    }

    /// The words and how much each counts before its rarity.
    pub(super) fn terms(&self) -> WeightedTerms {
        self.words.iter().map(|word| (word.text.clone(), word.times)).collect()
    }

    /// What a document could reach that had every word: the sum of their weights.
    pub(super) fn reach(&self) -> f64 {
        self.words.iter().map(|word| word.idf * word.times.apart).sum()
    }

    /// The words, for people.
    pub(super) fn explain(&self) -> Vec<WordExplain> {
        let explain = |word: &Word| WordExplain {
            stem: word.text.clone(),
            documents: word.documents,
            weight: word.weight() as f32,
        };
        self.words.iter().map(explain).collect()
    }

    /// The best documents among those that match, ties by key. Documents without any of the words are none.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`]; those of the control.
    pub(super) fn best(
        &self,
        matches: &[Arc<Matches>],
        wanted: usize,
        control: &Control,
    ) -> Result<Vec<WordHit>> {
        let mut found: Vec<WordHit> = Vec::new();
        let mut scores = Vec::new();
        for (number, (view, matches)) in self.segments.iter().zip(matches).enumerate() {
            let Some(lists) = self.lists(number)?.filter(|_| matches.count > 0 && wanted > 0)
            else {
                continue;
            };
            let Lists { mut ranked, lengths, known, index } = lists;
            let blame = blame(&index, &known, view);
            let mut best = Best::with_scores(wanted, scores);
            let postings: u64 = known.iter().map(|list| u64::from(list.info.shape.rows)).sum();
            match matches.rows() {
                Some(rows) if matches.count.saturating_mul(NARROW) < postings => {
                    let scored =
                        score_rows(&mut ranked, &self.bm25, lengths, rows, control, &blame)?;
                    scored
                        .into_iter()
                        .filter(|(_, score)| *score > 0)
                        .for_each(|(row, score)| best.push(row, score));
                }
                allowed => {
                    rank(&mut ranked, &self.bm25, lengths, allowed, &mut best, control, &blame)?;
                }
            }
            let (rows, known_scores) = best.into_parts();
            scores = known_scores;
            for (row, units) in rows {
                let row = RowId(row);
                let key = view.segment.key(row)?;
                let hit = Hit { key, score: score_of(units), segment: view.segment.id(), row };
                found.push(WordHit { hit, units });
            }
        }
        found.sort_by(|a, b| b.units.cmp(&a.units).then_with(|| a.hit.key.cmp(&b.hit.key)));
        found.truncate(wanted);
        Ok(found)
    }

    /// The scores of some hits, in their order; 0 for one without any of the words.
    ///
    /// # Errors
    /// As [`Words::best`].
    pub(super) fn score(&self, hits: &[Hit], control: &Control) -> Result<Vec<u32>> {
        let mut scores = vec![0; hits.len()];
        for (number, view) in self.segments.iter().enumerate() {
            let is_here = |hit: &&Hit| hit.segment == view.segment.id();
            let rows: RoaringBitmap = hits.iter().filter(is_here).map(|hit| hit.row.0).collect();
            if rows.is_empty() {
                continue;
            }
            let Some(lists) = self.lists(number)? else { continue };
            let Lists { mut ranked, lengths, known, index } = lists;
            let blame = blame(&index, &known, view);
            let scored = score_rows(&mut ranked, &self.bm25, lengths, &rows, control, &blame)?;
            let scored: BTreeMap<u32, u32> = scored.into_iter().collect();
            for (hit, score) in hits.iter().zip(&mut scores) {
                if hit.segment == view.segment.id() {
                    *score = scored.get(&hit.row.0).copied().unwrap_or_default();
                }
            }
        }
        Ok(scores)
    }

    /// The lists of a segment, ready to be walked through; `None` if it has none of the words.
    fn lists(&self, number: usize) -> Result<Option<Lists<'a>>> {
        let Some(index) = self.segments.get(number).and_then(|view| view.segment.lexical()) else {
            return Ok(None);
        };
        let lengths = index.lengths()?;
        let (mut ranked, mut known) = (Vec::new(), Vec::new());
        for word in &self.words {
            let Some(list) = word.lists.get(number).copied().flatten() else { continue };
            let made = RankedList::new(
                index.cursor(&list)?,
                list.info.shape.rows,
                word.weight(),
                &self.bm25,
                lengths,
            );
            ranked.push(made.map_err(|broken| index.in_lists(&list, broken))?);
            known.push(list);
        }
        Ok((!known.is_empty()).then_some(Lists { ranked, lengths, known, index }))
    }
}

impl Word {
    fn weight(&self) -> f64 {
        self.idf * self.times.all
    }
}

/// What of one segment a query walks through.
struct Lists<'a> {
    ranked: Vec<RankedList<'a>>,
    lengths: &'a [u8],
    known: Vec<List>,
    index: LexicalIndex<'a>,
}

/// Damage in a list, by its number among those that are walked through.
fn blame<'a>(
    index: &'a LexicalIndex<'_>,
    known: &'a [List],
    view: &'a SegmentView,
) -> impl Fn(usize, Broken) -> Error + 'a {
    |number, broken| match known.get(number) {
        Some(list) => index.in_lists(list, broken),
        None => not_indexed(&view.segment),
    }
}

/// A score as people see it.
pub(super) fn score_of(units: u32) -> f32 {
    (f64::from(units) / SCORE_UNIT) as f32
}

/// How many rows of a list are deleted: by a leap through the list per deleted row or, where those are not few, by a bit per
/// row of the list.
fn deleted_rows(index: &LexicalIndex<'_>, list: &List, view: &SegmentView) -> Result<u64> {
    let deleted = &view.deleted;
    if deleted.is_empty() {
        return Ok(0);
    }
    let blame = |broken| index.in_lists(list, broken);
    let mut cursor = index.cursor(list)?;
    let mut count = 0;
    if deleted.len().saturating_mul(LEAP_ROWS) < u64::from(list.info.shape.rows) {
        for row in bitmap_rows(deleted) {
            count += u64::from(cursor.advance(row).map_err(blame)? == row);
        }
    } else {
        let bits = view.deleted_bits();
        cursor.advance(0).map_err(blame)?;
        let walked = cursor.visit_until(NO_ROW, |row, _| {
            let word = bits.get(row as usize / 64).copied().unwrap_or_default();
            count += word >> (row % 64) & 1;
        });
        walked.map_err(blame)?;
    }
    Ok(count)
}
