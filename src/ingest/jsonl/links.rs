//! Members that only [`super::to_json`] and those who follow it write: what is of another shape than
//! this is somebody's own, and becomes a free field.

use serde_json::{Map, Value};

use super::{parts, values};
use crate::date::Day;
use crate::document::{
    Correction, DataBank, Document, Grant, HistoryDate, OtherAbstract, OtherId, Reference,
    TypedTerm,
};
use crate::ingest::raw::Fault;

/// Names, and the members of the objects in their lists.
const SHAPES: [(&str, &[&str]); 9] = [
    ("other_abstracts", &["kind", "language", "sections"]),
    ("history", &["event", "day"]),
    ("supplementary", &["kind", "ui", "name"]),
    ("chemicals", &["kind", "ui", "name"]),
    ("ids", &["kind", "value"]),
    ("references", &["citation", "ids"]),
    ("corrections", &["kind", "source", "pmid"]),
    ("data_banks", &["name", "accessions"]),
    ("grants", &["id", "agency", "country"]),
];

/// Whether a member has its name and its shape here.
pub(super) fn fits(name: &str, value: &Value) -> bool {
    let shape = SHAPES.iter().find(|(known, _)| *known == name);
    shape.is_some_and(|(_, members)| is_list_of(value, members))
}

fn is_list_of(value: &Value, members: &[&str]) -> bool {
    value.as_array().is_some_and(|items| {
        items.iter().all(|item| {
            let object = item.as_object();
            object.is_some_and(|object| object.keys().all(|key| members.contains(&key.as_str())))
        })
    })
}

/// Takes a member in that [`fits`].
///
/// # Errors
/// A [`Fault`] for members of the wrong type.
pub(super) fn take(document: &mut Document, name: &str, value: Value) -> Result<(), Fault> {
    match name {
        "other_abstracts" => document.other_abstracts = each(name, value, other_abstract)?,
        "history" => document.history = each(name, value, event)?,
        "supplementary" => document.supplementary = each(name, value, term)?,
        "chemicals" => document.chemicals = each(name, value, term)?,
        "ids" => document.ids = each(name, value, id)?,
        "references" => document.references = each(name, value, reference)?,
        "corrections" => document.corrections = each(name, value, correction)?,
        "data_banks" => document.data_banks = each(name, value, data_bank)?,
        _ => document.grants = each(name, value, grant)?,
    }
    Ok(())
}

fn each<T>(
    name: &str,
    value: Value,
    read: impl Fn(&mut Map<String, Value>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let items = values::list(name, value)?.into_iter();
    items.map(|item| read(&mut values::object(name, item)?)).collect()
}

/// Whether a value is a list of two strings of the form of a day.
pub(super) fn is_range(value: &Value) -> bool {
    let is_day = |value: &Value| value.as_str().is_some_and(|text| Day::parse(text).is_some());
    value.as_array().is_some_and(|days| days.len() == 2 && days.iter().all(is_day))
}

/// The first and the last day.
///
/// # Errors
/// A [`Fault`] when the last is before the first.
pub(super) fn range(value: Value) -> Result<(Day, Day), Fault> {
    let days = values::texts("date_range", value)?;
    let mut days = days.iter().filter_map(|text| Day::parse(text));
    match (days.next(), days.next()) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        _ => Err(Fault::whole("`date_range` must be a first day and one that is not before it")),
    }
}

fn text(members: &mut Map<String, Value>, name: &str) -> Result<String, Fault> {
    values::take_text(members, name)
}

fn other_abstract(members: &mut Map<String, Value>) -> Result<OtherAbstract, Fault> {
    let sections = match members.remove("sections") {
        Some(value) => parts::sections(value)?,
        None => Vec::new(),
    };
    Ok(OtherAbstract {
        kind: text(members, "kind")?,
        language: text(members, "language")?,
        sections,
    })
}

fn event(members: &mut Map<String, Value>) -> Result<HistoryDate, Fault> {
    let event = text(members, "event")?;
    let words = text(members, "day")?;
    let day = Day::parse(&words).ok_or_else(|| {
        Fault::whole(format!("`history`: `{words}` is not a day; expected YYYY-MM-DD"))
    })?;
    Ok(HistoryDate { event, day })
}

fn term(members: &mut Map<String, Value>) -> Result<TypedTerm, Fault> {
    Ok(TypedTerm {
        kind: text(members, "kind")?,
        ui: text(members, "ui")?,
        name: text(members, "name")?,
    })
}

fn id(members: &mut Map<String, Value>) -> Result<OtherId, Fault> {
    Ok(OtherId { kind: text(members, "kind")?, value: text(members, "value")? })
}

fn reference(members: &mut Map<String, Value>) -> Result<Reference, Fault> {
    let ids = match members.remove("ids") {
        Some(value) => each("ids", value, |members| {
            let id = id(members)?;
            values::none_left("ids", members, &["kind", "value"])?;
            Ok(id)
        })?,
        None => Vec::new(),
    };
    Ok(Reference { citation: text(members, "citation")?, ids })
}

fn correction(members: &mut Map<String, Value>) -> Result<Correction, Fault> {
    let pmid = match members.remove("pmid") {
        None | Some(Value::Null) => 0,
        Some(value) if value.as_u64() == Some(0) => 0,
        Some(value) => crate::ingest::keys::pmid_value(&value)?.0,
    };
    Ok(Correction { kind: text(members, "kind")?, source: text(members, "source")?, pmid })
}

fn data_bank(members: &mut Map<String, Value>) -> Result<DataBank, Fault> {
    let accessions = match members.remove("accessions") {
        Some(value) => values::texts("accessions", value)?,
        None => Vec::new(),
    };
    Ok(DataBank { name: text(members, "name")?, accessions })
}

fn grant(members: &mut Map<String, Value>) -> Result<Grant, Fault> {
    Ok(Grant {
        id: text(members, "id")?,
        agency: text(members, "agency")?,
        country: text(members, "country")?,
    })
}
