//! Cells in rows, as text, Markdown or LaTeX.

use std::io::{self, Write};

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

/// A table; the first column is words, the others are numbers, which may have a mark behind them.
pub(super) struct Grid {
    pub(super) headings: Vec<String>,
    /// Cells in the style that the table is written in.
    pub(super) rows: Vec<Vec<String>>,
}

impl Grid {
    pub(super) fn write(&self, out: &mut dyn Write, style: TableStyle) -> io::Result<()> {
        match style {
            TableStyle::Text => self.text(out),
            TableStyle::Markdown => self.markdown(out),
            TableStyle::Latex => self.latex(out),
        }
    }

    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = |column: usize| {
            let cells = self.rows.iter().chain([&self.headings]).filter_map(|row| row.get(column));
            // A mark stands outside of the column.
            cells.map(|cell| cell.trim_end_matches('*').chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.headings.len()).map(width).collect();
        for row in [&self.headings].into_iter().chain(&self.rows) {
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
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "| {} |", self.headings.join(" | "))?;
        writeln!(out, "|---{}|", "|---:".repeat(self.headings.len().saturating_sub(1)))?;
        for row in &self.rows {
            writeln!(out, "| {} |", row.join(" | "))?;
        }
        writeln!(out)
    }

    fn latex(&self, out: &mut dyn Write) -> io::Result<()> {
        let numbers = "r".repeat(self.headings.len().saturating_sub(1));
        writeln!(out, "\\begin{{tabular}}{{l{numbers}}}\n\\toprule")?;
        let headings: Vec<String> =
            self.headings.iter().map(|heading| escaped(heading, TableStyle::Latex)).collect();
        writeln!(out, "{} \\\\\n\\midrule", headings.join(" & "))?;
        for row in &self.rows {
            writeln!(out, "{} \\\\", row.join(" & "))?;
        }
        writeln!(out, "\\bottomrule\n\\end{{tabular}}")
    }
}

/// A line beside a table.
pub(super) fn remark(out: &mut dyn Write, text: &str, style: TableStyle) -> io::Result<()> {
    match style {
        TableStyle::Text => writeln!(out, "  {text}"),
        TableStyle::Markdown => writeln!(out, "{}\n", escaped(text, style)),
        TableStyle::Latex => writeln!(out, "% {text}"),
    }
}

/// A text without what has a meaning in the style.
pub(super) fn escaped(text: &str, style: TableStyle) -> String {
    let special = match style {
        TableStyle::Text => "",
        TableStyle::Markdown => "|*_`<\\",
        TableStyle::Latex => "_&%$#{}",
    };
    let mut out = String::new();
    for ch in text.chars().filter(|ch| !ch.is_control()) {
        match (style, ch) {
            (TableStyle::Latex, '\\') => out.push_str("\\textbackslash{}"),
            (TableStyle::Latex, '~' | '^') => out.push_str(&format!("\\{ch}{{}}")),
            _ if special.contains(ch) => out.extend(['\\', ch]),
            _ => out.push(ch),
        }
    }
    out
}
