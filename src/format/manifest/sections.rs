//! The sections of a manifest.

/// The state itself.
pub const SECTION_STATE: u32 = 1;
/// Optional [`SourceDigests`](super::SourceDigests); since format 1.1.
pub const SECTION_SOURCE_DIGESTS: u32 = 2;
/// Optional [`CalibrationNotes`](super::CalibrationNotes); since format 1.1.
pub const SECTION_CALIBRATION_NOTES: u32 = 3;
/// Optional [`MeshEntry`](super::MeshEntry); since format 1.1.
pub const SECTION_MESH: u32 = 4;
/// Optional [`LexicalConfig`](super::LexicalConfig); since format 1.1.
pub const SECTION_LEXICAL: u32 = 5;
/// Optional [`CalibrationStops`](super::CalibrationStops); since format 1.1.
pub const SECTION_CALIBRATION_STOPS: u32 = 6;
/// Optional [`SpilledCalibration`](super::SpilledCalibration); since format 1.1.
pub const SECTION_CALIBRATION_SPILLED: u32 = 7;
/// Optional [`IndexConfig`](super::IndexConfig); since format 1.1.
pub const SECTION_INDEX: u32 = 8;
/// Optional [`FormerCalibrations`](super::FormerCalibrations); since format 1.1.
pub const SECTION_FORMER_CALIBRATIONS: u32 = 9;
/// Optional [`CalibrationContents`](super::CalibrationContents); since format 1.1.
pub const SECTION_CALIBRATION_CONTENTS: u32 = 10;

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
    (SECTION_FORMER_CALIBRATIONS, "former-calibrations"),
    (SECTION_CALIBRATION_CONTENTS, "calibration-contents"),
];
