//! What documents and derived sections have in common, as sums of hashes.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::document::{Document, FieldValue};
use crate::format::terms::{TermField, of_document};
use crate::ids::RowId;

/// What must be the same in documents and in derived sections.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) text_bytes: u64,
    pub(super) postings: u64,
    pub(super) numbers: u64,
}

impl Sums {
    /// Adds the terms of these fields and the numbers of a document; `terms` is scratch memory.
    pub(super) fn add(
        &mut self,
        row: RowId,
        document: &Document,
        fields: &[TermField],
        terms: &mut Vec<u64>,
    ) {
        terms.clear();
        of_document(document, &mut |field, term| {
            if fields.contains(&field) {
                terms.push(hash_of(&(field as u8, term)));
            }
        });
        terms.sort_unstable();
        terms.dedup();
        for term in terms {
            self.postings = self.postings.wrapping_add(hash_of(&(*term, row.0)));
        }
        for field in &document.fields {
            let hash = match &field.value {
                FieldValue::Integer(number) => hash_of(&(0u8, &field.name, row.0, number)),
                FieldValue::Float(number) => hash_of(&(1u8, &field.name, row.0, number.to_bits())),
                FieldValue::String(_) | FieldValue::List(_) => continue,
            };
            self.numbers = self.numbers.wrapping_add(hash);
        }
    }
}

pub(super) fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
