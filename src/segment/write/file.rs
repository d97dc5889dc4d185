//! A segment file being written: sections in, blocks out, nothing kept.

use crate::error::Result;
use crate::format::frame::{FileKind, FileSeal, FrameWriter};
use crate::format::names::segment_name;
use crate::ids::SegmentId;
use crate::storage::{Storage, StorageFile};

/// Bytes collected before they are handed to the storage.
const BUFFER_BYTES: usize = 1024 * 1024;

/// Writes sections one after the other; memory is one buffer.
pub(in crate::segment) struct SegmentFile {
    frame: FrameWriter,
    file: Box<dyn StorageFile>,
    pending_bytes: usize,
}

impl SegmentFile {
    pub(in crate::segment) fn create(
        storage: &dyn Storage,
        id: SegmentId,
        file_id: [u8; 16],
    ) -> Result<SegmentFile> {
        let file = storage.create(&segment_name(id))?;
        Ok(SegmentFile {
            frame: FrameWriter::new(FileKind::Segment, file_id),
            file,
            pending_bytes: 0,
        })
    }

    /// Starts a section.
    pub(in crate::segment) fn section(&mut self, kind: u32) {
        self.frame.section(kind);
    }

    /// Appends to the section.
    pub(in crate::segment) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        // A large array goes through in pieces, so that it is not copied whole.
        for piece in bytes.chunks(BUFFER_BYTES) {
            self.frame.write(piece);
            self.pending_bytes += piece.len();
            if self.pending_bytes >= BUFFER_BYTES {
                self.pending_bytes = 0;
                self.file.write(&self.frame.drain())?;
            }
        }
        Ok(())
    }

    /// A section of one array.
    pub(in crate::segment) fn array<T: bytemuck::NoUninit>(
        &mut self,
        kind: u32,
        values: &[T],
    ) -> Result<()> {
        self.section(kind);
        self.write(bytemuck::cast_slice(values))
    }

    /// Ends the file and makes its content durable.
    pub(in crate::segment) fn finish(mut self) -> Result<FileSeal> {
        let (rest, seal) = self.frame.finish();
        self.file.write(&rest)?;
        self.file.sync()?;
        Ok(seal)
    }
}
