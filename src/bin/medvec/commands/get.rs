//! `medvec get`

use std::io::{self, Write};

use medvec::ingest::jsonl::to_json;
use medvec::{Document, Key};

use super::open;
use crate::args::{Format, Get};
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Result};
use crate::{csv, keys, output, render, view};

pub(crate) fn run(args: &Get, context: &mut Context) -> Result<u8> {
    let keys = keys::read(&args.keys, io::stdin().lock())?;
    let snapshot = open(&args.database)?.snapshot();
    let mut found = 0u64;
    let mut all = Vec::new();
    if args.format == Format::Csv {
        csv::record(&mut context.out, &["key", "year", "journal", "title", "abstract", "mesh"])?;
    }
    for key in &keys {
        let Some(document) = snapshot.get(key)? else {
            context.remark(format!("{} is not in this database", name(key)));
            continue;
        };
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
            Format::Jsonl => output::json_line(out, &to_json(&document)?)?,
            Format::Csv => record(out, &document)?,
            Format::Pmids => writeln!(out, "{key}")?,
        }
        found += 1;
    }
    if args.format == Format::Json {
        output::json_value(&mut context.out, &serde_json::Value::Array(all))?;
    }
    Ok(if found > 0 { EXIT_FOUND } else { EXIT_NONE })
}

fn name(key: &Key) -> String {
    match key {
        Key::Pmid(pmid) => format!("PMID {pmid}"),
        Key::Text(text) => format!("document {text}"),
    }
}

fn record(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let mesh: Vec<&str> = document.mesh.iter().map(|heading| heading.name.as_str()).collect();
    csv::record(
        out,
        &[
            &document.key.to_string(),
            &view::year(document),
            view::journal(document),
            document.display_title(),
            &document.abstract_text(),
            &mesh.join("; "),
        ],
    )
}
