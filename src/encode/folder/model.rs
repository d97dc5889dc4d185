//! A loaded network, and the loop that takes many texts through it.

use crate::encode::bert::{Bert, BertConfig};
use crate::encode::decoder::Decoder;
use crate::encode::device::{self, Device};
use crate::encode::model::{
    Architecture, Folder, Kind, Network, Pool, Shape, Tokens, Weights, refuse,
};
use crate::error::{Error, Result};
use crate::kernel::matmul::Precision;

/// A network and its working memory.
pub(super) struct Model {
    name: String,
    network: Box<dyn Network>,
    states: Pool<Vec<f32>>,
}

impl Model {
    /// Loads the network of a folder.
    pub(super) fn open(
        folder: &Folder,
        kind: Kind,
        weights: &Weights,
        precision: Precision,
        device: Device,
    ) -> Result<Model> {
        let network = open_network(kind.architecture, folder, weights, precision, device)?;
        Ok(Model { name: folder.name().to_string(), network, states: Pool::default() })
    }

    /// What the network takes and gives.
    pub(super) fn shape(&self) -> Shape {
        self.network.shape()
    }

    /// See [`Network::pass_tokens`].
    pub(super) fn pass_tokens(&self) -> usize {
        self.network.pass_tokens()
    }

    /// See [`Network::signature`].
    pub(super) fn signature(&self) -> String {
        self.network.signature()
    }

    /// Gives `each` the token vectors of every text, in order: rows of `shape().dimension` numbers.
    /// `proceed` is asked again and again, as in [`Network::forward`].
    ///
    /// # Errors
    /// Those of both, and [`Error::Encoder`] for texts without tokens, longer than the model's
    /// positions or with ids that the model does not have.
    pub(super) fn run(
        &self,
        texts: &[Tokens],
        proceed: &dyn Fn() -> Result<()>,
        mut each: impl FnMut(&[f32]) -> Result<()>,
    ) -> Result<()> {
        let shape = self.shape();
        if let Some(detail) = texts.iter().find_map(|text| refuse(shape, text)) {
            return Err(self.error(detail));
        }
        self.states.with(|states| {
            let mut rest = texts;
            while !rest.is_empty() {
                let (pass, later) = rest.split_at(pass_length(rest, self.pass_tokens()));
                self.network.forward(pass, states, proceed)?;
                let mut states = states.as_slice();
                for text in pass {
                    let (own, others) = states.split_at(text.ids.len() * shape.dimension);
                    each(own)?;
                    states = others;
                }
                rest = later;
            }
            Ok(())
        })
    }

    /// An [`Error::Encoder`] about this model.
    pub(super) fn error(&self, detail: impl Into<String>) -> Error {
        Error::Encoder { name: self.name.clone(), detail: detail.into() }
    }
}

/// Loads the network of a folder: reads what it needs of `config.json` and every tensor, and
/// checks shapes. `weights` have an adapter merged into them where there is one.
fn open_network(
    architecture: Architecture,
    folder: &Folder,
    weights: &Weights,
    precision: Precision,
    device: Device,
) -> Result<Box<dyn Network>> {
    if device != Device::Cpu {
        if precision != Precision::F32 {
            return Err(
                folder.error(format!("{} runs on the cpu only, {device} in f32", precision.name()))
            );
        }
        return device::open(device, architecture, folder, weights);
    }
    match architecture {
        Architecture::Bert | Architecture::Mpnet => {
            let config = BertConfig::open(folder, architecture)?;
            Ok(Box::new(Bert::open(&config, weights, precision)?))
        }
        Architecture::GptNeox | Architecture::Gemma | Architecture::Mistral => {
            Ok(Box::new(Decoder::open(folder, architecture, weights, precision)?))
        }
    }
}

/// Texts from the front that make up one pass of so many tokens: at least one.
fn pass_length(texts: &[Tokens], tokens_max: usize) -> usize {
    let mut tokens = 0;
    let fits = |text: &&Tokens| {
        tokens += text.ids.len();
        tokens <= tokens_max
    };
    texts.iter().take_while(fits).count().max(1)
}
