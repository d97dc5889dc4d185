//! Structured records: rkyv archives, reached only through validation.

use rkyv::api::high::{HighDeserializer, HighSerializer, HighValidator};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::util::AlignedVec;
use rkyv::{Archive, Deserialize, Portable, Serialize};

use super::rules::Rule;
use crate::error::{Error, Result};

/// The bytes of a record.
///
/// # Errors
/// [`Error::Io`] when memory runs out; serialising has no other way to fail.
pub fn encode<T>(value: &T) -> Result<AlignedVec>
where
    T: for<'a> Serialize<HighSerializer<AlignedVec, ArenaHandle<'a>, rancor::Error>>,
{
    rkyv::to_bytes::<rancor::Error>(value).map_err(|error| {
        Error::io("serialise", "a record", std::io::Error::other(error.to_string()))
    })
}

/// A validated view of a record. Cost: one pass over its bytes.
///
/// # Errors
/// [`Rule::Archive`] when the bytes are no archive of this type.
pub fn access<'a, T>(file: &str, offset: u64, bytes: &'a [u8]) -> Result<&'a T::Archived>
where
    T: Archive,
    T::Archived: Portable + for<'v> CheckBytes<HighValidator<'v, rancor::Error>>,
{
    rkyv::access::<T::Archived, rancor::Error>(bytes).map_err(|error| {
        Error::corrupt(file, offset, Rule::Archive, format!("invalid archive: {error}"))
    })
}

/// A record as an owned value, after validation.
///
/// # Errors
/// As [`access`].
pub fn decode<T>(file: &str, offset: u64, bytes: &[u8]) -> Result<T>
where
    T: Archive,
    T::Archived: Portable
        + for<'v> CheckBytes<HighValidator<'v, rancor::Error>>
        + Deserialize<T, HighDeserializer<rancor::Error>>,
{
    let archived = access::<T>(file, offset, bytes)?;
    rkyv::deserialize::<T, rancor::Error>(archived).map_err(|error| {
        Error::corrupt(file, offset, Rule::Archive, format!("invalid archive: {error}"))
    })
}
