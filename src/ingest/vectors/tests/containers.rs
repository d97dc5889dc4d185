//! Safetensors and `.fvecs`.

use super::*;

/// A file of tensors with this header, which may lie.
fn framed(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

fn tensor(name: &str, dtype: &str, shape: &str, start: usize, end: usize) -> String {
    format!(
        "\"{name}\": {{\"dtype\": \"{dtype}\", \"shape\": {shape}, \"data_offsets\": [{start}, {end}]}}"
    )
}

fn fvecs(rows: &[&[f32]]) -> Vec<u8> {
    let row = |row: &&[f32]| [&(row.len() as i32).to_le_bytes()[..], &floats(row)].concat();
    rows.iter().flat_map(row).collect()
}

#[test]
fn every_type_of_tensor_is_read_between_others() {
    let bench = Bench::new();
    let halves = [0, 0x3c, 0, 0xc0, 0, 0x40, 0xff, 0x7b];
    // The upper halves of 1, -2, 2 and 0.5.
    let upper = [0x80, 0x3f, 0x00, 0xc0, 0x00, 0x40, 0x00, 0x3f];
    for (dtype, data, wanted) in [
        ("F32", floats(&[1.0, 2.0, 3.0, 4.0]), [[1.0, 2.0], [3.0, 4.0]]),
        ("F16", halves.to_vec(), [[1.0, -2.0], [2.0, 65504.0]]),
        ("BF16", upper.to_vec(), [[1.0, -2.0], [2.0, 0.5]]),
    ] {
        let end = 8 + data.len();
        let header = format!(
            "{{\"__metadata__\": {{\"made\": \"here\"}}, {}, {}, {}}}  ",
            tensor("last", "U8", "[2]", end, end + 2),
            tensor("first", "I64", "[1]", 0, 8),
            tensor("a", dtype, "[2, 2]", 8, end),
        );
        let bytes = framed(&header, &[&[7; 8][..], &data, b"xy"].concat());
        bench.file("t.ids", "1\nnote-1\n");
        let packed = zstd::encode_all(&bytes[..], 1).unwrap();
        // It is known by its bytes, whatever its name, but ids are found by the name.
        for (name, bytes) in [("t.safetensors", bytes), ("t.safetensors.zst", packed)] {
            let path = bench.file(name, bytes);
            assert_eq!(kind(&path).unwrap(), Some(Kind::Safetensors));
            let mut source = open(&path, None).unwrap();
            assert_eq!((source.dimension(), source.len()), (2, 2));
            let found: Vec<_> = source.by_ref().map(Result::unwrap).collect();
            assert_eq!((&found[0].key, &found[0].vector[..]), (&Key::pmid(1), &wanted[0][..]));
            assert_eq!(found[1].vector, wanted[1], "{dtype}");
            assert!(source.entry().complete);
            assert_eq!(source.entry().digest.unwrap().bytes, source.entry().bytes);
        }
    }
}

#[test]
fn the_tensor_of_that_name_is_read_among_matrices() {
    let bench = Bench::new();
    let header = format!(
        "{{{}, {}}}",
        tensor("a", "F32", "[1, 2]", 0, 8),
        tensor("embeddings", "F32", "[1, 2]", 8, 16)
    );
    let path = bench.file("t.bin", framed(&header, &floats(&[1.0, 2.0, 3.0, 4.0])));
    let ids = bench.file("t.ids", "5\n");
    assert_eq!(all(open(&path, Some(&ids)).unwrap()), [("5".into(), vec![3.0, 4.0])]);
}

#[test]
fn tensors_that_do_not_fit_are_refused_by_place() {
    let bench = Bench::new();
    let data = floats(&[1.0, 2.0, 3.0, 4.0]);
    let one = |dtype: &str, shape: &str, start, end| {
        framed(&format!("{{{}}}", tensor("a", dtype, shape, start, end)), &data)
    };
    let two = |second: &str, shape: &str| {
        let tensors = [tensor("a", "F32", "[1, 2]", 0, 8), tensor(second, "F32", shape, 8, 16)];
        framed(&format!("{{{}}}", tensors.join(", ")), &data)
    };
    let mut long = framed("{}", b"");
    long[..8].copy_from_slice(&(99_000_000_u64).to_le_bytes());
    for (bytes, words) in [
        (one("F64", "[1, 2]", 0, 16), "tensor `a`: numbers of type F64; expected F32, F16 or BF16"),
        (one("F8_E4M3", "[4, 4]", 0, 16), "numbers of type F8_E4M3"),
        (
            one("F32", "[4]", 0, 16),
            "the header: no tensor has two dimensions, vectors and their numbers (found `a`)",
        ),
        (
            one("F32", "[2, 1]", 0, 16),
            "its data lie from byte 0 to 16, but 2 vectors of 1 numbers need 8 bytes",
        ),
        (one("F32", "[18446744073709551615, 9]", 0, 16), "its data lie from byte 0 to 16"),
        (one("F32", "[2, 0]", 0, 0), "tensor `a`: vectors of 0 numbers"),
        (one("F32", "[1, 99999]", 0, 16), "vectors of 99999 numbers"),
        (one("F32", "[2, 2]", 16, 0), "`a` ends at byte 0, before its start at 16"),
        (one("F32", "[2, 2]", 4, 20), "the file is cut; fetch it again"),
        (one("F32", "[1, 2]", 0, 8), "the file is too long"),
        (one("F32", "[-2, 2]", 0, 16), "the header: no tensors: invalid value"),
        (
            two("b", "[1, 2]"),
            "2 tensors have two dimensions, and none is called `embeddings`: `a`, `b`",
        ),
        (two("a", "[1, 2]"), "`a` is given twice"),
        (two("embeddings", "[2]"), "tensor `embeddings`: 1 dimensions [2]; expected 2"),
        (framed("{}", b""), "(found none)"),
        (framed("{\"a\": 3}", b""), "no tensors: invalid type"),
        (framed("{\"a\"", b""), "no tensors: EOF"),
        (long, "the header: 99000000 bytes, at most 16777216 are read"),
        (one("F32", "[2, 2]", 0, 16)[..20].to_vec(), "the file ends inside the header"),
        (b"{\"a\": 1, \"b\": 2}".to_vec(), "no safetensors: expected the bytes"),
    ] {
        let error = bench.refused("x.safetensors", bytes, "1\n2\n");
        assert!(error.starts_with("x.safetensors, ") && error.contains(words), "{error}");
    }
    let error = bench.refused("x.safetensors", one("F32", "[2, 2]", 0, 16), "1\n2\n3\n");
    assert!(error.contains("the.ids, the whole list: 3 ids, but x.safetensors holds 2"), "{error}");
}

#[test]
fn tensors_that_are_packed_and_cut_end_in_an_error() {
    let bench = Bench::new();
    let header =
        format!("{{{}, {}}}", tensor("a", "F32", "[2, 1]", 0, 8), tensor("b", "U8", "[4]", 8, 12));
    let whole = framed(&header, &[1; 12]);
    for (cut, words) in
        [(1, "its end: the file ends 1 bytes too early"), (6, "vector 1: the file ends")]
    {
        let bytes = zstd::encode_all(&whole[..whole.len() - cut], 1).unwrap();
        let error = bench.refused("x.safetensors.zst", bytes, "1\n2\n");
        assert!(error.contains(words), "{error}");
    }
    let bytes = zstd::encode_all(&[&whole[..], b"x"].concat()[..], 1).unwrap();
    let error = bench.refused("x.safetensors.zst", bytes, "1\n2\n");
    assert!(error.contains("more bytes than 2 vectors"), "{error}");
}

#[test]
fn fvecs_are_read_packed_or_not() {
    let bench = Bench::new();
    let bytes = fvecs(&[&[1.0, 2.0], &[3.0, 4.0], &[f32::INFINITY, 6.0]]);
    bench.file("v.ids", "1\n2\n3\n");
    let packed = zstd::encode_all(&bytes[..], 1).unwrap();
    for (name, bytes) in [("v.fvecs", bytes), ("v.fvecs.zst", packed)] {
        let path = bench.file(name, bytes);
        let mut source = open(&path, None).unwrap();
        assert_eq!((source.dimension(), source.len()), (2, 3));
        source.skip_records(1).unwrap();
        assert_eq!(source.next().unwrap().unwrap().vector, [3.0, 4.0]);
        let error = bench.says(&source.next().unwrap().unwrap_err());
        assert_eq!(error, format!("{name}, vector 2 (document 3): number 0 is not finite"));
        assert!(source.next().is_none() && source.entry().complete);
    }
}

#[test]
fn fvecs_that_do_not_fit_are_refused_by_place() {
    let bench = Bench::new();
    let rows = fvecs(&[&[1.0, 2.0], &[3.0, 4.0]]);
    // 24 bytes are two rows of two numbers, or one of five.
    let other = [&fvecs(&[&[1.0, 2.0]])[..], &3_i32.to_le_bytes(), &floats(&[1.0, 2.0])].concat();
    let negative = [&(-3_i32).to_le_bytes()[..], &rows[4..]].concat();
    for (bytes, words) in [
        (
            rows[..23].to_vec(),
            "the whole file: 23 bytes are no whole number of vectors of 2 numbers (12 bytes",
        ),
        (rows[..3].to_vec(), "vector 0: the file ends inside the length"),
        (other, "vector 1: it has 3 numbers, the first one of this file has 2"),
        (negative, "vector 0: vectors of -3 numbers; expected 1 to"),
        (b"some words".to_vec(), "vector 0: vectors of 1701670771 numbers"),
        (fvecs(&[&[1.0, 2.0]]), "2 ids, but x.fvecs holds 1 vectors"),
    ] {
        let error = bench.refused("x.fvecs", bytes, "1\n2\n");
        assert!(error.contains(words), "{error}");
    }
    // A packed file does not say how many there are: the list does.
    let packed = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let error = bench.refused("x.fvecs.zst", packed(&rows), "1\n2\n3\n");
    assert!(error.contains("vector 2: the file ends inside of it; 3 vectors"), "{error}");
    let error = bench.refused("x.fvecs.zst", packed(&rows), "1\n");
    assert!(error.contains("more bytes than 1 vectors"), "{error}");
}

#[test]
fn a_line_of_a_list_is_read_as_its_key() {
    let bench = Bench::new();
    let texts = [
        "note-1",
        "00123",
        "17",
        " 17",
        "a b ",
        "{\"id\": 3}",
        "[1]",
        "a\nb",
        "'x'",
        "PMID: 4",
        "\u{feff}a",
        "4.0",
        "0",
        "caf\u{e9}",
        "\"q\"",
        "\u{85}x",
    ];
    let mut keys: Vec<Key> = texts.iter().map(|text| Key::Text((*text).into())).collect();
    keys.push(Key::pmid(17));
    for first in 0..keys.len() {
        keys.rotate_left(1);
        let lines: String = keys.iter().map(|key| line_of(key) + "\n").collect();
        let path = bench.file(
            "x.npy",
            npy("<f4", &format!("({}, 1)", keys.len()), &floats(&vec![1.0; keys.len()])),
        );
        bench.file("x.ids", &lines);
        let found: Vec<Key> =
            open(&path, None).unwrap().map(|record| record.unwrap().key).collect();
        assert_eq!(found, keys, "{first}: {lines}");
    }
    assert_eq!(line_of(&Key::pmid(17)), "17");
    assert_eq!(line_of(&Key::Text("note 1".into())), "note 1");
    assert_eq!(line_of(&Key::Text("17".into())), "{\"id\":{\"text\":\"17\"}}");
}
