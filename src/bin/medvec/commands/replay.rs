//! `medvec search --save-search` and `--replay`

use std::io::Write;
use std::path::Path;

use medvec::Error;
use medvec::export::json;
use medvec::session::{Answer, Replay, Request, SavedSearch, Session, key_line};

use crate::args::Format;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Result};
use crate::new_file;
use crate::style::{FAINT, GOOD, KEY, MARK, count, counted};
use crate::terminal::one_line;

/// Keys of each kind that are listed.
const LISTED_MAX: usize = 20;

/// Puts a search on record.
pub(super) fn save(
    session: &Session,
    request: &Request,
    answer: &Answer,
    path: &Path,
    context: &mut Context,
) -> Result<()> {
    let saved = session.save(request, answer)?;
    new_file::filled(path, |file| Ok(json::write(file, &saved)?))?;
    context.remark(format!("{FAINT}search saved to {}{FAINT:#}", path.display()));
    Ok(())
}

/// Asks a search on record again and says what changed.
pub(super) fn run(
    session: &Session,
    path: &Path,
    format: Format,
    context: &mut Context,
) -> Result<u8> {
    let is_json = format.is_json("a replay is written")?;
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Error::io("read", &name, error))?;
    let saved = SavedSearch::read(&name, &text)?;
    let replay = session.replay(&saved, &context.control())?;
    match is_json {
        true => json::write(&mut context.out.machine(), &replay.to_json(&saved))?,
        false => show(&saved, &replay, context)?,
    }
    Ok(if replay.is_same(&saved) { EXIT_FOUND } else { EXIT_NONE })
}

fn show(saved: &SavedSearch, replay: &Replay, context: &mut Context) -> Result<()> {
    let out = &mut context.out;
    let (before, now) = (saved.answer.matched, replay.answer.matched);
    if replay.is_same(saved) {
        let hits = counted(replay.answer.hits.len() as u64, "hit");
        writeln!(
            out,
            "{GOOD}the same{GOOD:#} as saved at {}: {} matching, {hits} in the same order",
            one_line(&saved.saved),
            count(now)
        )?;
    } else {
        writeln!(
            out,
            "{MARK}not the same{MARK:#} as saved at {}: {} matching then, {} now",
            one_line(&saved.saved),
            count(before),
            count(now)
        )?;
    }
    let moved = replay
        .moved
        .iter()
        .map(|one| format!("{} ({} to {})", key_line(&one.key), one.before, one.now));
    let names = |keys: &[medvec::Key]| keys.iter().map(key_line).collect();
    let lists: [(&str, Vec<String>); 3] = [
        ("added", names(&replay.added)),
        ("lost", names(&replay.lost)),
        ("moved", moved.collect()),
    ];
    for (what, keys) in lists.iter().filter(|(_, keys)| !keys.is_empty()) {
        let listed: Vec<String> = keys.iter().take(LISTED_MAX).map(|key| one_line(key)).collect();
        let more = if keys.len() > LISTED_MAX { ", ..." } else { "" };
        let total = count(keys.len() as u64);
        writeln!(
            out,
            "{FAINT}{what:<6}{FAINT:#} {total}: {KEY}{}{KEY:#}{more}",
            listed.join(", ")
        )?;
    }
    for cause in &replay.causes {
        writeln!(out, "{FAINT}since{FAINT:#}  {}", one_line(cause))?;
    }
    Ok(())
}
