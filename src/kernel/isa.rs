//! Instruction sets that matrix products and element-wise loops are compiled for, chosen at run time.
//!
//! Scoring stored rows has variants of its own ([`Kernel`](super::Kernel)), whose results are the
//! same everywhere; results of what is dispatched through [`Isa`] may differ between instruction
//! sets by rounding, and only by that.

/// An instruction set this processor has; only [`Isa::detect`] and [`Isa::available`] make one,
/// which is what makes it sound to run its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(pub(super) Level);

/// Instruction sets there is code for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// AVX-512F: 32 registers of 16 numbers.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2 with FMA: 16 registers of 8 numbers.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// NEON, which every AArch64 processor has: 32 registers of 4 numbers.
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// What the compiler makes of plain Rust.
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
        #[cfg(target_arch = "aarch64")]
        return Isa(Level::Neon);
        #[cfg(not(target_arch = "aarch64"))]
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
        #[cfg(target_arch = "aarch64")]
        all.push(Isa(Level::Neon));
        all.push(Isa(Level::Portable));
        all
    }
}
