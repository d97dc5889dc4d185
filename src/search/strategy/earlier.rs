//! The lines before a line, which it may refer to.
//!
//! A line's rows are kept until the last line that refers to it, so that each line is evaluated once. If there is no room
//! for them, it is evaluated anew wherever it is referred to.

use std::sync::Arc;

use crate::query::{ClauseKind, Strategy, StrategyLine};
use crate::search::parts::Parts;
use crate::search::program::KnownRows;

/// The lines that were translated.
pub(super) struct Earlier {
    /// What they are made of.
    pub(super) parts: Parts,
    lines: Vec<EarlierLine>,
    /// The last line that refers to each line of the strategy.
    last_uses: Vec<LastUse>,
    /// Bytes of rows that may be kept.
    room: u64,
}

/// A line by what it is to those that refer to it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EarlierLine {
    /// Documents that it matches.
    pub(super) documents: u64,
    pub(super) terms: Terms,
    /// Bytes of its rows, if they are kept.
    kept: Option<u64>,
}

/// How many terms a line stands for, those of the lines that it refers to included.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Terms {
    /// As one filter.
    pub(super) all: usize,
    /// To evaluate, where a line whose rows are kept is one.
    pub(super) evaluated: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastUse {
    Never,
    Line(usize),
    /// A line refers to it that is evaluated more than once.
    Always,
}

impl Terms {
    pub(super) const ONE: Terms = Terms { all: 1, evaluated: 1 };

    pub(super) fn plus(self, other: Terms) -> Terms {
        Terms {
            all: self.all.saturating_add(other.all),
            evaluated: self.evaluated.saturating_add(other.evaluated),
        }
    }
}

impl Earlier {
    /// Before the first line.
    pub(super) fn new(strategy: &Strategy, room: u64) -> Earlier {
        let mut last_uses = vec![LastUse::Never; strategy.lines().len()];
        for (number, line) in strategy.lines().iter().enumerate() {
            for used in used(line) {
                if let Some(last_use) = last_uses.get_mut(used) {
                    *last_use = LastUse::Line(number);
                }
            }
        }
        Earlier { parts: Parts::default(), lines: Vec::new(), last_uses, room }
    }

    /// A line by its number.
    pub(super) fn line(&self, number: usize) -> EarlierLine {
        self.lines.get(number).copied().unwrap_or_default()
    }

    /// Adds the next line: the part that it is, its rows, and how many terms it stands for.
    pub(super) fn add(&mut self, line: &StrategyLine, part: usize, rows: KnownRows, terms: Terms) {
        let number = self.lines.len();
        let documents = rows.iter().map(|rows| rows.len()).sum();
        let bytes = rows.iter().map(|rows| rows.serialized_size() as u64).sum();
        let is_used = self.last_uses.get(number).is_some_and(|last| *last != LastUse::Never);
        let is_kept = is_used && bytes <= self.room;
        for used in used(line) {
            match self.last_uses.get_mut(used) {
                Some(last_use) if is_used && !is_kept => *last_use = LastUse::Always,
                Some(LastUse::Line(last)) if *last == number => self.forget(used),
                _ => {}
            }
        }
        let terms = match is_kept {
            true => Terms { evaluated: 1, ..terms },
            false => terms,
        };
        self.parts.add_line(part, is_kept.then(|| Arc::new(rows)));
        self.room -= if is_kept { bytes } else { 0 };
        self.lines.push(EarlierLine { documents, terms, kept: is_kept.then_some(bytes) });
    }

    fn forget(&mut self, number: usize) {
        self.parts.forget(number);
        if let Some(line) = self.lines.get_mut(number) {
            self.room += line.kept.take().unwrap_or(0);
        }
    }
}

/// The numbers of the lines that a line refers to.
fn used(line: &StrategyLine) -> impl Iterator<Item = usize> {
    line.query.clauses().filter_map(|clause| match &clause.kind {
        ClauseKind::Line { index, .. } => Some(*index),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::filter::Filter;
    use crate::search::parts::Part;

    /// Adds the lines of a strategy, each with its own terms and a row; how many terms each comes to, and which rows are
    /// kept at last.
    fn added(text: &str, room: u64) -> (Vec<usize>, Vec<bool>, Earlier) {
        let strategy = Strategy::parse(text).expect("parses");
        let mut earlier = Earlier::new(&strategy, room);
        let mut evaluated = Vec::new();
        for line in strategy.lines() {
            let lines = used(line).map(|line| earlier.line(line).terms);
            let own = line.query.clauses().count() - used(line).count();
            let own = Terms { all: own, evaluated: own };
            let terms = lines.fold(own, Terms::plus);
            evaluated.push(terms.evaluated);
            let part = earlier.parts.add(Part::Filter(Filter::All));
            earlier.add(line, part, vec![(0..1).collect()], terms);
        }
        let lines = 0..strategy.lines().len();
        let kept = lines.map(|line| earlier.parts.rows(line).is_some()).collect();
        (evaluated, kept, earlier)
    }

    #[test]
    fn rows_are_kept_until_the_last_use() {
        let text = "1. a\n2. b OR #1\n3. c\n4. #2 OR #1\n5. #4";
        let (evaluated, kept, earlier) = added(text, 1 << 20);
        assert_eq!(evaluated, [1, 2, 1, 2, 1]);
        assert_eq!((kept, earlier.room), (vec![false; 5], 1 << 20), "none is kept at last");
        assert_eq!((earlier.line(3).terms.all, earlier.line(4).documents), (3, 1));
    }

    #[test]
    fn without_room_lines_are_evaluated_again() {
        let text = "1. a OR x\n2. b OR #1\n3. c OR #2\n4. #3 OR #3";
        let (evaluated, kept, _) = added(text, 0);
        assert_eq!((evaluated, kept), (vec![2, 3, 4, 8], vec![false; 4]));
        let bytes = (0..1).collect::<roaring::RoaringBitmap>().serialized_size() as u64;
        // The first line is kept for good, for the second has no room and needs it wherever it stands.
        let (evaluated, kept, earlier) = added(text, bytes);
        assert_eq!((evaluated, kept), (vec![2, 2, 3, 6], vec![true, false, false, false]));
        assert_eq!(earlier.room, 0);
    }
}
