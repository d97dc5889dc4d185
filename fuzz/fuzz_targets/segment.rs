//! Arbitrary bytes as a segment, checksums repaired: what `verify` accepts must be readable in full
//! and must merge.
#![no_main]

use std::hint::black_box;

use libfuzzer_sys::fuzz_target;
use medvec::format::manifest::SegmentEntry;
use medvec::format::segment::NAMES;
use medvec::format::terms::TermField;
use medvec::ids::RowId;
use medvec::segment::{Segment, merge};
use medvec::storage::MemoryStorage;
use medvec::{Control, Result, SegmentId};
use medvec_fuzz::common;
use roaring::RoaringBitmap;

fn read(segment: &Segment) -> Result<()> {
    for row in (0..segment.rows()).map(RowId) {
        let key = segment.key(row)?;
        black_box((segment.find(&key)?, segment.find_delete(&key)?));
        black_box((segment.revision(row)?, segment.input_hash(row)?, segment.vector(row)?));
        black_box(segment.document(row)?);
    }
    segment.documents().try_for_each(|document| document.map(drop))?;
    segment.deletes().try_for_each(|delete| delete.map(drop))?;
    for field in TermField::ALL {
        for term in segment.terms(field) {
            black_box(segment.posting(field, term?.0)?);
        }
    }
    segment.dates()?;
    segment.integers("count")?;
    segment.floats("weight")?;
    segment.vectors()?;
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    medvec_fuzz::repair(&mut bytes);
    let Some(seal) = medvec_fuzz::seal(&bytes) else { return };
    let id = SegmentId(1);
    let name = medvec::format::names::segment_name(id);
    let storage = MemoryStorage::with_files([(name, bytes)]);
    let vectors = common::create_options().vectors;
    // The counts of the two segments that the seeds are made of.
    for (rows, deletes) in [(5, 0), (3, 1)] {
        let entry = SegmentEntry { id, seal, rows, deletes, tombstones: None };
        let Ok(segment) = Segment::open(&storage, &entry, vectors.as_ref()) else { continue };
        assert!(segment.sections().len() <= NAMES.len());
        let control = Control::default();
        let verified = segment.verify(&control).is_ok();
        let readable = read(&segment);
        let target = MemoryStorage::new();
        let inputs = [(&segment, &RoaringBitmap::new())];
        let merged =
            merge(&inputs, vectors.as_ref(), &target, SegmentId(2), [1; 16], &control).map(drop);
        if verified {
            readable.expect("what was verified can be read");
            merged.expect("and merged");
        }
    }
});
