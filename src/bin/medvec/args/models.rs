//! The commands about models, and what a model's folder does not say.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use medvec::session::models::distill::Bits;
use medvec::session::models::{Device, Precision};

use super::choices::TextOrJson;

/// What the help of a command calls these.
const HEADING: &str = "Model folders";

/// What a model folder does not say about itself.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ModelOptions {
    /// Use the recipe of this known model (see `medvec encoders list`).
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    pub(crate) preset: Option<String>,

    /// Use the recipe in this file: pooling, normalize, similarity, append_eos_id, and prefix and
    /// max_length for each of its roles.
    #[arg(long, value_name = "FILE.json", help_heading = HEADING)]
    pub(crate) recipe: Option<PathBuf>,

    /// Merge this LoRA adapter into the model.
    #[arg(long, value_name = "FOLDER", help_heading = HEADING)]
    pub(crate) adapter: Option<PathBuf>,

    /// Run the model's layers in this precision [default: f32]; vectors of different precisions are
    /// not compared with each other. For BERT and MPNet.
    #[arg(long, value_enum, help_heading = HEADING)]
    pub(crate) precision: Option<ModelPrecision>,

    /// Run the model on this: cpu, or cuda or cuda:N for a GPU, in builds with the feature `cuda`
    /// [default: cpu]; vectors are the same but for rounding.
    #[arg(long, value_name = "DEVICE", help_heading = HEADING)]
    pub(crate) device: Option<Device>,
}

/// What factors are rounded to inside of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelPrecision {
    /// Single precision.
    #[default]
    F32,
    /// bfloat16: half the work where the processor has AVX512-BF16.
    Bf16,
    /// 8-bit integers: a quarter of the work with AVX-512 VNNI, and the largest error.
    Int8,
}

impl ModelPrecision {
    /// How the library calls it.
    pub(crate) fn of_kernel(self) -> Precision {
        match self {
            ModelPrecision::F32 => Precision::F32,
            ModelPrecision::Bf16 => Precision::Bf16,
            ModelPrecision::Int8 => Precision::Int8,
        }
    }
}

/// `medvec encode`
#[derive(Debug, Args)]
#[command(
    after_help = "Lines are {\"text\": ..., \"text_pair\": ...}; one line comes out for each, in \
    order: {\"ids\": [...], \"vector\": [...]}, or {\"ids\": [...], \"score\": ...} of a cross-encoder."
)]
pub(crate) struct Encode {
    /// `builtin`, or a model folder.
    #[arg(value_name = "FOLDER")]
    pub(crate) encoder: String,

    /// As what the texts are encoded: `document`, `query`, or another role of the recipe.
    #[arg(long, value_name = "ROLE", default_value = "document")]
    pub(crate) role: String,

    /// What the folder does not say.
    #[command(flatten)]
    pub(crate) model: ModelOptions,

    /// JSON lines; `-` for standard input.
    #[arg(long, value_name = "FILE.jsonl")]
    pub(crate) input: String,

    /// Lines of JSON, or one matrix for numpy.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: EncodeFormat,

    /// Write to a new file instead of standard output.
    #[arg(long, value_name = "FILE", value_parser = super::values::new_file())]
    pub(crate) out: Option<PathBuf>,
}

/// How vectors are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum EncodeFormat {
    /// One JSON object per line.
    #[default]
    Jsonl,
    /// A numpy matrix, single precision, one row per text.
    Npy,
}

/// `medvec encoders`
#[derive(Debug, Args)]
pub(crate) struct Encoders {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: EncodersCommand,
}

/// Commands of `medvec encoders`.
#[derive(Debug, Subcommand)]
pub(crate) enum EncodersCommand {
    /// Known models and what is at hand, with length of vectors and texts, size and licence; those at
    /// hand are timed on this machine.
    List(EncodersList),
}

/// `medvec encoders list`
#[derive(Debug, Args)]
pub(crate) struct EncodersList {
    /// Model folders, or folders of them, beside the cache of Hugging Face.
    #[arg(value_name = "FOLDER")]
    pub(crate) folders: Vec<PathBuf>,

    /// Do not time anything.
    #[arg(long)]
    pub(crate) no_timing: bool,

    /// List and time only these known models.
    #[arg(long, value_delimiter = ',', value_name = "PRESET,...")]
    pub(crate) known: Vec<String>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec fetch`
#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// The model: `organisation/name`, or `organisation/name@revision`.
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,

    /// Most megabytes to fetch.
    #[arg(long, value_name = "MB")]
    pub(crate) budget: Option<u64>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
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
    #[arg(long, value_name = "FILE", default_value = "encoder.mdvs", value_parser = super::values::new_file())]
    pub(crate) out: PathBuf,

    /// Length of the vectors; the teacher's at most. [default: 384]
    #[arg(long, value_name = "N")]
    pub(crate) dimension: Option<usize>,

    /// Tokens of the vocabulary that is trained on the corpus, at most. [default: 29500]
    #[arg(long, value_name = "N", conflicts_with = "vocabulary_file")]
    pub(crate) vocabulary: Option<usize>,

    /// Use this vocabulary instead of training one: a vocab.txt, one token per line, with [UNK].
    #[arg(long, value_name = "FILE")]
    pub(crate) vocabulary_file: Option<PathBuf>,

    /// Bits per number in the file, 4 or 8: 4 halve it at almost the same quality. [default: 8]
    #[arg(long, value_name = "N", value_parser = bits)]
    pub(crate) bits: Option<Bits>,

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
    /// if they are there. An interrupted run is gone on from.
    #[arg(long, value_name = "FILE.npy", value_parser = super::values::new_file())]
    pub(crate) vectors: Option<PathBuf>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

fn bits(text: &str) -> Result<Bits, String> {
    match text {
        "4" => Ok(Bits::Four),
        "8" => Ok(Bits::Eight),
        _ => Err("expected 4 or 8".to_owned()),
    }
}

/// Millions of bytes, such as `8` or `7.5`, as bytes.
fn megabytes(text: &str) -> Result<u64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.001..=1e6).contains(&number) => Ok((number * 1e6) as u64),
        _ => Err("expected a number of megabytes from 0.001 to 1000000".to_owned()),
    }
}
