//! The body of a file: sections under block checksums, zeros between them.

use std::ops::Range;

use rkyv::api::high::{HighDeserializer, HighSerializer, HighValidator};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::util::AlignedVec;
use rkyv::{Archive, Deserialize, Portable, Serialize};

use super::archive;
use super::frame::{FEATURES_WRITE, FileSeal, Frame, FrameWriter, Header, Section};
use super::rules::Rule;
use crate::error::{Error, Result};
use crate::limits::BLOCK_BYTES;

impl Frame {
    /// Checks that this build may write to a database with this file.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the file has a feature that writers must know.
    pub fn check_writable(&self, file: &str) -> Result<()> {
        let wanted = self.header.features_write;
        if wanted & !FEATURES_WRITE != 0 {
            return Err(Error::Unsupported {
                file: file.to_owned(),
                needs: format!("write features {wanted:#x}"),
                has: format!("{FEATURES_WRITE:#x}"),
            });
        }
        Ok(())
    }

    /// Checks that this is the file that a manifest names.
    ///
    /// # Errors
    /// [`Rule::FileLength`], [`Rule::FileId`] or [`Rule::FooterChecksum`].
    pub fn check_seal(&self, file: &str, expected: &FileSeal) -> Result<()> {
        let found = &self.seal;
        let (offset, rule, detail) = if found.length != expected.length {
            (0, Rule::FileLength, format!("{} bytes, not {}", found.length, expected.length))
        } else if found.file_id != expected.file_id {
            (16, Rule::FileId, "another file stands under this name".to_owned())
        } else if found.footer_crc != expected.footer_crc {
            let detail =
                format!("footer {:08x}, not {:08x}", found.footer_crc, expected.footer_crc);
            (found.length.saturating_sub(12), Rule::FooterChecksum, detail)
        } else {
            return Ok(());
        };
        Err(Error::corrupt(file, offset, rule, format!("{detail} (as the manifest says)")))
    }

    /// Checks one block of the body against its CRC. Cost: about 4 us for a whole block.
    ///
    /// # Errors
    /// [`Rule::BlockChecksum`]; also for a block that the file does not have.
    pub fn check_block(&self, file: &str, bytes: &[u8], block: usize) -> Result<()> {
        let start = block.saturating_mul(BLOCK_BYTES);
        let body = usize::try_from(self.body_length).unwrap_or(usize::MAX);
        let end = start.saturating_add(BLOCK_BYTES).min(body);
        match (bytes.get(start..end), self.block_crcs.get(block)) {
            (Some(content), Some(crc)) if crc32c::crc32c(content) == *crc => Ok(()),
            _ => Err(Error::corrupt(
                file,
                start as u64,
                Rule::BlockChecksum,
                format!("checksum of block {block} differs"),
            )),
        }
    }

    /// Checks every block, and that all bytes between sections are zero.
    ///
    /// # Errors
    /// [`Rule::BlockChecksum`] or [`Rule::ReservedZero`].
    pub fn check_body(&self, file: &str, bytes: &[u8]) -> Result<()> {
        self.check_blocks(file, bytes, 0..self.block_crcs.len())?;
        self.check_padding(file, bytes)
    }

    /// Checks some blocks.
    ///
    /// # Errors
    /// [`Rule::BlockChecksum`].
    pub fn check_blocks(&self, file: &str, bytes: &[u8], mut blocks: Range<usize>) -> Result<()> {
        blocks.try_for_each(|block| self.check_block(file, bytes, block))
    }

    /// Checks that all bytes between sections are zero.
    ///
    /// # Errors
    /// [`Rule::ReservedZero`].
    pub fn check_padding(&self, file: &str, bytes: &[u8]) -> Result<()> {
        let mut end = Header::SIZE as u64;
        let ends = self.sections.iter().map(|section| (section.offset, section.length));
        for (offset, length) in ends.chain([(self.body_length, 0)]) {
            let gap = slice(bytes, end, offset.saturating_sub(end)).unwrap_or_default();
            if let Some(place) = gap.iter().position(|byte| *byte != 0) {
                return Err(Error::corrupt(
                    file,
                    end.saturating_add(place as u64),
                    Rule::ReservedZero,
                    "padding is not zero",
                ));
            }
            end = offset.saturating_add(length);
        }
        Ok(())
    }

    /// A section that must be there.
    ///
    /// # Errors
    /// [`Rule::SectionMissing`].
    pub fn required(&self, file: &str, kind: u32) -> Result<Section> {
        self.section(kind).ok_or_else(|| {
            let detail = format!("no section of kind {kind}");
            Error::corrupt(file, self.body_length, Rule::SectionMissing, detail)
        })
    }
}

/// The bytes of a small file's section, after a check of the whole file.
pub(super) fn checked_section<'a>(
    file: &str,
    frame: &Frame,
    bytes: &'a [u8],
    kind: u32,
) -> Result<(&'a [u8], u64)> {
    frame.check_body(file, bytes)?;
    let section = frame.required(file, kind)?;
    Ok((slice(bytes, section.offset, section.length).unwrap_or_default(), section.offset))
}

/// Writes a section that holds one record.
///
/// # Errors
/// As [`archive::encode`].
pub(super) fn put_record<T>(writer: &mut FrameWriter, kind: u32, value: &T) -> Result<()>
where
    T: for<'a> Serialize<HighSerializer<AlignedVec, ArenaHandle<'a>, rancor::Error>>,
{
    writer.section(kind);
    writer.write(&archive::encode(value)?);
    Ok(())
}

/// The record of a section that may be missing, and where the section begins. The body must have
/// been checked.
///
/// # Errors
/// [`Rule::Archive`].
pub(super) fn optional_record<T>(
    file: &str,
    frame: &Frame,
    bytes: &[u8],
    kind: u32,
) -> Result<Option<(T, u64)>>
where
    T: Archive,
    T::Archived: Portable
        + for<'v> CheckBytes<HighValidator<'v, rancor::Error>>
        + Deserialize<T, HighDeserializer<rancor::Error>>,
{
    let Some(section) = frame.section(kind) else { return Ok(None) };
    let record = slice(bytes, section.offset, section.length).unwrap_or_default();
    Ok(Some((archive::decode(file, section.offset, record)?, section.offset)))
}

fn slice(bytes: &[u8], offset: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    bytes.get(start..start.checked_add(usize::try_from(length).ok()?)?)
}
