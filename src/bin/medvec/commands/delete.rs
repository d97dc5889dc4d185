//! `medvec delete`

use std::io::{self, Write};

use medvec::WriterOptions;
use medvec::export::json;
use medvec::session::{KeyLookup, find_keys};
use serde_json::json;

use super::open::open;
use crate::args::Delete;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Result};
use crate::keys;
use crate::style::counted;

pub(crate) fn run(args: &Delete, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let texts = keys::read(&args.keys, io::stdin().lock())?;
    let control = context.control();
    let mut writer = open(&args.database)?.writer(WriterOptions::default())?;
    if texts.is_empty() {
        context.remark("no keys were given");
    }
    // The writer's own state: nothing changes between the lookup and the deletion.
    let all = find_keys(&texts, writer.snapshot())?;
    let (mut deleted, mut problems) = (0u64, Vec::new());
    for found in all {
        control.check()?;
        match found {
            KeyLookup::Found(key) => deleted += u64::from(writer.delete(&key)?),
            KeyLookup::Missing(remark) => {
                context.remark(&remark);
                problems.push(remark);
            }
        }
    }
    let generation = writer.commit()?.0;
    match is_json {
        true => {
            let report =
                json!({"generation": generation, "deleted": deleted, "problems": problems});
            json::write(&mut context.out.machine(), &report)?;
        }
        false => writeln!(context.out, "deleted {}", counted(deleted, "document"))?,
    }
    Ok(if deleted > 0 { EXIT_FOUND } else { EXIT_NONE })
}
