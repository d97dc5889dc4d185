//! Which settings of a model folder's files are understood.
//!
//! A setting that changes vectors and is passed over makes vectors that look right and are not. So
//! every key of these files is listed here: those that are read elsewhere or do nothing to vectors,
//! and those that only one value is supported of. Any other key is refused by its name. A key whose
//! value is `null` counts as absent, as in the libraries that write these files.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::architecture::Architecture;
use super::files::Folder;
use crate::error::Result;

/// A key and the values that it may have.
pub(in crate::encode) type Setting = (&'static str, May);

/// The values of a setting that are supported.
#[derive(Clone, Copy)]
pub(in crate::encode) enum May {
    /// Any: it is read elsewhere, or does nothing to vectors.
    Any,
    /// `true`.
    True,
    /// `false`.
    False,
    /// Nothing: an empty text, list or object, 0 or `false`.
    Empty,
    /// One of these texts.
    Text(&'static [&'static str]),
}

use May::{Any, Empty, False, Text, True};

/// Keys of `config.json` that every model may have (`PretrainedConfig` of transformers).
const MODEL: &[Setting] = &[
    ("_attn_implementation", Any),
    ("_attn_implementation_autoset", Any),
    ("_attn_implementation_internal", Any),
    ("_commit_hash", Any),
    ("_name_or_path", Any),
    ("_num_labels", Any),
    ("add_cross_attention", False),
    ("architectures", Any),
    ("attn_implementation", Any),
    ("bad_words_ids", Any),
    ("begin_suppress_tokens", Any),
    ("bos_token_id", Any),
    ("chunk_size_feed_forward", Any),
    ("classifier_dropout", Any),
    ("cross_attention_hidden_size", Empty),
    ("decoder_start_token_id", Any),
    ("diversity_penalty", Any),
    ("do_sample", Any),
    ("dtype", Any),
    ("early_stopping", Any),
    ("encoder_no_repeat_ngram_size", Any),
    ("eos_token_id", Any),
    ("eos_token_ids", Any),
    ("exponential_decay_length_penalty", Any),
    ("finetuning_task", Any),
    ("forced_bos_token_id", Any),
    ("forced_eos_token_id", Any),
    ("gradient_checkpointing", Any),
    ("hidden_act", Any),
    ("hidden_size", Any),
    ("id2label", Any),
    ("initializer_range", Any),
    ("intermediate_size", Any),
    ("is_encoder_decoder", False),
    ("label2id", Any),
    ("length_penalty", Any),
    ("max_length", Any),
    ("max_position_embeddings", Any),
    ("min_length", Any),
    ("model_type", Any),
    ("no_repeat_ngram_size", Any),
    ("num_attention_heads", Any),
    ("num_beam_groups", Any),
    ("num_beams", Any),
    ("num_hidden_layers", Any),
    ("num_labels", Any),
    ("num_return_sequences", Any),
    ("output_attentions", Any),
    ("output_hidden_states", Any),
    ("output_past", Any),
    ("output_scores", Any),
    ("pad_token_id", Any),
    ("prefix", Any),
    ("problem_type", Any),
    ("pruned_heads", Empty),
    ("remove_invalid_values", Any),
    ("repetition_penalty", Any),
    ("return_dict", Any),
    ("return_dict_in_generate", Any),
    // The activation of a cross-encoder, behind the logit that is the score here.
    ("sentence_transformers", Any),
    ("sep_token_id", Any),
    ("suppress_tokens", Any),
    ("task_specific_params", Any),
    ("temperature", Any),
    ("tf_legacy_loss", Any),
    ("tie_encoder_decoder", False),
    ("tie_word_embeddings", Any),
    ("tokenizer_class", Any),
    ("top_k", Any),
    ("top_p", Any),
    ("torch_dtype", Any),
    ("torchscript", Any),
    ("transformers_version", Any),
    ("typical_p", Any),
    ("use_bfloat16", Any),
    ("use_cache", Any),
    ("use_return_dict", Any),
    ("vocab_size", Any),
    ("xla_device", Any),
];

/// Keys of BERT and MPNet.
const BIDIRECTIONAL: &[Setting] = &[
    ("attention_probs_dropout_prob", Any),
    ("hidden_act", Text(&["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"])),
    ("hidden_dropout_prob", Any),
    ("is_decoder", False),
    ("layer_norm_eps", Any),
];

const BERT: &[Setting] = &[
    ("directionality", Any),
    ("pooler_fc_size", Any),
    ("pooler_num_attention_heads", Any),
    ("pooler_num_fc_layers", Any),
    ("pooler_size_per_head", Any),
    ("pooler_type", Any),
    ("position_embedding_type", Text(&["absolute"])),
    ("type_vocab_size", Any),
];

const MPNET: &[Setting] = &[("relative_attention_num_buckets", Any)];

/// Keys of all decoders.
const DECODER: &[Setting] = &[
    ("attention_dropout", Any),
    ("is_decoder", Any),
    ("pretraining_tp", Any),
    ("rope_parameters", Any),
    ("rope_scaling", Any),
    ("rope_theta", Any),
];

const GPT_NEOX: &[Setting] = &[
    ("attention_bias", Any),
    ("hidden_act", Text(&["gelu", "gelu_new", "gelu_pytorch_tanh", "silu", "swish"])),
    ("hidden_dropout", Any),
    ("layer_norm_eps", Any),
    ("rotary_emb_base", Any),
    ("rotary_pct", Any),
    ("use_parallel_residual", Any),
];

const GEMMA: &[Setting] = &[
    ("attention_bias", Any),
    ("head_dim", Any),
    ("hidden_activation", Any),
    ("num_key_value_heads", Any),
    ("rms_norm_eps", Any),
    ("use_bidirectional_attention", False),
];

const MISTRAL: &[Setting] = &[
    ("attention_bias", False),
    ("head_dim", Any),
    ("hidden_act", Text(&["gelu", "gelu_new", "gelu_pytorch_tanh", "silu", "swish"])),
    ("mlp_bias", False),
    ("num_key_value_heads", Any),
    ("rms_norm_eps", Any),
    ("sliding_window", Any),
];

/// Keys inside of `rope_scaling` and `rope_parameters`.
const ROPE: &[Setting] = &[
    ("original_max_position_embeddings", Any),
    ("partial_rotary_factor", Any),
    ("rope_theta", Any),
    ("rope_type", Text(&["default"])),
    ("type", Text(&["default"])),
];

/// `1_Pooling/config.json` of sentence-transformers.
pub(in crate::encode) const POOLING: &[Setting] = &[
    ("embedding_dimension", Any),
    // Without it, tokens of the prompt would be left out of the mean.
    ("include_prompt", True),
    ("pooling_mode", Any),
    ("pooling_mode_cls_token", Any),
    ("pooling_mode_lasttoken", Any),
    ("pooling_mode_max_tokens", Any),
    ("pooling_mode_mean_sqrt_len_tokens", Any),
    ("pooling_mode_mean_tokens", Any),
    ("pooling_mode_weightedmean_tokens", Any),
    ("word_embedding_dimension", Any),
];

/// An entry of `modules.json`.
pub(in crate::encode) const MODULE: &[Setting] =
    &[("idx", Any), ("kwargs", Empty), ("name", Any), ("path", Any), ("type", Any)];

/// `sentence_bert_config.json`.
pub(in crate::encode) const TRANSFORMER: &[Setting] = &[
    ("config_args", Empty),
    ("do_lower_case", Any),
    ("max_seq_length", Any),
    ("model_args", Empty),
    ("tokenizer_args", Empty),
];

/// `config_sentence_transformers.json`.
pub(in crate::encode) const SENTENCES: &[Setting] = &[
    ("__version__", Any),
    ("default_prompt_name", Any),
    ("model_type", Text(&["SentenceTransformer"])),
    ("prompts", Any),
    ("similarity_fn_name", Text(&["cosine", "dot"])),
];

/// Keys of `tokenizer_config.json` under which a text is cut or spelled in another way. Other keys of
/// that file are for the library that writes it: `tokenizer.json` says what is done.
pub(in crate::encode) const TOKENIZER: &[Setting] = &[
    ("add_eos_token", Any),
    ("auto_map", Empty),
    ("split_special_tokens", False),
    ("truncation_side", Text(&["right"])),
];

/// `adapter_config.json` of a LoRA adapter; what makes another merge of it is checked there.
pub(in crate::encode) const ADAPTER: &[Setting] = &[
    ("alora_invocation_tokens", Any),
    ("alpha_pattern", Any),
    ("arrow_config", Any),
    ("auto_mapping", Any),
    ("base_model_name_or_path", Any),
    ("bias", Any),
    ("corda_config", Any),
    ("enable_lora", Empty),
    ("ensure_weight_tying", Any),
    ("eva_config", Any),
    ("exclude_modules", Any),
    ("fan_in_fan_out", Any),
    ("inference_mode", Any),
    ("init_lora_weights", Any),
    ("kasa_config", Any),
    ("layer_replication", Any),
    ("layers_pattern", Any),
    ("layers_to_transform", Any),
    ("loftq_config", Any),
    ("lora_alpha", Any),
    ("lora_bias", Any),
    ("lora_dropout", Any),
    ("lora_ga_config", Any),
    ("megatron_config", Any),
    ("megatron_core", Any),
    ("merge_weights", Any),
    ("modules_to_save", Any),
    ("monteclora_config", Any),
    ("peft_type", Any),
    ("peft_version", Any),
    ("qalora_group_size", Any),
    ("r", Any),
    ("rank_pattern", Any),
    ("revision", Any),
    ("runtime_config", Any),
    ("target_modules", Any),
    ("target_parameters", Any),
    ("task_type", Any),
    ("trainable_token_indices", Any),
    ("use_bdlora", Any),
    ("use_dora", Any),
    ("use_qalora", Any),
    ("use_rslora", Any),
    ("velora_config", Any),
];

/// What a folder's file may hold.
pub(in crate::encode) struct Known(&'static [&'static [Setting]], bool);

impl Known {
    /// These keys and no others.
    pub(in crate::encode) const fn only(lists: &'static [&'static [Setting]]) -> Known {
        Known(lists, true)
    }

    /// Any keys, of which these are checked.
    pub(in crate::encode) const fn among_others(lists: &'static [&'static [Setting]]) -> Known {
        Known(lists, false)
    }

    /// `config.json` of a network.
    pub(in crate::encode) fn of_network(architecture: Architecture) -> Known {
        Known::only(match architecture {
            Architecture::Bert => &[BERT, BIDIRECTIONAL, MODEL],
            Architecture::Mpnet => &[MPNET, BIDIRECTIONAL, MODEL],
            Architecture::GptNeox => &[GPT_NEOX, DECODER, MODEL],
            Architecture::Gemma => &[GEMMA, DECODER, MODEL],
            Architecture::Mistral => &[MISTRAL, DECODER, MODEL],
        })
    }

    /// What is wrong with these settings, if anything is. The first list that has a key counts.
    fn refuse(&self, settings: &Map<String, Value>) -> Result<(), String> {
        for (name, value) in settings.iter().filter(|(_, value)| !value.is_null()) {
            let mut known = self.0.iter().flat_map(|list| list.iter());
            match known.find(|(known, _)| known == name) {
                Some((_, may)) => may.check(name, value)?,
                None if self.1 => {
                    return Err(format!(
                        "the setting {name} is not known, and it may change vectors: remove it from \
                         the file if it does not, or choose another model"
                    ));
                }
                None => {}
            }
        }
        Ok(())
    }
}

impl May {
    fn check(self, name: &str, value: &Value) -> Result<(), String> {
        let (is_right, wanted) = match self {
            Any => return Ok(()),
            True => (value == &Value::Bool(true), "true".to_owned()),
            False => (value == &Value::Bool(false), "false".to_owned()),
            Empty => (is_empty(value), "none".to_owned()),
            Text(texts) => {
                let is_one = value.as_str().is_some_and(|text| texts.contains(&text));
                (is_one, texts.join(", "))
            }
        };
        if is_right {
            return Ok(());
        }
        let mut shown = value.to_string();
        if shown.len() > 80 {
            shown = shown.chars().take(80).chain(['\u{2026}']).collect();
        }
        Err(format!("{name} is {shown}, which is not supported; supported: {wanted}"))
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

impl Folder {
    /// The settings in a JSON file, all of them known; `None` if it is not there.
    ///
    /// # Errors
    /// [`crate::Error::Encoder`] with the file and the setting that is not understood.
    pub(in crate::encode) fn settings<T: DeserializeOwned>(
        &self,
        file: &str,
        known: &Known,
    ) -> Result<Option<T>> {
        match self.json::<Value>(file)? {
            Some(value) => self.known(file, value, known).map(Some),
            None => Ok(None),
        }
    }

    /// As [`Folder::settings`], for a value inside of a file.
    pub(in crate::encode) fn known<T: DeserializeOwned>(
        &self,
        file: &str,
        value: Value,
        known: &Known,
    ) -> Result<T> {
        let wrong = |detail: String| self.error(format!("{file}: {detail}"));
        let Value::Object(settings) = value else {
            return Err(wrong("expected a JSON object".into()));
        };
        known.refuse(&settings).map_err(wrong)?;
        let parse = |settings: &Map<String, Value>| {
            serde_json::from_value::<T>(Value::Object(settings.clone()))
        };
        parse(&settings).map_err(|problem| {
            // The setting without which the rest can be read is the wrong one.
            let culprit = settings.keys().find(|name| {
                let mut others = settings.clone();
                others.remove(*name);
                parse(&others).is_ok()
            });
            match culprit {
                Some(name) => wrong(format!("{name}: {problem}")),
                None => wrong(problem.to_string()),
            }
        })
    }

    /// `config.json` of a network, with every setting known.
    ///
    /// # Errors
    /// As [`Folder::settings`]; [`crate::Error::Encoder`] when it is not there.
    pub(in crate::encode) fn network_settings<T: DeserializeOwned>(
        &self,
        architecture: Architecture,
    ) -> Result<T> {
        let file = "config.json";
        let Some(value) = self.json::<Value>(file)? else {
            return Err(self.error("config.json is missing; is this a model folder?"));
        };
        if architecture.is_decoder() {
            for name in ["rope_scaling", "rope_parameters"] {
                if let Some(Value::Object(rope)) = value.get(name) {
                    Known::only(&[ROPE])
                        .refuse(rope)
                        .map_err(|detail| self.error(format!("{file}, {name}: {detail}")))?;
                }
            }
        }
        self.known(file, value, &Known::of_network(architecture))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refuse(known: &Known, settings: Value) -> Result<(), String> {
        known.refuse(settings.as_object().unwrap())
    }

    #[test]
    fn lists_name_a_setting_once() {
        let own =
            [MODEL, DECODER, ROPE, POOLING, MODULE, TRANSFORMER, SENTENCES, TOKENIZER, ADAPTER];
        for list in own.into_iter().chain([BERT, MPNET, GPT_NEOX, GEMMA, MISTRAL, BIDIRECTIONAL]) {
            assert!(list.is_sorted_by(|(a, _), (b, _)| a < b), "{:?}", list[0].0);
        }
    }

    #[test]
    fn settings_that_are_not_understood_are_refused_by_name() {
        let network = Known::of_network;
        for (known, settings, name) in [
            (Known::only(&[POOLING]), json!({"include_prompt": false}), "include_prompt"),
            (Known::only(&[POOLING]), json!({"pooling_mode_new": false}), "pooling_mode_new"),
            (Known::only(&[SENTENCES]), json!({"truncate_dim": 64}), "truncate_dim"),
            (Known::only(&[SENTENCES]), json!({"similarity_fn_name": "euclidean"}), "euclidean"),
            (Known::only(&[SENTENCES]), json!({"model_type": "SparseEncoder"}), "SparseEncoder"),
            (Known::only(&[MODULE]), json!({"kwargs": ["task"]}), "kwargs"),
            (Known::only(&[TRANSFORMER]), json!({"model_args": {"a": 1}}), "model_args"),
            (Known::among_others(&[TOKENIZER]), json!({"truncation_side": "left"}), "truncation"),
            (network(Architecture::Bert), json!({"is_decoder": true}), "is_decoder"),
            (network(Architecture::Bert), json!({"auto_map": {"a": "b"}}), "auto_map"),
            (network(Architecture::Bert), json!({"pruned_heads": {"0": [1]}}), "pruned_heads"),
            (network(Architecture::Bert), json!({"add_cross_attention": true}), "add_cross"),
            (network(Architecture::Bert), json!({"hidden_act": "swish"}), "hidden_act"),
            (network(Architecture::Mpnet), json!({"rotary_pct": 0.5}), "rotary_pct"),
            (network(Architecture::Mistral), json!({"mlp_bias": true}), "mlp_bias"),
            (network(Architecture::Gemma), json!({"sliding_window": 9}), "sliding_window"),
            (network(Architecture::GptNeox), json!({"quantization_config": {}}), "quantization"),
        ] {
            let words = refuse(&known, settings.clone()).unwrap_err();
            assert!(words.contains(name), "{settings}: {words}");
        }
    }

    #[test]
    fn null_is_absent_and_what_does_nothing_is_passed_over() {
        for (known, settings) in [
            (Known::only(&[POOLING]), json!({"new": null, "include_prompt": true})),
            (Known::among_others(&[TOKENIZER]), json!({"chat_template": "x"})),
            (Known::of_network(Architecture::Bert), json!({"use_cache": 3, "pruned_heads": {}})),
        ] {
            refuse(&known, settings).unwrap();
        }
    }
}
