//! How well an encoder or a database answers queries, measured.

pub mod beir;
