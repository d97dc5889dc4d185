//! The tensors in what a pickle built.

use super::machine::Built;
use super::value::{Callable, Value};
use crate::encode::model::weights::NumberType;

/// Most dimensions of a tensor; those of text models have two.
const DIMENSIONS_MAX: usize = 8;

/// A run of numbers that lies outside of the pickle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::encode::model) struct Storage<'a> {
    /// Its name in the checkpoint.
    pub(in crate::encode::model) key: &'a str,
    /// Type of its numbers.
    pub(in crate::encode::model) numbers: NumberType,
    /// How many there are.
    pub(in crate::encode::model) count: usize,
}

/// A named view of a storage; offset and strides in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::encode::model) struct TensorInStorage<'a> {
    pub(in crate::encode::model) name: &'a str,
    pub(in crate::encode::model) storage: Storage<'a>,
    pub(in crate::encode::model) offset: usize,
    pub(in crate::encode::model) shape: Vec<usize>,
    pub(in crate::encode::model) strides: Vec<usize>,
}

/// The tensors of a state dictionary, in order.
///
/// # Errors
/// When the pickle built something else.
pub(in crate::encode::model) fn tensors<'a>(
    built: &Built<'a>,
) -> Result<Vec<TensorInStorage<'a>>, String> {
    let Value::Dict(_) = built.value else {
        return Err("its pickle holds no dictionary of tensors".into());
    };
    let mut found = Vec::new();
    for [key, value] in built.heap.parts(built.value).as_chunks().0 {
        let (Value::Text(name), Value::Tensor(_)) = (key, value) else { continue };
        found.push(tensor(built, name, *value).ok_or_else(|| {
            format!("tensor {name} is described in another way than PyTorch does")
        })?);
    }
    if found.is_empty() {
        return Err("its pickle holds a dictionary, but no tensors by name".into());
    }
    Ok(found)
}

fn tensor<'a>(built: &Built<'a>, name: &'a str, value: Value<'a>) -> Option<TensorInStorage<'a>> {
    let [from, offset, shape, strides, ..] = built.heap.parts(value) else { return None };
    let lengths = |tuple: &Value<'a>| {
        let parts = built.heap.parts(*tuple);
        // A tuple may be shared by any number of tensors, and is copied here.
        let fits = parts.len() <= DIMENSIONS_MAX;
        fits.then(|| parts.iter().map(length).collect::<Option<Vec<_>>>()).flatten()
    };
    Some(TensorInStorage {
        name,
        storage: storage(built, *from)?,
        offset: length(offset)?,
        shape: lengths(shape)?,
        strides: lengths(strides)?,
    })
}

fn storage<'a>(built: &Built<'a>, value: Value<'a>) -> Option<Storage<'a>> {
    match built.heap.parts(value) {
        // The last, of old releases: the storage as a part of another.
        [_, Value::Callable(Callable::Storage(numbers)), Value::Text(key), _, count]
        | [
            _,
            Value::Callable(Callable::Storage(numbers)),
            Value::Text(key),
            _,
            count,
            Value::None,
        ] => Some(Storage { key, numbers: *numbers, count: length(count)? }),
        _ => None,
    }
}

fn length(value: &Value<'_>) -> Option<usize> {
    match value {
        Value::Whole(number) => usize::try_from(*number).ok(),
        _ => None,
    }
}
