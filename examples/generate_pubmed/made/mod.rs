//! Citations as PubMed has them, recombined from real ones without end.
//!
//! | file | what |
//! |---|---|
//! | `source.rs` | reads the real data once |
//! | `texts.rs` | real sentences, and the places where one can go over into another |
//! | `words.rs` | words and numbers that occur once and never again |
//! | `topics.rs` | which real citations are about the same |
//! | `headings.rs` | MeSH headings of a topic |
//! | `pools.rs`, `summaries.rs` | journals, names, affiliations, publication types |
//! | `periods.rs` | how citations of each decade look |
//! | `citation.rs` | one citation as XML |
//! | `files.rs` | which citations each of NLM's files holds |
//! | `package.rs` | gzip, sums, and waiting for the reader |
//! | `vectors.rs` | vectors with the spread of real ones |
//! | `stats.rs` | made beside real |
//!
//! Everything follows from a seed and a number: no floating point is in between, so that every machine makes the
//! same bytes.

use std::error::Error;

use medvec::kernel::random::Random;

pub mod citation;
pub mod files;
mod headings;
pub mod package;
mod periods;
mod pools;
pub mod source;
pub mod stats;
mod summaries;
mod texts;
mod topics;
pub mod vectors;
mod words;

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A generator for one purpose of one thing.
fn random_of(seed: u64, purpose: u64, number: u64) -> Random {
    let mut random = Random::new(seed ^ purpose.wrapping_mul(0xd6e8_feb8_6659_fd93));
    let salt = random.bits();
    Random::new(salt ^ number.wrapping_mul(0xa076_1d64_78bd_642f))
}

/// True so many times in a thousand.
fn chance(random: &mut Random, per_thousand: usize) -> bool {
    random.below(1000) < per_thousand
}

/// One of some, which are not none.
fn pick<'a, T>(random: &mut Random, items: &'a [T]) -> &'a T {
    &items[random.below(items.len())]
}

/// Text as XML has it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            ch if ch.is_control() => out.push(' '),
            ch => out.push(ch),
        }
    }
    out
}
