//! A reader of files and records that knows nothing but the tables of the text and chapter 00.

use std::collections::BTreeMap;

use crate::text::Text;

/// What a record holds. Booleans are numbers, variants without values are their names.
#[derive(Debug, PartialEq)]
pub(crate) enum Value {
    None,
    Number(u64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Fields(BTreeMap<String, Value>),
    Variant(String, Box<Value>),
}

impl Value {
    /// A field of a field, by `a.b.c`.
    pub(crate) fn at(&self, path: &str) -> &Value {
        path.split('.').fold(self, |value, name| match value {
            Value::Fields(fields) => &fields[name],
            other => panic!("{path}: {other:?} has no fields"),
        })
    }

    /// A field that is a list.
    pub(crate) fn list(&self, path: &str) -> &[Value] {
        match self.at(path) {
            Value::List(values) => values,
            other => panic!("{path}: {other:?} is not a list"),
        }
    }
}

/// A section of a file, found through footer and section table.
pub(crate) fn section<'a>(text: &Text, file: &'a [u8], kind: u64) -> &'a [u8] {
    let reader = Reader::new(text, file);
    let number = |at: usize, layout: &str, name: &str| {
        let field = text.layouts[layout].fields.iter().find(|field| field.name == name);
        let field = field.expect("a field");
        reader.number(at + field.offset, field.size)
    };
    let footer = file.len() - text.layouts["Footer"].size;
    assert_eq!(number(footer, "Footer", "file_length"), file.len() as u64);
    let table = number(footer, "Footer", "body_length") as usize;
    let size = text.layouts["Section"].size;
    let entries = (0..number(footer, "Footer", "section_count") as usize).map(|n| table + n * size);
    let mut found = entries.filter(|entry| number(*entry, "Section", "kind") == kind);
    let entry = found.next().expect("the section");
    let offset = number(entry, "Section", "offset") as usize;
    &file[offset..offset + number(entry, "Section", "length") as usize]
}

pub(crate) struct Reader<'a> {
    text: &'a Text,
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a Text, bytes: &'a [u8]) -> Reader<'a> {
        Reader { text, bytes }
    }

    /// The record whose root is this structure.
    pub(crate) fn root(&self, kind: &str) -> Value {
        self.value(kind, self.bytes.len() - self.size(kind))
    }

    fn size(&self, kind: &str) -> usize {
        match kind {
            "u8" | "i8" | "bool" => 1,
            "u16" | "i16" => 2,
            "u32" | "i32" | "f32" => 4,
            "u64" | "i64" | "f64" | "String" => 8,
            _ if kind.starts_with("Vec<") => 8,
            _ if kind.ends_with(']') => array(kind).map_or(0, |(of, count)| count * self.size(of)),
            _ => match (inner(kind, "Option"), self.text.layouts.get(kind)) {
                (Some(inner), _) => 1 + self.size(inner),
                (None, Some(layout)) => layout.size,
                (None, None) => {
                    let payload = |variant: &crate::text::Variant| match &*variant.payload {
                        "" => 0,
                        payload => self.size(payload),
                    };
                    1 + self.text.values[kind].iter().map(payload).max().unwrap_or(0)
                }
            },
        }
    }

    fn value(&self, kind: &str, at: usize) -> Value {
        match kind {
            "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" | "f32" | "f64" => {
                Value::Number(self.number(at, self.size(kind)))
            }
            "bool" => {
                assert!(self.bytes[at] <= 1);
                Value::Number(self.number(at, 1))
            }
            "String" => Value::Text(self.string(at)),
            _ => self.composite(kind, at),
        }
    }

    fn composite(&self, kind: &str, at: usize) -> Value {
        if let Some(inner) = inner(kind, "Vec") {
            let count = self.number(at + 4, 4) as usize;
            let start = if count == 0 { 0 } else { self.target(at, at) };
            let size = self.size(inner);
            return Value::List((0..count).map(|n| self.value(inner, start + n * size)).collect());
        }
        if let Some((inner, count)) = array(kind) {
            let size = self.size(inner);
            return Value::List((0..count).map(|n| self.value(inner, at + n * size)).collect());
        }
        if let Some(inner) = inner(kind, "Option") {
            return match self.bytes[at] {
                0 => Value::None,
                1 => self.value(inner, at + 1),
                other => panic!("option {other}"),
            };
        }
        if let Some(layout) = self.text.layouts.get(kind) {
            let read = |field: &crate::text::Field| {
                let at = at + field.offset;
                let value = match &*field.kind {
                    "bytes" => Value::Bytes(self.bytes[at..at + field.size].to_vec()),
                    kind => self.value(kind, at),
                };
                (field.name.clone(), value)
            };
            return Value::Fields(layout.fields.iter().map(read).collect());
        }
        let number = self.number(at, 1);
        let variants = self.text.values.get(kind).unwrap_or_else(|| panic!("no type {kind}"));
        let variant = variants.iter().find(|variant| variant.value == number);
        let variant = variant.unwrap_or_else(|| panic!("{kind} has no {number}"));
        match &*variant.payload {
            "" => Value::Text(variant.name.clone()),
            payload => Value::Variant(variant.name.clone(), Box::new(self.value(payload, at + 1))),
        }
    }

    fn string(&self, at: usize) -> String {
        let own = &self.bytes[at..at + 8];
        let text = if own[0] >> 6 == 0b10 {
            let word = self.number(at, 4) as usize;
            let length = (word & 0x3f) | ((word & 0xffff_ff00) >> 2);
            assert!(length > 8);
            let start = self.target(at, at + 4);
            &self.bytes[start..start + length]
        } else {
            own.split(|byte| *byte == 0xff).next().unwrap_or_default()
        };
        String::from_utf8(text.to_vec()).expect("UTF-8")
    }

    /// Where a pointer of the value at `at` leads, its distance standing at `distance`.
    fn target(&self, at: usize, distance: usize) -> usize {
        let distance = self.number(distance, 4) as u32 as i32;
        assert!(distance < 0);
        at.checked_add_signed(distance as isize).expect("inside the record")
    }

    fn number(&self, at: usize, size: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes[..size].copy_from_slice(&self.bytes[at..at + size]);
        u64::from_le_bytes(bytes)
    }
}

/// The element and the count of `T[N]`.
fn array(kind: &str) -> Option<(&str, usize)> {
    let (inner, count) = kind.strip_suffix(']')?.split_once('[')?;
    Some((inner, count.parse().ok()?))
}

fn inner<'k>(kind: &'k str, outer: &str) -> Option<&'k str> {
    kind.strip_prefix(outer)?.strip_prefix('<')?.strip_suffix('>')
}
