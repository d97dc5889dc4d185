//! A database that was made for a piece of work goes away again where nothing came of that.

use super::delta::newest_manifest;
use crate::error::Result;
use crate::format::manifest::Manifest;
use crate::format::names::{Name, parse};
use crate::ids::Generation;
use crate::storage::Storage;

/// Removes a database that is still as it was created, with its lock files; returns whether it was. What anybody has
/// written to since, or put beside it, stays.
///
/// # Errors
/// [`crate::Error::Locked`] while somebody writes to it; those of the storage.
pub(super) fn discard(storage: &dyn Storage, own: &Manifest) -> Result<bool> {
    let lock = storage.lock()?;
    let mut names = storage.list()?;
    let first = Generation(1);
    let is_first = |name: &String| match parse(name) {
        Some(Name::Lock | Name::BuildLock) => true,
        Some(Name::Manifest(generation) | Name::Committed(generation, _)) => generation == first,
        _ => false,
    };
    if !names.iter().all(is_first) || newest_manifest(storage)?.0 != *own {
        return Ok(false);
    }
    lock.check()?;
    // `committed-` before the manifest, so that none is missed; the locks last.
    names.sort();
    let (locks, files): (Vec<String>, Vec<String>) = names
        .into_iter()
        .partition(|name| matches!(parse(name), Some(Name::Lock | Name::BuildLock)));
    for name in files.iter().chain(&locks) {
        storage.remove(name)?;
    }
    storage.sync_directory()?;
    Ok(true)
}
