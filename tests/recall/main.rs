//! What a database promises about recall: where calibration queries come from, when recall is measured
//! again, when a search is exact, and what reports say of it.

mod encoders;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use medvec::control::Watch;
use medvec::date::{Day, PublicationDate};
use medvec::db::{CreateOptions, Database, OptimizeOptions, RecallReport, Writer, WriterOptions};
use medvec::format::manifest::{self, QuerySource, RowType, VectorConfig};
use medvec::format::names;
use medvec::kernel::random::Random;
use medvec::search::{Accuracy, Filter, Plan, Query, SearchResult, WhyExact};
use medvec::storage::{MemoryStorage, Storage};
use medvec::{CancelToken, Control, Document, Error, Key, Metric};

const DIMENSION: usize = 32;

/// Numbers in clumps: a row lies near one of forty centres, a query farther away.
fn vector(seed: u64, far: f32) -> Vec<f32> {
    vector_of(99, 40, seed, far)
}

/// The same in so many of the clumps of a kind.
fn vector_of(kind: u64, clumps: usize, seed: u64, far: f32) -> Vec<f32> {
    let number = |random: &mut Random| random.below(2001) as f32 / 1000.0 - 1.0;
    let mut centers = Random::new(kind);
    let centers: Vec<f32> = (0..40 * DIMENSION).map(|_| number(&mut centers)).collect();
    let mut random = Random::new(seed);
    let center = random.below(clumps) * DIMENSION;
    let values = centers[center..][..DIMENSION].iter();
    values.map(|value| value + far * number(&mut random)).collect()
}

fn query(seed: u64) -> Vec<f32> {
    vector(1_000_000 + seed, 1.2)
}

fn database() -> Database {
    let config = VectorConfig::new(DIMENSION as u32, Metric::Cosine, RowType::Int8, None);
    let options = CreateOptions::default().vectors(Some(config));
    Database::create_in(Arc::new(MemoryStorage::new()), options).expect("creates")
}

fn writer(database: &Database) -> Writer {
    let options = WriterOptions::default().index_rows_min(500).train_rows_min(1000);
    database.writer(options).expect("the only writer")
}

fn add(writer: &mut Writer, keys: std::ops::Range<u32>) {
    for key in keys {
        let document = Document::new(Key::pmid(key + 1));
        writer.upsert_with_vector(document, vector(u64::from(key), 0.7)).expect("fits");
    }
    writer.commit().expect("commits");
}

fn delete(writer: &mut Writer, keys: impl Iterator<Item = u32>) {
    for key in keys {
        writer.delete(&Key::pmid(key + 1)).expect("deletes");
    }
    writer.commit().expect("commits");
}

fn known_recall(database: &Database) -> RecallReport {
    let stats = database.snapshot().stats().expect("stats");
    stats.index.expect("an index").recall.expect("was measured")
}

/// Rows that recall was measured with.
fn measured_rows(database: &Database) -> u64 {
    database.snapshot().manifest().calibration.as_ref().expect("was measured").rows
}

fn search(database: &Database, query: Query) -> SearchResult {
    database.snapshot().search(&query).expect("answers")
}

/// Share of the exact ten that is found, over many queries, and how many of them used the index.
fn found(database: &Database, accuracy: Accuracy, filter: &Filter) -> (f64, usize) {
    found_by(database, accuracy, filter, &query)
}

/// The same with queries that are made from seeds.
fn found_by(
    database: &Database,
    accuracy: Accuracy,
    filter: &Filter,
    query: &dyn Fn(u64) -> Vec<f32>,
) -> (f64, usize) {
    let (mut hits, mut indexed) = (0, 0);
    for seed in 0..200 {
        let query = || Query::vector(query(seed)).filter(filter.clone());
        let truth = search(database, query().exact()).hits;
        let result = search(database, query().accuracy(accuracy));
        indexed += usize::from(result.explain.index.is_some());
        hits += result.hits.iter().filter(|hit| truth.iter().any(|t| t.key == hit.key)).count();
    }
    (hits as f64 / 2000.0, indexed)
}

#[test]
fn without_queries_recall_is_an_estimate_that_holds_for_what_users_ask() {
    let database = database();
    let mut writer = writer(&database);
    add(&mut writer, 0..12_000);
    writer.compact(&Control::default()).expect("trains");
    let known = known_recall(&database);
    assert_eq!((known.source, known.is_estimate), (Some(QuerySource::Moved), true));
    for asked in [0.8, 0.9, 0.95] {
        let (found, indexed) = found(&database, Accuracy::Recall(asked), &Filter::All);
        assert!(found > f64::from(asked) - 0.02, "{asked}: {found}");
        assert!(indexed > 0, "{asked}: the index is worth its price");
    }
    let explain = search(&database, Query::vector(query(0)).recall(0.8)).explain;
    let index = explain.index.expect("the index is cheaper");
    assert!(index.is_estimate && explain.exact.is_none());
    assert!((0.0..=1.0).contains(&index.low_share.expect("was measured")));
}

#[test]
fn the_share_of_badly_served_queries_is_what_it_says() {
    let database = database();
    let mut writer = writer(&database);
    add(&mut writer, 0..12_000);
    let queries: Vec<f32> = (500..900).flat_map(query).collect();
    let options = OptimizeOptions::default().queries(Some(queries));
    let report = writer.optimize(&options, &Control::default()).expect("trains");
    let recall = report.recall.expect("measured");
    assert_eq!((recall.source, recall.is_estimate), (Some(QuerySource::Given), false));
    for asked in [0.8, 0.9, 0.95] {
        let mut low = 0;
        let mut expected = None;
        for seed in 0..300 {
            let truth = search(&database, Query::vector(query(seed)).exact()).hits;
            let result = search(&database, Query::vector(query(seed)).recall(asked));
            expected = result.explain.index.expect("the index is cheaper").low_share;
            let hits = result.hits.iter().filter(|hit| truth.iter().any(|t| t.key == hit.key));
            low += usize::from(hits.count() < 8);
        }
        let expected = expected.expect("was measured");
        let point = recall.point(asked).expect("was measured");
        assert_eq!(point.low_share, Some(expected));
        let low = low as f32 / 300.0;
        assert!((low - expected).abs() < 0.1, "{asked}: {low}, expected {expected}");
    }
}

#[test]
fn a_search_that_names_no_recall_is_exact_while_that_is_quick() {
    let database = database();
    let mut writer = writer(&database);
    add(&mut writer, 0..3000);
    writer.compact(&Control::default()).expect("trains");
    let why = |query: Query| search(&database, query).explain.exact;
    let ask = || Query::vector(query(1));
    assert_eq!(why(ask()), Some(WhyExact::Quick));
    assert_eq!(why(ask().exact()), Some(WhyExact::Asked));
    assert_eq!(why(ask().recall(0.9999)), Some(WhyExact::BeyondMeasured));
    assert_eq!(why(ask().filter(Filter::years(1, 2))), Some(WhyExact::Quick));
    let (found, indexed) = found(&database, Accuracy::Auto, &Filter::All);
    assert_eq!((found, indexed), (1.0, 0));
    let effort = Accuracy::Effort { probes: 1, candidates: 10 };
    assert_eq!(why(ask().accuracy(effort)), None);
}

#[test]
fn recall_is_measured_again_when_rows_come_or_go() {
    let database = database();
    let mut writer = writer(&database);
    let control = Control::default();
    add(&mut writer, 0..4000);
    writer.compact(&control).expect("trains");
    assert_eq!(measured_rows(&database), 4000);
    // A tenth is gone: no reason.
    delete(&mut writer, (0..4000).step_by(10));
    writer.compact(&control).expect("compacts");
    assert_eq!(measured_rows(&database), 4000);
    // Every fifth: still in the segment, and the bound is not passed.
    delete(&mut writer, (5..4000).step_by(10));
    writer.compact(&control).expect("compacts");
    assert_eq!(measured_rows(&database), 4000);
    // Less than three quarters are left.
    delete(&mut writer, (1..4000).step_by(10));
    writer.compact(&control).expect("compacts");
    assert_eq!(measured_rows(&database), 2800);
    add(&mut writer, 4000..8000);
    writer.compact(&control).expect("compacts");
    assert_eq!(measured_rows(&database), 6800);
    add(&mut writer, 8000..9000);
    writer.compact(&control).expect("compacts");
    assert_eq!(measured_rows(&database), 6800);
}

/// Documents go, and as many of another kind come: in other clumps, or in two of the same.
#[test]
fn what_takes_the_place_of_other_contents_is_found_as_promised() {
    for (kind, clumps) in [(7, 40), (99, 2)] {
        let database = database();
        let mut writer = writer(&database);
        let control = Control::default();
        add(&mut writer, 0..12_000);
        writer.optimize(&OptimizeOptions::default(), &control).expect("trains");
        delete(&mut writer, 0..12_000);
        for key in 12_000..24_000 {
            let vector = vector_of(kind, clumps, u64::from(key), 0.7);
            writer.upsert_with_vector(Document::new(Key::pmid(key + 1)), vector).expect("fits");
        }
        writer.commit().expect("commits");
        let drifts = kind == 7;
        let report = writer.optimize(&OptimizeOptions::default(), &control).expect("measures");
        assert_eq!((report.trained_rows, report.has_drifted), (0, drifts));
        let query = |seed| vector_of(kind, clumps, 1_000_000 + seed, 1.2);
        for asked in [0.8, 0.9, 0.95] {
            let (found, _) = found_by(&database, Accuracy::Recall(asked), &Filter::All, &query);
            assert!(found > f64::from(asked) - 0.02, "{kind} {asked}: {found}");
        }
        // Nothing is left to do.
        let generation = database.snapshot().generation();
        let stages = Arc::new(Mutex::new(Vec::new()));
        let reached = stages.clone();
        let progress = move |stage, _| reached.lock().expect("no panic").push(stage);
        let watched = OptimizeOptions::default().progress(Some(Arc::new(progress)));
        let again = writer.optimize(&watched, &control).expect("has nothing to do");
        writer.compact(&control).expect("has nothing to do");
        assert_eq!(*stages.lock().expect("no panic"), []);
        assert_eq!(database.snapshot().generation(), generation);
        assert_eq!(again.has_drifted, drifts, "it is said again");
        // A new index is trained where it is asked for.
        let retrain = OptimizeOptions::default().retrain(true);
        let report = writer.optimize(&retrain, &control).expect("trains");
        assert!(report.trained_rows > 0 && !report.has_drifted);
    }
}

#[test]
fn deleted_rows_are_no_neighbours_of_calibration_and_filters_see_live_ones() {
    let database = database();
    let mut writer = writer(&database);
    add(&mut writer, 0..12_000);
    let queries: Vec<f32> = (500..900).flat_map(query).collect();
    let options = OptimizeOptions::default().queries(Some(queries));
    writer.optimize(&options, &Control::default()).expect("trains");
    // A fifth, which no compaction drops.
    delete(&mut writer, (0..12_000).step_by(5));
    for again in [false, true] {
        if again {
            writer.optimize(&options, &Control::default()).expect("measures");
            assert_eq!(measured_rows(&database), 9600);
            assert_eq!(database.snapshot().stats().expect("stats").deleted, 2400);
        }
        for asked in [0.8, 0.9, 0.95] {
            let (found, _) = found(&database, Accuracy::Recall(asked), &Filter::All);
            assert!((found - f64::from(asked)).abs() < 0.035, "{again} {asked}: {found}");
        }
    }
    // Everything goes: nothing is left to measure with, and nothing panics.
    delete(&mut writer, 0..12_000);
    writer.optimize(&options, &Control::default()).expect("compacts");
    assert!(search(&database, Query::vector(query(3)).recall(0.9)).hits.is_empty());
}

#[test]
fn what_an_older_version_measured_is_measured_once_more() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let config = VectorConfig::new(DIMENSION as u32, Metric::Cosine, RowType::Int8, None);
    let options = CreateOptions::default().vectors(Some(config));
    let database = Database::create_in(Arc::clone(&storage), options).expect("creates");
    let control = Control::default();
    let mut first = writer(&database);
    add(&mut first, 0..1500);
    let given = OptimizeOptions::default().queries(Some((0..50).flat_map(query).collect()));
    first.optimize(&given, &control).expect("measures");
    drop(first);
    // As a version without rules for when to stop would have left it.
    let mut older = database.snapshot().manifest().clone();
    older.generation.0 += 1;
    let calibration = older.calibration.as_mut().expect("was measured");
    let known = calibration.stops.take().expect("has learned");
    assert!(calibration.lacks_rule());
    let (bytes, _) = manifest::encode(&older, [9; 16]).expect("encodes");
    let read = |name: String| {
        let bytes = storage.open(&name).expect("opens").expect("is there").to_vec();
        (name, bytes)
    };
    let files = storage.list().expect("lists").into_iter().map(read);
    let files = files.chain([(names::manifest_name(older.generation), bytes)]);
    let database = Database::open_in(Arc::new(MemoryStorage::with_files(files))).expect("is sound");
    let stops =
        || database.snapshot().manifest().calibration.as_ref().expect("known").stops.clone();
    assert_eq!(stops(), None);
    let mut second = writer(&database);
    second.optimize(&OptimizeOptions::default(), &control).expect("measures");
    assert_eq!(stops(), Some(known));
    let generation = database.snapshot().generation();
    second.optimize(&OptimizeOptions::default(), &control).expect("has nothing to do");
    second.commit().expect("commits");
    assert_eq!(database.snapshot().generation(), generation);
}

#[test]
fn an_index_of_nothing_but_deleted_rows_can_be_optimised() {
    let database = database();
    let mut writer = writer(&database);
    add(&mut writer, 0..1500);
    let optimize = OptimizeOptions::default().retrain(true);
    writer.optimize(&optimize, &Control::default()).expect("optimises");
    for key in 0..1500 {
        writer.delete(&Key::pmid(key + 1)).expect("deletes");
    }
    let report = writer.optimize(&optimize, &Control::default()).expect("optimises");
    assert_eq!(report.trained_rows, 0);
    writer.commit().expect("commits");
    assert!(search(&database, Query::vector(query(1))).hits.is_empty());
    database.snapshot().verify(&Control::default()).expect("sound");
}

#[test]
fn copies_are_scanned_where_most_rows_pass() {
    let build = |spill: bool| {
        let database = database();
        let mut writer = writer(&database);
        for key in 0..16_000 {
            let mut document = Document::new(Key::pmid(key + 1));
            document.date = Some(year(2000 + key % 10));
            writer.upsert_with_vector(document, vector(u64::from(key), 0.7)).expect("fits");
        }
        let queries: Vec<f32> = (500..900).flat_map(query).collect();
        let options = OptimizeOptions::default().queries(Some(queries)).spill(spill);
        writer.optimize(&options, &Control::default()).expect("trains");
        // A segment that is indexed later, and tombstones in the first one.
        add(&mut writer, 16_000..18_000);
        delete(&mut writer, (0..18_000).step_by(9));
        writer.compact(&Control::default()).expect("indexes");
        delete(&mut writer, (0..18_000).skip(1).step_by(9));
        (database, writer)
    };
    let ((with, _writer), (without, _other)) = (build(true), build(false));
    let spilled = |database: &Database| {
        let snapshot = database.snapshot();
        let calibration = snapshot.manifest().calibration.as_ref().expect("was measured");
        calibration.spilled.as_ref().map(|spilled| spilled.rows)
    };
    assert_eq!((spilled(&with), spilled(&without)), (Some(measured_rows(&with)), None));
    // Which search is cheaper is for the planner to say, and for reports to repeat.
    for point in known_recall(&with).points {
        let result = search(&with, Query::vector(query(0)).recall(point.recall));
        if let Some(index) = result.explain.index {
            assert_eq!(index.copies, point.copies, "{}", point.recall);
        }
    }
    let index = |database: &Database| database.snapshot().stats().expect("stats").index;
    let (with_copies, bare) = (index(&with).expect("made"), index(&without).expect("made"));
    assert_eq!((with_copies.copied, bare.copied), (with_copies.vectors, 0));
    assert!(with_copies.bytes_per_vector > 1.9 * bare.bytes_per_vector);
    let (most, few) = (Filter::years(2000, 2006), Filter::years(2000, 2002));
    for (database, filter, copies) in [
        (&with, Filter::All, true),
        (&with, most, true),
        (&with, few, false),
        (&without, Filter::All, false),
    ] {
        for asked in [0.9, 0.95] {
            let recall = Accuracy::Recall(asked);
            let (found, indexed) = found(database, recall, &filter);
            assert!(found > f64::from(asked) - 0.03, "{asked} {filter:?}: {found}");
            assert!(indexed > 0 || !copies, "{asked} {filter:?}: the index is worth its price");
        }
        let effort = Accuracy::Effort { probes: 10, candidates: 40 };
        let query = Query::vector(query(3)).filter(filter.clone()).accuracy(effort).k(50);
        let result = search(database, query);
        assert_eq!(result.explain.index.expect("asked for").copies, copies, "{filter:?}");
        let live = |hit: &Key| match hit {
            Key::Pmid(pmid) => (pmid.0 - 1) % 9 > 1,
            Key::Text(_) => false,
        };
        assert!(result.hits.len() == 50 && result.hits.iter().all(|hit| live(&hit.key)));
        let mut keys: Vec<&Key> = result.hits.iter().map(|hit| &hit.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 50, "each document once");
    }
}

/// Centroids of short rows are of next to no length beside others: their codes say little of them.
#[test]
fn what_is_promised_is_found_among_rows_of_very_different_lengths() {
    let config = VectorConfig::new(24, Metric::Dot, RowType::Int8, None);
    let options = CreateOptions::default().vectors(Some(config));
    let database = Database::create_in(Arc::new(MemoryStorage::new()), options).expect("creates");
    let vector = |seed: u64| -> Vec<f32> {
        let mut random = Random::new(seed);
        let length = if random.below(100) == 0 { 50.0 } else { 1.0 };
        let mut number = || (0..6).map(|_| random.below(2001) as f32 / 1000.0 - 1.0).sum::<f32>();
        (0..24).map(|_| length * number()).collect()
    };
    let mut writer = writer(&database);
    for key in 0..20_000 {
        let document = Document::new(Key::pmid(key + 1));
        writer.upsert_with_vector(document, vector(u64::from(key))).expect("fits");
    }
    writer.commit().expect("commits");
    let queries = (0..400).flat_map(|query| vector(1_000_000 + query)).collect();
    let options = OptimizeOptions::default().queries(Some(queries));
    writer.optimize(&options, &Control::default()).expect("trains");
    for asked in [0.8, 0.9, 0.95] {
        let query = |seed| vector(2_000_000 + seed);
        let (found, indexed) = found_by(&database, Accuracy::Recall(asked), &Filter::All, &query);
        assert!(found > f64::from(asked) - 0.03, "{asked}: {found}");
        assert!(indexed > 0 || asked > 0.8, "{asked}: the index is worth its price");
    }
}

/// A clump's documents have a year of their own, so that years are topics.
#[test]
fn topics_are_searched_by_index_where_that_is_cheaper_and_exactly_elsewhere() {
    let database = database();
    let mut writer = writer(&database);
    let year_of = |key: u32| 1980 + Random::new(u64::from(key)).below(40) as u32;
    for key in 0..40_000 {
        let mut document = Document::new(Key::pmid(key + 1));
        document.date = Some(year(year_of(key)));
        writer.upsert_with_vector(document, vector(u64::from(key), 0.7)).expect("fits");
        if key == 24_999 {
            writer.commit().expect("commits");
        }
    }
    let queries: Vec<f32> = (500..900).flat_map(query).collect();
    let options = OptimizeOptions::default().queries(Some(queries));
    writer.optimize(&options, &Control::default()).expect("trains");
    let (half, one) = (Filter::years(1980, 1999), Filter::years(1990, 1990));
    for asked in [0.8, 0.9, 0.95] {
        let (found, indexed) = found(&database, Accuracy::Recall(asked), &half);
        // Half of the queries lie in a clump of which nothing passes, harder than any real topic.
        assert!((found - f64::from(asked)).abs() < 0.06, "{asked}: {found}");
        assert!(indexed > 150, "{asked}: {indexed}");
    }
    let result = search(&database, Query::vector(query(3)).filter(half).recall(0.9));
    let index = result.explain.index.expect("cheaper");
    assert!(index.index_ns < index.exact_ns && index.probes >= index.lists_scanned);
    let (found, indexed) = found(&database, Accuracy::Recall(0.9), &one);
    assert_eq!((found, indexed), (1.0, 0));
    let result = search(&database, Query::vector(query(3)).filter(one).recall(0.9));
    assert_eq!(result.explain.exact, Some(WhyExact::Cheaper));
}

#[test]
fn a_new_index_takes_the_place_of_a_large_one_piece_by_piece() {
    let storage = Arc::new(MemoryStorage::new());
    let config = VectorConfig::new(DIMENSION as u32, Metric::Cosine, RowType::Int8, None);
    let options = CreateOptions::default().vectors(Some(config));
    let database = Database::create_in(storage.clone(), options).expect("creates");
    let mut writer = writer(&database);
    for part in 0..10 {
        add(&mut writer, part * 2_400..(part + 1) * 2_400);
    }
    drop(writer);
    let options = WriterOptions::default().index_rows_min(500).train_rows_min(1000);
    let mut maintainer = database.maintainer(options.merged_bytes_max(1)).expect("works");
    let given = OptimizeOptions::default().queries(Some((500..900).flat_map(query).collect()));
    maintainer.optimize(&given, &Control::default()).expect("trains");
    let old = codebooks(&database);
    let before = bytes(&*storage);
    // Interrupted when there are rows in both.
    let token = CancelToken::new();
    let (cancel, watched) = (token.clone(), database.clone());
    let watch = Watch::new(move |_| {
        watched.refresh().expect("sound");
        if codebooks(&watched).len() == 2 {
            cancel.cancel();
        }
    });
    let control = Control { watch: Some(watch), cancel: Some(token), ..Control::default() };
    let again = given.retrain(true).seed(7);
    let interrupted = maintainer.optimize(&again, &control);
    assert!(matches!(interrupted, Err(Error::Cancelled)), "{interrupted:?}");
    let both = codebooks(&database);
    assert_eq!((both.len(), both[0]), (2, old[0]));
    let former = |database: &Database| database.snapshot().manifest().former.len();
    assert_eq!(former(&database), 1);
    let served = |database: &Database| {
        for asked in [0.8, 0.9, 0.95] {
            let (found, indexed) = found(database, Accuracy::Recall(asked), &Filter::All);
            assert!(found > f64::from(asked) - 0.02 && indexed == 200, "{asked}: {found}");
        }
        let result = search(database, Query::vector(query(3)).recall(0.9));
        // Scoring the few rows of the first piece is as cheap.
        let plans = result.explain.segments.iter().map(|segment| segment.plan);
        assert!(plans.filter(|plan| *plan == Plan::Index).count() >= 4);
    };
    served(&database);
    // A commit in between keeps what is known of both.
    let mut writer = self::writer(&database);
    delete(&mut writer, 0..1);
    drop(writer);
    served(&database);
    assert_eq!(former(&database), 1);
    // The next call goes on, with a part of the database at a time.
    let peak = Arc::new(AtomicU64::new(0));
    let most = peak.clone();
    let stages = Arc::new(Mutex::new(BTreeSet::new()));
    let reached = stages.clone();
    let watch = Watch::new(move |step| {
        most.fetch_max(bytes(&*storage), Ordering::Relaxed);
        reached.lock().expect("no panic").insert(step.stage);
    });
    let control = Control { watch: Some(watch), ..Control::default() };
    maintainer.optimize(&OptimizeOptions::default(), &control).expect("goes on");
    assert_eq!(codebooks(&database), both[1..]);
    assert_eq!(former(&database), 0);
    served(&database);
    for stage in
        ["finding lists", "merging segments", "indexing", "finding second lists", "copying codes"]
    {
        assert!(stages.lock().expect("no panic").contains(stage), "{stage}");
    }
    let peak = peak.load(Ordering::Relaxed);
    assert!(peak < before * 3 / 2, "{peak} bytes at most, {before} before");
    database.snapshot().verify(&Control::default()).expect("sound");
}

/// Bytes of all files.
fn bytes(storage: &dyn Storage) -> u64 {
    let names = storage.list().expect("lists").into_iter();
    names.filter_map(|name| storage.length(&name).expect("tells")).sum()
}

fn codebooks(database: &Database) -> Vec<[u8; 16]> {
    database.snapshot().manifest().codebooks.iter().map(|entry| entry.hash).collect()
}

fn year(year: u32) -> PublicationDate {
    let (first, last) = (Day::new(year, 1, 1), Day::new(year, 12, 31));
    PublicationDate { verbatim: year.to_string(), first, last }
}
