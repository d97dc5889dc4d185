//! What a session refuses, in terms of its own settings.

use std::path::PathBuf;

use super::names::{NO_ENCODER, metric_name, row_type_name};
use crate::encoder::{Fingerprint, Metric};
use crate::error::Error;
use crate::format::manifest::RowType;
use crate::ids::{Generation, Key};

/// A session's result.
pub type SessionResult<T> = std::result::Result<T, SessionError>;

/// Why a session cannot do what it was asked to. The messages speak of encoders, sources and settings;
/// a face that has other names for those matches on the variant and says it in its own words.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The library's own error.
    #[error(transparent)]
    Library(#[from] Error),

    /// There is nothing under the name of an encoder.
    #[error(
        "no encoder at {name}: give `builtin`, the folder of a model (config.json, weights, \
         tokenizer), or the name of one in the cache of Hugging Face (organisation/name)"
    )]
    NoEncoder {
        /// As it was given.
        name: String,
    },
    /// A benchmark says of no document that it is relevant.
    #[error("{} has no judgements: name the file that has them", path.display())]
    NoJudgements {
        /// The benchmark.
        path: PathBuf,
    },
    /// A benchmark has no documents of its own.
    #[error("{} has no documents of its own: name a database to ask", path.display())]
    NoCorpus {
        /// The benchmark.
        path: PathBuf,
    },
    /// Predictions are of questions without known answers.
    #[error(
        "{task} has no decisions of yes, no or maybe: only PubMedQA's labelled questions have them"
    )]
    NoDecisions {
        /// The name of the task.
        task: String,
    },
    /// Submissions are of questions that are not BioASQ's.
    #[error("{task} is not BioASQ: only its questions have submissions with snippets")]
    NoSnippets {
        /// The name of the task.
        task: String,
    },
    /// A run is of other queries.
    #[error("no query of the run `{run}` has a judgement in {task}: the ids do not match")]
    OtherQueries {
        /// The tag of the run.
        run: String,
        /// The name of the task.
        task: String,
    },
    /// Model options were given for an encoder that is not a model folder.
    #[error(
        "preset, recipe, adapter, precision and device apply only to model folders, and {name} is \
         not one"
    )]
    NotAFolder {
        /// The encoder.
        name: String,
    },
    /// A query encoder was given for an encoder that has only one tower.
    #[error("{name} is not the document half of a two-tower model")]
    NotDocumentTower {
        /// The encoder.
        name: String,
    },
    /// The model embeds stored texts only, and its partner is not at hand.
    #[error(
        "{name} embeds stored texts only: name the model for queries ({model}) as query encoder"
    )]
    QueryTowerMissing {
        /// The encoder.
        name: String,
        /// The model that embeds queries for it.
        model: String,
    },
    /// The model embeds queries or scores pairs, and cannot embed stored texts.
    #[error("{name} is not for stored texts (preset {preset}): name the model for them as encoder")]
    NotForDocuments {
        /// The encoder.
        name: String,
        /// Which known model it is.
        preset: String,
    },
    /// The folder of the encoder that a database names is gone.
    #[error(
        "this database was embedded by the encoder in {} ({fingerprint}), which is not there any \
         more: say where it is", path.display()
    )]
    EncoderMoved {
        /// Where it was.
        path: PathBuf,
        /// What it must be.
        fingerprint: Fingerprint,
    },
    /// The database knows of its encoder only the name.
    #[error(
        "the vectors of this database were made elsewhere, by {origin}, which is only a name here: \
         leave out the text and search with filters, or embed with the model that made them, once"
    )]
    OriginOnly {
        /// The name.
        origin: String,
    },
    /// The database holds vectors and names no encoder.
    #[error(
        "this database holds vectors that were made elsewhere: name the encoder that made them"
    )]
    EncoderUnknown,
    /// A text was given for a database without vectors.
    #[error(
        "this database has no vectors: leave out the text and search with filters, or import again \
         with an encoder into a new database"
    )]
    NoVectors,
    /// Re-ranking was asked for in a session without a cross-encoder.
    #[error("hits are sorted again by a cross-encoder: name one when the session is opened")]
    NoReranker,
    /// Re-ranking was asked for without a text.
    #[error("a cross-encoder reads text and document together: give a text to sort hits by")]
    RerankNeedsText,

    /// There is nothing to embed with or for: the database was created without vectors.
    #[error("this database was created without vectors")]
    CreatedWithoutVectors,
    /// Parquet was asked for, in a build without it.
    #[error(
        "this build cannot write Parquet: build medvec with the feature `parquet`, or choose \
         another format"
    )]
    NoParquet,
    /// There is nothing to embed with: the database names no encoder.
    #[error("this database holds vectors of your own making: import more of them instead")]
    OwnVectors,
    /// The database was created without vectors.
    #[error("this database has no vectors, so there is nothing to index")]
    NothingToIndex,
    /// No document has a key that hits should be like.
    #[error("document {key} is not in this database")]
    NotThere {
        /// The key.
        key: Key,
    },
    /// A document that hits should be like has no vector.
    #[error("document {key} has no vector to compare others with")]
    WithoutVector {
        /// Its key.
        key: Key,
    },
    /// A document that hits should be like, by words, has none in title and abstract.
    #[error("document {key} has no words in title and abstract to compare others with")]
    WithoutWords {
        /// Its key.
        key: Key,
    },
    /// A document that hits should be like has neither words nor a vector.
    #[error("document {key} has neither words nor a vector to compare others with")]
    NothingToCompare {
        /// Its key.
        key: Key,
    },
    /// Hits should be unlike documents and like none.
    #[error("documents to keep off were given and none to be like")]
    NothingLiked,
    /// What hits should be like and unlike is the same.
    #[error("the documents to be like and those to keep off cancel each other out")]
    NothingLeft,
    /// Recall was to be measured with queries, and there are none.
    #[error("there are no queries to measure recall with")]
    NoQueries,
    /// Queries in words need an encoder, and the database names none.
    #[error("this database holds vectors of your own making: queries in words need an encoder")]
    QueriesNeedEncoder,

    /// A path without a name was to be inspected.
    #[error("{} is not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The lock of the writer was to be inspected.
    #[error("LOCK is the writer lock: it is empty and has no structure")]
    LockFile,
    /// A file was to be inspected that is not there.
    #[error("there is no file {name} in {location}")]
    NoFile {
        /// Its name.
        name: String,
        /// The directory.
        location: String,
    },

    /// A directory was given as a source.
    #[error("{} is a directory: name the files in it", path.display())]
    SourceIsDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// No source was given.
    #[error("none of the files is a source: name the files to import")]
    NoSources,
    /// A folder that should hold NLM's files holds none.
    #[error("{} holds no file of NLM's series (pubmedYYnNNNN.xml.gz)", path.display())]
    NoNlmFiles {
        /// The folder.
        path: PathBuf,
    },
    /// An address that nothing is fetched from.
    #[error(
        "`{address}` cannot be fetched from: expected an https:// address without `?` or `#` (http:// for this \
         machine only)"
    )]
    BadSource {
        /// As it was given.
        address: String,
    },
    /// A server that should list NLM's files lists none.
    #[error(
        "{url} lists no file of NLM's series (pubmedYYnNNNN.xml.gz), and neither baseline/ nor updatefiles/ that \
         would: is it the right address?"
    )]
    NothingListed {
        /// The address.
        url: String,
    },
    /// A file could not be fetched.
    #[error("cannot fetch {name} from {url}: {detail}")]
    NotFetched {
        /// Its name.
        name: String,
        /// Its address.
        url: String,
        /// Why.
        detail: String,
    },
    /// Two files of one number differ.
    #[error(
        "{} and {} are of one number and differ: remove the one that is wrong", first.display(),
        second.display()
    )]
    FileTwice {
        /// The one.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A slice means something else on another day, or beside other documents.
    #[error("a slice must mean the same for ever: `{term}` {why}")]
    SliceUnstable {
        /// The term.
        term: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Another slice is to be kept than the database was synced with; an empty text is all of PubMed.
    #[error(
        "this database keeps {}: to keep {}, what was read must be read again (files: {files})",
        all_or(stored),
        all_or(given)
    )]
    SliceDiffers {
        /// The database's.
        stored: String,
        /// What was asked for.
        given: String,
        /// Files that were read.
        files: u64,
    },
    /// Files that must be read again are not in the folder.
    #[error("{}: {}", needed(first, *count), why_needed(late.as_deref()))]
    FilesNeeded {
        /// The first of them.
        first: String,
        /// How many they are.
        count: u64,
        /// The file that is late; `None` where all files are to be read again.
        late: Option<String>,
    },
    /// A new baseline lacks more citations than it may.
    #[error(
        "the baseline of 20{year:02} lacks citations that are here: {count} ({}), more than the {allowed} that \
         may be deleted unasked: is the baseline complete? nothing was deleted; what was read is \
         kept",
        listed(first)
    )]
    TooManyRemovals {
        /// The two digits of its year.
        year: u32,
        /// How many it lacks.
        count: u64,
        /// How many may be deleted.
        allowed: u64,
        /// The first twenty.
        first: Vec<Key>,
    },
    /// The file system has too little room.
    #[error("about {needed} bytes are needed where the database is, and {free} are free")]
    DiskTooSmall {
        /// Bytes needed, as far as a sample tells.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// No file name says which year's MeSH the files are, and nobody else did.
    #[error("no file name says which year's MeSH this is: name the year")]
    MeshYearMissing,
    /// A file stands where the database should be.
    #[error("{} is a file: a database is a directory", path.display())]
    DatabaseIsFile {
        /// The file.
        path: PathBuf,
    },
    /// The directory for a new database holds other files.
    #[error("{} holds other files and no database: name a new or an empty directory", path.display())]
    DirectoryInUse {
        /// The directory.
        path: PathBuf,
    },
    /// An origin was given, and no source brings vectors.
    #[error("an origin says what made vectors, but the sources bring none")]
    OriginWithoutVectors,
    /// A source brings vectors, and nobody said what made them.
    #[error(
        "{source_name} brings vectors: say what made them, by an encoder (the model itself, so that \
         queries can be embedded) or an origin (its name, if it is not here)"
    )]
    OriginMissing {
        /// The source.
        source_name: String,
    },
    /// A source brings vectors, and nobody said that the database's encoder made them.
    #[error(
        "{} brings vectors, and this database is embedded by {encoder}: if that made them, name it \
         as encoder", path.display()
    )]
    Unvouched {
        /// The source.
        path: PathBuf,
        /// The database's encoder.
        encoder: String,
    },
    /// A source's vectors have another length than the encoder's.
    #[error(
        "{source_name} holds vectors of {found} numbers, the encoder {encoder} gives {expected}: \
         name the one that made them"
    )]
    DimensionDiffers {
        /// The source.
        source_name: String,
        /// Numbers in its vectors.
        found: usize,
        /// The encoder of the new database.
        encoder: String,
        /// Numbers in its vectors.
        expected: u32,
    },
    /// Another metric was asked for than the database has.
    #[error(
        "vectors are compared by {} here, not by {}: that is fixed when a database is created; \
         import into a new database", metric_name(*stored), metric_name(*given)
    )]
    MetricFixed {
        /// The database's.
        stored: Metric,
        /// What was asked for.
        given: Metric,
    },
    /// Another type of rows was asked for than the database has.
    #[error(
        "this database stores vectors as {}, not {}: that is fixed when it is created; import into \
         a new database", row_type_name(*stored), row_type_name(*given)
    )]
    RowsFixed {
        /// The database's.
        stored: RowType,
        /// What was asked for.
        given: RowType,
    },
    /// An encoder was named for a database whose vectors were made elsewhere.
    #[error(
        "the vectors of this database were made elsewhere, by {origin}: {given} cannot add to them; \
         name no encoder, or import into a new database"
    )]
    OriginFixed {
        /// The database's origin.
        origin: String,
        /// The encoder that was named.
        given: String,
    },
    /// An origin was named for a database that has none.
    #[error(
        "the vectors of this database are {}, not of the origin {given}: name no origin, or import \
         into a new database", made_by(stored.as_deref())
    )]
    NotOfOrigin {
        /// The database's encoder; `None` where it names none.
        stored: Option<String>,
        /// The origin that was named.
        given: String,
    },
    /// The vectors of two databases cannot stand side by side.
    #[error(
        "{} holds {given}, but {} holds {stored}: only databases with the same encoder can be merged; \
         export the documents as JSON lines and import those", source_path.display(), target.display()
    )]
    VectorsDiffer {
        /// The database that the documents go to, or the first of them where that is new.
        target: PathBuf,
        /// What it holds.
        stored: String,
        /// The database that they come from.
        source_path: PathBuf,
        /// What that holds.
        given: String,
    },
    /// The manifest of a generation that a delta is to build on is not kept any more.
    #[error(
        "generation {} is not known here: the manifests of {} are kept; name the copy at that generation, or the file \
         of its newest manifest", generation.0, generations(kept)
    )]
    GenerationGone {
        /// The generation.
        generation: Generation,
        /// Those whose manifests are kept.
        kept: Vec<Generation>,
    },
    /// A delta cannot build on this copy.
    #[error("no delta can build on {}: {detail}; make a new copy of this database", path.display())]
    NotABase {
        /// The copy, or its manifest.
        path: PathBuf,
        /// What is there.
        detail: String,
    },
    /// Another encoder was named than the database was created with; `None` means without any.
    #[error(
        "this database was created with the encoder {}, not {}: that is fixed when it is created; \
         import into a new database", or_none(stored.as_deref()), or_none(given.as_deref())
    )]
    EncoderFixed {
        /// The database's.
        stored: Option<String>,
        /// What was named.
        given: Option<String>,
    },
}

impl SessionError {
    /// A stable name of the kind of error, for programs: the library's own where it is one of its errors
    /// ([`Error::code`]), else one of this type's, such as `encoder_moved`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Library(error) => error.code(),
            Self::NoEncoder { .. } => "no_encoder",
            Self::NoJudgements { .. } => "no_judgements",
            Self::NoCorpus { .. } => "no_corpus",
            Self::NoDecisions { .. } => "no_decisions",
            Self::NoSnippets { .. } => "no_snippets",
            Self::OtherQueries { .. } => "other_queries",
            Self::NotAFolder { .. } => "not_a_folder",
            Self::NotDocumentTower { .. } => "not_document_tower",
            Self::QueryTowerMissing { .. } => "query_tower_missing",
            Self::NotForDocuments { .. } => "not_for_documents",
            Self::EncoderMoved { .. } => "encoder_moved",
            Self::OriginOnly { .. } => "origin_only",
            Self::EncoderUnknown => "encoder_unknown",
            Self::NoVectors => "no_vectors",
            Self::NoReranker => "no_reranker",
            Self::RerankNeedsText => "rerank_needs_text",
            Self::CreatedWithoutVectors => "created_without_vectors",
            Self::NoParquet => "no_parquet",
            Self::OwnVectors => "own_vectors",
            Self::NothingToIndex => "nothing_to_index",
            Self::NotThere { .. } => "not_there",
            Self::WithoutVector { .. } => "without_vector",
            Self::WithoutWords { .. } => "without_words",
            Self::NothingToCompare { .. } => "nothing_to_compare",
            Self::NothingLiked => "nothing_liked",
            Self::NothingLeft => "nothing_left",
            Self::NoQueries => "no_queries",
            Self::QueriesNeedEncoder => "queries_need_encoder",
            Self::NotAFile { .. } => "not_a_file",
            Self::LockFile => "lock_file",
            Self::NoFile { .. } => "no_file",
            Self::SourceIsDirectory { .. } => "source_is_directory",
            Self::NoSources => "no_sources",
            Self::NoNlmFiles { .. } => "no_nlm_files",
            Self::BadSource { .. } => "bad_source",
            Self::NothingListed { .. } => "nothing_listed",
            Self::NotFetched { .. } => "not_fetched",
            Self::FileTwice { .. } => "file_twice",
            Self::SliceUnstable { .. } => "slice_unstable",
            Self::SliceDiffers { .. } => "slice_differs",
            Self::FilesNeeded { .. } => "files_needed",
            Self::TooManyRemovals { .. } => "too_many_removals",
            Self::DiskTooSmall { .. } => "disk_too_small",
            Self::MeshYearMissing => "mesh_year_missing",
            Self::DatabaseIsFile { .. } => "database_is_file",
            Self::DirectoryInUse { .. } => "directory_in_use",
            Self::OriginWithoutVectors => "origin_without_vectors",
            Self::OriginMissing { .. } => "origin_missing",
            Self::Unvouched { .. } => "unvouched",
            Self::DimensionDiffers { .. } => "dimension_differs",
            Self::MetricFixed { .. } => "metric_fixed",
            Self::RowsFixed { .. } => "rows_fixed",
            Self::OriginFixed { .. } => "origin_fixed",
            Self::NotOfOrigin { .. } => "not_of_origin",
            Self::VectorsDiffer { .. } => "vectors_differ",
            Self::GenerationGone { .. } => "generation_gone",
            Self::NotABase { .. } => "not_a_base",
            Self::EncoderFixed { .. } => "encoder_fixed",
        }
    }
}

/// `made by X`, or by the caller.
pub(crate) fn made_by(encoder: Option<&str>) -> String {
    encoder.map_or_else(|| "of your own making".to_owned(), |name| format!("made by {name}"))
}

/// `generations 7 and 8`.
pub(crate) fn generations(kept: &[Generation]) -> String {
    let numbers: Vec<String> = kept.iter().map(|generation| generation.0.to_string()).collect();
    format!("generations {}", numbers.join(" and "))
}

/// A slice in words.
fn all_or(slice: &str) -> String {
    match slice {
        "" => "all of PubMed".to_owned(),
        slice => format!("only `{slice}`"),
    }
}

fn needed(first: &str, count: u64) -> String {
    match count {
        1 => format!("{first} is not in the folder"),
        2 => format!("{first} and another file are not in the folder"),
        count => format!("{first} and {} other files are not in the folder", count - 1),
    }
}

fn why_needed(late: Option<&str>) -> String {
    match late {
        Some(late) => {
            format!(
                "{late} is late, and in a slice what comes after a late file must be read again"
            )
        }
        None => "what was read before must be there to be read again".to_owned(),
    }
}

fn listed(keys: &[Key]) -> String {
    keys.iter().map(Key::to_string).collect::<Vec<_>>().join(", ")
}

fn or_none(name: Option<&str>) -> &str {
    name.unwrap_or(NO_ENCODER)
}
