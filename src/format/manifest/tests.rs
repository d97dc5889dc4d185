//! Round trips, every cross-field rule, every changed byte.

use super::*;
use crate::encoder::{Pooling, TowerSpec};

fn seal(number: u8) -> FileSeal {
    FileSeal { file_id: [number; 16], length: 4096, footer_crc: 0x1234_5678 }
}

fn tower(prefix: &str) -> TowerSpec {
    TowerSpec {
        weights: [1; 32],
        tokenizer: [2; 32],
        prefix: prefix.to_owned(),
        tokens_max: 512,
        pair: true,
    }
}

fn rich() -> Manifest {
    let encoder = EncoderSpec {
        name: "a folder with a long name".into(),
        family: "bert".into(),
        dimension: 384,
        metric: Metric::Cosine,
        pooling: Pooling::Mean,
        normalize: true,
        document: tower(""),
        query: tower("represent this query: "),
    };
    let segment = |id, tombstones| SegmentEntry {
        id: SegmentId(id),
        seal: seal(id as u8),
        rows: 1000,
        deletes: 2,
        tombstones,
    };
    let tombstones = TombstonesEntry { generation: Generation(3), seal: seal(77), rows: 10 };
    Manifest {
        generation: Generation(3),
        database_id: [7; 16],
        next_segment: SegmentId(9),
        vectors: Some(VectorConfig::new(384, Metric::Cosine, RowType::Int8, Some(encoder))),
        segments: vec![segment(1, None), segment(4, Some(tombstones))],
        sources: vec![SourceEntry {
            name: "pubmed26n1334.xml.gz".into(),
            bytes: 12_345,
            head: [3; 16],
            records: 30_000,
            complete: true,
            digest: Some(SourceDigest { bytes: 12_345, hash: [4; 32], place: [5; 16] }),
        }],
        codebooks: [5, 6].map(|hash| CodebookEntry { hash: [hash; 16], seal: seal(8) }).into(),
        calibration: Some(Calibration {
            contents: Some(CalibrationContents { residual: 0.5, list_rows: 48.0 }),
            ..calibration_of(500)
        }),
        former: vec![([5; 16], calibration_of(300))],
        lexical: Some(LexicalConfig { positions: false }),
        index: Some(IndexConfig { spills: true }),
        mesh: Some(MeshEntry { hash: [9; 16], seal: seal(9) }),
    }
}

/// A calibration with copies and without, by so many queries.
fn calibration_of(queries: u32) -> Calibration {
    let point =
        CalibrationPoint { recall: 0.9, share: 1.0, probes: 40, candidates: 100, estimated: 0.91 };
    let notes = |low_share| CalibrationNotes {
        source: QuerySource::Sample,
        stored: QuerySource::Moved,
        low_shares: vec![low_share],
    };
    let plain = Calibration {
        queries,
        optimistic: true,
        rows: 2000,
        lists: 40,
        points: vec![point],
        notes: Some(notes(0.125)),
        stops: Some(CalibrationStops { spread: 0.07, limits: vec![0.001] }),
        spilled: None,
        contents: None,
    };
    let spilled = Calibration {
        points: vec![CalibrationPoint { probes: 12, ..point }],
        notes: Some(notes(0.25)),
        stops: Some(CalibrationStops { spread: 0.08, limits: vec![0.002] }),
        ..plain.clone()
    };
    Calibration { spilled: Some(Box::new(spilled)), ..plain }
}

/// A manifest as format 1.0 has it.
fn plain() -> Manifest {
    let mut manifest = rich();
    let calibration = manifest.calibration.as_mut().expect("calibrated");
    (calibration.notes, calibration.stops, calibration.spilled) = (None, None, None);
    calibration.contents = None;
    manifest.former.clear();
    manifest.lexical = None;
    manifest.index = None;
    manifest.mesh = None;
    manifest
}

fn notes(manifest: &mut Manifest) -> &mut CalibrationNotes {
    manifest.calibration.as_mut().and_then(|known| known.notes.as_mut()).expect("has notes")
}

fn stops(manifest: &mut Manifest) -> &mut CalibrationStops {
    manifest.calibration.as_mut().and_then(|known| known.stops.as_mut()).expect("has limits")
}

fn spilled(manifest: &mut Manifest) -> &mut Calibration {
    manifest.calibration.as_mut().and_then(|known| known.spilled.as_mut()).expect("has copies")
}

fn contents(manifest: &mut Manifest) -> &mut CalibrationContents {
    manifest.calibration.as_mut().and_then(|known| known.contents.as_mut()).expect("has contents")
}

fn tombstones(manifest: &mut Manifest) -> &mut TombstonesEntry {
    manifest.segments[1].tombstones.as_mut().expect("has tombstones")
}

fn rule<T>(result: Result<T>) -> Option<Rule> {
    match result {
        Err(Error::Corrupt { rule, .. }) => Some(rule),
        _ => None,
    }
}

#[test]
fn a_manifest_survives_a_round_trip() {
    let mut bare = rich();
    bare.vectors = None;
    bare.segments.clear();
    bare.sources.clear();
    bare.codebooks.clear();
    bare.forget_calibrations();
    for manifest in [rich(), plain(), bare] {
        let (bytes, seal) = encode(&manifest, [5; 16]).expect("encodes");
        assert_eq!(seal.length, bytes.len() as u64);
        assert_eq!(decode("manifest-00000003", &bytes).expect("decodes"), manifest);
        assert_eq!(decode(names::TEMPORARY_MANIFEST, &bytes).expect("decodes"), manifest);
    }
}

#[test]
fn the_name_must_agree() {
    let (bytes, _) = encode(&rich(), [5; 16]).expect("encodes");
    assert_eq!(rule(decode("manifest-00000004", &bytes)), Some(Rule::ManifestGeneration));
    assert_eq!(rule(decode("segment-00000003", &bytes)), Some(Rule::Name));
}

#[test]
fn cross_field_rules_hold_when_writing_and_when_reading() {
    type Change = fn(&mut Manifest);
    let cases: [(Rule, Change); 12] = [
        (Rule::ManifestGeneration, |m| m.generation = Generation(0)),
        (Rule::Dimension, |m| m.vectors.as_mut().expect("vectors").dimension = 0),
        (Rule::Dimension, |m| m.vectors.as_mut().expect("vectors").dimension = 8193),
        (Rule::Dimension, |m| m.vectors.as_mut().expect("vectors").dimension = 383),
        (Rule::ManifestSegments, |m| m.segments.swap(0, 1)),
        (Rule::ManifestSegments, |m| m.segments[1].id = SegmentId(1)),
        (Rule::ManifestSegments, |m| m.next_segment = SegmentId(4)),
        (Rule::SegmentRows, |m| m.segments[0].rows = u32::MAX),
        (Rule::ManifestTombstones, |m| tombstones(m).rows = 0),
        (Rule::ManifestTombstones, |m| tombstones(m).rows = 1001),
        (Rule::ManifestTombstones, |m| tombstones(m).generation = Generation(4)),
        (Rule::ManifestTombstones, |m| tombstones(m).generation = Generation(0)),
    ];
    for (expected, change) in cases {
        let mut manifest = rich();
        change(&mut manifest);
        assert_eq!(rule(encode(&manifest, [5; 16])), Some(expected));

        let mut writer = FrameWriter::new(FileKind::Manifest, [5; 16]);
        writer.section(SECTION_STATE);
        writer.write(&archive::encode(&manifest).expect("serialises"));
        let (bytes, _) = writer.finish();
        assert_eq!(rule(decode(names::TEMPORARY_MANIFEST, &bytes)), Some(expected));
    }
}

#[test]
fn every_changed_byte_and_every_length_is_refused() {
    let (bytes, _) = encode(&rich(), [5; 16]).expect("encodes");
    for place in 0..bytes.len() {
        for flip in [0x01, 0xff] {
            let mut changed = bytes.clone();
            changed[place] ^= flip;
            assert!(decode("manifest-00000003", &changed).is_err(), "byte {place}");
        }
        assert!(decode("manifest-00000003", &bytes[..place]).is_err(), "length {place}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(decode("manifest-00000003", &longer).is_err());
}

#[test]
fn a_changed_record_under_repaired_checksums_never_panics() {
    let state = archive::encode(&rich()).expect("serialises").to_vec();
    let notes = archive::encode(notes(&mut rich())).expect("serialises").to_vec();
    let stops = archive::encode(stops(&mut rich())).expect("serialises").to_vec();
    let copies = SpilledCalibration::of(&calibration_of(500)).expect("has copies");
    let copies = archive::encode(&copies).expect("serialises").to_vec();
    let former = FormerCalibrations::of(&rich().former).expect("has one");
    let former = archive::encode(&former).expect("serialises").to_vec();
    let contents = archive::encode(contents(&mut rich())).expect("serialises").to_vec();
    let whole = [state, notes, stops, copies, former, contents];
    for place in 0..whole.iter().map(Vec::len).sum() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = whole.clone();
            let byte = changed.iter_mut().flatten().nth(place).expect("within them");
            *byte = value;
            let mut writer = FrameWriter::new(FileKind::Manifest, [5; 16]);
            let sections = [
                SECTION_STATE,
                SECTION_CALIBRATION_NOTES,
                SECTION_CALIBRATION_STOPS,
                SECTION_CALIBRATION_SPILLED,
                SECTION_FORMER_CALIBRATIONS,
                SECTION_CALIBRATION_CONTENTS,
            ];
            for (section, record) in sections.into_iter().zip(&changed) {
                writer.section(section);
                writer.write(record);
            }
            // Any value or error will do; what counts is that it returns.
            if let Ok(manifest) = decode("manifest-00000003", &writer.finish().0) {
                assert_eq!(manifest.generation, Generation(3));
            }
        }
    }
}

#[test]
fn a_manifest_of_format_1_0_has_no_digests() {
    let manifest = rich();
    let mut writer = FrameWriter::new(FileKind::Manifest, [5; 16]);
    writer.section(SECTION_STATE);
    writer.write(&archive::encode(&manifest).expect("serialises"));
    let read = decode("manifest-00000003", &writer.finish().0).expect("decodes");
    assert_eq!(read.sources[0], SourceEntry { digest: None, ..manifest.sources[0].clone() });
}

#[test]
fn there_is_a_digest_or_none_per_source() {
    for count in [0, 2] {
        let digests = SourceDigests { digests: vec![None; count] };
        let mut writer = FrameWriter::new(FileKind::Manifest, [5; 16]);
        put_record(&mut writer, SECTION_STATE, &rich()).expect("serialises");
        put_record(&mut writer, SECTION_SOURCE_DIGESTS, &digests).expect("serialises");
        let read = decode("manifest-00000003", &writer.finish().0);
        assert_eq!(rule(read), Some(Rule::Count), "{count} digests of one source");
    }
}

#[test]
fn a_manifest_without_its_record_is_refused() {
    let (bytes, _) = FrameWriter::new(FileKind::Manifest, [5; 16]).finish();
    assert_eq!(rule(decode("manifest-00000003", &bytes)), Some(Rule::SectionMissing));
}

#[test]
fn notes_stand_in_a_section_that_older_readers_ignore() {
    let (bytes, _) = encode(&rich(), [5; 16]).expect("encodes");
    let (old, _) = encode(&plain(), [5; 16]).expect("encodes");
    // The state is the same record with and without them.
    let state = |bytes: &[u8]| {
        let frame = Frame::parse("manifest-00000003", FileKind::Manifest, bytes).expect("a frame");
        let (state, _) =
            checked_section("manifest-00000003", &frame, bytes, SECTION_STATE).expect("sound");
        state.to_vec()
    };
    assert_eq!(state(&bytes), state(&old));
}

#[test]
fn notes_that_contradict_their_calibration_are_refused() {
    type Change = fn(&mut Manifest);
    let cases: [Change; 28] = [
        |m| contents(m).residual = -0.1,
        |m| contents(m).residual = f32::NAN,
        |m| contents(m).residual = f32::INFINITY,
        |m| contents(m).list_rows = -1.0,
        |m| contents(m).list_rows = f32::NAN,
        |m| stops(m).limits.clear(),
        |m| stops(m).limits.push(0.5),
        |m| stops(m).limits = vec![-0.5],
        |m| stops(m).limits = vec![f32::NAN],
        |m| stops(m).limits = vec![f32::INFINITY],
        |m| stops(m).spread = 0.0,
        |m| stops(m).spread = f32::NAN,
        |m| notes(m).low_shares.clear(),
        |m| notes(m).low_shares.push(0.5),
        |m| notes(m).low_shares = vec![1.5],
        |m| notes(m).low_shares = vec![f32::NAN],
        |m| spilled(m).points[0].probes = 0,
        |m| spilled(m).points[0].recall = 2.0,
        |m| spilled(m).points.clear(),
        |m| spilled(m).notes.as_mut().expect("has notes").low_shares.clear(),
        |m| spilled(m).stops.as_mut().expect("has limits").spread = -1.0,
        |m| m.former[0].0 = [6; 16],
        |m| m.former[0].0 = [7; 16],
        |m| m.former.push(m.former[0].clone()),
        |m| m.codebooks.clear(),
        |m| m.former[0].1.points[0].probes = 0,
        |m| m.former[0].1.notes.as_mut().expect("has notes").low_shares.clear(),
        |m| m.former[0].1.spilled.as_mut().expect("has copies").points.clear(),
    ];
    for change in cases {
        let mut manifest = rich();
        change(&mut manifest);
        assert_eq!(rule(encode(&manifest, [5; 16])), Some(Rule::ManifestIndex));
        assert_eq!(rule(decode(names::TEMPORARY_MANIFEST, &forged(&manifest))), {
            Some(Rule::ManifestIndex)
        });
    }
    // Notes, limits and contents of nothing.
    let mut manifest = rich();
    let notes = archive::encode(notes(&mut manifest)).expect("serialises").to_vec();
    let stops = archive::encode(stops(&mut manifest)).expect("serialises").to_vec();
    let copies = SpilledCalibration::of(&calibration_of(500)).expect("has copies");
    let copies = archive::encode(&copies).expect("serialises").to_vec();
    let contents = archive::encode(contents(&mut manifest)).expect("serialises").to_vec();
    manifest.calibration = None;
    let sections = [
        (SECTION_CALIBRATION_NOTES, notes),
        (SECTION_CALIBRATION_STOPS, stops),
        (SECTION_CALIBRATION_SPILLED, copies),
        (SECTION_CALIBRATION_CONTENTS, contents),
    ];
    for (section, record) in sections {
        let mut writer = FrameWriter::new(FileKind::Manifest, [5; 16]);
        writer.section(SECTION_STATE);
        writer.write(&archive::encode(&manifest).expect("serialises"));
        writer.section(section);
        writer.write(&record);
        let bytes = writer.finish().0;
        assert_eq!(rule(decode(names::TEMPORARY_MANIFEST, &bytes)), Some(Rule::ManifestIndex));
    }
}

/// The file of a manifest that [`encode`] refuses.
fn forged(manifest: &Manifest) -> Vec<u8> {
    let mut writer = FrameWriter::new(FileKind::Manifest, [5; 16]);
    writer.section(SECTION_STATE);
    writer.write(&archive::encode(manifest).expect("serialises"));
    calibration::put(&mut writer, manifest.calibration.as_ref(), &manifest.former)
        .expect("serialises");
    writer.finish().0
}
