//! Checkpoints of PyTorch, read without running anything.
//!
//! A pickle is a program for a small stack machine, and Python's machine lets it call any function.
//! The [`machine`] here knows the instructions that build numbers, texts, tuples, lists and
//! dictionaries, and the four callables that a table of tensors consists of; a program that asks for
//! anything else is refused by the name of what it asked for. [`checkpoint`] takes the tensors out of
//! what was built.

mod checkpoint;
mod machine;
mod value;

#[cfg(test)]
mod tests;

pub(super) use self::checkpoint::{Storage, TensorInStorage, tensors};
pub(super) use self::machine::run;
pub(super) use self::value::Value;
