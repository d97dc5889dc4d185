//! `medvec export`

use std::path::Path;
use std::sync::Arc;

use medvec::export::{CitationFormat, CitationWriter, EmbeddingFormat};
use medvec::session::{
    BeirSettings, NewFile, export_beir, export_embeddings, export_table, metric_name, row_type_name,
};
use medvec::{Control, Query, Snapshot};

use crate::args::{Export, ExportKind};
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Failure, Result};
use crate::new_file;
use crate::progress::Progress;
use crate::style::{FAINT, GOOD, count, counted};

pub(crate) fn run(args: &Export, context: &mut Context) -> Result<u8> {
    let written = match (args.format.kind(), &args.output) {
        (ExportKind::Beir, Some(folder)) => benchmark(args, folder, context)?,
        (ExportKind::Beir, None) => {
            return Err(Failure::usage("a benchmark is a folder: name it with --output FOLDER"));
        }
        _ if args.queries.is_some() => {
            return Err(Failure::usage("--queries and --qrels go with --format beir only"));
        }
        (ExportKind::Embeddings(format), Some(file)) => embeddings(args, format, file, context)?,
        (ExportKind::Embeddings(_), None) => {
            return Err(Failure::usage(
                "vectors are written to a file: name it with --output FILE",
            ));
        }
        (ExportKind::Table, Some(file)) => table(args, file, context)?,
        (ExportKind::Table, None) => {
            return Err(Failure::usage("a table is a file: name it with --output FILE"));
        }
        (ExportKind::Citations(format), _) => citations(args, format, context)?,
    };
    Ok(if written > 0 { EXIT_FOUND } else { EXIT_NONE })
}

fn say_nothing_passes(context: &mut Context) {
    context.remark(format!("{FAINT}no document passes these filters{FAINT:#}"));
}

fn citations(args: &Export, format: CitationFormat, context: &mut Context) -> Result<u64> {
    let snapshot = args.databases.open()?.snapshot();
    let query = Query::matching(args.filters.to_filter()?).control(context.control());
    let total = snapshot.search(&query.clone().count_only())?.matched;
    if total == 0 && args.output.is_some() {
        // As with every format that needs a file: none is made of nothing.
        say_nothing_passes(context);
        return Ok(0);
    }
    let progress = context.progress("exporting");
    let control = context.control();
    let documents = Documents { snapshot, query, total, progress, control };
    let written = match &args.output {
        None => {
            let mut out = context.out.machine();
            documents.write(CitationWriter::new(format, &mut out)?)?
        }
        Some(path) => {
            let write = |file: &mut NewFile| documents.write(CitationWriter::new(format, file)?);
            let written = new_file::filled(path, write)?;
            let what = counted(written, "document");
            context.remark(format!("{GOOD}exported{GOOD:#} {what} to {}", path.display()));
            written
        }
    };
    if written == 0 {
        say_nothing_passes(context);
    }
    Ok(written)
}

fn embeddings(
    args: &Export,
    format: EmbeddingFormat,
    file: &Path,
    context: &mut Context,
) -> Result<u64> {
    let snapshot = args.databases.open()?.snapshot();
    let filter = args.filters.to_filter()?;
    let exported = {
        let progress = Arc::new(context.progress("exporting"));
        export_embeddings(&snapshot, filter, format, file, &context.watched(&progress))?
    };
    let info = &exported.info;
    if info.len > 0 {
        let vectors = counted(info.len, "vector");
        let ids = exported.ids.as_deref();
        let ids = ids.map_or_else(String::new, |ids| format!(", ids to {}", ids.display()));
        let (dimension, file) = (counted(info.dimension.into(), "number"), file.display());
        context.remark(format!("{GOOD}exported{GOOD:#} {vectors} of {dimension} to {file}{ids}"));
        let origin = info.encoder.as_ref();
        let origin = origin.map_or("your own", |encoder| encoder.name.as_str());
        context.remark(format!(
            "{FAINT}made by {origin}, {}{}, decoded from {}{FAINT:#}",
            metric_name(info.metric),
            if info.is_normalized() { " (length 1)" } else { "" },
            row_type_name(info.row_type)
        ));
    }
    if exported.without_vector > 0 {
        let left_out = counted(exported.without_vector, "document");
        context.remark(format!("{FAINT}left out: {left_out} without a vector{FAINT:#}"));
    } else if info.len == 0 {
        say_nothing_passes(context);
    }
    Ok(info.len)
}

fn table(args: &Export, file: &Path, context: &mut Context) -> Result<u64> {
    let snapshot = args.databases.open()?.snapshot();
    let filter = args.filters.to_filter()?;
    let written = {
        let progress = Arc::new(context.progress("exporting"));
        export_table(&snapshot, filter, file, &context.watched(&progress))?
    };
    match written {
        0 => say_nothing_passes(context),
        written => {
            let what = counted(written, "document");
            context.remark(format!("{GOOD}exported{GOOD:#} {what} to {}", file.display()));
        }
    }
    Ok(written)
}

fn benchmark(args: &Export, folder: &Path, context: &mut Context) -> Result<u64> {
    let snapshot = args.databases.open()?.snapshot();
    let mut settings = BeirSettings::default();
    settings.queries.clone_from(&args.queries);
    settings.judgements.clone_from(&args.qrels);
    let filter = args.filters.to_filter()?;
    let exported = {
        let progress = Arc::new(context.progress("exporting"));
        export_beir(&snapshot, filter, &settings, folder, &context.watched(&progress))?
    };
    if exported.documents == 0 {
        say_nothing_passes(context);
        return Ok(0);
    }
    let documents = counted(exported.documents, "document");
    context.remark(format!("{GOOD}exported{GOOD:#} {documents} to {}", folder.display()));
    if args.queries.is_some() {
        context.remark(format!(
            "{}, {}; {} judged and not among the documents",
            counted(exported.queries, "query"),
            counted(exported.judgements, "judgement"),
            count(exported.judged_elsewhere)
        ));
    }
    for (what, times) in &exported.skipped {
        context.remark(format!("{FAINT}passed over: {what} ({}){FAINT:#}", count(*times)));
    }
    Ok(exported.documents)
}

/// What is exported.
struct Documents {
    snapshot: Snapshot,
    query: Query,
    total: u64,
    progress: Progress,
    control: Control,
}

impl Documents {
    fn write(self, mut writer: CitationWriter<'_>) -> Result<u64> {
        for (done, document) in (0u64..).zip(self.snapshot.documents_matching(&self.query)?) {
            if done.is_multiple_of(256) {
                self.control.check()?;
                self.progress.stage("exporting", "documents", done, self.total);
            }
            writer.write(&document?)?;
        }
        self.progress.stage("exporting", "documents", self.total, self.total);
        Ok(writer.finish()?)
    }
}
