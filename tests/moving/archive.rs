//! Databases in one file.

use std::fs;
use std::io::Write;

use medvec::session::{pack, unpack};
use medvec::{CancelToken, Control, Database, Error, WriterOptions};

use crate::{check_same, commit, control, damage, database, large};

/// An entry of a tar archive, as simple as it gets.
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: u8,
    /// What the header says.
    pub(crate) size: u64,
    pub(crate) content: Vec<u8>,
}

pub(crate) fn file(name: &str, content: &[u8]) -> Entry {
    let size = content.len() as u64;
    Entry { name: name.into(), kind: b'0', size, content: content.to_vec() }
}

pub(crate) fn tar(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        let mut header = [0u8; 512];
        header[..entry.name.len()].copy_from_slice(&entry.name);
        header[100..107].copy_from_slice(b"0000444");
        header[124..136].copy_from_slice(format!("{:011o}\0", entry.size).as_bytes());
        header[136..147].copy_from_slice(b"00000000000");
        header[156] = entry.kind;
        header[157..163].copy_from_slice(b"target");
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bytes.write_all(&header).unwrap();
        bytes.write_all(&entry.content).unwrap();
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

/// The entries of an archive that `pack` wrote, read by hand.
pub(crate) fn entries(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while bytes[0] != 0 {
        let (header, rest) = bytes.split_at(512);
        let name: Vec<u8> = header[..100].iter().copied().take_while(|byte| *byte != 0).collect();
        let digits = std::str::from_utf8(&header[124..135]).unwrap();
        let size = u64::from_str_radix(digits, 8).unwrap();
        let content = rest[..size as usize].to_vec();
        entries.push(Entry { name, kind: header[156], size, content });
        bytes = &rest[(size as usize).next_multiple_of(512)..];
    }
    assert!(bytes.len() == 1024 && bytes.iter().all(|byte| *byte == 0));
    entries
}

#[test]
fn what_is_packed_is_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (_, database) = database(folder.path());
    let packed = pack(&database.snapshot(), &at("one.tar"), &control()).unwrap();
    assert_eq!((packed.documents, packed.files), (20, 4));
    let read = entries(&fs::read(at("one.tar")).unwrap());
    assert!(read[0].name.starts_with(b"manifest-"));
    assert_eq!(read.iter().map(|entry| entry.size).sum::<u64>(), packed.bytes);
    // The same bytes again, and by the simplest writer of such archives.
    pack(&database.snapshot(), &at("two.tar"), &control()).unwrap();
    assert_eq!(fs::read(at("one.tar")).unwrap(), fs::read(at("two.tar")).unwrap());
    fs::write(at("three.tar"), tar(&read)).unwrap();
    // Tar fills its archives up with zeros.
    let mut filled = tar(&read);
    filled.resize(filled.len().next_multiple_of(10_240) + 2_000_000, 0);
    fs::write(at("four.tar"), filled).unwrap();
    for archive in ["one.tar", "three.tar", "four.tar"] {
        let copy = at("copy");
        assert_eq!(unpack(&at(archive), &copy, &control()).unwrap(), packed);
        check_same(&copy, &database);
        assert_eq!(fs::read_dir(&copy).unwrap().count(), 4);
        // A database like any other; a name that is taken is refused.
        assert_eq!(unpack(&at(archive), &copy, &control()).unwrap_err().code(), "io");
        let mut writer = Database::open(&copy).unwrap().writer(WriterOptions::default()).unwrap();
        commit(&mut writer, 50..52, 0);
        fs::remove_dir_all(&copy).unwrap();
    }
    assert_eq!(pack(&database.snapshot(), &at("one.tar"), &control()).unwrap_err().code(), "io");
}

#[test]
fn hostile_archives_are_refused_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (_, database) = database(folder.path());
    pack(&database.snapshot(), &at("good.tar"), &control()).unwrap();
    let good = || entries(&fs::read(at("good.tar")).unwrap());
    let with = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut entries = good();
        change(&mut entries);
        tar(&entries)
    };
    let whole = fs::read(at("good.tar")).unwrap();
    // In the content of the second entry.
    let cut = 1024 + good()[0].content.len().next_multiple_of(512) + 100;
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("not a tar archive", b"PK\x03\x04 and more".repeat(100)),
        ("empty", Vec::new()),
        ("empty", vec![0; 1024]),
        ("other data comes after the end", [&whole[..], &[0; 512], b"more"].concat()),
        ("in the middle of manifest-", whole[..700].to_vec()),
        ("in the middle of segment-", whole[..cut].to_vec()),
        ("ends before", with(&|all| all.truncate(2))),
        ("is not a manifest", with(&|all| drop(all.remove(0)))),
        ("comes twice", with(&|all| all.push(file("segment-00000001", b"x")))),
        (
            "`../segment-00000001` is not a file",
            with(&|all| all[1].name = b"../segment-00000001".into()),
        ),
        ("`/tmp/x` is not a file", with(&|all| all.push(file("/tmp/x", b"x")))),
        ("`a/../segment-00000001`", with(&|all| all[1].name = b"a/../segment-00000001".into())),
        ("`./manifest-00000003`", with(&|all| all[0].name = b"./manifest-00000003".into())),
        ("`notes.txt` is not a file", with(&|all| all.push(file("notes.txt", b"x")))),
        ("`LOCK` is not a file", with(&|all| all.push(file("LOCK", b"")))),
        ("manifest-00000002", with(&|all| all[0].name = b"manifest-00000002".into())),
        ("not a plain file", with(&|all| all[1].kind = b'2')),
        ("not a plain file", with(&|all| all[1].kind = b'1')),
        ("not a plain file", with(&|all| all[0].kind = b'5')),
        ("not a plain file", with(&|all| all.insert(1, Entry { kind: b'x', ..file("pax", b"x") }))),
        (
            "not a plain file",
            with(&|all| all.insert(0, Entry { kind: b'L', ..file("long", b"x") })),
        ),
        ("at most 268435456", with(&|all| all[0].size = 1 << 32)),
        ("has 8589934591 bytes", with(&|all| all[1].size = (1 << 33) - 1)),
        ("is damaged", with(&|all| *all[0].content.last_mut().unwrap() ^= 1)),
        ("is damaged", with(&|all| all[1].content[3000] ^= 1)),
        ("is damaged", with(&|all| all[2].content[70] ^= 1)),
    ];
    let names = || fs::read_dir(folder.path()).unwrap().count();
    for (place, (wanted, bytes)) in cases.into_iter().enumerate() {
        fs::write(at("bad.tar"), bytes).unwrap();
        let before = names();
        let error = unpack(&at("bad.tar"), &at("bad"), &control()).expect_err(wanted);
        let text = error.to_string();
        assert!(
            text.contains(wanted) && text.contains("bad.tar"),
            "case {place}, {wanted}: {text}"
        );
        assert_eq!(names(), before, "case {place}: {text}");
    }
    // Cancelled, and every prefix of the archive.
    let token = CancelToken::new();
    token.cancel();
    let cancelled = Control { cancel: Some(token), ..control() };
    let error = unpack(&at("good.tar"), &at("bad"), &cancelled).unwrap_err();
    assert!(matches!(error, Error::Cancelled));
    let before = names();
    for length in (0..whole.len() - 1024).step_by(997) {
        fs::write(at("bad.tar"), &whole[..length]).unwrap();
        let error = unpack(&at("bad.tar"), &at("bad"), &control()).unwrap_err();
        assert!(error.to_string().contains("bad.tar"), "{length}: {error}");
    }
    assert_eq!(names(), before);
}

#[test]
fn damage_is_not_packed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    drop(large(&path));
    damage(&path);
    let damaged = Database::open(&path).unwrap();
    let archive = folder.path().join("x.tar");
    let error = pack(&damaged.snapshot(), &archive, &control()).unwrap_err();
    assert_eq!(error.code(), "corrupt");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
