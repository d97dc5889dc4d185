//! The arithmetic of a transformer's forward pass on one core: matrix products with a repacked
//! right-hand side, and the element-wise functions between them.
//!
//! Every function works row by row in a fixed order of additions, so the result for a row is the
//! same to the last bit whatever other rows are computed beside it. That is what lets an encoder
//! promise that a text's vector does not depend on its batch.
//!
//! Instruction sets are chosen at run time ([`Isa::detect`]); results differ between instruction
//! sets by rounding only.

pub mod matmul;
pub mod pointwise;

/// An instruction set this processor has; only [`Isa::detect`] and [`Isa::available`] make one,
/// which is what makes it sound to run its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Level);

/// Instruction sets there is code for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// AVX-512F: 32 registers of 16 numbers.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2 with FMA: 16 registers of 8 numbers.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What the compiler makes of plain Rust (NEON on AArch64).
    Portable,
}

impl Isa {
    /// The widest this processor has. Cheap: the standard library caches what it detects.
    pub fn detect() -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return Isa(Level::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Isa(Level::Avx2);
            }
        }
        Isa(Level::Portable)
    }

    /// Every instruction set this processor has, widest first; tests compare them.
    pub fn available() -> Vec<Isa> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                all.push(Isa(Level::Avx512));
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Isa(Level::Avx2));
            }
        }
        all.push(Isa(Level::Portable));
        all
    }
}
