//! The specification and the code say the same, both ways: every layout, enumeration, limit, rule
//! and example byte of `format-spec/` is held against the code, and nothing of the code is missing
//! in the text. A reader that knows only the text's tables must read what the code writes.

#[path = "spec/code.rs"]
mod code;
#[path = "spec/document.rs"]
mod document;
#[path = "spec/index.rs"]
mod index;
#[path = "spec/lexical.rs"]
mod lexical;
#[path = "spec/reader.rs"]
mod reader;
#[path = "spec/text.rs"]
mod text;

use std::collections::BTreeMap;
use std::fmt::Debug;

use medvec::encoder::{EncoderSpec, Metric, Pooling, TowerSpec};
use medvec::format::frame::FileSeal;
use medvec::format::manifest::{
    self, Calibration, CalibrationContents, CalibrationNotes, CalibrationPoint, CalibrationStops,
    CodebookEntry, IndexConfig, LexicalConfig, Manifest, MeshEntry, QuerySource, RowType,
    SegmentEntry, SourceDigest, SourceEntry, TombstonesEntry, VectorConfig,
};
use medvec::format::rules::Rule;
use medvec::ids::{Generation, SegmentId};
use medvec::search::{Accuracy, Query};

use reader::{Reader, Value};
use text::Text;

/// Compares what the text says with what the code says, by name, and names every difference.
fn assert_same<T: PartialEq + Debug>(
    what: &str,
    text: BTreeMap<String, T>,
    code: BTreeMap<String, T>,
) {
    let mut wrong = Vec::new();
    for (name, stated) in &text {
        match code.get(name) {
            None => wrong.push(format!("{what} {name} is in the text only")),
            Some(found) if found != stated => {
                wrong.push(format!("{what} {name}\n  text: {stated:?}\n  code: {found:?}"));
            }
            Some(_) => {}
        }
    }
    let missing = code.keys().filter(|name| !text.contains_key(*name));
    wrong.extend(missing.map(|name| format!("{what} {name} is in the code only")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!code.is_empty(), "nothing was compared");
}

#[test]
fn layouts_agree() {
    assert_same("layout", Text::read().layouts, code::layouts());
}

#[test]
fn layouts_of_the_text_have_no_gaps() {
    for (name, layout) in Text::read().layouts {
        let mut end = 0;
        for field in &layout.fields {
            assert_eq!(field.offset, end, "{name}.{}", field.name);
            end += field.size;
        }
        assert_eq!(end, layout.size, "{name}");
    }
}

#[test]
fn enumerations_agree() {
    let names = |(name, variants): (String, Vec<text::Variant>)| {
        let plain = |variant: text::Variant| (variant.value, variant.name);
        (name, variants.into_iter().map(plain).collect::<Vec<_>>())
    };
    assert_same(
        "enumeration",
        Text::read().values.into_iter().map(names).collect(),
        code::values(),
    );
}

#[test]
fn records_agree() {
    let names = |(name, fields): (String, Vec<(String, String)>)| {
        (name, fields.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
    };
    assert_same("record", Text::read().records.into_iter().map(names).collect(), code::records());
}

#[test]
fn limits_agree() {
    assert_same("limit", Text::read().limits, code::limits());
}

#[test]
fn rules_agree() {
    let code = Rule::ALL.iter().map(|rule| (rule.to_string(), rule.text().to_owned())).collect();
    let text = Text::read();
    assert_same("rule", text.rules.clone(), code);
    for (chapter, rule) in &text.mentioned_rules {
        assert!(text.rules.contains_key(rule), "{chapter} mentions {rule}, which is not a rule");
    }
}

#[test]
fn every_rule_is_used_by_the_library() {
    let source = code::library_source();
    for rule in Rule::ALL {
        let name = format!("Rule::{rule:?}");
        assert!(source.contains(&name), "nothing checks {rule} ({name})");
    }
}

#[test]
fn stop_words_agree() {
    let chapter =
        std::fs::read_to_string(text::folder().join("07-lexical.md")).expect("chapter 07");
    let (_, list) = chapter.split_once("The stop words are").expect("the list");
    let list = list.split("```").nth(1).and_then(|list| list.strip_prefix("text\n"));
    let of_text: Vec<&str> = list.expect("a block").split_whitespace().collect();
    let source = include_str!("../src/text/stop_words.rs");
    let (_, list) = source.split_once("&[&str] = &[").expect("the list");
    let (list, _) = list.split_once("];").expect("its end");
    let of_code: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(of_code.iter().all(|word| medvec::text::is_stop_word(word)));
    assert_eq!(of_text, of_code);
}

/// The words of an index depend on it, so a table or a crate of another version is a change of the format.
#[cfg(feature = "static-encoder")]
#[test]
fn the_versions_of_unicode_agree() {
    let chapter =
        std::fs::read_to_string(text::folder().join("07-lexical.md")).expect("chapter 07");
    let chapter = chapter.split_whitespace().collect::<Vec<_>>().join(" ");
    let (major, minor, _) = unicode_normalization::UNICODE_VERSION;
    let folds = format!("Decompositions and combining marks are those of Unicode {major}.{minor};");
    assert!(chapter.contains(&folds), "{folds}");
    let table = include_str!("../src/text/letters.tsv").lines().next().expect("a line");
    let version = table.strip_prefix("# Unicode ").and_then(|version| version.strip_suffix(".0"));
    let letters = format!("letters and digits those of Unicode {}.", version.expect("a version"));
    assert!(chapter.contains(&letters), "{letters}");
}

#[test]
fn the_smallest_manifest_is_as_printed() {
    let manifest = Manifest {
        generation: Generation(1),
        database_id: [0xdd; 16],
        next_segment: SegmentId(1),
        vectors: None,
        segments: vec![],
        sources: vec![],
        codebooks: vec![],
        calibration: None,
        former: Vec::new(),
        lexical: None,
        index: None,
        mesh: None,
    };
    let (bytes, _) = manifest::encode(&manifest, [0xff; 16]).expect("encodes");
    let text = Text::read();
    let printed = text.examples.get("smallest manifest").expect("is printed");
    assert_eq!(printed, &bytes);
}

fn rich_manifest() -> Manifest {
    let tower = |prefix: &str, pair| TowerSpec {
        weights: [1; 32],
        tokenizer: [2; 32],
        prefix: prefix.into(),
        tokens_max: 512,
        pair,
    };
    let seal = |number| FileSeal { file_id: [number; 16], length: 4096, footer_crc: 77 };
    let segment = |id, tombstones| SegmentEntry {
        id: SegmentId(id),
        seal: seal(id as u8),
        rows: 1000,
        deletes: 2,
        tombstones,
    };
    let tombstones = TombstonesEntry { generation: Generation(3), seal: seal(9), rows: 10 };
    let digest = SourceDigest { bytes: 12_345, hash: [8; 32], place: [9; 16] };
    let source = |name: String| SourceEntry {
        digest: (name.len() != 14).then_some(digest),
        name,
        bytes: 12_345,
        head: [3; 16],
        records: 30_000,
        complete: true,
    };
    let encoder = EncoderSpec {
        name: "exactly8".into(),
        family: String::new(),
        dimension: 384,
        metric: Metric::Cosine,
        pooling: Pooling::Last,
        normalize: true,
        document: tower("nine char", false),
        query: tower("ä question: ", true),
    };
    let point =
        CalibrationPoint { recall: 0.9, share: 1.0, probes: 40, candidates: 100, estimated: 0.91 };
    let notes = |low_share| CalibrationNotes {
        source: QuerySource::Sample,
        stored: QuerySource::Moved,
        low_shares: vec![low_share],
    };
    let calibration = Calibration {
        queries: 500,
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
        stops: Some(CalibrationStops { spread: 0.07, limits: vec![0.002] }),
        ..calibration.clone()
    };
    Manifest {
        generation: Generation(3),
        database_id: [7; 16],
        next_segment: SegmentId(9),
        vectors: Some(VectorConfig::new(384, Metric::Dot, RowType::F16, Some(encoder))),
        segments: vec![segment(1, None), segment(4, Some(tombstones))],
        sources: [0, 7, 63, 64, 300, 20_000].map(|n| source("é".repeat(n))).into(),
        codebooks: [6, 5].map(|hash| CodebookEntry { hash: [hash; 16], seal: seal(8) }).into(),
        former: vec![([6; 16], Calibration { queries: 300, ..calibration.clone() })],
        calibration: Some(Calibration {
            spilled: Some(Box::new(spilled)),
            contents: Some(CalibrationContents { residual: 0.5, list_rows: 48.0 }),
            ..calibration
        }),
        lexical: Some(LexicalConfig { positions: true }),
        index: Some(IndexConfig { spills: true }),
        mesh: Some(MeshEntry { hash: [9; 16], seal: seal(9) }),
    }
}

#[test]
fn the_text_is_enough_to_read_a_manifest() {
    let manifest = rich_manifest();
    let (file, _) = manifest::encode(&manifest, [5; 16]).expect("encodes");
    let text = Text::read();
    let reader = Reader::new(&text, reader::section(&text, &file, 1));
    let root = reader.root("Manifest");

    assert_eq!(root.at("generation"), &Value::Number(3));
    assert_eq!(root.at("database_id"), &Value::Bytes(vec![7; 16]));
    assert_eq!(root.at("vectors.dimension"), &Value::Number(384));
    assert_eq!(root.at("vectors.metric"), &Value::Text("Dot".into()));
    assert_eq!(root.at("vectors.row_type"), &Value::Text("F16".into()));
    let encoder = |path: &str| root.at(&format!("vectors.encoder.{path}"));
    assert_eq!(encoder("name"), &Value::Text("exactly8".into()));
    assert_eq!(encoder("family"), &Value::Text(String::new()));
    assert_eq!(encoder("metric"), &Value::Text("Cosine".into()));
    assert_eq!(encoder("pooling"), &Value::Text("Last".into()));
    assert_eq!(encoder("document.prefix"), &Value::Text("nine char".into()));
    assert_eq!(encoder("query.prefix"), &Value::Text("ä question: ".into()));
    assert_eq!(encoder("query.pair"), &Value::Number(1));
    assert_eq!(root.list("segments").len(), 2);
    for (found, segment) in root.list("segments").iter().zip(&manifest.segments) {
        assert_eq!(found.at("id"), &Value::Number(segment.id.0));
        assert_eq!(found.at("seal.file_id"), &Value::Bytes(segment.seal.file_id.to_vec()));
        assert_eq!(found.at("rows"), &Value::Number(1000));
    }
    assert_eq!(root.list("segments")[0].at("tombstones"), &Value::None);
    assert_eq!(root.list("segments")[1].at("tombstones.rows"), &Value::Number(10));
    assert_eq!(root.list("codebooks")[0].at("hash"), &Value::Bytes(vec![6; 16]));
    assert_eq!(root.at("calibration.queries"), &Value::Number(500));
    assert_eq!(root.list("calibration.points")[0].at("probes"), &Value::Number(40));
    let lexical = Reader::new(&text, reader::section(&text, &file, 5));
    assert_eq!(lexical.root("LexicalConfig").at("positions"), &Value::Number(1));
    let index = Reader::new(&text, reader::section(&text, &file, 8));
    assert_eq!(index.root("IndexConfig").at("spills"), &Value::Number(1));
    assert_eq!(root.list("sources").len(), manifest.sources.len());
    for (found, source) in root.list("sources").iter().zip(&manifest.sources) {
        assert_eq!(found.at("name"), &Value::Text(source.name.clone()));
        assert_eq!(found.at("records"), &Value::Number(30_000));
        assert_eq!(found.at("complete"), &Value::Number(1));
    }
}

#[test]
fn the_text_is_enough_to_find_the_vocabulary() {
    let manifest = rich_manifest();
    let (file, _) = manifest::encode(&manifest, [5; 16]).expect("encodes");
    let text = Text::read();
    let root = Reader::new(&text, reader::section(&text, &file, 4)).root("MeshEntry");
    assert_eq!(root.at("hash"), &Value::Bytes(vec![9; 16]));
    assert_eq!(root.at("seal.file_id"), &Value::Bytes(vec![9; 16]));
}

#[test]
fn the_text_is_enough_to_read_the_digests_of_sources() {
    let manifest = rich_manifest();
    let (file, _) = manifest::encode(&manifest, [5; 16]).expect("encodes");
    let text = Text::read();
    let root = Reader::new(&text, reader::section(&text, &file, 2)).root("SourceDigests");
    let found = root.list("digests");
    assert_eq!(found.len(), manifest.sources.len());
    for (found, source) in found.iter().zip(&manifest.sources) {
        let Some(digest) = source.digest else {
            assert_eq!(found, &Value::None);
            continue;
        };
        assert_eq!(found.at("bytes"), &Value::Number(digest.bytes));
        assert_eq!(found.at("hash"), &Value::Bytes(digest.hash.to_vec()));
        assert_eq!(found.at("place"), &Value::Bytes(digest.place.to_vec()));
    }
}

#[test]
fn the_text_is_enough_to_read_notes_on_a_calibration() {
    let (file, _) = manifest::encode(&rich_manifest(), [5; 16]).expect("encodes");
    let text = Text::read();
    let reader = Reader::new(&text, reader::section(&text, &file, 3));
    let root = reader.root("CalibrationNotes");
    assert_eq!(root.at("source"), &Value::Text("Sample".into()));
    assert_eq!(root.at("stored"), &Value::Text("Moved".into()));
    assert_eq!(
        root.at("low_shares"),
        &Value::List(vec![Value::Number(u64::from(0.125f32.to_bits()))])
    );
    let reader = Reader::new(&text, reader::section(&text, &file, 6));
    let root = reader.root("CalibrationStops");
    assert_eq!(root.at("spread"), &Value::Number(u64::from(0.07f32.to_bits())));
    let number = |number: f32| Value::Number(u64::from(number.to_bits()));
    assert_eq!(root.at("limits"), &Value::List(vec![number(0.001)]));
    let reader = Reader::new(&text, reader::section(&text, &file, 7));
    let root = reader.root("SpilledCalibration");
    assert_eq!(root.list("points")[0].at("probes"), &Value::Number(12));
    assert_eq!(root.at("low_shares"), &Value::List(vec![number(0.25)]));
    assert_eq!(root.at("stops.limits"), &Value::List(vec![number(0.002)]));
    let reader = Reader::new(&text, reader::section(&text, &file, 9));
    let root = reader.root("FormerCalibrations");
    let former = &root.list("calibrations")[0];
    assert_eq!(former.at("codebook"), &Value::Bytes(vec![6; 16]));
    assert_eq!(former.at("calibration.queries"), &Value::Number(300));
    assert_eq!(former.at("notes.source"), &Value::Text("Sample".into()));
    assert_eq!(former.at("stops.limits"), &Value::List(vec![number(0.001)]));
    assert_eq!(former.at("spilled"), &Value::None);
    let reader = Reader::new(&text, reader::section(&text, &file, 10));
    let root = reader.root("CalibrationContents");
    assert_eq!(root.at("residual"), &number(0.5));
    assert_eq!(root.at("list_rows"), &number(48.0));
}

#[test]
fn the_text_is_enough_to_read_a_document() {
    let rich = document::rich();
    let mut bytes = Vec::new();
    medvec::format::record::encode(&rich, &mut bytes).expect("encodes");
    let text = Text::read();
    let mut reader = document::Reader { text: &text, bytes: &bytes };
    let read = reader.value("Document");
    assert!(reader.bytes.is_empty(), "{} bytes are left", reader.bytes.len());
    assert_eq!(read, format!("{rich:?}"));
}

#[test]
fn the_text_is_enough_to_read_an_index() {
    let text = Text::read();
    for sub_dimension in [2, 4] {
        let (database, storage) = index::database(sub_dimension);
        let segment = index::File::new(&text, &storage, "segment-", "SegmentSection");
        let meta = segment.meta("SegmentMeta");
        let Value::Bytes(hash) = meta.at("index.codebook") else { panic!("a hash") };
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("codebook-{hash}");
        let codebook = index::File::new(&text, &storage, &name, "CodebookSection");
        assert_eq!(index::count(&codebook.meta("CodebookMeta"), "sub_dimension"), sub_dimension);
        index::check_ranking(&codebook);
        let rows = index::rows(&codebook, &segment);
        assert_eq!(rows.len(), index::count(&meta, "vectors.count"));

        // The library's best row by estimate is the text's, but for what its tables round.
        let mut differ = 0;
        for seed in 1000..1100 {
            let numbers = index::numbers(seed);
            let length = index::dot(&numbers, &numbers).sqrt();
            let mut best = f32::NEG_INFINITY;
            for row in &rows {
                best = best.max(row.estimate(&numbers));
            }
            let one = Accuracy::Effort { probes: 100, candidates: 1 };
            let query = Query::vector(numbers.clone()).k(1).accuracy(one);
            let hit = &database.snapshot().search(&query).expect("answers").hits[0];
            let estimate = rows[hit.row.0 as usize].estimate(&numbers);
            assert!(estimate >= best - 0.05 * length, "{estimate}, not {best}");
            differ += usize::from(estimate < best);
        }
        assert!(differ < 25, "{differ} of 100 queries have another best row");
    }
}

#[test]
fn a_reader_of_the_text_reads_the_words() {
    let text = Text::read();
    let (storage, words) = lexical::database();
    let segment = index::File::new(&text, &storage, "segment-", "SegmentSection");
    let read = lexical::read(&segment);
    let read: lexical::Words = read.into_iter().filter(|((field, _), _)| *field < 2).collect();
    assert!(
        words.values().any(|rows| rows.len() > 256) && words.values().any(|rows| rows.len() == 1)
    );
    assert_same("word", named(read), named(words));
}

fn named(words: lexical::Words) -> BTreeMap<String, BTreeMap<u32, Vec<u32>>> {
    let name = |((field, word), rows)| (format!("{field} {word}"), rows);
    words.into_iter().map(name).collect()
}
