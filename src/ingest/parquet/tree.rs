//! Lists and structs inside of each other: what a column is made of.

use ::parquet::basic::{ConvertedType, LogicalType, Repetition};
use ::parquet::schema::types::Type;

/// Names on the way to a leaf that are followed.
pub(super) const DEPTH_MAX: usize = 16;

/// A part of a column: what stands there, and from which definition level on.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) there: i16,
    pub(super) node: Node,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
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
}
