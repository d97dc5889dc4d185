//! One page with tables and charts, complete in itself: no script, no font, no address outside.

use std::io::{self, Write};

use super::chart::{Bar, Point, bars, curve};
use super::table::{OWN_RULES, SIGNIFICANT, answers, heading, is_different, kept, name_of};
use crate::session::evaluate::{IndexPoint, IndexReport, MeasureValue, SystemReport, TaskReport};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1f24;--faint:#67707b;--line:#d8dde3;--paper:#fff;--bar:#2f6db5;--mark:#0b7a4b}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--faint:#98a2ad;--line:#3a4148;--paper:#15181b;--bar:#5b9be0;--mark:#4cc38a}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.5rem}p,.note{color:var(--faint)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .8rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}td.best{font-weight:600;color:var(--mark)}
svg{max-width:100%;height:auto;margin-top:1rem}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
svg .tick{fill:var(--faint);font-size:11px}.grid{stroke:var(--line)}.bar{fill:var(--bar)}.whisker{stroke:var(--ink);stroke-width:1.5}
.curve{fill:none;stroke:var(--bar);stroke-width:2}
";

/// Writes a page with every task: its table and, per measure, a chart of the systems.
///
/// # Errors
/// Those of the writer.
pub fn write_page(out: &mut dyn Write, reports: &[TaskReport]) -> io::Result<()> {
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Retrieval, measured</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>Retrieval, measured</h1>\n\
         <p>Means over all judged queries; a query without hits counts 0. Lines in charts span 95 % of bootstrap \
         samples. * differs from the first system in the first measure (paired randomisation, Holm, p ≤ \
         {SIGNIFICANT}).</p>"
    )?;
    for report in reports {
        task(out, report)?;
    }
    writeln!(out, "</body>\n</html>")
}

fn task(out: &mut dyn Write, report: &TaskReport) -> io::Result<()> {
    writeln!(out, "<h2>{}</h2>", escaped(&heading(report)))?;
    for (what, count) in &report.skipped {
        writeln!(out, "<p class=\"note\">Passed over: {count} {}.</p>", escaped(what))?;
    }
    if let Some(kept) = kept(report) {
        writeln!(out, "<p class=\"note\">{}.</p>", escaped(&kept))?;
    }
    values(out, report, (&report.measures, |system| &system.values), true)?;
    if !report.own_measures.is_empty() {
        writeln!(out, "<p class=\"note\">{}.</p>", escaped(OWN_RULES))?;
        values(out, report, (&report.own_measures, |system| &system.own_values), false)?;
    }
    report.indexes.iter().try_for_each(|measured| index(out, measured))
}

/// Names of measures, and a system's values of them.
type Part<'a> = (&'a [String], fn(&SystemReport) -> &[MeasureValue]);

/// A table of measures, with answers and times where it is the main one, and a chart per measure.
fn values(
    out: &mut dyn Write,
    report: &TaskReport,
    (measures, of): Part<'_>,
    is_main: bool,
) -> io::Result<()> {
    writeln!(out, "<div class=\"wide\"><table>\n<tr><th>system</th>")?;
    for measure in measures {
        writeln!(out, "<th>{}</th>", escaped(measure))?;
    }
    if is_main {
        writeln!(out, "<th>{}</th><th>p50 ms</th><th>p99 ms</th>", answers(report))?;
    }
    writeln!(out, "</tr>")?;
    for system in &report.systems {
        row(out, report, system, of, is_main)?;
    }
    writeln!(out, "</table></div>")?;
    if is_main {
        report.systems.iter().try_for_each(|system| difference(out, report, system))?;
    }
    for (place, measure) in measures.iter().enumerate() {
        let bar = |system: &'_ SystemReport| {
            let value = of(system).get(place)?;
            Some((escaped(&system.system), value.over_judged, value.interval))
        };
        let made: Vec<_> = report.systems.iter().filter_map(bar).collect();
        let all: Vec<Bar<'_>> = made
            .iter()
            .map(|(label, value, interval)| Bar { label, value: *value, interval: *interval })
            .collect();
        let title = escaped(&format!("{measure} of {}", report.task));
        writeln!(out, "<h3>{}</h3>\n{}", escaped(measure), bars(&title, &all))?;
    }
    Ok(())
}

/// How a system differs from the first one.
fn difference(out: &mut dyn Write, report: &TaskReport, system: &SystemReport) -> io::Result<()> {
    let (Some(found), Some(measure)) = (system.difference, report.measures.first()) else {
        return Ok(());
    };
    let first = report.systems.first().map_or("", |first| first.system.as_str());
    let between = found.interval.map_or(String::new(), |(low, high)| {
        format!(", 95 % of samples between {low:+.4} and {high:+.4}")
    });
    writeln!(
        out,
        "<p class=\"note\">{} less {} in {}: {:+.4}{between}; p = {:.4}, corrected {:.4}.</p>",
        escaped(&system.system),
        escaped(first),
        escaped(measure),
        found.difference,
        found.p_value,
        found.p_corrected
    )
}

/// What an index finds: by the recall that was asked for, and under filters.
fn index(out: &mut dyn Write, index: &IndexReport) -> io::Result<()> {
    let of = |what: &str| format!("{what}, {} queries on one core", index.queries);
    let encoder = escaped(&index.encoder);
    writeln!(out, "<h3>Index of {encoder}</h3>")?;
    points(out, "recall asked for", &index.recalls, true)?;
    // From the least recall to the exact search.
    let (exact, approximate): (Vec<&IndexPoint>, Vec<_>) =
        index.recalls.iter().partition(|point| point.asked >= 1.0);
    let by_recall = approximate.into_iter().chain(exact).map(|point| Point {
        label: name_of(point, true),
        x: point.found,
        y: point.queries_per_second,
    });
    let title = of("queries per second by recall found");
    let names = ("share of the 10 nearest found", "queries/s");
    writeln!(out, "{}", curve(&title, names, &by_recall.collect::<Vec<_>>()))?;
    writeln!(out, "<h3>Under filters by chance, at a recall of 0.95</h3>")?;
    points(out, "passing", &index.filters, false)?;
    let labels: Vec<String> = index.filters.iter().map(|point| name_of(point, false)).collect();
    let found: Vec<Bar<'_>> = labels
        .iter()
        .zip(&index.filters)
        .map(|(label, point)| Bar { label, value: point.found, interval: None })
        .collect();
    writeln!(out, "{}", bars(&of("recall found by selectivity"), &found))
}

fn points(
    out: &mut dyn Write,
    first: &str,
    points: &[IndexPoint],
    by_recall: bool,
) -> io::Result<()> {
    writeln!(
        out,
        "<div class=\"wide\"><table>\n<tr><th>{first}</th><th>found</th><th>below 8 of 10</th><th>p50 ms</th>\
         <th>p99 ms</th><th>queries/s</th></tr>"
    )?;
    for point in points {
        let ms = |value: Option<f64>| value.map_or("-".to_owned(), |ms| format!("{ms:.3}"));
        writeln!(
            out,
            "<tr><td>{}</td><td>{:.4}</td><td>{:.4}</td><td>{}</td><td>{}</td><td>{:.0}</td></tr>",
            name_of(point, by_recall),
            point.found,
            point.low_share,
            ms(point.latency.map(|latency| latency.p50)),
            ms(point.latency.map(|latency| latency.p99)),
            point.queries_per_second
        )?;
    }
    writeln!(out, "</table></div>")
}

fn row(
    out: &mut dyn Write,
    report: &TaskReport,
    system: &SystemReport,
    of: fn(&SystemReport) -> &[MeasureValue],
    is_main: bool,
) -> io::Result<()> {
    writeln!(out, "<tr><td>{}</td>", escaped(&system.system))?;
    for (place, value) in of(system).iter().enumerate() {
        let others = report.systems.iter().filter_map(|other| of(other).get(place));
        let best = others.map(|other| other.over_judged).fold(f64::MIN, f64::max);
        let is_best = report.systems.len() > 1 && value.over_judged >= best;
        let mark = if is_main && place == 0 && is_different(system) { "*" } else { "" };
        let class = if is_best { " class=\"best\"" } else { "" };
        let span = value.interval.map_or(String::new(), |(low, high)| {
            format!(" title=\"95 % of samples between {low:.4} and {high:.4}\"")
        });
        writeln!(out, "<td{class}{span}>{:.4}{mark}</td>", value.over_judged)?;
    }
    if is_main {
        let ms = |value: Option<f64>| value.map_or("-".to_owned(), |ms| format!("{ms:.2}"));
        let (p50, p99) =
            (system.latency.map(|latency| latency.p50), system.latency.map(|latency| latency.p99));
        let answered = system.answered;
        writeln!(out, "<td>{answered}</td><td>{}</td><td>{}</td>", ms(p50), ms(p99))?;
    }
    writeln!(out, "</tr>")
}

/// A text without characters that mean something in HTML or obey no one.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars().filter(|ch| !ch.is_control()) {
        match ch {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            ch => out.push(ch),
        }
    }
    out
}
