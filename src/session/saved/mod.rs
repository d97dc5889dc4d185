//! Searches on record: what was asked of which state of which database, and what came of it.
//!
//! A [`SavedSearch`] is JSON that a systematic review can keep. It pins the database, its generation and
//! sources, the encoder, the year of MeSH, the request and the answer. [`Session::replay`](super::Session::replay)
//! asks again and says whether the answer still is the same, and what changed.
//!
//! | file | what it holds |
//! |---|---|
//! | `pinned` | the state of a database in words and numbers |
//! | `filter` | filters as a list of parts |
//! | `search` | the record: saved, read |
//! | `replay` | asked again and compared |

mod filter;
mod pinned;
mod replay;
mod search;

pub use pinned::{PinnedDatabase, PinnedEncoder, PinnedSource};
pub use replay::{MovedKey, Replay};
pub use search::{SavedAnswer, SavedHit, SavedRequest, SavedSearch, SavedStrategy};
