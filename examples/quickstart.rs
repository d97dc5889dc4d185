//! Store documents, embed them as they are written, and search with a filter.

use medvec::document::AbstractSection;
use medvec::{
    CreateOptions, Database, Document, Filter, Key, Query, Result, WriterOptions, encode,
};

fn main() -> Result<()> {
    let encoder = encode::builtin()?;
    let options = CreateOptions::for_encoder(encoder.spec(), Default::default());
    let database = Database::open_or_create("example.medvec", options)?;

    let mut document = Document::new(Key::pmid(12345678));
    document.title = "Aspirin and the risk of colorectal cancer".into();
    let text = "Daily aspirin lowered the risk by a third.".into();
    document.abstract_sections.push(AbstractSection { text, ..Default::default() });
    let mut writer = database.writer(WriterOptions::with_encoder(encoder.clone()))?;
    writer.upsert(document)?;
    writer.commit()?; // all or nothing, and on disk when it returns

    let query = Query::embed(&*encoder, "does aspirin prevent tumours")?;
    for hit in database.snapshot().search(&query.filter(Filter::HasAbstract))?.hits {
        println!("{:.3}  PMID {}", hit.score, hit.key);
    }
    Ok(())
}
