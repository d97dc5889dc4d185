//! Store documents, embed them as they are written, and search with a filter.

use medvec::db::{CreateOptions, Database, WriterOptions};
use medvec::document::AbstractSection;
use medvec::search::{Filter, Query};
use medvec::{Document, Key, encode};

fn main() -> medvec::Result<()> {
    let folder = std::env::temp_dir().join(format!("medvec-example-{}", std::process::id()));
    let encoder = encode::builtin()?;
    let options = CreateOptions::for_encoder(encoder.spec(), Default::default());
    let database = Database::create(&folder, options)?;

    let mut document = Document::new(Key::pmid(12345678));
    document.title = "Aspirin and the risk of colorectal cancer".into();
    document.abstract_sections =
        vec![AbstractSection { text: "Daily aspirin lowered it.".into(), ..Default::default() }];
    let mut writer = database.writer(WriterOptions::with_encoder(encoder.clone()))?;
    writer.upsert(document)?;
    writer.commit()?;

    let snapshot = database.snapshot();
    let query =
        Query::embed(&*encoder, "does aspirin prevent tumours")?.filter(Filter::HasAbstract);
    for hit in snapshot.search(&query)?.hits {
        println!(
            "{:.3}  {}",
            hit.score,
            snapshot.document(&hit)?.unwrap_or(Document::new(hit.key)).title
        );
    }
    std::fs::remove_dir_all(&folder).map_err(|error| medvec::Error::io("remove", "example", error))
}
