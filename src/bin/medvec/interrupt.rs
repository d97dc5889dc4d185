//! Ctrl-C: the first asks the running call to stop, the second ends the process.

use medvec::CancelToken;

use crate::failure::EXIT_INTERRUPTED;
use crate::terminal::say;

/// A token that is cancelled by Ctrl-C, SIGTERM or SIGHUP. Call once a process.
///
/// A commit is all or nothing, so ending the process at any moment loses nothing committed.
pub(crate) fn cancel_on_interrupt() -> CancelToken {
    let token = CancelToken::new();
    let handler_token = token.clone();
    let installed = ctrlc::set_handler(move || {
        if handler_token.is_cancelled() {
            std::process::exit(i32::from(EXIT_INTERRUPTED));
        }
        handler_token.cancel();
        say("\nstopping; nothing committed is lost (press Ctrl-C again to stop at once)");
    });
    if let Err(error) = installed {
        say(format!("warning: Ctrl-C will stop medvec at once, as it cannot be caught: {error}"));
    }
    token
}
