//! Ctrl-C: the first asks the running call to stop, the second ends the process.

use medvec::CancelToken;

use crate::failure::EXIT_INTERRUPTED;
use crate::terminal::say;

/// A token that is cancelled by Ctrl-C, SIGTERM or SIGHUP. Call once per process.
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
        stop_at_once();
        say(format!("warning: Ctrl-C will stop medvec at once, as it cannot be caught: {error}"));
    }
    token
}

/// Where no thread can wait for signals, they end the process as if nobody had tried to.
fn stop_at_once() {
    #[cfg(unix)]
    for signal in
        [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP]
    {
        let always = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
        // If this fails, too, only SIGKILL ends the process: there is nothing left to try.
        let _ = signal_hook::flag::register_conditional_shutdown(
            signal,
            i32::from(EXIT_INTERRUPTED),
            always,
        );
    }
}
