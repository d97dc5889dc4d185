//! `medvec export`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use medvec::export::{CitationFormat, EmbeddingFormat};

use super::databases::Databases;
use super::filters::Filters;

/// `medvec export`
#[derive(Debug, Args)]
#[command(
    after_help = "Vectors come out as the database holds them: single precision, decoded from its rows (int8 unless it \
    was created with --rows f16 or f32), of length 1 where it compares by cosine. Documents without a vector are left \
    out and counted. The ids lie beside the file as NAME.ids, in the same order; Parquet has them in a column. \
    `medvec import` reads all of these, and the folder of beir."
)]
pub(crate) struct Export {
    /// What is read.
    #[command(flatten)]
    pub(crate) databases: Databases,

    /// What must hold.
    #[command(flatten)]
    pub(crate) filters: Filters,

    /// Write to this file, which must not exist, in place of standard output. Vectors, parquet-documents and beir need
    /// it; beir makes a folder.
    #[arg(short, long, value_name = "FILE", value_parser = super::values::new_file())]
    pub(crate) output: Option<PathBuf>,

    /// Output format. Of those for documents, jsonl, json and parquet-documents alone hold everything.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: ExportFormat,

    /// With --format beir: topics of TREC, questions of BioASQ or PubMedQA, or a benchmark's folder, whose queries and
    /// judgements go beside the documents.
    #[arg(long, value_name = "TASK")]
    pub(crate) queries: Option<PathBuf>,

    /// Judgements of these queries (qrels of TREC or BEIR), in place of those that they bring.
    #[arg(long, value_name = "FILE", requires = "queries")]
    pub(crate) qrels: Option<PathBuf>,
}

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Documents: NLM's tagged text, as PubMed exports it.
    Nbib,
    /// Documents: for Zotero, EndNote, Covidence and other reference managers.
    Ris,
    /// Documents: for LaTeX.
    Bibtex,
    /// Documents: for citation processors.
    CslJson,
    /// Documents: comma-separated values with a header line.
    Csv,
    /// Documents: one JSON value.
    Json,
    /// Documents: one JSON object per line.
    #[default]
    Jsonl,
    /// Documents: a table with everything that JSON has, in columns, lists and structs (feature `parquet`).
    ParquetDocuments,
    /// Vectors: a matrix of numpy.
    Npy,
    /// Vectors: the tensor `embeddings`, with what made them.
    Safetensors,
    /// Vectors: for faiss.
    Fvecs,
    /// Vectors: a table of ids and lists of floats, with what made them (feature `parquet`).
    Parquet,
    /// A benchmark: corpus.jsonl, and with --queries queries.jsonl and qrels/test.tsv.
    Beir,
}

/// What is exported.
pub(crate) enum ExportKind {
    Citations(CitationFormat),
    Table,
    Embeddings(EmbeddingFormat),
    Beir,
}

impl ExportFormat {
    /// How the library calls it.
    pub(crate) fn kind(self) -> ExportKind {
        use ExportKind::{Beir, Citations, Embeddings, Table};
        match self {
            ExportFormat::Nbib => Citations(CitationFormat::Nbib),
            ExportFormat::Ris => Citations(CitationFormat::Ris),
            ExportFormat::Bibtex => Citations(CitationFormat::Bibtex),
            ExportFormat::CslJson => Citations(CitationFormat::CslJson),
            ExportFormat::Csv => Citations(CitationFormat::Csv),
            ExportFormat::Json => Citations(CitationFormat::Json),
            ExportFormat::Jsonl => Citations(CitationFormat::Jsonl),
            ExportFormat::ParquetDocuments => Table,
            ExportFormat::Npy => Embeddings(EmbeddingFormat::Npy),
            ExportFormat::Safetensors => Embeddings(EmbeddingFormat::Safetensors),
            ExportFormat::Fvecs => Embeddings(EmbeddingFormat::Fvecs),
            ExportFormat::Parquet => Embeddings(EmbeddingFormat::Parquet),
            ExportFormat::Beir => Beir,
        }
    }
}
