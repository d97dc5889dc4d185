//! First-touch checks, seals, and damage of every kind.

use super::*;
use crate::format::frame::FrameWriter;
use crate::storage::MemoryStorage;

const NAME: &str = "segment-00000001";

/// Three blocks: a small section, one over a block border, an empty one.
fn file() -> (Vec<u8>, FileSeal) {
    let mut writer = FrameWriter::new(FileKind::Segment, [4; 16]);
    writer.section(1);
    writer.write(b"small");
    writer.section(2);
    writer.write(&vec![7; 2 * BLOCK_BYTES]);
    writer.section(3);
    writer.finish()
}

fn open(bytes: Vec<u8>, seal: Option<&FileSeal>) -> Result<VerifiedFile> {
    let storage = MemoryStorage::with_files([(NAME.to_owned(), bytes)]);
    VerifiedFile::open(&storage, NAME, FileKind::Segment, seal)
}

fn rule<T>(result: Result<T>) -> Option<Rule> {
    match result {
        Err(Error::Corrupt { rule, .. }) => Some(rule),
        _ => None,
    }
}

#[test]
fn sections_are_read_whole_and_in_part() {
    let (bytes, seal) = file();
    let file = open(bytes, Some(&seal)).expect("opens");
    assert_eq!(file.read_all(1).expect("reads"), b"small");
    assert_eq!(file.read_all(2).expect("reads").len(), 2 * BLOCK_BYTES);
    assert_eq!(file.read_all(3).expect("reads"), b"");
    let section = file.section(1).expect("exists");
    assert_eq!(file.read(&section, 1..3).expect("reads"), b"ma");
    assert_eq!(file.read(&section, 5..5).expect("reads"), b"");
    assert_eq!(rule(file.read(&section, 2..6)), Some(Rule::OffsetBounds));
    assert_eq!(rule(file.read(&section, 6..6)), Some(Rule::OffsetBounds));
    assert_eq!(rule(file.read(&section, Range { start: 3, end: 2 })), Some(Rule::OffsetBounds));
    assert_eq!(rule(file.read_all(9)), Some(Rule::SectionMissing));
    file.verify().expect("intact");
}

#[test]
fn a_damaged_block_is_found_when_it_is_touched() {
    let (mut bytes, seal) = file();
    bytes[BLOCK_BYTES + 10] ^= 1;
    let file = open(bytes, Some(&seal)).expect("the ends are intact");
    assert_eq!(file.read_all(1).expect("the first block is intact"), b"small");
    let section = file.section(2).expect("exists");
    assert!(file.read(&section, 0..100).is_ok());
    for _ in 0..2 {
        assert_eq!(rule(file.read_all(2)), Some(Rule::BlockChecksum));
    }
    assert_eq!(rule(file.verify()), Some(Rule::BlockChecksum));
}

#[test]
fn blocks_are_checked_once() {
    let (bytes, _) = file();
    let file = open(bytes, None).expect("opens");
    let checked = |file: &VerifiedFile| file.shared.checked[0].load(Ordering::Relaxed);
    assert_eq!(checked(&file), 0);
    file.read_all(1).expect("reads");
    assert_eq!(checked(&file), 0b001);
    let clone = file.clone();
    clone.read_all(2).expect("reads");
    assert_eq!(checked(&file), 0b111);
}

#[test]
fn another_file_under_the_name_is_refused() {
    let (bytes, seal) = file();
    let cases = [
        (Rule::FileLength, FileSeal { length: seal.length + 1, ..seal }),
        (Rule::FileId, FileSeal { file_id: [5; 16], ..seal }),
        (Rule::FooterChecksum, FileSeal { footer_crc: !seal.footer_crc, ..seal }),
    ];
    for (expected, seal) in cases {
        assert_eq!(rule(open(bytes.clone(), Some(&seal))), Some(expected));
    }
    let empty = MemoryStorage::new();
    for seal in [None, Some(&seal)] {
        let missing = VerifiedFile::open(&empty, NAME, FileKind::Segment, seal);
        assert_eq!(rule(missing), Some(Rule::FileMissing));
    }
}

#[test]
fn padding_must_be_zero_even_under_right_checksums() {
    let (mut bytes, _) = file();
    bytes[64 + 5] = 1;
    let frame = Frame::parse(NAME, FileKind::Segment, &bytes).expect("the ends are intact");
    let table = frame.body_length as usize + 3 * Section::SIZE;
    let crc = crc32c::crc32c(&bytes[..BLOCK_BYTES]);
    bytes[table..table + 4].copy_from_slice(&crc.to_le_bytes());
    let footer = bytes.len() - 64;
    let crc = crc32c::crc32c(&bytes[frame.body_length as usize..footer]);
    bytes[footer + 24..footer + 28].copy_from_slice(&crc.to_le_bytes());
    let crc = crc32c::crc32c(&bytes[footer..footer + 52]);
    bytes[footer + 52..footer + 56].copy_from_slice(&crc.to_le_bytes());
    let file = open(bytes, None).expect("opens");
    assert_eq!(file.read_all(1).expect("reads"), b"small");
    assert_eq!(rule(file.verify()), Some(Rule::ReservedZero));
}

#[test]
fn sections_that_were_checked_as_a_whole_are_known_as_such() {
    let (bytes, _) = file();
    let file = open(bytes, None).expect("opens");
    let sections = [1, 2, 3].map(|kind| file.section(kind).expect("exists"));
    let whole = || sections.map(|section| file.is_whole(&section));
    let large = sections[1].length;
    assert_eq!(whole(), [false, false, true]);
    // The first block is shared.
    file.prepare([1, 3], [[0..1, 0..0]].into_iter()).expect("intact");
    assert_eq!(whole(), [true, false, true]);
    let beyond = file.prepare([1, 2], [[0..1, 0..large + 1]].into_iter());
    assert_eq!(rule(beyond), Some(Rule::OffsetBounds));
    let end = large - 1..large;
    file.prepare([2, 1], [[end.clone(), 0..5], [end, 0..0]].into_iter()).expect("intact");
    assert_eq!(whole(), [true, false, true], "the block between was not touched");
    file.prepare([2, 3], [[0..large, 0..0]].into_iter()).expect("intact");
    assert_eq!(whole(), [true; 3]);
    assert_eq!(rule(file.prepare([9], std::iter::empty())), Some(Rule::SectionMissing));
}

/// Bytes that remember what was asked for.
struct Asked(Bytes, Log);

/// Starts and ends.
type Log = Arc<std::sync::Mutex<Vec<(usize, usize)>>>;

impl AsRef<[u8]> for Asked {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl crate::storage::Content for Asked {
    fn will_need(&self, range: Range<usize>) {
        self.1.lock().expect("no test panicked").push((range.start, range.end));
    }
}

#[test]
fn what_was_checked_can_be_asked_for_again() {
    let (bytes, _) = file();
    let asked = Log::default();
    let content = Asked(Bytes::copy_of(&bytes), asked.clone());
    let frame = Frame::parse(NAME, FileKind::Segment, &bytes).expect("intact");
    let shared = Arc::new(Shared::new(frame, Bytes::new(content)));
    let file = VerifiedFile { name: NAME.into(), shared };
    let section = file.section(2).expect("exists");
    let at = section.offset as usize;
    let take = || std::mem::take(&mut *asked.lock().expect("no test panicked"));

    let prepare = |range| file.prepare([2], [[range]].into_iter());
    prepare(10..20).expect("intact");
    assert_eq!(take(), [(0, BLOCK_BYTES)], "the block that is checked");
    prepare(10..20).expect("intact");
    assert!(take().is_empty(), "it was checked");
    let (unchecked, beyond) = (BLOCK_BYTES as u64, 2 * BLOCK_BYTES as u64 + 1);
    let parts = [10..20, unchecked..unchecked + 10, 0..beyond, 30..40];
    file.ask(2, parts);
    assert_eq!(take(), [(at + 10, at + 20), (at + 30, at + 40)]);
}
