//! `medvec encoders`

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use medvec::export::json;
use medvec::session::models::{
    CrossEncoder, FolderEncoder, PRESETS, Preset, Purpose, Rehearsal, is_cross_encoder,
};
use medvec::session::{BUILTIN, models};
use medvec::{Control, Encoder, EncoderInput};
use serde_json::json;

use super::quickstart::sample_texts;
use crate::args::{Encoders, EncodersCommand, EncodersList};
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Failure, Result};
use crate::style::{FAINT, KEY, MARK};

/// How long an encoder is timed at least, unless it is through with the sample before.
const TIMED: Duration = Duration::from_secs(2);
/// The same for one layer in the shape of a known model.
const REHEARSED: Duration = Duration::from_millis(300);

/// Tokens that are run to see whether a whole text would take long.
const FEW_TOKENS: usize = 4;

/// How long one layer may take for a whole text, in seconds.
const TEXT_SECONDS_MAX: f64 = 10.0;

/// What is at hand.
struct Found {
    name: String,
    preset: Option<&'static Preset>,
    dimension: u32,
    length: u32,
    /// Seconds for 1,000 abstracts on all cores, or why that is not known.
    seconds: Result<Option<f64>, String>,
}

pub(crate) fn run(args: &Encoders, context: &mut Context) -> Result<u8> {
    let EncodersCommand::List(args) = &args.command;
    list(args, context)
}

fn list(args: &EncodersList, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let mut found = vec![builtin(args)?];
    for folder in model_folders(&args.folders)? {
        context.control().check()?;
        found.push(measured(&folder, args));
    }
    let known = rehearsed(args, context)?;
    match is_json {
        true => json::write(&mut context.out.machine(), &as_json(&found, &known))?,
        false => text(&mut context.out, &found, &known)?,
    }
    Ok(EXIT_FOUND)
}

fn builtin(args: &EncodersList) -> Result<Found> {
    let encoder = models::builtin()?;
    let seconds = match args.no_timing {
        true => None,
        false => Some(time(&|inputs| encoder.encode_documents(inputs).map(drop), TIMED)?),
    };
    let dimension = encoder.spec().dimension;
    Ok(Found { name: BUILTIN.to_owned(), preset: None, dimension, length: 0, seconds: Ok(seconds) })
}

/// Opens and times a model; what is wrong with one does not hide the others.
fn measured(folder: &Path, args: &EncodersList) -> Found {
    let preset = Preset::of_path(folder);
    let name = folder.display().to_string();
    match try_measure(folder, args) {
        Ok((dimension, length, seconds)) => {
            Found { name, preset, dimension, length, seconds: Ok(seconds) }
        }
        Err(problem) => {
            Found { name, preset, dimension: 0, length: 0, seconds: Err(problem.to_string()) }
        }
    }
}

fn try_measure(folder: &Path, args: &EncodersList) -> Result<(u32, u32, Option<f64>)> {
    if is_cross_encoder(folder)? {
        let cross = CrossEncoder::open(folder)?;
        let score = |inputs: &[EncoderInput]| {
            cross.rank("does it help", inputs, 1, &Control::default()).map(drop)
        };
        let seconds = if args.no_timing { None } else { Some(time(&score, TIMED)?) };
        return Ok((1, cross.tokens_max(), seconds));
    }
    let encoder = FolderEncoder::open(folder)?;
    let run = |inputs: &[EncoderInput]| encoder.encode_documents(inputs).map(drop);
    let seconds = if args.no_timing { None } else { Some(time(&run, TIMED)?) };
    let spec = encoder.spec();
    Ok((spec.dimension, spec.document.tokens_max, seconds))
}

/// Seconds for 1,000 abstracts with each preset, from one layer of its shape.
fn rehearsed(
    args: &EncodersList,
    context: &Context,
) -> Result<Vec<(&'static Preset, Option<f64>)>> {
    let mut known: Vec<(&Preset, Option<f64>)> = Vec::new();
    let words = models::builtin_static()?;
    let tokens = |input: &EncoderInput| {
        let mut ids = Vec::new();
        words.wordpiece().encode(&input.title, &mut ids);
        words.wordpiece().encode(&input.text, &mut ids);
        ids.len()
    };
    let progress = context.progress("measuring a layer of each known model");
    let presets = match args.known.as_slice() {
        [] => PRESETS.iter().collect(),
        names => names.iter().map(|name| Preset::by_name(name)).collect::<Result<Vec<_>, _>>()?,
    };
    for preset in &presets {
        context.control().check()?;
        let alike = known.iter().find(|(other, _)| other.costs_as(preset));
        let seconds = match (args.no_timing, alike) {
            (true, _) => None,
            (_, Some((_, seconds))) => *seconds,
            _ => {
                let rehearsal = Rehearsal::new(preset)?;
                let run = |inputs: &[EncoderInput]| {
                    inputs.iter().try_for_each(|input| rehearsal.run(tokens(input)))
                };
                let per_layer = match long_texts(&rehearsal, &tokens)? {
                    Some(seconds) => seconds,
                    None => time(&run, REHEARSED)?,
                };
                Some(per_layer * rehearsal.layers() as f64)
            }
        };
        known.push((preset, seconds));
        let stage = "measuring a layer of each known model";
        progress.stage(stage, "models", known.len() as u64, presets.len() as u64);
    }
    Ok(known)
}

/// Seconds for 1,000 abstracts by the price of a few tokens, where a whole text would take long: as on a
/// processor without wide registers with one of the largest models. Leaves out that attention grows with
/// the square of a text's length. `None` where a whole text is quick.
fn long_texts(
    rehearsal: &Rehearsal,
    tokens: &dyn Fn(&EncoderInput) -> usize,
) -> Result<Option<f64>> {
    // The first run pays for memory that the others use again.
    rehearsal.run(FEW_TOKENS)?;
    let started = Instant::now();
    rehearsal.run(FEW_TOKENS)?;
    let per_token = started.elapsed().as_secs_f64() / FEW_TOKENS as f64;
    let texts = sample_texts()?;
    let cut = |input| tokens(input).min(rehearsal.tokens_max());
    let mean = texts.iter().map(cut).sum::<usize>() as f64 / texts.len().max(1) as f64;
    if per_token * mean < TEXT_SECONDS_MAX {
        return Ok(None);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Some(per_token * mean * 1000.0 / threads as f64))
}

/// Seconds for 1,000 abstracts, one thread per core, from a part of the sample that takes `least`.
fn time(
    run: &(dyn Fn(&[EncoderInput]) -> medvec::Result<()> + Sync),
    least: Duration,
) -> Result<f64> {
    let texts = sample_texts()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    // The first one pays for memory that the others use again.
    run(texts.get(..1).unwrap_or_default())?;
    let started = Instant::now();
    let work = || -> medvec::Result<usize> {
        let mut own = 0;
        while own == 0 || started.elapsed() < least {
            let Some(text) = texts.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            run(std::slice::from_ref(text))?;
            own += 1;
        }
        Ok(own)
    };
    let done = std::thread::scope(|scope| {
        let start = |_| std::thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..threads).map_while(start).collect();
        let mut done = work()?;
        for other in others {
            done += other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok::<_, medvec::Error>(done)
    })?;
    Ok(started.elapsed().as_secs_f64() * 1000.0 / done.max(1) as f64)
}

/// Model folders among these, in them, and in the cache of Hugging Face.
fn model_folders(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let is_model = |path: &Path| path.join("config.json").is_file();
    let inside = |path: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let mut inside: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        inside.sort();
        inside
    };
    let mut found = Vec::new();
    for folder in given {
        if !folder.is_dir() {
            return Err(Failure::usage(format!("no folder at {}", folder.display())));
        }
        match is_model(folder) {
            true => found.push(folder.clone()),
            false => found.extend(inside(folder).into_iter().filter(|path| is_model(path))),
        }
    }
    // Without a home directory there is no cache.
    let cache = models::Hub::from_env().map(|hub| hub.cache().to_owned());
    for model in cache.into_iter().flat_map(|cache| inside(&cache)) {
        let snapshots = inside(&model.join("snapshots"));
        found.extend(snapshots.into_iter().filter(|path| is_model(path)));
    }
    Ok(found)
}

fn length(tokens: u32) -> String {
    if tokens == 0 { "any".to_owned() } else { tokens.to_string() }
}

fn text(out: &mut dyn Write, found: &[Found], known: &[(&Preset, Option<f64>)]) -> io::Result<()> {
    writeln!(
        out,
        "{FAINT}at hand{:>26} {:>7} {:>16}{FAINT:#}",
        "vector", "tokens", "s/1,000 abstracts"
    )?;
    for one in found {
        writeln!(out, "{KEY}{}{KEY:#}", one.name)?;
        if let Some(preset) = one.preset {
            writeln!(out, "  {} ({}), {}", preset.name, preset.model, preset.licence)?;
        }
        match &one.seconds {
            Ok(seconds) => {
                let seconds = seconds.map_or("-".to_owned(), |seconds| format!("{seconds:.2}"));
                let tokens = length(one.length);
                writeln!(out, "{:>33} {tokens:>7} {seconds:>17}", one.dimension)?;
            }
            Err(problem) => writeln!(out, "  {MARK}{problem}{MARK:#}")?,
        }
    }
    writeln!(
        out,
        "\n{FAINT}{:<20} {:>6} {:>6} {:>8} {:>17}  licence{FAINT:#}",
        "known", "vector", "tokens", "size", "s/1,000 abstracts"
    )?;
    for (preset, seconds) in known {
        let seconds = seconds.map_or("-".to_owned(), |seconds| format!("about {seconds:.0}"));
        let size = format!("{} MB", preset.parameters * 4);
        let tokens = if preset.length == 0 { "folder".to_owned() } else { length(preset.length) };
        writeln!(
            out,
            "{KEY}{:<20}{KEY:#} {:>6} {tokens:>6} {size:>8} {seconds:>17}  {}",
            preset.name, preset.dimension, preset.licence
        )?;
        writeln!(out, "  {FAINT}{}{}{FAINT:#}", preset.model, purpose(preset))?;
        if !preset.restriction.is_empty() {
            writeln!(out, "  {MARK}{}{MARK:#}", preset.restriction)?;
        }
    }
    Ok(())
}

fn purpose(preset: &Preset) -> String {
    match preset.purpose {
        Purpose::Both => String::new(),
        Purpose::Documents { query } => format!(", documents; queries by {query}"),
        Purpose::Queries { document } => format!(", queries; documents by {document}"),
        Purpose::Scores => ", re-ranks".to_owned(),
    }
}

fn as_json(found: &[Found], known: &[(&Preset, Option<f64>)]) -> serde_json::Value {
    let at_hand = |one: &Found| {
        json!({
            "encoder": one.name,
            "preset": one.preset.map(|preset| preset.name),
            "dimension": one.dimension,
            "max_length": if one.length == 0 { None } else { Some(one.length) },
            "licence": one.preset.map(|preset| preset.licence),
            "seconds_per_1000_abstracts": one.seconds.as_ref().ok(),
            "problem": one.seconds.as_ref().err(),
        })
    };
    let preset = |(preset, seconds): &(&Preset, Option<f64>)| {
        json!({
            "preset": preset.name,
            "model": preset.model,
            "dimension": preset.dimension,
            "max_length": if preset.length == 0 { None } else { Some(preset.length) },
            "parameters_millions": preset.parameters,
            "seconds_per_1000_abstracts_from_one_layer": seconds,
            "licence": preset.licence,
            "restriction": if preset.restriction.is_empty() { None } else { Some(preset.restriction) },
        })
    };
    json!({
        "at_hand": found.iter().map(at_hand).collect::<Vec<_>>(),
        "known": known.iter().map(preset).collect::<Vec<_>>(),
    })
}
