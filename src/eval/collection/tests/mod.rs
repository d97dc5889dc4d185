//! Small sets in every layout, broken ones, and the real ones of `shared/`.

mod bad;
mod chaos;
mod real;
mod small;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use tempfile::TempDir;

use super::*;

/// A folder with these files; a name may have a folder in it, and ends in `.gz` or `.zst` if it is to be packed.
pub(super) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(folder.path(), name, text.as_bytes());
    }
    folder
}

pub(super) fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let packed = if name.ends_with(".gz") {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    } else if name.ends_with(".zst") {
        zstd::encode_all(bytes, 1).unwrap()
    } else {
        bytes.to_vec()
    };
    std::fs::write(path, packed).unwrap();
}

pub(super) fn open(path: &Path) -> Collection {
    Collection::open(path, &CollectionOptions::default()).unwrap()
}

/// What is wrong with a set: place and detail, and the file's own name.
pub(super) fn refused(path: &Path, options: &CollectionOptions) -> String {
    let error = Collection::open(path, options).expect_err("refused");
    let file = Path::new(&error.file).file_name().unwrap().to_string_lossy().into_owned();
    format!("{file}, {}: {}", error.place, error.detail)
}

/// `query: document=grade document=grade`, one per query in the order of the file.
pub(super) fn told(collection: &Collection) -> Vec<String> {
    let grades = |id: &str| {
        let grades = collection.judgements.get(id).into_iter().flatten();
        grades.map(|(document, grade)| format!(" {document}={grade}")).collect::<String>()
    };
    let queries = collection.queries.iter();
    queries.map(|query| format!("{} {}:{}", query.id, query.text, grades(&query.id))).collect()
}

/// `2 queries without judgements`, in order.
pub(super) fn skips(collection: &Collection) -> Vec<String> {
    collection.skipped.iter().map(|skipped| format!("{} {}", skipped.count, skipped.what)).collect()
}

pub(super) fn corpus(collection: &Collection) -> Vec<String> {
    let name = |path: &std::path::PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    collection.corpus.iter().map(name).collect()
}
