//! The command line as clap sees it: one struct per command.

mod benchmark;
mod choices;
mod databases;
mod eval;
mod export;
mod filters;
mod literature;
mod maintenance;
mod mesh;
mod models;
mod moving;
mod strategy;
mod sync;
mod triples;
mod values;
mod writing;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use medvec::session::ColumnMap;

use crate::progress::Form;

pub(crate) use benchmark::Benchmark;
pub(crate) use choices::{Format, FusionName, MetricName, ModeName, Rows, SortName, TextOrJson};
pub(crate) use databases::Databases;
pub(crate) use eval::{ApproachName, Eval, ReportFormat};
pub(crate) use export::{Export, ExportKind};
pub(crate) use filters::Filters;
pub(crate) use literature::{Duplicates, Similar};
pub(crate) use maintenance::{Compact, Inspect, Optimize, Repair, Verify};
pub(crate) use mesh::{Mesh, MeshCommand, MeshDiff, MeshFiles, MeshSearch, MeshShow, MeshTree};
pub(crate) use models::{
    Distill, Encode, EncodeFormat, Encoders, EncodersCommand, EncodersList, Fetch, ModelOptions,
};
pub(crate) use moving::{Apply, Backup, Diff, Merge, Pack, Unpack};
pub(crate) use strategy::{Count, StrategyArgs, StrategyCommand, StrategyRun};
pub(crate) use sync::Sync;
pub(crate) use triples::{
    NegativesName, PassageName, PositivesName, SamplingName, Triples, TriplesFormat,
};
pub(crate) use values::YearRange;
use values::{name, share};
use writing::WritingOptions;

/// PubMed on a laptop: import citations, search them by words and meaning, filter them by MeSH.
#[derive(Debug, Parser)]
#[command(
    name = "medvec",
    version,
    arg_required_else_help = true,
    after_help = "Start with `medvec quickstart`. Reports are JSON with --format json. Exit codes: 0 found, 1 nothing found, 2 error."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to colour text output.
    #[arg(long, value_enum, global = true, default_value_t = Color::Auto, value_name = "WHEN", help_heading = "Global options")]
    pub(crate) color: Color,

    /// No remarks on standard error, and no progress unless --progress asks for it.
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) quiet: bool,

    /// How progress is reported on standard error.
    #[arg(
        long,
        value_enum,
        global = true,
        default_value_t,
        value_name = "FORM",
        help_heading = "Global options"
    )]
    pub(crate) progress: Form,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// When standard output is a terminal and NO_COLOR is not set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build a database of 1,000 sample abstracts, search it, and say how to go on.
    Quickstart(Quickstart),
    /// Add citations, texts or vectors to a database, which is created if there is none.
    Import(Import),
    /// Follow NLM's baseline and update files: read what is new in a folder, in its order.
    Sync(Box<Sync>),
    /// Embed documents that were imported with --defer, or lost their vector with their text.
    Embed(Embed),
    /// Find documents by words and meaning, by filters, or both.
    Search(Box<Search>),
    /// Count what a query in PubMed's language finds.
    Count(Count),
    /// Run a search strategy in PubMed's language, line by line.
    Strategy(StrategyArgs),
    /// Print documents.
    Get(Get),
    /// Find more documents like some, by their words and vectors.
    Similar(Similar),
    /// Find documents that are likely the same work: one DOI, PMCID, PMID or title.
    Duplicates(Duplicates),
    /// Write all documents, or those that pass filters: citations, their vectors, or a benchmark.
    Export(Export),
    /// Delete documents.
    Delete(Delete),
    /// Documents, sizes, encoder and sources of a database.
    Stats(Stats),
    /// Check every byte of a database.
    Verify(Verify),
    /// Show what of a damaged database can be saved, and save it.
    Repair(Repair),
    /// Copy a database to another directory, or bring a copy up to date.
    Backup(Backup),
    /// Write a database to one file, to send or to keep.
    Pack(Pack),
    /// Make a database of a file that `medvec pack` wrote.
    Unpack(Unpack),
    /// Write what a copy at an earlier generation lacks to one file.
    Diff(Diff),
    /// Bring a copy up to date with a file that `medvec diff` wrote.
    Apply(Apply),
    /// Add the documents of databases to another.
    Merge(Merge),
    /// Merge segments and drop deleted documents.
    Compact(Compact),
    /// Make the index as good as it gets: train it, index everything, measure its recall.
    Optimize(Optimize),
    /// The structure of a file or of every file of a database.
    Inspect(Inspect),
    /// Measure how well words, vectors and both find what a benchmark's judgements say.
    Eval(Box<Eval>),
    /// Make training data for retrievers: queries, positives and hard negatives.
    Triples(Box<Triples>),
    /// Tokens and vectors of texts, or scores of pairs, as a model makes them.
    Encode(Encode),
    /// Encoders: those that are known, and what those at hand cost.
    Encoders(Encoders),
    /// Fetch a model from Hugging Face into its cache; it can then be named as an encoder.
    Fetch(Fetch),
    /// Make a fast static encoder from a sentence encoder and a corpus.
    Distill(Distill),
    /// MeSH: what a name means, what lies below it, and what changed from one year to another.
    Mesh(Mesh),
    /// Print a completion script for a shell.
    Completions(Completions),
}

/// `medvec quickstart`
#[derive(Debug, Args)]
pub(crate) struct Quickstart {
    /// Where the sample database is made.
    #[arg(long, value_name = "DIR", default_value = "quickstart.medvec")]
    pub(crate) dir: PathBuf,
}

/// `medvec import`
#[derive(Clone, Debug, Args)]
pub(crate) struct Import {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Source files: PubMed XML (.xml, .xml.gz), NBIB, RIS, CSV and TSV, JSONL (BEIR, MTEB, R2MED, SciFact, MedRAG),
    /// PubTator, CORD-19's metadata.csv, NFCorpus, Cystic Fibrosis, PubMedQA JSON, Parquet with ids and texts, vectors
    /// (.npy, .safetensors, .fvecs, Parquet); told apart by content, .fvecs by its name. `FILE.md5` beside a file is
    /// checked. `-` is standard input; that and pipes are read once.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// What turns text into vectors: `builtin`, a model folder, the name of a model in the cache of
    /// Hugging Face, or `none`. Fixed when the database is created (then: builtin).
    #[arg(long, value_name = "ENCODER")]
    pub(crate) encoder: Option<String>,

    /// The model for queries, where `--encoder` embeds stored texts only (MedCPT). Not needed when it
    /// lies beside the other under its own name.
    #[arg(long, value_name = "FOLDER", requires = "encoder")]
    pub(crate) query_encoder: Option<String>,

    /// What the encoder's folder does not say.
    #[command(flatten)]
    pub(crate) model: ModelOptions,

    /// How vectors are stored. Fixed when the database is created (then: int8).
    #[arg(long, value_enum, value_name = "TYPE")]
    pub(crate) rows: Option<Rows>,

    /// What made the vectors that the files bring, when it is not here to be named with --encoder: a
    /// name of your choice. Vectors of another origin are refused later.
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: Option<String>,

    /// How vectors that the files bring are compared. Fixed when the database is created (then:
    /// cosine, or as their encoder has it).
    #[arg(long, value_enum, value_name = "METRIC")]
    pub(crate) metric: Option<MetricName>,

    /// The ids of an .npy, .safetensors or .fvecs file: one per line, JSONL, or a JSON list. Without it they are looked
    /// for beside the array (pmids_chunk_N.json of embeds_chunk_N.npy; NAME.ids, .txt, .json or .jsonl of NAME.npy).
    #[arg(long, value_name = "FILE")]
    pub(crate) ids: Option<PathBuf>,

    /// Columns of tables whose headers have unusual names, as `title=Titel,abstract=Inhalt,key=Nr`; roles: pmid,
    /// key, id, title, abstract, date, year, journal, authors, mesh, keywords, types, languages, doi, pmcid, pubmed (a
    /// PMID that is not the key). Authors, as other lists, stand between `;` or `|`; commas separate them only if all are
    /// short (`Okafor AM, Smith J`) or there are three and more, each with a blank.
    #[arg(long, value_name = "ROLE=COLUMN,...")]
    pub(crate) map: Option<ColumnMap>,

    /// Store documents now and embed them later, with `medvec embed`: filters find them at once.
    #[arg(long)]
    pub(crate) defer: bool,

    /// Import the files again, even those that were imported before and have not changed.
    #[arg(long)]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) writing: WritingOptions,

    /// Report records that cannot be read and go on with the next. A file that is not there, is cut or damaged, or does
    /// not match its checksum, is given up: exit code 2.
    #[arg(long)]
    pub(crate) keep_going: bool,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec embed`
#[derive(Debug, Args)]
pub(crate) struct Embed {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Where the database's encoder is (`builtin` or a model folder), if it has moved. For vectors with
    /// only a named origin: the encoder that made them; it is verified against them.
    #[arg(long, value_name = "ENCODER")]
    pub(crate) encoder: Option<String>,

    /// Where the model for queries is, when the encoder is one of two that belong together and the
    /// other does not lie beside it.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) query_encoder: Option<String>,

    /// What the encoder's folder does not say.
    #[command(flatten)]
    pub(crate) model: ModelOptions,

    /// Threads, of which 512 are started at most; one per core without it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec search`
#[derive(Debug, Args)]
#[command(
    after_help = "Options given together must all hold. A filter given twice must hold twice \
    (`--mesh Aspirin --mesh Neoplasms`). Without TEXT, matching documents are listed, newest first."
)]
pub(crate) struct Search {
    /// What is read.
    #[command(flatten)]
    pub(crate) databases: Databases,

    /// A question, or words; a query in PubMed's language goes to --query.
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,

    /// Number of hits; 0 only counts what the filters match.
    #[arg(short, value_name = "N", default_value_t = 10)]
    pub(crate) k: usize,

    /// A query in PubMed's language that must hold, too: `asthma[mh] AND wheez*[tiab] NOT child[ti]`.
    #[arg(long, value_name = "STRATEGY")]
    pub(crate) query: Option<String>,

    /// Hits to leave out before the first: those of earlier pages.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) offset: usize,

    /// Order of hits, in place of the best or the newest first. It decides which documents are hits, too.
    #[arg(long, value_enum, value_name = "ORDER", conflicts_with = "rerank")]
    pub(crate) sort: Option<SortName>,

    /// Count matching documents by these: year, journal, type, mesh, major, language, or fields of your own.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', value_parser = name)]
    pub(crate) facet: Vec<String>,

    /// What must hold.
    #[command(flatten)]
    pub(crate) filters: Filters,

    /// What documents are ranked by.
    #[arg(long, value_enum, default_value_t, help_heading = "Ranking")]
    pub(crate) mode: ModeName,

    /// How --mode hybrid joins its two rankings.
    #[arg(long, value_enum, default_value_t, help_heading = "Ranking")]
    pub(crate) fusion: FusionName,

    /// Weight of the vectors in a hybrid ranking; that of the words is 1 with --fusion relative, and the rest of 1 with
    /// --fusion sum. Without it, 0.8 and 0.6.
    #[arg(long, value_name = "WEIGHT", help_heading = "Ranking")]
    pub(crate) vector_weight: Option<f32>,

    /// Search twice: words and vectors of the best documents of a first search expand the query. It finds more, and
    /// words that the query does not have; see them by --explain.
    #[arg(long, requires = "text", help_heading = "Ranking")]
    pub(crate) expand: bool,

    /// Compare with every matching document.
    #[arg(long, conflicts_with_all = ["recall", "probes"], help_heading = "Ranking")]
    pub(crate) exact: bool,

    /// Share of the true nearest documents to find, on average over queries: above 0, at most 1. Without
    /// it, every document is compared as long as that is quick, then 0.95 are found.
    #[arg(long, value_name = "SHARE", conflicts_with = "probes", value_parser = share, help_heading = "Ranking")]
    pub(crate) recall: Option<f32>,

    /// For experts: lists of the index to scan, instead of --recall.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Ranking")]
    pub(crate) probes: Option<u32>,

    /// With --probes: documents to compare exactly.
    #[arg(
        long,
        value_name = "N",
        requires = "probes",
        default_value_t = 200,
        help_heading = "Ranking"
    )]
    pub(crate) candidates: u32,

    /// Say on standard error how the answer was found.
    #[arg(long)]
    pub(crate) explain: bool,

    /// Use this encoder (`builtin` or a model folder) instead of the one that the database names. For
    /// a two-tower database, the one for queries.
    #[arg(long, value_name = "ENCODER")]
    pub(crate) encoder: Option<String>,

    /// What the encoder's folder does not say.
    #[command(flatten)]
    pub(crate) model: ModelOptions,

    /// Sort the best hits again by this cross-encoder, which reads query and document together.
    #[arg(long, value_name = "FOLDER", requires = "text", help_heading = "Ranking")]
    pub(crate) rerank: Option<PathBuf>,

    /// With --rerank: how many of the best hits it reads; -k at least.
    #[arg(
        long,
        value_name = "N",
        requires = "rerank",
        default_value_t = 50,
        help_heading = "Ranking"
    )]
    pub(crate) rerank_top: usize,

    /// Put the search on record in this file, which must not exist: request, answer, and the state of the database.
    #[arg(long, value_name = "FILE", value_parser = values::new_file())]
    pub(crate) save_search: Option<PathBuf>,

    /// Ask a search on record again, and say what changed. Exit code 0 if the answer is the same, 1 if not; text
    /// or json.
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "text", "expand", "save_search", "sort", "facet", "explain", "mesh", "major", "year", "journal", "language",
        "publication_type", "has_abstract", "field", "exact", "recall", "probes",
    ])]
    pub(crate) replay: Option<PathBuf>,

    /// With --format trec: what the run calls this query.
    #[arg(long, value_name = "ID", default_value = "1", value_parser = values::topic)]
    pub(crate) topic: String,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// `medvec get`
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// What is read.
    #[command(flatten)]
    pub(crate) databases: Databases,

    /// PMIDs or other keys; `-` reads them from standard input, one per line. A key given twice counts once.
    #[arg(value_name = "KEY", required = true)]
    pub(crate) keys: Vec<String>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// `medvec delete`
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// PMIDs or other keys; `-` reads them from standard input, one per line.
    #[arg(value_name = "KEY", required = true)]
    pub(crate) keys: Vec<String>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec stats`
#[derive(Debug, Args)]
pub(crate) struct Stats {
    /// What is read.
    #[command(flatten)]
    pub(crate) databases: Databases,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec completions`
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Shell.
    pub(crate) shell: Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_groups_what_belongs_together() {
        let cli = Cli::command();
        let search = cli.find_subcommand("search").expect("search");
        let heading = |name: &str| {
            let found = search.get_arguments().find(|arg| arg.get_id() == name);
            found.expect("an argument").get_help_heading()
        };
        for (name, expected) in [
            ("k", None),
            ("mesh", Some("Filters")),
            ("field", Some("Filters")),
            ("explain", None),
            ("recall", Some("Ranking")),
            ("device", Some("Model folders")),
            ("format", None),
        ] {
            assert_eq!(heading(name), expected, "{name}");
        }
    }

    #[test]
    fn filters_can_be_repeated_and_follow_the_text() {
        let cli =
            parse("medvec search db words --mesh Aspirin --mesh D009369 --year 2010:").unwrap();
        let Command::Search(search) = cli.command else { panic!("not a search") };
        assert_eq!(search.text.as_deref(), Some("words"));
        assert_eq!(search.filters.mesh, ["Aspirin", "D009369"]);
        assert_eq!(search.filters.year, Some(YearRange { from: 2010, to: 9999 }));
        assert_eq!(search.k, 10);
    }

    #[test]
    fn wrong_use_is_refused() {
        assert!(parse("medvec import db").is_err(), "no files");
        assert!(parse("medvec search db x --year 2020:2010").is_err(), "an empty range");
        assert!(parse("medvec get db").is_err(), "no keys");
        for wrong in ["--recall 0", "--recall 1.5", "--recall NaN", "--probes 0", "--year 0"] {
            assert!(parse(&format!("medvec search db x {wrong}")).is_err(), "{wrong}");
        }
        assert!(parse("medvec search db x --year 2010 --year 2011").is_err(), "two ranges");
        assert!(parse("medvec search db x --format xml").is_err(), "no such format");
    }
}
