//! Random file and database ids.

use crate::error::Result;

/// Sixteen random bytes: unique for every practical purpose, not secret.
///
/// # Errors
/// [`crate::Error::Io`] when the system's random source cannot be read.
#[cfg(unix)]
pub fn random_id() -> Result<[u8; 16]> {
    use std::fs::File;
    use std::io::Read;
    const SOURCE: &str = "/dev/urandom";
    let mut id = [0; 16];
    File::open(SOURCE)
        .and_then(|mut source| source.read_exact(&mut id))
        .map_err(|source| crate::Error::io("read", SOURCE, source))?;
    Ok(id)
}

/// Sixteen random bytes: unique for every practical purpose, not secret. The keys of the standard
/// library's hash maps, which it draws from the system, are stretched by hashing time and process.
///
/// # Errors
/// None on this system.
#[cfg(not(unix))]
pub fn random_id() -> Result<[u8; 16]> {
    use std::hash::{BuildHasher, RandomState};
    use std::time::SystemTime;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let draw = || RandomState::new().hash_one((now.as_nanos(), std::process::id()));
    let mut id = [0; 16];
    let (low, high) = id.split_at_mut(8);
    low.copy_from_slice(&draw().to_le_bytes());
    high.copy_from_slice(&draw().to_le_bytes());
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_differ() {
        let ids: HashSet<_> = (0..1000).map(|_| random_id().expect("random bytes")).collect();
        assert_eq!(ids.len(), 1000);
    }
}
