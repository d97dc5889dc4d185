//! The manifest: the whole state of a database, one immutable file a commit.

use rkyv::{Archive, Deserialize, Serialize};

use super::archive;
use super::body::{checked_section, optional_record, put_record};
use super::frame::{FileKind, FileSeal, Frame, FrameWriter};
use super::names::{self, Name};
use super::rules::Rule;
use crate::encoder::{EncoderSpec, Metric};
use crate::error::{Error, Result};
use crate::ids::{Generation, SegmentId};
use crate::limits::{DIMENSION_MAX, MANIFEST_BYTES_MAX, NUMBER_MAX, SEGMENT_ROWS_MAX};

mod calibration;
mod mesh;
mod sections;
mod sources;

pub use calibration::{
    Calibration, CalibrationContents, CalibrationNotes, CalibrationPoint, CalibrationStops,
    FormerCalibration, FormerCalibrations, OfCodebook, QuerySource, SpilledCalibration,
};
pub use mesh::MeshEntry;
pub use sections::*;
pub use sources::{SourceDigest, SourceDigests, SourceEntry};

/// How vectors are stored for re-ranking and exact search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum RowType {
    /// One signed byte per dimension and one scale per row.
    #[default]
    Int8,
    /// IEEE half precision.
    F16,
    /// Single precision.
    F32,
}

/// The vectors of a database: the same for every segment.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct VectorConfig {
    /// Numbers in a vector.
    pub dimension: u32,
    /// How they are compared.
    pub metric: Metric,
    /// How rows are stored.
    pub row_type: RowType,
    /// What made them; `None` when callers bring their own.
    pub encoder: Option<EncoderSpec>,
    /// Seed of the rotation that vectors are stored under, 0 for none.
    pub rotation: u64,
}

/// The seed of the rotation of new databases of int8 rows.
const ROTATION: u64 = 1;

impl VectorConfig {
    /// Vectors of a new database. Rows of [`RowType::Int8`] are stored under a rotation, which spreads
    /// what a few outlying dimensions hold, so that one step of quantisation suits all of them.
    pub fn new(
        dimension: u32,
        metric: Metric,
        row_type: RowType,
        encoder: Option<EncoderSpec>,
    ) -> VectorConfig {
        let rotation = if row_type == RowType::Int8 { ROTATION } else { 0 };
        VectorConfig { dimension, metric, row_type, encoder, rotation }
    }
}

/// The lexical index of a database: the same for every segment that is written from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct LexicalConfig {
    /// Whether it keeps the positions of words, which phrases, proximity and single parts of a text need.
    pub positions: bool,
}

/// The index of a database: the same for every segment that is written from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct IndexConfig {
    /// Whether rows get copies in second lists.
    pub spills: bool,
}

/// A segment of the database.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct SegmentEntry {
    /// Its number.
    pub id: SegmentId,
    /// Its file.
    pub seal: FileSeal,
    /// Rows, deleted ones included.
    pub rows: u32,
    /// Deletion marks for keys of other segments (`DeleteCitation`).
    pub deletes: u32,
    /// Its deleted rows, if any.
    pub tombstones: Option<TombstonesEntry>,
}

/// The tombstone file of a segment.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct TombstonesEntry {
    /// The generation in the file's name.
    pub generation: Generation,
    /// Its file.
    pub seal: FileSeal,
    /// Deleted rows.
    pub rows: u32,
}

/// The state of a database.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct Manifest {
    /// This state's number.
    pub generation: Generation,
    /// Random id of the database.
    pub database_id: [u8; 16],
    /// Number for the next segment; never goes back.
    pub next_segment: SegmentId,
    /// The vectors; `None` for a database of text only.
    pub vectors: Option<VectorConfig>,
    /// Segments by ascending id.
    pub segments: Vec<SegmentEntry>,
    /// Imported files, in order of import.
    pub sources: Vec<SourceEntry>,
    /// Codebooks of the segments, oldest first; new segments are indexed with the last.
    pub codebooks: Vec<CodebookEntry>,
    /// What reaches which recall with the last codebook.
    pub calibration: Option<Calibration>,
    /// What reached which recall with others of the codebooks, each named by its hash; at most one of each. A section of its own.
    #[rkyv(with = rkyv::with::Skip)]
    pub former: Vec<OfCodebook>,
    /// The lexical index of new segments; `None` for none, as in databases of format 1.0. A section of its own.
    #[rkyv(with = rkyv::with::Skip)]
    pub lexical: Option<LexicalConfig>,
    /// How rows of new segments are indexed; `None` as in databases of format 1.0. A section of its own.
    #[rkyv(with = rkyv::with::Skip)]
    pub index: Option<IndexConfig>,
    /// The database's own MeSH vocabulary, which format 1.0 has no place for; `None`: the one inside the
    /// library.
    #[rkyv(with = rkyv::with::Skip)]
    pub mesh: Option<MeshEntry>,
}

impl Manifest {
    /// Codebooks that were measured, by their hashes, and what was measured.
    pub fn calibrations(&self) -> impl Iterator<Item = ([u8; 16], &Calibration)> {
        let last = self.codebooks.last().map(|entry| entry.hash).zip(self.calibration.as_ref());
        last.into_iter().chain(self.former.iter().map(|(hash, known)| (*hash, known)))
    }

    /// Forgets all that was measured.
    pub fn forget_calibrations(&mut self) {
        (self.calibration, self.former) = (None, Vec::new());
    }
}

/// A codebook that segments are indexed with.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct CodebookEntry {
    /// The first 16 bytes of the SHA-256 of its content; in the file's name.
    pub hash: [u8; 16],
    /// Its file.
    pub seal: FileSeal,
}

/// The file of a manifest, and what identifies it.
///
/// # Errors
/// The same rules as [`decode`], so that nothing is written that could not be read.
pub fn encode(manifest: &Manifest, file_id: [u8; 16]) -> Result<(Vec<u8>, FileSeal)> {
    let file = names::manifest_name(manifest.generation);
    check(&file, 0, manifest)?;
    let mut writer = FrameWriter::new(FileKind::Manifest, file_id);
    put_record(&mut writer, SECTION_STATE, manifest)?;
    if let Some(digests) = SourceDigests::of(&manifest.sources) {
        put_record(&mut writer, SECTION_SOURCE_DIGESTS, &digests)?;
    }
    calibration::put(&mut writer, manifest.calibration.as_ref(), &manifest.former)?;
    if let Some(lexical) = &manifest.lexical {
        put_record(&mut writer, SECTION_LEXICAL, lexical)?;
    }
    if let Some(index) = &manifest.index {
        put_record(&mut writer, SECTION_INDEX, index)?;
    }
    if let Some(entry) = &manifest.mesh {
        put_record(&mut writer, SECTION_MESH, entry)?;
    }
    let (bytes, seal) = writer.finish();
    check_length(&file, bytes.len())?;
    Ok((bytes, seal))
}

/// Reads and checks a whole manifest. `file` is its name: `manifest-<generation>`, or
/// [`names::TEMPORARY_MANIFEST`] for one that is not published yet.
///
/// # Errors
/// [`Error::Corrupt`] with the rule that is broken; [`Error::Unsupported`] for a newer format.
pub fn decode(file: &str, bytes: &[u8]) -> Result<Manifest> {
    check_length(file, bytes.len())?;
    let frame = Frame::parse(file, FileKind::Manifest, bytes)?;
    let (record, offset) = checked_section(file, &frame, bytes, SECTION_STATE)?;
    let mut manifest: Manifest = archive::decode(file, offset, record)?;
    manifest.former = calibration::read(file, &frame, bytes, &mut manifest.calibration)?;
    manifest.lexical =
        optional_record(file, &frame, bytes, SECTION_LEXICAL)?.map(|(config, _)| config);
    manifest.index = optional_record(file, &frame, bytes, SECTION_INDEX)?.map(|(config, _)| config);
    let mesh = optional_record(file, &frame, bytes, SECTION_MESH)?;
    manifest.mesh = mesh.map(|(entry, _)| entry);
    match names::parse(file) {
        Some(Name::TemporaryManifest) => {}
        Some(Name::Manifest(generation)) if generation == manifest.generation => {}
        Some(Name::Manifest(generation)) => {
            return Err(Error::corrupt(
                file,
                offset,
                Rule::ManifestGeneration,
                format!("the name says {generation}, the content {}", manifest.generation),
            ));
        }
        _ => return Err(Error::corrupt(file, 0, Rule::Name, "not the name of a manifest")),
    }
    check(file, offset, &manifest)?;
    let digests = optional_record::<SourceDigests>(file, &frame, bytes, SECTION_SOURCE_DIGESTS)?;
    if let Some((digests, offset)) = digests {
        digests.attach(file, offset, &mut manifest.sources)?;
    }
    Ok(manifest)
}

/// Checks that this build may write the generation after this manifest.
///
/// # Errors
/// [`Error::Unsupported`] when it may only read; [`Error::Corrupt`] for a broken frame.
pub fn check_writable(file: &str, bytes: &[u8]) -> Result<()> {
    Frame::parse(file, FileKind::Manifest, bytes)?.check_writable(file)
}

fn check_length(file: &str, length: usize) -> Result<()> {
    if length as u64 > MANIFEST_BYTES_MAX {
        return Err(Error::corrupt(file, 0, Rule::ManifestLength, format!("{length} bytes")));
    }
    Ok(())
}

/// The rules about codebooks and what was measured with them.
fn check_index(manifest: &Manifest) -> Result<(), (Rule, String)> {
    let broken = |detail: String| Err((Rule::ManifestIndex, detail));
    let named: Vec<&[u8; 16]> = manifest.codebooks.iter().map(|entry| &entry.hash).collect();
    let mut hashes = named.clone();
    hashes.sort_unstable();
    if hashes.windows(2).any(|pair| pair.first() == pair.last()) {
        return broken("a codebook is named twice".into());
    }
    if manifest.vectors.is_none() && !hashes.is_empty() {
        return broken("there is a codebook but no vectors".into());
    }
    calibration::check(&named, manifest.calibration.as_ref(), &manifest.former)
}

/// The rules that concern several fields.
fn check(file: &str, offset: u64, manifest: &Manifest) -> Result<()> {
    let wrong = |rule: Rule, detail: String| Error::corrupt(file, offset, rule, detail);
    if manifest.generation.0 == 0 {
        return Err(wrong(Rule::ManifestGeneration, "generations count from 1".into()));
    }
    let next = manifest.next_segment;
    if manifest.generation.0 > NUMBER_MAX || next.0 > NUMBER_MAX {
        let detail = format!("generation {}, next segment {next}", manifest.generation);
        return Err(wrong(Rule::Numbers, detail));
    }
    if let Some(vectors) = &manifest.vectors {
        let dimension = vectors.dimension;
        if dimension == 0 || dimension as usize > DIMENSION_MAX {
            return Err(wrong(Rule::Dimension, format!("dimension {dimension}")));
        }
        if let Some(encoder) = &vectors.encoder
            && encoder.dimension != dimension
        {
            let detail = format!("dimension {dimension}, the encoder's {}", encoder.dimension);
            return Err(wrong(Rule::Dimension, detail));
        }
    }
    check_index(manifest).map_err(|(rule, detail)| wrong(rule, detail))?;
    let mut previous = None;
    for segment in &manifest.segments {
        let id = segment.id;
        if previous.is_some_and(|previous| previous >= id) || id >= manifest.next_segment {
            let detail = format!("segment {id} (next {})", manifest.next_segment);
            return Err(wrong(Rule::ManifestSegments, detail));
        }
        previous = Some(id);
        if segment.rows > SEGMENT_ROWS_MAX {
            return Err(wrong(Rule::SegmentRows, format!("segment {id}: {} rows", segment.rows)));
        }
        if let Some(tombstones) = &segment.tombstones {
            let since = tombstones.generation;
            if tombstones.rows == 0
                || tombstones.rows > segment.rows
                || since.0 == 0
                || since > manifest.generation
            {
                let detail = format!(
                    "segment {id}: {} of {} rows deleted in generation {since}",
                    tombstones.rows, segment.rows
                );
                return Err(wrong(Rule::ManifestTombstones, detail));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
