//! Deadline, cancel token and progress of one call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::error::{Error, Result};

/// A switch that stops the calls it was given to. Clones share the switch.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that has not been cancelled.
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Stops every call that holds this token at its next check.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`CancelToken::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long a call may run, and who may stop it.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// The call fails with [`Error::DeadlineExceeded`] after this instant.
    pub deadline: Option<Instant>,
    /// The call fails with [`Error::Cancelled`] once this is cancelled.
    pub cancel: Option<CancelToken>,
}

impl Control {
    /// Checks both; called at block borders, at most a few milliseconds apart.
    pub fn check(&self) -> Result<()> {
        if self.cancel.as_ref().is_some_and(CancelToken::is_cancelled) {
            return Err(Error::Cancelled);
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Error::DeadlineExceeded);
        }
        Ok(())
    }
}
