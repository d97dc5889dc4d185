//! Round trips of the frame, and one broken file for every rule of chapter 02.

use super::*;
use crate::error::{Error, Result};
use crate::format::rules::Rule;

fn file() -> Vec<u8> {
    let mut writer = FrameWriter::new(FileKind::Segment, [4; 16]);
    writer.section(1);
    writer.write(b"first");
    writer.section(9);
    writer.write(b"second, ");
    writer.write(b"in two pieces");
    writer.finish().0
}

/// Changes header, footer and table of [`file`], with all checksums made right again.
fn changed(change: impl FnOnce(&mut Header, &mut Footer, &mut [Section; 2])) -> Vec<u8> {
    let mut bytes = file();
    let table = Frame::parse("f", FileKind::Segment, &bytes).expect("valid").body_length as usize;
    let footer_at = bytes.len() - Footer::SIZE;
    let mut header = Header::decode(bytes.first_chunk().expect("a header"));
    let mut footer = Footer::decode(bytes.last_chunk().expect("a footer"));
    let entry = |at: usize| Section::decode(bytes[at..].first_chunk().expect("an entry"));
    let mut sections = [entry(table), entry(table + Section::SIZE)];
    change(&mut header, &mut footer, &mut sections);
    header.crc = crc_before(&header.encode(), 4);
    bytes[..Header::SIZE].copy_from_slice(&header.encode());
    for (place, section) in sections.iter().enumerate() {
        let at = table + place * Section::SIZE;
        bytes[at..at + Section::SIZE].copy_from_slice(&section.encode());
    }
    let crc = crc32c::crc32c(&bytes[..table]);
    bytes[footer_at - 4..footer_at].copy_from_slice(&crc.to_le_bytes());
    footer.table_crc = crc32c::crc32c(&bytes[table..footer_at]);
    footer.crc = crc_before(&footer.encode(), 12);
    bytes[footer_at..].copy_from_slice(&footer.encode());
    bytes
}

fn parse(bytes: &[u8]) -> Result<Frame> {
    let frame = Frame::parse("f", FileKind::Segment, bytes)?;
    frame.check_body("f", bytes)?;
    Ok(frame)
}

fn rule(bytes: &[u8]) -> Option<Rule> {
    match parse(bytes) {
        Err(Error::Corrupt { rule, .. }) => Some(rule),
        _ => None,
    }
}

#[test]
fn sections_survive_a_round_trip() {
    let bytes = file();
    let frame = parse(&bytes).expect("valid");
    let content = |kind| {
        let section: Section = frame.section(kind).expect("is there");
        &bytes[section.offset as usize..][..section.length as usize]
    };
    assert_eq!(content(1), b"first");
    assert_eq!(content(9), b"second, in two pieces");
    assert!(frame.section(2).is_none());
    assert_eq!(frame.seal.length, bytes.len() as u64);
    assert_eq!(changed(|_, _, _| {}), bytes);
}

#[test]
fn pieces_make_the_same_file_as_a_whole() {
    let content: Vec<u8> = (0..3 * BLOCK_BYTES as u32 + 100).map(|n| (n % 251) as u8).collect();
    let whole = |piece: usize| {
        let mut writer = FrameWriter::new(FileKind::Segment, [4; 16]);
        let mut bytes = Vec::new();
        writer.section(1);
        for piece in content.chunks(piece) {
            writer.write(piece);
            bytes.extend(writer.drain());
        }
        bytes.extend(writer.finish().0);
        bytes
    };
    let bytes = whole(content.len());
    assert_eq!(parse(&bytes).expect("valid").block_crcs.len(), 4);
    for piece in [100, 4096, BLOCK_BYTES, BLOCK_BYTES + 1] {
        assert!(whole(piece) == bytes, "{piece}");
    }
}

#[test]
fn every_changed_byte_and_every_length_is_refused() {
    let bytes = file();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            assert!(parse(&changed).is_err(), "byte {place}");
        }
        assert!(parse(&bytes[..place]).is_err(), "length {place}");
    }
    for extra in [1, 24, 64, 4096] {
        let longer = [bytes.clone(), vec![0; extra]].concat();
        assert_eq!(rule(&longer), Some(Rule::FooterMagic), "{extra} more");
    }
}

#[test]
fn every_rule_is_checked_behind_right_checksums() {
    type Change = fn(&mut Header, &mut Footer, &mut [Section; 2]);
    let cases: [(Rule, Change); 19] = [
        (Rule::Magic, |header, _, _| header.magic[0] = 0),
        (Rule::Kind, |header, _, _| header.kind = 1),
        (Rule::FileId, |header, _, _| header.file_id[3] ^= 1),
        (Rule::ReservedZero, |header, _, _| header.reserved[15] = 1),
        (Rule::FooterMagic, |_, footer, _| footer.magic[0] = 0),
        (Rule::ReservedZero, |_, footer, _| footer.reserved[0] = 1),
        (Rule::FileLength, |_, footer, _| footer.file_length += 1),
        (Rule::Count, |_, footer, _| footer.body_length += 64),
        (Rule::Count, |_, footer, _| footer.body_length = u64::MAX),
        (Rule::Count, |_, footer, _| footer.section_count = u32::MAX),
        (Rule::Count, |_, footer, _| footer.block_count = 0),
        (Rule::ReservedZero, |_, _, sections| sections[1].reserved = 1),
        (Rule::SectionBounds, |_, _, sections| sections[0].offset = 0),
        (Rule::SectionBounds, |_, _, sections| sections[1].offset += 1),
        (Rule::SectionBounds, |_, _, sections| sections[0].length = 65),
        (Rule::SectionBounds, |_, _, sections| sections[1].length = u64::MAX),
        (Rule::SectionBounds, |_, _, sections| sections.swap(0, 1)),
        (Rule::SectionUnique, |_, _, sections| sections[1].kind = 1),
        (Rule::ReservedZero, |_, _, sections| sections[1].length -= 1),
    ];
    for (place, (expected, change)) in cases.into_iter().enumerate() {
        assert_eq!(rule(&changed(change)), Some(expected), "case {place}");
    }
}

#[test]
fn newer_files_are_unsupported_not_damaged() {
    let cases: [fn(&mut Header); 2] =
        [|header| header.version_major = 2, |header| header.features_read = 1];
    for change in cases {
        let bytes = changed(|header, _, _| change(header));
        assert!(matches!(parse(&bytes), Err(Error::Unsupported { .. })));
    }
    let bytes = changed(|header, _, _| {
        header.version_minor = 7;
        header.features_optional = u32::MAX;
    });
    assert!(parse(&bytes).expect("may be read").check_writable("f").is_ok());
    let bytes = changed(|header, _, _| header.features_write = 2);
    let frame = parse(&bytes).expect("may be read");
    assert!(matches!(frame.check_writable("f"), Err(Error::Unsupported { .. })));
}
