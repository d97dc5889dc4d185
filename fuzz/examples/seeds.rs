//! Writes valid inputs for every target to `fuzz/corpus/<target>/`.

use std::fs;
use std::io;
use std::path::Path;

use medvec::encoder::{EncoderSpec, Metric, Pooling, TowerSpec};
use medvec::format::archive;
use medvec::format::frame::FileSeal;
use medvec::format::manifest::{
    self, Calibration, CalibrationPoint, CodebookEntry, Manifest, RowType, SegmentEntry,
    SourceEntry, TombstonesEntry, VectorConfig,
};
use medvec::format::tombstones;
use medvec::{Generation, SegmentId};
use roaring::RoaringBitmap;

fn main() -> io::Result<()> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data");
    for (target, name) in [
        ("pubmed_xml", "pubmed_sample.xml"),
        ("jsonl", "documents.jsonl"),
        ("jsonl", "pubmedqa_sample.json"),
    ] {
        write(target, name, &fs::read(samples.join(name))?)?;
    }
    for (place, manifest) in [empty(), rich()].iter().enumerate() {
        let (file, _) = manifest::encode(manifest, [1; 16]).expect("valid");
        let record = archive::encode(manifest).expect("valid");
        write("frame", &format!("manifest{place}"), &file)?;
        write("manifest", &format!("file{place}"), &file)?;
        write("manifest", &format!("record{place}"), &record)?;
    }
    let mut runs: RoaringBitmap = (100..70_000).collect();
    runs.optimize();
    let bitmaps = [RoaringBitmap::new(), RoaringBitmap::from([1, 5, 70_000]), runs];
    for (place, bitmap) in bitmaps.iter().enumerate() {
        let rows = 100_000_u32.to_le_bytes();
        let mut content = rows.to_vec();
        bitmap.serialize_into(&mut content)?;
        write("tombstones", &format!("bitmap{place}"), &content)?;
        let (file, _) = tombstones::encode(bitmap, [1; 16]).expect("valid");
        write("tombstones", &format!("file{place}"), &[&rows[..], &file].concat())?;
        write("frame", &format!("tombstones{place}"), &file)?;
    }
    for (files, database) in
        [(medvec_fuzz::template(), "plain"), (medvec_fuzz::indexed_template(), "indexed")]
    {
        for (name, bytes) in files {
            let seed = format!("{database}-{name}");
            write("frame", &seed, bytes)?;
            match name.split('-').next() {
                Some("segment") => write("segment", &seed, bytes)?,
                Some("codebook") => write("codebook", &seed, bytes)?,
                _ => {}
            }
        }
    }
    for which in 0..2 {
        write("database", &format!("untouched{which}"), &[which])?;
        let patches = [which, 1, 0, 2, 0, 1, 5, 0, 0, 2, 0, 0, 70, 0, 255, 0, 0];
        write("database", &format!("patched{which}"), &patches)?;
    }
    Ok(())
}

fn write(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

fn empty() -> Manifest {
    Manifest {
        generation: Generation(1),
        database_id: [2; 16],
        next_segment: SegmentId(1),
        vectors: None,
        segments: vec![],
        sources: vec![],
        codebooks: vec![],
        calibration: None,
    }
}

fn rich() -> Manifest {
    let seal = FileSeal { file_id: [3; 16], length: 4096, footer_crc: 5 };
    let tower = || TowerSpec {
        weights: [1; 32],
        tokenizer: [2; 32],
        prefix: "a question: ".into(),
        tokens_max: 512,
        pair: true,
    };
    let encoder = EncoderSpec {
        name: "an encoder".into(),
        family: "bert".into(),
        dimension: 8,
        metric: Metric::Cosine,
        pooling: Pooling::Mean,
        normalize: true,
        document: tower(),
        query: tower(),
    };
    let tombstones = TombstonesEntry { generation: Generation(2), seal, rows: 10 };
    let entry = |id, tombstones| SegmentEntry {
        id: SegmentId(id),
        seal,
        rows: 100,
        deletes: 1,
        tombstones,
    };
    Manifest {
        generation: Generation(3),
        next_segment: SegmentId(9),
        vectors: Some(VectorConfig::new(8, Metric::Cosine, RowType::F16, Some(encoder))),
        segments: vec![entry(1, None), entry(2, Some(tombstones))],
        sources: vec![SourceEntry {
            name: "pubmed26n1334.xml.gz".into(),
            bytes: 9,
            head: [4; 16],
            records: 3,
            complete: false,
        }],
        codebooks: vec![CodebookEntry { hash: [6; 16], seal }],
        calibration: Some(Calibration {
            questions: 500,
            optimistic: true,
            rows: 2000,
            lists: 40,
            points: vec![CalibrationPoint {
                recall: 0.9,
                share: 1.0,
                probes: 40,
                candidates: 100,
                estimated: 0.91,
            }],
        }),
        ..empty()
    }
}
