//! `medvec stats`

use std::io::{self, Write};

use medvec::export::{json, stats};
use medvec::session::{
    FieldInfo, IndexStats, RecallPoint, Stats as Figures, metric_name, row_type_name,
};
use medvec::{Snapshot, VectorConfig};

use crate::args::Stats;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Result};
use crate::recall::{DRIFTED, recall_text};
use crate::style::{FAINT, bytes, count, counted};

pub(crate) fn run(args: &Stats, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let snapshot = args.databases.open()?.snapshot();
    let figures = snapshot.stats()?;
    let fields = snapshot.fields()?;
    if is_json {
        let value = stats::to_json(&snapshot, &figures, &fields);
        json::write(&mut context.out.machine(), &value)?;
    } else {
        text(&mut context.out, &snapshot, &figures, &fields)?;
    }
    Ok(EXIT_FOUND)
}

fn text(
    out: &mut dyn Write,
    snapshot: &Snapshot,
    figures: &Figures,
    fields: &[FieldInfo],
) -> io::Result<()> {
    let mut row = |name: &str, value: String| writeln!(out, "{FAINT}{name:<12}{FAINT:#} {value}");
    for (place, member) in snapshot.members().iter().enumerate() {
        let title = if place == 0 { "databases" } else { "" };
        let documents = counted(member.len(), "document");
        row(
            title,
            format!("{}: generation {}, {documents}", member.location(), member.generation().0),
        )?;
    }
    if snapshot.members().is_empty() {
        row("generation", figures.generation.0.to_string())?;
    }
    row("documents", count(figures.documents))?;
    let in_one: u64 = snapshot.members().iter().map(Snapshot::len).sum();
    if in_one > figures.documents {
        row(
            "shared",
            format!("{} that another database has, too", count(in_one - figures.documents)),
        )?;
    } else if figures.deleted > 0 {
        let rule = "`medvec compact` rewrites segments of which more than a quarter is deleted";
        row("deleted", format!("{}, still stored: {rule}", counted(figures.deleted, "row")))?;
    }
    match &snapshot.manifest().vectors {
        Some(config) => row("vectors", format!("{}: {}", count(figures.vectors), vectors(config)))?,
        None => row("vectors", "none: search by words and filters".into())?,
    }
    if figures.without_vector > 0 {
        let what = "without text, or without a word that the encoder knows";
        row("no vector", format!("{} {what}", count(figures.without_vector)))?;
    }
    if figures.pending > 0 {
        row("pending", format!("{} with text and without a vector", count(figures.pending)))?;
    }
    if let Some(spec) =
        snapshot.manifest().vectors.as_ref().and_then(|config| config.encoder.as_ref())
    {
        row("encoder", format!("{} ({}, {})", spec.name, spec.family, spec.fingerprint()))?;
    }
    for (place, field) in fields.iter().enumerate() {
        let title = if place == 0 { "fields" } else { "" };
        row(title, format!("{} ({field})", field.name))?;
    }
    if let Some(index) = &figures.index {
        row("index", index_text(index))?;
        match &index.recall {
            None => row("recall", "not measured: every search is exact".into())?,
            Some(recall) => {
                row("recall", recall_text(recall))?;
                for point in &recall.points {
                    row("", point_text(point))?;
                }
            }
        }
        if index.has_drifted() {
            row("", DRIFTED.into())?;
        }
    }
    if let Some(mesh) = &figures.mesh {
        let (records, size) = (counted(mesh.records.into(), "record"), bytes(mesh.bytes));
        row("MeSH", format!("its own of {}: {records}, {size}", mesh.year))?;
    }
    row("size", bytes(figures.bytes))?;
    if figures.text_bytes > 0 {
        let share = 100.0 * figures.document_bytes as f64 / figures.text_bytes as f64;
        row(
            "text",
            format!(
                "{} stored in {} ({share:.0} %)",
                bytes(figures.text_bytes),
                bytes(figures.document_bytes)
            ),
        )?;
    }
    row("segments", count(figures.segments.len() as u64))?;
    for segment in &figures.segments {
        let deleted = match segment.deleted {
            0 => String::new(),
            deleted => format!(", {} deleted", count(deleted)),
        };
        let rows = counted(segment.rows, "row");
        row("", format!("{}  {rows}{deleted}, {}", segment.id, bytes(segment.bytes)))?;
    }
    let mut sections: Vec<_> =
        figures.sections.iter().filter(|section| section.bytes > 0).collect();
    sections.sort_by_key(|section| std::cmp::Reverse(section.bytes));
    row("sections", count(sections.len() as u64))?;
    for section in sections {
        row("", format!("{:<24} {:>10}", section.name, bytes(section.bytes)))?;
    }
    let sources = &snapshot.manifest().sources;
    row("sources", count(sources.len() as u64))?;
    for source in sources {
        let state = if source.complete { "" } else { ", not complete: import it again to resume" };
        row("", format!("{}  {}{state}", source.name, counted(source.records, "record")))?;
    }
    Ok(())
}

fn index_text(index: &IndexStats) -> String {
    let copies = match index.copied {
        0 => String::new(),
        copied if copied == index.vectors => " with copies".to_owned(),
        copied => format!(" with copies of {}", count(copied)),
    };
    format!(
        "{} in {}{}, {:.0} bytes each; residual {:.3} (trained {:.3})",
        counted(index.vectors, "vector"),
        counted(index.lists.into(), "list"),
        copies,
        index.bytes_per_vector,
        index.residual,
        index.trained_residual
    )
}

fn point_text(point: &RecallPoint) -> String {
    let low = point.low_share.map_or(String::new(), |share| {
        format!("; {:.1} % of queries find fewer than 8 of their 10", 100.0 * share)
    });
    let copies = if point.copies { " with copies" } else { "" };
    format!("{:<5}  {}{copies}{low}", point.recall, counted(point.probes.into(), "list"))
}

fn vectors(config: &VectorConfig) -> String {
    format!(
        "{}, {}, {}",
        counted(config.dimension.into(), "dimension"),
        row_type_name(config.row_type),
        metric_name(config.metric)
    )
}
