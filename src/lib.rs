//! An embedded vector database for biomedical literature.
//!
//! medvec stores documents, their metadata (PMIDs, MeSH headings, dates, journals) and quantised vectors in one
//! directory of memory-mapped, immutable files. It searches them by vector, by words or by both, under filters, and
//! embeds new documents with an encoder as they are written. There is no server and no asynchronous runtime.
//!
//! ```
//! use medvec::{CreateOptions, Database, Document, Filter, Key, Metric, Query, RowType};
//! use medvec::{VectorConfig, WriterOptions};
//!
//! # fn main() -> medvec::Result<()> {
//! # let folder = tempfile::tempdir().expect("a temporary folder");
//! # let path = folder.path().join("my.medvec");
//! let vectors = VectorConfig::new(3, Metric::Cosine, RowType::Int8, None);
//! let database = Database::open_or_create(&path, CreateOptions::default().vectors(Some(vectors)))?;
//!
//! let mut writer = database.writer(WriterOptions::default())?;
//! let mut document = Document::new(Key::pmid(12345678));
//! document.title = "Aspirin and the risk of colorectal cancer".into();
//! document.languages.push("eng".into());
//! writer.upsert_with_vector(document, vec![0.1, 0.9, 0.2])?;
//! writer.commit()?; // all or nothing, and on disk when it returns
//!
//! let snapshot = database.snapshot();
//! let query = Query::vector(vec![0.0, 1.0, 0.0]).filter(Filter::Language("eng".into())).k(5);
//! let found = snapshot.search(&query)?;
//! assert_eq!(found.hits[0].key, Key::pmid(12345678));
//! # Ok(())
//! # }
//! ```
//!
//! | you want | look at |
//! |---|---|
//! | a database, its states, its writer | [`Database`], [`Snapshot`], [`Writer`] |
//! | a search | [`Query`], [`Filter`], [`SearchResult`], [`Facet`] |
//! | PubMed's query language | [`query`], [`Snapshot::translate`] |
//! | what a document holds | [`Document`], [`document`] |
//! | vectors made as documents are written | [`Encoder`]; with the feature `static-encoder`, `encode::builtin` |
//! | PubMed XML, JSON lines, files of vectors | with the feature `ingest`, `ingest` |
//! | measures of retrieval, benchmarks, tests of significance | with the feature `ingest`, `eval` |
//! | a database with its encoder, as the command line uses it | with the feature `session`, `session` |
//! | what a call reports | [`reports`] |
//!
//! `ARCHITECTURE.md` in the repository describes the rooms inside. Modules that are not in this documentation are
//! for tests and tools: they may change in any release.

#![warn(missing_docs, unreachable_pub)]
#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)
)]

#[doc(hidden)]
pub mod control;
#[doc(hidden)]
pub mod date;
pub mod document;
#[doc(hidden)]
pub mod encoder;
#[doc(hidden)]
pub mod error;
#[doc(hidden)]
pub mod ids;
#[doc(hidden)]
pub mod limits;
mod panics;
mod parallel;
mod rules;

#[doc(hidden)]
pub mod format;
// A kernel's caller answers for lengths; the documented panics say so.
#[allow(clippy::expect_used)]
#[doc(hidden)]
pub mod kernel;

pub mod query;

#[doc(hidden)]
pub mod storage;

#[cfg(feature = "download")]
mod fetch;

#[doc(hidden)]
pub mod text;

#[doc(hidden)]
pub mod index;

pub mod mesh;

#[doc(hidden)]
pub mod segment;

#[doc(hidden)]
pub mod search;

#[doc(hidden)]
pub mod db;

#[cfg(feature = "static-encoder")]
pub mod encode;
#[cfg(feature = "ingest")]
pub mod eval;
#[cfg(feature = "session")]
pub mod export;
#[cfg(feature = "ingest")]
pub mod ingest;
#[cfg(feature = "session")]
pub mod session;

pub use control::{CancelToken, Control};
pub use date::{Day, PublicationDate};
pub use db::{
    BackupOptions, Change, CreateOptions, Database, EmbedOptions, Maintainer, Maintenance,
    OpenOptions, OptimizeOptions, Snapshot, Writer, WriterOptions,
};
pub use document::Document;
pub use encoder::{Encoder, EncoderInput, EncoderSpec, Metric};
pub use error::{Error, Result};
pub use format::manifest::{RowType, VectorConfig};
pub use ids::{Generation, Key, Pmid, Revision};
pub use search::{
    Accuracy, Expansion, Facet, FieldTest, Filter, Fusion, Hit, Mode, Query, SearchResult, Sort,
    SortOrder, TextField,
};
pub use storage::Access;

/// What calls report, besides hits and documents.
pub mod reports {
    pub use crate::control::{Step, Watch};
    pub use crate::db::{
        AdoptReport, Applied, BackupReport, CompactReport, EmbedProgress, EmbedReport, IndexStats,
        MeshStats, OptimizeReport, OptimizeStage, RecallPoint, RecallReport, RepairReport,
        SegmentRepair, SegmentStats, Stats, UndoReport, VerifyReport,
    };
    pub use crate::encoder::{Fingerprint, Pooling, TowerSpec};
    pub use crate::error::{LockHolder, NameKind, Rule};
    pub use crate::search::{
        AddedTerm, ExpansionExplain, Explain, FacetCount, FacetCounts, FieldInfo, FusedExplain,
        Hint, IndexExplain, Note, Plan, SegmentExplain, TagMeaning, WhyExact, WordExplain,
    };
}
