//! Encoders: text to vectors.

use std::path::Path;
use std::sync::Arc;

use crate::encoder::Encoder;
use crate::error::Result;

#[cfg(feature = "bert")]
pub mod bert;
#[cfg(feature = "bert")]
pub mod distill;
pub mod static_encoder;
pub mod wordpiece;

/// Opens the encoder in `folder`: a Hugging Face folder of the BERT family.
///
/// # Errors
/// [`crate::Error::Encoder`] names what is missing, contradictory or unsupported.
#[cfg(feature = "bert")]
pub fn open(folder: &Path) -> Result<Arc<dyn Encoder>> {
    Ok(Arc::new(bert::BertEncoder::open(folder)?))
}
