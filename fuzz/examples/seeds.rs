//! Writes valid inputs for every target to `fuzz/corpus/<target>/`.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use medvec::encode::static_encoder;
use medvec::encoder::{EncoderSpec, Metric, Pooling, TowerSpec};
use medvec::format::archive;
use medvec::format::frame::FileSeal;
use medvec::format::manifest::{
    self, Calibration, CalibrationContents, CalibrationNotes, CalibrationPoint, CalibrationStops, CodebookEntry,
    IndexConfig, LexicalConfig, Manifest, MeshEntry, QuerySource, RowType, SegmentEntry,
    SourceEntry, TombstonesEntry, VectorConfig,
};
use medvec::format::tombstones;
use medvec::ids::{Generation, SegmentId};
use medvec_fuzz::{common, empty_manifest, models};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{
    ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, FloatType,
};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use roaring::RoaringBitmap;

/// A little of each format of MeSH.
const MESH_SOURCES: [(&str, &str); 5] = [
    (
        "xml",
        "<SupplementalRecordSet><SupplementalRecord SCRClass = \"1\"><SupplementalRecordUI>C000001\
         </SupplementalRecordUI><SupplementalRecordName><String>a</String></SupplementalRecordName>\
         <HeadingMappedToList><HeadingMappedTo><ECIN><DescriptorReferredTo><DescriptorUI>*D000002\
         </DescriptorUI></DescriptorReferredTo><QualifierReferredTo><QualifierUI>Q000003</QualifierUI>\
         </QualifierReferredTo></ECIN></HeadingMappedTo></HeadingMappedToList><ConceptList><Concept>\
         <TermList><Term IsPermutedTermYN=\"N\"><String>b</String><Abbreviation>DT</Abbreviation></Term>\
         </TermList></Concept></ConceptList></SupplementalRecord></SupplementalRecordSet>",
    ),
    (
        "ascii",
        "*NEWRECORD\nRECTYPE = D\nMH = a\nENTRY = b|T1|NON\nMN = A01.100\nPA = c\nAQ = DT\nUI = D000001\n\
         *NEWRECORD\nNM = d\nHM = *a/*drug therapy\nUI = C000001\n",
    ),
    ("trees", "Body Regions;A01\nAbdomen;A01.923\n"),
    ("lists", "D000001\ta\tb|c\tA01|A02.100\nC000001\td\t\tD000001,*D000002Q000003\n"),
    ("qualifiers", "QualifierUI\tQualifierName\tAbbreviation\nQ000188\tdrug therapy\tDT\n"),
];

const NBIB: &str = "\
PMID- 7
STAT- MEDLINE
DCOM- 20200102
IS  - 1234-5678 (Linking)
DP  - 2019 Mar 5
TI  - A title that
      goes on
AB  - BACKGROUND: One. METHODS: Two.
OAB - Publisher: Andere.
OABL- ger
FAU - Dalton, William T 3rd
AU  - Dalton WT 3rd
AUID- ORCID: 0000-0001-8031-5667
AD  - Here.
CN  - The Group
GR  - R01 A/DE/NIH HHS/United States
RN  - 0 (Aspirin)
CIN - Lancet. 2020;1:2. PMID: 8
MH  - *Asthma/drug therapy
OTO - NOTNLM
OT  - *airways
PHST- 2018/07/25 06:00 [received]
AID - 10.1000/1 [doi]
PMC - PMC7

PMID- 
OID - MEDVEC: note-1
TI  - Notes
";

const RIS: &str = "\
TY  - JOUR
AU  - Okafor, Ada, Jr
AD  - Here.
AU  - The Big Group
TI  - A title
T2  - Lancet
PY  - 2019
DA  - 2019/03/05/
SP  - 537
EP  - 43
DO  - 10.1000/1
C2  - PMC7
AN  - 7
UR  - https://pubmed.ncbi.nlm.nih.gov/7/
DB  - PubMed
AB  - Text
KW  - Asthma
ER  - 

TY  - GEN
TI  - Notes
ID  - note-1
ER  - 
";

fn main() -> io::Result<()> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data");
    for (target, name) in [
        ("pubmed_xml", "pubmed_sample.xml"),
        ("jsonl", "documents.jsonl"),
        ("jsonl", "pubmedqa_sample.json"),
    ] {
        write(target, name, &fs::read(samples.join(name))?)?;
    }
    for (target, text) in [
        ("nbib", NBIB),
        ("ris", RIS),
        ("corpora", "7|t|A\n7|a|B\n7\t0\t1\tA\tGene\t1;2|3\n7\tCID\tD1\tD2\n\n8|t|C\n"),
        ("table", "PMID,Title,Abstract,Year\n7,\"A, \"\"B\"\"\",Text,2019\n,C,\"two\nlines\",\n"),
    ] {
        write(target, "sample", text.as_bytes())?;
    }
    for (target, name, text) in [
        ("corpora", "nfcorpus", "MED-10\tstatin\nMED-14\thttp://x/pubmed/7\tTitle\tText\n"),
        (
            "corpora",
            "cystic-fibrosis",
            "PN 74001\nRN 00001\nAU Hoiby-N.  Weeke-B.\nTI A title\n   goes on\nSO J-Ped. 1974 Nov. 63(6). P 8-9.\n\
             MJ CYSTIC-FIBROSIS: co, zz.  NOTHING.\nEX Text\nRF 001  A\n   002$ B\nCT 1 C\n",
        ),
        (
            "table",
            "cord19",
            "cord_uid,title,pubmed_id,abstract,publish_time\na,A,7,,2020-01-02\na,B,,Text,\na,C,,More,\n",
        ),
    ] {
        write(target, name, text.as_bytes())?;
    }
    for (place, manifest) in [empty_manifest(), rich()].iter().enumerate() {
        let (file, _) = manifest::encode(manifest, [1; 16]).expect("valid");
        let record = archive::encode(manifest).expect("valid");
        write("frame", &format!("manifest{place}"), &file)?;
        write("manifest", &format!("file{place}"), &file)?;
        write("manifest", &format!("record{place}"), &record)?;
    }
    let vocabulary = common::vocabulary(2020);
    let records = vocabulary.concepts().map(|concept| vocabulary.to_record(concept)).collect();
    write("mesh_file", "small", &medvec::mesh::build(2020, records).expect("valid"))?;
    for (name, text) in MESH_SOURCES {
        write("mesh_readers", name, text.as_bytes())?;
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
    models()?;
    arrays()?;
    for which in 0..5 {
        write("database", &format!("untouched{which}"), &[which, 0])?;
        for change in 0..16 {
            let changes = [which, 0, change, 1, change, 2, 3, 4, 5, 6, 7, 8];
            write("database", &format!("changed{which}-{change}"), &changes)?;
        }
    }
    Ok(())
}

/// A seed behind the byte that says what it is.
fn write_as(target: &str, way: u8, name: &str, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    write(target, &format!("{way}-{name}"), &[&[way], bytes.as_ref()].concat())
}

/// The parts of model folders.
fn models() -> io::Result<()> {
    let (tensors, adapter) = (models::tensors(), models::adapter_tensors());
    let program = models::program(&tensors);
    write_as("pickle", 0, "zipped", models::zipped(&program, &tensors))?;
    write_as("pickle", 0, "row", models::row_of_pickles(&program, &tensors))?;
    write_as("pickle", 1, "program", &program)?;
    write_as("pickle", 2, "program", &program)?;

    let names: Vec<&str> = tensors.iter().map(|(name, _, _)| name.as_str()).collect();
    let (first, second) = names.split_at(names.len() / 2);
    let entry = |file: &'static str| move |name: &&str| format!("{name:?}: {file:?}");
    let map: Vec<String> = first
        .iter()
        .map(entry("a.safetensors"))
        .chain(second.iter().map(entry("b.safetensors")))
        .collect();
    let index = format!("{{\"metadata\": {{}}, \"weight_map\": {{{}}}}}", map.join(", "));
    write_as("safetensors", 0, "whole", models::safetensors(&tensors))?;
    write_as("safetensors", 1, "header", models::safetensors_parts(&tensors).0)?;
    write_as("safetensors", 2, "index", index)?;
    write_as("safetensors", 3, "settings", models::ADAPTER)?;
    write_as("safetensors", 4, "adapter", models::safetensors(&adapter))?;
    write_as("safetensors", 5, "header", models::safetensors_parts(&adapter).0)?;

    write("model_folder", "untouched", b"")?;
    write("model_folder", "words-alone", b"\0-\0\0-")?;
    let files =
        [models::CONFIG, models::TOKENIZER, models::VOCABULARY, models::MODULES, models::POOLING];
    write("model_folder", "all", files.join("\0").as_bytes())?;
    for (place, file) in files.iter().enumerate() {
        let before = "\0".repeat(place);
        write("model_folder", &format!("file{place}"), format!("{before}{file}").as_bytes())?;
    }
    for (name, model) in [
        (
            "bpe",
            r#"{"type": "BPE", "unk_token": "[UNK]", "vocab": {"[UNK]": 1, "h": 2, "e": 3, "he": 4}, "merges": ["h e"], "byte_fallback": true, "ignore_merges": false}"#,
        ),
        (
            "unigram",
            r#"{"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["he", -1.5], ["art", -2.0]], "byte_fallback": false}"#,
        ),
        (
            "word-level",
            r#"{"type": "WordLevel", "unk_token": "[UNK]", "vocab": {"[UNK]": 1, "heart": 2}}"#,
        ),
    ] {
        let tokenizer = format!(
            r###"{{"version": "1.0", "truncation": {{"direction": "Right", "max_length": 5, "strategy": "LongestFirst", "stride": 1}}, "padding": {{"strategy": {{"Fixed": 9}}, "direction": "Right", "pad_to_multiple_of": 4, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}}, "added_tokens": [{{"id": 5, "content": "sepsis", "single_word": true, "lstrip": true, "rstrip": true, "normalized": true, "special": false}}], "normalizer": {{"type": "Sequence", "normalizers": [{{"type": "NFC"}}, {{"type": "Replace", "pattern": {{"Regex": "o+"}}, "content": "o"}}, {{"type": "Prepend", "prepend": "_"}}]}}, "pre_tokenizer": {{"type": "Sequence", "pretokenizers": [{{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}}, {{"type": "Split", "pattern": {{"Regex": "\\s+"}}, "behavior": "Isolated", "invert": false}}, {{"type": "Metaspace", "replacement": "_", "prepend_scheme": "always", "split": true}}]}}, "post_processor": {{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true}}, "decoder": {{"type": "ByteLevel"}}, "model": {model}}}"###
        );
        write("model_folder", name, format!("\0{tokenizer}").as_bytes())?;
    }
    let words = models::VOCABULARY.as_bytes();
    let file =
        static_encoder::write(words, 2, 1.0, static_encoder::Bits::Eight, &[1; 32], &[0.5; 16])
            .expect("sound");
    write("static_encoder", "file", &file)?;
    write("static_encoder", "words", words)
}

/// Files of vectors.
fn arrays() -> io::Result<()> {
    let numbers = |numbers: &[f32]| -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    };
    let data = numbers(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let header = |descr: &str| {
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (3, 2), }}\n")
    };
    let array = medvec_fuzz::arrays::npy(header("<f4").as_bytes(), &data);
    let half = medvec_fuzz::arrays::npy(header("<f2").as_bytes(), &data[..12]);
    let behind_length = |length: u16, bytes: &[u8]| [&length.to_le_bytes()[..], bytes].concat();
    write_as("npy", 0, "array", behind_length(0, &array))?;
    write_as("npy", 0, "half", behind_length(0, &half))?;
    write_as("npy", 1, "header", behind_length(0, header("<f4").as_bytes()))?;
    for (name, ids) in [
        ("medcpt", "[\"31\", \"32\", 33]"),
        ("lines", "7\nnote-1\npmid:9\n"),
        ("jsonl", "{\"pmid\": 7}\n{\"_id\": \"note-1\", \"text\": \"x\"}\n{\"doc_id\": 9}\n"),
    ] {
        write_as("npy", 2, name, behind_length(0, ids.as_bytes()))?;
        let both = [ids.as_bytes(), &array].concat();
        write_as("npy", 3, name, behind_length(ids.len() as u16, &both))?;
    }
    let rows =
        [&2_i32.to_le_bytes()[..], &data[..8], &2_i32.to_le_bytes()[..], &data[8..16]].concat();
    (0..2).try_for_each(|way| write_as("fvecs", way, "rows", &rows))?;
    (6..8).try_for_each(|way| write_as("fvecs", way, "numbers", &data))?;
    let header = r#"{"__metadata__": {"metric": "dot"}, "embeddings": {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]}}"#;
    let tensors = models::safetensors_framed(header.as_bytes(), &data);
    (0..2).try_for_each(|way| write_as("tensors", way, "file", &tensors))?;
    (2..4).try_for_each(|way| write_as("tensors", way, "header", header))?;
    let lines = "{\"pmid\": 7, \"title\": \"a\", \"vector\": [1, 0.5]}\n\
                 {\"_id\": \"b\", \"embedding\": [1e3, -2]}\n\
                 {\"id\": \"c\", \"text\": \"no vector\"}\n\
                 {\"pmid\": 8, \"vector\": [0, 0]}\n{\"pmid\": 9, \"vector\": [1e39, NaN]}\n";
    (0..6).try_for_each(|way| write_as("vectors_jsonl", way, "lines", lines))?;
    write("parquet", "documents", &documents().expect("memory"))?;
    for (name, compression, dictionary, version) in [
        ("plain", Compression::UNCOMPRESSED, false, WriterVersion::PARQUET_1_0),
        ("dictionary", Compression::UNCOMPRESSED, true, WriterVersion::PARQUET_1_0),
        ("snappy", Compression::SNAPPY, true, WriterVersion::PARQUET_1_0),
        ("zstd", Compression::ZSTD(ZstdLevel::default()), false, WriterVersion::PARQUET_2_0),
    ] {
        for half in [false, true] {
            let properties = WriterProperties::builder()
                .set_compression(compression)
                .set_dictionary_enabled(dictionary)
                .set_writer_version(version)
                .build();
            let bytes = table(half, properties).expect("memory");
            write("parquet", &format!("{name}-{half}"), &bytes)?;
        }
    }
    Ok(())
}

/// A table of two documents.
fn documents() -> parquet::errors::Result<Vec<u8>> {
    let schema = "message m { required binary _id (STRING); required binary text (STRING); }";
    let (schema, mut out) = (Arc::new(parse_message_type(schema)?), Vec::new());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(&mut out, schema, properties)?;
    let mut group = writer.next_row_group()?;
    for values in [["1", "two"], ["A text", ""]] {
        let mut column = group.next_column()?.expect("two columns");
        let values = values.map(ByteArray::from);
        column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
        column.close()?;
    }
    group.close()?;
    writer.close()?;
    Ok(out)
}

/// A table of four texts as ids, and vectors of two numbers, in two row groups.
fn table(half: bool, properties: WriterProperties) -> parquet::errors::Result<Vec<u8>> {
    let element = if half { "fixed_len_byte_array(2) element (FLOAT16)" } else { "float element" };
    let schema = format!(
        "message m {{ required binary id (STRING); \
         required group vector (LIST) {{ repeated group list {{ optional {element}; }} }} }}"
    );
    let schema = Arc::new(parse_message_type(&schema)?);
    let mut out = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut out, schema, Arc::new(properties))?;
    for ids in [["1", "two"], ["3", "four"]] {
        let mut group = writer.next_row_group()?;
        let mut column = group.next_column()?.expect("two columns");
        let ids = ids.map(ByteArray::from);
        column.typed::<ByteArrayType>().write_batch(&ids, None, None)?;
        column.close()?;
        let mut column = group.next_column()?.expect("two columns");
        let (defined, repeated) = ([2_i16; 4], [0_i16, 1, 0, 1]);
        let (defined, repeated) = (Some(&defined[..]), Some(&repeated[..]));
        if half {
            let number = |bits: u16| ByteArray::from(bits.to_le_bytes().to_vec()).into();
            let numbers: [FixedLenByteArray; 4] = [0x3c00, 0xc000, 0x4000, 0x3800].map(number);
            let typed = column.typed::<FixedLenByteArrayType>();
            typed.write_batch(&numbers, defined, repeated)?;
        } else {
            let typed = column.typed::<FloatType>();
            typed.write_batch(&[1.0, -2.0, 2.0, 0.5], defined, repeated)?;
        }
        column.close()?;
        group.close()?;
    }
    writer.close()?;
    Ok(out)
}

fn write(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
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
    let calibration = Calibration {
        queries: 500,
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
        notes: Some(CalibrationNotes {
            source: QuerySource::Sample,
            stored: QuerySource::Moved,
            low_shares: vec![0.125],
        }),
        stops: Some(CalibrationStops { spread: 0.07, limits: vec![0.001] }),
        spilled: None,
        contents: None,
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
            digest: None,
        }],
        codebooks: [5, 6].map(|hash| CodebookEntry { hash: [hash; 16], seal: seal.clone() }).into(),
        former: vec![([5; 16], calibration.clone())],
        calibration: Some(Calibration {
            spilled: Some(Box::new(calibration.clone())),
            contents: Some(CalibrationContents { residual: 0.5, list_rows: 48.0 }),
            ..calibration
        }),
        lexical: Some(LexicalConfig { positions: true }),
        index: Some(IndexConfig { spills: true }),
        mesh: Some(MeshEntry { hash: [9; 16], seal }),
        ..empty_manifest()
    }
}
