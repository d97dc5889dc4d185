//! Encoders: text to vectors.

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
pub fn open(
    folder: &std::path::Path,
) -> crate::Result<std::sync::Arc<dyn crate::encoder::Encoder>> {
    Ok(std::sync::Arc::new(bert::BertEncoder::open(folder)?))
}
