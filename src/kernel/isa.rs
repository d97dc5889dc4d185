//! Instruction sets that there is code for, chosen at run time.
//!
//! Every operation takes an [`Isa`] and picks the variant that it has for it; one with variants for
//! extensions (VNNI, BF16, dot products) asks the processor for these itself. Scores and estimates of
//! stored rows are the same to the last bit everywhere. Results of matrix products and element-wise
//! loops may differ between instruction sets by rounding, and only by that.

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
    /// AVX2 with FMA and F16C: 16 registers of 8 numbers.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// NEON, which every AArch64 processor has: 32 registers of 4 numbers.
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// Plain Rust, as the compiler makes it: the oracle of the others.
    Scalar,
}

impl Isa {
    /// The widest this processor has. Cheap: the standard library caches what it detects.
    pub fn detect() -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                return Isa(Level::Avx512);
            }
            if has_avx2() {
                return Isa(Level::Avx2);
            }
        }
        #[cfg(target_arch = "aarch64")]
        return Isa(Level::Neon);
        #[cfg(not(target_arch = "aarch64"))]
        Isa(Level::Scalar)
    }

    /// Its name: `avx512`, `avx2`, `neon` or `scalar`.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "aarch64")]
            Level::Neon => "neon",
            Level::Scalar => "scalar",
        }
    }

    /// Every instruction set this processor has, widest first; tests compare them.
    pub fn available() -> Vec<Isa> {
        let all = [
            #[cfg(target_arch = "x86_64")]
            has_avx512().then_some(Level::Avx512),
            #[cfg(target_arch = "x86_64")]
            has_avx2().then_some(Level::Avx2),
            #[cfg(target_arch = "aarch64")]
            Some(Level::Neon),
            Some(Level::Scalar),
        ];
        all.into_iter().flatten().map(Isa).collect()
    }
}

/// AVX-512 counts only beside all of AVX2, which some operations fall back to.
#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    has_avx2() && is_x86_feature_detected!("avx512f")
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c")
}
