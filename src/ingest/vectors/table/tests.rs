use super::super::open;
use super::*;
use ::parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType};
use ::parquet::data_type::{FloatType, Int64Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use std::sync::Arc;

const FLOATS: &str =
    "required group vector (LIST) { repeated group list { optional float element; } }";

/// A file of one row group a slice; `None` for a null in a list.
fn write(path: &Path, schema: &str, groups: &[&[(i64, Vec<Option<f32>>)]]) {
    let is_float = schema.contains("float element");
    let schema = Arc::new(parse_message_type(&format!("message m {{ {schema} }}")).unwrap());
    let is_text = schema.get_fields()[0].get_physical_type() == Type::BYTE_ARRAY;
    let properties = Arc::new(WriterProperties::builder().build());
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    for rows in groups {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        if is_text {
            let ids: Vec<ByteArray> =
                rows.iter().map(|(id, _)| id.to_string().as_str().into()).collect();
            column.typed::<ByteArrayType>().write_batch(&ids, None, None).unwrap();
        } else {
            let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
            column.typed::<Int64Type>().write_batch(&ids, None, None).unwrap();
        }
        column.close().unwrap();
        let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
        for (_, vector) in *rows {
            if vector.is_empty() {
                defined.push(0);
                repeated.push(0);
            }
            for (place, number) in vector.iter().enumerate() {
                repeated.push(i16::from(place > 0));
                defined.push(if number.is_some() { 2 } else { 1 });
                values.extend(*number);
            }
        }
        let mut column = group.next_column().unwrap().unwrap();
        let levels = (Some(&defined[..]), Some(&repeated[..]));
        if is_float {
            column.typed::<FloatType>().write_batch(&values, levels.0, levels.1).unwrap();
        } else {
            let half = |number: &f32| {
                let bits = crate::kernel::quantize::f16_from_f32(*number).to_le_bytes();
                FixedLenByteArray::from(ByteArray::from(bits.to_vec()))
            };
            let halves: Vec<FixedLenByteArray> = values.iter().map(half).collect();
            let typed = column.typed::<FixedLenByteArrayType>();
            typed.write_batch(&halves, levels.0, levels.1).unwrap();
        }
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

fn row(id: i64, numbers: &[f32]) -> (i64, Vec<Option<f32>>) {
    (id, numbers.iter().map(|number| Some(*number)).collect())
}

fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.parquet");
    (folder, path)
}

#[test]
fn rows_come_in_order_over_row_groups() {
    let (_folder, path) = file();
    let first: Vec<_> = (1..=200).map(|id| row(id, &[id as f32, 0.5])).collect();
    let second = [row(900, &[9.0, 1.5])];
    let half = "required group embedding (LIST) { repeated group list { optional \
                fixed_len_byte_array(2) element (FLOAT16); } }";
    for (ids, vectors) in [
        ("required int64 pmid;", FLOATS),
        ("required binary _id (STRING);", FLOATS),
        ("required int64 id;", half),
    ] {
        write(&path, &format!("{ids} {vectors}"), &[&first, &second]);
        let mut source = open(&path, None).unwrap();
        assert_eq!((source.len(), source.dimension()), (201, 2));
        source.skip_records(150).unwrap();
        let rest: Vec<_> = source.by_ref().map(Result::unwrap).collect();
        assert_eq!(rest.len(), 51);
        assert_eq!((&rest[0].key, &rest[0].vector[..]), (&Key::pmid(151), &[151.0, 0.5][..]));
        assert_eq!((&rest[50].key, &rest[50].vector[..]), (&Key::pmid(900), &[9.0, 1.5][..]));
        assert!(source.entry().complete);
        assert_eq!(source.bytes_read(), path.metadata().unwrap().len());
    }
}

#[test]
fn a_vector_that_is_none_costs_its_row_only() {
    let (_folder, path) = file();
    let rows = [
        row(1, &[1.0, 2.0]),
        (2, vec![Some(1.0), None]),
        row(3, &[1.0, 2.0, 3.0]),
        row(4, &[f32::NAN, 1.0]),
        (5, vec![]),
        row(6, &[6.0, 6.0]),
    ];
    write(&path, &format!("required int64 pmid; {FLOATS}"), &[&rows]);
    let source = open(&path, None).unwrap();
    let outcomes: Vec<String> = source
        .map(|record| match record {
            Ok(record) => record.key.to_string(),
            Err(error) => says(&error),
        })
        .collect();
    let wanted = [
        "1",
        "v.parquet, vector 1 (document 2): it is empty, or a number of it is null",
        "v.parquet, vector 2 (document 3): the vector has 3 numbers, the first one of this file has 2",
        "v.parquet, vector 3 (document 4): number 0 is not finite",
        "v.parquet, vector 4 (document 5): it is empty, or a number of it is null",
        "6",
    ];
    assert_eq!(outcomes, wanted);
}

#[test]
fn files_that_do_not_fit_are_refused_by_name() {
    let (_folder, path) = file();
    let rows = [row(1, &[1.0]), row(2, &[2.0]), row(1, &[3.0])];
    let refused = |schema: &str, rows: &[(i64, Vec<Option<f32>>)]| {
        write(&path, schema, &[rows]);
        says(&open(&path, None).err().unwrap())
    };
    let twice = refused(&format!("required int64 pmid; {FLOATS}"), &rows);
    assert_eq!(twice, "v.parquet, row 2: the id 1 is there already");
    let nameless = refused(&format!("required int64 number; {FLOATS}"), &rows[..2]);
    assert!(nameless.contains("no ids: expected one of pmid"), "{nameless}");
    assert!(nameless.contains("found number, vector"), "{nameless}");
    let whole = std::fs::read(&path).unwrap();
    for cut in [4, 11, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let error = open(&path, None).err().unwrap();
        assert!(matches!(error, Error::Input { .. }), "{error}");
    }
    for (ids, words) in [("float", "FLOAT"), ("boolean", "BOOLEAN"), ("int96", "INT96")] {
        let schema = format!("message m {{ required {ids} id; {FLOATS} }}");
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let file = File::create(&path).unwrap();
        SerializedFileWriter::new(file, schema, Arc::default()).unwrap().close().unwrap();
        let refused = says(&open(&path, None).err().unwrap());
        let words = format!("v.parquet, its columns: `id` holds {words}: cast it to strings");
        assert!(refused.starts_with(&words), "{refused}");
    }
}

/// No vector says how long they are: such a file once passed for one of vectors of one number.
#[test]
fn files_without_a_vector_are_refused() {
    let (_folder, path) = file();
    let schema = format!("required int64 pmid; {FLOATS}");
    for groups in [&[][..], &[&[][..]]] {
        write(&path, &schema, groups);
        let refused = says(&open(&path, None).err().unwrap());
        assert!(refused.starts_with("v.parquet, the whole file: it has no rows"), "{refused}");
    }
    write(&path, &schema, &[&[(1, vec![]), (2, vec![None])]]);
    let refused = says(&open(&path, None).err().unwrap());
    assert!(refused.starts_with("v.parquet, row 0: the first 2 rows have no vector"), "{refused}");
    // One that comes later does.
    write(&path, &schema, &[&[(1, vec![]), row(2, &[1.0, 2.0])]]);
    let source = open(&path, None).unwrap();
    assert_eq!(source.dimension(), 2);
    let good: Vec<_> = source.filter_map(Result::ok).map(|record| record.key).collect();
    assert_eq!(good, [Key::pmid(2)]);
}

#[test]
fn an_id_that_is_null_is_named_with_its_row() {
    let (_folder, path) = file();
    let schema = format!("message m {{ optional int64 pmid; {FLOATS} }}");
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let mut writer =
        SerializedFileWriter::new(File::create(&path).unwrap(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&[1, 3], Some(&[1, 0, 1]), None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let levels = (Some(&[2, 2, 2][..]), Some(&[0, 0, 0][..]));
    column.typed::<FloatType>().write_batch(&[1.0, 2.0, 3.0], levels.0, levels.1).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    assert_eq!(says(&open(&path, None).err().unwrap()), "v.parquet, row 1: the id is null");
}

/// What an error says, its path without the folder.
fn says(error: &Error) -> String {
    let words = error.to_string();
    words.find("v.parquet").and_then(|at| words.get(at..)).unwrap_or(&words).to_owned()
}

/// What a file says: its rows, or why it is refused.
fn outcome(path: &Path) -> Result<Vec<(u64, Key, Vec<f32>)>, String> {
    let words = |error: Error| {
        assert!(matches!(error, Error::Input { .. }), "{error}");
        let words = says(&error);
        assert!(words.starts_with("v.parquet, "), "{words}");
        words
    };
    let source = open(path, None).map_err(words)?;
    source.map(|row| row.map(|row| (row.position, row.key, row.vector)).map_err(words)).collect()
}

/// Every byte of a small file changed, and every length: rows or an error, never a panic. (Parquet has
/// no checksums here, so some bits change a number of a vector or an id.)
#[test]
fn damaged_files_give_rows_or_an_error() {
    let (_folder, path) = file();
    let rows: Vec<_> = (1..=70).map(|id| row(id, &[id as f32, 0.5])).collect();
    for ids in ["required int64 pmid;", "required binary _id (STRING);"] {
        write(&path, &format!("{ids} {FLOATS}"), &[&rows[..66], &rows[66..]]);
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(outcome(&path).unwrap().len(), 70);
        let (mut read, mut refused) = (0, 0);
        for place in 0..whole.len() {
            for change in [1 << (place % 8), 0xff] {
                let mut changed = whole.clone();
                changed[place] ^= change;
                std::fs::write(&path, changed).unwrap();
                match outcome(&path) {
                    Ok(_) => read += 1,
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let refused = outcome(&path).expect_err("cut");
            assert!(refused.starts_with("v.parquet, "), "{refused}");
        }
    }
}

#[test]
fn a_dictionary_that_claims_more_than_its_bytes_is_refused() {
    let (_folder, path) = file();
    let rows: Vec<_> = (1..=70).map(|id| row(id, &[id as f32, 0.5])).collect();
    write(&path, &format!("required int64 pmid; {FLOATS}"), &[&rows]);
    let mut bytes = std::fs::read(&path).unwrap();
    // The first page is the dictionary of ids; 70 values, as Thrift writes them.
    assert_eq!(bytes[4..6], [0x15, 4]);
    let place = bytes.windows(3).position(|three| three == [0x15, 0x8c, 0x01]).unwrap();
    bytes[place + 1..place + 3].copy_from_slice(&[0xfe, 0x7f]);
    std::fs::write(&path, bytes).unwrap();
    let refused = outcome(&path).expect_err("refused");
    assert!(refused.contains("a dictionary of 8191 values in 560 bytes"), "{refused}");
}
