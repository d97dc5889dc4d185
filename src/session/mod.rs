//! A database and its encoder, behind one door: what the command line asks, and any other face would.
//!
//! A [`Session`] opens a database with the encoder that it names, answers a [`Request`] with an [`Answer`]
//! that can be shown or serialised as it is, suggests names for filters, imports and embeds.
//!
//! ```
//! use medvec::document::AbstractSection;
//! use medvec::session::{Request, Session, SessionOptions};
//! use medvec::{CreateOptions, Database, Document, Key, WriterOptions, encode};
//!
//! # fn main() -> Result<(), medvec::session::SessionError> {
//! # let path = std::env::temp_dir().join(format!("medvec-session-{}", std::process::id()));
//! let encoder = encode::builtin()?;
//! let options = CreateOptions::for_encoder(encoder.spec(), Default::default());
//! let database = Database::create(&path, options)?;
//! let mut document = Document::new(Key::pmid(12345678));
//! document.title = "Aspirin and the risk of colorectal cancer".into();
//! let text = "Daily aspirin lowered the risk by a third. Bleeding was more common.".into();
//! document.abstract_sections.push(AbstractSection { text, ..Default::default() });
//! let mut writer = database.writer(WriterOptions::with_encoder(encoder))?;
//! writer.upsert(document)?;
//! writer.commit()?;
//!
//! let session = Session::open(&path, SessionOptions::default())?;
//! let request = Request::text("does aspirin prevent tumours").sentences().highlights();
//! let answer = session.ask(&request)?;
//! let hit = &answer.hits[0];
//! assert_eq!(hit.sentence.as_deref(), Some("Daily aspirin lowered the risk by a third."));
//! let marked = &hit.highlights.as_ref().expect("asked for").title;
//! assert_eq!(&hit.title[marked[0].clone()], "Aspirin");
//! println!("{}", serde_json::to_string(&answer).expect("an answer can always be written"));
//! # drop((session, writer, database));
//! # std::fs::remove_dir_all(&path).expect("the folder is ours");
//! # Ok(())
//! # }
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `opened` | [`Session`]: database, encoder and cross-encoder, opened at first use |
//! | `choice`, `encoders`, `locate`, `folders/` | names of encoders to encoders |
//! | `request`, `ask`, `answer`, `explain` | what is asked and answered |
//! | `facets`, `duplicates` | counts beside an answer; documents that are one work |
//! | `saved/` | searches on record, and asked again |
//! | `similar` | a query of documents: more like these |
//! | `rerank` | hits sorted again by a cross-encoder |
//! | `sentences`, `highlight` | the best sentence of a hit, the words of the query in it |
//! | `remark`, `hints` | what an answer says beside its hits |
//! | `mesh` | the vocabulary of a database, and vocabularies in files |
//! | `suggest`, `find` | names for filters; keys as people type them |
//! | `import`, `settings`, `sources`, `target` | sources into a database that may be new |
//! | `archive`, `delta` | a database in one file, or what a copy of it lacks |
//! | `merge` | several databases made one |
//! | `strategy` | a history of searches |
//! | `sync/` | NLM's baseline and update files |
//! | `embed`, `maintain` | pending vectors; merging and indexing |
//! | `engine` | a model by itself: tokens, vectors, scores |
//! | `evaluate/` | how well systems answer the queries of a task |
//! | `triples/` | queries with positives and hard negatives, to train retrievers with |
//! | `embeddings`, `table`, `beir`, `new_files` | vectors, documents and benchmarks for other programs, in files that appear whole |
//! | `inspect` | the structure of files |
//! | `models` | known models, the cache of models, distillation |
//! | `error` | what a session refuses |

mod answer;
mod archive;
mod ask;
mod beir;
mod choice;
mod delta;
mod duplicates;
mod embed;
mod embeddings;
mod encoders;
#[cfg(feature = "bert")]
mod engine;
mod error;
pub mod evaluate;
mod explain;
mod facets;
mod find;
mod folders;
mod highlight;
mod hints;
mod import;
mod inspect;
mod key_line;
mod locate;
mod maintain;
mod merge;
pub mod mesh;
#[cfg(feature = "bert")]
pub mod models;
mod names;
mod new_database;
mod new_files;
mod opened;
mod remark;
mod request;
mod rerank;
mod saved;
mod sentences;
mod settings;
mod similar;
mod sources;
mod strategies;
mod strategy;
mod suggest;
mod sync;
mod table;
mod target;
pub mod triples;

pub use answer::{Answer, AnswerHit, Highlights, journal_of, years_of};
pub use archive::{ArchiveReport, pack, unpack};
pub use beir::{BeirSettings, ExportedBeir, export_beir};
pub use choice::EncoderChoice;
#[cfg(feature = "bert")]
pub use choice::ModelOptions;
pub use delta::{DeltaBase, DeltaReport, apply, apply_in, diff};
pub use duplicates::{DuplicateGroup, SameBy, duplicates};
pub use embed::EmbedOutcome;
pub use embeddings::{ExportedEmbeddings, export_embeddings};
pub use encoders::open_encoder;
#[cfg(feature = "bert")]
pub use engine::{EncodedOutcome, EncodedText, TextEngine, TextPair};
pub use error::{SessionError, SessionResult};
pub use explain::Explanation;
pub use facets::{AnswerFacet, facet_name, facet_named};
pub use find::{KeyLookup, find_keys};
#[cfg(feature = "bert")]
pub use folders::{ModelNote, model_notes};
pub use import::Import;
pub use inspect::{DatabaseFiles, FileOutline, SectionOutline, outline};
pub use key_line::key_line;
pub use merge::{MergeReport, merge};
pub use names::{BUILTIN, NO_ENCODER, metric_name, row_type_name};
pub use new_files::NewFile;
pub use opened::{Session, SessionOptions};
pub use remark::{Remark, TextHint};
pub use request::Request;
pub use saved::{
    MovedKey, PinnedDatabase, PinnedEncoder, PinnedSource, Replay, SavedAnswer, SavedHit,
    SavedRequest, SavedSearch, SavedStrategy,
};
pub use settings::ImportSettings;
pub use strategy::History;
#[cfg(feature = "download")]
pub use sync::{DownloadReport, DownloadSettings, NLM, download_nlm_files};
pub use sync::{
    NlmFile, PendingRemovals, PlannedFile, ReadReason, SyncBudget, SyncPlan, SyncRemovals,
    SyncReport, SyncSettings, SyncStatus, kept_slice, plan_sync, sync_status, sync_status_with,
};
pub use table::export_table;

// What a session takes and returns, so that a face needs no room below.
pub use crate::control::{Step, Watch};
pub use crate::db::{
    AdoptReport, BackupOptions, BackupReport, CompactReport, IndexStats, OptimizeOptions,
    OptimizeReport, OptimizeStage, RecallPoint, RecallReport, RepairReport, Stats, StoredVectors,
};
pub use crate::format::manifest::QuerySource;
pub use crate::ids::Generation;
pub use crate::ingest::pipeline::{ImportReport, select as select_sources};
pub use crate::ingest::table::ColumnMap;
pub use crate::ingest::{Event, ImportSource, Opened, SourceHints, open_reader};
pub use crate::limits::{HITS_MAX, STRATEGY_BYTES_MAX, TRAIN_ROWS_MIN};
pub use crate::query::{Caution, Strategy};
pub use crate::search::{
    ExpansionExplain, Explain, Facet, FieldInfo, Hint, IndexExplain, Plan, TagMeaning,
    TranslatedLine, TranslatedStrategy, WhyExact,
};
pub use crate::storage::Access;
