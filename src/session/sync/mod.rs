//! NLM's yearly and daily cycle: a folder of baseline and update files, and a database that follows it.
//!
//! NLM issues all of PubMed once a year, as the *baseline* (`pubmed26n0001.xml.gz` to, say, `n1334`), and what
//! changes since as *update files*, which go on with the numbering. [`plan_sync`] compares a folder with what a
//! database has read; [`SyncPlan::run`] reads the rest, in the order of year and number.
//!
//! | rule | why |
//! |---|---|
//! | A file is known by year and number, never by its time. | A late file then replays in its place: records carry revisions. |
//! | A bad checksum, a cut file or one that is still growing ends the run; what came before it stays. | The next run goes on there. |
//! | A file that was read is known again by name, size and first 64 KiB. | Hashing 50 GB every day would take minutes. |
//! | A missing number is reported and does not stop the run. The newest year's begin at 1 and reach to its baseline's end. | It may come later. |
//!
//! **Fetching.** With the feature `download`, `download_nlm_files` first fetches what a server lists and neither the
//! folder has nor the database has read, so that files which were read can be removed.
//!
//! **A new year.** The baseline ends before the first update file: the lowest number in `updatefiles/` shows where,
//! also once files that were read are removed; in a flat folder [`SyncSettings::baseline_end`] says it. Once
//! all of a baseline has been read, citations that an older year's files brought and the new year's did not are
//! deleted, within a bound ([`SyncSettings::allow_removals`]). Files of older years that were never read are then
//! passed over: the baseline contains what they said. Documents that came from elsewhere are never deleted.
//!
//! **Slices.** [`SyncSettings::keep`] keeps only citations that a query in PubMed's language finds. Each batch is
//! written into a database in memory and asked the query there, so that a slice means what a search means. The slice
//! stands in the database. What a slice leaves out leaves no trace; hence a late file makes the files after it be
//! read again, and another slice all of them ([`SyncSettings::reread`]).

mod budget;
#[cfg(feature = "download")]
mod download;
mod folder;
mod key;
mod ledger;
#[cfg(feature = "download")]
mod listing;
mod plan;
mod reconcile;
mod report;
mod run;
mod settings;
mod slice;
mod status;

pub use budget::SyncBudget;
#[cfg(feature = "download")]
pub use download::{DownloadReport, DownloadSettings, NLM, download_nlm_files};
pub use key::NlmFile;
pub use plan::{PlannedFile, ReadReason, SyncPlan, plan_sync};
pub use report::{PendingRemovals, SyncRemovals, SyncReport};
pub use settings::SyncSettings;
pub use status::{SyncStatus, kept_slice, sync_status, sync_status_with};
