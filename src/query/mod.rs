#![doc = include_str!("LANGUAGE.md")]

mod build;
mod caution;
mod chars;
mod clause;
mod date;
mod field;
mod foreign;
mod items;
mod label;
mod lines;
mod place;
mod strategy;
mod syntax_error;
mod tag;
#[cfg(test)]
mod tests;
mod token;
mod tree;
mod typed;
mod words;

pub use caution::{Caution, CautionKind};
pub use clause::{Clause, ClauseKind, QueryTerm, RecordProperty};
pub use date::{DateTerm, DateUnit, QueryDate};
pub use field::SearchField;
pub use place::Place;
pub use strategy::{Strategy, StrategyLine};
pub use syntax_error::{SyntaxError, SyntaxRule};
pub use tag::FieldTag;
pub use tree::{Operator, QueryTree};
pub use typed::TypedTest;
