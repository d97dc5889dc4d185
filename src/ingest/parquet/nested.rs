//! Lists and structs inside of each other, put together from the columns of their leaves.
//!
//! A leaf says of each of its values how much of the way to it is there (its definition level), and which list goes on
//! with it (its repetition level). Melnik et al., "Dremel: interactive analysis of web-scale datasets", 2010.

use ::parquet::basic::{ConvertedType, LogicalType, Repetition};
use ::parquet::schema::types::Type;
use serde_json::{Map, Value};

use super::cells::Cell;

/// Names on the way to a leaf that are followed.
pub(super) const DEPTH_MAX: usize = 16;

/// A part of a column: what stands there, and from which definition level on.
#[derive(Clone, Debug)]
pub(super) struct Part {
    there: i16,
    node: Node,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf,
    Struct(Vec<(String, Part)>),
    /// The items, and the repetition level of all but the first.
    List(Box<Part>, i16),
}

impl Part {
    /// The part of a type below the levels given. `is_read` says of each leaf, in order, whether it is read; those that
    /// are not are left out, and `None` is a type without others.
    pub(super) fn of(
        field: &Type,
        (defined, repeated): (i16, i16),
        is_read: &mut dyn FnMut() -> bool,
    ) -> Option<Part> {
        let info = field.get_basic_info();
        let may_be_null = info.has_repetition() && info.repetition() == Repetition::OPTIONAL;
        let there = defined + i16::from(may_be_null);
        if field.is_primitive() {
            let is_known = is_read() && info.repetition() != Repetition::REPEATED;
            return is_known.then_some(Part { there, node: Node::Leaf });
        }
        let is_list = matches!(info.logical_type_ref(), Some(LogicalType::List))
            || info.converted_type() == ConvertedType::LIST;
        if let ([group], true) = (field.get_fields(), is_list) {
            let levels = (there + 1, repeated + 1);
            let item = match group.is_group().then(|| group.get_fields()) {
                Some([item]) => Part::of(item, levels, is_read),
                // Of old writers: the repeated group is the item.
                _ => Part::members(group, levels, is_read),
            };
            return Some(Part { there, node: Node::List(Box::new(item?), levels.1) });
        }
        let part = Part::members(field, (there, repeated), is_read)?;
        (info.has_repetition() && info.repetition() != Repetition::REPEATED).then_some(part)
    }

    fn members(
        group: &Type,
        (there, repeated): (i16, i16),
        is_read: &mut dyn FnMut() -> bool,
    ) -> Option<Part> {
        if group.is_primitive() {
            return is_read().then_some(Part { there, node: Node::Leaf });
        }
        let mut members = Vec::new();
        for field in group.get_fields() {
            let part = Part::of(field, (there, repeated), is_read);
            members.extend(part.map(|part| (field.name().to_owned(), part)));
        }
        (!members.is_empty()).then_some(Part { there, node: Node::Struct(members) })
    }

    /// How many leaves it has.
    pub(super) fn leaves(&self) -> usize {
        match &self.node {
            Node::Leaf => 1,
            Node::Struct(members) => members.iter().map(|(_, part)| part.leaves()).sum(),
            Node::List(item, _) => item.leaves(),
        }
    }

    /// What stands in a row, by the cells of the leaves; a struct without its null members, and a list without null
    /// items.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn value(&self, cells: Vec<Cell>) -> Result<Value, &'static str> {
        let mut leaves = Vec::with_capacity(cells.len());
        for cell in cells {
            let Cell::Nested(levels, values) = cell else { return Err(CONTRADICTION) };
            leaves.push(Leaf { levels: levels.into_iter(), values: values.into_iter() });
        }
        let value = self.take(&mut leaves)?;
        match leaves.iter().all(|leaf| leaf.levels.len() == 0 && leaf.values.len() == 0) {
            true => Ok(value),
            false => Err(CONTRADICTION),
        }
    }

    fn take(&self, leaves: &mut [Leaf]) -> Result<Value, &'static str> {
        let (defined, _) = leaves.first().and_then(Leaf::next_levels).ok_or(CONTRADICTION)?;
        if defined < self.there {
            return skip(leaves, self.there).map(|()| Value::Null);
        }
        match &self.node {
            Node::Leaf => match leaves {
                [leaf] => leaf.value(),
                _ => Err(CONTRADICTION),
            },
            Node::Struct(members) => {
                let mut object = Map::new();
                let mut rest = leaves;
                for (name, part) in members {
                    let (own, others) =
                        rest.split_at_mut_checked(part.leaves()).ok_or(CONTRADICTION)?;
                    rest = others;
                    match part.take(own)? {
                        Value::Null => {}
                        value => _ = object.insert(name.clone(), value),
                    }
                }
                Ok(Value::Object(object))
            }
            Node::List(..) if defined == self.there => {
                skip(leaves, self.there + 1).map(|()| Value::Array(Vec::new()))
            }
            Node::List(item, again) => {
                let mut items = Vec::new();
                loop {
                    match item.take(leaves)? {
                        Value::Null => {}
                        value => items.push(value),
                    }
                    let next = leaves.first().and_then(Leaf::next_levels);
                    if next.is_none_or(|(_, repeated)| repeated != *again) {
                        return Ok(Value::Array(items));
                    }
                }
            }
        }
    }
}

const CONTRADICTION: &str = "levels that contradict each other";

/// What is left of a leaf's row.
struct Leaf {
    /// Definition and repetition levels.
    levels: std::vec::IntoIter<(i16, i16)>,
    values: std::vec::IntoIter<Cell>,
}

impl Leaf {
    fn next_levels(&self) -> Option<(i16, i16)> {
        self.levels.as_slice().first().copied()
    }

    fn value(&mut self) -> Result<Value, &'static str> {
        self.levels.next().ok_or(CONTRADICTION)?;
        let value = self.values.next().ok_or(CONTRADICTION)?;
        value.value().map_err(|()| "text that is not UTF-8")
    }
}

/// Passes over one entry of each leaf, none of which reaches a definition level.
fn skip(leaves: &mut [Leaf], level: i16) -> Result<(), &'static str> {
    for leaf in leaves {
        match leaf.levels.next() {
            Some((defined, _)) if defined < level => {}
            _ => return Err(CONTRADICTION),
        }
    }
    Ok(())
}
