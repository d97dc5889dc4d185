//! A few rows times one panel, kept in registers: the innermost loops of
//! [`multiply`](super::multiply).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod dispatch;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
mod shape;

pub(super) use self::dispatch::{rows_max, run};
pub(super) use self::shape::Tile;
