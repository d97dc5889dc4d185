use super::*;
use crate::db::{CreateOptions, Database, OptimizeOptions, WriterOptions};
use crate::document::Document;
use crate::encoder::Metric;
use crate::error::Error;
use crate::format::manifest::{RowType, VectorConfig};
use crate::ids::Key;
use crate::ingest::vectors;
use std::collections::BTreeMap;

type Vectors = BTreeMap<Key, Vec<f32>>;

/// A database of these vectors, one of them twice, and a document without.
fn database(path: &Path, rows: RowType, metric: Metric, vectors: &Vectors) -> Database {
    let dimension = vectors.values().next().unwrap().len() as u32;
    let config = VectorConfig::new(dimension, metric, rows, None);
    let database = Database::create(path, CreateOptions::default().vectors(Some(config))).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    let (first, _) = vectors.iter().next().unwrap();
    writer.upsert_with_vector(Document::new(first.clone()), vec![9.0; dimension as usize]).unwrap();
    writer.upsert(Document::new(Key::Text("without".into()))).unwrap();
    writer.commit().unwrap();
    for (key, vector) in vectors {
        writer.upsert_with_vector(Document::new(key.clone()), vector.clone()).unwrap();
    }
    writer.commit().unwrap();
    database
}

fn read(path: &Path) -> Vectors {
    let source = vectors::open(path, None).unwrap();
    source.map(|record| record.unwrap()).map(|record| (record.key, record.vector)).collect()
}

fn formats() -> Vec<(EmbeddingFormat, &'static str)> {
    use EmbeddingFormat::{Fvecs, Npy, Parquet, Safetensors};
    let all = [
        (Npy, "v.npy"),
        (Safetensors, "v.safetensors"),
        (Fvecs, "v.fvecs"),
        (Parquet, "v.parquet"),
    ];
    all.into_iter().filter(|(format, _)| format.is_built()).collect()
}

#[test]
fn what_comes_out_is_what_the_database_holds() {
    let at = tempfile::tempdir().unwrap();
    let vectors: Vectors = (1..=40_u32)
        .map(|number| (Key::pmid(number), vec![number as f32, -1.0, 0.25, 3.0]))
        .chain([(Key::Text("note 1".into()), vec![0.0, 1.0, 0.0, 0.0])])
        .collect();
    for (rows, metric) in [
        (RowType::F32, Metric::Dot),
        (RowType::F16, Metric::Cosine),
        (RowType::Int8, Metric::Cosine),
    ] {
        let name = format!("{rows:?}{metric:?}");
        let snapshot = database(&at.path().join(&name), rows, metric, &vectors).snapshot();
        for (format, file) in formats() {
            let path = at.path().join(format!("{name}-{format:?}-{file}"));
            let control = Control::default();
            let exported =
                export_embeddings(&snapshot, Filter::All, format, &path, &control).unwrap();
            assert_eq!((exported.info.len, exported.without_vector), (41, 1));
            assert_eq!(exported.ids.is_some(), format.has_list());
            let found = read(&path);
            assert!(found.keys().eq(vectors.keys()), "{path:?}");
            for (key, vector) in &found {
                assert_eq!(Some(vector), snapshot.vector(key).unwrap().as_ref());
            }
            if rows == RowType::F32 {
                assert_eq!(found, vectors);
            } else {
                let length = |vector: &Vec<f32>| vector.iter().map(|x| x * x).sum::<f32>().sqrt();
                assert!(found.values().all(|vector| (length(vector) - 1.0).abs() < 1e-2));
            }
            // Nothing is replaced, and nothing is left of a refusal.
            let again = export_embeddings(&snapshot, Filter::All, format, &path, &control);
            assert!(again.unwrap_err().to_string().contains(file));
            assert_eq!(read(&path), found);
        }
    }
    let names = std::fs::read_dir(at.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(
        !names.map(|name| name.to_string_lossy().into_owned()).any(|name| name.contains("partial"))
    );
}

#[test]
fn more_rows_than_a_container_of_a_bitmap_come_back() {
    let at = tempfile::tempdir().unwrap();
    // Containers of 65,536 rows, full and in one run.
    let vectors: Vectors =
        (1..=66_000_u32).map(|number| (Key::pmid(number), vec![number as f32, 1.0])).collect();
    let database = database(&at.path().join("db"), RowType::F32, Metric::Dot, &vectors);
    // One segment, without an index.
    let options = WriterOptions::default().train_rows_min(100_000);
    let mut writer = database.writer(options).unwrap();
    writer.compact(&Control::default()).unwrap();
    let path = at.path().join("v.npy");
    let (filter, control) = (Filter::All, Control::default());
    let snapshot = database.snapshot();
    export_embeddings(&snapshot, filter, EmbeddingFormat::Npy, &path, &control).unwrap();
    assert_eq!(read(&path), vectors);
}

#[test]
fn filters_choose_and_nothing_makes_no_file() {
    let at = tempfile::tempdir().unwrap();
    let vectors: Vectors =
        (1..=300_u32).map(|number| (Key::pmid(number), vec![number as f32, 1.0])).collect();
    let database = database(&at.path().join("db"), RowType::F32, Metric::Dot, &vectors);
    let mut writer =
        database.writer(WriterOptions::default().train_rows_min(100).index_rows_min(10)).unwrap();
    writer.delete(&Key::pmid(7)).unwrap();
    writer.optimize(&OptimizeOptions::default().lists(Some(4)), &Control::default()).unwrap();
    let snapshot = database.snapshot();
    let export = |filter: Filter, name: &str| {
        let path = at.path().join(name);
        let format = EmbeddingFormat::Fvecs;
        let exported = export_embeddings(&snapshot, filter, format, &path, &Control::default());
        (exported, path)
    };
    let keys = [3, 7, 200].map(Key::pmid).into_iter().chain([Key::Text("without".into())]);
    let (exported, path) = export(Filter::Keys(keys.collect()), "some.fvecs");
    let exported = exported.unwrap();
    assert_eq!((exported.info.len, exported.without_vector), (2, 1));
    assert!(read(&path).keys().eq(&[Key::pmid(3), Key::pmid(200)]));
    let (exported, path) = export(Filter::Keys(vec![Key::pmid(7)]), "none.fvecs");
    let exported = exported.unwrap();
    assert_eq!((exported.info.len, exported.without_vector, exported.ids), (0, 0, None));
    assert!(!path.exists());

    let token = crate::CancelToken::new();
    token.cancel();
    let control = Control { cancel: Some(token), ..Control::default() };
    let path = at.path().join("cancelled.npy");
    let stopped = export_embeddings(&snapshot, Filter::All, EmbeddingFormat::Npy, &path, &control)
        .unwrap_err();
    assert!(matches!(stopped, SessionError::Library(Error::Cancelled)), "{stopped}");
    let left = std::fs::read_dir(at.path()).unwrap().count();
    assert_eq!(left, 3, "the database, an array and its list");

    let plain = Database::create(at.path().join("plain"), CreateOptions::default()).unwrap();
    let refused = export_embeddings(
        &plain.snapshot(),
        Filter::All,
        EmbeddingFormat::Npy,
        &path,
        &Control::default(),
    );
    assert!(matches!(refused, Err(SessionError::CreatedWithoutVectors)));
}
