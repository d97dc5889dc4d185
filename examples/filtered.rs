//! Filters in Rust: MeSH headings, years, fields of your own, and how they combine.
//!
//! Runs in memory, with the core library alone.

use std::sync::Arc;

use medvec::db::{CreateOptions, Database, WriterOptions};
use medvec::document::{Field, FieldValue, MeshHeading};
use medvec::search::{FieldTest, Filter, Query};
use medvec::storage::MemoryStorage;
use medvec::{Day, Document, Key, PublicationDate};

fn main() -> medvec::Result<()> {
    let database = Database::create_in(Arc::new(MemoryStorage::new()), CreateOptions::default())?;
    let mut writer = database.writer(WriterOptions::default())?;
    writer.upsert(study(1, "Aspirin after stroke", 2011, &["Aspirin", "Stroke"], 120))?;
    writer.upsert(study(2, "Aspirin in healthy adults", 2018, &["Aspirin"], 19_114))?;
    writer.upsert(study(3, "Statins after stroke", 2015, &["Stroke"], 4_731))?;
    writer.commit()?;
    let snapshot = database.snapshot();

    let large = Filter::Field {
        name: "participants".into(),
        test: FieldTest::Integer { from: 1_000, to: i64::MAX },
    };
    let recent_aspirin = Filter::mesh("Aspirin").and(Filter::years(2015, 2020));
    let aspirin_or_large = Filter::Or(vec![Filter::mesh("aspirin"), large.clone()]);
    let large_without_stroke = large.and(Filter::Not(Box::new(Filter::mesh("Stroke"))));

    for (what, filter) in [
        ("aspirin, 2015 to 2020", recent_aspirin),
        ("aspirin, or a large study", aspirin_or_large),
        ("large, not about stroke", large_without_stroke),
    ] {
        let found = snapshot.search(&Query::matching(filter).k(10))?;
        println!("{what}: {} documents", found.matched);
        for hit in &found.hits {
            if let Some(document) = snapshot.document(hit)? {
                println!("  {}  {}", hit.key, document.title);
            }
        }
    }

    // A heading that no document has is an error that names likely ones, not an empty answer.
    let misspelt = snapshot.search(&Query::matching(Filter::mesh("Asprin")));
    println!("{}", misspelt.err().map_or_else(String::new, |error| error.to_string()));
    Ok(())
}

fn study(pmid: u32, title: &str, year: u32, mesh: &[&str], participants: i64) -> Document {
    let mut document = Document::new(Key::pmid(pmid));
    document.title = title.into();
    document.date = Some(PublicationDate {
        verbatim: year.to_string(),
        first: Day::new(year, 1, 1),
        last: Day::new(year, 12, 31),
    });
    document.mesh = mesh
        .iter()
        .map(|name| MeshHeading { name: (*name).into(), ..MeshHeading::default() })
        .collect();
    document.fields =
        vec![Field { name: "participants".into(), value: FieldValue::Integer(participants) }];
    document
}
