//! `medvec get`

use std::io::{self, Write};

use medvec::export::{csv, json};
use medvec::session::{KeyLookup, find_keys};

use super::open::open;
use crate::args::{Format, Get};
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Result};
use crate::{keys, render};

pub(crate) fn run(args: &Get, context: &mut Context) -> Result<u8> {
    let texts = keys::read(&args.keys, io::stdin().lock())?;
    let snapshot = open(&args.database)?.snapshot();
    if texts.is_empty() {
        context.remark("no keys were given");
    }
    let mut found = 0u64;
    let mut all = Vec::new();
    if args.format == Format::Csv {
        csv::document_header(&mut context.out.machine())?;
    }
    for key in find_keys(&texts, &snapshot)? {
        let key = match key {
            KeyLookup::Found(key) => key,
            KeyLookup::Missing(remark) => {
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
            Format::Json => all.push(json::document(&document)?),
            Format::Jsonl => json::write_line(&mut out.machine(), &json::document(&document)?)?,
            Format::Csv => csv::document(&mut out.machine(), &document)?,
            Format::Pmids => writeln!(out.machine(), "{}", keys::line(&key.to_string()))?,
        }
        found += 1;
    }
    if args.format == Format::Json {
        json::write(&mut context.out.machine(), &all)?;
    }
    Ok(if found > 0 { EXIT_FOUND } else { EXIT_NONE })
}
