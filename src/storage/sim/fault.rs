//! Faults: what fails, and which calls it can hit.

use std::io;

/// A fault to inject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Whether it goes on failing, or fails once.
    pub persistent: bool,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// EIO: any call.
    Io,
    /// ENOSPC: calls that need space; nothing is written.
    NoSpace,
    /// EACCES: calls that open files or change the directory.
    Denied,
    /// EINTR: any call.
    Interrupted,
    /// ENOMEM: calls that open, read or map files.
    NoMemory,
    /// EMFILE: calls that need a file descriptor.
    NoDescriptor,
    /// The first half is written, then the space is gone: writes.
    ShortWrite,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [FaultKind; 7] = [
        FaultKind::Io,
        FaultKind::NoSpace,
        FaultKind::Denied,
        FaultKind::Interrupted,
        FaultKind::NoMemory,
        FaultKind::NoDescriptor,
        FaultKind::ShortWrite,
    ];

    pub(super) fn hits(self, call: Call) -> bool {
        use Call::{Create, List, Lock, Open, Publish, Read, Remove, Sync, SyncDirectory, Write};
        match self {
            FaultKind::Io | FaultKind::Interrupted => call != Lock,
            FaultKind::NoSpace => matches!(call, Create | Write | Sync | Publish | SyncDirectory),
            FaultKind::Denied => matches!(call, Open | Read | Create | Publish | Remove | Lock),
            FaultKind::NoMemory => matches!(call, List | Open | Read),
            FaultKind::NoDescriptor => matches!(call, List | Open | Read | Create | Lock),
            FaultKind::ShortWrite => call == Write,
        }
    }

    pub(super) fn io_error(self) -> io::Error {
        let kind = match self {
            FaultKind::Io => io::ErrorKind::Other,
            FaultKind::NoSpace | FaultKind::ShortWrite => io::ErrorKind::StorageFull,
            FaultKind::Denied => io::ErrorKind::PermissionDenied,
            FaultKind::Interrupted => io::ErrorKind::Interrupted,
            FaultKind::NoMemory => io::ErrorKind::OutOfMemory,
            // The standard library has no kind of its own for it.
            FaultKind::NoDescriptor => io::ErrorKind::Other,
        };
        io::Error::new(kind, "injected fault")
    }
}

/// A call of the storage interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    List,
    Length,
    Open,
    Read,
    Create,
    Write,
    Sync,
    Publish,
    Remove,
    SyncDirectory,
    Lock,
}

impl Call {
    pub(super) fn verb(self) -> &'static str {
        match self {
            Call::List => "list",
            Call::Length => "inspect",
            Call::Open => "open",
            Call::Read => "read",
            Call::Create => "create",
            Call::Write => "write",
            Call::Sync | Call::SyncDirectory => "sync",
            Call::Publish => "publish",
            Call::Remove => "remove",
            Call::Lock => "lock",
        }
    }

    pub(super) fn modifies_directory(self) -> bool {
        matches!(self, Call::Create | Call::Publish | Call::Remove | Call::Lock)
    }
}
