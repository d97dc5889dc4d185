//! `medvec triples`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::benchmark::Benchmark;
use super::choices::ModeName;
use super::filters::Filters;

/// `medvec triples`
#[derive(Debug, Args)]
#[command(
    after_help = "Example: medvec triples nfcorpus --split train --negatives rank,branch --relative-margin 0.05 -o train.jsonl"
)]
pub(crate) struct Triples {
    /// Where positives are: a benchmark, as `medvec eval` reads it; a folder with MedCPT's click log (--positives clicks); a file of
    /// BMRetriever, BioLORD or other pairs (--positives pairs); a database (--positives citations, --positives mesh).
    #[arg(value_name = "TASK|DB")]
    pub(crate) source: PathBuf,

    /// How a benchmark is read.
    #[command(flatten)]
    pub(crate) benchmark: Benchmark,

    /// Write to this file, which must not exist; with --format medcpt, to this folder.
    #[arg(short, long, value_name = "FILE", value_parser = super::values::new_file())]
    pub(crate) output: PathBuf,

    /// What is positive: judgements of a benchmark, clicks, the right texts of pairs, works that a document cites, or documents that
    /// share a major heading. For the last two the title of a document is the query.
    #[arg(long, value_enum, default_value_t, value_name = "SOURCE")]
    pub(crate) positives: PositivesName,

    /// Where negatives come from; several take turns. rank: a window of the ranking; branch: documents in the MeSH branch of a
    /// positive's heading, without that heading; citations: what the works that a positive cites cite in turn.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "NAME,...",
        default_value = "rank"
    )]
    pub(crate) negatives: Vec<NegativesName>,

    /// Negatives per query.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 7)]
    pub(crate) count: usize,

    /// What ranks: auto, dense, lexical or hybrid; auto takes words and vectors as far as the database has both.
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    pub(crate) ranking: ModeName,

    /// Let rankings by vectors use the index, and find this share of the true nearest documents on average, above 0 and at
    /// most 1: far less work in a large database, and other negatives (then: exact).
    #[arg(long, value_name = "SHARE", value_parser = super::values::share)]
    pub(crate) recall: Option<f32>,

    /// The first rank that can be a negative; positives count as ranks, too.
    #[arg(long, value_name = "RANK", default_value_t = 10)]
    pub(crate) range_min: usize,

    /// The last rank that can be a negative.
    #[arg(long, value_name = "RANK", default_value_t = 100)]
    pub(crate) range_max: usize,

    /// Which candidates become negatives: any, or those that rank highest.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub(crate) sampling: SamplingName,

    /// Drop candidates that score above this: the similarity of vectors; BM25 with --ranking lexical.
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    pub(crate) max_score: Option<f64>,

    /// Drop candidates that do not score this far below the lowest positive. Where queries have many positives, the lowest is
    /// low: --positives-max keeps the best of them.
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    pub(crate) margin: Option<f64>,

    /// The same as a share of the lowest positive's score, as sentence-transformers has it: 0.05 keeps what scores at most
    /// 95 % of it.
    #[arg(long, value_name = "SHARE")]
    pub(crate) relative_margin: Option<f64>,

    /// Drop candidates that this cross-encoder scores above the lowest positive.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) reranker: Option<PathBuf>,

    /// Drop candidates that the cross-encoder scores above this.
    #[arg(long, value_name = "SCORE", requires = "reranker", allow_negative_numbers = true)]
    pub(crate) reranker_max_score: Option<f64>,

    /// Drop candidates that the cross-encoder does not score this far below the lowest positive (then: 0).
    #[arg(long, value_name = "SCORE", requires = "reranker", allow_negative_numbers = true)]
    pub(crate) reranker_margin: Option<f64>,

    /// A query in PubMed's language that negatives must match.
    #[arg(long, value_name = "STRATEGY")]
    pub(crate) filter: Option<String>,

    /// What negatives must match besides.
    #[command(flatten)]
    pub(crate) filters: Filters,

    /// The least grade of a positive. Documents with a lower one above 0 are neither positive nor negative.
    #[arg(long, value_name = "GRADE", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) level: i64,

    /// Positives per query, the best first (then: all; 5 with --positives mesh).
    #[arg(long, value_name = "N")]
    pub(crate) positives_max: Option<usize>,

    /// At most so many queries, chosen by --seed.
    #[arg(long, value_name = "N")]
    pub(crate) queries: Option<usize>,

    /// Where random numbers begin.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,

    /// The database in which a benchmark, a click log or pairs are looked up, in place of a benchmark's own documents.
    #[arg(long, value_name = "DB")]
    pub(crate) database: Option<PathBuf>,

    /// The encoder: `builtin`, a model folder, or the name of a model in the cache of Hugging Face (then: the database's own, or
    /// builtin).
    #[arg(long, value_name = "ENCODER")]
    pub(crate) encoder: Option<String>,

    /// What is the text of a document.
    #[arg(long, value_enum, default_value_t, value_name = "PART")]
    pub(crate) passage: PassageName,

    /// What is written.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TriplesFormat,

    /// Write what was found and what was dropped to this file, as JSON.
    #[arg(long, value_name = "FILE", value_parser = super::values::new_file())]
    pub(crate) stats: Option<PathBuf>,
}

/// What is positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PositivesName {
    /// What a benchmark's judgements say.
    #[default]
    Judgements,
    /// What was clicked, in MedCPT's files.
    Clicks,
    /// The right text of a pair (TSV, CSV, JSONL, Parquet); its own negatives come first.
    Pairs,
    /// What a document cites.
    Citations,
    /// What shares a major MeSH heading.
    Mesh,
}

/// Where negatives come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NegativesName {
    /// A window of ranks.
    Rank,
    /// The same branch of MeSH, another heading.
    Branch,
    /// Two hops of citations away.
    Citations,
}

/// Which candidates become negatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SamplingName {
    /// Any of them.
    #[default]
    Random,
    /// Those that rank highest.
    Top,
}

/// What is the text of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PassageName {
    /// Title and abstract.
    #[default]
    Full,
    /// The abstract.
    Abstract,
    /// The title.
    Title,
}

/// How training data is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TriplesFormat {
    /// JSON lines with query, positive and negative.
    #[default]
    Triplet,
    /// JSON lines with query, positive and negative_1 to negative_N.
    NTuple,
    /// JSON lines with sentence1, sentence2 and score, the similarity by MeSH.
    LabeledPair,
    /// JSON lines with qid, pos and neg, ids.
    MsMarco,
    /// A folder with train.jsonl, reranker.json, qid2info.json and pmid2info.json.
    Medcpt,
    /// Ids of query, positive and negative, with tabs between them.
    TripletIds,
}
