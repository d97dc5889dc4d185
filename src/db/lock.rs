//! Takes a lock, and waits for its holder if asked to.

use std::thread;
use std::time::{Duration, Instant};

use crate::control::Control;
use crate::error::{Error, Result};
use crate::storage::{Storage, WriterLock};

/// Which lock of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// That of the one writer.
    Writer,
    /// That of maintenance beside it.
    Builds,
}

/// Time between the first two attempts. It doubles with each, up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(1);

/// Most time between two attempts.
const PAUSE_MAX: Duration = Duration::from_millis(100);

/// Takes a lock at once, or when its holder gives it back within `wait`.
///
/// # Errors
/// [`Error::Locked`] with the holder when the time is over; those of `control`; as [`Storage::lock`].
pub(super) fn take(
    storage: &dyn Storage,
    lock: Lock,
    wait: Option<Duration>,
    control: &Control,
) -> Result<Box<dyn WriterLock>> {
    let (start, wait) = (Instant::now(), wait.unwrap_or_default());
    let mut pause = PAUSE_MIN;
    loop {
        let attempt = match lock {
            Lock::Writer => storage.lock(),
            Lock::Builds => storage.lock_builds(),
        };
        let left = wait.saturating_sub(start.elapsed());
        if !matches!(attempt, Err(Error::Locked { .. })) || left.is_zero() {
            return attempt;
        }
        control.check()?;
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
