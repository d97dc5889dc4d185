//! Nothing here: see `benches/lexical.rs`.
