//! Which encoder a command uses.

use std::path::Path;
use std::sync::Arc;

use medvec::db::Snapshot;
use medvec::encode::hub::{Hub, ModelName};
use medvec::{Encoder, EncoderSpec, Error, encode};

use crate::failure::{Failure, Result};

/// The name of the encoder inside the binary.
pub(crate) const BUILTIN: &str = "builtin";

/// An encoder as a user names it: `builtin`, the path of a model, or the name of one in the cache of
/// Hugging Face.
pub(crate) fn by_name(name: &str) -> Result<Arc<dyn Encoder>> {
    if name == BUILTIN {
        return Ok(encode::builtin()?);
    }
    let path = Path::new(name);
    if !path.exists() {
        let Some(model) = ModelName::parse(name).filter(|model| model.name().contains('/')) else {
            return Err(Failure::usage(format!(
                "no encoder at {name}: give `builtin`, the folder of a model (config.json, weights, \
                 tokenizer), or the name of one in the cache of Hugging Face (organisation/name)"
            )));
        };
        return Ok(encode::open(&Hub::from_env()?.find(&model)?)?);
    }
    // The path is stored with the database, which is used from other directories too.
    let path = std::path::absolute(path).map_err(|error| Error::io("find", name, error))?;
    Ok(encode::open(&path)?)
}

/// The encoder for questions to a database: the one that the caller names, else the one that made
/// its vectors.
pub(crate) fn for_snapshot(snapshot: &Snapshot, named: Option<&str>) -> Result<Arc<dyn Encoder>> {
    if let Some(name) = named {
        return by_name(name);
    }
    let Some(vectors) = &snapshot.manifest().vectors else {
        return Err(Failure::usage(
            "this database has no vectors (it was imported with `--encoder none`): leave out the \
             text and search with filters, or import again with an encoder into a new database",
        ));
    };
    match &vectors.encoder {
        Some(spec) => for_spec(spec),
        None => Err(Failure::usage(
            "this database holds vectors that were made elsewhere: name the encoder that made them \
             with --encoder FOLDER",
        )),
    }
}

/// The encoder that a database was written with.
pub(crate) fn for_spec(spec: &EncoderSpec) -> Result<Arc<dyn Encoder>> {
    if spec.is_precomputed() {
        return Err(Failure::usage(format!(
            "the vectors of this database were made elsewhere, by {}, which is only a name here: \
             leave out the text and search with filters, or name the model that made them, once: \
             `medvec embed DB --encoder FOLDER`",
            spec.name
        )));
    }
    if spec.name == BUILTIN || !Path::new(&spec.name).exists() {
        let builtin = encode::builtin()?;
        if spec.name == BUILTIN || builtin.spec().fingerprint() == spec.fingerprint() {
            return Ok(builtin);
        }
        return Err(Failure::usage(format!(
            "this database was embedded by the encoder in {} ({}), which is not there any more: say \
             where it is with --encoder FOLDER",
            spec.name,
            spec.fingerprint()
        )));
    }
    Ok(encode::open(Path::new(&spec.name))?)
}
