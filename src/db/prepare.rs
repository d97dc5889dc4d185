//! What happens to changes before they are applied: checks, hashes, embedding.

use super::Writer;
use super::change::{Applied, Change};
use crate::control::Control;
use crate::encoder::{EncoderInput, NO_VECTOR, call};
use crate::error::{Error, Result};
use crate::ids::Key;
use crate::segment::RowSpace;

impl Writer {
    pub(super) fn check_vector(&self, key: &Key, vector: &[f32]) -> Result<()> {
        let wrong =
            |detail: String| Err(Error::Vector { subject: format!("document {key}"), detail });
        let Some(config) = &self.vectors else {
            return wrong("this database was created without vectors".into());
        };
        if let Some(spec) = &config.encoder
            && self.options.encoder.is_none()
            && self.options.origin.is_none()
        {
            return wrong(format!(
                "this database is embedded by {}; open the writer with that encoder",
                spec.name
            ));
        }
        RowSpace::from(config).check_stored(vector).or_else(wrong)
    }

    /// Gives every change its input hash and, where an encoder is at hand and not deferred, its vector.
    pub(super) fn embed(
        &self,
        changes: Vec<Change>,
        applied: &mut Applied,
    ) -> Result<Vec<(Change, [u8; 16])>> {
        let mut prepared = Vec::with_capacity(changes.len());
        let mut inputs: Vec<EncoderInput> = Vec::new();
        let mut places = Vec::new();
        for mut change in changes {
            let input = change.document.encoder_input();
            let hash = input.hash();
            if change.vector.is_none()
                && self.options.encoder.is_some()
                && !self.options.defer
                && self.vectors.is_some()
                && !input.is_empty()
            {
                match self.base.stored_vector(&change.document.key, hash)? {
                    Some(vector) => {
                        change.vector = Some(vector);
                        applied.reused += 1;
                    }
                    None => {
                        inputs.push(input);
                        places.push(prepared.len());
                    }
                }
            }
            prepared.push((change, hash));
        }
        if let (Some(encoder), false) = (&self.options.encoder, inputs.is_empty()) {
            let vectors = call::documents(&**encoder, &inputs, &Control::default())?;
            for (place, vector) in places.into_iter().zip(vectors) {
                let Some((change, hash)) = prepared.get_mut(place) else { continue };
                match vector {
                    Some(vector) => {
                        self.check_vector(&change.document.key, &vector)?;
                        change.vector = Some(vector);
                        applied.encoded += 1;
                    }
                    None => {
                        *hash = NO_VECTOR;
                        applied.without_vector += 1;
                    }
                }
            }
        }
        Ok(prepared)
    }
}
