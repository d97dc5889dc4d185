//! `medvec get`

use std::io::{self, Write};

use medvec::export::CitationWriter;
use medvec::session::{KeyLookup, find_keys, key_line};

use crate::args::{Format, Get};
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Failure, Result};
use crate::{keys, render};

pub(crate) fn run(args: &Get, context: &mut Context) -> Result<u8> {
    let texts = keys::read(&args.keys, io::stdin().lock())?;
    let snapshot = args.databases.open()?.snapshot();
    if texts.is_empty() {
        context.remark("no keys were given");
    }
    let mut found = Vec::new();
    for key in find_keys(&texts, &snapshot)? {
        match key {
            KeyLookup::Found(key) => found.push(key),
            KeyLookup::Missing(remark) => context.remark(remark),
        }
    }
    let columns = context.columns;
    let out = &mut context.out;
    match (args.format, args.format.of_documents()) {
        (Format::Pmids, _) => {
            let out = &mut out.machine();
            found.iter().try_for_each(|key| writeln!(out, "{}", key_line(key)))?;
        }
        (_, Some(format)) => {
            let mut out = out.machine();
            let mut writer = CitationWriter::new(format, &mut out)?;
            for key in &found {
                if let Some(document) = snapshot.get(key)? {
                    writer.write(&document)?;
                }
            }
            writer.finish()?;
        }
        (Format::Text, None) => {
            for (place, key) in found.iter().enumerate() {
                if place > 0 {
                    writeln!(out)?;
                }
                if let Some(document) = snapshot.get(key)? {
                    render::document(out, &document, columns)?;
                }
            }
        }
        (_, None) => {
            let reason =
                "a run for trec_eval has ranks, and documents have none: use another --format";
            return Err(Failure::usage(reason));
        }
    }
    Ok(if found.is_empty() { EXIT_NONE } else { EXIT_FOUND })
}
