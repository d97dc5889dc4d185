//! Encoders: text to vectors.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use self::static_encoder::StaticEncoder;
use crate::encoder::{Encoder, EncoderSpec};
use crate::error::Result;

#[cfg(feature = "bert")]
mod bert;
#[cfg(feature = "bert")]
mod decoder;
#[cfg(feature = "bert")]
mod device;
#[cfg(feature = "bert")]
pub mod distill;
#[cfg(feature = "bert")]
pub mod folder;
pub mod hub;
#[cfg(feature = "bert")]
mod model;
pub mod static_encoder;
pub mod wordpiece;

/// The encoder inside the library: 20,211 biomedical tokens, 384 dimensions, cosine.
///
/// Distilled from all-MiniLM-L6-v2 on biomedical abstracts; `benches/README.md` says how, and how
/// good it is. The first call checks the table and builds the vocabulary (milliseconds); later calls
/// share it. Its name is `builtin`.
///
/// # Errors
/// None in practice: a test checks the bytes, which are part of the program.
pub fn builtin() -> Result<Arc<dyn Encoder>> {
    Ok(builtin_static()?)
}

/// As [`builtin`], for callers who want its tokens too.
///
/// # Errors
/// As [`builtin`].
pub fn builtin_static() -> Result<Arc<StaticEncoder>> {
    static BYTES: &[u8] = include_bytes!("builtin.mdvs");
    static ENCODER: OnceLock<Arc<StaticEncoder>> = OnceLock::new();
    if let Some(encoder) = ENCODER.get() {
        return Ok(encoder.clone());
    }
    let encoder = StaticEncoder::new("builtin", Cow::Borrowed(BYTES), true)?;
    Ok(ENCODER.get_or_init(|| Arc::new(encoder)).clone())
}

/// The encoder inside the library as a database of this description was made with it: by the rule for
/// unknown words that gives its fingerprint, see [`static_encoder::Unknown`].
///
/// # Errors
/// As [`builtin`].
pub fn builtin_like(stored: &EncoderSpec) -> Result<Arc<dyn Encoder>> {
    let encoder = builtin_static()?;
    if encoder.spec().fingerprint() == stored.fingerprint() {
        return Ok(encoder);
    }
    Ok(Arc::new(StaticEncoder::clone(&encoder).like(stored)))
}

/// As [`open`], for a database of this description; see [`builtin_like`].
///
/// # Errors
/// As [`open`].
pub fn open_like(path: &Path, stored: &EncoderSpec) -> Result<Arc<dyn Encoder>> {
    if path.is_file() {
        return Ok(Arc::new(StaticEncoder::open(path)?.like(stored)));
    }
    open_folder(path)
}

/// Opens the encoder at a path: a static encoder's file, made by `medvec distill`, or a Hugging Face
/// folder of the BERT family (feature `bert`). The encoder's name is the path.
///
/// # Errors
/// [`crate::Error::Encoder`] names what is missing, damaged, contradictory or unsupported.
pub fn open(path: &Path) -> Result<Arc<dyn Encoder>> {
    if path.is_file() {
        return Ok(Arc::new(StaticEncoder::open(path)?));
    }
    open_folder(path)
}

#[cfg(feature = "bert")]
fn open_folder(path: &Path) -> Result<Arc<dyn Encoder>> {
    Ok(Arc::new(folder::FolderEncoder::open(path)?))
}

#[cfg(not(feature = "bert"))]
fn open_folder(path: &Path) -> Result<Arc<dyn Encoder>> {
    Err(crate::Error::Encoder {
        name: path.display().to_string(),
        detail: "no such file; model folders need a build with the feature `bert`".to_owned(),
    })
}
