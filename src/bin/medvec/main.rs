//! The command line of medvec.
//!
//! Everything here is a thin edge over the library: options become calls, answers become text. One
//! file per command in `commands/`; what they share is in the files beside this one.

mod args;
mod commands;
mod context;
mod databases;
mod encoders;
mod failure;
mod filters;
mod hints;
mod interrupt;
mod keys;
mod limits;
mod new_file;
mod output;
mod progress;
mod recall;
mod refusals;
mod render;
mod shell;
mod strategies;
mod style;
mod terminal;
mod wrap;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Color, Command};
use context::Context;
use failure::{EXIT_ERROR, EXIT_FOUND, Failure, Result, Task};
use style::BAD;
use terminal::say;

/// Crates whose panics at wrong files the library turns into errors; those quote them.
const CONTAINED: [&str; 2] = ["parquet-", "tokenizers-"];

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or("", |place| place.file());
        if !CONTAINED.iter().any(|name| place.contains(name)) {
            say(format!("{BAD}internal error:{BAD:#} {panic}"));
        }
    }));
    limits::outlive_file_size_limit();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(answered(&error)),
    };
    match cli.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let mut context = Context::new(cli.quiet, cli.progress);
    let task = match &cli.command {
        Command::Import(args) if !args.keep_going => Task::Import,
        Command::Sync(args) if !args.keep_going => Task::Import,
        Command::Repair(args) if !args.undo => Task::Repair,
        Command::Unpack(_) => Task::Unpack,
        _ => Task::Other,
    };
    let result = run(cli.command, &mut context);
    // What was found before a failure is still worth having.
    let flushed = context.out.flush_all().map_err(Failure::from);
    let code = result.and_then(|code| flushed.map(|()| code));
    ExitCode::from(code.unwrap_or_else(|failure| reported(&failure, task)))
}

/// Answers a command line that is not run, because it is wrong or asks for help.
fn answered(error: &clap::Error) -> u8 {
    let text = error.render();
    if error.use_stderr() {
        // What was typed is part of the message, so no escape sequence in it is certainly clap's.
        let text = text.to_string();
        say(match text.strip_prefix("error: ") {
            Some(rest) => format!("{BAD}error:{BAD:#} {}", rest.trim_end()),
            None => text.trim_end().to_owned(),
        });
        return EXIT_ERROR;
    }
    let mut out = anstream::stdout();
    let written = write!(out, "{}", text.ansi()).and_then(|()| out.flush());
    written.map_or_else(|error| reported(&error.into(), Task::Other), |()| EXIT_FOUND)
}

/// Says why a command failed; returns its exit code.
fn reported(failure: &Failure, task: Task) -> u8 {
    if !failure.is_broken_pipe() {
        say(format!("{BAD}error:{BAD:#} {failure}"));
        if let Some(advice) = failure.advice(task) {
            say(format!("  {advice}"));
        }
    }
    failure.exit_code()
}

fn run(command: Command, context: &mut Context) -> Result<u8> {
    match command {
        Command::Quickstart(args) => commands::quickstart::run(&args, context),
        Command::Import(args) => commands::import::run(&args, context),
        Command::Sync(args) => commands::sync::run(&args, context),
        Command::Embed(args) => commands::embed::run(&args, context),
        Command::Search(args) => commands::search::run(&args, context),
        Command::Count(args) => commands::count::run(&args, context),
        Command::Strategy(args) => commands::strategy::run(&args, context),
        Command::Get(args) => commands::get::run(&args, context),
        Command::Delete(args) => commands::delete::run(&args, context),
        Command::Stats(args) => commands::stats::run(&args, context),
        Command::Verify(args) => commands::verify::run(&args, context),
        Command::Repair(args) => commands::repair::run(&args, context),
        Command::Backup(args) => commands::moving::backup(&args, context),
        Command::Pack(args) => commands::moving::pack(&args, context),
        Command::Unpack(args) => commands::moving::unpack(&args, context),
        Command::Diff(args) => commands::moving::diff(&args, context),
        Command::Apply(args) => commands::moving::apply(&args, context),
        Command::Merge(args) => commands::moving::merge(&args, context),
        Command::Optimize(args) => commands::optimize::run(&args, context),
        Command::Compact(args) => commands::compact::run(&args, context),
        Command::Inspect(args) => commands::inspect::run(&args, context),
        Command::Similar(args) => commands::similar::run(&args, context),
        Command::Duplicates(args) => commands::duplicates::run(&args, context),
        Command::Export(args) => commands::export::run(&args, context),
        Command::Eval(args) => commands::eval::run(&args, context),
        Command::Triples(args) => commands::triples::run(&args, context),
        Command::Encode(args) => commands::encode::run(&args, context),
        Command::Encoders(args) => commands::encoders::run(&args, context),
        Command::Fetch(args) => commands::fetch::run(&args, context),
        Command::Distill(args) => commands::distill::run(&args, context),
        Command::Mesh(args) => commands::mesh::run(&args, context),
        Command::Completions(args) => commands::completions::run(&args, context),
    }
}
