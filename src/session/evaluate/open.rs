//! Tasks, judgements and runs in files.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::report::{TaskKind, TaskReport};
use super::task::{Task, TaskDocuments};
use crate::error::{Error, Result};
use crate::eval::collection::{Collection, CollectionOptions, bioasq};
use crate::eval::input::{Input, Violation};
use crate::eval::measures::{RankedDocument, Run, read_judgements, read_run, write_run};
use crate::ingest::{distinct_id, key_of_id};
use crate::session::error::{SessionError, SessionResult};
use crate::session::new_files::NewFile;

impl Task {
    /// Reads a benchmark in any layout of [`Collection`]. A `database` is asked in place of its own documents.
    ///
    /// # Errors
    /// [`Error::Input`] as [`Collection::open`]; [`SessionError::NoJudgements`]; [`SessionError::NoCorpus`] for one without
    /// documents and without a database.
    pub fn open(
        path: &Path,
        options: &CollectionOptions,
        database: Option<PathBuf>,
    ) -> SessionResult<Task> {
        let (task, corpus) = Task::read(path, options)?;
        task.judged(path)?.of_documents(path, corpus, database)
    }

    /// As [`Task::open`], whether judgements are known or not, as participants of TREC and BioASQ have it: rankings and
    /// submissions are made all the same, and nothing is measured without judgements.
    ///
    /// # Errors
    /// [`Error::Input`] as [`Collection::open`]; [`SessionError::NoCorpus`].
    pub fn open_unjudged(
        path: &Path,
        options: &CollectionOptions,
        database: Option<PathBuf>,
    ) -> SessionResult<Task> {
        let (task, corpus) = Task::read(path, options)?;
        task.of_documents(path, corpus, database)
    }

    /// As [`Task::open`], for answers that are there: documents are not needed, and none are asked.
    ///
    /// # Errors
    /// [`Error::Input`] as [`Collection::open`]; [`SessionError::NoJudgements`].
    pub fn open_judged(path: &Path, options: &CollectionOptions) -> SessionResult<Task> {
        Task::read(path, options)?.0.judged(path)
    }

    fn judged(self, path: &Path) -> SessionResult<Task> {
        match self.judgements.is_empty() {
            true => Err(SessionError::NoJudgements { path: path.to_path_buf() }),
            false => Ok(self),
        }
    }

    fn of_documents(
        mut self,
        path: &Path,
        corpus: Vec<PathBuf>,
        database: Option<PathBuf>,
    ) -> SessionResult<Task> {
        self.documents = match database {
            Some(database) => TaskDocuments::Database(database),
            None if corpus.is_empty() => {
                return Err(SessionError::NoCorpus { path: path.to_path_buf() });
            }
            None => TaskDocuments::Corpus(corpus),
        };
        Ok(self)
    }

    /// A task without documents, and the files that have them.
    fn read(path: &Path, options: &CollectionOptions) -> SessionResult<(Task, Vec<PathBuf>)> {
        let collection = Collection::open(path, options).map_err(Error::from)?;
        let skipped = collection.skipped.iter();
        let task = Task {
            name: name_of(path),
            documents: TaskDocuments::Corpus(Vec::new()),
            queries: collection.queries,
            judgements: collection.judgements.into(),
            skipped: skipped.map(|skipped| (skipped.what.to_owned(), skipped.count)).collect(),
            layout: Some(collection.layout),
            answers: collection.answers,
        };
        Ok((task, collection.corpus))
    }

    /// Judgements alone (qrels of TREC, BEIR or JSON lines, packed or not), for runs that are there.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Input`].
    pub fn of_judgements(path: &Path) -> Result<Task> {
        let Input { name, reader, .. } = open(path)?;
        Ok(Task {
            name: name_of(path),
            documents: TaskDocuments::Corpus(Vec::new()),
            queries: Vec::new(),
            judgements: read_judgements(reader, &name, None)?,
            skipped: Vec::new(),
            layout: None,
            answers: BTreeMap::new(),
        })
    }
}

impl Task {
    /// Writes the first system's ten best documents of each question as a submission to BioASQ's phase A.
    ///
    /// # Errors
    /// [`Error::Io`]; also for a document that is no PMID.
    pub fn write_submission(&self, out: &mut dyn Write, report: &TaskReport) -> Result<()> {
        let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        if let Some(first) = report.systems.first() {
            for (query, documents) in first.run.queries() {
                let ids = documents.iter().map(|ranked| ranked.document.as_str());
                found.insert(query.to_owned(), ids.take(bioasq::DOCUMENTS_MAX).collect());
            }
        }
        bioasq::write_submission(out, &self.queries, &found)
            .map_err(|source| Error::io("write", "the submission", source))
    }
}

impl TaskReport {
    /// Writes each system's ranking into a folder, as the TREC run `TASK.SYSTEM.trec`, in place of the file that has that
    /// name. After an error all files that were there are as they were, unless one cannot be renamed.
    ///
    /// # Errors
    /// [`Error::Io`]; also for names of systems that are no part of a file's name, or that two of them have.
    pub fn write_runs(&self, folder: &Path) -> Result<()> {
        let failed = |path: &Path| {
            let name = path.display().to_string();
            move |source| Error::io("write", name, source)
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let (mut names, mut files) = (BTreeSet::new(), Vec::new());
        for system in self.systems.iter().filter(|_| self.kind == TaskKind::Retrieval) {
            let tag = system.run.tag();
            let path = folder.join(format!("{}.{tag}.trec", self.task));
            // The tag of a run that was given may be anything.
            if tag.contains(|ch: char| matches!(ch, '/' | '\\') || ch.is_control()) {
                return Err(failed(&path)(io::ErrorKind::InvalidFilename.into()));
            }
            if !names.insert(tag) {
                return Err(failed(&path)(io::ErrorKind::AlreadyExists.into()));
            }
            let mut file = NewFile::replacing(&path)?;
            let run = writable(&system.run).map_err(|wrong| {
                let detail = wrong.to_string();
                failed(&path)(io::Error::new(io::ErrorKind::InvalidInput, detail))
            })?;
            write_run(&mut file, &run).map_err(failed(&path))?;
            file.flush().map_err(failed(&path))?;
            files.push(file);
        }
        files.into_iter().try_for_each(NewFile::publish)
    }
}

/// A run whose ids have no blank, which would end a column: where judgements write a key with one, as `PMID: 7`, the key itself.
///
/// # Errors
/// As [`Run::insert`]: two ids are of one document.
fn writable(run: &Run) -> std::result::Result<Cow<'_, Run>, Violation> {
    let has_blank = |ranked: &RankedDocument| ranked.document.contains(char::is_whitespace);
    if !run.queries().any(|(_, documents)| documents.iter().any(has_blank)) {
        return Ok(Cow::Borrowed(run));
    }
    let mut plain = Run::new(run.tag());
    for (query, documents) in run.queries() {
        let mut documents = documents.to_vec();
        for ranked in documents.iter_mut().filter(|ranked| has_blank(ranked)) {
            ranked.document = distinct_id(&key_of_id(&ranked.document));
        }
        plain.insert(query, documents)?;
    }
    Ok(Cow::Owned(plain))
}

/// Fails where a run of a task is being written into a folder already, or an evaluation that was killed has left one half
/// written: [`TaskReport::write_runs`] could not write it, after all the work.
///
/// # Errors
/// [`Error::Io`].
pub fn check_runs(folder: &Path, task: &str) -> Result<()> {
    let start = format!("{task}.");
    // A folder that is not there is made later.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&start) && name.ends_with(".trec.partial") {
            let path = entry.path().display().to_string();
            return Err(Error::io("create", path, io::ErrorKind::AlreadyExists.into()));
        }
    }
    Ok(())
}

/// Reads a TREC run, packed or not.
///
/// # Errors
/// [`Error::Io`]; [`Error::Input`] for an empty file, and with the line: too few columns, a score that is no number, a document twice.
pub fn open_run(path: &Path) -> Result<Run> {
    let Input { name, reader, .. } = open(path)?;
    Ok(read_run(reader, &name)?)
}

/// A file that has something in it, packed or not.
fn open(path: &Path) -> Result<Input> {
    // What is not there is said as of any other file.
    fs::metadata(path).map_err(|source| Error::io("open", path.display().to_string(), source))?;
    Ok(Input::open_filled(path)?)
}

/// The name of a folder or file, as a part of other files' names.
pub(super) fn name_of(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    name.map_or("task".to_owned(), |name| name.to_string_lossy().into_owned())
}
