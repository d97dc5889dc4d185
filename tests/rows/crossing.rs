//! Every operation that walks rows, once, over as many as `MEDVEC_ROWS` says: past the first container of a
//! bitmap by default, past 2^20 in a campaign.

use std::collections::BTreeSet;
use std::sync::Arc;

use medvec::db::{
    CreateOptions, Database, EmbedOptions, OptimizeOptions, Snapshot, Writer, WriterOptions,
};
use medvec::encoder::EncoderSpec;
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::search::{Accuracy, FieldTest, Filter, Query};
use medvec::storage::{MemoryStorage, Storage};
use medvec::{Control, Document, Key, Metric};

use crate::common::{Numbers, Random};
use crate::number;
use crate::world::{CONTAINER, DIMENSION, Made, World, hits, nearest, newest, vector};

/// Most hits of one search.
const K_MAX: u32 = 1_000_000;

fn rows() -> u32 {
    number("MEDVEC_ROWS", 66_000)
}

/// Numbers on both sides of every border that there is.
fn borders() -> BTreeSet<u32> {
    let borders = [CONTAINER, 2 * CONTAINER, 1 << 20];
    let around = borders.into_iter().flat_map(|border| border - 2..border + 2);
    around.chain([0, rows() - 1]).filter(|number| *number < rows()).collect()
}

/// One filter of each kind.
fn filters() -> Vec<Filter> {
    let field = |name: &str, test| Filter::Field { name: name.into(), test };
    let half = i64::from(rows()) / 2;
    vec![
        Filter::All,
        Filter::mesh("Quarter"),
        Filter::major("D000001"),
        Filter::years(1995, 2000),
        Filter::Language("eng".into()),
        Filter::HasAbstract,
        Filter::Keys(borders().into_iter().map(|number| Made(number).key()).collect()),
        field("shape", FieldTest::Is("all-but-one".into())),
        field("number", FieldTest::Integer { from: 7, to: half }),
        field("half", FieldTest::Float { from: 1.5, to: half as f64 }),
        Filter::Not(Box::new(field("shape", FieldTest::Is("rare".into())))),
        Filter::And(vec![Filter::HasAbstract, Filter::years(2000, 2000)]),
        Filter::Or(vec![Filter::mesh("quarter"), field("shape", FieldTest::Is("runs".into()))]),
    ]
}

/// Reads everything of a state.
fn check(world: &World, what: &str) {
    let snapshot = world.reopened();
    let live = world.live.len() as u64;
    assert_eq!(snapshot.len(), live, "{what}");
    assert_eq!(snapshot.stats().expect("counts").documents, live, "{what}");
    let whole = snapshot.documents().filter(|document| document.is_ok()).count();
    assert_eq!(whole as u64, live, "{what}");
    let verified = snapshot.verify(&Control::default()).expect("sound");
    assert_eq!(verified.documents, live, "{what}");
    assert_eq!(snapshot.verify_checksums(&Control::default()).expect("sound"), verified, "{what}");
    let pending = snapshot.pending().expect("counts");
    let without = world.live.iter().filter(|number| Made(**number).vector().is_none()).count();
    assert_eq!(pending, without as u64, "{what}");
    for number in borders() {
        let found = snapshot.get(&Made(number).key()).expect("reads");
        let expected = world.live.binary_search(&number).ok().map(|_| Made(number).document());
        assert_eq!(found, expected, "{what}: document {number}");
    }
    let mut random = Random(3);
    for (place, filter) in filters().into_iter().enumerate() {
        let matching = world.matching(&filter);
        let query = vector(&mut random);
        // Everything once; sorting all of it for each filter would take most of the time.
        let ks = if place == 0 { vec![10, rows().min(K_MAX) as usize] } else { vec![100] };
        for k in ks {
            let what = format!("{what}, k {k}, {filter:?}");
            let listed = snapshot.search(&Query::matching(filter.clone()).k(k)).expect("lists");
            assert_eq!(listed.matched, matching.len() as u64, "{what}");
            let keys: Vec<Key> = listed.hits.into_iter().map(|hit| hit.key).collect();
            assert!(keys == newest(&matching, k), "{what}: the newest");
            let exact = Query::vector(query.clone()).filter(filter.clone()).k(k).exact();
            let found = hits(&snapshot.search(&exact).expect("answers"));
            assert!(found == nearest(&matching, &query, k), "{what}: the nearest");
            let all = Accuracy::Effort { probes: u32::MAX, candidates: u32::MAX };
            assert!(hits(&snapshot.search(&exact.accuracy(all)).expect("answers")) == found);
        }
    }
}

/// What a world goes through, each step after those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Imported,
    WithDeletions,
    Indexed,
    Compacted,
}

/// Goes through the steps up to one and reads everything there. A test per step, so that each is quick at 2^20
/// rows.
fn crosses_the_borders_of_containers(last: Step) {
    let mut world = World::new(RowType::F32);
    world.add(0..rows());
    if last >= Step::WithDeletions {
        let border = borders();
        world.delete(|made| {
            border.contains(&made.0) && made.0 % 2 == 1 || (made.0 % CONTAINER) / 100 == 9
        });
    }
    if last >= Step::Indexed {
        let options = OptimizeOptions::default().lists(Some(100));
        let report = world.writer().optimize(&options, &Control::default()).expect("optimizes");
        assert_eq!((report.lists, report.compact.segments_after), (100, 1));
    }
    if last >= Step::Compacted {
        world.delete(|made| made.0 % 3 == 0);
        let report = world.writer().compact(&Control::default()).expect("compacts");
        assert!(report.rows_dropped > u64::from(rows() / 4), "{report:?}");
    }
    check(&world, &format!("{last:?}"));
}

#[test]
fn an_import_crosses_the_borders_of_containers() {
    crosses_the_borders_of_containers(Step::Imported);
}

#[test]
fn deletions_cross_the_borders_of_containers() {
    crosses_the_borders_of_containers(Step::WithDeletions);
}

#[test]
fn an_index_crosses_the_borders_of_containers() {
    crosses_the_borders_of_containers(Step::Indexed);
}

#[test]
fn a_compaction_crosses_the_borders_of_containers() {
    crosses_the_borders_of_containers(Step::Compacted);
}

#[test]
fn a_damaged_block_costs_its_rows_and_no_others() {
    let mut world = World::new(RowType::Int8);
    world.add(0..rows());
    let deleted = [5, CONTAINER - 1, CONTAINER, rows() - 2];
    world.delete(|made| deleted.contains(&made.0));
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for name in world.storage.list().expect("lists") {
        let bytes = world.storage.open(&name).expect("opens").expect("is there");
        files.push((name, bytes.to_vec()));
    }
    let (_, segment) = files.iter_mut().max_by_key(|file| file.1.len()).expect("a segment");
    let middle = segment.len() / 3;
    segment[middle] ^= 1;
    let damaged = Arc::new(MemoryStorage::with_files(files));
    let report = Database::repair_in(&*damaged, true).expect("repairs");
    assert_eq!(report.segments.len(), 1, "{report:?}");
    let outcome = &report.segments[0];
    let live = u64::from(rows()) - deleted.len() as u64;
    assert_eq!(outcome.saved + outcome.lost, live, "{outcome:?}");
    assert!(outcome.lost < 40_000, "{outcome:?}");
    let snapshot = Database::open_in(damaged).expect("opens").snapshot();
    assert_eq!(snapshot.len(), outcome.saved);
    snapshot.verify(&Control::default()).expect("sound");
    let kept = world
        .live
        .iter()
        .filter(|number| snapshot.contains(&Made(**number).key()).expect("looks up"));
    assert_eq!(kept.count() as u64, outcome.saved, "no document was made up");
}

fn encoder(metric: Metric) -> Arc<dyn medvec::Encoder> {
    fn vector(number: u64, _: u64) -> Vec<f32> {
        let mut random = Random(number);
        (0..DIMENSION).map(|_| random.unit()).collect()
    }
    Numbers::encoder(DIMENSION as u32, metric, vector)
}

fn writer(database: &Database, options: WriterOptions) -> Writer {
    database.writer(options).expect("no other writer")
}

fn titled(number: u32) -> Document {
    let mut document = Document::new(Made(number).key());
    document.title = number.to_string();
    document
}

#[test]
fn deferred_vectors_cross_the_borders_of_containers() {
    let encoder = encoder(Metric::Cosine);
    let create = CreateOptions::for_encoder(encoder.spec(), RowType::F32);
    let database = Database::create_in(Arc::new(MemoryStorage::new()), create).expect("new");
    let options = WriterOptions::with_encoder(encoder.clone()).defer(true);
    let mut writer = writer(&database, options);
    let count = rows();
    for number in 0..count {
        // One in nine has nothing to embed.
        let document =
            if number % 9 == 8 { Document::new(Made(number).key()) } else { titled(number) };
        writer.upsert(document).expect("a document");
    }
    writer.commit().expect("a commit");
    let waiting = (0..count).filter(|number| number % 9 != 8).count() as u64;
    assert_eq!(database.snapshot().pending().expect("counts"), waiting);
    let options = EmbedOptions::default().threads(2).batch(128);
    let report = writer.embed_pending(&options, &Control::default(), &mut |_| ()).expect("embeds");
    assert_eq!(report.embedded, waiting);
    let snapshot: Snapshot = database.snapshot();
    assert_eq!(snapshot.pending().expect("counts"), 0);
    assert_eq!(snapshot.stats().expect("counts").vectors, waiting);
    for number in borders() {
        let query = Query::embed(&*encoder, &number.to_string()).expect("a query").k(1).exact();
        let best = snapshot.search(&query).expect("answers").hits;
        assert_eq!(best[0].key == Made(number).key(), number % 9 != 8, "{number}");
    }
}

#[test]
fn an_encoder_is_adopted_by_the_text_beyond_the_first_containers() {
    let encoder = encoder(Metric::Dot);
    let origin = EncoderSpec::of_origin("elsewhere", DIMENSION as u32, Metric::Dot);
    let vectors =
        VectorConfig::new(DIMENSION as u32, Metric::Dot, RowType::F32, Some(origin.clone()));
    let create = CreateOptions::default().vectors(Some(vectors));
    let database = Database::create_in(Arc::new(MemoryStorage::new()), create).expect("new");
    let options = WriterOptions::default().origin(Some(origin));
    let mut writer = writer(&database, options);
    for number in 0..rows() {
        let vector = encoder.encode_queries(&[&number.to_string()]).expect("a vector");
        let applied = match number >= rows() - 50 {
            true => writer.upsert_with_vector(titled(number), vector),
            false => writer.set_vector(&Made(number).key(), &vector),
        };
        applied.expect("a document");
    }
    writer.commit().expect("a commit");
    let report = writer.adopt_encoder(encoder, &Control::default()).expect("adopts");
    assert_eq!(report.samples, 32);
    assert!(report.cosine > 0.999, "{report:?}");
}
