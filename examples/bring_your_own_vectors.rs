//! Store and search vectors that were computed elsewhere, with the core library alone:
//! `cargo run --no-default-features --example bring_your_own_vectors`

use std::sync::Arc;

use medvec::db::{CreateOptions, Database, WriterOptions};
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::search::Query;
use medvec::storage::MemoryStorage;
use medvec::{Document, Key, Metric};

fn main() -> medvec::Result<()> {
    let options = CreateOptions::default().vectors(Some(VectorConfig::new(
        3,
        Metric::Cosine,
        RowType::F32,
        None,
    )));
    let database = Database::create_in(Arc::new(MemoryStorage::new()), options)?;

    let mut writer = database.writer(WriterOptions::default())?;
    for (name, vector) in [
        ("red", [1.0, 0.0, 0.0]),
        ("orange", [0.9, 0.4, 0.0]),
        ("green", [0.0, 1.0, 0.1]),
        ("blue", [0.0, 0.1, 1.0]),
    ] {
        let mut document = Document::new(Key::Text(name.into()));
        document.title = format!("The colour {name}");
        writer.upsert_with_vector(document, vector.to_vec())?;
    }
    writer.commit()?;

    let found = database.snapshot().search(&Query::vector(vec![1.0, 0.1, 0.0]).k(2))?;
    for hit in found.hits {
        println!("{:.3}  {}", hit.score, hit.key);
    }
    Ok(())
}
