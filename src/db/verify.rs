//! Checks every byte of a generation, and every rule of it.

use std::collections::HashSet;

use super::commit::has_id;
use super::files::files_of;
use super::recover::newest_generation;
use super::snapshot::{Content, Part, Snapshot};
use super::tombstones;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::manifest;
use crate::format::names::{manifest_name, segment_name};
use crate::format::rules::Rule;
use crate::ids::{Key, RowId};
use crate::mesh::MeshFile;
use crate::parallel;
use crate::search::SegmentView;
use crate::storage::{FilePiece, VerifiedFile};

/// Blocks that a thread checks at once: 16 MiB.
const PIECE_BLOCKS: usize = 256;

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Files read in full.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Live documents.
    pub documents: u64,
    /// Whether a later generation was committed meanwhile, so that files of this one may be gone: what
    /// was checked is what the snapshot holds open.
    pub superseded: bool,
}

impl VerifyReport {
    /// Counts what was checked of another part.
    fn add(&mut self, part: VerifyReport) {
        let VerifyReport { files, bytes, documents, superseded } = part;
        self.files += files;
        self.bytes += bytes;
        self.documents += documents;
        self.superseded |= superseded;
    }
}

/// What holds a generation against something.
type Check = fn(&Content, &Control) -> Result<VerifyReport>;

impl Snapshot {
    /// Reads every byte of the generation's files and checks every rule of the format. What is read is
    /// what the snapshot holds open: a writer that commits meanwhile changes nothing of it. As long as
    /// no later generation exists, the files must also be in the directory.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for the first thing that is wrong, with file, offset and rule.
    pub fn verify(&self, control: &Control) -> Result<VerifyReport> {
        self.verify_by(check, control)
    }

    /// Reads every byte of the generation's files on all cores and compares it with its checksum: finds what a disk or a
    /// copy has changed. [`Snapshot::verify`] also finds what was wrong before its checksum was taken.
    ///
    /// Cost: that of reading the files; what is in memory is read at some GB/s.
    ///
    /// # Errors
    /// As [`Snapshot::verify`].
    pub fn verify_checksums(&self, control: &Control) -> Result<VerifyReport> {
        self.verify_by(check_checksums, control)
    }

    fn verify_by(&self, check: Check, control: &Control) -> Result<VerifyReport> {
        if !self.members().is_empty() {
            return self.verify_members(check, control);
        }
        let state = self.state();
        let mut report = check(&state.content, control)?;
        if let Err(problem) = self.check_directory() {
            // Two commits later the files are garbage, and rightly gone.
            match newest_generation(&*state.storage) {
                Ok(Some(newest)) if newest > self.generation() => report.superseded = true,
                _ => return Err(problem),
            }
        }
        Ok(report)
    }

    fn verify_members(&self, check: Check, control: &Control) -> Result<VerifyReport> {
        let mut all = VerifyReport::default();
        let total = self.members().iter().map(Snapshot::len).sum();
        for member in self.members() {
            let report = member.verify_by(check, &control.part(all.documents, total));
            let report = report.map_err(|error| error.within(member.location().as_ref()))?;
            all.add(report);
        }
        Ok(all)
    }

    /// The directory has the files that this snapshot holds open.
    fn check_directory(&self) -> Result<()> {
        let state = self.state();
        let name = manifest_name(self.generation());
        let wrong = |name: &str, rule, detail: &str| Err(Error::corrupt(name, 0, rule, detail));
        match state.storage.open(&name)? {
            None => return wrong(&name, Rule::FileMissing, "the file is gone"),
            Some(bytes) if bytes[..] == state.manifest_bytes[..] => {}
            Some(_) => {
                let detail = "the manifest on disk is not the one that was opened";
                return wrong(&name, Rule::ManifestGeneration, detail);
            }
        }
        for (name, seal) in files_of(&state.manifest) {
            match state.storage.length(&name)? {
                None => return wrong(&name, Rule::FileMissing, "the file is gone"),
                Some(length) if length != seal.length => {
                    let detail = format!("{length} bytes, not {}", seal.length);
                    return wrong(&name, Rule::FileLength, &detail);
                }
                Some(_) if has_id(&*state.storage, &name, &seal)? => {}
                Some(_) => {
                    return wrong(&name, Rule::FileId, "another file stands under this name");
                }
            }
        }
        Ok(())
    }
}

fn check_manifest(content: &Content) -> Result<()> {
    let name = manifest_name(content.manifest.generation);
    if manifest::decode(&name, &content.manifest_bytes)? == content.manifest {
        return Ok(());
    }
    let detail = "the manifest is not the one that was opened";
    Err(Error::corrupt(name, 0, Rule::ManifestGeneration, detail))
}

/// Holds every byte of a generation against its checksum.
fn check_checksums(content: &Content, control: &Control) -> Result<VerifyReport> {
    check_manifest(content)?;
    let mut files: Vec<&VerifiedFile> = Vec::new();
    files.extend(content.codebooks.iter().map(|(_, codebook)| codebook.file()));
    files.extend(content.mesh.own().map(MeshFile::file));
    files.extend(content.views.iter().map(|view| view.segment.file()));
    files.extend(content.tombstones.iter().flatten());
    let pieces: Vec<FilePiece<'_>> =
        files.iter().flat_map(|file| file.pieces(PIECE_BLOCKS)).collect();
    let bytes = files.iter().map(|file| file.bytes().len() as u64).sum();
    let mut finished = |count: usize| {
        let done: u64 = pieces.iter().take(count).map(FilePiece::bytes).sum();
        control.report("checking", "bytes", done.min(bytes), bytes);
    };
    parallel::try_map(parallel::cores(), &pieces, control, FilePiece::verify, &mut finished)?;
    control.report("checking", "bytes", bytes, bytes);
    let documents = |view: &SegmentView| u64::from(view.segment.rows()) - view.deleted.len();
    Ok(VerifyReport {
        files: 1 + files.len(),
        bytes,
        documents: content.views.iter().map(documents).sum(),
        superseded: false,
    })
}

/// Holds everything that is open of a generation against every rule.
pub(super) fn check(content: &Content, control: &Control) -> Result<VerifyReport> {
    check_manifest(content)?;
    let mut report = VerifyReport { files: 1, ..VerifyReport::default() };
    for (entry, codebook) in &content.codebooks {
        control.check()?;
        codebook.verify()?;
        report.files += 1;
        report.bytes += entry.seal.length;
    }
    if let (Some(entry), Some(mesh)) = (&content.manifest.mesh, content.mesh.own()) {
        control.check()?;
        mesh.verify()?;
        report.files += 1;
        report.bytes += entry.seal.length;
    }
    let parts: Vec<Part<'_>> = content.parts().collect();
    let rows = parts.iter().map(|part| u64::from(part.view.segment.rows())).sum();
    let controls = control.parts(parts.len(), rows);
    let parts: Vec<(Part<'_>, Control)> = parts.into_iter().zip(controls).collect();
    let check = |(part, control): &(Part<'_>, Control)| check_part(part, control);
    let checked = parallel::try_map(parallel::cores(), &parts, control, check, &mut |_| ())?;
    checked.into_iter().for_each(|part| report.add(part));
    control.report("checking", "documents", rows, rows);
    check_unique_keys(&content.views, control)?;
    Ok(report)
}

/// Holds a segment and what is deleted of it against every rule.
fn check_part(part: &Part<'_>, control: &Control) -> Result<VerifyReport> {
    let Part { entry, view, tombstones } = part;
    view.segment.verify(control)?;
    let documents = u64::from(view.segment.rows()) - view.deleted.len();
    let mut report =
        VerifyReport { files: 1, bytes: entry.seal.length, documents, superseded: false };
    if let Some(file) = tombstones {
        file.verify()?;
        if tombstones::read(file, entry)? != *view.deleted {
            let detail = "the deleted rows are not those that were read at first";
            return Err(Error::corrupt(file.name(), 0, Rule::Tombstones, detail));
        }
        report.files += 1;
        report.bytes += file.bytes().len() as u64;
    }
    Ok(report)
}

/// A key is live at most once: every live row is the one that its key finds, in its own segment,
/// and no other segment has it live. Memory: one entry per live key of all segments but the
/// largest.
fn check_unique_keys(views: &[SegmentView], control: &Control) -> Result<()> {
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

fn is_live(view: &SegmentView, key: &Key) -> Result<bool> {
    Ok(view.segment.find(key)?.is_some_and(|row| !view.deleted.contains(row.0)))
}
