//! One JSON value that is a whole file, given entry by entry: a PubMedQA object, a BioASQ list.
//!
//! Memory: one entry, of at most [`LINE_BYTES_MAX`] bytes.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::marker::PhantomData;
use std::path::Path;
use std::rc::Rc;

use serde::Deserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::eval::input::json::words;
use crate::eval::input::{Input, InputError, LINE_BYTES_MAX, Place};

/// Gives each member of the object that is the file: its place, its name and its value.
///
/// # Errors
/// The file cannot be read, is not such an object, or `take` refuses an entry; the line is that of
/// the entry's end.
pub(super) fn each_member<T: DeserializeOwned>(
    path: &Path,
    mut take: impl FnMut(&Place, String, T) -> Result<(), String>,
) -> Result<(), InputError> {
    each(path, None, |place, name, value| take(place, name, value))
}

/// Gives each element of the list that the member `list` of the file's object is.
///
/// # Errors
/// As [`each_member`]; the file has no such list.
pub(super) fn each_element<T: DeserializeOwned>(
    path: &Path,
    list: &'static str,
    mut take: impl FnMut(&Place, T) -> Result<(), String>,
) -> Result<(), InputError> {
    each(path, Some(list), |place, _, value| take(place, value))
}

fn each<T: DeserializeOwned>(
    path: &Path,
    list: Option<&'static str>,
    take: impl FnMut(&Place, String, T) -> Result<(), String>,
) -> Result<(), InputError> {
    let input = Input::open_filled(path)?;
    let left = Rc::new(Cell::new(LINE_BYTES_MAX));
    let place = Place { file: input.name.clone(), word: "entry", number: 0 };
    let reader = Metered { inner: input.reader, left: left.clone() };
    let mut parser = serde_json::Deserializer::from_reader(reader);
    let mut entries = Entries { list, take, place, left, kind: PhantomData::<T> };
    let parsed = parser.deserialize_map(Root(&mut entries)).and_then(|()| parser.end());
    parsed.map_err(|error| {
        InputError::new(&*input.name, format!("line {}", error.line()), words(&error))
    })
}

/// Stops a reader that gives too many bytes without an entry.
struct Metered<R> {
    inner: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        let Some(left) = self.left.get().checked_sub(read) else {
            return Err(io::Error::other(format!("an entry of more than {LINE_BYTES_MAX} bytes")));
        };
        self.left.set(left);
        Ok(read)
    }
}

struct Entries<T, F> {
    list: Option<&'static str>,
    take: F,
    place: Place,
    left: Rc<Cell<usize>>,
    kind: PhantomData<T>,
}

impl<T, F: FnMut(&Place, String, T) -> Result<(), String>> Entries<T, F> {
    fn give<E: Error>(&mut self, name: String, value: T) -> Result<(), E> {
        self.place.number += 1;
        self.left.set(LINE_BYTES_MAX);
        (self.take)(&self.place, name, value).map_err(E::custom)
    }
}

struct Root<'a, T, F>(&'a mut Entries<T, F>);

impl<'de, T, F> Visitor<'de> for Root<'_, T, F>
where
    T: DeserializeOwned,
    F: FnMut(&Place, String, T) -> Result<(), String>,
{
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let mut has_list = self.0.list.is_none();
        while let Some(name) = access.next_key::<String>()? {
            match self.0.list {
                None => {
                    let value = access.next_value::<T>()?;
                    self.0.give(name, value)?;
                }
                Some(list) if list == name => {
                    access.next_value_seed(Elements(&mut *self.0))?;
                    has_list = true;
                }
                Some(_) => {
                    access.next_value::<IgnoredAny>()?;
                }
            }
        }
        match (has_list, self.0.list) {
            (false, Some(list)) => Err(A::Error::custom(format!("no member `{list}`"))),
            _ => Ok(()),
        }
    }
}

struct Elements<'a, T, F>(&'a mut Entries<T, F>);

impl<'de, T, F> DeserializeSeed<'de> for Elements<'_, T, F>
where
    T: DeserializeOwned,
    F: FnMut(&Place, String, T) -> Result<(), String>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<(), D::Error> {
        parser.deserialize_seq(self)
    }
}

impl<'de, T, F> Visitor<'de> for Elements<'_, T, F>
where
    T: DeserializeOwned,
    F: FnMut(&Place, String, T) -> Result<(), String>,
{
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some(value) = access.next_element::<T>()? {
            self.0.give(String::new(), value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn read(text: &str, list: Option<&'static str>) -> Result<Vec<(u64, String)>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut found = Vec::new();
        let outcome = each(file.path(), list, |place, name, value: Value| {
            if value.is_null() {
                return Err("a null".to_owned());
            }
            found.push((place.number, format!("{name}{value}")));
            Ok(())
        });
        outcome.map(|()| found).map_err(|error| format!("{}: {}", error.place, error.detail))
    }

    #[test]
    fn entries_come_one_by_one() {
        let found = read("{\"a\": 1,\r\n\"b\": [2]}", None).unwrap();
        assert_eq!(found, [(1, "a1".to_owned()), (2, "b[2]".to_owned())]);
        let found = read("{\"x\": [0], \"list\": [7, 8]}", Some("list")).unwrap();
        assert_eq!(found, [(1, "7".to_owned()), (2, "8".to_owned())]);
        assert_eq!(read("{\"x\": 1}", Some("list")).unwrap_err(), "line 1: no member `list`");
        assert_eq!(read("{\"a\": 1,\n\"b\": null}", None).unwrap_err(), "line 2: a null");
        assert!(read("[1]", None).unwrap_err().contains("expected a JSON object"));
        assert!(read("{\"a\": 1,\n", None).unwrap_err().starts_with("line 2: EOF"));
        assert!(read("{} x", None).unwrap_err().contains("trailing"));
    }

    #[test]
    fn an_entry_has_an_end() {
        let entry = format!("\"{}\"", "a".repeat(LINE_BYTES_MAX / 2 - 100));
        assert_eq!(
            read(&format!("{{\"a\": {entry}, \"b\": {entry}, \"c\": 1}}"), None).unwrap().len(),
            3
        );
        let long = "a".repeat(LINE_BYTES_MAX + 1);
        let refused = read(&format!("{{\"a\": \"{long}\"}}"), None).unwrap_err();
        assert!(refused.contains("an entry of more than"), "{refused}");
    }
}
