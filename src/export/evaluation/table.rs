//! Tables of systems and measures, and of what an index finds.

use std::io::{self, Write};

use super::grid::{Grid, TableStyle, escaped, remark};
use crate::session::evaluate::{IndexPoint, SystemReport, TaskKind, TaskReport};

/// A difference that chance alone gives no more often than this is marked.
pub(super) const SIGNIFICANT: f64 = 0.05;

/// Writes the table of a task: a system per row, a measure per column. The best value of each measure is marked in
/// Markdown and LaTeX; `*` says that a system differs from the first one by the first measure (paired randomisation,
/// Holm's correction, 0.05). Two tables follow for each index that was measured.
///
/// # Errors
/// Those of the writer.
pub fn write_table(out: &mut dyn Write, report: &TaskReport, style: TableStyle) -> io::Result<()> {
    match style {
        TableStyle::Text => writeln!(out, "{}", heading(report))?,
        _ => remark(out, &heading(report), style)?,
    }
    for (what, count) in &report.skipped {
        remark(out, &format!("passed over: {count} {what}"), style)?;
    }
    systems(report, style).write(out, style)?;
    if let Some((first, others)) = report.systems.split_first()
        && others.iter().any(is_different)
    {
        let measure = report.measures.first().map_or("", String::as_str);
        let first = &first.system;
        let test = format!("paired randomisation, Holm, p <= {SIGNIFICANT}");
        remark(out, &format!("* differs from {first} in {measure} ({test})"), style)?;
    }
    for index in &report.indexes {
        let (encoder, queries) = (&index.encoder, index.queries);
        let what = format!("index of {encoder}: the 10 nearest of {queries} queries, on one core");
        for (what, first, points) in [
            (what, "recall asked for", &index.recalls),
            ("the same under filters, at a recall of 0.95".to_owned(), "passing", &index.filters),
        ] {
            writeln!(out)?;
            remark(out, &what, style)?;
            points_of(first, points).write(out, style)?;
        }
    }
    Ok(())
}

/// A line about the task: documents, queries, judgements; or pairs.
pub(super) fn heading(report: &TaskReport) -> String {
    if report.kind == TaskKind::Pairs {
        return format!("{}: {} pairs", report.task, report.queries);
    }
    let documents = report.documents.map(|documents| format!("{documents} documents, "));
    format!(
        "{}: {}{} queries, {} judgements",
        report.task,
        documents.unwrap_or_default(),
        report.queries,
        report.judgements
    )
}

/// Whether chance alone hardly explains how a system differs from the first one.
pub(super) fn is_different(system: &SystemReport) -> bool {
    system.difference.is_some_and(|difference| difference.p_corrected <= SIGNIFICANT)
}

/// What a point is called: the recall that was asked for, or the share that passes the filter.
pub(super) fn name_of(point: &IndexPoint, by_recall: bool) -> String {
    match by_recall {
        true if point.asked >= 1.0 => "exact".to_owned(),
        true => format!("{}", point.asked),
        false => format!("{} %", point.selectivity * 100.0),
    }
}

fn systems(report: &TaskReport, style: TableStyle) -> Grid {
    let answered = if report.kind == TaskKind::Pairs { "pairs" } else { "queries" };
    let last = [answered, "p50 ms"].map(str::to_owned);
    let first = ["system".to_owned()].into_iter();
    let headings = first.chain(report.measures.iter().cloned()).chain(last).collect();
    let best = |place: usize| {
        let values = report.systems.iter().filter_map(|system| system.values.get(place));
        values.map(|value| rounded(value.over_judged)).max().unwrap_or_default()
    };
    let row = |system: &SystemReport| {
        let mut row = vec![escaped(&system.system, style)];
        for (place, value) in system.values.iter().enumerate() {
            let mut cell = rounded(value.over_judged);
            if report.systems.len() > 1 && cell == best(place) {
                cell = match style {
                    TableStyle::Text => cell,
                    TableStyle::Markdown => format!("**{cell}**"),
                    TableStyle::Latex => format!("\\textbf{{{cell}}}"),
                };
            }
            if place == 0 && is_different(system) {
                cell.push_str(if style == TableStyle::Latex { "$^{*}$" } else { "*" });
            }
            row.push(cell);
        }
        row.push(system.answered.to_string());
        row.push(system.latency.map_or("-".to_owned(), |latency| format!("{:.2}", latency.p50)));
        row
    };
    Grid { headings, rows: report.systems.iter().map(row).collect() }
}

fn rounded(value: f64) -> String {
    format!("{value:.4}")
}

fn points_of(first: &str, points: &[IndexPoint]) -> Grid {
    let by_recall = points.iter().all(|point| point.selectivity == 1.0);
    let headings = [first, "found", "below 8 of 10", "p50 ms", "p99 ms", "queries/s"];
    let row = |point: &IndexPoint| {
        let ms = |value: Option<f64>| value.map_or("-".to_owned(), |ms| format!("{ms:.3}"));
        vec![
            name_of(point, by_recall),
            rounded(point.found),
            rounded(point.low_share),
            ms(point.latency.map(|latency| latency.p50)),
            ms(point.latency.map(|latency| latency.p99)),
            format!("{:.0}", point.queries_per_second),
        ]
    };
    Grid { headings: headings.map(str::to_owned).to_vec(), rows: points.iter().map(row).collect() }
}
