//! Which network `config.json` asks for.

use serde::Deserialize;

use super::files::Folder;
use crate::error::Result;

/// The networks that this crate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::encode) enum Architecture {
    /// BERT.
    Bert,
    /// MPNet.
    Mpnet,
    /// GPT-NeoX (Pythia).
    GptNeox,
    /// Gemma, its first release.
    Gemma,
    /// Mistral.
    Mistral,
}

/// Names in `architectures` by network: those without any head that matters here.
const BODIES: &[(Architecture, &[&str])] = &[
    (Architecture::Bert, &["BertModel", "BertForMaskedLM", "BertForPreTraining"]),
    (Architecture::Mpnet, &["MPNetModel", "MPNetForMaskedLM"]),
    (Architecture::GptNeox, &["GPTNeoXModel", "GPTNeoXForCausalLM"]),
    (Architecture::Gemma, &["GemmaModel", "GemmaForCausalLM"]),
    (Architecture::Mistral, &["MistralModel", "MistralForCausalLM"]),
];

/// The one with a classifier.
const CLASSIFIER: &str = "BertForSequenceClassification";

/// What stands in a model folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::encode) struct Kind {
    /// Its layers.
    pub(in crate::encode) architecture: Architecture,
    /// Whether a classifier on top gives scores of pairs.
    pub(in crate::encode) classifier: bool,
}

#[derive(Deserialize)]
struct Named {
    model_type: Option<String>,
    architectures: Option<Vec<String>>,
}

impl Architecture {
    /// `model_type` in `config.json`.
    pub(in crate::encode) fn model_type(self) -> &'static str {
        match self {
            Architecture::Bert => "bert",
            Architecture::Mpnet => "mpnet",
            Architecture::GptNeox => "gpt_neox",
            Architecture::Gemma => "gemma",
            Architecture::Mistral => "mistral",
        }
    }

    /// Whether a token sees only those before it.
    pub(in crate::encode) fn is_decoder(self) -> bool {
        matches!(self, Architecture::GptNeox | Architecture::Gemma | Architecture::Mistral)
    }

    /// The name in an encoder's description, part of the fingerprint.
    pub(in crate::encode) fn family(self) -> &'static str {
        match self {
            Architecture::GptNeox => "gpt-neox",
            other => other.model_type(),
        }
    }
}

impl Kind {
    /// Reads `config.json`. Early BERT releases name neither type nor class.
    pub(in crate::encode) fn of(folder: &Folder) -> Result<Kind> {
        if folder.has("adapter_config.json") && !folder.has("config.json") {
            return Err(folder.error(
                "this is a LoRA adapter, not a whole model: give its base model's folder, and this \
                 one as the adapter",
            ));
        }
        let named: Named = folder
            .json("config.json")?
            .ok_or_else(|| folder.error("config.json is missing; is this a model folder?"))?;
        let unsupported = |what: String| folder.error(format!("config.json: {what}"));
        let known: Vec<&str> = BODIES.iter().map(|(body, _)| body.model_type()).collect();
        let architecture = match named.model_type.as_deref() {
            None => by_class(named.architectures.iter().flatten().next()),
            Some(name) => {
                BODIES.iter().map(|(body, _)| *body).find(|body| body.model_type() == name)
            }
        };
        let architecture = architecture.ok_or_else(|| {
            unsupported(format!(
                "model_type {:?} is not supported; supported are {}",
                named.model_type.as_deref().unwrap_or_default(),
                known.join(", ")
            ))
        })?;
        let mut classifier = false;
        for name in named.architectures.iter().flatten() {
            if name == CLASSIFIER && architecture == Architecture::Bert {
                classifier = true;
            } else if by_class(Some(name)) != Some(architecture) {
                let classes = BODIES.iter().find(|(body, _)| *body == architecture);
                return Err(unsupported(format!(
                    "architecture {name} is not supported; of {} it is {}",
                    architecture.model_type(),
                    classes.map(|(_, classes)| classes.join(", ")).unwrap_or_default()
                )));
            }
        }
        Ok(Kind { architecture, classifier })
    }
}

/// The network of a class; BERT where there is no name.
fn by_class(class: Option<&String>) -> Option<Architecture> {
    let Some(class) = class else { return Some(Architecture::Bert) };
    if class == CLASSIFIER {
        return Some(Architecture::Bert);
    }
    let body = BODIES.iter().find(|(_, classes)| classes.contains(&class.as_str()));
    body.map(|(architecture, _)| *architecture)
}
