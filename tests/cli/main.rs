//! The real binary, end to end: what a user types, what it prints, how it exits.

mod errors;
mod formats;
mod quickstart;
mod round_trip;
mod sandbox;
