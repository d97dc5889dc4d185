//! Documents made from a seed, with every field filled now and then.

use crate::Metric;
use crate::date::{Day, PublicationDate};
use crate::document::*;
use crate::format::manifest::{LexicalConfig, RowType, SegmentEntry, VectorConfig};
use crate::ids::RowId;
use crate::ids::{Key, Revision, SegmentId};
use crate::segment::{Draft, Segment, SegmentBuilder};
use crate::storage::MemoryStorage;

/// A small generator (splitmix64): the same seed makes the same documents.
pub(super) struct Maker(pub(super) u64);

const WORDS: &[&str] = &[
    "insulin",
    "Trial",
    "of",
    "naïve",
    "β-cells",
    "心臓",
    "in",
    "mice",
    "randomised",
    "\u{1f9ec}",
    "p < 0.05",
    "dose–response",
    "and",
    "Köln",
    "the",
    "outcome",
];

impl Maker {
    pub(super) fn number(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    pub(super) fn text(&mut self, words_max: u64) -> String {
        let count = self.number(words_max + 1);
        let words: Vec<&str> =
            (0..count).map(|_| WORDS[self.number(WORDS.len() as u64) as usize]).collect();
        words.join(" ")
    }

    fn list<T>(&mut self, most: u64, mut one: impl FnMut(&mut Maker) -> T) -> Vec<T> {
        (0..self.number(most + 1)).map(|_| one(self)).collect()
    }

    fn sections(&mut self) -> Vec<AbstractSection> {
        self.list(4, |maker| AbstractSection {
            label: maker.text(1),
            category: maker.text(1),
            text: maker.text(60),
        })
    }

    fn ids(&mut self) -> Vec<OtherId> {
        self.list(3, |maker| OtherId { kind: maker.text(1), value: maker.text(2) })
    }

    fn mesh(&mut self) -> MeshHeading {
        let number = self.number(30);
        MeshHeading {
            ui: format!("D{number:06}"),
            name: format!("Heading  {number}"),
            major: self.number(4) == 0,
            qualifiers: self.list(2, |maker| MeshQualifier {
                ui: format!("Q{:06}", maker.number(9)),
                name: maker.text(1),
                major: maker.number(3) == 0,
            }),
        }
    }

    fn field(&mut self, name: usize) -> Field {
        let value = match self.number(4) {
            0 => FieldValue::String(self.text(3)),
            1 => FieldValue::Integer(self.number(u64::MAX) as i64),
            2 => FieldValue::Float(self.number(1000) as f64 / 7.0),
            _ => FieldValue::List(self.list(3, |maker| maker.text(2))),
        };
        Field { name: format!("field-{name}"), value }
    }

    fn term(&mut self) -> TypedTerm {
        TypedTerm { kind: self.text(1), ui: self.text(1), name: self.text(2) }
    }

    pub(super) fn key(&mut self) -> Key {
        if self.number(3) == 0 {
            Key::Text(format!("doc-{}", self.number(1 << 40)))
        } else {
            Key::pmid(1 + self.number(40_000_000) as u32)
        }
    }

    pub(super) fn document(&mut self) -> Document {
        let mut document = Document::new(self.key());
        document.version = self.number(3) as u32;
        document.title = self.text(12);
        document.vernacular_title = self.text(3);
        document.abstract_sections = self.sections();
        document.other_abstracts = self.list(1, |maker| OtherAbstract {
            kind: maker.text(1),
            language: "fre".into(),
            sections: maker.sections(),
        });
        document.journal = Journal {
            title: format!("Journal {}", self.number(8)),
            abbreviation: self.text(2),
            nlm_id: self.text(1),
            issn: "0028-4793".into(),
            issn_linking: self.text(1),
            volume: self.text(1),
            issue: self.text(1),
            pages: self.text(1),
            country: self.text(1),
        };
        if self.number(5) != 0 {
            let (year, month) = (1950 + self.number(80) as u32, 1 + self.number(12) as u32);
            document.date = Some(PublicationDate {
                verbatim: format!("{year}"),
                first: Day::new(year, month, 1),
                last: Day::new(year, month, 28),
            });
        }
        document.history = self.list(2, |maker| HistoryDate {
            event: maker.text(1),
            day: Day::new(2000 + maker.number(20) as u32, 1, 1),
        });
        document.authors = self.list(4, |maker| Author {
            last_name: maker.text(1),
            fore_name: maker.text(1),
            initials: maker.text(1),
            suffix: maker.text(1),
            collective_name: maker.text(2),
            identifier: maker.text(1),
            affiliations: maker.list(2, |maker| maker.text(6)),
        });
        self.describe(&mut document);
        document
    }

    /// The fields that say what a document is about, and where it comes from.
    fn describe(&mut self, document: &mut Document) {
        document.publication_types =
            self.list(2, |maker| Term { ui: maker.text(1), name: maker.text(2) });
        document.languages = self.list(2, |maker| ["eng", "ger"][maker.number(2) as usize].into());
        document.mesh = self.list(6, Maker::mesh);
        document.supplementary = self.list(1, Maker::term);
        document.chemicals = self.list(2, Maker::term);
        document.keywords = self.list(2, |maker| Keyword {
            owner: "NOTNLM".into(),
            major: maker.number(2) == 0,
            text: maker.text(2),
        });
        document.ids = self.ids();
        document.references =
            self.list(3, |maker| Reference { citation: maker.text(9), ids: maker.ids() });
        document.corrections = self.list(1, |maker| Correction {
            kind: ["RetractionIn", "CommentOn"][maker.number(2) as usize].into(),
            source: maker.text(3),
            pmid: maker.number(1000) as u32,
        });
        document.data_banks = self.list(1, |maker| DataBank {
            name: maker.text(1),
            accessions: maker.list(2, |maker| maker.text(1)),
        });
        document.grants = self.list(1, |maker| Grant {
            id: maker.text(1),
            agency: maker.text(2),
            country: maker.text(1),
        });
        document.status = ["MEDLINE", "Publisher", ""][self.number(3) as usize].into();
        document.indexing_method = self.text(1);
        document.conflict_of_interest = self.text(4);
        document.copyright = self.text(3);
        document.fields = (0..self.number(4) as usize).map(|place| self.field(place)).collect();
    }

    pub(super) fn vector(&mut self, dimension: u32) -> Vec<f32> {
        (0..dimension).map(|_| self.number(2001) as f32 / 1000.0 - 1.0).collect()
    }
}

/// A row as it was pushed.
#[derive(Clone, Debug)]
pub(super) struct Pushed {
    pub(super) document: Document,
    pub(super) revision: Revision,
    pub(super) input_hash: [u8; 16],
    pub(super) vector: Option<Vec<f32>>,
}

pub(super) fn config(row_type: RowType) -> VectorConfig {
    VectorConfig::new(24, Metric::Cosine, row_type, None)
}

pub(super) fn rows(seed: u64, count: usize, vectors: bool) -> Vec<Pushed> {
    let mut maker = Maker(seed);
    let with_meta = maker.number(4) != 0;
    let row = |_| {
        let document = maker.document();
        let revision = Revision {
            file: maker.number(30) as u32,
            position: maker.number(30) as u32,
            version: maker.number(2) as u32,
        };
        let vector = (vectors && maker.number(4) != 0).then(|| maker.vector(24));
        Pushed {
            revision: if with_meta { revision } else { Revision::default() },
            input_hash: if with_meta { document.encoder_input().hash() } else { [0; 16] },
            document,
            vector,
        }
    };
    (0..count).map(row).collect()
}

/// Writes a segment; marks of PMIDs become confirmations as well.
pub(super) fn write(
    storage: &MemoryStorage,
    id: u64,
    config: Option<&VectorConfig>,
    rows: &[Pushed],
    deletes: &[(Key, Revision)],
) -> SegmentEntry {
    let lexical = Some(LexicalConfig { positions: true });
    let mut builder = SegmentBuilder::new(config).lexical(lexical);
    for (place, row) in rows.iter().enumerate() {
        // Half of the drafts come without their words.
        let draft = Draft::for_index(&row.document, place % 2 == 0).unwrap();
        let id = builder
            .push_draft(&draft, row.revision, row.input_hash, row.vector.as_deref())
            .unwrap();
        assert_eq!(id, RowId(place as u32));
    }
    for (key, revision) in deletes {
        builder.push_delete(key, *revision);
        if let Key::Pmid(pmid) = key {
            builder.push_confirmation(*pmid, *revision);
        }
    }
    assert_eq!(builder.rows() as usize, rows.len());
    builder.finish(storage, SegmentId(id), [id as u8; 16]).unwrap()
}

/// Holds every answer of a segment against the rows that were pushed.
pub(super) fn check(segment: &Segment, rows: &[Pushed], deletes: &[(Key, Revision)]) {
    use crate::format::terms::{TermField, of_document};
    use std::collections::BTreeMap;

    assert_eq!(segment.rows() as usize, rows.len());
    let mut last: BTreeMap<Key, u32> = BTreeMap::new();
    let mut terms: BTreeMap<(TermField, String), Vec<u32>> = BTreeMap::new();
    let mut numbers: BTreeMap<(String, u32), FieldValue> = BTreeMap::new();
    for (row, pushed) in (0u32..).zip(rows) {
        let document = &pushed.document;
        let id = RowId(row);
        assert_eq!(segment.key(id).unwrap(), document.key);
        assert_eq!(&segment.document(id).unwrap(), document);
        assert_eq!(segment.revision(id).unwrap(), pushed.revision);
        assert_eq!(segment.input_hash(id).unwrap(), pushed.input_hash);
        let (first, end) = segment.dates().unwrap();
        let date = document.date.as_ref().map_or((0, 0), |date| (date.first.0, date.last.0));
        assert_eq!((first[row as usize], end[row as usize]), date);
        last.insert(document.key.clone(), row);
        of_document(document, &mut |field, term| {
            let rows = terms.entry((field, term.to_owned())).or_default();
            if rows.last() != Some(&row) {
                rows.push(row);
            }
        });
        for field in &document.fields {
            numbers.insert((field.name.clone(), row), field.value.clone());
        }
        check_vector(segment, id, pushed);
    }
    for (key, row) in &last {
        assert_eq!(segment.find(key).unwrap(), Some(RowId(*row)));
    }
    assert_eq!(segment.find(&Key::Text("no such key".into())).unwrap(), None);
    let streamed: Vec<_> = segment.documents().map(Result::unwrap).collect();
    assert_eq!(streamed.len(), rows.len());
    for (place, (row, document)) in streamed.iter().enumerate() {
        assert_eq!((row.0 as usize, document), (place, &rows[place].document));
    }
    for field in TermField::all() {
        let listed: Vec<(&str, u32)> = segment.terms(field).map(Result::unwrap).collect();
        let expected: Vec<(&str, u32)> = terms
            .iter()
            .filter(|((of, _), _)| *of == field)
            .map(|((_, term), rows)| (term.as_str(), rows.len() as u32))
            .collect();
        assert_eq!(listed, expected);
    }
    for ((field, term), rows) in &terms {
        let found = segment.posting(*field, term).unwrap().unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), *rows);
    }
    assert_eq!(segment.posting(TermField::Journal, "no such journal").unwrap(), None);
    check_numbers(segment, &numbers);
    check_deletes(segment, deletes);
}

fn check_vector(segment: &Segment, row: RowId, pushed: &Pushed) {
    let stored = segment.vector(row).unwrap();
    assert_eq!(stored.is_some(), pushed.vector.is_some());
    let (Some(stored), Some(vector)) = (stored, &pushed.vector) else { return };
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    let distance =
        stored.iter().zip(vector).map(|(stored, pushed)| (stored - pushed / length).powi(2));
    // A number of an int8 row is at most half a step of the greatest away, under its rotation.
    let distance_max = (0.5 / 127.0f32 + 1e-4).powi(2) * stored.len() as f32;
    assert!(distance.sum::<f32>() <= distance_max);
}

fn check_numbers(
    segment: &Segment,
    numbers: &std::collections::BTreeMap<(String, u32), FieldValue>,
) {
    let mut seen = 0;
    for name in (0..4).map(|place| format!("field-{place}")) {
        if let Some(column) = segment.integers(&name).unwrap() {
            for (row, value) in column.rows.iter().zip(column.values) {
                assert_eq!(numbers[&(name.clone(), *row)], FieldValue::Integer(*value));
                seen += 1;
            }
        }
        if let Some(column) = segment.floats(&name).unwrap() {
            for (row, value) in column.rows.iter().zip(column.values) {
                assert_eq!(numbers[&(name.clone(), *row)], FieldValue::Float(*value));
                seen += 1;
            }
        }
    }
    let expected = numbers
        .values()
        .filter(|value| matches!(value, FieldValue::Integer(_) | FieldValue::Float(_)))
        .count();
    assert_eq!(seen, expected);
}

fn check_deletes(segment: &Segment, deletes: &[(Key, Revision)]) {
    let mut greatest = std::collections::BTreeMap::new();
    for (key, revision) in deletes {
        let known = greatest.entry(key.clone()).or_insert(*revision);
        *known = (*known).max(*revision);
    }
    for (key, revision) in &greatest {
        assert_eq!(segment.find_delete(key).unwrap(), Some(*revision));
        let confirmed = matches!(key, Key::Pmid(_)).then_some(*revision);
        assert_eq!(segment.confirmation(key).unwrap(), confirmed);
    }
    assert_eq!(segment.find_delete(&Key::Text("no such key".into())).unwrap(), None);
    let listed: Vec<(Key, Revision)> = segment.deletes().map(Result::unwrap).collect();
    assert_eq!(listed, greatest.into_iter().collect::<Vec<_>>());
}
