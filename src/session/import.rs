//! Sources into a database, which is created if it is not there.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{SessionError, SessionResult};
use super::new_database::NewDatabase;
use super::opened::Session;
use super::settings::ImportSettings;
use super::sources::{Checked, check};
use super::target::{Fresh, Target, create, existing, fresh};
use crate::control::{CancelToken, Control};
use crate::db::{CreateOptions, Database, Maintenance};
use crate::encoder::EncoderSpec;
use crate::error::Result;
use crate::ingest::pipeline::{
    ImportOptions, ImportReport, Progress, Selection, Stage, import_sources,
};
use crate::ingest::{ImportSource, Opened, Source};
use crate::storage::MemoryStorage;

/// An import whose sources, database and encoder agree with each other.
pub struct Import {
    database: Database,
    sources: Vec<ImportSource>,
    options: ImportOptions,
    /// The database, if it was created for this import.
    new: Option<NewDatabase>,
}

impl Import {
    /// Looks into the sources, then opens or creates the database in a directory. Nothing is imported
    /// yet, and nothing is created where a source cannot be read or a setting cannot be kept.
    ///
    /// # Errors
    /// [`SessionError`]: no sources, a source that cannot be read, settings that contradict the database
    /// that is there or the vectors that the sources bring; as [`Database::open`] and
    /// [`Database::create`].
    pub fn prepare(
        path: impl AsRef<Path>,
        sources: Vec<ImportSource>,
        settings: &ImportSettings,
    ) -> SessionResult<Import> {
        let path = path.as_ref();
        let is_new = !Database::exists(path);
        let checked = checked(sources, settings, is_new)?;
        let target = match is_new {
            true => create(path, &checked, settings)?,
            false => existing(Database::open(path)?, &checked, settings)?,
        };
        Ok(Import::of(target, checked, settings))
    }

    /// As [`Import::prepare`], for a database that is open.
    fn into_database(
        database: Database,
        sources: Vec<ImportSource>,
        settings: &ImportSettings,
    ) -> SessionResult<Import> {
        let checked = checked(sources, settings, false)?;
        let target = existing(database, &checked, settings)?;
        Ok(Import::of(target, checked, settings))
    }

    /// As [`Import::prepare`], for files of documents without vectors, which are opened when they are read.
    ///
    /// # Errors
    /// As [`Import::prepare`], but for what is wrong with the files.
    pub(super) fn of_files(
        path: &Path,
        files: Vec<PathBuf>,
        settings: &ImportSettings,
    ) -> SessionResult<Import> {
        let checked = Checked::documents(files);
        let target = match Database::exists(path) {
            true => existing(Database::open(path)?, &checked, settings)?,
            false => create(path, &checked, settings)?,
        };
        Ok(Import::of(target, checked, settings))
    }

    /// An import of a source into a database in memory, made as the one at a path is or would be.
    ///
    /// # Errors
    /// As [`Import::of_files`].
    pub(super) fn in_memory(
        path: &Path,
        source: Source,
        settings: &ImportSettings,
        storage: MemoryStorage,
    ) -> SessionResult<Import> {
        let mut checked = Checked::documents([]);
        let (options, encoder, origin) = match Database::exists(path) {
            true => {
                let target = existing(Database::open(path)?, &checked, settings)?;
                let manifest = target.database.snapshot().manifest().clone();
                let options = CreateOptions::default().vectors(manifest.vectors);
                (options.lexical(manifest.lexical), target.encoder, target.origin)
            }
            false => {
                let Fresh { options, encoder, origin } = fresh(&checked, settings)?;
                (options, encoder, origin)
            }
        };
        let database = Database::create_in(Arc::new(storage), options)?;
        checked.sources.push(ImportSource::Opened(Opened::Documents(Box::new(source))));
        let target = Target { database, encoder, origin, new: None };
        Ok(Import::of(target, checked, settings))
    }

    /// Keeps what a selection chooses, and all that came before a bad file.
    pub(super) fn selecting(mut self, selection: Option<Arc<dyn Selection>>) -> Import {
        self.options.selection = selection;
        self.options.keep_before_failure = true;
        self
    }

    fn of(target: Target, checked: Checked, settings: &ImportSettings) -> Import {
        let Target { database, encoder, origin, new } = target;
        let defaults = ImportOptions::default();
        let options = ImportOptions {
            encoder,
            origin,
            ids: settings.ids.clone(),
            columns: settings.columns.clone(),
            defer: settings.defer,
            force: settings.force,
            keep_going: settings.keep_going,
            maintenance: match settings.maintain {
                true => Maintenance::Auto(CancelToken::new()),
                false => Maintenance::Off,
            },
            batch: settings.encoder.batch(defaults.batch),
            commit_every: settings.commit_every.map_or(defaults.commit_every, NonZeroU64::get),
            ..defaults
        };
        Import { database, sources: checked.sources, options, new }
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The encoder of a database that was created for this import.
    pub fn new_encoder(&self) -> Option<&EncoderSpec> {
        let encoder = self.options.encoder.as_ref().filter(|_| self.new.is_some());
        encoder.map(|encoder| encoder.spec())
    }

    /// Imports the sources in their order, and reports bytes read and records to the control's watch.
    ///
    /// # Errors
    /// As [`pipeline::import`](crate::ingest::pipeline::import); what was committed before an error
    /// stays. A database that was created for this import goes where that is nothing.
    pub fn run(mut self, control: &Control) -> Result<ImportReport> {
        self.options.control = control.clone();
        let mut watch = |now: &Progress<'_>| {
            let stage = match now.stage {
                Stage::Importing => "importing",
                Stage::Committing => "making it durable",
                Stage::Improving => "merging and indexing",
            };
            control.report_reading(stage, now.bytes, now.bytes_total, now.records);
        };
        let imported = import_sources(&self.database, self.sources, &self.options, &mut watch);
        if let (Err(_), Some(new)) = (&imported, &self.new) {
            new.give_up();
        }
        imported
    }
}

fn checked(
    sources: Vec<ImportSource>,
    settings: &ImportSettings,
    looks_inside: bool,
) -> SessionResult<Checked> {
    if sources.is_empty() {
        return Err(SessionError::NoSources);
    }
    check(sources, &settings.hints(), looks_inside, settings.keep_going)
}

impl Session {
    /// Imports sources into the session's database, with the encoder that the settings name or that the
    /// database names; requests find what is committed.
    ///
    /// # Errors
    /// As [`Import::prepare`] and [`Import::run`].
    pub fn import(
        &self,
        sources: Vec<ImportSource>,
        settings: &ImportSettings,
        control: &Control,
    ) -> SessionResult<ImportReport> {
        let import = Import::into_database(self.database.clone(), sources, settings)?;
        Ok(import.run(control)?)
    }
}
