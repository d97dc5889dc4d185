//! `medvec triples`

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use medvec::export::json;
use medvec::export::triples::{MedCptWriter, TripleFormat, TripleWriter, WrittenTriples};
use medvec::session::evaluate::{EvaluateSettings, Task};
use medvec::session::triples::{
    MineSettings, MineStats, Miner, NegativeKind, PassageText, QuerySample, Sampling, TrainingQuery,
};
use medvec::session::{EncoderChoice, HITS_MAX, NewFile, Session, SessionOptions, Strategy};
use medvec::{Control, Database, Error, Filter};
use serde_json::json;

use crate::args::{
    Benchmark, ModeName, NegativesName, PassageName, PositivesName, SamplingName, Triples,
    TriplesFormat,
};
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Failure, Result};
use crate::new_file;
use crate::strategies::translate;
use crate::style::{GOOD, agreed, count, counted};

pub(crate) fn run(args: &Triples, context: &mut Context) -> Result<u8> {
    check(args)?;
    // All files must be new before hours of work.
    let files = Files::create(args)?;
    let (session, queries) = {
        let progress = Arc::new(context.progress("reading"));
        opened(args, &context.watched(&progress))?
    };
    let settings = settings(args, filter(args, &session, context)?);
    let (mined, written) = {
        let progress = Arc::new(context.progress("mining"));
        made(args, files, &session, &queries, &settings, &context.watched(&progress))?
    };
    tell(args, &mined, &written, context);
    Ok(if written.rows > 0 { EXIT_FOUND } else { EXIT_NONE })
}

/// What is written.
struct Files {
    rows: Rows,
    stats: Option<NewFile>,
    /// The last field, which goes when the files in it have gone.
    folder: MadeFolder,
}

/// A folder that was made for files; removed again where nothing is in it.
struct MadeFolder(Option<PathBuf>);

impl Drop for MadeFolder {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // It fails where the files were written.
            let _ = std::fs::remove_dir(path);
        }
    }
}

/// One file in a format, or the folder of MedCPT.
enum Rows {
    File(TripleFormat, NewFile),
    Folder(Box<[NewFile; 4]>),
}

impl Files {
    fn create(args: &Triples) -> Result<Files> {
        let format = format(args.format);
        let is_made = format.is_none() && !args.output.exists();
        let folder = MadeFolder(is_made.then(|| args.output.clone()));
        let rows = match format {
            Some(format) => Rows::File(format, NewFile::create(&args.output)?),
            None => Rows::Folder(Box::new(files_in(&args.output)?)),
        };
        let stats = args.stats.as_deref().map(NewFile::create).transpose()?;
        Ok(Files { rows, stats, folder })
    }
}

/// Mines and writes.
fn made(
    args: &Triples,
    // Bindings go in the reverse order.
    Files { folder: _folder, rows, stats }: Files,
    session: &Session,
    queries: &[TrainingQuery],
    settings: &MineSettings,
    control: &Control,
) -> Result<(MineStats, WrittenTriples)> {
    let miner = Miner::open(session, settings, control)?;
    let (mined, written) = match rows {
        Rows::Folder(mut files) => {
            let mut writer = MedCptWriter::new(files.each_mut()).map_err(failed(args))?;
            let write = &mut |query| writer.write(&query).map_err(failed(args));
            let mined = miner.mine(queries, write)?;
            let written = writer.finish().map_err(failed(args))?;
            (*files).into_iter().try_for_each(NewFile::publish)?;
            (mined, written)
        }
        Rows::File(format, file) => new_file::fill(file, |file| {
            let mut writer = TripleWriter::new(format, args.count, file);
            let write = &mut |query| writer.write(&query).map_err(failed(args));
            Ok((miner.mine(queries, write)?, writer.finish()?))
        })?,
    };
    if let Some(mut file) = stats {
        let failed = file.failed();
        json::write(&mut file, &json!({"mined": mined, "written": written})).map_err(failed)?;
        file.publish()?;
    }
    Ok((mined, written))
}

/// Names the output in what went wrong with it.
fn failed(args: &Triples) -> impl Fn(io::Error) -> Error + use<> {
    let name = args.output.display().to_string();
    move |error| Error::io("write", name.clone(), error)
}

/// Refuses options that contradict each other.
fn check(args: &Triples) -> Result<()> {
    let refused = |message: &str| Err(Failure::usage(message));
    let is_of_documents = matches!(args.positives, PositivesName::Citations | PositivesName::Mesh);
    if args.stats.as_ref() == Some(&args.output) {
        return refused("--output and --stats name the same file");
    }
    if args.count == 0 {
        return refused("--count 0 asks for no negatives: give at least 1");
    }
    if args.range_min == 0 {
        return refused("--range-min counts from 1");
    }
    if args.range_max < args.range_min {
        return refused("--range-max is below --range-min: no rank lies between them");
    }
    if args.range_max > HITS_MAX {
        return Err(Failure::usage(format!(
            "--range-max {} is above the longest ranking, {HITS_MAX}",
            args.range_max
        )));
    }
    if args.positives_max == Some(0) || args.queries == Some(0) {
        return refused("--positives-max and --queries are 1 at least");
    }
    if is_of_documents && args.database.is_some() {
        return refused(
            "with --positives citations or mesh the first argument is the database: leave out --database",
        );
    }
    if args.positives == PositivesName::Clicks && args.database.is_none() {
        return refused(
            "a click log has no documents of its own: name a database with --database DB",
        );
    }
    if args.positives == PositivesName::Pairs {
        if args.database.is_none() {
            return refused("pairs bring no documents to mine: name a database with --database DB");
        }
        if args.margin.is_some() || args.relative_margin.is_some() {
            return refused(
                "--margin and --relative-margin need scores of positives, and the texts of pairs have none: use \
                 --max-score or --reranker",
            );
        }
        if !matches!(args.format, TriplesFormat::Triplet | TriplesFormat::NTuple) {
            return refused(
                "the texts of pairs have neither ids nor headings: use --format triplet or n-tuple",
            );
        }
    }
    let Benchmark { layout, split, qrels, variant, .. } = &args.benchmark;
    let of_task = layout.is_some() || split.is_some() || qrels.is_some() || !variant.is_empty();
    if args.positives != PositivesName::Judgements && (of_task || args.level != 1) {
        return refused(
            "--layout, --split, --qrels, --variant and --level go with --positives judgements only",
        );
    }
    let numbers = [args.max_score, args.margin, args.relative_margin];
    let of_reranker = [args.reranker_max_score, args.reranker_margin];
    if numbers.iter().chain(&of_reranker).flatten().any(|number| !number.is_finite()) {
        return refused("a highest score or a margin is not a finite number");
    }
    if args.positives == PositivesName::Judgements && Database::open(&args.source).is_ok() {
        return refused(
            "the first argument is a database, which has no judgements: say what is positive with --positives \
             citations or mesh, or name a benchmark and --database DB",
        );
    }
    Ok(())
}

/// The database, and the queries with their positives.
fn opened(args: &Triples, control: &Control) -> Result<(Session, Vec<TrainingQuery>)> {
    let mut options = SessionOptions::default().encoder(choice(args));
    if let Some(folder) = &args.reranker {
        options = options.reranker(folder);
    }
    let sample = args.queries.map(|count| QuerySample { count, seed: args.seed });
    let (session, mut queries) = match args.positives {
        PositivesName::Judgements => {
            let collection = args.benchmark.collection_options()?;
            let task = Task::open(&args.source, &collection, args.database.clone())?;
            let queries = TrainingQuery::of_task(&task, args.level);
            let session = match &args.database {
                Some(database) => Session::open(database, options)?,
                None => of_task(args, &task, control)?,
            };
            (session, queries)
        }
        PositivesName::Clicks | PositivesName::Pairs => {
            let queries = match args.positives {
                PositivesName::Pairs => TrainingQuery::of_pairs(&args.source)?,
                _ => TrainingQuery::of_clicks(&args.source)?,
            };
            let database = args.database.as_ref().unwrap_or(&args.source);
            (Session::open(database, options)?, queries)
        }
        PositivesName::Citations | PositivesName::Mesh => {
            let session = Session::open(&args.source, options)?;
            let snapshot = session.snapshot();
            let queries = match args.positives {
                PositivesName::Mesh => TrainingQuery::of_headings(&snapshot, sample, control)?,
                _ => TrainingQuery::of_citations(&snapshot, sample, control)?,
            };
            (session, queries)
        }
    };
    if let Some(sample) = sample {
        TrainingQuery::sample(&mut queries, sample);
    }
    Ok((session, queries))
}

fn choice(args: &Triples) -> EncoderChoice {
    args.encoder.as_ref().map_or_else(EncoderChoice::default, EncoderChoice::named)
}

/// The documents of a benchmark, imported unless they are in the cache.
fn of_task(args: &Triples, task: &Task, control: &Control) -> Result<Session> {
    let mut settings = EvaluateSettings::new(args.benchmark.cache()?);
    settings.reranker.clone_from(&args.reranker);
    let choice = choice(args);
    let encoder = (args.ranking != ModeName::Lexical).then_some(&choice);
    Ok(task.session(encoder, &settings, control)?)
}

/// What negatives must match.
fn filter(args: &Triples, session: &Session, context: &mut Context) -> Result<Filter> {
    let filter = args.filters.to_filter()?;
    let Some(query) = &args.filter else { return Ok(filter) };
    let strategy = Strategy::parse(query.as_str()).map_err(Error::from)?;
    Ok(filter.and(translate(&strategy, &session.snapshot(), context)?.filter()))
}

fn settings(args: &Triples, filter: Filter) -> MineSettings {
    let mut settings = MineSettings::default();
    settings.kinds.clear();
    for name in &args.negatives {
        let kind = match name {
            NegativesName::Rank => NegativeKind::Rank,
            NegativesName::Branch => NegativeKind::Branch,
            NegativesName::Citations => NegativeKind::Citations,
        };
        if !settings.kinds.contains(&kind) {
            settings.kinds.push(kind);
        }
    }
    settings.count = args.count;
    settings.mode = args.ranking.mode();
    settings.recall = args.recall;
    settings.range_min = args.range_min;
    settings.range_max = args.range_max;
    settings.sampling = match args.sampling {
        SamplingName::Random => Sampling::Random,
        SamplingName::Top => Sampling::Top,
    };
    settings.filter = filter;
    settings.max_score = args.max_score;
    settings.margin = args.margin;
    settings.relative_margin = args.relative_margin;
    settings.uses_reranker = args.reranker.is_some();
    settings.reranker_max_score = args.reranker_max_score;
    settings.reranker_margin = args.reranker_margin;
    settings.positives_max = args.positives_max;
    settings.passage = match args.passage {
        PassageName::Full => PassageText::Full,
        PassageName::Abstract => PassageText::Abstract,
        PassageName::Title => PassageText::Title,
    };
    settings.graded = args.format == TriplesFormat::LabeledPair;
    settings.seed = args.seed;
    settings
}

/// The format of a single file; `None` for MedCPT's folder.
fn format(name: TriplesFormat) -> Option<TripleFormat> {
    Some(match name {
        TriplesFormat::Triplet => TripleFormat::Triplet,
        TriplesFormat::NTuple => TripleFormat::NTuple,
        TriplesFormat::LabeledPair => TripleFormat::LabeledPair,
        TriplesFormat::MsMarco => TripleFormat::MsMarco,
        TriplesFormat::TripletIds => TripleFormat::TripletIds,
        TriplesFormat::Medcpt => return None,
    })
}

/// The new files of MedCPT, in a folder that may be new.
fn files_in(path: &Path) -> Result<[NewFile; 4]> {
    std::fs::create_dir_all(path)
        .map_err(|source| Error::io("create", path.display().to_string(), source))?;
    let [train, reranker, queries, articles] =
        MedCptWriter::<NewFile>::FILES.map(|name| NewFile::create(&path.join(name)));
    Ok([train?, reranker?, queries?, articles?])
}

/// Says what was made, and what was left out.
fn tell(args: &Triples, mined: &MineStats, written: &WrittenTriples, context: &mut Context) {
    let (rows, path) = (counted(written.rows, "row"), args.output.display());
    context.remark(format!("{GOOD}wrote{GOOD:#} {rows} to {path}"));
    context.remark(format!(
        "{}: {} with positives, {} without",
        counted(mined.queries, "query"),
        count(mined.with_positives),
        count(mined.without_positives)
    ));
    context.remark(format!(
        "{}; {} not in the database, {} without a text",
        counted(mined.positives, "positive"),
        count(mined.positives_missing),
        count(mined.positives_without_text)
    ));
    let kinds = mined.negatives_by_kind.iter();
    let kinds: Vec<String> =
        kinds.map(|(name, found)| format!("{} {name}", count(*found))).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    context.remark(format!("{}{kinds}", counted(mined.negatives, "negative")));
    let histogram = mined.negatives_per_query.iter();
    let histogram: Vec<String> =
        histogram.map(|(negatives, queries)| format!("{negatives}: {}", count(*queries))).collect();
    if !histogram.is_empty() {
        context.remark(format!("queries by number of negatives: {}", histogram.join(", ")));
    }
    let dropped = &mined.dropped;
    let reasons = [
        ("relevant", dropped.relevant),
        ("the query document", dropped.query_document),
        ("without a score", dropped.without_score),
        ("above --max-score", dropped.max_score),
        ("within the margin", dropped.margin),
        ("without a text", dropped.without_text),
        (agreed(dropped.duplicates, ["duplicate", "duplicates"]), dropped.duplicates),
        ("by the cross-encoder", dropped.reranker),
    ];
    let reasons: Vec<String> = reasons
        .iter()
        .filter(|(_, number)| *number > 0)
        .map(|(reason, number)| format!("{} {reason}", count(*number)))
        .collect();
    if !reasons.is_empty() {
        context.remark(format!("candidates dropped: {}", reasons.join(", ")));
    }
    if written.incomplete > 0 {
        context.remark(format!(
            "left out for want of negatives: {}",
            counted(written.incomplete, "query")
        ));
    }
    if written.ungraded > 0 {
        context.remark(format!(
            "left out for want of headings: {}",
            counted(written.ungraded, "pair")
        ));
    }
}
