//! Progress on standard error: a bar with rate and time left on a terminal, nothing elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar over bytes, with a count of records beside it.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar over bytes whose number the first update tells; invisible when `quiet` or when standard error is no terminal.
    pub(crate) fn over_bytes(quiet: bool) -> Progress {
        let target =
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template(
            "{wide_bar} {binary_bytes}/{binary_total_bytes}  {msg}  {eta} left",
        );
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress { bar }
    }

    /// A spinner for work without a known size.
    pub(crate) fn spinner(message: &str, quiet: bool) -> Progress {
        let target =
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_message(message.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress { bar }
    }

    /// Where the work stands.
    pub(crate) fn update(&self, bytes: u64, bytes_total: u64, records: u64) {
        self.bar.set_length(bytes_total);
        self.bar.set_position(bytes);
        let seconds = self.bar.elapsed().as_secs_f64();
        let rate = if seconds > 0.5 { records as f64 / seconds } else { 0.0 };
        self.bar.set_message(format!(
            "{} records, {}/s",
            crate::style::count(records),
            crate::style::count(rate as u64)
        ));
    }

    /// How much of what is fetched is there.
    #[cfg(feature = "download")]
    pub(crate) fn fetched(&self, file: &str, bytes: u64, bytes_total: u64) {
        self.bar.set_length(bytes_total);
        self.bar.set_position(bytes);
        self.bar.set_message(file.to_owned());
    }

    /// A step of work that goes through several, and how far it is.
    pub(crate) fn stage(&self, what: &str, done: u64, total: u64) {
        self.bar.set_message(match total {
            0 | 1 => what.to_owned(),
            total => {
                format!("{what}: {} of {}", crate::style::count(done), crate::style::count(total))
            }
        });
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
