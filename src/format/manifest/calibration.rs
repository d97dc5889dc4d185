//! What was measured with a codebook, and its sections in the manifest: of the last codebook a section for each part, of those
//! before it one for all.

use rkyv::{Archive, Deserialize, Serialize};

use super::sections::{
    SECTION_CALIBRATION_CONTENTS, SECTION_CALIBRATION_NOTES, SECTION_CALIBRATION_SPILLED,
    SECTION_CALIBRATION_STOPS, SECTION_FORMER_CALIBRATIONS,
};
use crate::error::{Error, Result};
use crate::format::body::{optional_record, put_record};
use crate::format::frame::{Frame, FrameWriter};
use crate::format::rules::Rule;

/// A codebook, by its hash, and what was measured with it.
pub type OfCodebook = ([u8; 16], Calibration);

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
    /// What the rows were like that it was measured with; `None` in databases that an older version calibrated, of
    /// codebooks that are not the last, and in [`Calibration::spilled`].
    #[rkyv(with = rkyv::with::Skip)]
    pub contents: Option<CalibrationContents>,
}

/// What the live rows of an index are like, on average: where they have become others, a calibration no longer holds.
/// A section of its own in the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct CalibrationContents {
    /// The mean length of their residuals; 0 or more.
    pub residual: f32,
    /// The mean number of rows in the list of a row; 0 or more.
    pub list_rows: f32,
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
    pub(super) fn of(calibration: &Calibration) -> Option<SpilledCalibration> {
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
        let (spilled, contents) = (None, None);
        let spilled =
            Calibration { points, notes, stops, spilled, contents, ..calibration.clone() };
        calibration.spilled = Some(Box::new(spilled));
    }
}

/// What was measured with a codebook that is not the last one, whole.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct FormerCalibration {
    /// The codebook.
    pub codebook: [u8; 16],
    /// Its numbers.
    pub calibration: Calibration,
    /// As [`Calibration::notes`].
    pub notes: Option<CalibrationNotes>,
    /// As [`Calibration::stops`].
    pub stops: Option<CalibrationStops>,
    /// As [`Calibration::spilled`].
    pub spilled: Option<SpilledCalibration>,
}

/// All that was measured with codebooks that are not the last one, as it is stored.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct FormerCalibrations {
    /// By codebook, in any order.
    pub calibrations: Vec<FormerCalibration>,
}

impl FormerCalibrations {
    pub(super) fn of(former: &[OfCodebook]) -> Option<FormerCalibrations> {
        let stored = |(codebook, calibration): &OfCodebook| FormerCalibration {
            codebook: *codebook,
            calibration: calibration.clone(),
            notes: calibration.notes.clone(),
            stops: calibration.stops.clone(),
            spilled: SpilledCalibration::of(calibration),
        };
        let calibrations: Vec<_> = former.iter().map(stored).collect();
        (!calibrations.is_empty()).then_some(FormerCalibrations { calibrations })
    }
}

impl FormerCalibration {
    fn into_calibration(self) -> OfCodebook {
        let FormerCalibration { codebook, mut calibration, notes, stops, spilled } = self;
        (calibration.notes, calibration.stops) = (notes, stops);
        if let Some(spilled) = spilled {
            spilled.attach(&mut calibration);
        }
        (codebook, calibration)
    }
}

/// Writes every section of calibrations that there is something for.
pub(super) fn put(
    writer: &mut FrameWriter,
    calibration: Option<&Calibration>,
    former: &[OfCodebook],
) -> Result<()> {
    if let Some(notes) = calibration.and_then(|known| known.notes.as_ref()) {
        put_record(writer, SECTION_CALIBRATION_NOTES, notes)?;
    }
    if let Some(stops) = calibration.and_then(|known| known.stops.as_ref()) {
        put_record(writer, SECTION_CALIBRATION_STOPS, stops)?;
    }
    if let Some(spilled) = calibration.and_then(SpilledCalibration::of) {
        put_record(writer, SECTION_CALIBRATION_SPILLED, &spilled)?;
    }
    if let Some(contents) = calibration.and_then(|known| known.contents.as_ref()) {
        put_record(writer, SECTION_CALIBRATION_CONTENTS, contents)?;
    }
    if let Some(former) = FormerCalibrations::of(former) {
        put_record(writer, SECTION_FORMER_CALIBRATIONS, &former)?;
    }
    Ok(())
}

/// Reads what [`put`] writes: completes the calibration of the last codebook, and returns the others. The parts of a
/// calibration without one are an error.
pub(super) fn read(
    file: &str,
    frame: &Frame,
    bytes: &[u8],
    calibration: &mut Option<Calibration>,
) -> Result<Vec<OfCodebook>> {
    let none = |offset: u64, what: &str| {
        let detail = format!("there are {what} of a calibration but no calibration");
        Error::corrupt(file, offset, Rule::ManifestIndex, detail)
    };
    if let Some((notes, offset)) = optional_record(file, frame, bytes, SECTION_CALIBRATION_NOTES)? {
        calibration.as_mut().ok_or_else(|| none(offset, "notes"))?.notes = Some(notes);
    }
    if let Some((stops, offset)) = optional_record(file, frame, bytes, SECTION_CALIBRATION_STOPS)? {
        calibration.as_mut().ok_or_else(|| none(offset, "limits"))?.stops = Some(stops);
    }
    let spilled =
        optional_record::<SpilledCalibration>(file, frame, bytes, SECTION_CALIBRATION_SPILLED)?;
    if let Some((spilled, offset)) = spilled {
        spilled.attach(calibration.as_mut().ok_or_else(|| none(offset, "points with copies"))?);
    }
    let contents = optional_record(file, frame, bytes, SECTION_CALIBRATION_CONTENTS)?;
    if let Some((contents, offset)) = contents {
        calibration.as_mut().ok_or_else(|| none(offset, "contents"))?.contents = Some(contents);
    }
    let former =
        optional_record::<FormerCalibrations>(file, frame, bytes, SECTION_FORMER_CALIBRATIONS)?;
    let former = former.map_or(Vec::new(), |(former, _)| former.calibrations);
    Ok(former.into_iter().map(FormerCalibration::into_calibration).collect())
}

/// The rules about what was measured with these codebooks, of which the last has `calibration` and others have `former` ones.
pub(super) fn check(
    codebooks: &[&[u8; 16]],
    calibration: Option<&Calibration>,
    former: &[OfCodebook],
) -> Result<(), (Rule, String)> {
    let broken = |detail: &str| Err((Rule::ManifestIndex, detail.to_owned()));
    if calibration.is_some() && codebooks.is_empty() {
        return broken("there is a calibration but no codebook");
    }
    let mut measured: Vec<&[u8; 16]> = Vec::new();
    for (codebook, _) in former {
        match codebooks.split_last() {
            Some((last, _)) if *last == codebook => {
                return broken("the last codebook has a second calibration, as a former one");
            }
            Some((_, others)) if others.contains(&codebook) => {}
            _ => return broken("there is a calibration of a codebook that is not named"),
        }
        if measured.contains(&codebook) {
            return broken("a former codebook has two calibrations");
        }
        measured.push(codebook);
    }
    let former = former.iter().map(|(_, calibration)| calibration);
    calibration.into_iter().chain(former).try_for_each(check_whole)
}

fn check_whole(calibration: &Calibration) -> Result<(), (Rule, String)> {
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
    if let Some(contents) = &calibration.contents {
        check_contents(contents).or_else(broken)?;
    }
    Ok(())
}

fn check_contents(contents: &CalibrationContents) -> Result<(), String> {
    let CalibrationContents { residual, list_rows } = contents;
    match [residual, list_rows].iter().all(|mean| mean.is_finite() && **mean >= 0.0) {
        true => Ok(()),
        false => Err(format!("a calibration measured {contents:?}")),
    }
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
