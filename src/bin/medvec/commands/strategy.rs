//! `medvec strategy`

use medvec::session::Strategy;

use crate::args::{StrategyArgs, StrategyCommand, StrategyRun};
use crate::context::Context;
use crate::failure::Result;
use crate::strategies::{read, show, translate};

pub(crate) fn run(args: &StrategyArgs, context: &mut Context) -> Result<u8> {
    match &args.command {
        StrategyCommand::Run(args) => run_file(args, context),
    }
}

fn run_file(args: &StrategyRun, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let strategy = Strategy::parse(read(&args.file)?).map_err(medvec::Error::from)?;
    let snapshot = args.databases.open()?.snapshot();
    let meant = translate(&strategy, &snapshot, context)?;
    show(&strategy, &meant, &meant.lines, (is_json, args.explain), context)
}
