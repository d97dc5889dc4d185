//! Free fields of the database: which there are, and whether a test fits them.

use std::collections::BTreeMap;
use std::fmt;

use super::filter::FieldTest;
use super::names::suggest::nearest;
use super::note::Note;
use super::numbers::{NumberRange, Typed, integers_between, typed};
use super::outcome::{Found, Outcome};
use super::spelling::has;
use super::view::SegmentView;
use crate::error::{Error, NameKind, Result};
use crate::format::terms::{TermField, field_term, fold};

/// Fields that an error lists.
const LISTED_MAX: usize = 20;

/// Values of a field that are compared with one that no document has.
const COMPARED_MAX: usize = 100_000;

/// A free field of the database and the types of its values; a field can have several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldInfo {
    /// Its name.
    pub name: String,
    /// Whether some document has a string, or a list of strings, there.
    pub has_strings: bool,
    /// Whether some document has an integer there.
    pub has_integers: bool,
    /// Whether some document has a floating-point number there.
    pub has_floats: bool,
}

impl FieldInfo {
    fn has_numbers(&self) -> bool {
        self.has_integers || self.has_floats
    }
}

impl fmt::Display for FieldInfo {
    /// The types: `string`, `integer and float`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types = [
            (self.has_strings, "string"),
            (self.has_integers, "integer"),
            (self.has_floats, "float"),
        ];
        let types: Vec<&str> =
            types.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect();
        f.write_str(&types.join(" and "))
    }
}

/// Every free field of the segments, by name. Cost: one binary search per field and segment.
///
/// # Errors
/// [`Error::Corrupt`].
pub fn fields(segments: &[SegmentView]) -> Result<Vec<FieldInfo>> {
    let mut fields: BTreeMap<String, FieldInfo> = BTreeMap::new();
    let mut see = |name: &str, mark: fn(&mut FieldInfo)| {
        let info = fields.entry(name.to_owned()).or_default();
        info.name = name.to_owned();
        mark(info);
    };
    for view in segments {
        for name in view.segment.text_fields()? {
            see(&name, |info| info.has_strings = true);
        }
        for name in view.segment.integer_fields() {
            see(name, |info| info.has_integers = true);
        }
        for name in view.segment.float_fields() {
            see(name, |info| info.has_floats = true);
        }
    }
    Ok(fields.into_values().collect())
}

/// What a test means for the types that a field has in these segments.
pub(super) fn look_up_field(
    name: &str,
    test: &FieldTest,
    segments: &[SegmentView],
) -> Result<Outcome> {
    let Some(info) = field(name, segments)? else { return unknown(name, segments) };
    let invalid = |detail: String| Err(Error::InvalidQuery { detail });
    match test {
        FieldTest::Is(value) if info.has_strings => value_or_note(name, value, segments),
        FieldTest::Is(value) => {
            invalid(format!("field `{name}` ({info}) holds no strings like `{value}`"))
        }
        FieldTest::Integer { .. } | FieldTest::Float { .. } if !info.has_numbers() => {
            invalid(format!("field `{name}` ({info}) holds no numbers to compare with a range"))
        }
        FieldTest::Integer { from, to } => {
            Ok(Outcome::numbers(NumberRange::Integers { from: *from, to: *to }))
        }
        FieldTest::Float { from, to } => {
            check_whole(&info, *from, *to)?;
            Ok(Outcome::numbers(NumberRange::Floats { from: *from, to: *to }))
        }
        FieldTest::Typed(value) => as_typed(&info, value, segments),
    }
}

/// A value as a person types it: the string, if the field has it, and the number or range that it reads as,
/// if the field has numbers.
fn as_typed(info: &FieldInfo, value: &str, segments: &[SegmentView]) -> Result<Outcome> {
    let name = info.name.as_str();
    let range = typed(value);
    if info.has_strings && has(segments, TermField::Field, &field_term(name, value))? {
        let numbers = match range {
            Typed::Range(range) if info.has_numbers() => Some(range),
            _ => None,
        };
        return Ok(Outcome::Found(Found { terms: vec![value.to_owned()], numbers, note: None }));
    }
    if !info.has_numbers() {
        return value_or_note(name, value, segments);
    }
    let detail = match range {
        Typed::Range(range) => {
            if let NumberRange::Floats { from, to } = range {
                check_whole(info, from, to)?;
            }
            return Ok(Outcome::numbers(range));
        }
        Typed::NotANumber if info.has_strings => return value_or_note(name, value, segments),
        Typed::Reversed => {
            let (from, to) = value.split_once(':').unwrap_or_default();
            format!(
                "the range `{value}` of field `{name}` ends before it starts; write {}:{}",
                to.trim(),
                from.trim()
            )
        }
        Typed::NotANumber => format!(
            "field `{name}` ({info}) holds numbers, and `{value}` is not one; write a number, or \
             a range like 5:9, 5: or :9"
        ),
    };
    Err(Error::InvalidQuery { detail })
}

/// Refuses a range without any integer for a field that holds integers only.
fn check_whole(info: &FieldInfo, from: f64, to: f64) -> Result<()> {
    if info.has_floats || from.is_nan() || to.is_nan() || integers_between(from, to).is_some() {
        return Ok(());
    }
    Err(Error::InvalidQuery {
        detail: format!(
            "field `{}` holds integers from {} to {}, and none lies between {from} and {to}",
            info.name,
            i64::MIN,
            i64::MAX
        ),
    })
}

fn field(name: &str, segments: &[SegmentView]) -> Result<Option<FieldInfo>> {
    let mut info = FieldInfo { name: name.to_owned(), ..FieldInfo::default() };
    for view in segments {
        let segment = &view.segment;
        info.has_strings |= segment.field_values(name)?.size_hint().0 > 0;
        info.has_integers |= segment.integer_fields().any(|known| known == name);
        info.has_floats |= segment.float_fields().any(|known| known == name);
    }
    Ok(Some(info).filter(|info| info.has_strings || info.has_numbers()))
}

/// Checks that some document has a field.
///
/// # Errors
/// [`Error::UnknownName`], unless `allow_unknown` or no document is there at all; [`Error::Corrupt`].
pub(super) fn require_field(
    name: &str,
    segments: &[SegmentView],
    allow_unknown: bool,
) -> Result<()> {
    let is_empty = segments.iter().all(|view| view.segment.rows() == 0);
    if allow_unknown || is_empty || field(name, segments)?.is_some() {
        return Ok(());
    }
    match unknown(name, segments)? {
        Outcome::Unknown { kind, name, suggestions, detail } => {
            Err(Error::UnknownName { kind, name, suggestions, detail })
        }
        Outcome::Found(_) => Ok(()),
    }
}

fn unknown(name: &str, segments: &[SegmentView]) -> Result<Outcome> {
    let fields = fields(segments)?;
    let mut spelt: BTreeMap<String, &str> = BTreeMap::new();
    for field in &fields {
        spelt.insert(fold(&field.name), &field.name);
    }
    let names = spelt.keys().map(|name| (name.clone(), 0)).collect();
    let suggestions = nearest(&fold(name), names, 5);
    let mut listed: Vec<String> =
        fields.iter().take(LISTED_MAX).map(|field| format!("`{}` ({field})", field.name)).collect();
    if fields.len() > LISTED_MAX {
        listed.push(format!("{} more", fields.len() - LISTED_MAX));
    }
    Ok(Outcome::Unknown {
        kind: NameKind::Field,
        name: name.to_owned(),
        suggestions: suggestions
            .into_iter()
            .map(|near| spelt.get(&near).map_or(near, |name| (*name).to_owned()))
            .collect(),
        detail: match listed.is_empty() {
            true => "no document of this database has fields of its own".to_owned(),
            false => format!("fields here: {}", listed.join(", ")),
        },
    })
}

/// A string that no document has in the field is worth a note: it may be misspelt.
fn value_or_note(name: &str, value: &str, segments: &[SegmentView]) -> Result<Outcome> {
    if has(segments, TermField::Field, &field_term(name, value))? {
        return Ok(Outcome::terms(vec![value.to_owned()]));
    }
    let mut spelt: BTreeMap<String, String> = BTreeMap::new();
    let mut names: BTreeMap<String, u64> = BTreeMap::new();
    for view in segments {
        for term in view.segment.field_values(name)?.take(COMPARED_MAX) {
            let (term, rows) = term?;
            let known = term.split_once('\0').map_or("", |(_, value)| value);
            *names.entry(fold(known)).or_default() += u64::from(rows);
            spelt.insert(fold(known), known.to_owned());
        }
    }
    let suggestions = nearest(&fold(value), names, 5).into_iter();
    Ok(Outcome::absent(Note::AbsentValue {
        field: name.to_owned(),
        value: value.to_owned(),
        suggestions: suggestions.map(|near| spelt.get(&near).cloned().unwrap_or(near)).collect(),
    }))
}
