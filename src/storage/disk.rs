//! The real file system.

/// How published files are brought into memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Memory-mapped: instant open, shared page cache. The directory must be trusted and local.
    #[default]
    Map,
    /// Read into the heap: for network drives and directories that others may write to.
    Read,
}

/// A directory on disk.
pub struct DiskStorage {}
