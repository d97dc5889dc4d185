//! Calls of encoders, which may be anybody's: what comes back is checked, and a panic becomes an error.

use super::{Encoder, EncoderInput};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::panics::caught_words;

/// Vectors of documents, one entry per input: `None` for a text that has no vector.
///
/// # Errors
/// Those of the encoder and of `control`; [`Error::Encoder`] for a panic of the encoder, for another number of
/// numbers than it promised, and for an error of another kind than an encoder may report: its storage, or its server, is not
/// that of the database.
pub(crate) fn documents(
    encoder: &dyn Encoder,
    inputs: &[EncoderInput],
    control: &Control,
) -> Result<Vec<Option<Vec<f32>>>> {
    let made = rows(encoder, inputs.len(), || encoder.encode_documents_under(inputs, control));
    made.map_err(|error| match error {
        Error::Encoder { .. }
        | Error::Cancelled
        | Error::DeadlineExceeded
        | Error::Memory { .. } => error,
        other => Error::encoder(&encoder.spec().name, other.to_string()),
    })
}

/// Vectors of queries, as [`documents`].
///
/// # Errors
/// As [`documents`].
pub(crate) fn queries(encoder: &dyn Encoder, queries: &[&str]) -> Result<Vec<Option<Vec<f32>>>> {
    rows(encoder, queries.len(), || encoder.encode_queries(queries))
}

fn rows(
    encoder: &dyn Encoder,
    texts: usize,
    call: impl FnOnce() -> Result<Vec<f32>>,
) -> Result<Vec<Option<Vec<f32>>>> {
    let spec = encoder.spec();
    let failed = |detail| Error::Encoder { name: spec.name.clone(), detail };
    // Nothing of this crate is in the encoder's hands, so nothing of it can be half-done.
    let vectors = caught_words(call)
        .map_err(|words| failed(format!("the encoder panicked: {words}")))
        .flatten()?;
    let dimension = spec.dimension as usize;
    if dimension == 0 || vectors.len() != texts * dimension {
        return Err(failed(format!(
            "{} numbers for {texts} texts of dimension {dimension}",
            vectors.len()
        )));
    }
    let row = |row: &[f32]| row.iter().any(|number| *number != 0.0).then(|| row.to_vec());
    Ok(vectors.chunks_exact(dimension).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::{EncoderSpec, Metric};

    /// What the texts say is what it does.
    struct Obedient(EncoderSpec);

    impl Encoder for Obedient {
        fn spec(&self) -> &EncoderSpec {
            &self.0
        }

        fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
            let texts: Vec<&str> = inputs.iter().map(|input| input.text.as_str()).collect();
            self.encode_queries(&texts)
        }

        fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
            let mut numbers = Vec::new();
            for query in queries {
                match *query {
                    "panic" => panic!("out of {}", "luck"),
                    "short" => numbers.push(1.0),
                    "none" => numbers.extend([0.0, -0.0]),
                    _ => numbers.extend([1.0, 0.0]),
                }
            }
            Ok(numbers)
        }
    }

    #[test]
    fn panics_and_wrong_lengths_are_errors_and_zeros_are_no_vector() {
        let encoder = Obedient(EncoderSpec::of_origin("obedient", 2, Metric::Cosine));
        assert_eq!(queries(&encoder, &["a", "none"]).unwrap(), [Some(vec![1.0, 0.0]), None]);
        for (word, words) in [("panic", "panicked: out of luck"), ("short", "3 numbers for 2")] {
            let asked = queries(&encoder, &["a", word]).unwrap_err().to_string();
            assert!(asked.contains(words) && asked.contains("obedient"), "{asked}");
            let inputs = ["a", word]
                .map(|text| EncoderInput { title: String::new(), text: text.to_owned() });
            let stored = documents(&encoder, &inputs, &Control::default()).unwrap_err();
            assert!(stored.to_string().contains(words), "{stored}");
        }
    }
}
