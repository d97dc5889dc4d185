//! Searches and every other operation that walks rows, where rows fill whole containers of a bitmap, blocks
//! of a scan and segments: against a plain reference, through the public interface.
//!
//! Numbers are small by default; the campaigns are the same tests with greater ones:
//!
//! ```sh
//! MEDVEC_ROWS=1100000 MEDVEC_ROWS_QUERIES=40 cargo test --release --no-default-features --test rows
//! MEDVEC_ROWS_QUERIES=5000 cargo test --release --no-default-features --test rows scans
//! ```

#[path = "../common/mod.rs"]
mod common;

mod crossing;
mod extremes;
mod facets;
mod pages;
mod scans;
mod strategies;
mod ties;
mod world;

/// A number of the environment.
fn number(name: &str, otherwise: u32) -> u32 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => otherwise,
    }
}
