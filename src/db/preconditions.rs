//! What must hold before a writer starts, and before it takes a vector.

use crate::encoder::EncoderSpec;
use crate::error::{Error, Result};
use crate::format::manifest::{Manifest, VectorConfig};
use crate::format::names::{Name, parse};
use crate::ids::{Key, SegmentId};
use crate::segment::RowSpace;
use crate::storage::Storage;

/// A segment number above every one that the manifest or the directory knows.
pub(super) fn free_segment(storage: &dyn Storage, manifest: &Manifest) -> Result<SegmentId> {
    let mut free = manifest.next_segment;
    for name in storage.list()? {
        if let Some(Name::Segment(id)) = parse(&name)
            && id >= free
        {
            free = SegmentId(id.0.saturating_add(1));
        }
    }
    Ok(free)
}

/// Fails unless this encoder, or what else is so described, made the vectors of this database.
pub(super) fn check_encoder(spec: &EncoderSpec, vectors: Option<&VectorConfig>) -> Result<()> {
    let given = spec.fingerprint();
    let wrong = |detail: String| Err(Error::Encoder { name: spec.name.clone(), detail });
    match vectors {
        None => wrong("this database was created without vectors".into()),
        Some(VectorConfig { encoder: Some(stored), .. }) if stored.fingerprint() != given => {
            Err(Error::EncoderMismatch {
                stored_name: stored.name.clone(),
                stored: stored.fingerprint(),
                given_name: spec.name.clone(),
                given,
            })
        }
        Some(VectorConfig { encoder: None, .. }) => {
            wrong("this database holds vectors of the caller's own making".into())
        }
        Some(_) => Ok(()),
    }
}

/// Fails unless the vectors of another database can stand beside this one's: none, or of the same encoder,
/// dimension and metric.
///
/// # Errors
/// What this database holds, and what the other holds.
pub(crate) fn check_joinable(
    own: Option<&VectorConfig>,
    other: Option<&VectorConfig>,
) -> Result<(), (String, String)> {
    let Some(added) = other else { return Ok(()) };
    let maker = |config: &VectorConfig| config.encoder.as_ref().map(EncoderSpec::fingerprint);
    let space = |config: &VectorConfig| (maker(config), config.dimension, config.metric);
    match own {
        Some(own) if space(own) == space(added) => Ok(()),
        _ => Err((said(own), said(other))),
    }
}

/// Vectors in words.
fn said(vectors: Option<&VectorConfig>) -> String {
    let Some(VectorConfig { dimension, metric, encoder, .. }) = vectors else {
        return "no vectors".to_owned();
    };
    let maker = match encoder {
        Some(spec) => format!("made by {} ({})", spec.name, spec.fingerprint()),
        None => "of unknown origin".to_owned(),
    };
    format!("vectors of {dimension} numbers compared by {metric:?}, {maker}")
}

/// Fails unless a vector can be stored in this database, and the writer's encoder or origin vouches for it if
/// it has to come from the encoder of the database.
pub(super) fn check_vector(
    key: &Key,
    vector: &[f32],
    vectors: Option<&VectorConfig>,
    is_vouched_for: bool,
) -> Result<()> {
    let wrong = |detail: String| Err(Error::Vector { subject: format!("document {key}"), detail });
    let Some(config) = vectors else {
        return wrong("this database was created without vectors".into());
    };
    if let Some(spec) = &config.encoder
        && !is_vouched_for
    {
        return wrong(format!(
            "this database is embedded by {}; open the writer with that encoder",
            spec.name
        ));
    }
    RowSpace::from(config).check_stored(vector).or_else(wrong)
}
