//! Forged databases, made and judged as in `tests/forged`, by the choices of a fuzzer.
#![allow(missing_docs)]

#[path = "../../tests/forged/base.rs"]
pub mod base;
#[path = "../../tests/forged/choices.rs"]
pub mod choices;
#[path = "../../tests/forged/documents.rs"]
mod documents;
#[path = "../../tests/forged/mutate.rs"]
pub mod mutate;
#[path = "../../tests/forged/oracle.rs"]
pub mod oracle;
#[path = "../../tests/forged/parts.rs"]
pub mod parts;
#[path = "../../tests/forged/plain.rs"]
mod plain;
#[path = "../../tests/forged/segments.rs"]
mod segments;
