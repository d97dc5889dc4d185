//! Search results in every output format.

use std::io::{self, Write};

use medvec::export::{CitationWriter, csv, json, trec};
use medvec::session::{Answer, key_line};

use crate::args::Format;
use crate::render;
use crate::terminal::Output;

/// Writes an answer; `topic` is what a run calls its query.
pub(crate) fn answer(
    out: &mut Output,
    format: Format,
    answer: &Answer,
    topic: &str,
    columns: usize,
) -> io::Result<()> {
    match format {
        Format::Text => render::hits(out, &answer.hits, columns),
        Format::Json => json::write(&mut out.machine(), answer),
        Format::Jsonl => {
            let out = &mut out.machine();
            answer.hits.iter().try_for_each(|hit| json::write_line(out, hit))
        }
        Format::Csv => csv::hits(&mut out.machine(), &answer.hits),
        Format::Pmids => {
            let out = &mut out.machine();
            let mut lines = answer.hits.iter().map(|hit| key_line(&hit.key));
            lines.try_for_each(|line| writeln!(out, "{line}"))
        }
        Format::Trec => trec::hits(&mut out.machine(), topic, &answer.hits, env!("CARGO_PKG_NAME")),
        Format::Nbib | Format::Ris | Format::Bibtex | Format::CslJson => {
            let Some(format) = format.of_cited_hits() else { return Ok(()) };
            let mut out = out.machine();
            let mut writer = CitationWriter::new(format, &mut out)?;
            let mut documents = answer.hits.iter().filter_map(|hit| hit.document.as_deref());
            documents.try_for_each(|document| writer.write(document))?;
            writer.finish().map(drop)
        }
    }
}
