//! The ends of a file into a [`Frame`], checked in the order of the file: header, footer, table.
//!
//! The order matters: the footer says where the table lies, so it is trusted only once its own
//! checksum is right, and the table only once the footer's checksum of it is.

use super::{
    FEATURES_READ, FOOTER_MAGIC, FileKind, FileSeal, Footer, Frame, Header, MAGIC, Section,
    VERSION_MAJOR, VERSION_MINOR, crc_before,
};
use crate::error::{Error, Result};
use crate::format::cursor;
use crate::format::rules::Rule;
use crate::limits::{ALIGNMENT, BLOCK_BYTES, SECTIONS_MAX};

impl Frame {
    /// Reads and checks the ends of a file; of the body only the header is touched.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the rule that is broken; [`Error::Unsupported`] for a newer format.
    pub fn parse(file: &str, kind: FileKind, bytes: &[u8]) -> Result<Frame> {
        let (Some(head), Some(tail)) =
            (bytes.first_chunk::<{ Header::SIZE }>(), bytes.last_chunk::<{ Footer::SIZE }>())
        else {
            let detail = format!("only {} bytes", bytes.len());
            return Err(Error::corrupt(file, 0, Rule::FileLength, detail));
        };
        let header = parse_header(file, kind, head)?;
        let footer_at = bytes.len() - Footer::SIZE;
        let footer = parse_footer(file, footer_at, &header, tail)?;
        let body = body_length(file, footer_at, &footer)?;
        let tables = bytes.get(body..footer_at).unwrap_or_default();
        if crc32c::crc32c(tables) != footer.table_crc {
            let detail = "section table checksum differs";
            return Err(Error::corrupt(file, body as u64, Rule::TableChecksum, detail));
        }
        let table_bytes = footer.section_count as usize * Section::SIZE;
        let (table, crcs) = tables.split_at_checked(table_bytes).unwrap_or_default();
        let crcs = crcs.chunks_exact(4).filter_map(|crc| crc.first_chunk::<4>());
        Ok(Frame {
            header,
            sections: parse_sections(file, &footer, table)?,
            block_crcs: crcs.map(|crc| u32::from_le_bytes(*crc)).collect(),
            body_length: footer.body_length,
            seal: FileSeal {
                file_id: header.file_id,
                length: footer.file_length,
                footer_crc: footer.crc,
            },
        })
    }
}

fn parse_header(file: &str, kind: FileKind, head: &[u8; Header::SIZE]) -> Result<Header> {
    let bad = |offset, rule, detail: String| Err(Error::corrupt(file, offset, rule, detail));
    let header = Header::decode(head);
    if header.magic != MAGIC {
        return bad(0, Rule::Magic, "not a medvec file".into());
    }
    if header.crc != crc_before(head, 4) {
        return bad(60, Rule::HeaderChecksum, "header checksum differs".into());
    }
    // Before anything else is believed: a newer format may have given the other fields a new meaning.
    if header.version_major != VERSION_MAJOR {
        return Err(Error::Unsupported {
            file: file.to_owned(),
            needs: format!("format version {}.{}", header.version_major, header.version_minor),
            has: format!("version {VERSION_MAJOR}.{VERSION_MINOR}"),
        });
    }
    if header.features_read & !FEATURES_READ != 0 {
        return Err(Error::Unsupported {
            file: file.to_owned(),
            needs: format!("read features {:#x}", header.features_read),
            has: format!("{FEATURES_READ:#x}"),
        });
    }
    if header.kind != kind as u32 {
        let detail = format!("expected kind {}, found {}", kind as u32, header.kind);
        return bad(12, Rule::Kind, detail);
    }
    if header.reserved != [0; 16] {
        return bad(44, Rule::ReservedZero, "reserved header bytes are not zero".into());
    }
    Ok(header)
}

fn parse_footer(
    file: &str,
    footer_at: usize,
    header: &Header,
    tail: &[u8; Footer::SIZE],
) -> Result<Footer> {
    let bad = |offset: usize, rule, detail: String| {
        Err(Error::corrupt(file, (footer_at + offset) as u64, rule, detail))
    };
    let footer = Footer::decode(tail);
    if footer.magic != FOOTER_MAGIC {
        let detail = "the file does not end with a footer: it is truncated or extended";
        return bad(56, Rule::FooterMagic, detail.into());
    }
    if footer.crc != crc_before(tail, 12) {
        return bad(52, Rule::FooterChecksum, "footer checksum differs".into());
    }
    if footer.reserved != [0; 8] {
        return bad(28, Rule::ReservedZero, "reserved footer bytes are not zero".into());
    }
    let found = footer_at + Footer::SIZE;
    if footer.file_length != found as u64 {
        let detail = format!("footer says {} bytes, the file has {found}", footer.file_length);
        return bad(0, Rule::FileLength, detail);
    }
    if footer.file_id != header.file_id {
        return bad(36, Rule::FileId, "header and footer have different file ids".into());
    }
    Ok(footer)
}

/// The length of the body, once body, table and footer are known to fill the file exactly.
fn body_length(file: &str, footer_at: usize, footer: &Footer) -> Result<usize> {
    let body = usize::try_from(footer.body_length).unwrap_or(usize::MAX);
    let section_count = footer.section_count as usize;
    let block_count = footer.block_count as usize;
    let table_end = section_count
        .checked_mul(Section::SIZE)
        .and_then(|table| table.checked_add(block_count.checked_mul(4)?))
        .and_then(|length| length.checked_add(body));
    if section_count > SECTIONS_MAX
        || body < Header::SIZE
        || !body.is_multiple_of(ALIGNMENT)
        || table_end != Some(footer_at)
        || block_count != body.div_ceil(BLOCK_BYTES)
    {
        let detail = "body, table and footer do not fill the file";
        return Err(Error::corrupt(file, footer_at as u64, Rule::Count, detail));
    }
    Ok(body)
}

/// The section table: sections in order of offset, inside the body, each kind once.
fn parse_sections(file: &str, footer: &Footer, table: &[u8]) -> Result<Vec<Section>> {
    let mut sections: Vec<Section> = Vec::with_capacity(footer.section_count as usize);
    let mut end = Header::SIZE as u64;
    for (place, entry) in table.chunks_exact(Section::SIZE).enumerate() {
        let at = footer.body_length + (place * Section::SIZE) as u64;
        let bad = |offset, rule, detail| Err(Error::corrupt(file, at + offset, rule, detail));
        let Some(entry) = cursor::head::<{ Section::SIZE }>(entry) else { continue };
        let section = Section::decode(entry);
        let Section { kind, reserved, offset, length } = section;
        let section_end = offset.checked_add(length);
        if reserved != 0 {
            return bad(4, Rule::ReservedZero, "reserved table bytes are not zero".to_owned());
        }
        if !offset.is_multiple_of(ALIGNMENT as u64)
            || offset < end
            || section_end.is_none_or(|end| end > footer.body_length)
        {
            let detail = format!("section {kind} at {offset} with {length} bytes");
            return bad(0, Rule::SectionBounds, detail);
        }
        if sections.iter().any(|other| other.kind == kind) {
            return bad(0, Rule::SectionUnique, format!("section {kind} is given twice"));
        }
        end = section_end.unwrap_or(end);
        sections.push(section);
    }
    Ok(sections)
}
