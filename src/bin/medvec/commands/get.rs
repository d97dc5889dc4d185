//! `medvec get`

use std::io::{self, Write};

use medvec::Document;
use medvec::ingest::jsonl::to_json;

use super::open;
use crate::args::{Format, Get};
use crate::context::Context;
use crate::csv::{self, Cell};
use crate::failure::{EXIT_FOUND, EXIT_NONE, Result};
use crate::keys::Found;
use crate::{keys, output, render, view};

pub(crate) fn run(args: &Get, context: &mut Context) -> Result<u8> {
    let texts = keys::read(&args.keys, io::stdin().lock())?;
    let snapshot = open(&args.database)?.snapshot();
    if texts.is_empty() {
        context.remark("no keys were given");
    }
    let mut found = 0u64;
    let mut all = Vec::new();
    if args.format == Format::Csv {
        csv::header(
            &mut context.out.machine(),
            &["key", "year", "journal", "title", "abstract", "mesh"],
        )?;
    }
    for key in keys::find_all(&texts, &snapshot)? {
        let key = match key {
            Found::Key(key) => key,
            Found::Nothing(remark) => {
                context.remark(remark);
                continue;
            }
        };
        let Some(document) = snapshot.get(&key)? else { continue };
        let columns = context.columns;
        let out = &mut context.out;
        match args.format {
            Format::Text => {
                if found > 0 {
                    writeln!(out)?;
                }
                render::document(out, &document, columns)?;
            }
            Format::Json => all.push(to_json(&document)?),
            Format::Jsonl => output::json_line(&mut out.machine(), &to_json(&document)?)?,
            Format::Csv => record(&mut out.machine(), &document)?,
            Format::Pmids => writeln!(out.machine(), "{}", keys::line(&key.to_string()))?,
        }
        found += 1;
    }
    if args.format == Format::Json {
        output::json_value(&mut context.out.machine(), &serde_json::Value::Array(all))?;
    }
    Ok(if found > 0 { EXIT_FOUND } else { EXIT_NONE })
}

fn record(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let mesh: Vec<&str> = document.mesh.iter().map(|heading| heading.name.as_str()).collect();
    csv::record(
        out,
        &[
            Cell::Text(&document.key.to_string()),
            Cell::Text(&view::year(document)),
            Cell::Text(view::journal(document)),
            Cell::Text(document.display_title()),
            Cell::Text(&document.abstract_text()),
            Cell::Text(&mesh.join("; ")),
        ],
    )
}
