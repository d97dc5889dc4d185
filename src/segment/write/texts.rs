//! An array of texts while it is written: offsets, then bytes.

use super::file::SegmentFile;
use crate::error::Result;

/// Texts one after the other, and where each starts.
pub(super) struct TextArray {
    offsets: Vec<u64>,
    bytes: Vec<u8>,
}

impl Default for TextArray {
    fn default() -> TextArray {
        TextArray { offsets: vec![0], bytes: Vec::new() }
    }
}

impl TextArray {
    pub(super) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.offsets.push(self.bytes.len() as u64);
    }

    /// Texts so far.
    pub(super) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub(super) fn write(
        &self,
        file: &mut SegmentFile,
        offsets_kind: u32,
        bytes_kind: u32,
    ) -> Result<()> {
        file.array(offsets_kind, &self.offsets)?;
        file.array(bytes_kind, &self.bytes)
    }
}
