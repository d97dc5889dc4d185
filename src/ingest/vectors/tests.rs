use super::*;
use std::fs;

use crate::error::Error;

mod containers;

fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(data);
    bytes
}

fn floats(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Bench {
        Bench(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Three vectors of two numbers.
    fn three(&self, name: &str) -> PathBuf {
        self.file(name, npy("<f4", "(3, 2)", &floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])))
    }

    fn refused(&self, name: &str, bytes: impl AsRef<[u8]>, ids: &str) -> String {
        let path = self.file(name, bytes);
        let ids = self.file("the.ids", ids);
        let opened = open(&path, Some(&ids));
        let error = match opened {
            Err(error) => error,
            Ok(source) => source.map(|record| record.map(drop)).find_map(Result::err).unwrap(),
        };
        assert!(matches!(error, Error::Input { .. }), "{error}");
        self.says(&error)
    }

    /// What an error says, its path without the folder.
    fn says(&self, error: &Error) -> String {
        error.to_string().replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn all(source: VectorSource) -> Vec<(String, Vec<f32>)> {
    source
        .map(|record| {
            let record = record.unwrap();
            (record.key.to_string(), record.vector)
        })
        .collect()
}

#[test]
fn medcpt_chunks_find_their_ids_and_their_origin() {
    let bench = Bench::new();
    let path = bench.three("embeds_chunk_36.npy");
    bench.file("pmids_chunk_36.json", "[\"31\", \"32\",\n 33]\n");
    let source = open(&path, None).unwrap();
    assert_eq!((source.dimension(), source.len()), (2, 3));
    assert_eq!(source.known_origin(), Some(("ncbi/MedCPT-Article-Encoder", Metric::Dot)));
    let found = all(source);
    assert_eq!(found[0], ("31".into(), vec![1.0, 2.0]));
    assert_eq!(found[2], ("33".into(), vec![5.0, 6.0]));
}

#[test]
fn every_form_of_ids_says_the_same() {
    let bench = Bench::new();
    let path = bench.three("a.npy");
    for (name, text) in [
        ("a.ids", "7\r\nnote-1\r\npmid:9\n\n\n"),
        ("a.txt", "\u{feff}7\nnote-1\n9"),
        ("a.json", "[7,\"note-1\" , \"pmid:9\"]"),
        ("a.jsonl", "{\"pmid\": 7}\n{\"_id\": \"note-1\", \"text\": \"x\"}\n{\"doc_id\": 9}\n"),
    ] {
        let list = bench.file(name, text);
        let source = open(&path, None).unwrap();
        let keys: Vec<String> = all(source).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["7", "note-1", "9"], "{name}");
        fs::remove_file(list).unwrap();
    }
    let error = open(&path, None).err().unwrap().to_string();
    assert!(error.contains("a.ids, a.txt, a.json, a.jsonl"), "{error}");
}

#[test]
fn half_precision_and_packed_files_are_read() {
    let bench = Bench::new();
    let bytes = npy("<f2", "(2, 2)", &[0, 0x3c, 0, 0xc0, 0, 0x40, 0xff, 0x7b]);
    let path = bench.file("h.npy.zst", zstd::encode_all(&bytes[..], 1).unwrap());
    let ids = zstd::encode_all(&b"a\nb\n"[..], 1).unwrap();
    bench.file("h.ids.zst", ids);
    assert!(kind(&path).unwrap().is_some());
    let found = all(open(&path, None).unwrap());
    assert_eq!(found[0], ("a".into(), vec![1.0, -2.0]));
    assert_eq!(found[1], ("b".into(), vec![2.0, 65504.0]));
}

#[test]
fn arrays_that_do_not_fit_are_refused_by_name() {
    let bench = Bench::new();
    let data = floats(&[1.0, 2.0, 3.0, 4.0]);
    for (bytes, word) in [
        (npy(">f4", "(2, 2)", &data), "big-endian"),
        (npy("<f8", "(1, 2)", &data), "double precision"),
        (npy("|i1", "(8, 2)", &data), "integers"),
        (npy("|O", "(2, 2)", &data), "Python objects"),
        (npy("<f4", "(4,)", &data), "1 dimensions"),
        (npy("<f4", "(1, 2, 2)", &data), "3 dimensions"),
        (npy("<f4", "(2, 0)", &data), "vectors of 0 numbers"),
        (npy("<f4", "(1, 99999)", &data), "vectors of 99999 numbers"),
        (npy("<f4", "(2, 2)", &data[..15]), "cut; fetch it again"),
        (npy("<f4", "(2, 2)", &[&data[..], b"x"].concat()), "too long"),
        (npy("<f4", "(18446744073709551615, 8000)", &data), "cut"),
        (b"\x93NUMPY\x01\x00\xff\x00{".to_vec(), "inside the header"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{".to_vec(), "at most"),
        (b"\x93NUMPY\x09\x00\xff\xff\xff\xff{".to_vec(), "version 9"),
        (b"hello".to_vec(), "no .npy array: expected the bytes 93 4e 55 4d 50 59"),
    ] {
        let error = bench.refused("x.npy", bytes, "1\n2\n");
        assert!(error.starts_with("x.npy, ") && error.contains(word), "{error}");
    }
    let fortran = npy("<f4", "(2, 2)", &data);
    let text = String::from_utf8_lossy(&fortran[10..70]).replace("False", "True ");
    let fortran = [&fortran[..10], text.as_bytes(), &fortran[70..]].concat();
    assert!(bench.refused("f.npy", fortran, "1\n2\n").contains("Fortran order"));
}

#[test]
fn lists_that_do_not_fit_are_refused_by_place() {
    let bench = Bench::new();
    let array = npy("<f4", "(3, 1)", &floats(&[1.0, 2.0, 3.0]));
    let long = format!("[1, \"{}\"]", "x".repeat(5000));
    for (ids, words) in [
        ("1\n2\n", "the.ids, the whole list: 2 ids, but x.npy holds 3 vectors"),
        ("1\n2\n3\n4\n", "4 ids, but x.npy holds 3 vectors"),
        ("1\n2\n1\n", "the.ids, line 3: the id 1 is there already, at line 1"),
        ("[\"a\", \"b\", \"b\"]", "the.ids, item 2: the id b is there already, at item 1"),
        ("1\n\n3\n", "the.ids, line 2: the line is empty"),
        ("[1, 2 3]", "item 2: expected `,` or `]`"),
        ("[1, 2, 3", "item 2: the file ends inside the list"),
        ("[1, 2, 3] 4", "something after the end"),
        ("[1, , 3]", "item 1: expected a string or an integer"),
        ("[1, 2.5, 3]", "item 1: `id` must be a string or an integer, found the number 2.5"),
        ("[1, \"\", 3]", "item 1: `id` is empty"),
        ("[1, [2], 3]", "item 1: expected a string"),
        (&long, "longer than 4096 bytes"),
        ("{\"pmid\": \"x\"}\n", "line 1: `pmid` must be a positive integer"),
        ("{\"name\": 1}\n", "line 1: no id"),
        ("", "the file is empty"),
    ] {
        let error = bench.refused("x.npy", &array, ids);
        assert!(error.contains(words), "{ids}: {error}");
    }
    let error = bench.refused("x.npy", &array, &format!("1\n{}\n3\n", "y".repeat(600)));
    assert!(error.contains("line 2: the key has 600 bytes"), "{error}");
}

#[test]
fn numbers_that_are_not_finite_cost_one_vector() {
    let bench = Bench::new();
    let bytes = npy("<f4", "(3, 2)", &floats(&[1.0, 2.0, 3.0, f32::NAN, 5.0, 6.0]));
    let path = bench.file("n.npy", bytes);
    bench.file("n.ids", "1\n2\n3\n");
    let mut source = open(&path, None).unwrap();
    assert!(source.next().unwrap().is_ok());
    let error = bench.says(&source.next().unwrap().unwrap_err());
    assert_eq!(error, "n.npy, vector 1 (document 2): number 1 is not finite");
    assert!(source.recoverable() && !source.entry().complete);
    assert_eq!(source.next().unwrap().unwrap().key, Key::pmid(3));
    assert!(source.next().is_none() && source.entry().complete);
}

#[test]
fn a_packed_array_that_is_cut_or_too_long_ends_in_an_error() {
    let bench = Bench::new();
    let whole = npy("<f4", "(3, 2)", &floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    for (bytes, words) in [
        (whole[..whole.len() - 1].to_vec(), "c.npy.zst, vector 2: the file ends inside of it"),
        ([&whole[..], b"x"].concat(), "more bytes than 3 vectors"),
    ] {
        let path = bench.file("c.npy.zst", zstd::encode_all(&bytes[..], 1).unwrap());
        bench.file("c.ids", "1\n2\n3\n");
        let mut source = open(&path, None).unwrap();
        let error = source.by_ref().find_map(Result::err).unwrap().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!source.recoverable() && !source.entry().complete && source.next().is_none());
    }
}

#[test]
fn skipping_is_reading_without_looking() {
    let bench = Bench::new();
    let path = bench.three("s.npy");
    bench.file("s.ids", "1\n2\n3\n");
    let mut source = open(&path, None).unwrap();
    source.skip_records(2).unwrap();
    assert_eq!(source.entry().records, 2);
    assert_eq!(all(source), [("3".into(), vec![5.0, 6.0])]);
    // Another list of ids makes another source.
    let first = open(&path, None).unwrap().entry();
    bench.file("s.ids", "1\n2\n4\n");
    assert_ne!(open(&path, None).unwrap().entry().digest, first.digest);
}
