//! Packing of a panel from rows along the depth of the sums: a transposition, 16 by 16 numbers at
//! a time.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod dispatch;
mod scalar;
mod square;

pub(super) use self::dispatch::pack;
