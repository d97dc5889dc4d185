//! `medvec delete`

use std::io::{self, Write};

use medvec::db::WriterOptions;

use super::open;
use crate::args::Delete;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Result};
use crate::keys;
use crate::style::counted;

pub(crate) fn run(args: &Delete, context: &mut Context) -> Result<u8> {
    let keys = keys::read(&args.keys, io::stdin().lock())?;
    let control = context.control();
    let mut writer = open(&args.database)?.writer(WriterOptions::default())?;
    let mut deleted = 0u64;
    for key in &keys {
        control.check()?;
        match writer.delete(key)? {
            true => deleted += 1,
            false => context.remark(format!("{key} is not in this database")),
        }
    }
    writer.commit()?;
    writeln!(context.out, "deleted {}", counted(deleted, "document"))?;
    Ok(if deleted > 0 { EXIT_FOUND } else { EXIT_NONE })
}
