//! Which encoder a command uses.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use medvec::db::Snapshot;
use medvec::encode::folder::{
    Device, FolderEncoder, FolderOptions, Preset, Purpose, Recipe, Towers, has_towers, paths_in,
    tower_names,
};
use medvec::encode::hub::{Hub, ModelName};
use medvec::{Encoder, EncoderSpec, Error, encode};

use crate::args::ModelOptions;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::style::MARK;

/// The name of the encoder inside the binary.
pub(crate) const BUILTIN: &str = "builtin";

/// What an encoder is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Documents and questions.
    Both,
    /// Questions alone: one tower is enough.
    Questions,
}

impl ModelOptions {
    /// As the library takes them.
    pub(crate) fn to_options(&self) -> Result<FolderOptions> {
        Ok(self
            .how_to_run()
            .preset(self.preset.as_deref().map(Preset::by_name).transpose()?)
            .recipe(self.recipe.as_deref().map(Recipe::read).transpose()?)
            .adapter(self.adapter.clone()))
    }

    /// The device and the precision alone, for the partner of a model.
    fn how_to_run(&self) -> FolderOptions {
        let precision = self.precision.unwrap_or_default().of_kernel();
        FolderOptions::new().precision(precision).device(self.device())
    }

    /// What models run on.
    pub(crate) fn device(&self) -> Device {
        self.device.unwrap_or_default()
    }

    /// Whether nothing was given that decides vectors.
    pub(crate) fn is_empty(&self) -> bool {
        self.preset.is_none()
            && self.recipe.is_none()
            && self.adapter.is_none()
            && self.precision.is_none()
    }
}

/// An encoder as a user names it: `builtin`, the path of a model, or the name of one in the cache of
/// Hugging Face.
pub(crate) fn by_name(name: &str, model: &ModelOptions) -> Result<Arc<dyn Encoder>> {
    match folder(name, model)? {
        Some(path) => Ok(Arc::new(FolderEncoder::open_with(&path, &model.to_options()?)?)),
        None if name == BUILTIN => Ok(encode::builtin()?),
        None => Ok(encode::open(&absolute(name)?)?),
    }
}

/// The encoder of a new database, or of one that is written to: with both towers, where the named
/// model is one of two.
pub(crate) fn for_database(
    name: &str,
    model: &ModelOptions,
    query: Option<&str>,
) -> Result<Arc<dyn Encoder>> {
    let Some(path) = folder(name, model)? else {
        if query.is_some() {
            return Err(Failure::usage(format!("{name} is no document tower of two models")));
        }
        return by_name(name, model);
    };
    let document = FolderEncoder::open_with(&path, &model.to_options()?)?;
    let purpose = document.preset().map_or(Purpose::Both, |preset| preset.purpose);
    let query_path = match (query, purpose) {
        (Some(query), _) => absolute(query)?,
        (None, Purpose::Both) => return Ok(Arc::new(document)),
        (None, Purpose::Documents { query }) => sibling(&path, query)?.ok_or_else(|| {
            Failure::usage(format!(
                "{name} embeds stored texts only: name the model for questions ({}) with \
                 --query-encoder FOLDER",
                Preset::by_name(query).map_or(query, |preset| preset.model)
            ))
        })?,
        (None, Purpose::Queries { .. } | Purpose::Scores) => {
            return Err(Failure::usage(format!(
                "{name} is not for stored texts (preset {}): name the model for them with --encoder",
                document.preset().map_or("", |preset| preset.name)
            )));
        }
    };
    let partner = match purpose {
        Purpose::Documents { query } => Some(Preset::by_name(query)?),
        _ => None,
    };
    let query = FolderEncoder::open_with(&query_path, &model.how_to_run().preset(partner))?;
    Ok(Arc::new(Towers::new(document, query)?))
}

/// The folder of this preset beside another, under the model's own name, or in the cache of Hugging Face.
fn sibling(path: &Path, preset: &str) -> Result<Option<PathBuf>> {
    let model = Preset::by_name(preset)?.model;
    let name = model.rsplit('/').next().unwrap_or(model);
    let beside = path.parent().map(|parent| parent.join(name)).filter(|path| path.is_dir());
    let cached = || Hub::from_env().ok()?.find(&ModelName::parse(model)?).ok();
    Ok(beside.or_else(cached))
}

/// The absolute path, if the name is that of a model folder; it is stored with the database, which is
/// used from other directories too.
fn folder(name: &str, model: &ModelOptions) -> Result<Option<PathBuf>> {
    if name != BUILTIN {
        let path = absolute(name)?;
        if path.is_dir() {
            return Ok(Some(path));
        }
    }
    if !model.is_empty() || model.device() != Device::Cpu {
        return Err(not_a_folder(name));
    }
    Ok(None)
}

/// Texts of one call, `on_cpu` of them there; a GPU is fast only with many tokens at once.
pub(crate) fn batch(device: Device, on_cpu: usize) -> usize {
    if device == Device::Cpu { on_cpu } else { 256 }
}

/// The answer to options of model folders for an encoder that is none.
pub(crate) fn not_a_folder(name: &str) -> Failure {
    Failure::usage(format!(
        "--preset, --recipe, --adapter, --precision and --device are for model folders, {name} is none"
    ))
}

fn absolute(name: &str) -> Result<PathBuf> {
    let path = Path::new(name);
    if !path.exists() {
        let Some(model) = ModelName::parse(name).filter(|model| model.name().contains('/')) else {
            return Err(Failure::usage(format!(
                "no encoder at {name}: give `builtin`, the folder of a model (config.json, weights, \
                 tokenizer), or the name of one in the cache of Hugging Face (organisation/name)"
            )));
        };
        return Ok(Hub::from_env()?.find(&model)?);
    }
    Ok(std::path::absolute(path).map_err(|error| Error::io("find", name, error))?)
}

/// The encoder for questions to a database: the one that the caller names, else the one that made
/// its vectors.
pub(crate) fn for_snapshot(
    snapshot: &Snapshot,
    named: Option<&str>,
    model: &ModelOptions,
) -> Result<Arc<dyn Encoder>> {
    let Some(vectors) = &snapshot.manifest().vectors else {
        if let Some(name) = named {
            return by_name(name, model);
        }
        return Err(Failure::usage(
            "this database has no vectors (it was imported with `--encoder none`): leave out the \
             text and search with filters, or import again with an encoder into a new database",
        ));
    };
    match (named, &vectors.encoder) {
        (Some(name), Some(spec)) => named_for(name, model, spec),
        (Some(name), None) => by_name(name, model),
        (None, Some(spec)) => for_spec(spec, Use::Questions, model.device()),
        (None, None) => Err(Failure::usage(
            "this database holds vectors that were made elsewhere: name the encoder that made them \
             with --encoder FOLDER",
        )),
    }
}

/// A named encoder for questions to a database of this description, whose recipe it is opened with
/// unless the options say otherwise.
fn named_for(name: &str, model: &ModelOptions, stored: &EncoderSpec) -> Result<Arc<dyn Encoder>> {
    let Some(path) = folder(name, model)? else { return by_name(name, model) };
    let options = match model.is_empty() {
        true => model.how_to_run().like(stored),
        false => model.to_options()?,
    };
    let encoder = FolderEncoder::open_with(&path, &options)?;
    if has_towers(stored) {
        return Ok(Arc::new(Towers::for_queries(stored, encoder)?));
    }
    Ok(Arc::new(encoder))
}

/// The encoder that a database was written with.
pub(crate) fn for_spec(
    spec: &EncoderSpec,
    wanted: Use,
    device: Device,
) -> Result<Arc<dyn Encoder>> {
    if spec.is_precomputed() {
        return Err(Failure::usage(format!(
            "the vectors of this database were made elsewhere, by {}, which is only a name here: \
             leave out the text and search with filters, or name the model that made them, once: \
             `medvec embed DB --encoder FOLDER`",
            spec.name
        )));
    }
    let builtin = encode::builtin_like(spec)?;
    if spec.name == BUILTIN {
        if device != Device::Cpu {
            return Err(not_a_folder(BUILTIN));
        }
        return Ok(builtin);
    }
    let paths = match (tower_names(&spec.name), wanted) {
        (Some((_, query)), Use::Questions) => paths_in(query),
        _ => paths_in(&spec.name),
    };
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        if builtin.spec().fingerprint() == spec.fingerprint() {
            return Ok(builtin);
        }
        return Err(Failure::usage(format!(
            "this database was embedded by the encoder in {} ({}), which is not there any more: say \
             where it is with --encoder FOLDER",
            missing.display(),
            spec.fingerprint()
        )));
    }
    let first = paths.first().map(PathBuf::as_path).unwrap_or(Path::new(&spec.name));
    let options = FolderOptions::new().device(device).like(spec);
    match (tower_names(&spec.name), wanted) {
        (Some(_), Use::Questions) => {
            let query = FolderEncoder::open_with(first, &options)?;
            Ok(Arc::new(Towers::for_queries(spec, query)?))
        }
        (Some(_), Use::Both) => Ok(Arc::new(Towers::open_with(spec, &options)?)),
        (None, _) if first.is_dir() => Ok(Arc::new(FolderEncoder::open_with(first, &options)?)),
        (None, _) if device != Device::Cpu => Err(not_a_folder(&spec.name)),
        (None, _) => Ok(encode::open_like(first, spec)?),
    }
}

/// Says how the licence of a known model restricts its use, before it is used, and when a model is not
/// the one whose name it bears.
pub(crate) fn announce(name: &str, preset: Option<&str>, context: &mut Context) -> Result<()> {
    let named = preset.map(Preset::by_name).transpose()?;
    for path in paths_in(name) {
        if named.is_none()
            && let Some(difference) = Preset::misfit(&path)
        {
            let words = "its own files say how it is used";
            context.remark(format!("{MARK}note{MARK:#} {difference}; {words}"));
        }
        if let Some(preset) = named.or_else(|| Preset::of_path(&path))
            && !preset.restriction.is_empty()
        {
            context.remark(format!(
                "{MARK}licence{MARK:#} of {}: {} ({})",
                preset.model, preset.restriction, preset.licence
            ));
        }
    }
    Ok(())
}
