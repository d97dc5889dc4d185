//! What may stand on top of the first token's vector: the pooler, and the classifier of
//! cross-encoders.

use super::config::BertConfig;
use crate::encode::model::{Architecture, Folder, Linear, Weights, Working};
use crate::error::Result;
use crate::kernel::Isa;
use crate::kernel::matmul::Precision;

/// `tanh(W x + b)` of the first token's vector: what BERT was trained to judge sentence pairs by.
pub(in crate::encode) struct Pooler {
    dense: Linear,
}

impl Pooler {
    /// Loads the pooler of a BERT or MPNet.
    pub(in crate::encode) fn open(
        folder: &Folder,
        of: Architecture,
        weights: &Weights,
    ) -> Result<Pooler> {
        if !matches!(of, Architecture::Bert | Architecture::Mpnet) {
            return Err(folder.error(format!("a {} has no pooler", of.family())));
        }
        let hidden = BertConfig::open(folder, of)?.hidden_size;
        let name = ["pooler.dense".to_string()];
        let dense =
            Linear::packed(weights, &name, [hidden; 2], 1.0, Precision::F32, &mut Vec::new())?;
        Ok(Pooler { dense })
    }

    /// Applies it to one vector.
    pub(in crate::encode) fn apply(&self, first: &[f32]) -> Result<Vec<f32>> {
        let mut out = vec![0.0; first.len()];
        let (isa, mut working) = (Isa::detect(), Working::default());
        self.dense.apply(isa, first, &mut working, &mut out, first.len(), &|| Ok(()))?;
        out.iter_mut().for_each(|value| *value = value.tanh());
        Ok(out)
    }
}

/// Pooler and a linear layer with one output: how well two texts belong together.
pub(in crate::encode) struct Classifier {
    pooler: Pooler,
    weights: Vec<f32>,
    bias: f32,
}

impl Classifier {
    /// Loads the head of a `BertForSequenceClassification` with one label.
    pub(in crate::encode) fn open(
        folder: &Folder,
        of: Architecture,
        weights: &Weights,
    ) -> Result<Classifier> {
        let config = BertConfig::open(folder, of)?;
        let labels = config.labels();
        if labels != 1 {
            return Err(folder.error(format!(
                "config.json: the classifier has {labels} labels, only models with one score for a \
                 pair of texts can re-rank"
            )));
        }
        let bias = weights.get("classifier.bias", &[1])?;
        Ok(Classifier {
            pooler: Pooler::open(folder, of, weights)?,
            weights: weights.get("classifier.weight", &[1, config.hidden_size])?,
            bias: bias.first().copied().unwrap_or_default(),
        })
    }

    /// The raw score (logit) of one pair, from its first token's vector.
    pub(in crate::encode) fn score(&self, first: &[f32]) -> Result<f32> {
        let pooled = self.pooler.apply(first)?;
        Ok(pooled
            .iter()
            .zip(&self.weights)
            .fold(self.bias, |sum, (value, weight)| sum + value * weight))
    }
}
