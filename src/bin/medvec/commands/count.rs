//! `medvec count`

use std::io::{ErrorKind, Write};
use std::path::Path;

use medvec::session::{History, Strategy};

use crate::args::Count;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Failure, Result};
use crate::strategies::{read, show, translate};
use crate::style::count;

pub(crate) fn run(args: &Count, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let mut history = match &args.history {
        Some(path) => History::parse(&earlier(path)?)?,
        None => History::default(),
    };
    let strategy = match &args.history {
        Some(_) => history.add(&args.strategy)?.clone(),
        None => Strategy::parse(args.strategy.as_str()).map_err(medvec::Error::from)?,
    };
    let snapshot = args.databases.open()?.snapshot();
    let meant = translate(&strategy, &snapshot, context)?;
    let last = meant.lines.len().saturating_sub(1);
    let lines = meant.lines.get(last..).unwrap_or_default();
    let code = if !is_json && !args.explain && args.history.is_none() {
        writeln!(context.out, "{}", count(meant.documents()))?;
        if meant.documents() > 0 { EXIT_FOUND } else { EXIT_NONE }
    } else {
        show(&strategy, &meant, lines, (is_json, args.explain), context)?
    };
    if let Some(path) = &args.history {
        append(path, &history)?;
    }
    Ok(code)
}

/// The lines of a history; a file that is not there has none.
fn earlier(path: &Path) -> Result<String> {
    match path.try_exists() {
        Ok(false) => Ok(String::new()),
        _ => read(path),
    }
}

/// Adds the last line to the file.
fn append(path: &Path, history: &History) -> Result<()> {
    let failed =
        |error| Failure::from(medvec::Error::io("write", path.display().to_string(), error));
    let text = history.to_string();
    let line = text.lines().last().unwrap_or_default();
    let before = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(failed(error)),
    };
    let separator = if before.is_empty() || before.ends_with(b"\n") { "" } else { "\n" };
    let mut file =
        std::fs::OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    file.write_all(format!("{separator}{line}\n").as_bytes()).map_err(failed)
}
