//! `medvec search`

use std::io::Write;

use medvec::db::Snapshot;
use medvec::encode::folder::{CrossEncoder, FolderOptions, has_towers};
use medvec::search::{Accuracy, Filter, IndexExplain, Plan, Query, SearchResult, WhyExact};
use medvec::{Document, Encoder};

use super::open;
use crate::args::{Format, Search};
use crate::context::Context;
use crate::encoders;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Failure, Result};
use crate::hints;
use crate::output::{Answer, Remark, answer};
use crate::sentences::best_sentences;
use crate::style::{FAINT, count, counted, duration};
use crate::terminal::say;
use crate::view::HitView;

pub(crate) fn run(args: &Search, context: &mut Context) -> Result<u8> {
    let filter = args.filters.to_filter()?;
    let snapshot = open(&args.database)?.snapshot();
    let question = args.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    if args.k == 0 {
        return counted_only(args, question, &snapshot, filter, context);
    }
    let Some(question) = question else {
        return list(args, &snapshot, filter, context);
    };
    let judge = match &args.rerank {
        Some(folder) => {
            let options = FolderOptions::new().device(args.model.device());
            Some(CrossEncoder::open_with(folder, &options)?)
        }
        None => None,
    };
    let encoder = encoders::for_snapshot(&snapshot, args.encoder.as_deref(), &args.model)?;
    let k = if judge.is_some() { args.k.max(args.rerank_top) } else { args.k };
    let query = Query::embed(&*encoder, question)?
        .k(k)
        .filter(filter)
        .accuracy(accuracy(args))
        .control(context.control());
    let mut result = snapshot.search(&query)?;
    let mut documents = documents(&snapshot, &result)?;
    if let Some(judge) = &judge {
        documents = rerank(judge, question, args.k, &mut result, documents, context)?;
    }
    let mut views = views(&result, &documents, true);
    // A query tower alone cannot embed sentences of documents.
    if args.format != Format::Pmids && !has_towers(encoder.spec()) {
        let texts: Vec<String> =
            documents.iter().map(|document| document.encoder_input().text).collect();
        for (view, sentence) in views.iter_mut().zip(best_sentences(&*encoder, question, &texts)?) {
            view.sentence = sentence;
        }
    }
    let remarks = hints::remarks(question, &snapshot, &args.database)?;
    let shown =
        Shown { question: Some(question), views: &views, encoder: Some(&*encoder), remarks };
    finish(args, shown, &snapshot, &result, context)
}

/// `-k 0`: how many documents pass the filters. A text has no part in that.
fn counted_only(
    args: &Search,
    question: Option<&str>,
    snapshot: &Snapshot,
    filter: Filter,
    context: &mut Context,
) -> Result<u8> {
    let query = Query::matching(filter).k(0).control(context.control());
    let result = snapshot.search(&query)?;
    let mut remarks = Vec::new();
    if let Some(question) = question {
        remarks.extend(hints::remarks(question, snapshot, &args.database)?);
        let text = "-k 0 counts what the filters match; the text only orders hits";
        remarks.push(Remark::new("count", text));
    }
    remarks.extend(result.notes.iter().map(Remark::from));
    if result.matched == 0 {
        remarks.extend(nothing(args, snapshot)?);
    }
    let of_all = format!(
        "{} of {} in the database",
        counted(result.matched, "matching document"),
        count(snapshot.len())
    );
    if args.format == Format::Text {
        writeln!(context.out, "{of_all}")?;
    } else {
        let whole = Answer {
            question,
            matched: result.matched,
            documents: snapshot.len(),
            undated: result.undated(),
            remarks: &remarks,
            hits: &[],
        };
        answer(&mut context.out, args.format, &whole, context.columns)?;
        context.remark(of_all);
    }
    for remark in &remarks {
        context.remark(&remark.text);
    }
    Ok(if result.matched > 0 { EXIT_FOUND } else { EXIT_NONE })
}

/// What to say when no document passes the filters.
fn nothing(args: &Search, snapshot: &Snapshot) -> Result<Vec<Remark>> {
    if snapshot.is_empty() {
        return Ok(vec![Remark::new("nothing", "nothing found: the database holds no documents")]);
    }
    let text = "nothing found: no document passes these filters";
    let mut remarks = vec![Remark::new("nothing", text)];
    let why = snapshot.why_nothing(&args.filters.to_filter()?)?;
    remarks.extend(why.iter().map(Remark::from));
    Ok(remarks)
}

/// Sorts hits by the scores of a cross-encoder, best first, and keeps `k` of them; where scores are
/// equal the order stays.
fn rerank(
    judge: &CrossEncoder,
    question: &str,
    k: usize,
    result: &mut SearchResult,
    documents: Vec<Document>,
    context: &Context,
) -> Result<Vec<Document>> {
    let texts: Vec<_> = documents.iter().map(Document::encoder_input).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let scores = judge.rank(question, &texts, threads, &context.control())?;
    let mut hits: Vec<_> = result.hits.drain(..).zip(documents).zip(scores).collect();
    hits.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    hits.truncate(k);
    let mut kept = Vec::with_capacity(hits.len());
    for ((mut hit, document), score) in hits {
        hit.score = score;
        result.hits.push(hit);
        kept.push(document);
    }
    Ok(kept)
}

fn accuracy(args: &Search) -> Accuracy {
    match (args.exact, args.recall, args.probes) {
        (true, _, _) => Accuracy::Exact,
        (_, Some(recall), _) => Accuracy::Recall(recall),
        (_, _, Some(probes)) => Accuracy::Effort { probes, candidates: args.candidates },
        _ => Accuracy::default(),
    }
}

/// Without a question: what the filters match, newest first.
fn list(args: &Search, snapshot: &Snapshot, filter: Filter, context: &mut Context) -> Result<u8> {
    if filter == Filter::All {
        return Err(Failure::usage(
            "nothing to search for: give a text, a filter (--mesh, --year, ...), or both",
        ));
    }
    let query = Query::matching(filter).k(args.k).control(context.control());
    let result = snapshot.search(&query)?;
    let views = views(&result, &documents(snapshot, &result)?, false);
    let mut remarks = Vec::new();
    if args.text.is_some() {
        let text = "the text is empty: documents that pass the filters are listed, newest first";
        remarks.push(Remark::new("empty-text", text));
    }
    let shown = Shown { question: None, views: &views, encoder: None, remarks };
    finish(args, shown, snapshot, &result, context)
}

fn documents(snapshot: &Snapshot, result: &SearchResult) -> Result<Vec<Document>> {
    let mut documents = Vec::with_capacity(result.hits.len());
    for hit in &result.hits {
        // A hit of this snapshot always has its document; a bare one would still show its key.
        let document = snapshot.document(hit)?;
        documents.push(document.unwrap_or_else(|| Document::new(hit.key.clone())));
    }
    Ok(documents)
}

fn views(result: &SearchResult, documents: &[Document], scored: bool) -> Vec<HitView> {
    let hits = result.hits.iter().zip(documents).enumerate();
    hits.map(|(place, (hit, document))| {
        HitView::new(place + 1, scored.then_some(hit.score), document)
    })
    .collect()
}

/// What is written of a search.
struct Shown<'a> {
    question: Option<&'a str>,
    views: &'a [HitView],
    encoder: Option<&'a dyn Encoder>,
    remarks: Vec<Remark>,
}

fn finish(
    args: &Search,
    shown: Shown<'_>,
    snapshot: &Snapshot,
    result: &SearchResult,
    context: &mut Context,
) -> Result<u8> {
    let Shown { question, views, encoder, mut remarks } = shown;
    remarks.extend(result.notes.iter().map(Remark::from));
    if views.is_empty() {
        remarks.extend(match result.matched {
            0 => nothing(args, snapshot)?,
            matched => {
                let text = format!(
                    "nothing found: {} pass the filters, none of them has a vector",
                    counted(matched, "document")
                );
                vec![Remark::new("nothing", text)]
            }
        });
    }
    let whole = Answer {
        question,
        matched: result.matched,
        documents: snapshot.len(),
        undated: result.undated(),
        remarks: &remarks,
        hits: views,
    };
    answer(&mut context.out, args.format, &whole, context.columns)?;
    if args.explain {
        context.out.flush_all()?;
        explain(result, encoder);
    }
    if !views.is_empty() && args.format == Format::Text {
        context.remark(format!(
            "\n{FAINT}{} of {} ({} in the database), {}{FAINT:#}",
            count(views.len() as u64),
            counted(result.matched, "matching document"),
            count(snapshot.len()),
            duration(result.explain.total_time),
        ));
    }
    for remark in &remarks {
        context.remark(&remark.text);
    }
    Ok(if views.is_empty() { EXIT_NONE } else { EXIT_FOUND })
}

/// Says on standard error how the answer was found.
fn explain(result: &SearchResult, encoder: Option<&dyn Encoder>) {
    if let Some(encoder) = encoder {
        let spec = encoder.spec();
        say(format!(
            "encoder   {} ({}, {} dimensions, {})",
            spec.name,
            spec.family,
            spec.dimension,
            spec.fingerprint()
        ));
    }
    if let Some(index) = &result.explain.index {
        explain_index(index);
    }
    if let Some(why) = result.explain.exact {
        say(format!("exact     {}", explain_exact(why)));
    }
    for part in &result.explain.segments {
        let plan = match part.plan {
            Plan::Skip => "skipped",
            Plan::ExactScan => "exact scan of every row",
            Plan::ExactScanOfMatches => "exact scan of matching rows",
            Plan::Index => "index",
            Plan::IndexOfMatches => "index, lists with matches only",
            Plan::List => "list by date",
            _ => "another plan",
        };
        say(format!(
            "segment   {}: {} rows, {} match, {} scored: {plan}",
            part.segment,
            count(part.rows),
            count(part.matched),
            count(part.scanned)
        ));
    }
    say(format!(
        "time      {} for filters, {} in all",
        duration(result.explain.filter_time),
        duration(result.explain.total_time)
    ));
}

fn explain_exact(why: WhyExact) -> &'static str {
    match why {
        WhyExact::Asked => "every matching document is compared, as asked",
        WhyExact::Quick => {
            "every matching document is compared: no recall was asked for, and it is quick"
        }
        WhyExact::Cheaper => "every matching document is compared: the index would cost more",
        WhyExact::NotIndexed => "every matching document is compared: none is indexed",
        WhyExact::NotMeasured => {
            "every matching document is compared: the recall of the index was not measured"
        }
        WhyExact::BeyondMeasured => {
            "every matching document is compared: more recall is wanted than was measured"
        }
        _ => "every matching document is compared",
    }
}

fn explain_index(index: &IndexExplain) {
    let wanted = match (index.recall, index.estimated_recall) {
        (Some(wanted), Some(measured)) => {
            let how = if index.is_estimate { "estimated" } else { "measured" };
            format!("recall {wanted} wanted, {measured:.3} {how}: ")
        }
        _ => String::new(),
    };
    say(format!(
        "index     {wanted}{} of {} lists, {} documents to score",
        count(u64::from(index.probes)),
        count(u64::from(index.lists)),
        count(u64::from(index.candidates))
    ));
    if let Some(low) = index.low_share {
        say(format!(
            "          {:.1} % of questions without a filter find fewer than 8 of their 10",
            100.0 * low
        ));
    }
    say(format!(
        "          scanned {} lists, {} codes; scored {} documents",
        count(u64::from(index.lists_scanned)),
        count(index.rows_scanned),
        count(index.rows_scored)
    ));
    say(format!(
        "cost      index {:.0} us expected, exact scan {:.0} us",
        index.index_ns / 1000.0,
        index.exact_ns / 1000.0
    ));
}
