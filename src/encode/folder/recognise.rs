//! Which known model a folder holds, if any.
//!
//! A folder is recognised by its place in a cache of Hugging Face, by its name, and where these say
//! nothing by its own files: the heading of `README.md`, and `_name_or_path` in `config.json`. The
//! last names what a model was loaded from before it was saved, which for a fine-tuned one is its
//! ancestor; the recipe is the ancestor's then too, unless the folder brings one (`modules.json`).
//!
//! What is recognised must also be of the preset's architecture and dimension. A folder that only
//! bears the name is opened by its own files, and [`Preset::misfit`] says so.

use std::path::Path;

use serde::Deserialize;

use super::modules::Layout;
use super::presets::{OTHER_NAMES, PRESETS, Preset, Purpose};
use crate::encode::model::{Folder, Kind};
use crate::error::Result;

/// Bytes of a README that are looked at for its heading.
const README_BYTES: usize = 64 * 1024;

/// The fields of `config.json` that tell a model from others.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Identity {
    _name_or_path: Option<String>,
    hidden_size: Option<u64>,
}

impl Preset {
    /// The preset by which the folder at a path is recognised.
    pub fn of_path(path: &Path) -> Option<&'static Preset> {
        let folder = Folder::open(path).ok()?;
        let layout = Layout::open(&folder).ok()?;
        Preset::of_folder(&folder, &layout, Kind::of(&layout.transformer).ok()?)
    }

    /// In what a folder differs from the known model whose name it bears, if it does.
    pub fn misfit(path: &Path) -> Option<String> {
        let folder = Folder::open(path).ok()?;
        let preset = Preset::by_place(&folder)?;
        let layout = Layout::open(&folder).ok()?;
        let difference = preset.difference(&layout, Kind::of(&layout.transformer).ok()?)?;
        Some(format!("{} is not {}: {difference}", folder.name(), preset.model))
    }

    pub(super) fn of_folder(
        folder: &Folder,
        layout: &Layout,
        kind: Kind,
    ) -> Option<&'static Preset> {
        let preset = Preset::by_place(folder).or_else(|| Preset::by_content(folder, layout))?;
        preset.difference(layout, kind).is_none().then_some(preset)
    }

    /// Fails where a folder cannot be what a preset is for.
    ///
    /// # Errors
    /// [`crate::Error::Encoder`] with both.
    pub(super) fn check(&self, folder: &Folder, layout: &Layout, kind: Kind) -> Result<()> {
        match self.difference(layout, kind) {
            None => Ok(()),
            Some(detail) => {
                Err(folder.error(format!("not for the preset {}: {detail}", self.name)))
            }
        }
    }

    /// In what a folder differs from this model.
    fn difference(&self, layout: &Layout, kind: Kind) -> Option<String> {
        if kind.architecture != self.architecture {
            return Some(format!(
                "the preset {} is for {} models, this is {}",
                self.name,
                self.architecture.family(),
                kind.architecture.family()
            ));
        }
        let scores = self.purpose == Purpose::Scores;
        if kind.classifier != scores {
            let gives = |scores| if scores { "scores of pairs of texts" } else { "vectors" };
            return Some(format!("that gives {}, this {}", gives(scores), gives(kind.classifier)));
        }
        let config: Option<Identity> = layout.transformer.json("config.json").ok()?;
        match config.unwrap_or_default().hidden_size {
            Some(found) if !scores && found != u64::from(self.dimension) => Some(format!(
                "that gives vectors of {} numbers, this of {found} (hidden_size in config.json)",
                self.dimension
            )),
            _ => None,
        }
    }

    /// The preset of a folder that bears the model's name, or lies in a cache under it.
    fn by_place(folder: &Folder) -> Option<&'static Preset> {
        match folder.hub_name() {
            Some(hub) => Preset::of_model(&hub),
            None => Preset::of_short_name(folder.base_name()?),
        }
    }

    /// The preset of a folder whose files name the model.
    fn by_content(folder: &Folder, layout: &Layout) -> Option<&'static Preset> {
        if let Some(preset) = heading(folder).and_then(|heading| Preset::of_short_name(&heading)) {
            return Some(preset);
        }
        if layout.has_modules {
            return None;
        }
        let config: Identity = layout.transformer.json("config.json").ok()??;
        Preset::of_model(&config._name_or_path?)
    }

    /// The preset of a model by its name at Hugging Face.
    fn of_model(name: &str) -> Option<&'static Preset> {
        find(|model| model.eq_ignore_ascii_case(name))
    }

    /// The preset of a model by its name with or without its owner's: `owner/name`, `owner_name`,
    /// `name`.
    fn of_short_name(name: &str) -> Option<&'static Preset> {
        find(|model| {
            let own = model.rsplit('/').next().unwrap_or(model);
            [own, model].iter().any(|form| form.eq_ignore_ascii_case(name))
                || model.replace('/', "_").eq_ignore_ascii_case(name)
        })
    }
}

fn find(is: impl Fn(&str) -> bool) -> Option<&'static Preset> {
    let other = OTHER_NAMES.iter().find(|(model, _)| is(model)).map(|(_, name)| *name);
    PRESETS.iter().find(|preset| is(preset.model) || other == Some(preset.name))
}

/// The first heading of `README.md`, behind its front matter.
fn heading(folder: &Folder) -> Option<String> {
    let bytes = folder.read("README.md").ok()??;
    let text = String::from_utf8_lossy(bytes.get(..README_BYTES).unwrap_or(&bytes)).into_owned();
    let body = match text.strip_prefix("---") {
        Some(rest) => rest.split_once("\n---")?.1,
        None => &text,
    };
    let heading = body.lines().find_map(|line| line.strip_prefix("# "))?;
    Some(heading.trim().trim_matches(['`', '*']).to_owned())
}

/// The name of the model that a folder holds, if it is certain and another than `named`, a name at
/// Hugging Face or a path.
pub(super) fn contradicts(folder: &Folder, named: &str) -> Option<String> {
    let last = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
    let is_path = named.starts_with(['.', '/', '~']) || named.matches('/').count() != 1;
    if let Some(hub) = folder.hub_name() {
        let is_other = match is_path {
            true => other_known(&last(named), &hub),
            false => !hub.eq_ignore_ascii_case(named) && !same_known(named, &hub),
        };
        return is_other.then_some(hub);
    }
    // A folder may be called as its owner likes: only names of known models tell.
    let heading = heading(folder);
    let own = [folder.base_name(), heading.as_deref()];
    let own = own.into_iter().flatten().find(|name| Preset::of_short_name(name).is_some())?;
    other_known(&last(named), own).then(|| own.to_owned())
}

/// Whether two names are those of one known model.
fn same_known(one: &str, other: &str) -> bool {
    let preset = Preset::of_short_name(one);
    preset.is_some() && preset == Preset::of_short_name(other)
}

/// Whether two names are those of two known models.
fn other_known(one: &str, other: &str) -> bool {
    match (Preset::of_short_name(one), Preset::of_short_name(other)) {
        (Some(one), Some(other)) => one.name != other.name,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A folder at `path` with this configuration, and other files.
    fn folder(path: &str, config: serde_json::Value, files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(path);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        root
    }

    fn bert(dimension: u32) -> serde_json::Value {
        json!({"model_type": "bert", "hidden_size": dimension})
    }

    #[test]
    fn folders_are_recognised_by_name_or_place() {
        let cross = json!({
            "model_type": "bert", "hidden_size": 768,
            "architectures": ["BertForSequenceClassification"]
        });
        for (path, config, wanted) in [
            ("MedCPT-Query-Encoder", bert(768), Some("medcpt-query")),
            ("ncbi_MedCPT-Cross-Encoder", cross.clone(), Some("medcpt-cross")),
            ("ncbi_MedCPT-Cross-Encoder", bert(768), None),
            ("MedCPT-Query-Encoder", cross, None),
            (
                "hub/models--ncbi--MedCPT-Article-Encoder/snapshots/1f",
                bert(768),
                Some("medcpt-article"),
            ),
            ("biobert-base-cased-v1.1", bert(768), Some("biobert")),
            ("hub/models--somebody--MedCPT-Article-Encoder/snapshots/1f", bert(768), None),
            ("other", bert(768), None),
            // The name alone is not enough.
            ("MedCPT-Query-Encoder", bert(384), None),
            ("all-MiniLM-L6-v2", bert(768), None),
            ("BioLORD-2023", bert(768), None),
        ] {
            let root = folder(path, config, &[]);
            let path = root.path().join(path);
            let found = Preset::of_path(&path).map(|preset| preset.name);
            assert_eq!(found, wanted, "{}", path.display());
        }
        let root = folder("all-MiniLM-L6-v2", bert(768), &[]);
        let words = Preset::misfit(&root.path().join("all-MiniLM-L6-v2")).unwrap();
        assert!(words.contains("is not sentence-transformers/all-MiniLM-L6-v2"), "{words}");
        assert!(words.contains("vectors of 384 numbers, this of 768"), "{words}");
        let root = folder("all-MiniLM-L6-v2", bert(384), &[]);
        assert_eq!(Preset::misfit(&root.path().join("all-MiniLM-L6-v2")), None);
    }

    #[test]
    fn folders_of_any_name_are_recognised_by_their_files() {
        let known = |config: &serde_json::Value, files: &[(&str, &str)]| {
            let root = folder("m", config.clone(), files);
            Preset::of_path(&root.path().join("m")).map(|preset| preset.name)
        };
        let mut named = bert(768);
        named["_name_or_path"] = "ncbi/MedCPT-Article-Encoder".into();
        assert_eq!(known(&named, &[]), Some("medcpt-article"));
        // A folder with a recipe of its own is what it says.
        assert_eq!(known(&named, &[("modules.json", "[]")]), None);
        named["hidden_size"] = 384.into();
        assert_eq!(known(&named, &[]), None);
        let card = "---\nlicense: mit\nbase_model: ncbi/MedCPT-Article-Encoder\n---\n\n# SapBERT-from-PubMedBERT-fulltext\n";
        assert_eq!(known(&bert(768), &[("README.md", card)]), Some("sapbert"));
        assert_eq!(
            known(&bert(768), &[("README.md", "# ncbi/MedCPT-Query-Encoder")]),
            Some("medcpt-query")
        );
        for other in ["# A model", "---\n# MedCPT-Query-Encoder", "see # MedCPT-Query-Encoder", ""]
        {
            assert_eq!(known(&bert(768), &[("README.md", other)]), None, "{other}");
        }
    }

    #[test]
    fn models_of_other_names_contradict_where_it_is_certain() {
        let says = |path: &str, named: &str| {
            let root = folder(path, bert(768), &[]);
            contradicts(&Folder::open(&root.path().join(path)).unwrap(), named)
        };
        let cached = "models--ncbi--MedCPT-Query-Encoder/snapshots/1f";
        assert_eq!(says(cached, "ncbi/MedCPT-Query-Encoder"), None);
        assert!(says(cached, "ncbi/MedCPT-Article-Encoder").is_some());
        assert!(says(cached, "lab/other").is_some());
        assert!(says(cached, "/home/me/models/BioLORD-2023").is_some());
        assert_eq!(says(cached, "/home/me/models/mine"), None);
        let pubmedbert =
            "models--microsoft--BiomedNLP-BiomedBERT-base-uncased-abstract/snapshots/1";
        assert_eq!(says(pubmedbert, "microsoft/BiomedNLP-PubMedBERT-base-uncased-abstract"), None);
        assert!(says("MedCPT-Query-Encoder", "ncbi/MedCPT-Article-Encoder").is_some());
        assert!(says("MedCPT-Query-Encoder", "../MedCPT-Article-Encoder").is_some());
        assert_eq!(says("MedCPT-Query-Encoder", "ncbi/MedCPT-Query-Encoder"), None);
        assert_eq!(says("MedCPT-Query-Encoder", "lab/other"), None);
        assert_eq!(says("base", "ncbi/MedCPT-Query-Encoder"), None);
    }
}
