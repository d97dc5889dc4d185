//! The vectors of a snapshot, and a query's vector in the form of their rows.

use super::query::Query;
use crate::error::{Error, Result};
use crate::format::manifest::VectorConfig;
use crate::segment::{RowSpace, Segment};

/// What the vectors of a snapshot have in common.
pub struct Vectors {
    /// Their form.
    pub config: VectorConfig,
    /// Which vectors can be searched with, and how they become rows.
    pub space: RowSpace,
    /// How they become rows in databases beside this one that store them under other rotations.
    pub other_spaces: Vec<RowSpace>,
}

/// A query's vector as rows are stored, once per rotation.
pub(super) struct QueryVector(Vec<(u64, Vec<f32>)>);

impl QueryVector {
    /// The form of a segment's rows.
    pub(super) fn of(&self, segment: &Segment) -> &[f32] {
        let own = self.0.iter().find(|(rotation, _)| Some(*rotation) == segment.rotation());
        own.or(self.0.first()).map_or(&[], |(_, vector)| vector)
    }

    /// The opposite vector.
    pub(super) fn negated(mut self) -> QueryVector {
        let numbers = self.0.iter_mut().flat_map(|(_, vector)| vector);
        numbers.for_each(|number| *number = -*number);
        self
    }
}

/// The vector to compare with: checked, normalised where the metric wants it, and rotated as rows are.
pub(super) fn prepare(
    vector: &[f32],
    vectors: Option<&Vectors>,
    query: &Query,
) -> Result<QueryVector> {
    let wrong = |detail: String| Error::Vector { subject: "the query".into(), detail };
    let Some(Vectors { config, space, other_spaces }) = vectors else {
        return Err(Error::InvalidQuery {
            detail: "this database has no vectors, because it was created without a vector \
                     configuration; search by words or filters, or create one with vectors"
                .into(),
        });
    };
    if let (Some((name, fingerprint)), Some(spec)) = (&query.encoder, &config.encoder) {
        let stored = spec.fingerprint();
        if stored != *fingerprint {
            return Err(Error::EncoderMismatch {
                stored_name: spec.name.clone(),
                stored,
                given_name: name.clone(),
                given: *fingerprint,
            });
        }
    }
    let spaces = std::iter::once(space).chain(other_spaces);
    let forms = spaces.map(|space| Ok((space.seed(), space.to_query(vector).map_err(wrong)?)));
    Ok(QueryVector(forms.collect::<Result<_>>()?))
}
