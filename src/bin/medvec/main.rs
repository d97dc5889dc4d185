//! The command line of medvec.
//!
//! Everything here is a thin edge over the library: options become calls, answers become text. One
//! file a command in `commands/`; what they share is in the files beside this one.

mod args;
mod commands;
mod context;
mod csv;
mod encoders;
mod failure;
mod filters;
mod highlight;
mod interrupt;
mod keys;
mod npy;
mod output;
mod progress;
mod render;
mod sentences;
mod shell;
mod style;
mod vectors;
mod view;
mod wrap;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Color, Command};
use context::Context;
use failure::{Failure, Result};

/// Crates whose panics at wrong files the library turns into errors; those quote them.
const CONTAINED: [&str; 2] = ["parquet-", "tokenizers-"];

fn main() -> ExitCode {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or("", |place| place.file());
        if !CONTAINED.iter().any(|name| place.contains(name)) {
            tell(panic);
        }
    }));
    let cli = Cli::parse();
    match cli.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let mut context = Context::new(cli.quiet);
    let imports = matches!(cli.command, Command::Import(_));
    let result = run(cli.command, &mut context);
    // What was found before a failure is still worth having.
    let flushed = context.out.flush_all().map_err(Failure::from);
    let code = match result.and_then(|code| flushed.map(|()| code)) {
        Ok(code) => code,
        Err(failure) => {
            if !failure.is_broken_pipe() {
                report(&failure, imports);
            }
            failure.exit_code()
        }
    };
    ExitCode::from(code)
}

fn run(command: Command, context: &mut Context) -> Result<u8> {
    match command {
        Command::Quickstart(args) => commands::quickstart::run(&args, context),
        Command::Import(args) => commands::import::run(&args, context),
        Command::Embed(args) => commands::embed::run(&args, context),
        Command::Search(args) => commands::search::run(&args, context),
        Command::Get(args) => commands::get::run(&args, context),
        Command::Delete(args) => commands::delete::run(&args, context),
        Command::Stats(args) => commands::stats::run(&args, context),
        Command::Verify(args) => commands::verify::run(&args, context),
        Command::Repair(args) => commands::repair::run(&args, context),
        Command::Optimize(args) => commands::optimize::run(&args, context),
        Command::Compact(args) => commands::compact::run(&args, context),
        Command::Inspect(args) => commands::inspect::run(&args, context),
        Command::Encode(args) => commands::encode::run(&args, context),
        Command::Encoders(args) => commands::encoders::run(&args, context),
        Command::Fetch(args) => commands::fetch::run(&args, context),
        Command::Distill(args) => commands::distill::run(&args, context),
        Command::Completions(args) => commands::completions::run(&args, context),
    }
}

fn report(failure: &Failure, imports: bool) {
    let style = style::BAD;
    anstream::eprintln!("{style}error:{style:#} {failure}");
    if let Some(advice) = failure.advice(imports) {
        anstream::eprintln!("  {advice}");
    }
}
