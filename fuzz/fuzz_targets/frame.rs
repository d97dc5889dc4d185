//! Arbitrary bytes as a file: as they are, and with checksums repaired.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec::format::frame::FileKind;
use medvec::storage::{MemoryStorage, VerifiedFile};

fn open(bytes: &[u8], kind: FileKind) {
    let storage = MemoryStorage::with_files([("file".to_owned(), bytes.to_vec())]);
    let Ok(file) = VerifiedFile::open(&storage, "file", kind, None) else { return };
    assert_eq!(file.frame().seal.length, bytes.len() as u64);
    let mut end = 64;
    for section in &file.frame().sections {
        assert!(section.offset >= end && section.offset % 64 == 0);
        end = section.offset + section.length;
        if let Ok(content) = file.read_all(section.kind) {
            assert_eq!(content.len() as u64, section.length);
            let half = section.length / 2;
            let part = file.read(section, half..section.length).expect("checked before");
            assert_eq!(part, &content[half as usize..]);
        }
        assert!(file.read(section, 0..section.length + 1).is_err());
    }
    assert!(end <= file.frame().body_length);
    let intact = file.verify().is_ok();
    let readable = file.frame().sections.iter().all(|section| file.read_all(section.kind).is_ok());
    assert!(readable || !intact);
}

fuzz_target!(|bytes: &[u8]| {
    let kinds = [FileKind::Manifest, FileKind::Segment, FileKind::Tombstones, FileKind::Codebook];
    for kind in kinds {
        open(bytes, kind);
        let mut repaired = bytes.to_vec();
        medvec_fuzz::repair(&mut repaired);
        open(&repaired, kind);
    }
});
