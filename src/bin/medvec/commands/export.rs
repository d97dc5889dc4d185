//! `medvec export`

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::Path;

use medvec::export::CitationWriter;
use medvec::{Control, Error, Query, Snapshot};

use super::open::open;
use crate::args::Export;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Failure, Result};
use crate::progress::Progress;
use crate::style::{FAINT, GOOD, counted};

pub(crate) fn run(args: &Export, context: &mut Context) -> Result<u8> {
    let Some(format) = args.format.of_documents() else {
        let formats = "nbib, ris, bibtex, csl-json, csv, json or jsonl";
        return Err(Failure::usage(format!("documents are exported as {formats}: use --format")));
    };
    let snapshot = open(&args.database)?.snapshot();
    let query = Query::matching(args.filters.to_filter()?).control(context.control());
    let total = snapshot.search(&query.clone().count_only())?.matched;
    let progress = context.progress("exporting");
    let control = context.control();
    let documents = Documents { snapshot, query, total, progress, control };
    let written = match &args.output {
        None => {
            let mut out = context.out.machine();
            documents.write(CitationWriter::new(format, &mut out)?)?
        }
        Some(path) => {
            let mut file = create(path)?;
            let written = documents.write(CitationWriter::new(format, &mut file)?)?;
            file.flush()?;
            let what = counted(written, "document");
            context.remark(format!("{GOOD}exported{GOOD:#} {what} to {}", path.display()));
            written
        }
    };
    if written == 0 {
        context.remark(format!("{FAINT}no document passes these filters{FAINT:#}"));
    }
    Ok(if written > 0 { EXIT_FOUND } else { EXIT_NONE })
}

/// A new file; one that is there is left alone.
pub(super) fn create(path: &Path) -> Result<impl Write + use<>> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let file = file.map_err(|source| Error::io("create", path.display().to_string(), source))?;
    Ok(BufWriter::new(file))
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
        Ok(writer.finish()?)
    }
}
