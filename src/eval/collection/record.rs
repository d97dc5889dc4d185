//! One record of a table, whatever file it is from.

use serde_json::{Map, Value};

use crate::eval::input::{InputError, Place, json};

/// One record: the wanted members or columns.
pub(super) struct Record {
    pub(super) place: Place,
    pub(super) members: Map<String, Value>,
}

impl Record {
    /// The first of these members that is there and not null.
    pub(super) fn get(&self, names: &[&str]) -> Option<&Value> {
        names.iter().filter_map(|name| self.members.get(*name)).find(|value| !value.is_null())
    }

    /// The text of the first of these members; `None` if all are missing or null.
    ///
    /// # Errors
    /// It is not a string.
    pub(super) fn text(&self, names: &[&str]) -> Result<Option<String>, InputError> {
        match self.get(names) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.place.error(format!("`{}` is not a string", names.join("` or `")))),
        }
    }

    /// As [`Record::text`]; a null is an empty text.
    ///
    /// # Errors
    /// It is missing or not a string.
    pub(super) fn need_text(&self, names: &[&str]) -> Result<String, InputError> {
        if !names.iter().any(|name| self.members.contains_key(*name)) {
            return Err(self.missing(names));
        }
        Ok(self.text(names)?.unwrap_or_default())
    }

    /// # Errors
    /// There is no such member, or it is neither a string nor an integer.
    pub(super) fn id(&self, names: &[&str]) -> Result<String, InputError> {
        let value = self.get(names).ok_or_else(|| self.missing(names))?;
        json::id(value).ok_or_else(|| {
            self.place.error(format!("`{}` is not an id: {value}", names.join("` or `")))
        })
    }

    /// # Errors
    /// There is no such member, or it is not an integer.
    pub(super) fn grade(&self, names: &[&str]) -> Result<i64, InputError> {
        let value = self.get(names).ok_or_else(|| self.missing(names))?;
        json::grade(value)
            .ok_or_else(|| self.place.error(format!("the grade {value} is not an integer")))
    }

    fn missing(&self, names: &[&str]) -> InputError {
        let found: Vec<&str> = self.members.keys().map(String::as_str).collect();
        let found =
            if found.is_empty() { "none of the known members".into() } else { found.join(", ") };
        self.place.error(format!("no `{}` (found {found})", names.join("` or `")))
    }
}

/// The name of a column as members are called: `Sentence1 ` is `sentence1`.
pub(super) fn heading(cell: &str) -> String {
    cell.trim().to_lowercase()
}
