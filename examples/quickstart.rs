//! Store documents, embed them as they are written, and search with a filter.

use medvec::db::{CreateOptions, Database, WriterOptions};
use medvec::document::AbstractSection;
use medvec::search::{Filter, Query};
use medvec::{Document, Key, Result, encode};

fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("medvec-example-{}", std::process::id()));
    let encoder = encode::builtin()?;
    let options = CreateOptions::for_encoder(encoder.spec(), Default::default());
    let database = Database::create(&folder, options)?;

    let mut document = Document::new(Key::pmid(12345678));
    document.title = "Aspirin and the risk of colorectal cancer".into();
    let text = "Daily aspirin lowered the risk by a third.".into();
    document.abstract_sections.push(AbstractSection { text, ..Default::default() });
    let mut writer = database.writer(WriterOptions::with_encoder(encoder.clone()))?;
    writer.upsert(document)?;
    writer.commit()?; // all or nothing, and on disk when it returns

    let query = Query::embed(&*encoder, "does aspirin prevent tumours")?;
    let snapshot = database.snapshot();
    for hit in snapshot.search(&query.k(10).filter(Filter::HasAbstract))?.hits {
        let title = snapshot.document(&hit)?.map(|document| document.title);
        println!("{:.3}  PMID {}  {}", hit.score, hit.key, title.unwrap_or_default());
    }
    Ok(())
}
