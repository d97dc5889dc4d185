//! Options that are one of a few words.

use clap::ValueEnum;
use medvec::export::CitationFormat;
use medvec::{Fusion, Metric, Mode, RowType, Sort, SortOrder};

use crate::failure::{Failure, Result};

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON value.
    Json,
    /// One JSON object per line.
    Jsonl,
    /// Comma-separated values with a header line.
    Csv,
    /// One key per line, for `medvec get DB -` and other programs.
    Pmids,
    /// NLM's tagged text, as PubMed exports it; medvec imports it.
    Nbib,
    /// For Zotero, EndNote, Covidence and other reference managers.
    Ris,
    /// For LaTeX.
    Bibtex,
    /// For citation processors.
    CslJson,
    /// Lines of a run for trec_eval.
    Trec,
}

/// How a report is written: what a command found or did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextOrJson {
    /// For people.
    #[default]
    Text,
    /// One JSON value.
    Json,
}

impl TextOrJson {
    pub(crate) fn is_json(self) -> bool {
        self == TextOrJson::Json
    }
}

impl Format {
    /// Whether a report is JSON and not text, of a command that also writes hits; refuses every other format. `what`
    /// begins the sentence: "a replay is written".
    ///
    /// # Errors
    /// A wrong use of the command line.
    pub(crate) fn is_json(self, what: &str) -> Result<bool> {
        match self {
            Format::Text => Ok(false),
            Format::Json => Ok(true),
            _ => Err(Failure::usage(format!("{what} as text or json: use --format json"))),
        }
    }

    /// The format in which whole documents are written; `None` where it is not one of documents.
    pub(crate) fn of_documents(self) -> Option<CitationFormat> {
        Some(match self {
            Format::Json => CitationFormat::Json,
            Format::Jsonl => CitationFormat::Jsonl,
            Format::Csv => CitationFormat::Csv,
            Format::Nbib => CitationFormat::Nbib,
            Format::Ris => CitationFormat::Ris,
            Format::Bibtex => CitationFormat::Bibtex,
            Format::CslJson => CitationFormat::CslJson,
            Format::Text | Format::Pmids | Format::Trec => return None,
        })
    }

    /// As [`Format::of_documents`], for a list of hits, which in the formats of programs has ranks and scores and
    /// not whole documents.
    pub(crate) fn of_cited_hits(self) -> Option<CitationFormat> {
        let is_of_hits = matches!(self, Format::Json | Format::Jsonl | Format::Csv);
        self.of_documents().filter(|_| !is_of_hits)
    }
}

/// What hits are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SortName {
    /// The newest first.
    Date,
    /// The best first.
    Score,
    /// By the name of the first author.
    FirstAuthor,
    /// By the name of the journal.
    Journal,
}

impl SortName {
    /// How the library calls it.
    pub(crate) fn sort(self) -> (Sort, SortOrder) {
        match self {
            SortName::Date => (Sort::Date, SortOrder::Descending),
            SortName::Score => (Sort::Score, SortOrder::Descending),
            SortName::FirstAuthor => (Sort::FirstAuthor, SortOrder::Ascending),
            SortName::Journal => (Sort::Journal, SortOrder::Ascending),
        }
    }
}

/// How vectors are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MetricName {
    /// By their inner product, as they are.
    Dot,
    /// By the cosine of their angle.
    Cosine,
}

impl MetricName {
    /// How the library calls it.
    pub(crate) fn metric(self) -> Metric {
        match self {
            MetricName::Dot => Metric::Dot,
            MetricName::Cosine => Metric::Cosine,
        }
    }
}

/// How vectors are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rows {
    /// One byte per dimension and a scale per row.
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

/// What documents are ranked by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeName {
    /// By words and by meaning, as far as the database has both.
    #[default]
    Auto,
    /// By meaning: the vectors of an encoder.
    Dense,
    /// By words: BM25.
    Lexical,
    /// By both.
    Hybrid,
}

impl ModeName {
    /// How the library calls it.
    pub(crate) fn mode(self) -> Mode {
        match self {
            ModeName::Auto => Mode::Auto,
            ModeName::Dense => Mode::Dense,
            ModeName::Lexical => Mode::Lexical,
            ModeName::Hybrid => Mode::Hybrid,
        }
    }
}

/// How two rankings become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FusionName {
    /// Scores relative to what the query could reach.
    #[default]
    Relative,
    /// Sums of reciprocal ranks.
    Ranks,
    /// Sums of scores over their theoretical bounds.
    Sum,
}

/// Usual in the literature.
const RANKS_K: u32 = 60;

/// The weight of the vectors in a sum where none is given.
const SUM_WEIGHT: f32 = 0.6;

impl FusionName {
    /// How the library calls it.
    pub(crate) fn fusion(self, vector_weight: Option<f32>) -> Fusion {
        match (self, vector_weight) {
            (FusionName::Relative, None) => Fusion::default(),
            (FusionName::Relative, Some(vector_weight)) => Fusion::Relative { vector_weight },
            (FusionName::Ranks, _) => Fusion::Ranks { k: RANKS_K },
            (FusionName::Sum, weight) => {
                Fusion::Sum { vector_weight: weight.unwrap_or(SUM_WEIGHT) }
            }
        }
    }
}
