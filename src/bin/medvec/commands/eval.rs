//! `medvec eval`

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use medvec::export::evaluation::{TableStyle, write_json, write_page, write_table};
use medvec::session::NewFile;
use medvec::session::evaluate::{
    Approach, EvaluateSettings, Task, TaskReport, check_runs, evaluate_pairs, open_run,
};

use crate::args::{ApproachName, Eval, ReportFormat};
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Failure, Result};
use crate::new_file;
use crate::style::GOOD;

pub(crate) fn run(args: &Eval, context: &mut Context) -> Result<u8> {
    let settings = settings(args)?;
    if args.output.is_some() && args.output == args.submission {
        return Err(Failure::usage("--output and --submission name the same file"));
    }
    // All files must be new before hours of work.
    let output = args.output.as_deref().map(NewFile::create).transpose()?;
    let mut reports = if !args.predictions.is_empty() {
        vec![one_task(args)?.evaluate_predictions(&args.predictions, &settings)?]
    } else if !args.submitted.is_empty() {
        let [path] = args.tasks.as_slice() else {
            return Err(Failure::usage("submissions are of one task"));
        };
        let task = Task::open_judged(path, &args.benchmark.collection_options()?)?;
        vec![task.evaluate_submissions(&args.submitted, &settings)?]
    } else if !args.runs.is_empty() {
        measured(args, &settings)?
    } else {
        asked(args, &settings, context)?
    };
    for path in &args.pairs {
        let progress = Arc::new(context.progress("embedding"));
        reports.push(evaluate_pairs(path, &settings, &context.watched(&progress))?);
    }
    if let Some(folder) = &args.write_runs {
        reports.iter().try_for_each(|report| report.write_runs(folder))?;
    }
    match (output, &args.output) {
        (Some(file), Some(path)) => {
            new_file::fill(file, |file| write(file, args, &reports))?;
            context.remark(format!("{GOOD}wrote{GOOD:#} {}", path.display()));
        }
        _ => write(&mut context.out.machine(), args, &reports)?,
    }
    let mut systems = reports.iter().flat_map(|report| &report.systems);
    Ok(if systems.any(|system| system.answered > 0) { EXIT_FOUND } else { EXIT_NONE })
}

fn settings(args: &Eval) -> Result<EvaluateSettings> {
    let mut settings = EvaluateSettings::new(args.benchmark.cache()?);
    settings.approaches.clear();
    for name in &args.compare {
        let approach = match name {
            ApproachName::Dense => Approach::Dense,
            ApproachName::Lexical => Approach::Lexical,
            ApproachName::Hybrid => Approach::Hybrid,
            ApproachName::Reranked if args.reranker.is_none() => {
                return Err(Failure::usage("`reranked` needs a cross-encoder: use --reranker"));
            }
            ApproachName::Reranked => Approach::Reranked,
        };
        if !settings.approaches.contains(&approach) {
            settings.approaches.push(approach);
        }
    }
    let choice = |name: Option<&String>| {
        let mut choice = args.model.choice(name.map(String::as_str));
        choice.query.clone_from(&args.query_encoder);
        choice
    };
    settings.encoders = match args.encoder.as_slice() {
        [] => vec![choice(None)],
        [_, _, ..] if args.is_of_one_model() => {
            return Err(Failure::usage(
                "--preset, --recipe, --adapter and --query-encoder are of one model: name one encoder",
            ));
        }
        names => names.iter().map(|name| choice(Some(name))).collect(),
    };
    if args.reranker.is_some() && !settings.approaches.contains(&Approach::Reranked) {
        return Err(Failure::usage(
            "--reranker sorts for `reranked` alone: name that in --compare",
        ));
    }
    settings.reranker.clone_from(&args.reranker);
    settings.measures.clear();
    for measure in &args.measures {
        if !settings.measures.contains(measure) {
            settings.measures.push(*measure);
        }
    }
    settings.depth = args.depth as usize;
    settings.ignore_identical_ids = args.ignore_identical_ids;
    settings.fresh = args.fresh;
    settings.index = args.index;
    settings.seed = args.seed;
    Ok(settings)
}

/// Asks the systems.
fn asked(
    args: &Eval,
    settings: &EvaluateSettings,
    context: &mut Context,
) -> Result<Vec<TaskReport>> {
    if args.submission.is_some() && args.tasks.len() != 1 {
        return Err(Failure::usage("a submission is of one task"));
    }
    let mut submission = args.submission.as_deref().map(NewFile::create).transpose()?;
    let mut tasks = Vec::new();
    for path in &args.tasks {
        // Rankings and submissions are made without judgements, too.
        let task = match args.write_runs.is_some() || args.submission.is_some() {
            true => {
                let options = args.benchmark.collection_options()?;
                Task::open_unjudged(path, &options, args.database.clone())?
            }
            false => task(args, path)?,
        };
        tasks.push(task);
    }
    let mut names = BTreeSet::new();
    if let Some(task) = tasks.iter().find(|task| !names.insert(&task.name))
        && args.write_runs.is_some()
    {
        let name = &task.name;
        return Err(Failure::usage(format!(
            "two tasks are called `{name}`: their rankings would be written to the same files"
        )));
    }
    if let Some(folder) = &args.write_runs {
        tasks.iter().try_for_each(|task| check_runs(folder, &task.name))?;
    }
    let mut reports = Vec::new();
    for task in tasks {
        let progress = Arc::new(context.progress("importing"));
        let control = context.watched(&progress);
        let report = task.evaluate(settings, &control)?;
        if let Some(file) = submission.take() {
            new_file::fill(file, |file| Ok(task.write_submission(file, &report)?))?;
        }
        reports.push(report);
    }
    Ok(reports)
}

/// Measures runs.
fn measured(args: &Eval, settings: &EvaluateSettings) -> Result<Vec<TaskReport>> {
    let task = match (&args.benchmark.qrels, args.tasks.as_slice()) {
        (Some(qrels), []) => Task::of_judgements(qrels)?,
        _ => one_task(args)?,
    };
    let runs = args.runs.iter().map(|path| open_run(path)).collect::<medvec::Result<_>>()?;
    Ok(vec![task.evaluate_runs(runs, settings)?])
}

/// The task that answers from files are measured against.
fn one_task(args: &Eval) -> Result<Task> {
    match args.tasks.as_slice() {
        [path] => task(args, path),
        _ if args.predictions.is_empty() => Err(Failure::usage(
            "runs are measured against the judgements of one task: name it, or use --qrels",
        )),
        _ => Err(Failure::usage("predictions are of one task")),
    }
}

fn task(args: &Eval, path: &Path) -> Result<Task> {
    Ok(Task::open(path, &args.benchmark.collection_options()?, args.database.clone())?)
}

fn write(out: &mut dyn Write, args: &Eval, reports: &[TaskReport]) -> Result<()> {
    let style = match args.format {
        ReportFormat::Json => return Ok(write_json(out, reports, args.per_query)?),
        ReportFormat::Html => return Ok(write_page(out, reports)?),
        ReportFormat::Text => TableStyle::Text,
        ReportFormat::Markdown => TableStyle::Markdown,
        ReportFormat::Latex => TableStyle::Latex,
    };
    for (place, report) in reports.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        write_table(out, report, style)?;
    }
    Ok(())
}
