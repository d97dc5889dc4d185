//! What several tests share: documents, vectors, a small random generator, whole-state reads.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::sync::Arc;

use medvec::date::{Day, PublicationDate};
use medvec::db::{CreateOptions, Snapshot};
use medvec::document::{
    AbstractSection, Document, Field, FieldValue, MeshHeading, MeshQualifier, OtherId, Term,
};
use medvec::encoder::EncoderSpec;
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::ids::Key;
use medvec::mesh::{self, MappedHeading, MeshRecord, Vocabulary};
use medvec::{Encoder, EncoderInput, Metric, Result};

pub mod workload;

/// Numbers in the vectors of test databases.
pub const DIMENSION: u32 = 8;

/// SplitMix64: small, seedable, good enough to choose test cases.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32 * 2.0 - 1.0
    }
}

pub fn create_options() -> CreateOptions {
    CreateOptions::default().vectors(Some(VectorConfig::new(
        DIMENSION,
        Metric::Cosine,
        RowType::Int8,
        None,
    )))
}

/// Even numbers make PMIDs, odd ones string keys.
pub fn key(number: u64) -> Key {
    if number.is_multiple_of(2) {
        Key::pmid(1_000_000 + number as u32)
    } else {
        Key::Text(format!("doc-{number}"))
    }
}

/// A document with every kind of field; `edition` changes its text.
pub fn document(number: u64, edition: u64) -> Document {
    let mut document = Document::new(key(number));
    let year = 1990 + (number % 30) as u32;
    document.version = 1;
    document.title = format!("Title of document {number}, edition {edition}");
    document.abstract_sections = vec![
        AbstractSection {
            label: "BACKGROUND".into(),
            category: "BACKGROUND".into(),
            text: format!("Why we looked at question {number}."),
        },
        AbstractSection {
            label: "RESULTS".into(),
            category: "RESULTS".into(),
            text: format!("We found {} of {} in edition {edition}.", number * 3, number * 7),
        },
    ];
    document.journal.abbreviation = format!("J Test {}", number % 3);
    document.date = Some(PublicationDate {
        verbatim: format!("{year} Mar"),
        first: Day::new(year, 3, 1),
        last: Day::new(year, 3, 31),
    });
    document.languages = vec![if number.is_multiple_of(5) { "ger" } else { "eng" }.into()];
    document.publication_types =
        vec![Term { ui: "D016428".into(), name: "Journal Article".into() }];
    document.mesh = vec![MeshHeading {
        ui: format!("D{:06}", 1000 + number % 4),
        name: format!("Heading {}", number % 4),
        major: number.is_multiple_of(3),
        qualifiers: vec![MeshQualifier {
            ui: "Q000188".into(),
            name: "drug therapy".into(),
            major: false,
        }],
    }];
    document.ids = vec![OtherId { kind: "doi".into(), value: format!("10.1/{number}") }];
    document.fields = vec![
        Field { name: "shelf".into(), value: FieldValue::String(format!("s{}", number % 2)) },
        Field { name: "count".into(), value: FieldValue::Integer(number as i64 - 5) },
        Field { name: "weight".into(), value: FieldValue::Float(number as f64 / 4.0) },
        Field {
            name: "tags".into(),
            value: FieldValue::List(vec!["a".into(), format!("t{}", number % 3)]),
        },
    ];
    document
}

/// The headings of [`document`] as a vocabulary: 1 above 2 and 3, 0 apart, with an entry term each; a
/// supplementary concept, a qualifier, and links of every kind.
pub fn vocabulary(year: u32) -> Vocabulary {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let mut records: Vec<MeshRecord> = [(0, "B01"), (1, "A01"), (2, "A01.100"), (3, "A01.200")]
        .into_iter()
        .map(|(number, tree): (u32, &str)| MeshRecord {
            ui: format!("D{:06}", 1000 + number),
            name: format!("Heading {number}"),
            entry_terms: vec![format!("Number {number}")],
            former_names: vec![format!("Former {number}")],
            tree_numbers: texts(&[tree]),
            allowed_qualifiers: texts(&["Q000188"]),
            ..MeshRecord::default()
        })
        .collect();
    records.push(MeshRecord {
        ui: "Q000188".into(),
        name: "drug therapy".into(),
        code: "DT".into(),
        ..MeshRecord::default()
    });
    records.push(MeshRecord {
        ui: "C000001".into(),
        name: "substance 1".into(),
        actions: texts(&["D001000"]),
        mapped_to: vec![MappedHeading { ui: "D001003".into(), ..MappedHeading::default() }],
        ..MeshRecord::default()
    });
    Vocabulary::open("test", &mesh::build(year, records).expect("builds")).expect("opens")
}

/// A vector that depends on both numbers.
pub fn vector(number: u64, edition: u64) -> Vec<f32> {
    let mut random = Random(number * 1_000_003 + edition);
    (0..DIMENSION).map(|_| random.unit()).collect()
}

/// Embeds what [`document`] makes, by the two numbers in its title: an encoder that a model can follow.
pub struct Numbers {
    spec: EncoderSpec,
    vector: fn(u64, u64) -> Vec<f32>,
}

impl Numbers {
    pub fn encoder(
        dimension: u32,
        metric: Metric,
        vector: fn(u64, u64) -> Vec<f32>,
    ) -> Arc<dyn Encoder> {
        let spec = EncoderSpec::of_origin("numbers of a title", dimension, metric);
        Arc::new(Numbers { spec: EncoderSpec { family: "test".into(), ..spec }, vector })
    }

    fn row(&self, title: &str) -> Vec<f32> {
        let words = title.split(|ch: char| !ch.is_ascii_digit()).filter(|word| !word.is_empty());
        let mut numbers = words.map(|word| word.parse().expect("a number of a test"));
        (self.vector)(numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }
}

impl Encoder for Numbers {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        Ok(inputs.iter().flat_map(|input| self.row(&input.title)).collect())
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        Ok(queries.iter().flat_map(|query| self.row(query)).collect())
    }
}

/// Every live document.
pub fn contents(snapshot: &Snapshot) -> Result<BTreeMap<Key, Document>> {
    let mut all = BTreeMap::new();
    for document in snapshot.documents() {
        let document = document?;
        let twice = all.insert(document.key.clone(), document);
        assert!(twice.is_none(), "a key is live twice");
    }
    Ok(all)
}

/// Where the shared test data lie, or `None` on a machine without them (an error under CI=true).
pub fn shared() -> Option<std::path::PathBuf> {
    let path = std::env::var_os("MEDVEC_SHARED").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        std::path::PathBuf::from,
    );
    if path.is_dir() {
        return Some(path);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{} is missing; set MEDVEC_SHARED to the folder of shared test data",
        path.display()
    );
    eprintln!("skipped: {} is missing (set MEDVEC_SHARED)", path.display());
    None
}
