//! How a long run tells how far it is.

/// A progress report: what is being done, how much of it is done, out of how much.
pub type Progress<'a> = dyn Fn(&str, u64, u64) + Sync + 'a;
