//! What a sync will take, measured on a sample of the first file.

use std::time::Instant;

use serde::Serialize;

use super::plan::SyncPlan;
use crate::control::Control;
use crate::error::Result;
use crate::ingest::{Sample, sample};
use crate::session::error::{SessionError, SessionResult};
use crate::session::import::Import;
use crate::storage::{MemoryStorage, Storage, free_bytes};

/// Unpacked bytes of the sample: a thousand citations or two.
const SAMPLE_BYTES: usize = 8 << 20;

/// Packed bytes below which a sync is too small to be measured before.
const SMALL_BYTES: u64 = 64 << 20;

/// What a sync will take, as far as a sample of the first file tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SyncBudget {
    /// Bytes of the files to read, packed as they are.
    pub read_bytes: u64,
    /// Citations of the sample; 0 where the file holds none at its start.
    pub sample_citations: u64,
    /// Bytes in the database per packed byte that is read.
    pub disk_ratio: f64,
    /// Citations per second, embedded and indexed.
    pub citations_per_second: f64,
    /// Bytes that the database will grow by.
    pub disk_bytes: u64,
    /// Bytes that must be free meanwhile: while segments are merged, a third more.
    pub needed_bytes: u64,
    /// Seconds that reading will take.
    pub seconds: f64,
    /// Bytes that are free where the database is; `None` where the system does not say.
    pub free_bytes: Option<u64>,
}

impl SyncBudget {
    /// Fails when the file system has less room than is needed.
    ///
    /// # Errors
    /// [`SessionError::DiskTooSmall`].
    pub fn check_space(&self) -> SessionResult<()> {
        match self.free_bytes {
            Some(free) if free < self.needed_bytes => {
                Err(SessionError::DiskTooSmall { needed: self.needed_bytes, free })
            }
            _ => Ok(()),
        }
    }
}

impl SyncPlan {
    /// Whether so much is to be read that its cost should be known before.
    pub fn is_large(&self) -> bool {
        self.read_bytes() >= SMALL_BYTES
    }

    /// Imports a sample of the first file into memory, and says what all files will take. Cost: about a thousand
    /// citations are parsed and embedded.
    ///
    /// # Errors
    /// Those of the sample's file; as [`SyncPlan::run`].
    pub fn budget(&self, control: &Control) -> SessionResult<SyncBudget> {
        let read_bytes = self.read_bytes();
        let free_bytes = free_bytes(&self.database);
        let mut budget = SyncBudget {
            read_bytes,
            sample_citations: 0,
            disk_ratio: 0.0,
            citations_per_second: 0.0,
            disk_bytes: 0,
            needed_bytes: 0,
            seconds: 0.0,
            free_bytes,
        };
        let Some(first) = self.to_read.first() else { return Ok(budget) };
        let Some(taken) = sample(&first.path, SAMPLE_BYTES)? else { return Ok(budget) };
        let measured = self.rehearse(taken, control)?;
        budget.sample_citations = measured.citations;
        budget.disk_ratio = measured.stored as f64 / measured.bytes as f64;
        budget.citations_per_second = measured.citations as f64 / measured.seconds;
        budget.disk_bytes = (budget.disk_ratio * read_bytes as f64) as u64;
        budget.needed_bytes = budget.disk_bytes.saturating_add(budget.disk_bytes / 3);
        budget.seconds = measured.seconds * read_bytes as f64 / measured.bytes as f64;
        Ok(budget)
    }

    fn rehearse(&self, taken: Sample, control: &Control) -> SessionResult<Measured> {
        let storage = MemoryStorage::new();
        let settings = &self.settings.import;
        let Sample { source, bytes } = taken;
        let import = Import::in_memory(&self.database, source, settings, storage.clone())?;
        let import = import.selecting(self.selection());
        let quiet = Control { watch: None, ..control.clone() };
        let started = Instant::now();
        let report = import.run(&quiet)?;
        let seconds = started.elapsed().as_secs_f64().max(1e-6);
        let citations = report.added + report.replaced + report.unchanged + report.left_out;
        Ok(Measured { citations, bytes, stored: stored_bytes(&storage)?, seconds })
    }
}

/// What a sample took.
struct Measured {
    citations: u64,
    /// Packed.
    bytes: u64,
    /// In the database.
    stored: u64,
    seconds: f64,
}

fn stored_bytes(storage: &dyn Storage) -> Result<u64> {
    storage.list()?.iter().map(|name| Ok(storage.length(name)?.unwrap_or(0))).sum()
}
