//! A text network of some architecture: token ids in, one vector for each token out.

use std::sync::{Mutex, PoisonError};

use super::tokens::Tokens;
use crate::error::Result;
use crate::kernel::matmul::Precision;

/// What a network takes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::encode) struct Shape {
    /// Length of a token's vector.
    pub(in crate::encode) dimension: usize,
    /// Rows of the table of token vectors: ids are below.
    pub(in crate::encode) vocabulary: usize,
    /// Tokens of the longest input.
    pub(in crate::encode) tokens_max: usize,
    /// Token types; 0 for a network that knows none and does not read them.
    pub(in crate::encode) types: usize,
}

/// The layers of a model, without any head.
///
/// Implementations are pure; those on the CPU are single-threaded, and a text's vectors are the same to
/// the last bit whatever else is in the batch. They keep their working memory in a [`Pool`], so that calls may
/// run on several threads at once.
pub(in crate::encode) trait Network: Send + Sync {
    /// What it takes and gives.
    fn shape(&self) -> Shape;

    /// What the same weights compute differently under other settings of `config.json`, in words:
    /// part of the fingerprint.
    fn signature(&self) -> String;

    /// Tokens that go through the network together: enough that short texts share the cost of reading
    /// the weights, few enough that working memory stays small.
    fn pass_tokens(&self) -> usize {
        512
    }

    /// Replaces `states` by the last layer's vector of every token (after the final norm, where
    /// there is one), `shape().dimension` numbers each, texts one after another, without padding.
    /// Every text has passed [`refuse`]. `proceed` is asked again and again, some
    /// milliseconds apart.
    ///
    /// # Errors
    /// Those of `proceed`, and of a device other than the CPU; `states` then hold nothing of use.
    fn forward(
        &self,
        texts: &[Tokens],
        states: &mut Vec<f32>,
        proceed: &dyn Fn() -> Result<()>,
    ) -> Result<()>;
}

/// A network's signature in a precision; single precision goes without saying.
pub(in crate::encode) fn signed(signature: String, precision: Precision) -> String {
    match precision {
        Precision::F32 => signature,
        rounded => format!("{signature} rounded to {}", rounded.name()),
    }
}

/// What is wrong with an input, if anything is: [`Network::forward`] relies on this check.
pub(in crate::encode) fn refuse(shape: Shape, tokens: &Tokens) -> Option<String> {
    let outside = |ids: &[u32], rows: usize| ids.iter().any(|id| *id as usize >= rows);
    let length = tokens.ids.len();
    if length == 0 {
        Some("the tokenizer gave no tokens, not even special ones".into())
    } else if tokens.type_ids.len() != length {
        Some(format!("{length} tokens but {} token types", tokens.type_ids.len()))
    } else if length > shape.tokens_max {
        Some(format!("{length} tokens, the model has {} positions", shape.tokens_max))
    } else if outside(&tokens.ids, shape.vocabulary) {
        Some(format!("a token id is beyond the {} known words", shape.vocabulary))
    } else if shape.types > 0 && outside(&tokens.type_ids, shape.types) {
        Some(format!("a token type is beyond the {} known types", shape.types))
    } else {
        None
    }
}

/// Working memory that is kept for the next call, one piece for each thread that ever ran at once.
#[derive(Debug, Default)]
pub(in crate::encode) struct Pool<T>(Mutex<Vec<T>>);

impl<T: Default> Pool<T> {
    /// Runs `work` with a piece of its own.
    pub(in crate::encode) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        // Working memory holds no invariant that a panic could break.
        let pieces = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = pieces().pop();
        let mut piece = taken.unwrap_or_default();
        let result = work(&mut piece);
        pieces().push(piece);
        result
    }
}
