//! Arbitrary bytes as a codebook, checksums and content hash repaired: with one that `verify`
//! accepts, vectors are indexed, the segment that this makes is sound, and searching it finds them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec::db::Database;
use medvec::format::names::codebook_name;
use medvec::ids::{RowId, SegmentId};
use medvec::index::ivf::{Effort, Index, Scratch};
use medvec::segment::{CodebookFile, MergeInto, Merged, Segment, SegmentPages, merge};
use medvec::storage::MemoryStorage;
use medvec::{Control, Result};
use medvec_fuzz::common;
use roaring::RoaringBitmap;

/// A segment of the template that has no index, and its rows.
fn unindexed() -> Result<Segment> {
    let storage = MemoryStorage::with_files(medvec_fuzz::template().clone());
    let database = Database::open_in(std::sync::Arc::new(storage.clone()))?;
    let snapshot = database.snapshot();
    let manifest = snapshot.manifest();
    let entry = manifest.segments.first().expect("the template has two");
    Segment::open(&storage, entry, manifest.vectors.as_ref())
}

/// Indexes a segment with a codebook and searches it; `sound` says that both must work.
fn index_and_search(segment: &Segment, codebook: &CodebookFile, sound: bool) -> Result<()> {
    let (control, none) = (Control::default(), RoaringBitmap::new());
    let storage = MemoryStorage::new();
    let vectors = common::create_options().vectors;
    let Merged { entry, encoded, .. } = merge(
        &[(segment, &none)],
        MergeInto { vectors: vectors.as_ref(), codebook: Some(codebook), copies: true, lexical: None },
        &storage,
        SegmentId(2),
        [1; 16],
        &control,
    )?;
    assert_eq!(encoded, segment.vector_count());
    let indexed = Segment::open(&storage, &entry, vectors.as_ref())?;
    if sound {
        indexed.verify(&control)?;
    }
    let pages = SegmentPages(&indexed);
    let rows = pages.rows(0, true)?.expect("it was indexed");
    let index = Index { codebook: codebook.view()?, segments: &[rows] };
    let query = common::vector(4, 9);
    for (probes, candidates) in [(1, 1), (2, 3), (1000, 1000)] {
        let effort = Effort::fixed(probes, candidates);
        let mut scratch = Scratch::default();
        let mut tie = |a: u32, b: u32| Ok(a.cmp(&b));
        let (hits, probed) = index.search(&query, 3, effort, &control, &mut scratch, &mut tie)?;
        assert_eq!(hits.len() as u64, indexed.vector_count().min(3));
        assert!(probed.reranked >= hits.len() as u64 && probed.rows >= probed.reranked);
        assert!(hits.is_sorted_by(|a, b| a.1 >= b.1));
        for (row, _) in hits {
            assert!(indexed.vector(RowId(row))?.is_some());
        }
    }
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    let Some(entry) = medvec_fuzz::repair_codebook(&mut bytes) else { return };
    let storage = MemoryStorage::with_files([(codebook_name(entry.hash), bytes)]);
    let vectors = common::create_options().vectors;
    let Ok(codebook) = CodebookFile::open(&storage, &entry, vectors.as_ref()) else { return };
    let verified = codebook.verify().is_ok();
    if let Ok(queries) = codebook.queries() {
        assert_eq!(queries.vectors.len() as u32, codebook.meta().queries * common::DIMENSION);
    }
    let segment = unindexed().expect("the template is sound");
    let used = index_and_search(&segment, &codebook, verified);
    if verified {
        used.expect("what was verified can be used");
    }
});
