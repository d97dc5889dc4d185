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

mod mesh;
mod sources;

pub use mesh::MeshEntry;
pub use sources::{SourceDigest, SourceDigests, SourceEntry};

/// Section of the state itself.
pub const SECTION_STATE: u32 = 1;
/// Optional section of [`SourceDigests`]; since format 1.1.
pub const SECTION_SOURCE_DIGESTS: u32 = 2;
/// Optional section of [`CalibrationNotes`]; since format 1.1.
pub const SECTION_CALIBRATION_NOTES: u32 = 3;
/// Optional section of the [`MeshEntry`]; since format 1.1.
pub const SECTION_MESH: u32 = 4;
/// Optional section of [`LexicalConfig`]; since format 1.1.
pub const SECTION_LEXICAL: u32 = 5;
/// Optional section of [`CalibrationStops`]; since format 1.1.
pub const SECTION_CALIBRATION_STOPS: u32 = 6;
/// Optional section of [`Calibration::spilled`]; since format 1.1.
pub const SECTION_CALIBRATION_SPILLED: u32 = 7;
/// Optional section of [`IndexConfig`]; since format 1.1.
pub const SECTION_INDEX: u32 = 8;

/// Every section of a manifest and its name in `inspect`.
pub const NAMES: &[(u32, &str)] = &[
    (SECTION_STATE, "state"),
    (SECTION_SOURCE_DIGESTS, "source-digests"),
    (SECTION_CALIBRATION_NOTES, "calibration-notes"),
    (SECTION_MESH, "mesh"),
    (SECTION_LEXICAL, "lexical"),
    (SECTION_CALIBRATION_STOPS, "calibration-stops"),
    (SECTION_CALIBRATION_SPILLED, "calibration-spilled"),
    (SECTION_INDEX, "index"),
];

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

/// A codebook that segments are indexed with.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct CodebookEntry {
    /// The first 16 bytes of the SHA-256 of its content; in the file's name.
    pub hash: [u8; 16],
    /// Its file.
    pub seal: FileSeal,
}

/// How much work reaches which recall, measured with queries when the index was made.
#[derive(Clone, Debug, Default, PartialEq, Archive, Serialize, Deserialize)]
pub struct Calibration {
    /// Queries that it was measured with.
    pub queries: u32,
    /// Whether they were held-out rows, which are easier than what users ask.
    pub optimistic: bool,
    /// Rows that were indexed then.
    pub rows: u64,
    /// Lists that held one of these rows.
    pub lists: u32,
    /// By ascending recall, then by descending share.
    pub points: Vec<CalibrationPoint>,
    /// What format 1.0 has no place for; `None` in databases that an older version calibrated.
    #[rkyv(with = rkyv::with::Skip)]
    pub notes: Option<CalibrationNotes>,
    /// When a search may stop early; `None` in databases that an older version calibrated, and where rows took
    /// the place of queries.
    #[rkyv(with = rkyv::with::Skip)]
    pub stops: Option<CalibrationStops>,
    /// The same for searches that scan copies of rows too; `None` where rows have none. It has no such part itself.
    #[rkyv(with = rkyv::with::Skip)]
    pub spilled: Option<Box<Calibration>>,
}

/// The rule by which a search without a filter stops early or goes on longer; a section of its own in the manifest.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct CalibrationStops {
    /// How far estimates of rows lie from the dot product with their list's centroid: the root of the mean square,
    /// above 0.
    pub spread: f32,
    /// One entry per recall of the points, ascending: the hope per scanned row that unscanned lists may hold;
    /// 0: no rule for this recall.
    pub limits: Vec<f32>,
}

/// What is known of a calibration beside its numbers; a section of its own in the manifest.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct CalibrationNotes {
    /// What recall was measured with.
    pub source: QuerySource,
    /// What the queries in the codebook are, which recall may be measured with again.
    pub stored: QuerySource,
    /// One entry per recall of the points, ascending: the share of queries that found fewer than 8 of
    /// their 10 nearest rows without a filter, from 0 to 1.
    pub low_shares: Vec<f32>,
}

/// Where calibration queries come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum QuerySource {
    /// Queries that the caller gave: what users ask.
    Given,
    /// Biomedical queries that come with the library, embedded by the database's encoder.
    Sample,
    /// Stored vectors moved away from their neighbours, as queries lie: recall is an estimate.
    Moved,
}

/// The work for one recall and one share of matching rows.
#[derive(Clone, Copy, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct CalibrationPoint {
    /// Wanted recall@10, above 0 and below 1.
    pub recall: f32,
    /// Share of rows that pass the filter, above 0, at most 1.
    pub share: f32,
    /// Lists to scan, among those with matching rows.
    pub probes: u32,
    /// Rows to score again exactly.
    pub candidates: u32,
    /// Recall that was measured, from 0 to 1.
    pub estimated: f32,
}

/// [`Calibration::spilled`] as it is stored: what differs from the calibration around it.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct SpilledCalibration {
    /// As [`Calibration::points`].
    pub points: Vec<CalibrationPoint>,
    /// As [`CalibrationNotes::low_shares`]; empty without notes.
    pub low_shares: Vec<f32>,
    /// As [`Calibration::stops`].
    pub stops: Option<CalibrationStops>,
}

impl SpilledCalibration {
    fn of(calibration: &Calibration) -> Option<SpilledCalibration> {
        let spilled = calibration.spilled.as_ref()?;
        let low_shares = spilled.notes.as_ref().map(|notes| notes.low_shares.clone());
        Some(SpilledCalibration {
            points: spilled.points.clone(),
            low_shares: low_shares.unwrap_or_default(),
            stops: spilled.stops.clone(),
        })
    }

    fn attach(self, calibration: &mut Calibration) {
        let SpilledCalibration { points, low_shares, stops } = self;
        let notes = calibration.notes.as_ref();
        let notes = notes.map(|notes| CalibrationNotes { low_shares, ..notes.clone() });
        let spilled = Calibration { points, notes, stops, spilled: None, ..calibration.clone() };
        calibration.spilled = Some(Box::new(spilled));
    }
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
    if let Some(notes) = manifest.calibration.as_ref().and_then(|known| known.notes.as_ref()) {
        put_record(&mut writer, SECTION_CALIBRATION_NOTES, notes)?;
    }
    if let Some(stops) = manifest.calibration.as_ref().and_then(|known| known.stops.as_ref()) {
        put_record(&mut writer, SECTION_CALIBRATION_STOPS, stops)?;
    }
    if let Some(spilled) = manifest.calibration.as_ref().and_then(SpilledCalibration::of) {
        put_record(&mut writer, SECTION_CALIBRATION_SPILLED, &spilled)?;
    }
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
    let notes = optional_record(file, &frame, bytes, SECTION_CALIBRATION_NOTES)?;
    if let Some((notes, offset)) = notes {
        calibration_of(&mut manifest, file, offset, "notes")?.notes = Some(notes);
    }
    let stops = optional_record(file, &frame, bytes, SECTION_CALIBRATION_STOPS)?;
    if let Some((stops, offset)) = stops {
        calibration_of(&mut manifest, file, offset, "limits")?.stops = Some(stops);
    }
    let spilled =
        optional_record::<SpilledCalibration>(file, &frame, bytes, SECTION_CALIBRATION_SPILLED)?;
    if let Some((spilled, offset)) = spilled {
        spilled.attach(calibration_of(&mut manifest, file, offset, "points with copies")?);
    }
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

/// The calibration that a section at `offset` belongs to.
fn calibration_of<'a>(
    manifest: &'a mut Manifest,
    file: &str,
    offset: u64,
    what: &str,
) -> Result<&'a mut Calibration> {
    manifest.calibration.as_mut().ok_or_else(|| {
        let detail = format!("there are {what} of a calibration but no calibration");
        Error::corrupt(file, offset, Rule::ManifestIndex, detail)
    })
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

/// The rules about codebooks and calibration.
fn check_index(manifest: &Manifest) -> Result<(), (Rule, String)> {
    let broken = |detail: String| Err((Rule::ManifestIndex, detail));
    let mut hashes: Vec<&[u8; 16]> = manifest.codebooks.iter().map(|entry| &entry.hash).collect();
    hashes.sort_unstable();
    if hashes.windows(2).any(|pair| pair.first() == pair.last()) {
        return broken("a codebook is named twice".into());
    }
    if manifest.vectors.is_none() && !hashes.is_empty() {
        return broken("there is a codebook but no vectors".into());
    }
    let Some(calibration) = &manifest.calibration else { return Ok(()) };
    if hashes.is_empty() {
        return broken("there is a calibration but no codebook".into());
    }
    check_calibration(calibration)?;
    let spilled = calibration.spilled.as_ref().map_or(Ok(()), |spilled| check_calibration(spilled));
    spilled.map_err(|(rule, detail)| (rule, format!("with copies of rows: {detail}")))
}

fn check_calibration(calibration: &Calibration) -> Result<(), (Rule, String)> {
    let broken = |detail: String| Err((Rule::ManifestIndex, detail));
    let Calibration { lists, rows, .. } = calibration;
    if u64::from(*lists) > *rows {
        return Err((
            Rule::CalibrationLists,
            format!("a calibration counts {lists} lists of {rows} rows"),
        ));
    }
    let share = |number: f32| number > 0.0 && number <= 1.0;
    for point in &calibration.points {
        let estimated = (0.0..=1.0).contains(&point.estimated);
        let fractions = share(point.recall) && share(point.share) && estimated;
        if !fractions || point.probes == 0 || point.candidates == 0 {
            return broken(format!("a calibration point is out of range: {point:?}"));
        }
    }
    let order = |point: &CalibrationPoint| (point.recall, -point.share);
    let ascending = |a: &CalibrationPoint, b: &CalibrationPoint| order(a) < order(b);
    if !calibration.points.is_sorted_by(ascending) {
        return broken("calibration points are out of order".into());
    }
    let recalls = calibration.points.chunk_by(|a, b| a.recall == b.recall).count();
    if let Some(notes) = &calibration.notes {
        check_notes(recalls, notes).or_else(broken)?;
    }
    if let Some(stops) = &calibration.stops {
        check_stops(recalls, stops).or_else(broken)?;
    }
    Ok(())
}

fn check_stops(recalls: usize, stops: &CalibrationStops) -> Result<(), String> {
    let CalibrationStops { spread, limits } = stops;
    if limits.len() != recalls {
        let found = limits.len();
        return Err(format!("a calibration of {recalls} recalls has limits for {found}"));
    }
    if !(spread.is_finite() && *spread > 0.0) {
        return Err(format!("the spread of a calibration is {spread}"));
    }
    match limits.iter().find(|limit| !(limit.is_finite() && **limit >= 0.0)) {
        Some(limit) => Err(format!("a limit of a calibration is {limit}")),
        None => Ok(()),
    }
}

fn check_notes(recalls: usize, notes: &CalibrationNotes) -> Result<(), String> {
    let low_shares = notes.low_shares.len();
    if low_shares != recalls {
        return Err(format!("a calibration of {recalls} recalls has notes on {low_shares}"));
    }
    match notes.low_shares.iter().find(|share| !(0.0..=1.0).contains(*share)) {
        Some(share) => Err(format!("a share of calibration queries is {share}")),
        None => Ok(()),
    }
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
