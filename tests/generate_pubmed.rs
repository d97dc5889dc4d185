//! The generator of benchmarks: what it makes is what PubMed would ship, and behaves as real text does.

#![cfg(feature = "ingest")]

#[path = "../benches/common/mod.rs"]
#[allow(dead_code)]
mod bench;
mod common;
#[path = "../examples/generate_pubmed/made/mod.rs"]
#[allow(dead_code, unreachable_pub)]
mod made;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use common::shared;
use made::files::{
    BASELINE_RECORDS, Content, FIRST_YEAR, FileId, Plan, UPDATE_NEW, UPDATE_REVISED,
};
use made::package::{wait_for_reader, write_file, write_xml};
use made::source::{Source, real_citations};
use made::stats;
use made::vectors::Vectors;
use md5::{Digest, Md5};
use medvec::db::{CreateOptions, Database, Snapshot};
use medvec::encoder::{EncoderSpec, Metric};
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::ingest::pipeline::{ImportOptions, import};
use medvec::ingest::{Event, open};
use medvec::kernel::random::Random;
use medvec::{Document, Key};

const SEED: u64 = 7;

/// The real data, read once for all tests; `None` where they are missing.
fn source() -> Option<&'static (PathBuf, Source)> {
    static SOURCE: OnceLock<Option<(PathBuf, Source)>> = OnceLock::new();
    let load = |shared: PathBuf| {
        let source = Source::load(&shared).expect("the shared data");
        (shared, source)
    };
    SOURCE.get_or_init(|| shared().map(load)).as_ref()
}

fn file(number: u32) -> FileId {
    FileId { year: FIRST_YEAR, number }
}

/// A baseline of one file and two update files.
fn plan() -> Plan {
    Plan::new(SEED, 1, 2).expect("a plan")
}

fn content(number: u32) -> Content {
    plan().content(file(number)).expect("a file")
}

/// Every so many-eth citation of a file.
fn some(number: u32, every: usize) -> Content {
    let mut content = content(number);
    content.items = content.items.into_iter().step_by(every).collect();
    content
}

fn xml(source: &Source, content: &Content) -> Vec<u8> {
    let mut xml = Vec::new();
    write_xml(source, SEED, content, &mut xml).expect("memory");
    xml
}

/// Writes a file and checks its sum.
fn write(source: &Source, content: &Content, number: u32, folder: &Path) -> PathBuf {
    write_file(source, SEED, content, file(number), folder).expect("writes");
    let path = folder.join(file(number).to_string());
    let bytes = fs::read(&path).expect("the file");
    let sum: String = Md5::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let name = path.file_name().expect("a name").to_string_lossy();
    let beside = fs::read_to_string(folder.join(format!("{name}.md5"))).expect("a sum");
    assert_eq!(beside, format!("MD5({name})= {sum}\n"));
    path
}

fn pmid(key: &Key) -> u32 {
    match key {
        Key::Pmid(pmid) => pmid.0,
        Key::Text(text) => panic!("{text} is no PMID"),
    }
}

#[test]
fn a_file_depends_on_its_seed_and_number_alone() {
    let Some((shared, source)) = source() else { return };
    let again = Source::load(shared).expect("the shared data");
    for number in [1, 2, 3] {
        let content = some(number, 50);
        let bytes = xml(source, &content);
        assert_eq!(bytes, xml(&again, &content), "file {number}");
        let mut other = Vec::new();
        write_xml(source, SEED + 1, &content, &mut other).expect("memory");
        assert_ne!(bytes, other);
    }
    // Whatever was asked for before.
    let mut plan = plan();
    for number in [3, 1, 2, 2, 3] {
        assert_eq!(plan.content(file(number)).expect("a file"), content(number));
    }
    for (year, number) in [(26, 0), (26, 4), (27, 3), (28, 1)] {
        assert!(plan.content(FileId { year, number }).is_err(), "{year}, {number}");
    }
    assert!(Plan::new(SEED, 0, 1).is_err() && Plan::new(SEED, 9_000, 1_000).is_err());
}

#[test]
fn files_hold_what_they_say() {
    let Some((_, source)) = source() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for (number, records) in [(1, BASELINE_RECORDS), (2, UPDATE_NEW + UPDATE_REVISED)] {
        let content = content(number);
        assert_eq!(content.items.len(), records as usize);
        assert!(content.items.is_sorted_by(|one, next| one.pmid < next.pmid));
        assert_eq!(content.deletes.is_empty(), number == 1);
        let path = write(source, &content, number, folder.path());
        let (mut documents, mut deletes) = (content.items.iter(), content.deletes.iter());
        for record in open(&path).expect("opens") {
            match record.expect("a record").event {
                Event::Document { document, .. } => {
                    let item = documents.next().expect("no more documents than were said");
                    assert_eq!(pmid(&document.key), item.pmid);
                    document.validate().expect("valid");
                    assert!(document.title.len() > 10 && document.title.ends_with(['.', ']']));
                    let mesh = document.mesh.iter();
                    assert!(mesh.clone().all(|heading| heading.ui.starts_with('D')));
                    assert!(document.mesh.is_empty() || !document.publication_types.is_empty());
                    assert!(document.date.is_some() && !document.journal.abbreviation.is_empty());
                }
                Event::Delete { key, .. } => assert_eq!(deletes.next(), Some(&pmid(&key))),
                Event::Vector { .. } => panic!("a vector"),
            }
        }
        assert!(documents.next().is_none() && deletes.next().is_none());
    }
    let names = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(names, 4, "two files and their sums");
}

/// What is in a database of some files.
fn imported(files: &[PathBuf]) -> BTreeMap<u32, Document> {
    let folder = tempfile::tempdir().expect("a folder");
    let database =
        Database::create(folder.path().join("db"), CreateOptions::default()).expect("a database");
    import(&database, files, &ImportOptions::default(), &mut |_| {}).expect("imports");
    let snapshot: Snapshot = database.snapshot();
    let documents = snapshot.documents().map(|document| document.expect("reads"));
    documents.map(|document| (pmid(&document.key), document)).collect()
}

#[test]
fn revisions_win_and_the_next_year_has_what_is_left() {
    let Some((_, source)) = source() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let contents: Vec<Content> = [1, 2, 3].into_iter().map(content).collect();
    // Files of the whole size take long to read in a test: citations that none of the update files touch say nothing.
    let is_kept = |pmid: u32| pmid.is_multiple_of(8);
    let mut files = Vec::new();
    let mut expected = BTreeMap::new();
    for (number, content) in (1..).zip(&contents) {
        let mut kept = Content::default();
        kept.items.extend(content.items.iter().filter(|item| is_kept(item.pmid)));
        kept.deletes.extend(content.deletes.iter().filter(|pmid| is_kept(**pmid)));
        files.push(write(source, &kept, number, folder.path()));
        expected.extend(kept.items.iter().map(|item| (item.pmid, *item)));
        kept.deletes
            .iter()
            .for_each(|pmid| assert!(expected.remove(pmid).is_some(), "{pmid} is there"));
    }
    files.reverse();
    let stored = imported(&files);
    assert_eq!(stored.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    let mut texts_changed = 0;
    for item in
        expected.values().filter(|item| item.revised > 0 && item.index < item.of).take(1_000)
    {
        let of_file =
            stats::read(source, SEED, &Content { items: vec![*item], ..Content::default() });
        assert_eq!(of_file.expect("reads")[0].0, stored[&item.pmid]);
        let first = made::files::Item { revised: 0, text_edition: 0, ..*item };
        let first =
            stats::read(source, SEED, &Content { items: vec![first], ..Content::default() });
        let (first, _) = &first.expect("reads")[0];
        let revised = |document: &Document| {
            let date = document.history.iter().find(|date| date.event == "revised");
            date.expect("a date of revision").day
        };
        assert!(revised(first) < revised(&stored[&item.pmid]), "{}", item.pmid);
        texts_changed += u32::from(first.encoder_input() != stored[&item.pmid].encoder_input());
    }
    assert!((40..200).contains(&texts_changed), "{texts_changed} of 1,000");

    let mut plan = plan();
    let last: BTreeMap<u32, made::files::Item> = {
        let items = contents.iter().flat_map(|content| &content.items);
        let mut last: BTreeMap<_, _> = items.map(|item| (item.pmid, *item)).collect();
        for pmid in contents.iter().flat_map(|content| &content.deletes) {
            last.remove(pmid);
        }
        last
    };
    let mut next = BTreeMap::new();
    for number in 1..=plan.baseline_files(FIRST_YEAR + 1) {
        let content = plan.content(FileId { year: FIRST_YEAR + 1, number }).expect("a file");
        next.extend(content.items.iter().map(|item| (item.pmid, *item)));
    }
    assert!(next.keys().all(|pmid| last.contains_key(pmid)));
    assert!((1..40).contains(&(last.len() - next.len())), "{} of {}", next.len(), last.len());
    let changed = next.iter().filter(|(pmid, item)| last[pmid] != **item).count();
    assert!((300..500).contains(&changed), "{changed} of {}", next.len());
}

#[test]
fn made_texts_behave_as_real_ones() {
    let Some((shared, source)) = source() else { return };
    let mut real: Vec<(Document, u32)> = real_citations(shared)
        .expect("the shared data")
        .into_iter()
        .map(|document| (document, 0))
        .filter(|(document, _)| document.has_abstract())
        .collect();
    let count = real.len();
    Random::new(3).shuffle(&mut real, count);
    real.truncate(18_000);
    let mut made = Vec::new();
    let mut plan = Plan::new(SEED, 30, 1).expect("a plan");
    for number in 1..=30 {
        let mut content = plan.content(file(number)).expect("a file");
        content.items = content.items.into_iter().step_by(30).collect();
        made.extend(stats::read(source, SEED, &content).expect("reads"));
    }
    let (real, made) = (
        stats::count(&real, 18_000).expect("counts"),
        stats::count(&made, 18_000).expect("counts"),
    );
    println!("{real:?}\n{made:?}");
    let is_near =
        |one: usize, other: usize, percent: usize| one.abs_diff(other) * 100 <= other * percent;
    assert!(made.compressed[0] * 100 >= real.compressed[0] * 90, "not easier to compress");
    assert!(made.compressed[1] * 100 >= made.compressed[0] * 90, "nor by topic");
    assert!(is_near(made.title, real.title, 15));
    assert!(is_near(made.abstracts[0], real.abstracts[0], 15));
    assert!(is_near(made.abstracts[1], real.abstracts[1], 20));
    for (made, real) in made.vocabulary.iter().zip(&real.vocabulary) {
        assert!(is_near(*made, *real, 25), "{made} words, {real} in real texts");
    }
    // Two of three of all citations have an abstract; four of five have headings, some ten.
    assert!((620..720).contains(&made.with_abstract));
    assert!((750..860).contains(&made.with_headings));
    assert!((85..125).contains(&made.headings));
}

#[test]
fn the_writer_waits_for_its_reader() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = |number: u32| folder.path().join(file(number).to_string());
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 1..=6 {
                wait_for_reader(folder.path(), 2).expect("waits");
                let there = (1..number).filter(|number| name(*number).exists()).count();
                assert!(there < 2, "{there} before file {number}");
                fs::write(name(number), "x").expect("writes");
            }
        });
        for number in 1..=6 {
            while !name(number).exists() {
                thread::sleep(Duration::from_millis(5));
            }
            assert!(!name(number + 2).exists());
            fs::remove_file(name(number)).expect("removes");
        }
        writer.join().expect("writes");
    });
}

/// The mean product of each of the first rows with the nearest of the others.
fn nearest(rows: &[Vec<f32>]) -> f32 {
    let (queries, rows) = rows.split_at(200);
    let product =
        |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(x, y)| x * y).sum::<f32>();
    let nearest =
        |query: &Vec<f32>| rows.iter().map(|row| product(query, row)).fold(-1.0, f32::max);
    queries.iter().map(nearest).sum::<f32>() / queries.len() as f32
}

#[test]
fn vectors_have_the_spread_of_real_ones() {
    let Some((shared, _)) = source() else { return };
    let path = shared.join("peers/vectors/base.npy");
    let (columns, rows) = bench::read(&path.to_string_lossy(), 24_000).expect("real vectors");
    let mut real: Vec<Vec<f32>> = rows.chunks(columns).map(<[f32]>::to_vec).collect();
    let count = real.len();
    Random::new(4).shuffle(&mut real, count);
    real.truncate(3_000);
    // As sparse among the vectors that they are made from as these among all.
    let vectors = Vectors::new(rows, columns);
    let items = content(1).items;
    let made: Vec<Vec<f32>> = items[..3_000].iter().map(|item| vectors.of(SEED, item)).collect();
    let (real, made_nearest) = (nearest(&real), nearest(&made));
    println!("mean product with the nearest: {real} in real vectors, {made_nearest} in made ones");
    assert!((real - made_nearest).abs() < 0.06);

    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: Vec<u8>| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("writes");
        path
    };
    let (mut array, mut ids) = (Vec::new(), Vec::new());
    let content = Content { items: items[..200].to_vec(), ..Content::default() };
    vectors.write(SEED, &content.items, &mut array, &mut ids).expect("memory");
    let (_, source) = source().expect("the shared data");
    let documents = file("made.xml", xml(source, &content));
    file("made.ids", ids);
    let array = file("made.npy", array);
    let origin = EncoderSpec::of_origin("made", columns as u32, Metric::Cosine);
    let config =
        VectorConfig::new(columns as u32, Metric::Cosine, RowType::F16, Some(origin.clone()));
    let options = CreateOptions::default().vectors(Some(config));
    let database = Database::create(folder.path().join("db"), options).expect("a database");
    let options = ImportOptions::default().origin(Some(origin));
    let report = import(&database, &[documents, array], &options, &mut |_| {}).expect("imports");
    assert_eq!(report.vectors, 200, "{report:?}");
}
