//! Filters as JSON: a list of parts, each behind what it is a part of. A list has no depth, so that a filter of
//! any depth is written and read without recursion.
//!
//! ```json
//! [{"is": "and", "parts": 2}, {"is": "mesh", "term": "Asthma", "major_only": false, "explode": true},
//!  {"is": "not"}, {"is": "has_abstract"}]
//! ```

use serde::{Deserialize, Serialize};

use crate::date::Day;
use crate::ids::Key;
use crate::search::{FieldTest, Filter, TextField};

/// One part of a filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Part {
    All {},
    Mesh { term: String, major_only: bool, explode: bool },
    Subheading { name: String, explode: bool },
    Substance { name: String },
    PharmacologicalAction { name: String, explode: bool },
    Words { pattern: String, between: Option<u32>, fields: Vec<String> },
    Years { from: u32, to: u32 },
    Dates { from: u32, to: u32 },
    Journal { name: String },
    Language { name: String },
    PublicationType { name: String },
    HasAbstract {},
    HasMesh {},
    Keys { keys: Vec<KeyPart> },
    Field { name: String, test: Test },
    And { parts: usize },
    Or { parts: usize },
    Not {},
}

/// A PMID as a number, any other key as a string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum KeyPart {
    Pmid(u32),
    Text(String),
}

impl From<&Key> for KeyPart {
    fn from(key: &Key) -> KeyPart {
        match key {
            Key::Pmid(pmid) => KeyPart::Pmid(pmid.0),
            Key::Text(text) => KeyPart::Text(text.clone()),
        }
    }
}

impl From<&KeyPart> for Key {
    fn from(part: &KeyPart) -> Key {
        match part {
            KeyPart::Pmid(number) => Key::pmid(*number),
            KeyPart::Text(text) => Key::Text(text.clone()),
        }
    }
}

/// A test of a free field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Test {
    Equal(String),
    Integer { from: i64, to: i64 },
    Float { from: f64, to: f64 },
    Typed(String),
}

/// The parts of a filter.
pub(super) fn parts(filter: &Filter) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut open = vec![filter];
    while let Some(filter) = open.pop() {
        let (part, inside): (Part, &[Filter]) = match filter {
            Filter::And(inside) => (Part::And { parts: inside.len() }, inside),
            Filter::Or(inside) => (Part::Or { parts: inside.len() }, inside),
            Filter::Not(inside) => (Part::Not {}, std::slice::from_ref(inside)),
            single => (part(single), &[]),
        };
        parts.push(part);
        open.extend(inside.iter().rev());
    }
    parts
}

fn part(filter: &Filter) -> Part {
    match filter {
        Filter::All | Filter::And(_) | Filter::Or(_) | Filter::Not(_) => Part::All {},
        Filter::Mesh { term, major_only, explode } => {
            Part::Mesh { term: term.clone(), major_only: *major_only, explode: *explode }
        }
        Filter::Subheading { name, explode } => {
            Part::Subheading { name: name.clone(), explode: *explode }
        }
        Filter::Substance(name) => Part::Substance { name: name.clone() },
        Filter::PharmacologicalAction { name, explode } => {
            Part::PharmacologicalAction { name: name.clone(), explode: *explode }
        }
        Filter::Text(words) => Part::Words {
            pattern: words.pattern().to_owned(),
            between: words.between(),
            fields: words.fields().iter().map(|field| field.name().to_owned()).collect(),
        },
        Filter::Years { from, to } => Part::Years { from: *from, to: *to },
        Filter::Dates { from, to } => Part::Dates { from: from.0, to: to.0 },
        Filter::Journal(name) => Part::Journal { name: name.clone() },
        Filter::Language(name) => Part::Language { name: name.clone() },
        Filter::PublicationType(name) => Part::PublicationType { name: name.clone() },
        Filter::HasAbstract => Part::HasAbstract {},
        Filter::HasMesh => Part::HasMesh {},
        Filter::Keys(keys) => Part::Keys { keys: keys.iter().map(KeyPart::from).collect() },
        Filter::Field { name, test } => Part::Field {
            name: name.clone(),
            test: match test {
                FieldTest::Is(text) => Test::Equal(text.clone()),
                FieldTest::Integer { from, to } => Test::Integer { from: *from, to: *to },
                FieldTest::Float { from, to } => Test::Float { from: *from, to: *to },
                FieldTest::Typed(text) => Test::Typed(text.clone()),
            },
        },
    }
}

/// The filter of these parts; `None` where parts are missing or left over.
pub(super) fn filter(parts: &[Part]) -> Option<Filter> {
    // From the last part to the first, what a part is made of is there before it.
    let mut done: Vec<Filter> = Vec::new();
    for part in parts.iter().rev() {
        let filter = match part {
            Part::And { parts } => Filter::And(taken(&mut done, *parts)?),
            Part::Or { parts } => Filter::Or(taken(&mut done, *parts)?),
            Part::Not {} => Filter::Not(Box::new(done.pop()?)),
            Part::All {} => Filter::All,
            Part::Mesh { term, major_only, explode } => {
                Filter::Mesh { term: term.clone(), major_only: *major_only, explode: *explode }
            }
            Part::Subheading { name, explode } => {
                Filter::Subheading { name: name.clone(), explode: *explode }
            }
            Part::Substance { name } => Filter::Substance(name.clone()),
            Part::PharmacologicalAction { name, explode } => {
                Filter::PharmacologicalAction { name: name.clone(), explode: *explode }
            }
            Part::Words { pattern, between, fields } => {
                let fields = fields.iter().map(|name| TextField::named(name));
                let fields: Vec<TextField> = fields.collect::<Option<_>>()?;
                match between {
                    None => Filter::text(&fields, pattern),
                    Some(between) => Filter::near(&fields, pattern, *between),
                }
            }
            Part::Years { from, to } => Filter::Years { from: *from, to: *to },
            Part::Dates { from, to } => Filter::Dates { from: Day(*from), to: Day(*to) },
            Part::Journal { name } => Filter::Journal(name.clone()),
            Part::Language { name } => Filter::Language(name.clone()),
            Part::PublicationType { name } => Filter::PublicationType(name.clone()),
            Part::HasAbstract {} => Filter::HasAbstract,
            Part::HasMesh {} => Filter::HasMesh,
            Part::Keys { keys } => Filter::Keys(keys.iter().map(Key::from).collect()),
            Part::Field { name, test } => Filter::Field {
                name: name.clone(),
                test: match test {
                    Test::Equal(text) => FieldTest::Is(text.clone()),
                    Test::Integer { from, to } => FieldTest::Integer { from: *from, to: *to },
                    Test::Float { from, to } => FieldTest::Float { from: *from, to: *to },
                    Test::Typed(text) => FieldTest::Typed(text.clone()),
                },
            },
        };
        done.push(filter);
    }
    done.pop().filter(|_| done.is_empty())
}

/// The last filters, the last first.
fn taken(done: &mut Vec<Filter>, count: usize) -> Option<Vec<Filter>> {
    let start = done.len().checked_sub(count)?;
    let mut taken = done.split_off(start);
    taken.reverse();
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(filter: &Filter) -> Option<Filter> {
        let text = serde_json::to_string(&parts(filter)).unwrap();
        super::filter(&serde_json::from_str::<Vec<Part>>(&text).unwrap())
    }

    #[test]
    fn filters_come_back() {
        let field = |test| Filter::Field { name: "rating".into(), test };
        let keys = vec![Key::pmid(7), Key::Text("7".into()), Key::Text("a".into())];
        let all = (Filter::major("Asthma").not_exploded() & Filter::years(2015, 2020))
            .and(!(Filter::Language("eng".into()) | Filter::HasAbstract | !Filter::HasMesh))
            .and(Filter::Keys(keys))
            .and(Filter::Dates { from: Day(20_190_301), to: Day(20_190_305) })
            .and(field(FieldTest::Is("x".into())) | field(FieldTest::Integer { from: 1, to: 2 }))
            .and(field(FieldTest::Float { from: 0.5, to: 2.0 }))
            .and(field(FieldTest::Typed("5:".into())))
            .and(Filter::Journal("Lancet".into()) | Filter::PublicationType("RCT".into()))
            .and(
                Filter::text(TextField::ALL, "wheez*")
                    | Filter::near(&[TextField::Title], "a b", 3),
            )
            .and(Filter::Subheading { name: "DT".into(), explode: true })
            .and(Filter::Substance("Aspirin".into()))
            .and(Filter::PharmacologicalAction { name: "Analgesics".into(), explode: false });
        for filter in [all, Filter::All, Filter::And(vec![]), Filter::Or(vec![Filter::HasMesh])] {
            assert_eq!(round_trip(&filter), Some(filter));
        }
    }

    #[test]
    fn depth_is_no_matter_and_missing_parts_are_seen() {
        let mut deep = Filter::HasMesh;
        for _ in 0..100_000 {
            deep = Filter::Not(Box::new(deep));
        }
        assert_eq!(round_trip(&deep), Some(deep));
        assert_eq!(super::filter(&[]), None);
        assert_eq!(super::filter(&[Part::And { parts: 2 }, Part::All {}]), None);
        assert_eq!(super::filter(&[Part::All {}, Part::All {}]), None);
        assert_eq!(super::filter(&[Part::Or { parts: usize::MAX }]), None);
    }
}
