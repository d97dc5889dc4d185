//! The command line as clap sees it: one struct a command.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use medvec::format::manifest::RowType;

use crate::filters::YearRange;

/// PubMed on a laptop: import citations, search them by meaning, filter them by MeSH.
#[derive(Debug, Parser)]
#[command(
    name = "medvec",
    version,
    arg_required_else_help = true,
    after_help = "Start with `medvec quickstart`. Exit codes: 0 found, 1 nothing found, 2 error."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to colour text output.
    #[arg(long, value_enum, global = true, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,

    /// No progress and no remarks on standard error.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
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

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON value.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header line.
    Csv,
    /// One key a line, for `medvec get DB -` and other programs.
    Pmids,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build a database of 1,000 sample abstracts, search it, and say how to go on.
    Quickstart(Quickstart),
    /// Add PubMed XML, JSONL or PubMedQA files to a database, which is created if there is none.
    Import(Import),
    /// Find documents by meaning, by filters, or both.
    Search(Search),
    /// Print documents.
    Get(Get),
    /// Delete documents.
    Delete(Delete),
    /// Documents, sizes, encoder and sources of a database.
    Stats(Stats),
    /// Check every byte of a database.
    Verify(Verify),
    /// Show what of a damaged database can be saved, and save it.
    Repair(Repair),
    /// Merge segments and drop deleted documents.
    Compact(Compact),
    /// Make the index as good as it gets: train it, index everything, measure its recall.
    Optimize(Optimize),
    /// The structure of a file or of every file of a database.
    Inspect(Inspect),
    /// Make a fast static encoder from a sentence encoder and a corpus.
    Distill(Distill),
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
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Source files: PubMed XML (.xml, .xml.gz), JSONL, PubMedQA JSON; told apart by content.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// What turns text into vectors: `builtin`, a model folder, or `none`. Fixed when the database is
    /// created (then: builtin).
    #[arg(long, value_name = "ENCODER")]
    pub(crate) encoder: Option<String>,

    /// How vectors are stored. Fixed when the database is created (then: int8).
    #[arg(long, value_enum, value_name = "TYPE")]
    pub(crate) rows: Option<Rows>,

    /// Report records that cannot be read and go on with the next.
    #[arg(long)]
    pub(crate) keep_going: bool,
}

/// How vectors are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rows {
    /// One byte a dimension and a scale a row.
    Int8,
    /// Half precision.
    F16,
    /// Single precision.
    F32,
}

impl Rows {
    /// How the format calls it.
    pub(crate) fn row_type(self) -> RowType {
        match self {
            Rows::Int8 => RowType::Int8,
            Rows::F16 => RowType::F16,
            Rows::F32 => RowType::F32,
        }
    }
}

/// A row type as `--rows` names it.
pub(crate) fn row_type_name(row_type: RowType) -> &'static str {
    match row_type {
        RowType::Int8 => "int8",
        RowType::F16 => "f16",
        RowType::F32 => "f32",
    }
}

/// `medvec search`
#[derive(Debug, Args)]
#[command(
    after_help = "Options given together must all hold. A filter given twice must hold twice \
    (`--mesh Aspirin --mesh Neoplasms`). Without TEXT, matching documents are listed, newest first."
)]
pub(crate) struct Search {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// A question, or words.
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,

    /// Number of hits.
    #[arg(short, value_name = "N", default_value_t = 10)]
    pub(crate) k: usize,

    /// What must hold.
    #[command(flatten)]
    pub(crate) filters: Filters,

    /// Compare with every matching document.
    #[arg(long, conflicts_with_all = ["recall", "probes"])]
    pub(crate) exact: bool,

    /// Share of the true nearest documents to find, on average over questions: 0.8 to 0.99.
    #[arg(long, value_name = "SHARE", conflicts_with = "probes")]
    pub(crate) recall: Option<f32>,

    /// For experts: lists of the index to scan, instead of --recall.
    #[arg(long, value_name = "N")]
    pub(crate) probes: Option<u32>,

    /// With --probes: documents to compare exactly.
    #[arg(long, value_name = "N", requires = "probes", default_value_t = 200)]
    pub(crate) candidates: u32,

    /// Say on standard error how the answer was found.
    #[arg(long)]
    pub(crate) explain: bool,

    /// Use this encoder (`builtin` or a model folder) instead of the one that the database names.
    #[arg(long, value_name = "ENCODER")]
    pub(crate) encoder: Option<String>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Conditions of a search.
#[derive(Debug, Default, Args)]
pub(crate) struct Filters {
    /// MeSH heading, by name or descriptor UI.
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub(crate) mesh: Vec<String>,

    /// MeSH heading as a major topic.
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub(crate) major: Vec<String>,

    /// Years of publication: 2019, 2015:2020, 2015: or :2020.
    #[arg(long, value_name = "FROM:TO")]
    pub(crate) year: Option<YearRange>,

    /// Journal, by title, abbreviation, NLM id or ISSN.
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub(crate) journal: Vec<String>,

    /// Language of the article, as in PubMed (`eng`, `ger`).
    #[arg(long, value_name = "CODE", action = ArgAction::Append)]
    pub(crate) language: Vec<String>,

    /// Publication type, by name or UI.
    #[arg(long = "type", value_name = "NAME", action = ArgAction::Append)]
    pub(crate) publication_type: Vec<String>,

    /// Only documents with an abstract.
    #[arg(long)]
    pub(crate) has_abstract: bool,

    /// A field of your own: `name=text`, `name=12`, or a range `name=5:9`, `name=5:`.
    #[arg(long, value_name = "NAME=VALUE", action = ArgAction::Append)]
    pub(crate) field: Vec<String>,
}

/// `medvec get`
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// PMIDs or other keys; `-` reads them from standard input, one a line.
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

    /// PMIDs or other keys; `-` reads them from standard input, one a line.
    #[arg(value_name = "KEY", required = true)]
    pub(crate) keys: Vec<String>,
}

/// `medvec stats`
#[derive(Debug, Args)]
pub(crate) struct Stats {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Output format: text or json.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// `medvec verify`
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
}

/// `medvec repair`
#[derive(Debug, Args)]
pub(crate) struct Repair {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Do it; without this, only say what would be done.
    #[arg(long)]
    pub(crate) apply: bool,
}

/// `medvec compact`
#[derive(Debug, Args)]
pub(crate) struct Compact {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,
}

/// `medvec optimize`
#[derive(Debug, Args)]
pub(crate) struct Optimize {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Train the index anew, though there is one, and index every document again.
    #[arg(long)]
    pub(crate) retrain: bool,

    /// Questions as users ask them, one a line: recall is measured with them. Without it, titles of
    /// the documents are taken, which are easier.
    #[arg(long, value_name = "FILE")]
    pub(crate) questions: Option<PathBuf>,

    /// Number of lists of a new index; many short ones suit large databases.
    #[arg(long, value_name = "N")]
    pub(crate) lists: Option<usize>,

    /// Bits of a code for each dimension, 1 or 2: more bits need fewer exact scores and more memory.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) bits: Option<u8>,
}

/// `medvec inspect`
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A file of a database, or a database directory.
    #[arg(value_name = "FILE|DB")]
    pub(crate) path: PathBuf,
}

/// `medvec distill`
#[derive(Debug, Args)]
pub(crate) struct Distill {
    /// Model folder of the teacher (Hugging Face layout).
    #[arg(long, value_name = "FOLDER", required_unless_present = "vectors")]
    pub(crate) teacher: Option<PathBuf>,

    /// Texts to learn from: JSONL with `title`, and `abstract` or `text`; plain, .gz or .zst.
    #[arg(long, value_name = "FILE")]
    pub(crate) corpus: PathBuf,

    /// Where the encoder is written; an existing file is replaced.
    #[arg(long, value_name = "FILE", default_value = "encoder.mdvs")]
    pub(crate) out: PathBuf,

    /// Length of the vectors; the teacher's at most. [default: 384]
    #[arg(long, value_name = "N")]
    pub(crate) dimension: Option<usize>,

    /// Tokens of the vocabulary that is trained on the corpus, at most. [default: 29500]
    #[arg(long, value_name = "N", conflicts_with = "vocabulary_file")]
    pub(crate) vocabulary: Option<usize>,

    /// Use this vocabulary instead of training one: a vocab.txt, a token a line, with [UNK].
    #[arg(long, value_name = "FILE")]
    pub(crate) vocabulary_file: Option<PathBuf>,

    /// Largest file, in millions of bytes: the rarest tokens are left out until it fits.
    /// [default: 8]
    #[arg(long, value_name = "MB", value_parser = megabytes)]
    pub(crate) size_max: Option<u64>,

    /// Also measure nDCG@10 on this folder in the layout of BEIR (corpus.jsonl, queries.jsonl,
    /// qrels/test.tsv), of the teacher too if one is given; can be given more than once.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) beir: Vec<PathBuf>,

    /// Steps of the refinement after the least-squares fit. [default: 400]
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<usize>,

    /// Seed of every random choice. [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Titles and sentences that the teacher embeds: more is better and slower.
    #[arg(long, value_name = "N")]
    pub(crate) passages: Option<usize>,

    /// Keep the teacher's vectors in this file (numpy), and their texts beside it as .jsonl; use them
    /// if they are there.
    #[arg(long, value_name = "FILE.npy")]
    pub(crate) vectors: Option<PathBuf>,
}

/// Millions of bytes, such as `8` or `7.5`, as bytes.
fn megabytes(text: &str) -> Result<u64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.001..=1e6).contains(&number) => Ok((number * 1e6) as u64),
        _ => Err("expected a number of megabytes from 0.001 to 1000000".to_owned()),
    }
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
        assert!(parse("medvec search db x --format xml").is_err(), "no such format");
    }
}
