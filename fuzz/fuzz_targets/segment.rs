//! Arbitrary bytes as a segment, checksums repaired: what `verify` accepts must be readable in full,
//! must merge with and without an index, and answer through the index it has.
#![no_main]

use std::hint::black_box;

use libfuzzer_sys::fuzz_target;
use medvec::format::manifest::{CodebookEntry, LexicalConfig, SegmentEntry};
use medvec::format::names::{self, Name};
use medvec::format::segment::NAMES;
use medvec::format::terms::TermField;
use medvec::ids::RowId;
use medvec::ids::SegmentId;
use medvec::index::ivf::{Effort, Index, Scratch};
use medvec::segment::{CodebookFile, MergeInto, Segment, SegmentPages, merge};
use medvec::storage::MemoryStorage;
use medvec::{Control, Result};
use medvec_fuzz::{INDEXED_ROWS, common};
use roaring::RoaringBitmap;

/// What merges make.
const LEXICAL: Option<LexicalConfig> = Some(LexicalConfig { positions: true });

fn read(segment: &Segment) -> Result<()> {
    for row in (0..segment.rows()).map(RowId) {
        let key = segment.key(row)?;
        black_box((segment.find(&key)?, segment.find_delete(&key)?));
        black_box((segment.revision(row)?, segment.input_hash(row)?, segment.vector(row)?));
        black_box(segment.document(row)?);
    }
    segment.documents().try_for_each(|document| document.map(drop))?;
    segment.deletes().try_for_each(|delete| delete.map(drop))?;
    for field in TermField::all() {
        for term in segment.terms(field) {
            black_box(segment.posting(field, term?.0)?);
        }
    }
    segment.dates()?;
    segment.integers("count")?;
    segment.floats("weight")?;
    segment.vectors()?;
    segment.lists()?;
    Ok(())
}

/// The codebook of the indexed seed.
fn codebook() -> CodebookFile {
    let files = medvec_fuzz::indexed_template();
    let found = files.iter().find_map(|(name, bytes)| match names::parse(name) {
        Some(Name::Codebook(hash)) => Some((hash, bytes)),
        _ => None,
    });
    let (hash, bytes) = found.expect("the template has a codebook");
    let entry = CodebookEntry { hash, seal: medvec_fuzz::seal(bytes).expect("it is whole") };
    let storage = MemoryStorage::with_files([(names::codebook_name(hash), bytes.clone())]);
    CodebookFile::open(&storage, &entry, common::create_options().vectors.as_ref())
        .expect("the template is sound")
}

/// Searches a segment through its index, if it has one that was made with this codebook.
fn search(segment: &Segment, codebook: &CodebookFile) -> Result<()> {
    let pages = SegmentPages(segment);
    let Some(rows) = pages.rows(0, true)? else { return Ok(()) };
    let meta = codebook.meta();
    let same = segment.index().is_some_and(|index| {
        index.codebook == codebook.hash()
            && (index.lists, index.sub_quantizers) == (meta.lists, meta.sub_quantizers())
    });
    if !same {
        return Ok(());
    }
    let index = Index { codebook: codebook.view()?, segments: &[rows] };
    for (probes, candidates) in [(1, 1), (3, 20), (1000, 1000)] {
        let effort = Effort::fixed(probes, candidates);
        let mut scratch = Scratch::default();
        let mut tie = |a: u32, b: u32| Ok(segment.key(RowId(a))?.cmp(&segment.key(RowId(b))?));
        let control = Control::default();
        let (hits, _) =
            index.search(&common::vector(4, 9), 10, effort, &control, &mut scratch, &mut tie)?;
        assert_eq!(hits.len() as u64, segment.vector_count().min(10));
        assert!(hits.iter().all(|(row, _)| *row < segment.rows()));
    }
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    medvec_fuzz::repair(&mut bytes);
    let Some(seal) = medvec_fuzz::seal(&bytes) else { return };
    let id = SegmentId(1);
    let name = names::segment_name(id);
    let storage = MemoryStorage::with_files([(name, bytes)]);
    let vectors = common::create_options().vectors;
    let codebook = codebook();
    // The counts of the segments that the seeds are made of.
    for (rows, deletes) in [(5, 0), (3, 1), (INDEXED_ROWS, 0)] {
        let entry = SegmentEntry { id, seal, rows, deletes, tombstones: None };
        let Ok(segment) = Segment::open(&storage, &entry, vectors.as_ref()) else { continue };
        assert!(segment.sections().len() <= NAMES.len());
        let control = Control::default();
        let verified = segment.verify(&control).is_ok();
        let readable = read(&segment);
        let searched = search(&segment, &codebook);
        for codebook in [None, Some(&codebook)] {
            let target = MemoryStorage::new();
            let merged = merge(
                &[(&segment, &RoaringBitmap::new())],
                MergeInto { vectors: vectors.as_ref(), codebook, copies: true, lexical: LEXICAL },
                &target,
                SegmentId(2),
                [1; 16],
                &control,
            );
            if !verified {
                continue;
            }
            let entry = merged.expect("what was verified merges").entry;
            let merged = Segment::open(&target, &entry, vectors.as_ref()).expect("it opens");
            merged.verify(&control).expect("what a merge writes is sound");
        }
        if verified {
            readable.expect("what was verified can be read");
            searched.expect("and searched");
        }
    }
});
