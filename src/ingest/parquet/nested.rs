//! Lists and structs inside of each other, put together from the columns of their leaves.
//!
//! A leaf says of each of its values how much of the way to it is there (its definition level), and which list goes on
//! with it (its repetition level). Melnik et al., "Dremel: interactive analysis of web-scale datasets", 2010.

use serde_json::{Map, Value};

use super::cells::Cell;
use super::tree::{Node, Part};

/// What stands in a row, by the cells of the leaves; a struct without its null members, and a list without null
/// items.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn value(part: &Part, cells: Vec<Cell>) -> Result<Value, &'static str> {
    let mut leaves = Vec::with_capacity(cells.len());
    for cell in cells {
        let Cell::Nested(levels, values) = cell else { return Err(CONTRADICTION) };
        leaves.push(Leaf { levels: levels.into_iter(), values: values.into_iter() });
    }
    let value = take(part, &mut leaves)?;
    match leaves.iter().all(|leaf| leaf.levels.len() == 0 && leaf.values.len() == 0) {
        true => Ok(value),
        false => Err(CONTRADICTION),
    }
}

fn take(part: &Part, leaves: &mut [Leaf]) -> Result<Value, &'static str> {
    let (defined, _) = leaves.first().and_then(Leaf::next_levels).ok_or(CONTRADICTION)?;
    if defined < part.there {
        return skip(leaves, part.there).map(|()| Value::Null);
    }
    match &part.node {
        Node::Leaf => match leaves {
            [leaf] => leaf.value(),
            _ => Err(CONTRADICTION),
        },
        Node::Struct(members) => {
            let mut object = Map::new();
            let mut rest = leaves;
            for (name, member) in members {
                let (own, others) =
                    rest.split_at_mut_checked(member.leaves()).ok_or(CONTRADICTION)?;
                rest = others;
                match take(member, own)? {
                    Value::Null => {}
                    value => _ = object.insert(name.clone(), value),
                }
            }
            Ok(Value::Object(object))
        }
        Node::List(..) if defined == part.there => {
            skip(leaves, part.there + 1).map(|()| Value::Array(Vec::new()))
        }
        Node::List(item, again) => {
            let mut items = Vec::new();
            loop {
                match take(item, leaves)? {
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
