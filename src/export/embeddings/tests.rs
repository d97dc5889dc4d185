use super::*;
use crate::encoder::{EncoderSpec, Metric};
use crate::format::manifest::{RowType, VectorConfig};
use crate::ingest::vectors;
use std::fs::{self, File};
use std::path::Path;

fn config(dimension: u32) -> VectorConfig {
    let encoder = EncoderSpec::of_origin("lab/\u{202e}one", dimension, Metric::Cosine);
    VectorConfig::new(dimension, Metric::Cosine, RowType::F16, Some(encoder))
}

fn write(
    format: EmbeddingFormat,
    path: &Path,
    info: &EmbeddingInfo,
    rows: impl Iterator<Item = (Key, Vec<f32>)>,
) -> io::Result<u64> {
    let ids = format.has_list().then(|| File::create(vectors::list_of(path)).unwrap());
    let mut writer = EmbeddingWriter::new(format, info, File::create(path).unwrap(), ids)?;
    for (key, vector) in rows {
        writer.write(&key, &vector)?;
    }
    writer.finish()
}

const LISTED: [(EmbeddingFormat, &str); 3] = [
    (EmbeddingFormat::Npy, "v.npy"),
    (EmbeddingFormat::Safetensors, "v.safetensors"),
    (EmbeddingFormat::Fvecs, "v.fvecs"),
];

fn formats() -> Vec<(EmbeddingFormat, &'static str)> {
    let mut all = LISTED.to_vec();
    if EmbeddingFormat::Parquet.is_built() {
        all.push((EmbeddingFormat::Parquet, "v.parquet"));
    }
    all
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let keys = [Key::pmid(7), Key::Text("note 1".into()), Key::Text("00123".into())];
    let rows = || (0..3).map(|row| (keys[row].clone(), vec![row as f32, -0.5, f32::MIN_POSITIVE]));
    let info = EmbeddingInfo::of(&config(3), 3);
    for (format, name) in formats() {
        let path = folder.path().join(name);
        assert_eq!(write(format, &path, &info, rows()).unwrap(), 3);
        let source = vectors::open(&path, None).unwrap();
        let found = source.map(|record| record.unwrap()).map(|record| (record.key, record.vector));
        assert_eq!(found.collect::<Vec<_>>(), rows().collect::<Vec<_>>(), "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_of_files_may_be_any() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let info = EmbeddingInfo::of(&config(1), 1);
    for (format, ending) in [
        (EmbeddingFormat::Npy, "npy"),
        (EmbeddingFormat::Npy, "npy.gz"),
        (EmbeddingFormat::Fvecs, "fvecs"),
    ] {
        for stem in [&b"caf\xe9"[..], b"a b.c", b"-", b"\n", b""] {
            let mut name = stem.to_vec();
            name.extend([b".", ending.as_bytes()].concat());
            let path = folder.path().join(std::ffi::OsStr::from_bytes(&name));
            write(format, &path, &info, std::iter::once((Key::pmid(7), vec![1.0]))).unwrap();
            let found = vectors::open(&path, None).map(|mut source| source.next());
            let found = found.unwrap_or_else(|error| panic!("{}: {error}", name.escape_ascii()));
            assert_eq!(found.unwrap().unwrap().key, Key::pmid(7));
        }
    }
}

#[test]
fn row_groups_of_parquet_are_bounded() {
    if !EmbeddingFormat::Parquet.is_built() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.parquet");
    // More rows than a group of each kind: by rows, by bytes.
    for (dimension, len) in [(2_u32, 70_000_u32), (8000, 300)] {
        let vector = |row: u32| vec![row as f32; dimension as usize];
        let rows = (1..=len).map(|row| (Key::pmid(row), vector(row)));
        let info = EmbeddingInfo::of(&config(dimension), u64::from(len));
        write(EmbeddingFormat::Parquet, &path, &info, rows).unwrap();
        let source = vectors::open(&path, None).unwrap();
        assert_eq!(source.len(), u64::from(len));
        for (row, record) in (1..).zip(source) {
            let record = record.unwrap();
            assert_eq!((record.key, record.vector), (Key::pmid(row), vector(row)));
        }
    }
}

#[test]
fn what_made_vectors_is_said_where_there_is_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let info = EmbeddingInfo::of(&config(1), 1);
    let row = || std::iter::once((Key::pmid(1), vec![1.0]));
    let path = folder.path().join("v.safetensors");
    write(EmbeddingFormat::Safetensors, &path, &info, row()).unwrap();
    let bytes = fs::read(&path).unwrap();
    let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    assert_eq!((length % 8, bytes.len()), (0, 8 + length + 4));
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let members = &header["__metadata__"];
    assert_eq!(
        (&members["encoder"], &members["metric"]),
        (&"lab/\u{202e}one".into(), &"cosine".into())
    );
    assert_eq!((&members["normalized"], &members["stored_as"]), (&"true".into(), &"f16".into()));
    assert_eq!(members["encoder_fingerprint"], info.encoder.as_ref().unwrap().fingerprint);
    assert!(members.as_object().unwrap().values().all(serde_json::Value::is_string));
    #[cfg(feature = "parquet")]
    {
        use ::parquet::file::reader::{FileReader, SerializedFileReader};
        let path = folder.path().join("v.parquet");
        write(EmbeddingFormat::Parquet, &path, &info, row()).unwrap();
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let said = reader.metadata().file_metadata().key_value_metadata().unwrap();
        let found = |name: &str| said.iter().find(|pair| pair.key == name).unwrap().value.clone();
        assert_eq!(found("encoder").unwrap(), "lab/\u{202e}one");
        assert_eq!(found("normalized").unwrap(), "true");
    }
}

#[cfg(feature = "bert")]
#[test]
fn tensors_are_those_that_their_own_library_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.safetensors");
    let rows = (1..=2).map(|row| (Key::pmid(row), vec![row as f32, 0.5]));
    write(EmbeddingFormat::Safetensors, &path, &EmbeddingInfo::of(&config(2), 2), rows).unwrap();
    let bytes = fs::read(&path).unwrap();
    let tensors = ::safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensor = tensors.tensor("embeddings").unwrap();
    assert_eq!((tensor.dtype(), tensor.shape()), (::safetensors::Dtype::F32, &[2, 2][..]));
    assert_eq!(tensor.data()[8..12], 2.0_f32.to_le_bytes());
}

#[test]
fn rows_that_were_not_announced_are_refused() {
    let info = EmbeddingInfo::of(&config(2), 1);
    for (format, _) in LISTED {
        let mut writer = EmbeddingWriter::new(format, &info, Vec::new(), Some(Vec::new())).unwrap();
        assert!(writer.write(&Key::pmid(1), &[1.0]).is_err());
        writer.write(&Key::pmid(1), &[1.0, 2.0]).unwrap();
        let error = writer.write(&Key::pmid(2), &[1.0, 2.0]).unwrap_err();
        assert_eq!(error.to_string(), "vector 1 of 2 numbers; 1 of 2 were announced");
        let writer = EmbeddingWriter::new(format, &info, Vec::new(), Some(Vec::new())).unwrap();
        assert_eq!(writer.finish().unwrap_err().to_string(), "0 vectors; 1 were announced");
        assert!(EmbeddingWriter::new(format, &info, Vec::new(), None).is_err());
    }
}

#[cfg(feature = "parquet")]
#[test]
fn keys_that_a_string_cannot_say_are_refused_by_parquet() {
    let info = EmbeddingInfo::of(&config(1), 1);
    let mut writer =
        EmbeddingWriter::new(EmbeddingFormat::Parquet, &info, Vec::new(), None).unwrap();
    let error = writer.write(&Key::Text("17".into()), &[1.0]).unwrap_err();
    assert!(error.to_string().contains("cannot hold the key \"17\""), "{error}");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_so() {
    let info = EmbeddingInfo::of(&config(1), 1);
    let refused = EmbeddingWriter::new(EmbeddingFormat::Parquet, &info, Vec::new(), None);
    assert!(refused.err().unwrap().to_string().contains("feature `parquet`"));
}
