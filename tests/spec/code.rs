//! The same tables, as the code has them. A new structure or enumeration on disk gets one line in
//! [`layouts`] or [`values`].

use std::any::type_name;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use medvec::encoder::{EncoderSpec, Metric, Pooling, TowerSpec};
use medvec::format::codebook::CodebookMeta;
use medvec::format::frame::{FileKind, FileSeal, Footer, Header, Section};
use medvec::format::layout::FieldLayout;
use medvec::format::lexical::{GroupEntry, LexicalField, LexicalMeta, SkipEntry, TermIndexEntry};
use medvec::format::manifest::{
    Calibration, CalibrationContents, CalibrationNotes, CalibrationPoint, CalibrationStops,
    CodebookEntry, FormerCalibration, FormerCalibrations, IndexConfig, LexicalConfig, Manifest,
    MeshEntry, QuerySource, RowType, SegmentEntry, SourceDigest, SourceDigests, SourceEntry,
    SpilledCalibration, TombstonesEntry, VectorConfig,
};
use medvec::format::mesh::MeshMeta;

use medvec::format::postings::PostingEntry;
use medvec::format::record;
use medvec::format::segment::{
    NumberColumnMeta, RevisionEntry, SegmentIndex, SegmentMeta, SegmentVectors,
};
use medvec::format::terms::TermField;

use crate::text::{Field, Layout};

/// The layout of an archived structure; fields that are left out show up as a wrong size.
macro_rules! archived {
    ($name:ident { $($field:ident),* $(,)? }) => {{
        type Archived = rkyv::Archived<$name>;
        let fields = vec![$($crate::code::field(
            core::mem::offset_of!(Archived, $field),
            |archived: &Archived| &archived.$field,
            stringify!($field),
        )),*];
        let sum: usize = fields.iter().map(|field| field.size).sum();
        assert_eq!(sum, size_of::<Archived>(), "{} has other fields", stringify!($name));
        (stringify!($name).to_owned(), Layout { size: size_of::<Archived>(), fields })
    }};
}

/// The variants of an archived enumeration; the number is what is really written.
macro_rules! archived_values {
    ($name:ident: $($variant:ident),*) => {{
        let _exhaustive = |value: $name| match value { $($name::$variant => ()),* };
        let number = |value: $name| {
            let bytes = medvec::format::archive::encode(&value).expect("serialises");
            assert_eq!(bytes.len(), 1);
            u64::from(bytes[0])
        };
        let variants = vec![$((number($name::$variant), stringify!($variant).to_owned())),*];
        (stringify!($name).to_owned(), variants)
    }};
}

/// The layouts of fixed structures and of archived ones.
pub(crate) fn layouts() -> BTreeMap<String, Layout> {
    [
        fixed("Header", Header::SIZE, Header::FIELDS),
        fixed("Section", Section::SIZE, Section::FIELDS),
        fixed("Footer", Footer::SIZE, Footer::FIELDS),
        archived!(Manifest {
            generation,
            database_id,
            next_segment,
            vectors,
            segments,
            sources,
            codebooks,
            calibration
        }),
        archived!(VectorConfig { dimension, metric, row_type, encoder, rotation }),
        archived!(EncoderSpec {
            name,
            family,
            dimension,
            metric,
            pooling,
            normalize,
            document,
            query
        }),
        archived!(TowerSpec { weights, tokenizer, prefix, tokens_max, pair }),
        archived!(SegmentEntry { id, seal, rows, deletes, tombstones }),
        archived!(FileSeal { file_id, length, footer_crc }),
        archived!(TombstonesEntry { generation, seal, rows }),
        archived!(CodebookEntry { hash, seal }),
        archived!(MeshEntry { hash, seal }),
        archived!(Calibration { queries, optimistic, rows, lists, points }),
        archived!(CalibrationNotes { source, stored, low_shares }),
        archived!(CalibrationStops { spread, limits }),
        archived!(SpilledCalibration { points, low_shares, stops }),
        archived!(FormerCalibrations { calibrations }),
        archived!(FormerCalibration { codebook, calibration, notes, stops, spilled }),
        archived!(CalibrationContents { residual, list_rows }),
        archived!(LexicalConfig { positions }),
        archived!(IndexConfig { spills }),
        archived!(CalibrationPoint { recall, share, probes, candidates, estimated }),
        archived!(CodebookMeta {
            dimension,
            sub_dimension,
            groups,
            lists,
            trained_rows,
            residual_mean,
            queries,
            queries_are_rows,
        }),
        archived!(SourceEntry { name, bytes, head, records, complete }),
        archived!(SourceDigests { digests }),
        archived!(SourceDigest { bytes, hash, place }),
        archived!(SegmentMeta {
            rows,
            pmid_keys,
            text_keys,
            pmid_deletes,
            text_deletes,
            blocks,
            has_revisions,
            has_input_hashes,
            text_bytes,
            term_ends,
            integers,
            floats,
            vectors,
            index,
        }),
        archived!(SegmentIndex { codebook, lists, sub_quantizers, residual_sum }),
        archived!(NumberColumnMeta { name, start, count }),
        archived!(SegmentVectors { dimension, metric, row_type, count, rotation }),
        fixed("RevisionEntry", RevisionEntry::SIZE, RevisionEntry::FIELDS),
        fixed("PostingEntry", PostingEntry::SIZE, PostingEntry::FIELDS),
        fixed("MeshMeta", MeshMeta::SIZE, MeshMeta::FIELDS),
        fixed("LexicalMeta", LexicalMeta::SIZE, LexicalMeta::FIELDS),
        fixed("TermIndexEntry", TermIndexEntry::SIZE, TermIndexEntry::FIELDS),
        fixed("SkipEntry", SkipEntry::SIZE, SkipEntry::FIELDS),
        fixed("GroupEntry", GroupEntry::SIZE, GroupEntry::FIELDS),
    ]
    .into()
}

/// Enumerations: number and name of every variant; sections by kind and name.
pub(crate) fn values() -> BTreeMap<String, Vec<(u64, String)>> {
    let kinds = [
        FileKind::Manifest,
        FileKind::Segment,
        FileKind::Tombstones,
        FileKind::Codebook,
        FileKind::Mesh,
    ];
    // Fails to compile when a kind is added, so that it is listed above.
    let name = |kind: FileKind| match kind {
        FileKind::Manifest => "Manifest",
        FileKind::Segment => "Segment",
        FileKind::Tombstones => "Tombstones",
        FileKind::Codebook => "Codebook",
        FileKind::Mesh => "Mesh",
    };
    let kinds = kinds.map(|kind| (u64::from(kind as u32), name(kind).to_owned())).into();
    let lexical_fields = LexicalField::ALL.map(|field| (field as u64, format!("{field:?}"))).into();
    let term_fields = TermField::all().map(|field| (field as u64, format!("{field:?}"))).collect();
    [
        ("FileKind".to_owned(), kinds),
        archived_values!(Metric: Dot, Cosine),
        archived_values!(Pooling: Cls, Mean, Last, Weighted, Pooler),
        archived_values!(RowType: Int8, F16, F32),
        archived_values!(QuerySource: Given, Sample, Moved),
        sections("ManifestSection", "src/format/manifest/sections.rs"),
        sections("TombstonesSection", "src/format/tombstones.rs"),
        sections("SegmentSection", "src/format/segment.rs"),
        sections("CodebookSection", "src/format/codebook.rs"),
        sections("MeshSection", "src/format/mesh.rs"),
        ("TermField".to_owned(), term_fields),
        ("LexicalField".to_owned(), lexical_fields),
    ]
    .into()
}

/// The structures of a document's record: the names of their fields, in order.
pub(crate) fn records() -> BTreeMap<String, Vec<String>> {
    let names = |fields: &[&str]| fields.iter().map(|name| (*name).to_owned()).collect();
    record::STRUCTURES.iter().map(|(name, fields)| ((*name).to_owned(), names(fields))).collect()
}

/// Every constant of `src/limits.rs`, by its name in the source and its value in the compiler.
pub(crate) fn limits() -> BTreeMap<String, u64> {
    macro_rules! known {
        ($($name:ident),* $(,)?) => {
            BTreeMap::from([$((stringify!($name).to_owned(), medvec::limits::$name as u64)),*])
        };
    }
    let known = known!(
        KEY_BYTES_MAX,
        SEGMENT_ROWS_MAX,
        DIMENSION_MAX,
        INDEX_ROWS_MIN,
        TRAIN_ROWS_MIN,
        BLOCK_BYTES,
        ALIGNMENT,
        SECTIONS_MAX,
        DOCUMENT_BYTES_MAX,
        NUMBER_MAX,
        MANIFEST_BYTES_MAX,
        HITS_MAX,
        FIELDS_MAX,
        FIELD_NAME_BYTES_MAX,
        VECTOR_LENGTH_MAX,
        HALF_MAX,
        NEAR_WORDS_MAX,
        QUERY_WORDS_MAX,
        EXPANSION_DOCUMENTS_MAX,
        WILDCARD_PREFIX_MIN,
        WILDCARD_WORDS_MAX,
        STRATEGY_BYTES_MAX,
        WILDCARDS_MAX,
        PROXIMITY_MAX,
        CAUTIONS_MAX,
        LINE_NUMBER_MAX,
        STRATEGY_CONDITIONS_MAX,
    );
    for (name, _) in constants("src/limits.rs", "") {
        assert!(known.contains_key(&name), "add limit {name} to the list in tests/spec/code.rs");
    }
    known
}

/// The code of the library without comments, tests and the list of rules.
pub(crate) fn library_source() -> String {
    let mut source = String::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("src/rules.rs") && !path.ends_with("tests.rs") {
                let text = fs::read_to_string(path).unwrap_or_default();
                for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                    source.push_str(line);
                    source.push('\n');
                }
            }
        }
    }
    source
}

fn fixed(name: &str, size: usize, fields: &[FieldLayout]) -> (String, Layout) {
    let field = |field: &FieldLayout| Field {
        offset: field.offset,
        size: field.size,
        kind: field.kind.to_owned(),
        name: field.name.to_owned(),
    };
    (name.to_owned(), Layout { size, fields: fields.iter().map(field).collect() })
}

pub(crate) fn field<A, F>(offset: usize, _get: fn(&A) -> &F, name: &str) -> Field {
    Field { offset, size: size_of::<F>(), kind: kind(type_name::<F>()), name: name.to_owned() }
}

/// The specification's name of an archived type.
fn kind(rust: &str) -> String {
    if let Some((outer, inner)) = rust.split_once('<') {
        let inner = inner.strip_suffix('>').unwrap_or(inner);
        return format!("{}<{}>", kind(outer), kind(inner));
    }
    if rust.starts_with("[u8;") {
        return "bytes".to_owned();
    }
    if let Some((element, count)) = rust.strip_prefix('[').and_then(|rest| rest.split_once("; ")) {
        return format!("{}[{count}", kind(element));
    }
    let name = rust.rsplit("::").next().unwrap_or(rust);
    let name = name.strip_prefix("Archived").unwrap_or(name);
    match name.strip_suffix("_ule").unwrap_or(name) {
        "Generation" | "SegmentId" => "u64",
        name => name,
    }
    .to_owned()
}

/// The section kinds of a file, from the constants `SECTION_*` of its source.
fn sections(name: &str, source: &str) -> (String, Vec<(u64, String)>) {
    let constants = constants(source, "SECTION_");
    let number = |value: String| value.parse().expect("a number");
    let sections = constants.into_iter().map(|(name, value)| (number(value), name)).collect();
    (name.to_owned(), sections)
}

/// Names and values of the public constants of a source file whose names have this prefix.
fn constants(source: &str, prefix: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let source = fs::read_to_string(path).expect("a source file");
    let constant = |line: &str| {
        let (name, rest) = line.strip_prefix("pub const ")?.split_once(": ")?;
        let value = rest.split_once(" = ")?.1.strip_suffix(';')?;
        Some((name.strip_prefix(prefix)?.to_owned(), value.to_owned()))
    };
    let found: Vec<_> = source.lines().filter_map(constant).collect();
    assert!(!found.is_empty(), "no constants");
    found
}
