//! `out = lhs * rhs + bias` for a right-hand side that is used many times.
//!
//! The right-hand matrix (a layer's weights, or one text's keys or values) is repacked once into
//! **panels** of [`PANEL`] columns, each panel stored row after row and aligned to a cache line.
//! A product walks one panel at a time, keeps a tile of a few rows times 32 columns in registers
//! and reads the left-hand rows where they lie. Packing weights at load time is what separates
//! this from a general `gemm`, which repacks them at every call (Goto and van de Geijn, "Anatomy
//! of high-performance matrix multiplication", 2008).
//!
//! Each output is `bias + lhs[0] * rhs[0] + lhs[1] * rhs[1] + ...` in exactly this order.

mod bf16;
mod int8;
mod packed;
mod panel;
mod panels;
mod product;
mod stored;
mod tile;
mod transpose;
mod words;

pub use self::bf16::{Bf16Panels, multiply_bf16, round_bf16};
pub use self::int8::{Int8Panels, Int8Rows, multiply_int8, round_int8};
pub use self::packed::{Packed, Precision, Rounded};
pub use self::panel::PANEL;
pub use self::panels::Panels;
pub use self::product::{Rows, multiply, multiply_part};
pub use self::stored::{Number, Stored, multiply_stored};
