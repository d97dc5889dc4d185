//! Small models of every architecture, in the shared test data.

/// Models that embed: folder of the model, of its adapter, and of the goldens, which name its recipe.
pub const EMBEDDERS: &[(&str, Option<&str>, &str)] = &[
    ("bert-mean-st", None, "bert-mean-st"),
    ("bert-cls-pair", None, "bert-cls-pair"),
    ("bert-cls-bin-vocab", None, "bert-cls-bin-vocab"),
    ("bert-mlm-legacy", None, "bert-mlm-legacy"),
    ("mpnet-mean-st", None, "mpnet-mean-st"),
    ("bert-lora/base", None, "bert-lora/base"),
    ("bert-lora/base", Some("bert-lora/adapter"), "bert-lora"),
    ("gptneox-last", None, "gptneox-last"),
    ("gemma-last", None, "gemma-last"),
    ("mistral-last", None, "mistral-last"),
];
