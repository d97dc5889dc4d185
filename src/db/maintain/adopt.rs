//! Adopts an encoder that was found later as the one that made the stored vectors.

use std::sync::Arc;

use super::super::writer::Writer;
use crate::control::Control;
use crate::encoder::{Encoder, EncoderInput, NO_VECTOR, call};
use crate::error::{Error, Result};
use crate::ids::{Generation, RowId};
use crate::kernel::cosine;

/// Documents that an encoder is compared on.
const SAMPLES: usize = 32;

/// Least median cosine for an encoder to be accepted. Rounding to int8 costs 0.0001 and half precision
/// less; other models of the same family stay far below. The median tolerates texts that changed since
/// the vectors were made, as long as they are fewer than half.
const COSINE_MIN: f64 = 0.98;

/// What an encoder was compared on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdoptReport {
    /// Documents that have text and a vector.
    pub samples: usize,
    /// Median cosine of their stored vectors and the encoder's.
    pub cosine: f64,
    /// The committed state.
    pub generation: Generation,
}

impl Writer {
    /// Names the encoder of a database that knows only an origin of its vectors
    /// ([`crate::EncoderSpec::of_origin`]), so that documents and queries can be embedded. Embeds up to
    /// 32 documents and compares the result with the stored vectors; then commits, and the writer goes on
    /// with the encoder.
    ///
    /// # Errors
    /// [`Error::Encoder`] when the database has an encoder or vectors of the caller's own, when
    /// dimension or metric differ, when no document has both text and a vector, or when the median
    /// cosine is below 0.98: the database is as before. As [`Writer::commit`].
    pub fn adopt_encoder(
        &mut self,
        encoder: Arc<dyn Encoder>,
        control: &Control,
    ) -> Result<AdoptReport> {
        self.check_usable()?;
        let spec = encoder.spec().clone();
        let wrong = |detail: String| Err(Error::Encoder { name: spec.name.clone(), detail });
        let origin = self.next().vectors().and_then(|config| config.encoder.as_ref());
        let Some(origin) = origin.filter(|origin| origin.is_precomputed()) else {
            return wrong(
                "the vectors of this database have no named origin whose encoder is missing".into(),
            );
        };
        if (origin.dimension, origin.metric) != (spec.dimension, spec.metric) {
            return wrong(format!(
                "it gives {} numbers compared by {:?}, this database has {} by {:?}",
                spec.dimension, spec.metric, origin.dimension, origin.metric
            ));
        }
        let origin = origin.name.clone();
        self.commit()?;
        let mut cosines = self.cosines(&*encoder, control)?;
        cosines.sort_by(f64::total_cmp);
        let Some(&cosine) = cosines.get(cosines.len() / 2) else {
            return wrong("no document has both text and a vector to compare it with".into());
        };
        if cosine.is_nan() || cosine < COSINE_MIN {
            return wrong(format!(
                "it did not make the vectors of {origin}: for {} documents the median cosine is \
                 {cosine:.3}, expected {COSINE_MIN} at least",
                cosines.len()
            ));
        }
        self.set_encoder(encoder);
        let generation = self.commit()?;
        Ok(AdoptReport { samples: cosines.len(), cosine, generation })
    }

    /// Cosines between the stored vectors of some documents and the encoder's.
    fn cosines(&self, encoder: &dyn Encoder, control: &Control) -> Result<Vec<f64>> {
        let mut cosines = Vec::new();
        let nothing = [EncoderInput::default().hash(), NO_VECTOR];
        for view in &self.snapshot().state().views {
            let Some(present) = view.segment.rows_with_vector()? else { continue };
            for row in (present - &*view.deleted).into_iter().map(RowId) {
                if cosines.len() == SAMPLES {
                    return Ok(cosines);
                }
                if nothing.contains(&view.segment.input_hash(row)?) {
                    continue;
                }
                let Some(stored) = view.segment.vector(row)? else { continue };
                let input = view.segment.document(row)?.encoder_input();
                let made = call::documents(encoder, std::slice::from_ref(&input), control)?;
                let Some(made) = made.into_iter().next().flatten() else { continue };
                cosines.push(cosine(&stored, &made));
            }
        }
        Ok(cosines)
    }
}
