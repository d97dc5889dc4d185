//! Tables of systems and measures, and of what an index finds.

use std::io::{self, Write};

use super::grid::{Grid, TableStyle, escaped, remark};
use crate::session::evaluate::{IndexPoint, MeasureValue, SystemReport, TaskKind, TaskReport};

/// A difference that chance alone gives no more often than this is marked.
pub(super) const SIGNIFICANT: f64 = 0.05;

/// What stands above a benchmark's own scores.
pub(super) const OWN_RULES: &str =
    "documents by BioASQ's own rules, as it scores a submission: the first 10 of each question";

/// Writes the table of a task: a system per row, a measure per column. The best value of each measure is marked in
/// Markdown and LaTeX; `*` says that a system differs from the first one by the first measure (paired randomisation,
/// Holm's correction, 0.05). A table follows with the benchmark's own scores, where it has some, and two for each index that
/// was measured.
///
/// # Errors
/// Those of the writer.
pub fn write_table(out: &mut dyn Write, report: &TaskReport, style: TableStyle) -> io::Result<()> {
    match style {
        TableStyle::Text => writeln!(out, "{}", heading(report))?,
        _ => remark(out, &heading(report), style)?,
    }
    for (what, count) in &report.skipped {
        remark(out, &format!("passed over: {what} ({count})"), style)?;
    }
    if let Some(kept) = kept(report) {
        remark(out, &kept, style)?;
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
    if !report.own_measures.is_empty() {
        writeln!(out)?;
        remark(out, OWN_RULES, style)?;
        own_scores(report, style).write(out, style)?;
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
            points_of(first, points, style).write(out, style)?;
        }
    }
    Ok(())
}

/// A line about the task: documents, queries, judgements; pairs; or questions.
pub(super) fn heading(report: &TaskReport) -> String {
    let counted = |number: u64, one: &str, many: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    };
    let documents =
        report.documents.map(|documents| counted(documents, "document", "documents") + ", ");
    let (task, queries) = (&report.task, report.queries as u64);
    match report.kind {
        TaskKind::Pairs => format!("{task}: {}", counted(queries, "pair", "pairs")),
        TaskKind::Decisions => {
            format!("{task}: {} with a decision", counted(queries, "question", "questions"))
        }
        TaskKind::Retrieval => format!(
            "{task}: {}{}, {}{}",
            documents.unwrap_or_default(),
            counted(queries, "query", "queries"),
            match report.judgements {
                0 => "no judgements".to_owned(),
                some => counted(some as u64, "judgement", "judgements"),
            },
            match report.missing {
                0 => String::new(),
                1 => ", 1 relevant document is not there".to_owned(),
                missing => format!(", {missing} relevant documents are not there"),
            }
        ),
    }
}

/// The heading of the column with the number of answers.
pub(super) fn answers(report: &TaskReport) -> &'static str {
    match report.kind {
        TaskKind::Pairs => "pairs",
        TaskKind::Decisions => "questions",
        TaskKind::Retrieval => "queries",
    }
}

/// Says whose times the times are, where rankings were kept by an earlier run.
pub(super) fn kept(report: &TaskReport) -> Option<String> {
    let part = |system: &SystemReport| {
        let (asked, all) = (system.asked?, report.queries);
        (asked < all).then(|| format!("{} {asked} of {all}", system.system))
    };
    let parts: Vec<String> = report.systems.iter().filter_map(part).collect();
    (!parts.is_empty()).then(|| {
        format!(
            "queries asked now, which times are of: {}; other rankings were kept",
            parts.join(", ")
        )
    })
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
    let mut grid = values(report, style, &report.measures, |system| &system.values);
    grid.headings.extend([answers(report), "p50 ms"].map(str::to_owned));
    for (row, system) in grid.rows.iter_mut().zip(&report.systems) {
        if let Some(first) = row.get_mut(1).filter(|_| is_different(system)) {
            first.push_str(if style == TableStyle::Latex { "$^{*}$" } else { "*" });
        }
        row.push(system.answered.to_string());
        row.push(system.latency.map_or("-".to_owned(), |latency| format!("{:.2}", latency.p50)));
    }
    grid
}

fn own_scores(report: &TaskReport, style: TableStyle) -> Grid {
    values(report, style, &report.own_measures, |system| &system.own_values)
}

/// A system per row, a value per measure; the best one is marked.
fn values(
    report: &TaskReport,
    style: TableStyle,
    measures: &[String],
    of: fn(&SystemReport) -> &[MeasureValue],
) -> Grid {
    let headings = ["system".to_owned()].into_iter().chain(measures.iter().cloned()).collect();
    let best = |place: usize| {
        let values = report.systems.iter().filter_map(|system| of(system).get(place));
        values.map(|value| rounded(value.over_judged)).max().unwrap_or_default()
    };
    let row = |system: &SystemReport| {
        let mut row = vec![escaped(&system.system, style)];
        for (place, value) in of(system).iter().enumerate() {
            let cell = rounded(value.over_judged);
            let is_best = report.systems.len() > 1 && cell == best(place);
            row.push(match style {
                TableStyle::Markdown if is_best => format!("**{cell}**"),
                TableStyle::Latex if is_best => format!("\\textbf{{{cell}}}"),
                _ => cell,
            });
        }
        row
    };
    Grid { headings, rows: report.systems.iter().map(row).collect() }
}

fn rounded(value: f64) -> String {
    format!("{value:.4}")
}

fn points_of(first: &str, points: &[IndexPoint], style: TableStyle) -> Grid {
    let by_recall = points.iter().all(|point| point.selectivity == 1.0);
    let headings = [first, "found", "below 8 of 10", "p50 ms", "p99 ms", "queries/s"];
    let row = |point: &IndexPoint| {
        let ms = |value: Option<f64>| value.map_or("-".to_owned(), |ms| format!("{ms:.3}"));
        vec![
            escaped(&name_of(point, by_recall), style),
            rounded(point.found),
            rounded(point.low_share),
            ms(point.latency.map(|latency| latency.p50)),
            ms(point.latency.map(|latency| latency.p99)),
            format!("{:.0}", point.queries_per_second),
        ]
    };
    Grid { headings: headings.map(str::to_owned).to_vec(), rows: points.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_latex_are_not_commented_out() {
        let point = IndexPoint {
            asked: 0.95,
            selectivity: 0.01,
            found: 0.97,
            low_share: 0.0,
            latency: None,
            queries_per_second: 100.0,
        };
        let written = |style| {
            let mut out = Vec::new();
            points_of("passing", std::slice::from_ref(&point), style)
                .write(&mut out, style)
                .unwrap();
            String::from_utf8(out).unwrap()
        };
        let latex = written(TableStyle::Latex);
        assert!(latex.contains("\n1 \\% & 0.9700 & 0.0000 & - & - & 100 \\\\\n"), "{latex}");
        assert!(written(TableStyle::Markdown).contains("| 1 % | 0.9700 |"));
    }
}
