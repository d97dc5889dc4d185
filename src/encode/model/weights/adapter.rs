//! LoRA adapters in PEFT's layout (Hu et al., 2021): `W + scale * B A` in place of `W`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::catalogue::{Catalogue, plain_name};
use super::stored::NumberType;
use super::{base, digest, safetensors, torch};
use crate::encode::model::Folder;
use crate::encode::model::settings::{ADAPTER, Known};
use crate::error::Result;

const CONFIG: &str = "adapter_config.json";
const SAFETENSORS: &str = "adapter_model.safetensors";
const TORCH: &str = "adapter_model.bin";

/// What PEFT puts before every tensor's name.
const PREFIX: &str = "base_model.model.";

/// The fields of `adapter_config.json` that matter, and those that ask for more than this can do.
#[derive(Deserialize)]
#[serde(default)]
struct Config {
    peft_type: String,
    base_model_name_or_path: Option<String>,
    lora_alpha: f64,
    use_rslora: bool,
    alpha_pattern: BTreeMap<String, f64>,
    layers_to_transform: Value,
    #[serde(flatten)]
    others: HashMap<String, Value>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            peft_type: String::new(),
            base_model_name_or_path: None,
            lora_alpha: 8.0,
            use_rslora: false,
            alpha_pattern: BTreeMap::new(),
            layers_to_transform: Value::Null,
            others: HashMap::new(),
        }
    }
}

/// Settings under which weights are merged in another way than here, or the base's own are changed.
const UNSUPPORTED: &[&str] = &[
    "alora_invocation_tokens",
    "arrow_config",
    "fan_in_fan_out",
    "kasa_config",
    "layer_replication",
    "lora_bias",
    "lora_ga_config",
    "megatron_config",
    "monteclora_config",
    "target_parameters",
    "trainable_token_indices",
    "use_bdlora",
    "use_dora",
    "use_qalora",
    "velora_config",
];

/// Ways to begin the training that leave the base as it is; others take a part of it away, which peft does again when it
/// loads the adapter.
const BEGINNINGS: &[&str] = &["eva", "gaussian", "orthogonal"];

/// What an adapter does to one tensor of its base.
#[derive(Debug)]
enum Change {
    /// Adds `scale * B A`; `B` has `outputs` rows of `rank`, `A` `rank` rows of `inputs`.
    LowRank { down: Vec<f32>, up: Vec<f32>, rank: usize, inputs: usize, scale: f32 },
    /// Takes its place.
    Whole(Vec<f32>),
}

/// An adapter that fits its base.
#[derive(Debug)]
pub(super) struct Adapter {
    /// By the plain name of the base's tensor.
    changes: HashMap<String, Change>,
    digest: [u8; 32],
}

impl Adapter {
    /// Reads an adapter and checks that it fits the base, whose weights have this digest.
    pub(super) fn open(
        path: &Path,
        base: &Folder,
        tensors: &Catalogue,
        digest: [u8; 32],
        contradicts: impl Fn(&Folder, &str) -> Option<String>,
    ) -> Result<Adapter> {
        let folder = Folder::open(path)?;
        let config: Config = folder
            .settings(CONFIG, &Known::only(&[ADAPTER]))?
            .ok_or_else(|| folder.error(format!("{CONFIG} is missing; is this a LoRA adapter?")))?;
        config.check().map_err(|detail| folder.error(format!("{CONFIG}: {detail}")))?;
        let named = config.base_model_name_or_path.as_deref().unwrap_or("a base without a name");
        let mismatch = |detail: String| {
            folder.error(format!(
                "this adapter was made for {named}, not for {}: {detail}",
                base.name()
            ))
        };
        if let Some(other) = other_base(&folder, base, named, digest, contradicts)? {
            return Err(mismatch(other));
        }
        let mut own = Catalogue::default();
        match (folder.has(SAFETENSORS), folder.has(TORCH)) {
            (true, _) => safetensors::add(&folder, SAFETENSORS, &mut own)?,
            (_, true) => torch::add(&folder, TORCH, &mut own)?,
            _ => return Err(folder.error(format!("neither {SAFETENSORS} nor {TORCH} is there"))),
        }
        let mut changes = HashMap::new();
        for name in own.places.keys() {
            let (target, part) = target(name);
            if part == Part::Up || changes.contains_key(&target) {
                continue;
            }
            let Some(place) = tensors.places.get(&target) else {
                return Err(mismatch(format!("tensor {target} is missing there")));
            };
            let change = own.change(&folder, &config, name, &target, part, &place.shape);
            changes.insert(target.clone(), change?.map_err(&mismatch)?);
        }
        if changes.is_empty() {
            return Err(folder.error("the adapter holds no tensors"));
        }
        if config.layers_to_transform.is_null() {
            check_layers(&changes, tensors).map_err(mismatch)?;
        }
        let mut hash = Sha256::new();
        for file in &own.files {
            hash.update(digest::digest(file)?);
        }
        hash.update(format!(
            "alpha {} {:?} rslora {}",
            config.lora_alpha, config.alpha_pattern, config.use_rslora
        ));
        Ok(Adapter { changes, digest: hash.finalize().into() })
    }

    /// SHA-256 over the adapter's weights and its scales.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Whether a tensor of the base is not what it was.
    pub(super) fn changes(&self, tensor: &str) -> bool {
        self.changes.contains_key(tensor)
    }

    /// Changes a tensor of the base.
    pub(super) fn apply(&self, tensor: &str, numbers: &mut [f32]) {
        match self.changes.get(tensor) {
            None => {}
            Some(Change::Whole(own)) => numbers.copy_from_slice(own),
            Some(Change::LowRank { down, up, rank, inputs, scale }) => {
                let rows = numbers.chunks_exact_mut(*inputs).zip(up.chunks_exact(*rank));
                for (row, up) in rows {
                    for (up, down) in up.iter().zip(down.chunks_exact(*inputs)) {
                        let factor = up * scale;
                        row.iter_mut().zip(down).for_each(|(sum, down)| *sum += factor * down);
                    }
                }
            }
        }
    }
}

/// Which part of a change a tensor of the adapter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// `A`.
    Down,
    /// `B`.
    Up,
    /// All of a tensor.
    Whole,
}

/// The base's tensor that one of the adapter's belongs to.
fn target(name: &str) -> (String, Part) {
    let name = plain_name(name.strip_prefix(PREFIX).unwrap_or(name));
    for (middle, part) in [(".lora_A", Part::Down), (".lora_B", Part::Up)] {
        if let Some(start) = name.find(middle) {
            let rest = name.get(start + middle.len()..).unwrap_or_default();
            if rest == ".weight" || rest == ".default.weight" {
                return (format!("{}.weight", name.get(..start).unwrap_or_default()), part);
            }
        }
    }
    let whole = name.replace(".modules_to_save.default", "").replace(".modules_to_save", "");
    (whole.replace(".base_layer", ""), Part::Whole)
}

impl Catalogue {
    /// What the adapter in this catalogue does to the base's tensor `target` of this shape; the inner
    /// error says why it does not fit.
    fn change(
        &self,
        folder: &Folder,
        config: &Config,
        name: &str,
        target: &str,
        part: Part,
        shape: &[usize],
    ) -> Result<Result<Change, String>> {
        let read = |name: &str| -> Result<Option<(Vec<f32>, Vec<usize>)>> {
            let Some(place) = self.places.get(name) else { return Ok(None) };
            let Some(file) = self.files.get(place.file) else { return Ok(None) };
            if let NumberType::Whole(bytes) = place.numbers {
                return Err(folder.error(format!(
                    "{}: tensor {name} holds whole numbers of {} bits; weights are F32, F16, BF16 \
                     or F64",
                    file.name,
                    8 * bytes
                )));
            }
            let numbers = file.read(place).map_err(|problem| {
                folder.error(format!("{}: cannot read tensor {name}: {problem}", file.name))
            })?;
            Ok(Some((numbers, place.shape.clone())))
        };
        let missing = |name: &str| folder.error(format!("tensor {name} is missing"));
        let (numbers, own) = read(name)?.ok_or_else(|| missing(name))?;
        if part == Part::Whole {
            if own != shape {
                return Ok(Err(format!("tensor {target} has shape {shape:?} there, {own:?} here")));
            }
            return Ok(Ok(Change::Whole(numbers)));
        }
        let other = name.replace(".lora_A", ".lora_B");
        let (up, above) = read(&other)?.ok_or_else(|| missing(&other))?;
        let ([rank, inputs], [outputs, rank_above]) = (own.as_slice(), above.as_slice()) else {
            return Err(folder.error(format!(
                "tensor {name} is not a matrix; only linear layers can be adapted"
            )));
        };
        if rank != rank_above || *rank == 0 {
            return Err(folder.error(format!("{name} has rank {rank}, {other} {rank_above}")));
        }
        if shape != [*outputs, *inputs] {
            return Ok(Err(format!(
                "tensor {target} has shape {shape:?} there, {:?} here",
                [outputs, inputs]
            )));
        }
        let module = target.trim_end_matches(".weight");
        let scale = config.scale(module, *rank) as f32;
        Ok(Ok(Change::LowRank { down: numbers, up, rank: *rank, inputs: *inputs, scale }))
    }
}

impl Config {
    fn check(&self) -> Result<(), String> {
        if !self.peft_type.eq_ignore_ascii_case("lora") {
            return Err(format!("peft_type is {:?}, supported is \"LORA\"", self.peft_type));
        }
        let asked = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
        if let Some(name) =
            UNSUPPORTED.iter().find(|name| self.others.get(**name).is_some_and(asked))
        {
            return Err(format!(
                "{name} is set, which is not supported; merge the adapter with peft \
                 (merge_and_unload, save_pretrained) and give the merged folder"
            ));
        }
        if let Some(Value::String(beginning)) = self.others.get("init_lora_weights")
            && !BEGINNINGS.contains(&beginning.as_str())
        {
            return Err(format!(
                "init_lora_weights is {beginning:?}, under which the base's weights are changed \
                 too: merge the adapter with peft (merge_and_unload, save_pretrained) and give the \
                 merged folder"
            ));
        }
        let plain = |key: &String| key.chars().all(|ch| ch.is_alphanumeric() || "._".contains(ch));
        if let Some(key) = self.alpha_pattern.keys().find(|key| !plain(key)) {
            return Err(format!(
                "alpha_pattern {key:?} is a pattern, supported are names of modules"
            ));
        }
        Ok(())
    }

    /// The factor of `B A`. The rank is that of the stored matrices, which `rank_pattern` decided.
    fn scale(&self, module: &str, rank: usize) -> f64 {
        let names = |key: &str| {
            let start = module.strip_suffix(key);
            start.is_some_and(|start| start.is_empty() || start.ends_with('.'))
        };
        let own = self.alpha_pattern.iter().find(|(key, _)| names(key)).map(|(_, alpha)| *alpha);
        let alpha = own.unwrap_or(self.lora_alpha);
        alpha / if self.use_rslora { (rank as f64).sqrt() } else { rank as f64 }
    }
}

/// Why the base is not the one that the adapter names, if there is a way to know: by the path, where the
/// adapter names a folder that is there, else by the model's name.
fn other_base(
    adapter: &Folder,
    base: &Folder,
    named: &str,
    digest: [u8; 32],
    contradicts: impl Fn(&Folder, &str) -> Option<String>,
) -> Result<Option<String>> {
    let is_path = named.starts_with(['.', '/']) || Path::new(named).is_absolute();
    let there = adapter.path(named);
    if is_path && there.is_dir() {
        let other = Folder::open(&there)?;
        let same_place = other.is_same(base);
        if same_place {
            return Ok(None);
        }
        if other.read("config.json")? != base.read("config.json")? {
            return Ok(Some(format!("the base in {} has another config.json", other.name())));
        }
        if base::open(&other)?.1 != digest {
            return Ok(Some(format!("the base in {} has other weights", other.name())));
        }
        return Ok(None);
    }
    Ok(contradicts(base, named).map(|known| format!("that is {known}")))
}

/// An adapter changes the same modules in every layer, unless its config says otherwise: one that
/// leaves the last layers out was made for a model with fewer.
fn check_layers(changes: &HashMap<String, Change>, tensors: &Catalogue) -> Result<(), String> {
    let layers = |names: &mut dyn Iterator<Item = &String>, like: Option<&BTreeSet<String>>| {
        let mut found: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for name in names {
            if let Some((module, layer)) = layer_of(name)
                && like.is_none_or(|like| like.contains(&module))
            {
                found.entry(module).or_default().insert(layer);
            }
        }
        found
    };
    let changed = layers(&mut changes.keys(), None);
    let modules: BTreeSet<String> = changed.keys().cloned().collect();
    let there = layers(&mut tensors.places.keys(), Some(&modules));
    for (module, changed) in &changed {
        let there = there.get(module).map_or(0, BTreeSet::len);
        if changed.len() != there {
            return Err(format!(
                "it changes {module} in {} layers, there are {there}",
                changed.len()
            ));
        }
    }
    Ok(())
}

/// The name of a module without the number of its layer, and the number.
fn layer_of(name: &str) -> Option<(String, usize)> {
    let mut layer = None;
    let parts: Vec<&str> = name
        .split('.')
        .map(|part| match part.parse() {
            Ok(number) if layer.is_none() => {
                layer = Some(number);
                "*"
            }
            _ => part,
        })
        .collect();
    Some((parts.join("."), layer?))
}
