//! Documents by the hundred thousand, and a plain list of what they are.

use std::cmp::Ordering;
use std::sync::Arc;

use medvec::date::{Day, PublicationDate};
use medvec::db::{CreateOptions, Database, Snapshot, Writer, WriterOptions};
use medvec::document::{AbstractSection, Document, Field, FieldValue, MeshHeading, Term};
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::search::{FieldTest, Filter, SearchResult};
use medvec::storage::{MemoryStorage, Storage};
use medvec::{Key, Metric};

use crate::common::Random;

pub const DIMENSION: usize = 4;

/// Rows of a container.
pub const CONTAINER: u32 = 1 << 16;

/// Names of the sets that [`Made::is_in`] knows.
const SHAPES: [&str; 10] = [
    "first",
    "second",
    "all-but-one",
    "last-of-each",
    "runs",
    "start",
    "end",
    "array",
    "bitmap",
    "rare",
];

/// A document of number `number`, the same for ever. Which documents have a property is chosen so that the
/// rows with it fill containers, parts of them, and none.
#[derive(Clone, Copy, Debug)]
pub struct Made(pub u32);

impl Made {
    /// Does not follow the number; one in eleven is a string.
    pub fn key(self) -> Key {
        // The modulus is prime: no two numbers below it have the same key.
        let mixed = (u64::from(self.0) * 2_654_435_761 % 4_294_967_291) as u32 + 1;
        match self.0 % 11 {
            10 => Key::Text(format!("t{mixed:x}")),
            _ => Key::pmid(mixed),
        }
    }

    fn mixed(self, seed: u64) -> u64 {
        Random(u64::from(self.0) << 20 | seed).next()
    }

    /// Small integers: products are exact, and very many are equal.
    pub fn vector(self) -> Option<Vec<f32>> {
        // One long run without, and some single rows.
        let in_gap = (CONTAINER / 2..CONTAINER / 2 + 3000).contains(&self.0);
        if in_gap || self.mixed(1).is_multiple_of(5000) {
            return None;
        }
        // Every third has one of nine vectors, most of them the same one.
        let mixed = self.mixed(2) >> 8;
        let code = match self.0 % 3 {
            0 => (mixed % 3).min(mixed % 5 / 2) * 31,
            _ => mixed % 625,
        };
        let digit = |place: u32| (code / 5u64.pow(place) % 5) as f32 - 2.0;
        Some((0..DIMENSION as u32).map(digit).map(|value| value + 0.5).collect())
    }

    pub fn year(self) -> Option<u32> {
        let some = !self.0.is_multiple_of(97);
        // The same year for a whole container and more, then years by chance.
        some.then(|| if self.0 < 70_000 { 2000 } else { 1990 + (self.mixed(3) % 30) as u32 })
    }

    /// Which of five journals; some have none.
    pub fn journal(self) -> Option<u64> {
        (!self.0.is_multiple_of(13)).then(|| self.mixed(7) % 5)
    }

    pub fn publication_types(self) -> Vec<Term> {
        let all = [("D016428", "Journal Article"), ("D016454", "Review")];
        let count = (self.mixed(8) % 3) as usize;
        all[..count]
            .iter()
            .map(|(ui, name)| Term { ui: (*ui).into(), name: (*name).into() })
            .collect()
    }

    /// The value of a field of several types.
    pub fn mixed_value(self) -> Option<FieldValue> {
        let value = (self.mixed(9) % 40) as i64 - 20;
        match self.0 % 5 {
            0 => None,
            1 | 2 => Some(FieldValue::Integer(value)),
            3 => Some(FieldValue::Float(value as f64 / 4.0)),
            _ => Some(FieldValue::String(format!("{value}"))),
        }
    }

    pub fn has_abstract(self) -> bool {
        !(CONTAINER..CONTAINER + 500).contains(&self.0)
    }

    /// Where the number stands in its container, and in which.
    fn place(self) -> (u32, u32) {
        (self.0 / CONTAINER, self.0 % CONTAINER)
    }

    /// Whether it is in a set; sets differ by how their rows lie in containers.
    pub fn is_in(self, shape: &str) -> bool {
        let (container, at) = self.place();
        match shape {
            "first" => container == 0,
            "second" => container == 1,
            "all-but-one" => self.0 != 5,
            "last-of-each" => at == CONTAINER - 1,
            "runs" => at % 1000 < 700,
            "start" => at < 300 + 9000 * container,
            "end" => at >= CONTAINER - 40_000,
            "array" => self.mixed(4).is_multiple_of(50),
            "bitmap" => self.mixed(5).is_multiple_of(2),
            "rare" => self.mixed(6).is_multiple_of(9000),
            other => panic!("{other} is not a shape"),
        }
    }

    pub fn shapes(self) -> Vec<String> {
        SHAPES.into_iter().filter(|shape| self.is_in(shape)).map(str::to_owned).collect()
    }

    pub fn document(self) -> Document {
        let mut document = Document::new(self.key());
        document.title = format!("document {}", self.0);
        if self.has_abstract() {
            let text = "why and how".into();
            document.abstract_sections = vec![AbstractSection { text, ..Default::default() }];
        }
        if let Some(journal) = self.journal() {
            document.journal.title = format!("The Long Annals of Rows, Part {journal}");
            document.journal.abbreviation = format!("Ann Rows {journal}");
            document.journal.nlm_id = format!("{}", 9_000_000 + journal);
            document.journal.issn = if self.0.is_multiple_of(2) { "" } else { "0028-4793" }.into();
        }
        document.publication_types = self.publication_types();
        document.languages = vec![if self.0 % 1000 == 999 { "ger" } else { "eng" }.into()];
        document.date = self.year().map(|year| PublicationDate {
            verbatim: year.to_string(),
            first: Day::new(year, 1, 1),
            last: Day::new(year, 12, 31),
        });
        if self.0 % 4 == 1 {
            document.mesh = vec![MeshHeading {
                ui: "D000001".into(),
                name: "Quarter".into(),
                major: self.0 % 8 == 1,
                qualifiers: Vec::new(),
            }];
        }
        document.fields = vec![
            Field { name: "shape".into(), value: FieldValue::List(self.shapes()) },
            Field { name: "number".into(), value: FieldValue::Integer(i64::from(self.0)) },
            Field { name: "half".into(), value: FieldValue::Float(f64::from(self.0) / 2.0) },
        ];
        let mixed = self.mixed_value().map(|value| Field { name: "mixed".into(), value });
        document.fields.extend(mixed);
        document
    }

    /// Whether its text has a word: a number of four digits, or any that begins with them, or a part of its abstract.
    fn has_words(self, pattern: &str) -> bool {
        let (digits, is_prefix) = match pattern.strip_suffix('*') {
            Some(digits) => (digits, true),
            None => (pattern, false),
        };
        let Ok(digits) = digits.parse::<u32>() else {
            return self.has_abstract() && matches!(pattern, "why" | "\"why and how\"");
        };
        let mut number = self.0;
        while is_prefix && number >= 10_000 {
            number /= 10;
        }
        number == digits
    }

    /// What a filter says of it.
    pub fn passes(self, filter: &Filter) -> bool {
        match filter {
            Filter::All => true,
            Filter::Mesh { major_only, .. } => self.0 % if *major_only { 8 } else { 4 } == 1,
            Filter::Years { from, to } => {
                self.year().is_some_and(|year| (from..=to).contains(&&year))
            }
            Filter::Language(code) => (code == "ger") == (self.0 % 1000 == 999),
            Filter::HasAbstract => self.has_abstract(),
            Filter::Text(words) => self.has_words(words.pattern()),
            Filter::Keys(keys) => keys.contains(&self.key()),
            Filter::Field { test: FieldTest::Is(shape), .. } => self.is_in(shape),
            Filter::Field { test: FieldTest::Integer { from, to }, .. } => {
                (*from..=*to).contains(&i64::from(self.0))
            }
            Filter::Field { test: FieldTest::Float { from, to }, .. } => {
                (*from..=*to).contains(&(f64::from(self.0) / 2.0))
            }
            Filter::And(filters) => filters.iter().all(|filter| self.passes(filter)),
            Filter::Or(filters) => filters.iter().any(|filter| self.passes(filter)),
            Filter::Not(filter) => !self.passes(filter),
            other => panic!("{other:?} is not made here"),
        }
    }
}

/// A filter over `rows` documents, of any kind.
pub fn filter(random: &mut Random, rows: u32, depth: u32) -> Filter {
    let parts = |random: &mut Random| -> Vec<Filter> {
        (0..random.below(3) + 1).map(|_| filter(random, rows, depth - 1)).collect()
    };
    let field = |name: &str, test| Filter::Field { name: name.into(), test };
    match random.below(if depth == 0 { 10 } else { 14 }) {
        0 => Filter::All,
        1 if random.below(2) == 0 => Filter::mesh("quarter"),
        1 => Filter::major("D000001"),
        2 => {
            let from = 1985 + random.below(30) as u32;
            Filter::years(from, from + random.below(20) as u32)
        }
        3 => Filter::Language(if random.below(3) == 0 { "ger" } else { "eng" }.into()),
        4 => Filter::HasAbstract,
        5 => {
            let numbers = (0..random.below(40)).map(|_| random.below(u64::from(rows) + 9) as u32);
            Filter::Keys(numbers.map(|number| Made(number).key()).collect())
        }
        6 => {
            let (from, len) = (random.below(u64::from(rows)), random.below(u64::from(rows)));
            field("number", FieldTest::Integer { from: from as i64, to: (from + len) as i64 })
        }
        7 => field("half", FieldTest::Float { from: 0.0, to: random.below(80_000) as f64 }),
        8 | 9 => {
            let shape = SHAPES[random.below(SHAPES.len() as u64) as usize];
            field("shape", FieldTest::Is(shape.into()))
        }
        10 => Filter::And(parts(random)),
        11 => Filter::Or(parts(random)),
        _ => Filter::Not(Box::new(filter(random, rows, depth - 1))),
    }
}

/// A database, and the numbers of the documents that are live in it.
pub struct World {
    pub storage: Arc<MemoryStorage>,
    pub database: Database,
    pub live: Vec<u32>,
}

impl World {
    pub fn new(row_type: RowType) -> World {
        let vectors = VectorConfig::new(DIMENSION as u32, Metric::Dot, row_type, None);
        let options = CreateOptions::default().vectors(Some(vectors));
        let storage = Arc::new(MemoryStorage::new());
        let database = Database::create_in(storage.clone(), options).expect("a new database");
        World { storage, database, live: Vec::new() }
    }

    pub fn writer(&self) -> Writer {
        let options = WriterOptions::default()
            .segment_bytes_max(1 << 32)
            .index_rows_min(100)
            .train_rows_min(100);
        self.database.writer(options).expect("no other writer")
    }

    /// Adds documents, as one segment.
    pub fn add(&mut self, numbers: impl IntoIterator<Item = u32>) {
        let mut writer = self.writer();
        for number in numbers {
            let made = Made(number);
            match made.vector() {
                Some(vector) => writer.upsert_with_vector(made.document(), vector),
                None => writer.upsert(made.document()),
            }
            .expect("a document");
            self.live.push(number);
        }
        writer.commit().expect("a commit");
    }

    /// The same, to a database that has no vectors.
    pub fn add_without_vectors(&mut self, numbers: impl IntoIterator<Item = u32>) {
        let mut writer = self.writer();
        for number in numbers {
            writer.upsert(Made(number).document()).expect("a document");
            self.live.push(number);
        }
        writer.commit().expect("a commit");
    }

    /// Deletes what passes.
    pub fn delete(&mut self, dies: impl Fn(Made) -> bool) {
        let mut writer = self.writer();
        self.live.retain(|number| {
            let dies = dies(Made(*number));
            assert!(!dies || writer.delete(&Made(*number).key()).expect("deletes"));
            !dies
        });
        writer.commit().expect("a commit");
    }

    /// A snapshot of a database that was opened anew.
    pub fn reopened(&self) -> Snapshot {
        let storage: Arc<dyn Storage> = self.storage.clone();
        Database::open_in(storage).expect("opens").snapshot()
    }

    /// Live documents that pass.
    pub fn matching(&self, filter: &Filter) -> Vec<Made> {
        self.live.iter().map(|number| Made(*number)).filter(|made| made.passes(filter)).collect()
    }
}

/// The best `k` of `matching` by exact score, ties by key.
pub fn nearest(matching: &[Made], query: &[f32], k: usize) -> Vec<(Key, f32)> {
    let score = |vector: Vec<f32>| vector.iter().zip(query).map(|(a, b)| a * b).sum::<f32>();
    let scored = matching.iter().filter_map(|made| Some((made.key(), score(made.vector()?))));
    let mut scored: Vec<(Key, f32)> = scored.collect();
    let order = |a: &(Key, f32), b: &(Key, f32)| -> Ordering {
        b.1.partial_cmp(&a.1).expect("numbers").then_with(|| a.0.cmp(&b.0))
    };
    if k < scored.len() && k > 0 {
        scored.select_nth_unstable_by(k - 1, order);
    }
    scored.truncate(k);
    scored.sort_unstable_by(order);
    scored
}

/// The newest `k` of `matching`, ties by key.
pub fn newest(matching: &[Made], k: usize) -> Vec<Key> {
    let mut all: Vec<(std::cmp::Reverse<u32>, Key)> = matching
        .iter()
        .map(|made| (std::cmp::Reverse(made.year().unwrap_or_default()), made.key()))
        .collect();
    all.sort();
    all.into_iter().take(k).map(|(_, key)| key).collect()
}

/// Keys and scores of an answer.
pub fn hits(result: &SearchResult) -> Vec<(Key, f32)> {
    result.hits.iter().map(|hit| (hit.key.clone(), hit.score)).collect()
}

/// A query vector of exact products.
pub fn vector(random: &mut Random) -> Vec<f32> {
    (0..DIMENSION).map(|_| random.below(7) as f32 - 3.0).collect()
}
