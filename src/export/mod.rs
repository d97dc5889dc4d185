//! Output formats for programs: JSON, comma-separated values, numpy's matrices.
//!
//! Everything here writes to any [`std::io::Write`] and looks at nothing else: whether there is a terminal,
//! and how a text looks on it, is the affair of a face.
//!
//! | module | what it writes |
//! |---|---|
//! | [`json`] | values on one line or several, in characters that no terminal obeys |
//! | [`csv`] | records that no spreadsheet takes for formulas; hits and documents as records |
//! | [`mesh`] | headings and the differences of two years as JSON |
//! | [`npy`] | matrices of single precision |
//! | [`stats`] | the figures of a database as JSON |
//! | [`strategy`] | what a search strategy means and finds, as JSON |

pub mod csv;
pub mod json;
pub mod mesh;
pub mod npy;
pub mod stats;
pub mod strategy;
