//! What to distill, and how.

use std::path::PathBuf;

use crate::encode::static_encoder::Bits;
use crate::encoder::Encoder;
use crate::parallel;

/// What to distill, and how.
pub struct DistillOptions<'a> {
    /// The sentence encoder to learn from. `None` is enough when `vectors` names a cache that exists.
    pub teacher: Option<&'a dyn Encoder>,
    /// JSON lines with `title`, and `abstract` or `text`; plain, `.gz` or `.zst`.
    pub corpus: PathBuf,
    /// Cache of the teacher's vectors, `NAME.npy` beside `NAME.jsonl`; written when it is not there.
    /// Until it is whole, `NAME.npy.begun` holds what was made, from which an interrupted run is gone on.
    pub vectors: Option<PathBuf>,
    /// Where the encoder is written; an existing file is replaced.
    pub out: PathBuf,
    /// Length of the vectors; at most the teacher's.
    pub dimension: usize,
    /// Tokens of the vocabulary that is trained on the corpus, at most.
    pub vocabulary: usize,
    /// A vocabulary to use instead: a `vocab.txt`, one token per line, with `[UNK]`.
    pub vocabulary_file: Option<PathBuf>,
    /// Bits per number in the encoder's file. 4 halve it for 0.002 of nDCG@10, and need an even dimension.
    pub bits: Bits,
    /// Bytes of the encoder's file, at most: the last tokens, which are the rarest, are left out.
    pub bytes_max: Option<u64>,
    /// Folders in the layout of BEIR to examine the encoder on, and the teacher too if it is given.
    pub beir: Vec<PathBuf>,
    /// Titles and sentences the teacher embeds.
    pub passages_max: usize,
    /// Steps of the refinement; 0 leaves the least-squares fit as it is.
    pub steps: usize,
    /// Seed of every random choice.
    pub seed: u64,
    /// Threads that encode and fit; at most 512 are started.
    pub threads: usize,
}

impl Default for DistillOptions<'_> {
    /// The recipe of the built-in encoder; its tokens are as many as 8 MB hold.
    fn default() -> Self {
        DistillOptions {
            teacher: None,
            corpus: PathBuf::new(),
            vectors: None,
            out: PathBuf::from("encoder.mdvs"),
            dimension: 384,
            vocabulary: 29_500,
            vocabulary_file: None,
            bits: Bits::Eight,
            bytes_max: Some(8_000_000),
            beir: Vec::new(),
            passages_max: 120_000,
            steps: 400,
            seed: 1,
            threads: parallel::cores(),
        }
    }
}
