//! Models of the field and their exact recipes, as their authors' code has them.
//!
//! How a folder is recognised stands in `recognise`; any folder of the same architecture and dimension
//! can be given a preset by name, which also serves its fine-tuned descendants.

use super::recipe::{DOCUMENT, PAIR, QUERY, Recipe, Role};
use crate::encode::model::{Architecture, Shape};
use crate::encoder::{Metric, Pooling};
use crate::error::{Error, Result};

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Texts and queries to vectors.
    Both,
    /// Stored texts only; queries go through the preset of this name.
    Documents {
        /// The other tower.
        query: &'static str,
    },
    /// Queries only; stored texts go through the preset of this name.
    Queries {
        /// The other tower.
        document: &'static str,
    },
    /// Scores of pairs of a query and a text.
    Scores,
}

/// A known model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// Short name, as `--preset` takes it.
    pub name: &'static str,
    /// Name at Hugging Face.
    pub model: &'static str,
    /// What it is for.
    pub purpose: Purpose,
    /// Length of its vectors.
    pub dimension: u32,
    /// Tokens of the longest text; 0 where the folder's own files say.
    pub length: u32,
    /// Millions of parameters.
    pub parameters: u32,
    /// Licence of the weights, as far as it is known.
    pub licence: &'static str,
    /// How the licence restricts use; empty where it does not.
    pub restriction: &'static str,
    pub(super) architecture: Architecture,
    pub(super) layers: Layers,
    pooling: Pooling,
    normalize: bool,
    similarity: Metric,
    pair: bool,
    append_eos_id: Option<u32>,
    query_length: u32,
    query_prefix: &'static str,
    document_prefix: &'static str,
}

/// The layers of a known model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layers {
    pub(super) count: usize,
    pub(super) hidden: usize,
    pub(super) heads: usize,
    /// Heads of keys and values.
    pub(super) key_heads: usize,
    /// Numbers of a head.
    pub(super) head: usize,
    pub(super) intermediate: usize,
}

impl Layers {
    /// With as many heads of keys as of queries, and an inner layer of four times the width.
    pub(super) const fn plain(count: usize, hidden: usize, heads: usize) -> Layers {
        let head = hidden / heads;
        Layers { count, hidden, heads, key_heads: heads, head, intermediate: 4 * hidden }
    }
}

/// What the fields are where a preset does not say: a BERT of 768 dimensions and 512 tokens, mean,
/// cosine.
const BERT: Preset = Preset {
    name: "",
    model: "",
    purpose: Purpose::Both,
    dimension: 768,
    length: 512,
    parameters: 109,
    licence: "",
    restriction: "",
    architecture: Architecture::Bert,
    layers: Layers::plain(12, 768, 12),
    pooling: Pooling::Mean,
    normalize: false,
    similarity: Metric::Cosine,
    pair: false,
    append_eos_id: None,
    query_length: 512,
    query_prefix: "",
    document_prefix: "",
};

/// The instruction before a query of BMRetriever that is good for any search; the authors give
/// others for single tasks, which a recipe file can name.
const BM_QUERY: &str =
    "Given a question, retrieve relevant documents that best answer the question\nQuery: ";

/// What the BMRetriever models have in common.
const BMRETRIEVER: Preset = Preset {
    pooling: Pooling::Last,
    similarity: Metric::Dot,
    query_prefix: BM_QUERY,
    document_prefix: "Represent this passage\npassage: ",
    licence: "MIT",
    ..BERT
};

/// The instruction before a query of the BGE models, version 1.5.
const BGE_QUERY: &str = "Represent this sentence for searching relevant passages: ";

const UNKNOWN: &str = "no licence is stated for these weights: ask the authors before you use them";

const GEMMA_2B: Layers =
    Layers { key_heads: 1, intermediate: 16_384, ..Layers::plain(18, 2048, 8) };
const MISTRAL_7B: Layers =
    Layers { key_heads: 8, intermediate: 14_336, ..Layers::plain(32, 4096, 32) };

/// All presets, by family.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "medcpt-article",
        model: "ncbi/MedCPT-Article-Encoder",
        purpose: Purpose::Documents { query: "medcpt-query" },
        pooling: Pooling::Cls,
        similarity: Metric::Dot,
        pair: true,
        licence: "public domain",
        ..BERT
    },
    Preset {
        name: "medcpt-query",
        model: "ncbi/MedCPT-Query-Encoder",
        purpose: Purpose::Queries { document: "medcpt-article" },
        pooling: Pooling::Cls,
        similarity: Metric::Dot,
        length: 64,
        query_length: 64,
        licence: "public domain",
        ..BERT
    },
    Preset {
        name: "medcpt-cross",
        model: "ncbi/MedCPT-Cross-Encoder",
        purpose: Purpose::Scores,
        dimension: 1,
        licence: "public domain",
        ..BERT
    },
    Preset {
        name: "biolord-2023",
        model: "FremyCompany/BioLORD-2023",
        architecture: Architecture::Mpnet,
        length: 0,
        query_length: 0,
        licence: "ihtsdo-and-nlm-licences",
        restriction: "its training data are SNOMED CT and UMLS: using it needs the (free) licences of \
                      SNOMED International and the US National Library of Medicine",
        ..BERT
    },
    Preset {
        name: "bmretriever-410m",
        model: "BMRetriever/BMRetriever-410M",
        architecture: Architecture::GptNeox,
        dimension: 1024,
        parameters: 354,
        append_eos_id: Some(0),
        layers: Layers::plain(24, 1024, 16),
        ..BMRETRIEVER
    },
    Preset {
        name: "bmretriever-1b",
        model: "BMRetriever/BMRetriever-1B",
        architecture: Architecture::GptNeox,
        dimension: 2048,
        parameters: 909,
        append_eos_id: Some(0),
        layers: Layers::plain(16, 2048, 8),
        ..BMRETRIEVER
    },
    Preset {
        name: "bmretriever-2b",
        model: "BMRetriever/BMRetriever-2B",
        architecture: Architecture::Gemma,
        dimension: 2048,
        parameters: 2510,
        append_eos_id: Some(1),
        licence: "MIT, on Gemma",
        restriction: "its base model is under the Gemma terms of use, which forbid some uses",
        layers: GEMMA_2B,
        ..BMRETRIEVER
    },
    Preset {
        name: "bmretriever-7b",
        model: "BMRetriever/BMRetriever-7B",
        architecture: Architecture::Mistral,
        dimension: 4096,
        parameters: 7110,
        append_eos_id: Some(2),
        layers: MISTRAL_7B,
        ..BMRETRIEVER
    },
    Preset {
        name: "biohicl-base",
        model: "LunaLan07/BioHiCL-Base",
        pooling: Pooling::Cls,
        normalize: true,
        query_prefix: BGE_QUERY,
        licence: "not stated",
        restriction: UNKNOWN,
        ..BERT
    },
    Preset {
        name: "biohicl-large",
        model: "LunaLan07/BioHiCL-Large",
        dimension: 1024,
        parameters: 335,
        pooling: Pooling::Cls,
        normalize: true,
        query_prefix: BGE_QUERY,
        licence: "not stated",
        restriction: UNKNOWN,
        layers: Layers::plain(24, 1024, 16),
        ..BERT
    },
    Preset {
        name: "sapbert",
        model: "cambridgeltl/SapBERT-from-PubMedBERT-fulltext",
        pooling: Pooling::Cls,
        length: 25,
        query_length: 25,
        licence: "MIT",
        ..BERT
    },
    Preset {
        name: "sapbert-mean",
        model: "cambridgeltl/SapBERT-from-PubMedBERT-fulltext-mean-token",
        length: 25,
        query_length: 25,
        licence: "MIT",
        ..BERT
    },
    Preset {
        name: "medte",
        model: "MohammadKhodadad/MedTE-cl15-step-8000",
        normalize: true,
        licence: "not stated",
        restriction: UNKNOWN,
        ..BERT
    },
    Preset {
        name: "bica-base",
        model: "bisectgroup/BiCA-base",
        normalize: true,
        licence: "MIT (code)",
        restriction: UNKNOWN,
        ..BERT
    },
    Preset {
        name: "bica-small",
        model: "bisectgroup/BiCA-small",
        dimension: 384,
        parameters: 33,
        normalize: true,
        licence: "MIT (code)",
        restriction: UNKNOWN,
        layers: Layers::plain(12, 384, 12),
        ..BERT
    },
    Preset {
        name: "biolinkbert-base",
        model: "michiyasunaga/BioLinkBERT-base",
        parameters: 108,
        licence: "Apache-2.0",
        ..BERT
    },
    Preset {
        name: "biolinkbert-large",
        model: "michiyasunaga/BioLinkBERT-large",
        dimension: 1024,
        parameters: 333,
        licence: "Apache-2.0",
        layers: Layers::plain(24, 1024, 16),
        ..BERT
    },
    Preset {
        name: "pubmedbert",
        model: "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract-fulltext",
        licence: "MIT",
        ..BERT
    },
    Preset {
        name: "pubmedbert-abstract",
        model: "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract",
        licence: "MIT",
        ..BERT
    },
    Preset {
        name: "biobert",
        model: "dmis-lab/biobert-v1.1",
        parameters: 108,
        licence: "Apache-2.0",
        ..BERT
    },
    Preset {
        name: "scibert",
        model: "allenai/scibert_scivocab_uncased",
        parameters: 110,
        licence: "Apache-2.0",
        ..BERT
    },
    Preset {
        name: "scibert-cased",
        model: "allenai/scibert_scivocab_cased",
        parameters: 110,
        licence: "Apache-2.0",
        ..BERT
    },
    Preset {
        name: "minilm",
        model: "sentence-transformers/all-MiniLM-L6-v2",
        dimension: 384,
        length: 256,
        query_length: 256,
        parameters: 23,
        normalize: true,
        licence: "Apache-2.0",
        layers: Layers::plain(6, 384, 12),
        ..BERT
    },
];

/// Other names at Hugging Face of the same model.
pub(super) const OTHER_NAMES: &[(&str, &str)] = &[
    ("microsoft/BiomedNLP-PubMedBERT-base-uncased-abstract-fulltext", "pubmedbert"),
    ("microsoft/BiomedNLP-PubMedBERT-base-uncased-abstract", "pubmedbert-abstract"),
    ("dmis-lab/biobert-base-cased-v1.1", "biobert"),
];

impl Preset {
    /// Whether it costs as much as another: the same layers, and texts of the same length.
    pub fn costs_as(&self, other: &Preset) -> bool {
        (self.architecture, self.layers, self.length)
            == (other.architecture, other.layers, other.length)
    }

    /// The preset of this name; `medcpt` is that of its articles.
    ///
    /// # Errors
    /// [`Error::Encoder`] with all names.
    pub fn by_name(name: &str) -> Result<&'static Preset> {
        let wanted = if name.eq_ignore_ascii_case("medcpt") { "medcpt-article" } else { name };
        PRESETS
            .iter()
            .find(|preset| {
                preset.name.eq_ignore_ascii_case(wanted)
                    || preset.model.eq_ignore_ascii_case(wanted)
            })
            .ok_or_else(|| Error::Encoder {
                name: name.to_owned(),
                detail: format!(
                    "there is no such preset; there are {}",
                    PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ")
                ),
            })
    }

    /// The recipe for a model of this shape. Lengths are the preset's, or those of the folder's `own`
    /// recipe where the preset leaves them to it, or the model's where it has fewer positions.
    pub(super) fn recipe(&self, shape: Shape, own: &Recipe) -> Recipe {
        let role = |name: &str, prefix: &str, length: u32| {
            let own = own.role(name).map_or(shape.tokens_max, |role| role.max_length);
            let max_length = if length == 0 { own } else { length as usize };
            let max_length = max_length.min(shape.tokens_max);
            (name.to_owned(), Role { prefix: prefix.to_owned(), max_length })
        };
        Recipe {
            pooling: self.pooling,
            normalize: self.normalize,
            similarity: self.similarity,
            append_eos_id: self.append_eos_id,
            pair: self.pair,
            lower_case: false,
            roles: match self.purpose {
                Purpose::Scores => [role(PAIR, "", self.length)].into(),
                _ => [
                    role(DOCUMENT, self.document_prefix, self.length),
                    role(QUERY, self.query_prefix, self.query_length),
                ]
                .into(),
            },
        }
    }

    /// Whether `query` is the tower for queries to what this one wrote.
    pub fn goes_with(&self, query: &Preset) -> bool {
        matches!(self.purpose, Purpose::Documents { query: name } if name == query.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_towers_come_in_pairs() {
        for (place, preset) in PRESETS.iter().enumerate() {
            assert_eq!(Preset::by_name(preset.name).unwrap(), preset);
            assert_eq!(Preset::by_name(preset.model).unwrap(), preset);
            assert!(!PRESETS[..place].iter().any(|other| other.name == preset.name));
            match preset.purpose {
                Purpose::Documents { query } => {
                    assert!(preset.goes_with(Preset::by_name(query).unwrap()));
                }
                Purpose::Queries { document } => {
                    assert!(Preset::by_name(document).unwrap().goes_with(preset));
                }
                _ => {}
            }
        }
        assert!(OTHER_NAMES.iter().all(|(_, name)| Preset::by_name(name).is_ok()));
        let unknown = Preset::by_name("nothing").unwrap_err().to_string();
        assert!(unknown.contains("medcpt-article"), "{unknown}");
    }
}
