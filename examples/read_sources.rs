//! Reads source files and says how fast: `read_sources FILE...` only parses them, on one thread;
//! `read_sources --into FOLDER FILE...` imports them into a new database without embedding.
//!
//! Prints one JSON object, for `benches/compare/parse.py`.

use std::path::PathBuf;
use std::time::Instant;

use medvec::db::{CreateOptions, Database};
use medvec::ingest::pipeline::{ImportOptions, import};
use medvec::ingest::{Event, open};

fn main() -> medvec::Result<()> {
    let mut arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let into = arguments.first().is_some_and(|first| first.as_os_str() == "--into");
    let start = Instant::now();
    let (documents, deletes) = if into && arguments.len() > 2 {
        let files = arguments.split_off(2);
        let folder = arguments.swap_remove(1);
        let database = Database::create(folder, CreateOptions::default())?;
        let report = import(&database, &files, &ImportOptions::default(), &mut |_| {})?;
        (report.added + report.replaced, report.deletes)
    } else {
        parse(&arguments)?
    };
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{{\"documents\": {documents}, \"deletes\": {deletes}, \"seconds\": {seconds:.3}, \
         \"per_second\": {:.0}}}",
        documents as f64 / seconds
    );
    Ok(())
}

fn parse(files: &[PathBuf]) -> medvec::Result<(u64, u64)> {
    let (mut documents, mut deletes) = (0, 0);
    for file in files {
        for record in open(file)? {
            match record?.event {
                Event::Document { .. } => documents += 1,
                Event::Vector { .. } => {}
                Event::Delete { .. } => deletes += 1,
            }
        }
    }
    Ok((documents, deletes))
}
