//! Tables: real ones, maps of columns, and what is refused.

use std::io::Cursor;

use medvec::document::FieldValue;
use medvec::ingest::table::ColumnMap;
use medvec::ingest::{open, open_table};
use medvec::{Error, Key, Result};

use super::shared::{files, shared};
use super::{all, document, input_error, source};

const HEADER: &str = "PMID,Title,Abstract,Publication Year,Authors,MeSH Terms,DOI,rating\r\n";

#[test]
fn rows_become_documents() {
    let rows = format!(
        "\u{feff}{HEADER}7,\"A, \"\"B\"\"\",\"Two\r\nlines\",2019,\"Okafor AM, Smith J.\",\"*Asthma/drug therapy; Humans\",10.1/x,4\r\n\
         8.0,C,,,\"Okafor, Ada\",,none,4.5\r\n\r\n,D,,,,,https://doi.org/10.1/Y,good\r\n,E,Text\r\n"
    );
    let found: Vec<_> = all(rows.into_bytes()).into_iter().map(document).collect();
    let keys: Vec<String> = found.iter().map(|document| document.key.to_string()).collect();
    assert_eq!(keys[..3], ["7", "8", "10.1/y"]);
    assert!(keys[3].starts_with("text-") && found.len() == 4);
    let [first, second, third, _] = found.as_slice() else { unreachable!() };
    assert_eq!(
        (first.title.as_str(), first.abstract_text().as_str()),
        ("A, \"B\"", "Two\r\nlines")
    );
    assert_eq!((first.authors.len(), second.authors.len()), (2, 1));
    assert_eq!((first.mesh[0].name.as_str(), first.mesh[0].major), ("Asthma", true));
    let rating = |place: usize| found[place].fields.iter().find(|field| field.name == "rating");
    assert_eq!(rating(0).unwrap().value, FieldValue::Integer(4));
    assert_eq!(rating(1).unwrap().value, FieldValue::Float(4.5));
    assert_eq!(rating(2).unwrap().value, FieldValue::String("good".into()));
    assert_eq!(second.fields[0].name, "DOI", "what is no DOI is not lost");
    assert_eq!(third.id("doi"), Some("10.1/Y"));
}

#[test]
fn tabs_and_semicolons_separate_as_well() {
    for separator in ["\t", ";"] {
        let rows = ["pmid,title", "7,A title"].map(|row| row.replace(',', separator)).join("\n");
        let found = all(rows.into_bytes());
        assert_eq!(document(found.into_iter().next().unwrap()).title, "A title");
    }
}

#[test]
fn carriage_returns_alone_end_rows_too() {
    let rows = "pmid,title,abstract\r7,\"A, \"\"B\"\"\",\"Two\nlines\"\r\r8,C,\rx,D,\r9,E";
    let mut found = all(rows.as_bytes().to_vec());
    assert_eq!(found.len(), 4);
    assert_eq!(document(found.pop().unwrap()).key, Key::pmid(9));
    let (place, detail) = input_error(found.pop().unwrap());
    assert!(place == "line 5" && detail.contains("`pmid` must be a PMID"), "{place}: {detail}");
    assert_eq!(document(found.pop().unwrap()).title, "C");
    let first = document(found.pop().unwrap());
    assert_eq!((&*first.title, &*first.abstract_text()), ("A, \"B\"", "Two\nlines"));
    // Several before a line feed, as text mode makes of them, are one end.
    let found = all(rows.replace('\n', " ").replace('\r', "\r\r\n").into_bytes());
    assert_eq!((found.len(), document(found.into_iter().next().unwrap()).key), (4, Key::pmid(7)));
}

#[test]
fn a_header_is_read_to_its_end_or_refused() {
    // Beyond what is read at first, and with a line break in a name.
    let names: Vec<String> = (0..4000).map(|column| format!("column {column}")).collect();
    let header = format!("pmid,\"the\ntitle\",title,{}", names.join(","));
    assert!(header.len() > 40_000);
    let rows = format!("\n{header}\n7,odd,A title,{}last\n", ",".repeat(3999));
    let found = document(all(rows.into_bytes()).pop().unwrap());
    assert_eq!((found.key, found.title.as_str()), (Key::pmid(7), "A title"));
    let field = |place: usize| (&*found.fields[place].name, found.fields[place].value.clone());
    assert_eq!(field(0), ("the\ntitle", FieldValue::String("odd".into())));
    assert_eq!(field(1), ("column 3999", FieldValue::String("last".into())));
    for unit in ["column,", "\u{e9},"] {
        let rows = format!("pmid,title,{}\n7,A\n", unit.repeat(1_000_000 / unit.len()));
        let (place, detail) = input_error(source(rows));
        assert_eq!(place, "byte 0");
        assert!(detail.contains("does not end within 65536 bytes"), "{detail}");
    }
    let (_, detail) = input_error(source(b"PMID;T\xedtulo\n7;A\n".to_vec()));
    assert!(detail.contains("not UTF-8"), "{detail}");
}

#[test]
fn columns_are_one_free_field_at_most_and_may_have_no_name() {
    for (header, words) in [
        ("pmid,title,note,rating,note", "columns 3 and 5 are both called `note`"),
        ("pmid,doi,title,doi", "columns 2 and 4 are both called `doi`"),
    ] {
        let (_, detail) = input_error(source(format!("{header}\n7,a,b,c,d\n")));
        assert!(detail.contains(words) && detail.contains("rename"), "{detail}");
    }
    // A second title is a free field; an index has no name.
    for rows in ["\tpmid\ttitle\ttitle\n0\t7\tA\tB\n", "\n ,pmid,title,title\n0,7,A,B\n"] {
        let found = document(all(rows.as_bytes().to_vec()).pop().unwrap());
        assert_eq!((found.key, found.title.as_str(), found.fields.len()), (Key::pmid(7), "A", 1));
        assert_eq!(found.fields[0].value, FieldValue::String("B".into()));
    }
}

#[test]
fn commas_stand_inside_of_names_unless_these_are_short() {
    let authors = |cell: &str| {
        let found = document(all(format!("pmid;title;authors\n7;A;\"{cell}\"\n")).pop().unwrap());
        let authors = found.authors.into_iter();
        let parts = authors.map(|author| [author.last_name, author.fore_name, author.initials]);
        parts.map(|parts| parts.join("|")).collect::<Vec<_>>()
    };
    for (cell, wanted) in [
        ("van Berg, Ada Maria", &["van Berg|Ada Maria|AM"][..]),
        ("van Berg, Ada; de Wit, Jan", &["van Berg|Ada|A", "de Wit|Jan|J"]),
        ("Ada Okafor|Jan de Wit", &["Okafor|Ada|A", "Wit|Jan de|J"]),
        ("Okafor AM, van Berg A.", &["Okafor||AM", "van Berg||A"]),
        ("Okafor A.M., Li J.-K.", &["Okafor||AM", "Li||JK"]),
        ("Dalton WT 3rd, Li J; VIGOR", &["Dalton||WT", "Li||J", "VIGOR||"]),
        ("Ada Okafor, Jo Li, Al Wit", &["Okafor|Ada|A", "Li|Jo|J", "Wit|Al|A"]),
    ] {
        assert_eq!(authors(cell), wanted, "{cell}");
    }
}

#[test]
fn bad_rows_are_refused_with_their_line() {
    let rows = "pmid,title\n7,A\nx,B\n8,C,D\n9,\"E\"F\n,\n10,G\n11,\"H\nI\n";
    let mut found = all(rows.as_bytes().to_vec());
    assert_eq!(found.len(), 7);
    for (line, words) in [
        ("line 8", "quote"),
        ("line 7", ""),
        ("line 6", "no key, no DOI"),
        ("line 5", "quote is not closed, or something follows"),
        ("line 4", "3 cells under a header of 2"),
        ("line 3", "`pmid` must be a PMID, found `x`"),
    ] {
        let record = found.pop().unwrap();
        if words.is_empty() {
            assert_eq!(document(record).key, Key::pmid(10));
            continue;
        }
        let (place, detail) = input_error(record);
        assert!(place == line && detail.contains(words), "{place}: {detail}");
    }
}

#[test]
fn maps_name_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test");
    std::fs::write(&path, "Nr,Titel,Inhalt\n17,Eins,Text\n").unwrap();
    let (_, detail) = input_error(open(&path));
    assert!(detail.contains("a table with a header"), "{detail}");
    let map = |text: &str| text.parse::<ColumnMap>().unwrap();
    let read = |map: &ColumnMap| -> Result<_> { open_table(&path, map)?.next().unwrap() };
    let found = document(read(&map("title=Titel,abstract=Inhalt,key=Nr")));
    assert_eq!((found.key, found.title.as_str()), (Key::pmid(17), "Eins"));
    assert_eq!(document(read(&map("title=Titel,id=Nr"))).key, Key::Text("17".into()));
    let (_, detail) = input_error(read(&map("title=Title")));
    assert!(detail.contains("no column `Title`; the header has Nr, Titel, Inhalt"), "{detail}");
}

#[test]
fn a_quote_that_is_never_closed_costs_no_more_than_16_mib() {
    let mut rows = b"pmid,title\n7,\"A\n".to_vec();
    rows.resize(40 << 20, b'\n');
    let mut found = all(rows);
    assert_eq!(found.len(), 1);
    let (place, detail) = input_error(found.pop().unwrap());
    assert!(place == "line 2" && detail.contains("16 MiB"), "{place}: {detail}");
}

#[test]
fn real_tables_are_read() {
    let Some(data) = shared() else { return };
    let map: ColumnMap = "abstract=medical_abstract".parse().unwrap();
    let (mut read, mut refused, mut pmids) = (0, 0, 0);
    let mut paths = files(&data.join("csv"), ".csv.gz");
    paths.extend(files(&data.join("cohen2006"), ".csv.gz"));
    for path in paths {
        let is_mapped = path.to_string_lossy().contains("medical_tc");
        let source = if is_mapped { open_table(&path, &map) } else { open(&path) };
        for record in source.unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
            match record {
                Ok(record) => {
                    read += 1;
                    pmids += u32::from(matches!(document(Ok(record)).key, Key::Pmid(_)));
                }
                Err(error @ Error::Input { .. }) => {
                    refused += 1;
                    assert!(error.to_string().contains("cells under a header of"), "{error}");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    // As the data's own description counts rows.
    assert_eq!(read + refused, 13_261 + 15_268);
    // One file has rows with a cell too many.
    assert_eq!((refused, pmids), (590, 18_648));
    assert!(all(Cursor::new(HEADER).into_inner().as_bytes().to_vec()).is_empty());
}
