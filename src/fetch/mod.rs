//! Files from servers: fetched in parts that survive a broken connection, and published whole.
//!
//! [`Client`] asks; [`Part`] is a file that grows beside its final name until it is whole. Who fetches knows what
//! makes it whole: [`Part::hash`] reads it for a checksum, [`Part::publish`] gives it its name.

mod client;
mod part;

pub(crate) use client::{Client, Trouble};
pub(crate) use part::{Failure, Part, Retry};
