//! Every rule of a segment, one after the other.
//!
//! Memory is bounded by one block of documents. Derived sections (postings, columns) are compared
//! with the documents as multisets: both sides sum a 64-bit hash of each entry, so nothing has to be
//! kept or looked up.

use super::sums::Sums;
use crate::control::Control;
use crate::error::Result;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::segment::Segment;

impl Segment {
    /// Checks the file against every rule of the format: each block's checksum, each array's order and
    /// bounds, each document, and that postings and columns are those of the documents.
    ///
    /// Cost: about 40 us per abstract, and as much again where its words are indexed; one core.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] with the first rule that is broken; [`crate::Error::Cancelled`],
    /// [`crate::Error::DeadlineExceeded`].
    pub fn verify(&self, control: &Control) -> Result<()> {
        self.shared.file.verify()?;
        control.check()?;
        self.verify_keys(control)?;
        self.verify_deletes()?;
        self.verify_confirmations()?;
        let documents = self.verify_documents(control)?;
        let stored = Sums {
            text_bytes: self.text_bytes(),
            postings: self.verify_postings(control)?,
            numbers: self.verify_numbers()?,
        };
        let differ = |same: bool, rule, detail: &str| {
            if same { Ok(()) } else { Err(self.corrupt(SECTION_META, 0, rule, detail.to_owned())) }
        };
        let detail = format!("{} bytes of text", documents.text_bytes);
        differ(documents.text_bytes == stored.text_bytes, Rule::TextBytes, &detail)?;
        let detail = "the postings are not those of the documents";
        differ(documents.postings == stored.postings, Rule::PostingContent, detail)?;
        let detail = "the number columns are not those of the documents";
        differ(documents.numbers == stored.numbers, Rule::ColumnContent, detail)?;
        self.verify_vectors(control)?;
        self.verify_lists()?;
        self.verify_copies()
    }
}
