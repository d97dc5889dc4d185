//! Checks every byte and every rule of a generation.

use std::collections::HashSet;

use super::recover::{read_manifest, read_tombstones};
use super::snapshot::Snapshot;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::names::segment_name;
use crate::format::rules::Rule;
use crate::ids::{Key, RowId};
use crate::search::SegmentView;

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Files read in full.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Live documents.
    pub documents: u64,
}

impl Snapshot {
    /// Reads every byte of the generation's files and checks every rule of the format, from the
    /// files as they are on disk now.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for the first thing that is wrong, with file, offset and rule.
    pub fn verify(&self, control: &Control) -> Result<VerifyReport> {
        let state = self.state();
        let manifest = read_manifest(&*state.storage, self.generation())?;
        if manifest != state.manifest {
            return Err(Error::corrupt(
                crate::format::names::manifest_name(self.generation()),
                0,
                Rule::ManifestGeneration,
                "the manifest on disk is not the one that was opened",
            ));
        }
        let mut report = VerifyReport { files: 1, bytes: 0, documents: self.len() };
        for (entry, codebook) in self.codebooks() {
            control.check()?;
            codebook.verify()?;
            report.files += 1;
            report.bytes += entry.seal.length;
        }
        let rows: u64 = state.views.iter().map(|view| u64::from(view.segment.rows())).sum();
        let mut checked = 0;
        for (entry, view) in manifest.segments.iter().zip(&state.views) {
            control.check()?;
            view.segment.verify(&control.part(checked, rows))?;
            checked += u64::from(view.segment.rows());
            report.files += 1;
            report.bytes += entry.seal.length;
            if let Some(tombstones) = &entry.tombstones {
                read_tombstones(&*state.storage, entry)?;
                report.files += 1;
                report.bytes += tombstones.seal.length;
            }
        }
        control.report("checking", "documents", checked, rows);
        self.check_unique_keys(control)?;
        Ok(report)
    }

    /// A key is live at most once: every live row is the one that its key finds, in its own segment,
    /// and no other segment has it live. Memory: one entry a live key of all segments but the
    /// largest.
    fn check_unique_keys(&self, control: &Control) -> Result<()> {
        let views = &self.state().views;
        let largest = views.iter().max_by_key(|view| view.segment.rows());
        let largest_id = largest.map(|view| view.segment.id());
        let mut seen: HashSet<Key> = HashSet::new();
        for view in views {
            let id = view.segment.id();
            for row in (0..view.segment.rows()).filter(|row| !view.deleted.contains(*row)) {
                if row.is_multiple_of(65536) {
                    control.check()?;
                }
                let key = view.segment.key(RowId(row))?;
                let again = view.segment.find(&key)? != Some(RowId(row));
                let elsewhere = match largest {
                    Some(largest) if largest_id != Some(id) => {
                        is_live(largest, &key)? || !seen.insert(key.clone())
                    }
                    _ => false,
                };
                if again || elsewhere {
                    return Err(Error::corrupt(
                        segment_name(id),
                        0,
                        Rule::UniqueKey,
                        format!("document {key} is live twice"),
                    ));
                }
            }
        }
        Ok(())
    }
}

fn is_live(view: &SegmentView, key: &Key) -> Result<bool> {
    Ok(view.segment.find(key)?.is_some_and(|row| !view.deleted.contains(row.0)))
}
