//! Which citations NLM's files hold: a baseline, the updates of its year, and the baseline of the next.
//!
//! Citations have numbers without gaps; a baseline file holds the next 30,000. An update file holds new citations,
//! revisions of earlier ones, mostly of the last months, and a few deletions. The baseline of the next year has all
//! that is left, as the updates left it; one in a hundred has changed since, and a few are gone without a word.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;

use medvec::kernel::random::Random;

use super::{Result, chance, random_of};

/// Citations of a file of a baseline.
pub const BASELINE_RECORDS: u32 = 30_000;

/// New citations of an update file.
pub const UPDATE_NEW: u32 = 4_500;

/// Revisions in an update file.
pub const UPDATE_REVISED: u32 = 13_500;

/// The year of the first baseline, and so of its updates; the next baseline is of the year after it.
pub const FIRST_YEAR: u32 = 26;

/// An edition of texts that no update file can be the number of.
const NEXT_YEAR: u32 = 1_000_000;

/// A citation as one file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its number, from 0.
    pub index: u32,
    /// Its PMID.
    pub pmid: u32,
    /// Citations of the first baseline.
    pub of: u32,
    /// How many update files into the year it was last revised; 0 for as it was first.
    pub revised: u32,
    /// The revision that its texts are of; 0 for the first.
    pub text_edition: u32,
}

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Citations, by PMID.
    pub items: Vec<Item>,
    /// PMIDs taken back.
    pub deletes: Vec<u32>,
}

/// A file of NLM's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    /// Two digits.
    pub year: u32,
    /// From 1.
    pub number: u32,
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pubmed{:02}n{:04}.xml.gz", self.year, self.number)
    }
}

/// The PMID of a citation: one in 27 was never given.
pub fn pmid_of(index: u32) -> u32 {
    let (block, place) = (index / 26, index % 26);
    let gap = random_of(0, 4, block.into()).below(27) as u32;
    block * 27 + place + 1 + u32::from(place >= gap)
}

/// The citations of two years.
pub struct Plan {
    seed: u64,
    baseline: u32,
    updates: u32,
    /// Update files that the fields below know.
    known: u32,
    /// The last revision of each citation and of its texts, by number.
    revised: HashMap<u32, (u32, u32)>,
    deleted: HashMap<u32, u32>,
}

impl Plan {
    /// Baseline files of the first year, and its update files.
    ///
    /// # Errors
    /// No files, or more than 9,999 in all.
    pub fn new(seed: u64, baseline: u32, updates: u32) -> Result<Plan> {
        if baseline == 0 || baseline + updates > 9_999 {
            return Err("a year has 1 to 9,999 files".into());
        }
        let (revised, deleted) = (HashMap::new(), HashMap::new());
        Ok(Plan { seed, baseline, updates, known: 0, revised, deleted })
    }

    /// Files of a baseline.
    pub fn baseline_files(&self, year: u32) -> u32 {
        if year == FIRST_YEAR {
            self.baseline
        } else {
            self.total(self.updates).div_ceil(BASELINE_RECORDS)
        }
    }

    /// Citations after so many update files.
    fn total(&self, updates: u32) -> u32 {
        self.baseline * BASELINE_RECORDS + updates * UPDATE_NEW
    }

    /// What a file holds. Cost: that of all update files before it, which later calls do not pay again.
    ///
    /// # Errors
    /// There is no such file.
    pub fn content(&mut self, file: FileId) -> Result<Content> {
        let of = self.baseline * BASELINE_RECORDS;
        let first = (file.number.max(1) - 1).min(9_999) * BASELINE_RECORDS;
        let none = || {
            Err(format!(
                "{file}: there is no such file of {} and {} files",
                self.baseline, self.updates
            )
            .into())
        };
        match file.year {
            _ if file.number == 0 => none(),
            FIRST_YEAR if file.number <= self.baseline => {
                let items = (first..first + BASELINE_RECORDS).map(|index| item(index, of, (0, 0)));
                Ok(Content { items: items.collect(), deletes: Vec::new() })
            }
            FIRST_YEAR if file.number <= self.baseline + self.updates => {
                let order = file.number - self.baseline;
                if self.known >= order {
                    // What came after it must be forgotten.
                    *self = Plan::new(self.seed, self.baseline, self.updates)?;
                }
                while self.known + 1 < order {
                    self.update();
                }
                Ok(self.update())
            }
            year if year == FIRST_YEAR + 1 && file.number <= self.baseline_files(year) => {
                while self.known < self.updates {
                    self.update();
                }
                let end = (first + BASELINE_RECORDS).min(self.total(self.updates));
                Ok(Content { items: self.next_year(first..end, of), deletes: Vec::new() })
            }
            _ => none(),
        }
    }

    fn next_year(&self, indices: Range<u32>, of: u32) -> Vec<Item> {
        let left = indices.filter(|index| !self.deleted.contains_key(index));
        let item = |index| {
            let mut random = random_of(self.seed, 5, u64::from(index));
            let (revised, text) = self.revised.get(&index).copied().unwrap_or_default();
            match random.below(10_000) {
                0..2 => None,
                2..102 => Some(item(index, of, (self.updates + 1, NEXT_YEAR + index % 5))),
                _ => Some(item(index, of, (revised, text))),
            }
        };
        left.filter_map(item).collect()
    }

    /// The next update file.
    fn update(&mut self) -> Content {
        let (before, of) = (self.total(self.known), self.baseline * BASELINE_RECORDS);
        self.known += 1;
        let order = self.known;
        let mut random = random_of(self.seed, 6, order.into());
        let mut chosen = BTreeSet::new();
        let deletes = 20 + random.below(100);
        let deletes = self.choose(&mut chosen, deletes, before, &mut random);
        self.deleted.extend(deletes.iter().map(|index| (*index, order)));
        let revised = self.choose(&mut chosen, UPDATE_REVISED as usize, before, &mut random);
        let mut items = Vec::new();
        for index in revised {
            let entry = self.revised.entry(index).or_default();
            // One revision in eight changes a text; the rest adds headings, dates, corrections.
            let text = if chance(&mut random, 125) { order } else { entry.1 };
            *entry = (order, text);
            items.push(item(index, of, *entry));
        }
        for index in before..before + UPDATE_NEW {
            self.revised.insert(index, (order, 0));
            items.push(item(index, of, (order, 0)));
        }
        Content { items, deletes: deletes.into_iter().map(pmid_of).collect() }
    }

    /// Chooses citations that are there and were not chosen before, in order: four of five among the last.
    fn choose(
        &self,
        chosen: &mut BTreeSet<u32>,
        count: usize,
        before: u32,
        random: &mut Random,
    ) -> Vec<u32> {
        let recent = (before / 25).max(25_000).min(before);
        let mut new = BTreeSet::new();
        while new.len() < count {
            let among = if random.below(5) > 0 { recent } else { before };
            let index = before - 1 - random.below(among as usize) as u32;
            if !self.deleted.contains_key(&index) && chosen.insert(index) {
                new.insert(index);
            }
        }
        new.into_iter().collect()
    }
}

fn item(index: u32, of: u32, (revised, text_edition): (u32, u32)) -> Item {
    Item { index, pmid: pmid_of(index), of, revised, text_edition }
}
