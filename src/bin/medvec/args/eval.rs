//! `medvec eval`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use medvec::session::evaluate::Measure;

use super::benchmark::Benchmark;
use super::models::ModelOptions;

/// `medvec eval`
#[derive(Debug, Args)]
#[command(
    after_help = "Example: medvec eval nfcorpus scifact --compare dense,lexical,hybrid -f html -o report.html"
)]
pub(crate) struct Eval {
    /// Benchmarks: folders in the layout of BEIR, MTEB (Parquet or JSONL), NFCorpus, SciFact, R2MED or Cystic Fibrosis;
    /// a file of PubMedQA; TREC topics or BioASQ questions, which need --database.
    #[arg(value_name = "TASK", required_unless_present_any = ["runs", "pairs"])]
    pub(crate) tasks: Vec<PathBuf>,

    /// How the tasks are read.
    #[command(flatten)]
    pub(crate) benchmark: Benchmark,

    /// Score pairs of texts (BIOSSES and its kin: TSV, CSV, JSONL, Parquet with two texts and a score) with each encoder:
    /// Pearson's and Spearman's correlation. Repeat for several sets.
    #[arg(long, value_name = "FILE")]
    pub(crate) pairs: Vec<PathBuf>,

    /// Ask this database in place of the task's own documents.
    #[arg(long, value_name = "DB")]
    pub(crate) database: Option<PathBuf>,

    /// Measure rankings that are there, as TREC runs, and ask nothing. Repeat to compare.
    #[arg(long = "run", value_name = "FILE", conflicts_with_all = ["submission", "index"])]
    pub(crate) runs: Vec<PathBuf>,

    /// Score predictions, {"PMID": "yes"}, of the questions of PubMedQA by its own rules, and ask nothing: accuracy and macro F1.
    /// A file has yes, no or maybe for every question of the task (500 with --split test). Repeat to compare.
    #[arg(long, value_name = "FILE", requires = "tasks",
        conflicts_with_all = ["runs", "pairs", "database", "submission", "write_runs", "index"])]
    pub(crate) predictions: Vec<PathBuf>,

    /// Score submissions to BioASQ's phase A, and ask nothing: documents, and snippets by the characters that they share with
    /// gold ones, by BioASQ's own rules. Repeat to compare.
    #[arg(long, value_name = "FILE", requires = "tasks",
        conflicts_with_all = ["runs", "predictions", "pairs", "database", "submission", "index"])]
    pub(crate) submitted: Vec<PathBuf>,

    /// What ranks documents; the first is what the others are compared with.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "NAME,...",
        default_value = "dense,lexical,hybrid"
    )]
    pub(crate) compare: Vec<ApproachName>,

    /// Encoders, each with an index of its own: `builtin`, a model folder, or the name of a model in the cache of Hugging
    /// Face (then: builtin).
    #[arg(long, value_delimiter = ',', value_name = "ENCODER,...")]
    pub(crate) encoder: Vec<String>,

    /// The model for queries, where an encoder embeds stored texts only (MedCPT). Not needed when it lies beside the other
    /// under its own name, or in the cache.
    #[arg(long, value_name = "ENCODER")]
    pub(crate) query_encoder: Option<String>,

    /// What the folders of the encoders do not say.
    #[command(flatten)]
    pub(crate) model: ModelOptions,

    /// The folder of a cross-encoder, or its name in the cache of Hugging Face, for `reranked`.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) reranker: Option<PathBuf>,

    /// Measures by the names of ir-measures or trec_eval; the first one decides whether systems differ.
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NAME,...",
        default_value = "nDCG@10,AP,R@100,RR"
    )]
    pub(crate) measures: Vec<Measure>,

    /// Let documents whose id is the query's not count, as BEIR does for collections that query with their documents.
    #[arg(long)]
    pub(crate) ignore_identical_ids: bool,

    /// Documents of each ranking.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) depth: u32,

    /// Ask every query anew. Otherwise the rankings of earlier runs on the same index are used again: a run that was
    /// interrupted goes on where it was, and other measures cost no search. Times are of the queries that were asked now.
    #[arg(long)]
    pub(crate) fresh: bool,

    /// Measure the index against exact search too: what it finds at each recall that is asked for and under filters, and
    /// how long it takes. The index of a task is trained first.
    #[arg(long)]
    pub(crate) index: bool,

    /// Write every ranking into this folder, as TREC runs, over those of the same names. Queries need no judgements then.
    #[arg(long, value_name = "DIR")]
    pub(crate) write_runs: Option<PathBuf>,

    /// Write the first system's ten best documents of BioASQ questions, as a submission of phase A. Questions need no
    /// judgements then.
    #[arg(long, value_name = "FILE", value_parser = super::values::new_file())]
    pub(crate) submission: Option<PathBuf>,

    /// With --format json: the values of every query.
    #[arg(long)]
    pub(crate) per_query: bool,

    /// Where the random numbers of tests begin.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,

    /// text, json, markdown, latex or html.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: ReportFormat,

    /// Write to a new file in place of standard output.
    #[arg(short, long, value_name = "FILE", value_parser = super::values::new_file())]
    pub(crate) output: Option<PathBuf>,
}

impl Eval {
    /// Whether something was given that only one model can have.
    pub(crate) fn is_of_one_model(&self) -> bool {
        let ModelOptions { preset, recipe, adapter, .. } = &self.model;
        let query = &self.query_encoder;
        preset.is_some() || recipe.is_some() || adapter.is_some() || query.is_some()
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A table for a terminal.
    #[default]
    Text,
    /// One JSON value.
    Json,
    /// Tables in GitHub's Markdown.
    Markdown,
    /// Tables with the rules of booktabs.
    Latex,
    /// A page with charts.
    Html,
}

/// What ranks documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ApproachName {
    /// By vectors alone, exactly.
    Dense,
    /// By words alone.
    Lexical,
    /// By both.
    Hybrid,
    /// By both, the first 50 sorted again by a cross-encoder.
    Reranked,
}
