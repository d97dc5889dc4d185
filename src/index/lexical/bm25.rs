//! BM25 in the form of Lucene, without the factor k1 + 1, which changes no order.

use crate::format::lexical::length_of_code;

/// How often a word must occur to count more: see [`Bm25`].
const K1: f64 = 1.2;

/// How much the length of a text counts against it.
const B: f64 = 0.75;

/// Scores are stored as multiples of 1 / 65,536.
pub const SCORE_UNIT: f64 = 65_536.0;

/// `idf * tf / (tf + k1 * (1 - b + b * length / average))`, with k1 1.2 and b 0.75 (Robertson and Zaragoza, "The
/// probabilistic relevance framework: BM25 and beyond", 2009).
#[derive(Clone, Debug)]
pub struct Bm25 {
    /// `k1 * (1 - b + b * length / average)` for each code of a length.
    norms: [f64; 256],
}

impl Bm25 {
    /// For texts of this many words in all.
    pub fn new(texts: u64, words: u64) -> Bm25 {
        let average = (words as f64 / texts.max(1) as f64).max(f64::MIN_POSITIVE);
        let norm = |code: usize| {
            let length = f64::from(length_of_code(code as u8));
            K1 * (1.0 - B + B * length / average)
        };
        Bm25 { norms: std::array::from_fn(norm) }
    }

    /// `ln(1 + (N - df + 0.5) / (df + 0.5))`: how rare a word is, for N texts of which df have it.
    pub fn idf(texts: u64, with_word: u64) -> f64 {
        let (all, with) = (texts as f64, with_word.min(texts) as f64);
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    /// What a word adds to a row's score, in units of 1 / [`SCORE_UNIT`]: its weight is its idf times how often the
    /// query has it. A row that has the word scores at least one unit, since 0 says that it has none: the weight of a
    /// word that all but a few of very many texts have rounds to less.
    #[inline]
    pub fn score(&self, weight: f64, count: u32, length_code: u8) -> u32 {
        let count = f64::from(count);
        let norm = self.norms.get(usize::from(length_code)).copied().unwrap_or_default();
        units(weight, count / (count + norm))
    }

    /// No row with at most this count and at least this length scores more. A count of 255 stands for any.
    pub fn bound(&self, weight: f64, best_count: u8, best_length: u8) -> u32 {
        match best_count {
            u8::MAX => units(weight, 1.0),
            count => self.score(weight, u32::from(count), best_length),
        }
    }
}

/// A share of a weight in units, at least one of anything.
#[inline]
fn units(weight: f64, share: f64) -> u32 {
    let least = u32::from(weight > 0.0 && share > 0.0);
    ((weight * SCORE_UNIT * share + 0.5) as u32).max(least)
}
