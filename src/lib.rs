//! medvec is an embedded vector database for biomedical literature.
//!
//! It stores documents, their metadata (PMIDs, MeSH headings, dates, journals) and quantised
//! embeddings in memory-mapped, immutable segments, searches them with filters, and embeds new
//! documents through a pluggable encoder as they are written.
//!
//! # Floors and rooms
//!
//! A file uses only its own folder and lower floors (`tests/architecture.rs` enforces it).
//!
//! | floor | room | what it holds |
//! |---|---|---|
//! | 0 | [`error`], [`limits`], [`ids`], [`document`], [`date`], [`encoder`], [`control`] | names; no I/O |
//! | 1 | [`format`](mod@format) | bytes to values and back; no I/O, no `unsafe`, no panic |
//! | 1 | [`kernel`] | arithmetic on slices; SIMD behind run-time dispatch |
//! | 2 | [`storage`] | the operating system behind one small trait |
//! | 3 | [`index`] | algorithms on slices |
//! | 4 | [`segment`] | one immutable file: builder, reader, merge, verify |
//! | 5 | [`search`] | query, filter, plan, execute |
//! | 6 | [`db`] | database, snapshot, writer, commit, garbage collection |
//! | 7 | [`encode`], [`ingest`] | text to vectors; files to documents |
//! | 8 | `session`, `export` | a database with its encoder, for faces; output formats |
//! | 9 | `bin/medvec` | the command line |

#![warn(missing_docs, unreachable_pub)]
#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)
)]

pub mod control;
pub mod date;
pub mod document;
pub mod encoder;
pub mod error;
pub mod ids;
pub mod limits;
mod panics;
mod parallel;
mod rules;

pub mod format;
// A kernel's caller answers for lengths; the documented panics say so.
#[allow(clippy::expect_used)]
pub mod kernel;

pub mod storage;

pub mod index;

pub mod segment;

pub mod search;

pub mod db;

#[cfg(feature = "static-encoder")]
pub mod encode;
#[cfg(all(feature = "ingest", feature = "static-encoder"))]
pub mod eval;
#[cfg(feature = "session")]
pub mod export;
#[cfg(feature = "ingest")]
pub mod ingest;
#[cfg(feature = "session")]
pub mod session;

pub use control::{CancelToken, Control};
pub use date::{Day, PublicationDate};
pub use db::{CreateOptions, Database, OpenOptions, Snapshot, Writer, WriterOptions};
pub use document::Document;
pub use encoder::{Encoder, EncoderInput, EncoderSpec, Fingerprint, Metric};
pub use error::{Error, NameKind, Result};
pub use format::manifest::{RowType, VectorConfig};
pub use ids::{Generation, Key, Pmid, RowId, SegmentId};
pub use search::{Accuracy, FieldTest, Filter, Hit, Note, Query, SearchResult};
