//! Search results in every output format.

use std::io::{self, Write};

use medvec::export::{csv, json};
use medvec::session::Answer;

use crate::args::Format;
use crate::keys;
use crate::render;
use crate::terminal::Output;

/// Writes an answer.
pub(crate) fn answer(
    out: &mut Output,
    format: Format,
    answer: &Answer,
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
            let mut lines = answer.hits.iter().map(|hit| keys::line(&hit.key.to_string()));
            lines.try_for_each(|line| writeln!(out, "{line}"))
        }
    }
}
