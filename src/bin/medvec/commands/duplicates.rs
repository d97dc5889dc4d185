//! `medvec duplicates`

use std::io::Write;
use std::sync::Arc;

use medvec::export::json;
use medvec::session::{duplicates, key_line};

use crate::args::Duplicates;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Result};
use crate::style::{FAINT, KEY, TITLE, counted};
use crate::terminal::one_line;

pub(crate) fn run(args: &Duplicates, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let snapshot = args.databases.open()?.snapshot();
    let progress = Arc::new(context.progress("comparing"));
    let groups = duplicates(&snapshot, &context.watched(&progress));
    drop(progress);
    let groups = groups?;
    if is_json {
        json::write(&mut context.out.machine(), &groups)?;
    } else {
        for group in &groups {
            let keys: Vec<String> = group.keys.iter().map(key_line).collect();
            let reasons: Vec<&str> = group.reasons.iter().map(|reason| reason.name()).collect();
            writeln!(
                context.out,
                "{KEY}{}{KEY:#}  {FAINT}same {}{FAINT:#}  {TITLE}{}{TITLE:#}",
                keys.join(" "),
                reasons.join(", "),
                one_line(&group.title)
            )?;
        }
        let groups = counted(groups.len() as u64, "group");
        context.remark(format!("{FAINT}{groups} of documents that are likely one{FAINT:#}"));
    }
    Ok(if groups.is_empty() { EXIT_NONE } else { EXIT_FOUND })
}
