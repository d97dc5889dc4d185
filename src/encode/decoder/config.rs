//! `config.json` of the decoder families, brought to one [`Plan`].
//!
//! Each family has the defaults of its class in Hugging Face transformers. What a configuration
//! asks for and this crate does not compute is refused by name.

use serde::{Deserialize, Deserializer};

use crate::encode::model::{Architecture, Folder};
use crate::error::Result;

/// What is computed, in the same words for every family.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::encode) struct Plan {
    pub(in crate::encode) architecture: Architecture,
    pub(in crate::encode) vocabulary: usize,
    pub(in crate::encode) hidden: usize,
    pub(in crate::encode) layers: usize,
    pub(in crate::encode) heads: usize,
    /// Heads of keys and values; each is shared by `heads / key_heads` query heads.
    pub(in crate::encode) key_heads: usize,
    /// Numbers of a head.
    pub(in crate::encode) head: usize,
    pub(in crate::encode) intermediate: usize,
    pub(in crate::encode) tokens_max: usize,
    pub(in crate::encode) activation: Activation,
    pub(in crate::encode) epsilon: f32,
    /// Base of the rotary angles.
    pub(in crate::encode) theta: f64,
    /// Numbers of a head that are turned, from its front; even.
    pub(in crate::encode) rotary: usize,
    /// Tokens that a token sees, itself included.
    pub(in crate::encode) window: usize,
    /// Whether attention and the feed-forward block both start from the layer's input.
    pub(in crate::encode) parallel: bool,
    /// Whether the attention's linear layers have biases.
    pub(in crate::encode) attention_bias: bool,
}

/// The function inside of the feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::encode) enum Activation {
    /// With the error function.
    #[serde(rename = "gelu")]
    Gelu,
    /// With tanh.
    #[serde(rename = "gelu_new", alias = "gelu_pytorch_tanh")]
    GeluTanh,
    /// `x / (1 + exp(-x))`.
    #[serde(rename = "silu", alias = "swish")]
    Silu,
}

/// Fields of the three families' files; which of them count, and their defaults, differ.
#[derive(Debug, Deserialize)]
struct Fields {
    vocab_size: Option<usize>,
    hidden_size: Option<usize>,
    num_hidden_layers: Option<usize>,
    num_attention_heads: Option<usize>,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    intermediate_size: Option<usize>,
    max_position_embeddings: Option<usize>,
    hidden_act: Option<Activation>,
    hidden_activation: Option<Activation>,
    layer_norm_eps: Option<f64>,
    rms_norm_eps: Option<f64>,
    rotary_pct: Option<f64>,
    rotary_emb_base: Option<f64>,
    rope_theta: Option<f64>,
    rope_scaling: Option<Rope>,
    rope_parameters: Option<Rope>,
    use_parallel_residual: Option<bool>,
    attention_bias: Option<bool>,
    use_bidirectional_attention: Option<bool>,
    /// `null` means none, a missing field the default.
    #[serde(default, deserialize_with = "present")]
    sliding_window: Option<Option<usize>>,
}

/// `rope_scaling`, and `rope_parameters` in files of transformers 5.
#[derive(Debug, Default, Deserialize)]
struct Rope {
    rope_type: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    rope_theta: Option<f64>,
    partial_rotary_factor: Option<f64>,
}

fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Option<usize>>, D::Error> {
    Option::deserialize(field).map(Some)
}

/// What a family's configuration class in transformers has for a missing field.
struct Defaults {
    vocabulary: usize,
    hidden: usize,
    layers: usize,
    heads: usize,
    key_heads: Option<usize>,
    head: Option<usize>,
    intermediate: usize,
    tokens_max: usize,
    epsilon: f64,
    rotary_part: f64,
    window: Option<usize>,
}

const GPT_NEOX: Defaults = Defaults {
    vocabulary: 50_432,
    hidden: 6_144,
    layers: 44,
    heads: 64,
    key_heads: None,
    head: None,
    intermediate: 24_576,
    tokens_max: 2_048,
    epsilon: 1e-5,
    rotary_part: 0.25,
    window: None,
};

const GEMMA: Defaults = Defaults {
    vocabulary: 256_000,
    hidden: 3_072,
    layers: 28,
    heads: 16,
    key_heads: Some(16),
    head: Some(256),
    intermediate: 24_576,
    tokens_max: 8_192,
    epsilon: 1e-6,
    rotary_part: 1.0,
    window: None,
};

const MISTRAL: Defaults = Defaults {
    vocabulary: 32_000,
    hidden: 4_096,
    layers: 32,
    heads: 32,
    key_heads: Some(8),
    head: None,
    intermediate: 14_336,
    tokens_max: 4_096 * 32,
    epsilon: 1e-6,
    rotary_part: 1.0,
    window: Some(4_096),
};

impl Plan {
    /// Reads and checks `config.json`.
    pub(in crate::encode) fn open(folder: &Folder, architecture: Architecture) -> Result<Plan> {
        let fields: Fields = folder.network_settings(architecture)?;
        Plan::new(architecture, &fields)
            .map_err(|detail| folder.error(format!("config.json: {detail}")))
    }

    fn new(architecture: Architecture, fields: &Fields) -> Result<Plan, String> {
        let neox = architecture == Architecture::GptNeox;
        let defaults = match architecture {
            Architecture::GptNeox => GPT_NEOX,
            Architecture::Gemma => GEMMA,
            _ => MISTRAL,
        };
        let none = Rope::default();
        let rope =
            fields.rope_parameters.as_ref().or(fields.rope_scaling.as_ref()).unwrap_or(&none);
        if let Some(name) = rope.rope_type.as_ref().or(rope.kind.as_ref())
            && name != "default"
        {
            return Err(format!(
                "rotary positions of type {name:?} are not supported; supported is \"default\""
            ));
        }
        if fields.use_bidirectional_attention == Some(true) {
            return Err("use_bidirectional_attention is not supported".into());
        }
        let hidden = fields.hidden_size.unwrap_or(defaults.hidden);
        let heads = fields.num_attention_heads.unwrap_or(defaults.heads);
        // GPT-NeoX knows neither field; the reference does not read them there.
        let own = |field: Option<usize>| if neox { None } else { field };
        let key_heads = own(fields.num_key_value_heads).or(defaults.key_heads).unwrap_or(heads);
        let head = own(fields.head_dim).or(defaults.head);
        let head = match head {
            Some(head) => head,
            None if heads == 0 || hidden.is_multiple_of(heads) => {
                hidden.checked_div(heads).unwrap_or(0)
            }
            None => {
                return Err(format!(
                    "hidden_size {hidden} is not a multiple of num_attention_heads {heads}"
                ));
            }
        };
        let (epsilon, theta) = match neox {
            true => (fields.layer_norm_eps, fields.rotary_emb_base),
            false => (fields.rms_norm_eps, fields.rope_theta),
        };
        let part = if neox { rope.partial_rotary_factor.or(fields.rotary_pct) } else { None };
        let part = part.unwrap_or(defaults.rotary_part);
        if !(0.0..=1.0).contains(&part) {
            return Err(format!("rotary_pct is {part}, expected 0 to 1"));
        }
        let plan = Plan {
            architecture,
            vocabulary: fields.vocab_size.unwrap_or(defaults.vocabulary),
            hidden,
            layers: fields.num_hidden_layers.unwrap_or(defaults.layers),
            heads,
            key_heads,
            head,
            intermediate: fields.intermediate_size.unwrap_or(defaults.intermediate),
            tokens_max: fields.max_position_embeddings.unwrap_or(defaults.tokens_max),
            activation: activation(architecture, fields)?,
            epsilon: epsilon.unwrap_or(defaults.epsilon) as f32,
            theta: rope.rope_theta.or(theta).unwrap_or(10_000.0),
            rotary: (head as f64 * part) as usize,
            window: match (architecture, fields.sliding_window) {
                (Architecture::Mistral, Some(given)) => given,
                _ => defaults.window,
            }
            .unwrap_or(usize::MAX),
            parallel: neox && fields.use_parallel_residual.unwrap_or(true),
            attention_bias: match architecture {
                Architecture::GptNeox => fields.attention_bias.unwrap_or(true),
                Architecture::Gemma => fields.attention_bias.unwrap_or(false),
                _ => false,
            },
        };
        plan.check()?;
        Ok(plan)
    }

    fn check(&self) -> Result<(), String> {
        let sizes = [
            ("vocab_size", self.vocabulary),
            ("hidden_size", self.hidden),
            ("num_hidden_layers", self.layers),
            ("num_attention_heads", self.heads),
            ("num_key_value_heads", self.key_heads),
            ("head_dim", self.head),
            ("intermediate_size", self.intermediate),
            ("max_position_embeddings", self.tokens_max),
            ("sliding_window", self.window),
        ];
        if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            return Err(format!("{name} is 0"));
        }
        let dimension_max = crate::limits::DIMENSION_MAX;
        if self.hidden > dimension_max {
            return Err(format!(
                "hidden_size is {}, the longest vector that can be stored is {dimension_max}",
                self.hidden
            ));
        }
        // Products of these are lengths of rows; larger ones are no model's.
        for (name, size) in [
            ("num_attention_heads", self.heads),
            ("head_dim", self.head),
            ("intermediate_size", self.intermediate),
        ] {
            if size > 1 << 20 {
                return Err(format!("{name} is {size}, expected at most {}", 1 << 20));
            }
        }
        if !self.heads.is_multiple_of(self.key_heads) {
            return Err(format!(
                "num_attention_heads {} is not a multiple of num_key_value_heads {}",
                self.heads, self.key_heads
            ));
        }
        if !self.rotary.is_multiple_of(2) {
            return Err(format!("{} numbers of a head are turned, expected pairs", self.rotary));
        }
        if !(self.epsilon.is_finite() && self.epsilon >= 0.0) {
            return Err(format!("the norm's epsilon is {}", self.epsilon));
        }
        if !(self.theta.is_finite() && self.theta > 0.0) {
            return Err(format!("the base of the rotary angles is {}", self.theta));
        }
        Ok(())
    }

    /// What the vectors depend on beyond the shapes of the weights; part of the fingerprint.
    pub(in crate::encode) fn signature(&self) -> String {
        format!(
            "heads {} of {} keys {} activation {:?} epsilon {:e} theta {} rotary {} window {} \
             parallel {}",
            self.heads,
            self.head,
            self.key_heads,
            self.activation,
            self.epsilon,
            self.theta,
            self.rotary,
            self.window,
            self.parallel
        )
    }
}

fn activation(architecture: Architecture, fields: &Fields) -> Result<Activation, String> {
    match architecture {
        // The first configurations said `gelu` where the model was trained with tanh, which is
        // why the reference took to a second field and reads the first one as if it said so.
        Architecture::Gemma => match (fields.hidden_activation, fields.hidden_act) {
            (Some(given), _) => Ok(given),
            (None, Some(Activation::Silu)) => {
                Err("hidden_act is silu without hidden_activation, expected gelu".into())
            }
            (None, _) => Ok(Activation::GeluTanh),
        },
        Architecture::GptNeox => Ok(fields.hidden_act.unwrap_or(Activation::Gelu)),
        _ => Ok(fields.hidden_act.unwrap_or(Activation::Silu)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(architecture: Architecture, json: &str) -> Result<Plan, String> {
        let fields = serde_json::from_str(json).map_err(|problem| problem.to_string())?;
        Plan::new(architecture, &fields)
    }

    #[test]
    fn an_empty_file_is_the_reference_s_default_model() {
        let neox = plan(Architecture::GptNeox, "{}").expect("defaults");
        assert_eq!((neox.heads, neox.key_heads, neox.head, neox.rotary), (64, 64, 96, 24));
        assert!(neox.parallel && neox.attention_bias);
        let gemma = plan(Architecture::Gemma, "{}").expect("defaults");
        assert_eq!((gemma.key_heads, gemma.head, gemma.rotary), (16, 256, 256));
        assert_eq!((gemma.activation, gemma.window), (Activation::GeluTanh, usize::MAX));
        let mistral = plan(Architecture::Mistral, "{}").expect("defaults");
        assert_eq!((mistral.key_heads, mistral.head, mistral.window), (8, 128, 4_096));
        assert_eq!(mistral.activation, Activation::Silu);
    }

    #[test]
    fn null_means_no_window_and_an_old_gelu_of_gemma_is_tanh() {
        let mistral = plan(Architecture::Mistral, r#"{"sliding_window": null}"#).expect("a plan");
        assert_eq!(mistral.window, usize::MAX);
        let old = r#"{"hidden_act": "gelu", "hidden_activation": null}"#;
        let activation = |json| plan(Architecture::Gemma, json).expect("a plan").activation;
        assert_eq!(activation(old), Activation::GeluTanh);
        assert_eq!(activation(r#"{"hidden_activation": "gelu"}"#), Activation::Gelu);
    }

    #[test]
    fn the_newer_files_keep_rotary_settings_together() {
        let json = r#"{"rope_parameters": {"rope_type": "default", "rope_theta": 500,
            "partial_rotary_factor": 0.5}, "rotary_pct": 0.25}"#;
        let neox = plan(Architecture::GptNeox, json).expect("a plan");
        assert_eq!((neox.theta, neox.rotary), (500.0, 48));
    }

    #[test]
    fn what_is_not_computed_is_refused_by_name() {
        for (architecture, json, word) in [
            (Architecture::Mistral, r#"{"rope_scaling": {"type": "yarn", "factor": 2}}"#, "yarn"),
            (Architecture::GptNeox, r#"{"rope_scaling": {"rope_type": "linear"}}"#, "linear"),
            (Architecture::Mistral, r#"{"rope_parameters": {"rope_type": "llama3"}}"#, "llama3"),
            (Architecture::Mistral, r#"{"hidden_act": "relu6"}"#, "relu6"),
            (Architecture::Gemma, r#"{"use_bidirectional_attention": true}"#, "bidirectional"),
            (Architecture::Gemma, r#"{"hidden_act": "silu"}"#, "hidden_activation"),
            (Architecture::Mistral, r#"{"num_key_value_heads": 5}"#, "num_key_value_heads 5"),
            (Architecture::Mistral, r#"{"num_attention_heads": 0}"#, "num_attention_heads is 0"),
            (Architecture::Mistral, r#"{"sliding_window": 0}"#, "sliding_window is 0"),
            (Architecture::GptNeox, r#"{"num_attention_heads": 7}"#, "not a multiple"),
            (Architecture::GptNeox, r#"{"rotary_pct": 2}"#, "rotary_pct is 2"),
            (
                Architecture::GptNeox,
                r#"{"hidden_size": 64, "num_attention_heads": 4, "rotary_pct": 0.2}"#,
                "3 numbers of a head",
            ),
            (Architecture::Gemma, r#"{"hidden_size": 9223372036854775807}"#, "hidden_size"),
            (Architecture::Gemma, r#"{"head_dim": 9223372036854775807}"#, "head_dim"),
            (Architecture::Mistral, r#"{"rms_norm_eps": -1}"#, "epsilon"),
            (Architecture::Mistral, r#"{"rope_theta": 0}"#, "rotary angles"),
        ] {
            let problem = plan(architecture, json).expect_err(json);
            assert!(problem.contains(word), "{json}: {problem}");
        }
    }
}
