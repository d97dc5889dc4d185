//! The tables of `format-spec/`, read from its Markdown.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) kind: String,
    pub(crate) name: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    pub(crate) size: usize,
    pub(crate) fields: Vec<Field>,
}

/// A variant of an enumeration; `payload` is the type of its value, or empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Variant {
    pub(crate) value: u64,
    pub(crate) name: String,
    pub(crate) payload: String,
}

/// Everything that the chapters state in a form that can be checked.
#[derive(Default)]
pub(crate) struct Text {
    pub(crate) layouts: BTreeMap<String, Layout>,
    pub(crate) values: BTreeMap<String, Vec<Variant>>,
    /// Structures of a document's record: name and type of each field.
    pub(crate) records: BTreeMap<String, Vec<(String, String)>>,
    pub(crate) limits: BTreeMap<String, u64>,
    pub(crate) rules: BTreeMap<String, String>,
    /// Chapter and rule.
    pub(crate) mentioned_rules: Vec<(String, String)>,
    /// Hexadecimal examples by title.
    pub(crate) examples: BTreeMap<String, Vec<u8>>,
}

pub(crate) fn folder() -> PathBuf {
    // Of the package, or of the one of the fuzz targets inside of it.
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let own = package.join("format-spec");
    if own.is_dir() { own } else { package.join("../format-spec") }
}

impl Text {
    pub(crate) fn read() -> Text {
        let mut text = Text::default();
        let mut chapters = 0;
        for entry in fs::read_dir(folder()).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                text.chapter(&name, &fs::read_to_string(&path).expect("a chapter"));
                chapters += 1;
            }
        }
        assert!(chapters >= 9, "only {chapters} chapters");
        text
    }

    fn chapter(&mut self, chapter: &str, markdown: &str) {
        let mut heading = "";
        for block in markdown.split("\n\n") {
            let block = block.trim();
            if let Some(title) = block.strip_prefix('#') {
                heading = title.trim_start_matches('#').trim();
            } else if block.starts_with('|') {
                self.table(chapter, heading, &rows(block));
            } else if let (Some(hex), Some(title)) =
                (block.strip_prefix("```text\n"), heading.strip_prefix("Bytes: "))
            {
                self.examples.insert(title.to_owned(), bytes(hex));
            }
        }
        for part in markdown.split("[V-").skip(1) {
            let number = part.split(']').next().unwrap_or_default();
            self.mentioned_rules.push((chapter.to_owned(), format!("V-{number}")));
        }
    }

    fn table(&mut self, chapter: &str, heading: &str, rows: &[Vec<String>]) {
        let header: Vec<&str> = rows[0].iter().map(String::as_str).collect();
        let rows = &rows[2..];
        match header[..] {
            ["offset", "size", "type", "name", "rule"] => {
                let (name, size) = layout_heading(chapter, heading);
                let fields = rows.iter().map(|row| Field {
                    offset: number(&row[0]) as usize,
                    size: number(&row[1]) as usize,
                    kind: row[2].clone(),
                    name: row[3].clone(),
                });
                let layout = Layout { size, fields: fields.collect() };
                let twice = self.layouts.insert(name.clone(), layout);
                assert!(twice.is_none(), "layout {name} is given twice");
            }
            ["value", "name"] | ["value", "name", "payload"] => {
                let name = heading.strip_prefix("Values: ");
                let name = name.unwrap_or_else(|| panic!("{chapter}: values under {heading}"));
                let variants = rows.iter().map(|row| Variant {
                    value: number(&row[0]),
                    name: row[1].clone(),
                    payload: row.get(2).cloned().unwrap_or_default(),
                });
                let twice = self.values.insert(name.to_owned(), variants.collect());
                assert!(twice.is_none(), "values {name} are given twice");
            }
            ["field", "type", "meaning"] => {
                let name = heading.strip_prefix("Record: ");
                let name = name.unwrap_or_else(|| panic!("{chapter}: a record under {heading}"));
                let fields = rows.iter().map(|row| (row[0].clone(), row[1].clone()));
                let twice = self.records.insert(name.to_owned(), fields.collect());
                assert!(twice.is_none(), "record {name} is given twice");
            }
            ["name", "value", "reason"] => {
                self.limits = rows.iter().map(|row| (row[0].clone(), number(&row[1]))).collect();
            }
            ["rule", "statement", "error"] => {
                self.rules = rows.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
                assert!(rows.iter().all(|row| row[2] == "`Corrupt`"), "rules yield Corrupt");
                assert_eq!(self.rules.len(), rows.len(), "a rule is given twice");
            }
            _ => {}
        }
    }
}

fn layout_heading(chapter: &str, heading: &str) -> (String, usize) {
    heading
        .strip_prefix("Layout: ")
        .and_then(|rest| rest.strip_suffix(" bytes)")?.split_once(" ("))
        .map(|(name, size)| (name.to_owned(), number(size) as usize))
        .unwrap_or_else(|| panic!("{chapter}: a layout under the heading `{heading}`"))
}

fn rows(table: &str) -> Vec<Vec<String>> {
    let cells = |row: &str| {
        let row = row.trim().trim_matches('|');
        row.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    table.lines().map(cells).collect()
}

fn number(cell: &str) -> u64 {
    cell.parse().unwrap_or_else(|_| panic!("`{cell}` is not a number"))
}

/// Lines of `offset  bytes  ; comment`; `00 x 184` stands for many equal bytes.
fn bytes(lines: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let byte = |text: &str| u8::from_str_radix(text, 16).expect("a byte");
    for line in lines.lines().take_while(|line| *line != "```") {
        let line = line.split(';').next().unwrap_or_default();
        let (offset, content) = line.split_once("  ").expect("an offset");
        assert_eq!(usize::from_str_radix(offset, 16).ok(), Some(bytes.len()), "{line}");
        match content.split_once(" x ") {
            Some((value, count)) => {
                let length = bytes.len() + number(count.trim()) as usize;
                bytes.resize(length, byte(value));
            }
            None => bytes.extend(content.split_whitespace().map(byte)),
        }
    }
    bytes
}
