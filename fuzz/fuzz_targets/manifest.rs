//! Arbitrary bytes as a manifest: as a whole file, repaired, and as the record in a frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec::format::frame::FileKind;
use medvec::format::manifest::{self, SECTION_STATE};
use medvec::format::names::{self, TEMPORARY_MANIFEST};

fn check(bytes: &[u8]) {
    let Ok(decoded) = manifest::decode(TEMPORARY_MANIFEST, bytes) else { return };
    let name = names::manifest_name(decoded.generation);
    assert_eq!(manifest::decode(&name, bytes).as_ref().ok(), Some(&decoded));
    let (again, seal) = manifest::encode(&decoded, [1; 16]).expect("what is read can be written");
    assert_eq!(seal.length, again.len() as u64);
    assert_eq!(manifest::decode(&name, &again).expect("what is written can be read"), decoded);
}

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    let mut repaired = bytes.to_vec();
    medvec_fuzz::repair(&mut repaired);
    check(&repaired);
    check(&medvec_fuzz::framed(FileKind::Manifest, SECTION_STATE, bytes));
});
