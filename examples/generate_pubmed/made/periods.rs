//! How citations of each decade look, in thousandths: NLM's own counts, rounded.

use medvec::kernel::random::Random;

use super::pick;

/// PMIDs of the whole of PubMed, in thousands, and the months since 1900 in which their first and last appeared. Numbers were given
/// as citations were entered, not as they appeared: 4 to 6 million are from before 1975, 12.6 to 15 million from before 1966.
const YEARS: [(u32, u32, u32); 17] = [
    (1_300, 906, 936),
    (4_000, 1_104, 1_008),
    (6_000, 900, 756),
    (7_500, 1_008, 960),
    (8_800, 1_128, 1_152),
    (12_600, 1_152, 1_236),
    (15_000, 552, 780),
    (18_000, 1_254, 1_298),
    (20_000, 1_298, 1_326),
    (23_000, 1_326, 1_358),
    (26_000, 1_358, 1_390),
    (29_000, 1_390, 1_416),
    (31_000, 1_416, 1_439),
    (33_000, 1_439, 1_452),
    (35_000, 1_452, 1_464),
    (37_000, 1_464, 1_478),
    (41_500, 1_478, 1_512),
];

/// The last PMID of the whole, in thousands.
const WHOLE: u64 = 41_500;

/// What differs from period to period; shares are out of a thousand.
pub(super) struct Period {
    /// The first year after it.
    end: u32,
    pub(super) abstracts: usize,
    /// Length of abstracts, in hundredths of the real ones at hand.
    pub(super) length: usize,
    pub(super) labelled: usize,
    pub(super) indexed: usize,
    /// Headings, in hundredths of the real ones at hand.
    pub(super) headings: usize,
    /// Authors beyond the first: the mean times ten.
    pub(super) authors: usize,
    /// Whether no author, the first or all have an affiliation: 0, 1, 2.
    pub(super) affiliations: u32,
    pub(super) english: usize,
    pub(super) dois: usize,
    pub(super) keywords: usize,
    pub(super) references: usize,
    pub(super) corrections: usize,
    pub(super) grants: usize,
    pub(super) notes: usize,
}

#[rustfmt::skip]
const PERIODS: [Period; 10] = [
    Period { end: 1966, abstracts: 8, length: 50, labelled: 0, indexed: 900, headings: 40, authors: 7, affiliations: 0, english: 560, dois: 130, keywords: 0, references: 20, corrections: 2, grants: 0, notes: 0 },
    Period { end: 1975, abstracts: 40, length: 55, labelled: 0, indexed: 990, headings: 75, authors: 11, affiliations: 0, english: 620, dois: 180, keywords: 0, references: 40, corrections: 4, grants: 0, notes: 0 },
    Period { end: 1985, abstracts: 430, length: 68, labelled: 0, indexed: 990, headings: 85, authors: 18, affiliations: 0, english: 720, dois: 260, keywords: 0, references: 40, corrections: 15, grants: 90, notes: 0 },
    Period { end: 1992, abstracts: 560, length: 78, labelled: 20, indexed: 990, headings: 90, authors: 25, affiliations: 1, english: 780, dois: 330, keywords: 0, references: 50, corrections: 40, grants: 120, notes: 0 },
    Period { end: 2000, abstracts: 680, length: 88, labelled: 120, indexed: 985, headings: 95, authors: 31, affiliations: 1, english: 850, dois: 480, keywords: 10, references: 70, corrections: 60, grants: 130, notes: 10 },
    Period { end: 2006, abstracts: 740, length: 95, labelled: 200, indexed: 950, headings: 100, authors: 36, affiliations: 1, english: 890, dois: 760, keywords: 20, references: 120, corrections: 60, grants: 150, notes: 40 },
    Period { end: 2014, abstracts: 800, length: 102, labelled: 260, indexed: 790, headings: 98, authors: 42, affiliations: 1, english: 920, dois: 930, keywords: 130, references: 220, corrections: 60, grants: 180, notes: 240 },
    Period { end: 2019, abstracts: 830, length: 106, labelled: 290, indexed: 730, headings: 92, authors: 47, affiliations: 2, english: 950, dois: 985, keywords: 620, references: 300, corrections: 60, grants: 150, notes: 380 },
    Period { end: 2024, abstracts: 860, length: 110, labelled: 300, indexed: 710, headings: 82, authors: 53, affiliations: 2, english: 970, dois: 995, keywords: 740, references: 380, corrections: 60, grants: 120, notes: 480 },
    Period { end: u32::MAX, abstracts: 900, length: 112, labelled: 310, indexed: 560, headings: 78, authors: 57, affiliations: 2, english: 980, dois: 998, keywords: 780, references: 280, corrections: 50, grants: 70, notes: 500 },
];

const OTHER_LANGUAGES: [&str; 12] =
    ["ger", "fre", "rus", "jpn", "ger", "fre", "ita", "spa", "chi", "pol", "rus", "por"];

/// The month since 1900 in which the citation appeared that stands at `place` of `of`.
pub(super) fn month(place: u64, of: u64) -> u32 {
    let thousands = (place * WHOLE / of.max(1)) as u32;
    let mut start = 0;
    for (end, first, last) in YEARS {
        if thousands < end {
            let (done, length) = (i64::from(thousands - start), i64::from(end - start));
            return (i64::from(first) + (i64::from(last) - i64::from(first)) * done / length)
                as u32;
        }
        start = end;
    }
    YEARS[YEARS.len() - 1].2
}

/// The period of a year.
pub(super) fn period(year: u32) -> &'static Period {
    PERIODS.iter().find(|period| year < period.end).unwrap_or(&PERIODS[PERIODS.len() - 1])
}

pub(super) fn other_language(random: &mut Random) -> &'static str {
    pick::<&str>(random, &OTHER_LANGUAGES)
}
