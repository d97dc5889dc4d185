//! What must be true of a forged database: an error that names a file and a rule, or the answers of
//! a reader that knows only the text.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use medvec::date::Day;
use medvec::db::{Database, OptimizeOptions, Snapshot};
use medvec::document::{Document, FieldValue};
use medvec::encoder::Metric;
use medvec::format::names;
use medvec::ids::{Key, Revision};
use medvec::limits::NUMBER_MAX;
use medvec::search::{Accuracy, FieldTest, Filter, Query};
use medvec::segment::Segment;
use medvec::storage::MemoryStorage;
use medvec::{Control, Error, Result};

use super::base::{self, DIMENSION, NUMBERS};
use super::parts::Files;
use super::plain::{self, Plain};
use crate::text::Text;

/// What became of a forged database.
#[derive(Debug)]
pub enum Verdict {
    /// Opening or verifying names what is wrong.
    Refused(Error),
    /// It is a database, and answers as the text says.
    Sound,
}

/// How much is asked of a database.
#[derive(Clone, Copy, Debug, Default)]
pub struct Care {
    /// Compact also what `verify` refuses.
    pub compact_refused: bool,
    /// Compact and optimise what `verify` accepts.
    pub compact_sound: bool,
    /// Hold repair against what `verify` says.
    pub repair: bool,
    /// Which quarter of the filters is asked for of what `verify` refuses.
    pub quarter: usize,
    /// Ask for that quarter alone also of what `verify` accepts.
    pub only_quarter: bool,
}

/// Hits of a search that finds all.
const ALL: usize = 64;

/// Judges a database.
///
/// # Panics
/// When it breaks a promise.
pub fn judge(files: &Files, care: Care) -> Verdict {
    if !files.keys().any(|name| is_of_a_state(name)) {
        let storage = MemoryStorage::with_files(files.clone());
        return match Database::open_in(Arc::new(storage)) {
            Err(error @ Error::NotFound { .. }) => Verdict::Refused(error),
            other => panic!("names that say nothing are no database: {:?}", other.map(drop)),
        };
    }
    let verdict = read(files, care);
    if care.repair {
        repair(files, &verdict);
    }
    verdict
}

/// Whether a file of this name is there only where a database is.
fn is_of_a_state(name: &str) -> bool {
    use names::Name::{Committed, Manifest, Segment};
    matches!(names::parse(name), Some(Manifest(_) | Committed(..) | Segment(_)))
}

fn read(files: &Files, care: Care) -> Verdict {
    let storage = MemoryStorage::with_files(files.clone());
    let database = match Database::open_in(Arc::new(storage.clone())) {
        Ok(database) => database,
        Err(error) => {
            assert_named(&error);
            return Verdict::Refused(error);
        }
    };
    let snapshot = database.snapshot();
    // The last numbers of all have none after them.
    let manifest = snapshot.manifest();
    let has_numbers = manifest.generation.0.max(manifest.next_segment.0) < NUMBER_MAX - 100;
    if let Err(error) = snapshot.verify(&Control::default()) {
        assert_named(&error);
        // Whoever does not verify first gets answers or errors.
        if let Err(error) = ask(&snapshot, |place| place % 4 == care.quarter) {
            assert_named(&error);
        }
        if care.compact_refused && has_numbers {
            compact(&database).map_err(|error| assert_named(&error)).ok();
        }
        return Verdict::Refused(error);
    }
    let plain = plain::read(text(), files);
    compare(&snapshot, &plain, |place| !care.only_quarter || place % 4 == care.quarter);
    compare_marks(&storage, &snapshot, &plain);
    if care.compact_sound && has_numbers {
        let before = ask(&snapshot, |_| true).expect("what was verified answers");
        compact(&database).expect("what was verified can be compacted");
        let snapshot = database.snapshot();
        snapshot.verify(&Control::default()).expect("what was compacted is sound");
        let after = ask(&snapshot, |_| true).expect("what was compacted answers");
        assert_eq!(before, after, "a compaction changes answers");
    }
    Verdict::Sound
}

/// Repair finds something to do just where `verify` does, and what it publishes is sound.
fn repair(files: &Files, verdict: &Verdict) {
    let storage = MemoryStorage::with_files(files.clone());
    let plan = match Database::repair_in(&storage, false) {
        Ok(plan) => plan,
        Err(error) => return assert_named(&error),
    };
    match verdict {
        Verdict::Sound => assert!(plan.is_clean(), "what was verified needs repair: {plan:?}"),
        Verdict::Refused(error) => assert!(!plan.is_clean(), "nothing to repair, but: {error}"),
    }
    // The last numbers of all have none after them.
    let newest = plan.lost_generations.iter().map(|(generation, _)| *generation).max();
    if plan.base.max(newest.unwrap_or(0)) >= NUMBER_MAX - 100 {
        return;
    }
    match Database::repair_in(&storage, true) {
        Ok(report) => {
            let database = Database::open_in(Arc::new(storage.clone()));
            let snapshot = database.expect("what was repaired opens").snapshot();
            snapshot.verify(&Control::default()).expect("what was repaired is sound");
            assert_eq!(snapshot.len(), report.documents_kept);
            ask(&snapshot, |_| true).expect("what was repaired answers");
            let again =
                Database::repair_in(&storage, true).expect("what was repaired can be again");
            assert!(again.is_clean(), "a second repair has something to do: {again:?}");
        }
        Err(error) => assert_named(&error),
    }
}

fn text() -> &'static Text {
    static TEXT: OnceLock<Text> = OnceLock::new();
    TEXT.get_or_init(Text::read)
}

/// An error of a damaged database names its file.
fn assert_named(error: &Error) {
    match error {
        Error::Corrupt { file, .. } | Error::Unsupported { file, .. } => {
            assert!(names::parse(file).is_some(), "{error}");
        }
        // A writer that failed before says so.
        Error::Poisoned { .. } => {}
        error => panic!("this error names no file and no rule: {error:?}"),
    }
}

/// The vector that is searched with.
fn query() -> Vec<f32> {
    base::vector(77)
}

type Hits = Vec<(String, f32)>;

/// Every answer that a user could want, as far as it does not depend on how documents are stored.
fn ask(snapshot: &Snapshot, wants: impl Fn(usize) -> bool) -> Result<Vec<Hits>> {
    let mut answers = Vec::new();
    let mut queries = vec![Query::matching(Filter::All)];
    if snapshot.manifest().vectors.as_ref().is_some_and(|config| config.dimension == DIMENSION) {
        let all = Accuracy::Effort { probes: 1000, candidates: 1000 };
        queries.push(Query::vector(query()).exact());
        queries.push(Query::vector(query()).accuracy(all));
        let recalled = Query::vector(query()).k(3).recall(0.8);
        snapshot.search(&recalled)?;
        let few = Accuracy::Effort { probes: 1, candidates: 1 };
        snapshot.search(&Query::vector(query()).k(2).accuracy(few))?;
    }
    for (_, filter) in filters().into_iter().enumerate().filter(|(place, _)| wants(*place)) {
        for query in &queries {
            match snapshot.search(&query.clone().k(ALL).filter(filter.0.clone())) {
                Ok(found) => answers.push(
                    found.hits.iter().map(|hit| (format!("{:?}", hit.key), hit.score)).collect(),
                ),
                // A name that no document has.
                Err(Error::InvalidQuery { .. } | Error::UnknownName { .. }) => {
                    answers.push(Vec::new())
                }
                Err(error) => return Err(error),
            }
        }
    }
    for number in 0..NUMBERS {
        snapshot.get(&base::key(number))?;
        snapshot.revision(&base::key(number))?;
        snapshot.stored_vector(&base::key(number), [0; 16])?;
    }
    snapshot.documents().try_for_each(|document| document.map(drop))?;
    snapshot.stats()?;
    Ok(answers)
}

/// Folds everything into indexed segments.
fn compact(database: &Database) -> Result<()> {
    let vectors = database.snapshot().manifest().vectors.clone();
    let mut writer = database.writer(base::small_index(vectors.as_ref()))?;
    writer.compact(&Control::default())?;
    let options = OptimizeOptions::default().lists(Some(2)).retrain(true);
    writer.optimize(&options, &Control::default()).map(drop)
}

/// A text as chapter 10 folds it.
fn folded(text: &str) -> String {
    text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

type Test = fn(&Document) -> bool;

/// Filters, and what each of them means.
fn filters() -> Vec<(Filter, Test)> {
    let field = |name: &str, test| Filter::Field { name: name.into(), test };
    let is_major = |document: &Document| {
        document.mesh.iter().any(|heading| heading.ui == "D001000" && heading.major)
    };
    let count: Test = |document| {
        document.fields.iter().any(|field| {
            field.name == "count" && matches!(field.value, FieldValue::Integer(-3..=3))
        })
    };
    let weight: Test = |document| {
        let is_light = |value: &FieldValue| matches!(value, FieldValue::Float(number) if (0.5..=2.0).contains(number));
        document.fields.iter().any(|field| field.name == "weight" && is_light(&field.value))
    };
    let shelf: Test = |document| {
        let is_there = |value: &FieldValue| matches!(value, FieldValue::String(s) if s == "s1");
        document.fields.iter().any(|field| field.name == "shelf" && is_there(&field.value))
    };
    vec![
        (Filter::All, |_| true),
        (Filter::mesh("heading 1"), |document| {
            document.mesh.iter().any(|heading| folded(&heading.name) == "heading 1")
        }),
        (Filter::major("D001000"), is_major),
        (Filter::years(1991, 1993), |document| {
            let date = document.date.as_ref();
            date.is_some_and(|date| {
                date.last.0 != 0
                    && date.first.0 <= Day::new(1993, 12, 31).0
                    && date.last.0 >= Day::new(1991, 1, 1).0
            })
        }),
        (Filter::Not(Box::new(Filter::Language("ger".into()))), |document| {
            !document.languages.iter().any(|language| folded(language) == "ger")
        }),
        (Filter::HasAbstract, |document| {
            document.abstract_sections.iter().any(|section| !section.text.trim().is_empty())
        }),
        (field("count", FieldTest::Integer { from: -3, to: 3 }), count),
        (field("weight", FieldTest::Float { from: 0.5, to: 2.0 }), weight),
        (field("shelf", FieldTest::Is("s1".into())), shelf),
        (Filter::Keys(vec![base::key(1), base::key(4), base::key(11)]), |document| {
            [1, 4, 11].iter().any(|number| document.key == base::key(*number))
        }),
    ]
}

/// Holds every answer of a database that `verify` accepts against those of the text.
fn compare(snapshot: &Snapshot, plain: &Plain, wants: impl Fn(usize) -> bool) {
    assert_eq!(snapshot.len(), plain.documents.len() as u64);
    let mut documents = BTreeMap::new();
    for document in snapshot.documents() {
        let document = document.expect("what was verified can be read");
        let key = format!("{:?}", document.key);
        let stated = &plain.documents.get(&key).expect("the text has this document").shown;
        assert_eq!(&format!("{document:?}"), stated);
        let found = snapshot.get(&document.key).expect("can be read").expect("is live");
        assert_eq!(found.key, document.key);
        let revision = snapshot.revision(&document.key).expect("can be read").expect("is live");
        let revision = [revision.file, revision.position, revision.version];
        assert_eq!(revision, plain.documents[&key].revision, "{key}");
        documents.insert(key, document);
    }
    assert_eq!(documents.len(), plain.documents.len());
    let answers = ask(snapshot, &wants).expect("what was verified answers");
    let config = snapshot.manifest().vectors.as_ref();
    let has_vectors = config.is_some_and(|config| config.dimension == DIMENSION);
    let per_filter = if has_vectors { 3 } else { 1 };
    assert!(config.is_none_or(|config| (config.metric == Metric::Cosine) == plain.is_cosine));
    let asked = filters().into_iter().enumerate().filter(|(place, _)| wants(*place));
    for ((place, (_, test)), answers) in asked.zip(answers.chunks(per_filter)) {
        let wanted: Vec<&String> =
            documents.iter().filter(|(_, document)| test(document)).map(|(key, _)| key).collect();
        let mut listed: Vec<&String> = answers[0].iter().map(|(key, _)| key).collect();
        listed.sort();
        assert_eq!(listed, wanted, "filter {place}");
        if let [_, exact, indexed] = answers {
            check_scores(exact, &wanted, plain);
            assert_eq!(exact, indexed, "the whole index finds something else");
        }
    }
}

/// Holds deletion marks and counts against those of the text.
fn compare_marks(storage: &MemoryStorage, snapshot: &Snapshot, plain: &Plain) {
    let manifest = snapshot.manifest();
    for entry in &manifest.segments {
        let segment = Segment::open(storage, entry, manifest.vectors.as_ref()).expect("it opens");
        let marks = segment.deletes().map(|mark| {
            let (key, Revision { file, position, version }) = mark.expect("can be read");
            assert!(segment.find_delete(&key).expect("can be read").is_some());
            (format!("{key:?}"), [file, position, version])
        });
        assert_eq!(marks.collect::<Vec<_>>(), plain.marks[&entry.id.0]);
        let confirmations = segment.confirmations().expect("can be read").map(|item| {
            let (pmid, Revision { file, position, version }) = item.expect("can be read");
            (format!("{:?}", Key::Pmid(pmid)), [file, position, version])
        });
        assert_eq!(confirmations.collect::<Vec<_>>(), plain.confirmations[&entry.id.0]);
    }
    let stats = snapshot.stats().expect("what was verified can be counted");
    assert_eq!(stats.documents + stats.deleted, plain.rows);
}

/// Holds the hits of an exact search against every product.
fn check_scores(hits: &Hits, wanted: &[&String], plain: &Plain) {
    let query = plain::rotate(&query(), plain.rotation);
    let length = |vector: &[f32]| vector.iter().map(|n| f64::from(*n).powi(2)).sum::<f64>().sqrt();
    let mut scores = BTreeMap::new();
    for key in wanted {
        let Some(vector) = &plain.documents[*key].vector else { continue };
        let products = vector.iter().zip(&query).map(|(a, b)| f64::from(*a) * f64::from(*b));
        scores.insert((*key).clone(), (products.sum::<f64>(), length(vector)));
    }
    assert_eq!(hits.len(), scores.len(), "not every match is found");
    let mut last = f64::INFINITY;
    for (key, score) in hits {
        let (stated, length) = scores.remove(key).expect("found once, and of the text");
        let room = length * 1e-3 + f64::from(f32::MIN_POSITIVE);
        assert!((f64::from(*score) - stated).abs() <= room, "{key}: {score}, not {stated}");
        assert!(f64::from(*score) <= last, "hits are out of order");
        last = f64::from(*score);
    }
}
