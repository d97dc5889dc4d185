//! Models by themselves: those that are known, those at hand, and what they cost.

pub use crate::encode::distill;
pub use crate::encode::folder::{
    CrossEncoder, Device, FolderEncoder, PRESETS, Preset, Purpose, Rehearsal, is_cross_encoder,
};
#[cfg(feature = "download")]
pub use crate::encode::hub::DownloadOptions;
pub use crate::encode::hub::{Hub, ModelName};
pub use crate::encode::{builtin, builtin_static};
pub use crate::kernel::matmul::Precision;
