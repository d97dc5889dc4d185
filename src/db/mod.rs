//! The database: a directory of immutable files, and the manifest that says which of them count.
//!
//! - [`Database`] is a handle: it hands out snapshots and the one writer.
//! - [`Snapshot`] is one committed generation; it never changes, and any number of threads and
//!   processes may hold one while a writer commits.
//! - [`Writer`] collects changes and publishes them all at once with [`Writer::commit`].
//!
//! | file | what it does |
//! |---|---|
//! | `database`, `shared`, `options` | the handle, what its clones share, how it is opened |
//! | `writer`, `buffer`, `next` | one writer: its lock, documents not in a file yet, the next generation |
//! | `embedding` | how documents get their vectors when they are written |
//! | `building`, `improver` | the files of maintenance beside the writer until they are published, and who makes them |
//! | `maintain/` | compaction, the index and its recall, vectors for documents that wait for them |
//! | `commit`, `files`, `tombstones`, `gc`, `lock` | what a commit writes and deletes, under the writer's lock |
//! | `recover`, `snapshot`, `vectors`, `stats`, `pending`, `verify` | opening a generation, and what it says |
//! | `repair/` | going back to what is intact |
//! | `backup`, `delta` | a generation copied to another directory, whole or what it lacks |
//! | `joint` | several databases read as one |
//! | `discard` | a new database taken away again |
//!
//! # What you may rely on
//!
//! A commit is fully there or not at all, after a crash at any moment, and it is on disk when
//! [`Writer::commit`] returns. The library reports damage and never hides it: going back to an older
//! state is a separate, explicit [`Database::repair`].

mod backup;
mod buffer;
mod building;
mod change;
mod commit;
mod database;
#[cfg(feature = "session")]
mod delta;
#[cfg(feature = "session")]
mod discard;
mod drift;
pub(crate) mod embedding;
mod files;
mod gc;
mod improver;
mod joint;
mod lock;
mod maintain;
mod next;
mod options;
mod pending;
mod preconditions;
mod recover;
mod repair;
pub(crate) mod setters;
mod shared;
mod snapshot;
mod stats;
mod tombstones;
mod vectors;
mod verify;
mod writer;

pub use backup::{BackupOptions, BackupReport};
#[cfg(feature = "session")]
pub(crate) use backup::{Content, check_follows, write_content};
#[cfg(feature = "ingest")]
pub(crate) use change::NewVector;
pub use change::{Applied, Change};
pub use database::Database;
#[cfg(feature = "session")]
pub(crate) use delta::{Incoming, new_files, newest_manifest};
#[cfg(feature = "session")]
pub(crate) use files::files_of;
pub use maintain::{
    AdoptReport, CompactReport, EmbedOptions, EmbedProgress, EmbedReport, Maintainer,
    OptimizeOptions, OptimizeReport, OptimizeStage, RecallPoint, RecallReport,
};
pub use options::{CreateOptions, Maintenance, OpenOptions, WriterOptions};
#[cfg(feature = "session")]
pub(crate) use preconditions::check_joinable;
pub use repair::{RepairReport, SegmentRepair, UndoReport};
#[cfg(feature = "session")]
pub(crate) use snapshot::OpenFile;
pub use snapshot::Snapshot;
pub use stats::{IndexStats, MeshStats, SegmentStats, Stats};
pub use vectors::StoredVectors;
pub use verify::VerifyReport;
pub use writer::Writer;
