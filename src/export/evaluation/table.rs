//! A table of systems and measures.

use std::io::{self, Write};

use crate::session::evaluate::{SystemReport, TaskReport};

/// A difference that chance alone gives no more often than this is marked.
pub(super) const SIGNIFICANT: f64 = 0.05;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableStyle {
    /// Columns between blanks.
    Text,
    /// GitHub's Markdown.
    Markdown,
    /// A `tabular` with the rules of `booktabs`.
    Latex,
}

/// Writes the table of a task: a system per row, a measure per column. The best value of each measure is marked in
/// Markdown and LaTeX; `*` says that a system differs from the first one by the first measure (paired randomisation,
/// Holm's correction, 0.05).
///
/// # Errors
/// Those of the writer.
pub fn write_table(out: &mut dyn Write, report: &TaskReport, style: TableStyle) -> io::Result<()> {
    let rows = cells(report, style);
    match style {
        TableStyle::Text => text(out, report, &rows),
        TableStyle::Markdown => markdown(out, report, &rows),
        TableStyle::Latex => latex(out, report, &rows),
    }
}

/// A line about the task: documents, queries, judgements.
pub(super) fn heading(report: &TaskReport) -> String {
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

fn headings(report: &TaskReport) -> Vec<String> {
    let fixed = ["system"].map(str::to_owned).into_iter();
    let last = ["queries", "p50 ms"].map(str::to_owned);
    fixed.chain(report.measures.iter().cloned()).chain(last).collect()
}

fn cells(report: &TaskReport, style: TableStyle) -> Vec<Vec<String>> {
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
    report.systems.iter().map(row).collect()
}

fn rounded(value: f64) -> String {
    format!("{value:.4}")
}

fn escaped(text: &str, style: TableStyle) -> String {
    let special = match style {
        TableStyle::Text => "",
        TableStyle::Markdown => "|*_`<\\",
        TableStyle::Latex => "_&%$#{}",
    };
    let mut out = String::new();
    for ch in text.chars().filter(|ch| !ch.is_control()) {
        if special.contains(ch) {
            out.push('\\');
        }
        match (style, ch) {
            (TableStyle::Latex, '\\') => out.push_str("\\textbackslash{}"),
            (TableStyle::Latex, '~' | '^') => out.push_str(&format!("\\{ch}{{}}")),
            _ => out.push(ch),
        }
    }
    out
}

fn text(out: &mut dyn Write, report: &TaskReport, rows: &[Vec<String>]) -> io::Result<()> {
    writeln!(out, "{}", heading(report))?;
    for (what, count) in &report.skipped {
        writeln!(out, "  passed over: {count} {what}")?;
    }
    let headings = headings(report);
    let width = |column: usize| {
        let cells = rows.iter().chain([&headings]).filter_map(|row| row.get(column));
        // The mark of a difference stands outside of the column.
        cells.map(|cell| cell.trim_end_matches('*').chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    for row in [&headings].into_iter().chain(rows) {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let (bare, mark) = match cell.strip_suffix('*') {
                Some(bare) => (bare, "*"),
                None => (cell.as_str(), " "),
            };
            match column {
                0 => line.push_str(&format!("  {cell:<width$}")),
                _ => line.push_str(&format!("  {bare:>width$}{mark}")),
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    legend(out, report, "  ")
}

/// What the mark means, and the intervals of the first measure.
fn legend(out: &mut dyn Write, report: &TaskReport, indent: &str) -> io::Result<()> {
    let Some((first, others)) = report.systems.split_first() else { return Ok(()) };
    if others.iter().any(is_different) {
        let measure = report.measures.first().map_or("", String::as_str);
        writeln!(
            out,
            "{indent}* differs from {} in {measure} (paired randomisation, Holm, p <= {SIGNIFICANT})",
            first.system
        )?;
    }
    Ok(())
}

fn markdown(out: &mut dyn Write, report: &TaskReport, rows: &[Vec<String>]) -> io::Result<()> {
    writeln!(out, "{}\n", escaped(&heading(report), TableStyle::Markdown))?;
    let headings = headings(report);
    writeln!(out, "| {} |", headings.join(" | "))?;
    writeln!(out, "|---{}|", "|---:".repeat(headings.len() - 1))?;
    for row in rows {
        writeln!(out, "| {} |", row.join(" | "))?;
    }
    writeln!(out)?;
    legend(out, report, "\\")
}

fn latex(out: &mut dyn Write, report: &TaskReport, rows: &[Vec<String>]) -> io::Result<()> {
    let headings = headings(report);
    writeln!(out, "% {}", heading(report))?;
    writeln!(out, "\\begin{{tabular}}{{l{}}}", "r".repeat(headings.len() - 1))?;
    writeln!(out, "\\toprule")?;
    let headings: Vec<String> =
        headings.iter().map(|heading| escaped(heading, TableStyle::Latex)).collect();
    writeln!(out, "{} \\\\", headings.join(" & "))?;
    writeln!(out, "\\midrule")?;
    for row in rows {
        writeln!(out, "{} \\\\", row.join(" & "))?;
    }
    writeln!(out, "\\bottomrule\n\\end{{tabular}}")?;
    legend(out, report, "% ")
}
