//! Rows taken apart into the columns of their leaves: the other way round than [`super::nested`].

use ::parquet::data_type::ByteArray;
use serde_json::Value;

use super::shape::Shape;

/// A leaf's column in the making: levels of every entry, and the values that are there.
pub(super) struct Leaf {
    pub(super) defined: Vec<i16>,
    pub(super) repeated: Vec<i16>,
    pub(super) values: Values,
}

pub(super) enum Values {
    Texts(Vec<ByteArray>),
    Integers(Vec<i64>),
    Floats(Vec<f64>),
    Booleans(Vec<bool>),
}

impl Leaf {
    /// The leaves of a shape, empty.
    pub(super) fn of(shape: &Shape, leaves: &mut Vec<Leaf>) {
        let values = match shape {
            Shape::Text | Shape::Json => Values::Texts(Vec::new()),
            Shape::Integer => Values::Integers(Vec::new()),
            Shape::Float => Values::Floats(Vec::new()),
            Shape::Boolean => Values::Booleans(Vec::new()),
            Shape::List(item) => return Leaf::of(item, leaves),
            Shape::Struct(members) => {
                return members.iter().for_each(|(_, member)| Leaf::of(member, leaves));
            }
        };
        leaves.push(Leaf { defined: Vec::new(), repeated: Vec::new(), values });
    }

    pub(super) fn clear(&mut self) {
        self.defined.clear();
        self.repeated.clear();
        match &mut self.values {
            Values::Texts(values) => values.clear(),
            Values::Integers(values) => values.clear(),
            Values::Floats(values) => values.clear(),
            Values::Booleans(values) => values.clear(),
        }
    }

    /// Adds a value; `false` for one of another type.
    fn push(&mut self, value: &Value, is_json: bool) -> bool {
        match (&mut self.values, value) {
            (Values::Texts(texts), value) if is_json => texts.push(bytes(&value.to_string())),
            (Values::Texts(texts), Value::String(text)) => texts.push(bytes(text)),
            (Values::Integers(numbers), Value::Number(number)) => match number.as_i64() {
                Some(number) => numbers.push(number),
                None => return false,
            },
            (Values::Floats(numbers), Value::Number(number)) => match number.as_f64() {
                Some(number) => numbers.push(number),
                None => return false,
            },
            (Values::Booleans(values), Value::Bool(value)) => values.push(*value),
            _ => return false,
        }
        true
    }
}

fn bytes(text: &str) -> ByteArray {
    ByteArray::from(text.as_bytes().to_vec())
}

/// Where in lists and structs a value stands.
#[derive(Clone, Copy)]
pub(super) struct Level {
    /// How much of the way to it is there.
    pub(super) defined: i16,
    /// The list that goes on with it.
    pub(super) repeated: i16,
    /// Lists that it is in.
    pub(super) depth: i16,
}

/// Adds a value that may be missing; returns the bytes that it takes, about.
///
/// # Errors
/// The place of what does not fit its column.
pub(super) fn add(
    shape: &Shape,
    value: Option<&Value>,
    level: Level,
    leaves: &mut [Leaf],
) -> Result<usize, String> {
    match value {
        Some(value) => put(shape, value, Level { defined: level.defined + 1, ..level }, leaves),
        None => Ok(nothing(level, leaves)),
    }
}

/// Adds an entry without a value to each leaf.
fn nothing(level: Level, leaves: &mut [Leaf]) -> usize {
    for leaf in leaves.iter_mut() {
        leaf.defined.push(level.defined);
        leaf.repeated.push(level.repeated);
    }
    leaves.len() * size_of::<[i16; 2]>()
}

/// Adds a value.
pub(super) fn put(
    shape: &Shape,
    value: &Value,
    level: Level,
    leaves: &mut [Leaf],
) -> Result<usize, String> {
    match (shape, value) {
        (Shape::Struct(members), value) => {
            // A keyword that is nothing but its text.
            let is_member = |name: &str| members.iter().any(|(known, _)| known == name);
            let text = value.as_str().filter(|_| is_member("text"));
            let object = value.as_object();
            if text.is_none() && object.is_none() {
                return Err(format!("{value} is not an object"));
            }
            if let Some(other) = object.and_then(|all| all.keys().find(|name| !is_member(name))) {
                return Err(format!("no column for `{other}`"));
            }
            let mut size = 0;
            let mut rest = leaves;
            for (name, member) in members {
                let own = match (text, object) {
                    (Some(_), _) => Some(value).filter(|_| name == "text"),
                    (None, object) => object.and_then(|object| object.get(name)),
                };
                let (leaves, others) = rest.split_at_mut(member.leaves().min(rest.len()));
                rest = others;
                size += add(member, own, level, leaves).map_err(|at| format!("`{name}`: {at}"))?;
            }
            Ok(size)
        }
        (Shape::List(_), Value::Array(items)) if items.is_empty() => Ok(nothing(level, leaves)),
        (Shape::List(item), Value::Array(items)) => {
            let mut size = 0;
            let inside = Level { defined: level.defined + 1, depth: level.depth + 1, ..level };
            for (place, value) in items.iter().enumerate() {
                let repeated = if place == 0 { level.repeated } else { inside.depth };
                size += put(item, value, Level { repeated, ..inside }, leaves)?;
            }
            Ok(size)
        }
        (shape, value) => {
            let is_json = *shape == Shape::Json;
            let [leaf] = leaves else { return Err(format!("{value} is not a list")) };
            if !leaf.push(value, is_json) {
                return Err(format!("{value} is not of its column's type"));
            }
            leaf.defined.push(level.defined);
            leaf.repeated.push(level.repeated);
            Ok(value.as_str().map_or(16, |text| text.len() + 16))
        }
    }
}
