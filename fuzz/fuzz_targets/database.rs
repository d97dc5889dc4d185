//! A small database with forged fields, checksums, names and lengths made right: an error that names a
//! file and a rule, or the answers of a reader that knows only the text of the format.
//!
//! The bytes are choices: which database, how much is asked of it, and what is changed in it, field by
//! field (`tests/forged/mutate.rs`).
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec_fuzz::forged::choices::Choices;
use medvec_fuzz::forged::oracle::{Care, judge};
use medvec_fuzz::forged::{base, mutate};

/// Changes of one database.
const CHANGES_MAX: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::of_bytes(bytes);
    let bases = base::all();
    let mut parts = bases[choices.below(bases.len())].clone();
    // A compaction or repair costs as much as a hundred other databases and reaches the most code, so an
    // input must not hand it down to its mutants.
    let number = crc32c::crc32c(bytes) % 256;
    let care = Care {
        compact_refused: number == 7,
        compact_sound: number == 7,
        repair: number == 8,
        quarter: (number % 4) as usize,
        only_quarter: true,
    };
    for _ in 0..CHANGES_MAX {
        if choices.is_spent() {
            break;
        }
        mutate::once(&mut parts, &mut choices);
    }
    judge(&parts.assemble(), care);
});
