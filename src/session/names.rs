//! Names that faces show and read.

use crate::encoder::Metric;
use crate::format::manifest::RowType;

/// The name of the encoder inside the library.
pub const BUILTIN: &str = "builtin";

/// The name of no encoder: documents are not embedded.
pub const NO_ENCODER: &str = "none";

/// A metric in words.
pub fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Dot => "dot product",
        Metric::Cosine => "cosine",
    }
}

/// A type of stored rows.
pub fn row_type_name(row_type: RowType) -> &'static str {
    match row_type {
        RowType::Int8 => "int8",
        RowType::F16 => "f16",
        RowType::F32 => "f32",
    }
}
