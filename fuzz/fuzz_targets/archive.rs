//! Archives of databases: arbitrary bytes, and an intact archive with some bytes changed and the checksums of its
//! headers made right. What is refused leaves nothing behind; what is not is a database. Deltas likewise, on a copy.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use medvec::session::{DeltaBase, apply, diff, pack, unpack};
use medvec::{BackupOptions, Control, CreateOptions, Database, Document, Key, WriterOptions};

/// Bytes of a header, and what contents are filled up to a multiple of.
const BLOCK: usize = 512;

/// Where a header has its checksum.
const SUM: std::ops::Range<usize> = 148..156;

/// What is changed.
struct Intact {
    /// An archive of segments with deleted rows.
    archive: Vec<u8>,
    /// The files of a copy at an earlier generation, and what it lacks.
    copy: Vec<(String, Vec<u8>)>,
    delta: Vec<u8>,
}

fn intact() -> &'static Intact {
    static MADE: OnceLock<Intact> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::create(folder.path().join("db"), CreateOptions::default());
        let database = database.expect("a database");
        let mut writer = database.writer(WriterOptions::default()).expect("a writer");
        for number in 1..4 {
            writer.upsert(Document::new(Key::pmid(number))).expect("a document");
            writer.commit().expect("a commit");
        }
        let copy = folder.path().join("copy");
        database.backup(&copy, &BackupOptions::default(), &Control::default()).expect("a copy");
        writer.delete(&Key::pmid(1)).expect("a document");
        writer.upsert(Document::new(Key::pmid(2))).expect("a document");
        writer.commit().expect("a commit");
        let path = folder.path().join("db.tar");
        let snapshot = database.snapshot();
        pack(&snapshot, &path, &Control::default()).expect("an archive");
        let delta = folder.path().join("delta.tar");
        let base = DeltaBase::Copy(copy.clone());
        diff(&snapshot, &base, &delta, &Control::default()).expect("a delta");
        let read = |path: PathBuf| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("a file"))
        };
        Intact {
            archive: fs::read(&path).expect("an archive"),
            copy: names(&copy).into_iter().map(read).collect(),
            delta: fs::read(&delta).expect("a delta"),
        }
    })
}

/// Makes the checksum right where a block looks like a header.
fn seal(archive: &mut [u8]) {
    for block in archive.chunks_exact_mut(BLOCK).filter(|block| &block[257..262] == b"ustar") {
        block[SUM].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[SUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

fn judge(archive: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, made) = (folder.path().join("in.tar"), folder.path().join("db"));
    fs::write(&file, archive).expect("a file");
    match unpack(&file, &made, &Control::default()) {
        Err(_) => assert_eq!(names(folder.path()), [file]),
        Ok(report) => {
            let snapshot = Database::open(&made).expect("a database").snapshot();
            assert_eq!(snapshot.len(), report.documents);
            assert_eq!(names(&made).len(), report.files);
            let again = folder.path().join("again.tar");
            let packed = pack(&snapshot, &again, &Control::default()).expect("it is whole");
            assert_eq!(packed, report);
        }
    }
}

/// Applies what may be a delta to the copy.
fn judge_delta(delta: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, copy) = (folder.path().join("in.tar"), folder.path().join("copy"));
    fs::write(&file, delta).expect("a file");
    fs::create_dir(&copy).expect("a folder");
    for (name, bytes) in &intact().copy {
        fs::write(copy.join(name), bytes).expect("a file");
    }
    let before = Database::open(&copy).expect("a copy").snapshot();
    let applied = apply(&copy, &file, &Control::default());
    let after = Database::open(&copy).expect("a copy").snapshot();
    match applied {
        Err(_) => {
            assert_eq!(after.manifest(), before.manifest());
            assert_eq!(names(&copy).len(), intact().copy.len());
        }
        Ok(report) => {
            assert_eq!((after.generation(), after.len()), (report.generation, report.documents))
        }
    }
}

fn changed(intact: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut changed = intact.to_vec();
    for change in bytes.chunks_exact(3).take(8) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]])) % changed.len();
        changed[place] = change[2];
    }
    seal(&mut changed);
    changed
}

fuzz_target!(|bytes: &[u8]| {
    judge(bytes);
    judge_delta(bytes);
    judge(&changed(&intact().archive, bytes));
    judge_delta(&changed(&intact().delta, bytes));
});
