//! Model folders, in builds that can run them (feature `bert`).

#[cfg(not(feature = "bert"))]
mod absent;
#[cfg(feature = "bert")]
mod notes;
#[cfg(feature = "bert")]
mod open;

#[cfg(not(feature = "bert"))]
pub(super) use absent::{find, open, open_like, open_stored, open_towers, paths_of, refuse_device};
#[cfg(feature = "bert")]
pub use notes::{ModelNote, model_notes};
#[cfg(feature = "bert")]
pub(super) use open::{find, open, open_like, open_stored, open_towers, paths_of, refuse_device};
