//! `medvec search`

use std::io::Write;

use medvec::session::{
    Answer, ExpansionExplain, Explanation, IndexExplain, Plan, Request, Session, SessionOptions,
    Strategy, TranslatedStrategy, WhyExact, facet_named,
};
use medvec::{Accuracy, Expansion, Filter, Key};

use super::replay;
use crate::args::{Format, FusionName, ModeName, Search, SortName};
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Failure, Result};
use crate::hints;
use crate::output::answer;
use crate::render;
use crate::strategies::{translate_for_search, write_terms};
use crate::style::{FAINT, count, counted, duration};
use crate::terminal::{one_line, say};

pub(crate) fn run(args: &Search, context: &mut Context) -> Result<u8> {
    let filter = args.filters.to_filter()?;
    let has_words = args.text.as_deref().is_some_and(|text| !text.trim().is_empty());
    let session = args.databases.session(options(args))?;
    if let Some(path) = &args.replay {
        return replay::run(&session, path, args.format, context);
    }
    let strategy = match &args.query {
        Some(query) => Some(translated(query, args.explain, &session, context)?),
        None => None,
    };
    if args.k > 0 && !has_words && args.query.is_none() && filter == Filter::All {
        return Err(Failure::usage(
            "nothing to search for: give a text, a filter (--mesh, --query, ...), or both",
        ));
    }
    if args.sort == Some(SortName::Score) && !has_words {
        return Err(Failure::usage(
            "--sort score needs a text: hits of filters alone have no scores",
        ));
    }
    check_weight(args)?;
    let mut request = request(args, filter, has_words, context);
    if let Some(meant) = &strategy {
        request = request.strategy(meant);
    }
    let mut found = session.ask(&request)?;
    if let Some(path) = &args.save_search {
        replay::save(&session, &request, &found, path, context)?;
    }
    let text = found.text.as_deref().unwrap_or_default();
    let databases = args.databases.typed();
    for remark in &mut found.remarks {
        hints::reword(remark, text, &databases);
    }
    show(&found, args.format, &args.topic, context)
}

/// Writes an answer and what is to be said beside it; returns the exit code.
pub(crate) fn show(
    found: &Answer,
    format: Format,
    topic: &str,
    context: &mut Context,
) -> Result<u8> {
    let is_count = found.is_count;
    let of_all = format!(
        "{} of {} in the database",
        counted(found.matched, "matching document"),
        count(found.documents)
    );
    if is_count && format == Format::Text {
        writeln!(context.out, "{of_all}")?;
    } else {
        answer(&mut context.out, format, found, topic, context.columns)?;
    }
    if format == Format::Text {
        render::facets(&mut context.out, &found.facets)?;
    } else if format != Format::Json && !found.facets.is_empty() {
        context.remark("facets are shown by --format text and json alone");
    }
    if let Some(explanation) = &found.explain {
        context.out.flush_all()?;
        explain(explanation);
    }
    if is_count && format != Format::Text {
        context.remark(of_all);
    } else if !found.hits.is_empty() && format == Format::Text {
        context.remark(format!(
            "\n{FAINT}{} of {} ({} in the database), {}{FAINT:#}",
            count(found.hits.len() as u64),
            counted(found.matched, "matching document"),
            count(found.documents),
            duration(found.search_time),
        ));
    }
    for remark in &found.remarks {
        context.remark(&remark.text);
    }
    let is_found = if is_count { found.matched > 0 } else { !found.hits.is_empty() };
    Ok(if is_found { EXIT_FOUND } else { EXIT_NONE })
}

/// What a query in PubMed's language means; on wish says what every term was taken for.
fn translated(
    query: &str,
    explained: bool,
    session: &Session,
    context: &mut Context,
) -> Result<TranslatedStrategy> {
    let strategy = Strategy::parse(query).map_err(medvec::Error::from)?;
    let meant = translate_for_search(&strategy, &session.snapshot(), context)?;
    if explained {
        let mut shown = Vec::new();
        meant.lines.iter().try_for_each(|line| write_terms(&mut shown, line))?;
        say(String::from_utf8_lossy(&shown).trim_end());
    }
    Ok(meant)
}

/// Refuses a weight that nothing would heed.
fn check_weight(args: &Search) -> Result<()> {
    let is_of_one = matches!(args.mode, ModeName::Dense | ModeName::Lexical);
    if args.vector_weight.is_some() && (is_of_one || args.fusion == FusionName::Ranks) {
        return Err(Failure::usage(
            "--vector-weight is for hybrid rankings with --fusion relative or sum: leave it out",
        ));
    }
    Ok(())
}

fn options(args: &Search) -> SessionOptions {
    let options = SessionOptions::default().encoder(args.model.choice(args.encoder.as_deref()));
    match &args.rerank {
        Some(folder) => options.reranker(folder),
        None => options,
    }
}

fn request(args: &Search, filter: Filter, has_words: bool, context: &Context) -> Request {
    let mut request =
        Request::matching(filter).k(args.k).accuracy(accuracy(args)).control(context.control());
    request.offset = args.offset;
    request.sort = args.sort.map(SortName::sort);
    request.facets = args.facet.iter().map(|name| facet_named(name)).collect();
    request.text = args.text.clone();
    request.mode = args.mode.mode();
    request.fusion = args.fusion.fusion(args.vector_weight);
    request.expansion = Some(Expansion::default()).filter(|_| args.expand && has_words);
    request.rerank = args.rerank.as_ref().filter(|_| has_words).map(|_| args.rerank_top);
    request.documents = args.format.of_cited_hits().is_some();
    request.sentences = !request.documents && !matches!(args.format, Format::Pmids | Format::Trec);
    request.highlights = args.format == Format::Text;
    // A count was never explained: it reads no vectors.
    request.explain = args.explain && args.k > 0;
    request
}

fn accuracy(args: &Search) -> Accuracy {
    match (args.exact, args.recall, args.probes) {
        (true, _, _) => Accuracy::Exact,
        (_, Some(recall), _) => Accuracy::Recall(recall),
        (_, _, Some(probes)) => Accuracy::Effort { probes, candidates: args.candidates },
        _ => Accuracy::default(),
    }
}

/// Says on standard error how the answer was found.
fn explain(explanation: &Explanation) {
    let search = &explanation.search;
    if let Some(spec) = &explanation.encoder {
        say(format!(
            "encoder   {} ({}, {}, {})",
            spec.name,
            spec.family,
            counted(spec.dimension.into(), "dimension"),
            spec.fingerprint()
        ));
    }
    if let Some(index) = &search.index {
        explain_index(index);
    }
    if let Some(why) = search.exact {
        say(format!("exact     {}", explain_exact(why)));
    }
    for word in search.own_words() {
        say(format!(
            "word      {}: {}, weight {:.2}",
            word.stem,
            counted(word.documents, "document"),
            word.weight
        ));
    }
    if let Some(expansion) = &search.expansion {
        explain_expansion(expansion);
    }
    if let Some(fused) = &search.fused {
        say(format!(
            "fused     {} by words and vectors; best {:.2} by words, {:.3} by vectors, {:.3} on average",
            counted(fused.candidates as u64, "candidate"),
            fused.best_words,
            fused.best_vector.unwrap_or_default(),
            fused.mean
        ));
    }
    for part in &search.segments {
        let plan = match part.plan {
            Plan::Skip => "skipped",
            Plan::ExactScan => "exact scan of every row",
            Plan::ExactScanOfMatches => "exact scan of matching rows",
            Plan::Index => "index",
            Plan::IndexOfMatches => "index, lists with matches only",
            Plan::List => "list without scores",
            Plan::Words => "lists of words",
            _ => "another plan",
        };
        say(format!(
            "segment   {}: {}, {} matched, {} scored: {plan}",
            part.segment,
            counted(part.rows, "row"),
            count(part.matched),
            count(part.scanned)
        ));
    }
    say(format!(
        "time      {} for filters, {} in all",
        duration(search.filter_time),
        duration(search.total_time)
    ));
}

fn explain_expansion(expansion: &ExpansionExplain) {
    let names = |keys: &[Key]| {
        let names: Vec<String> = keys.iter().map(|key| one_line(&key.to_string())).collect();
        names.join(", ")
    };
    if expansion.documents.is_empty() && expansion.vector_documents.is_empty() {
        say("expanded  by nothing: no document was found to take words or vectors from");
    }
    for (what, keys) in [("words", &expansion.documents), ("vectors", &expansion.vector_documents)]
    {
        if !keys.is_empty() {
            say(format!("expanded  by the {what} of {}", names(keys)));
        }
    }
    for added in &expansion.added {
        say(format!(
            "added     {}: {}, weight {:.2}, from {}",
            added.stem,
            counted(added.documents, "document"),
            added.weight,
            names(&added.from)
        ));
    }
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
        "index     {wanted}{} of {}, {} to score",
        count(u64::from(index.probes)),
        counted(u64::from(index.lists), "list"),
        counted(u64::from(index.candidates), "document")
    ));
    if let Some(low) = index.low_share {
        say(format!(
            "          {:.1} % of queries without a filter find fewer than 8 of their 10",
            100.0 * low
        ));
    }
    say(format!(
        "          scanned {}{}, {}; scored {}",
        counted(u64::from(index.lists_scanned), "list"),
        if index.copies { " with copies" } else { "" },
        counted(index.rows_scanned, "code"),
        counted(index.rows_scored, "document")
    ));
    say(format!(
        "cost      index {:.0} us expected, exact scan {:.0} us",
        index.index_ns / 1000.0,
        index.exact_ns / 1000.0
    ));
}
