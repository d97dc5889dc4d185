//! What the targets share: frames around arbitrary bytes, and checksums made right.

pub mod database;

use medvec::format::frame::{FileKind, Footer, FrameWriter, Header, Section};

/// An intact file of one section with this content.
pub fn framed(kind: FileKind, section: u32, content: &[u8]) -> Vec<u8> {
    let mut writer = FrameWriter::new(kind, [7; 16]);
    writer.section(section);
    writer.write(content);
    writer.finish().0
}

/// Makes every checksum, magic number and length of a file right where its footer allows it, so
/// that what lies behind those checks is reached.
pub fn repair(bytes: &mut [u8]) {
    let length = bytes.len();
    if length < Header::SIZE + Footer::SIZE {
        return;
    }
    let (body, footer) = bytes.split_at_mut(length - Footer::SIZE);
    body[..8].copy_from_slice(&medvec::format::frame::MAGIC);
    let crc = crc32c::crc32c(&body[..60]);
    body[60..64].copy_from_slice(&crc.to_le_bytes());

    footer[..8].copy_from_slice(&(length as u64).to_le_bytes());
    footer[36..52].copy_from_slice(&body[16..32]);
    footer[56..].copy_from_slice(&medvec::format::frame::FOOTER_MAGIC);
    let decoded = Footer::decode(footer.first_chunk().expect("64 bytes"));
    let start = usize::try_from(decoded.body_length).unwrap_or(usize::MAX).min(body.len());
    let crcs = (decoded.section_count as usize).saturating_mul(Section::SIZE).saturating_add(start);
    if crcs < body.len() {
        let (content, table) = body.split_at_mut(crcs);
        let blocks = content[..start].chunks(medvec::limits::BLOCK_BYTES);
        for (place, block) in table.chunks_exact_mut(4).zip(blocks) {
            place.copy_from_slice(&crc32c::crc32c(block).to_le_bytes());
        }
    }
    footer[24..28].copy_from_slice(&crc32c::crc32c(&body[start..]).to_le_bytes());
    let crc = crc32c::crc32c(&footer[..52]);
    footer[52..56].copy_from_slice(&crc.to_le_bytes());
}
