//! `medvec completions`

use clap::CommandFactory;

use crate::args::{Cli, Completions};
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Result};

pub(crate) fn run(args: &Completions, context: &mut Context) -> Result<u8> {
    // `generate` panics when its writer fails, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "medvec", &mut script);
    std::io::Write::write_all(&mut context.out.machine(), &script)?;
    Ok(EXIT_FOUND)
}
