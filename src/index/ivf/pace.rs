//! Whether to ask for the vectors that a search scores.
//!
//! What was checked once may have left memory since. A page that is missed is waited for, and brings in as much as the
//! system reads ahead, megabytes on some machines, which drive out others. Asking for pages before they are read avoids
//! both, but costs time too: a quarter of a search of fifteen million rows, where all of them are there. So searches spend
//! on asking what earlier ones have lost by waiting. Codes are so few, and read so often, that they stay.

use std::time::{Duration, Instant};

use super::rows::Pages;

/// What scoring takes at most where everything is in memory: at all and for each row, with room for a page that this process
/// has not seen.
const MOST: Duration = Duration::from_micros(50);
const ROW: Duration = Duration::from_micros(1);

/// Asking for a row.
const ASK: Duration = Duration::from_nanos(350);

/// Time for asking for each time of waiting.
const WORTH: u32 = 2;

/// Time for asking that is kept at most.
const CREDIT_MAX: Duration = Duration::from_secs(1);

/// What a thread's searches have lost by waiting, and not spent on asking.
#[derive(Debug, Default)]
pub(super) struct Pace {
    credit: Duration,
    /// Pages that the thread had waited for when it last looked.
    waits: u64,
}

impl Pace {
    /// Whether to ask for so many rows, which is paid for.
    pub(super) fn may_ask(&mut self, rows: usize) -> bool {
        let left = self.credit.checked_sub(times(ASK, rows));
        self.credit = left.unwrap_or(self.credit);
        left.is_some()
    }

    /// Scores so many rows.
    pub(super) fn score(&mut self, pages: Option<&dyn Pages>, rows: usize, score: impl FnOnce()) {
        let Some(pages) = pages else { return score() };
        let started = Instant::now();
        score();
        if let Some(lost) = started.elapsed().checked_sub(MOST + times(ROW, rows)) {
            // Or another program had the processor.
            let waits = pages.waits();
            if waits.is_none_or(|waits| waits > self.waits) {
                self.credit = (self.credit + lost * WORTH).min(CREDIT_MAX);
            }
            self.waits = waits.unwrap_or_default();
        }
    }
}

fn times(duration: Duration, count: usize) -> Duration {
    duration.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;
    use crate::kernel::scan::ScanRange;

    #[derive(Debug)]
    struct Waited(Option<u64>);

    impl Pages for Waited {
        fn codes(&self, _: &[ScanRange]) -> Result<()> {
            Ok(())
        }

        fn copies(&self, _: &[ScanRange]) -> Result<()> {
            Ok(())
        }

        fn vectors(&self, _: &[u32]) -> Result<()> {
            Ok(())
        }

        fn ask_for_vectors(&self, _: &[u32]) {}

        fn waits(&self) -> Option<u64> {
            self.0
        }
    }

    #[test]
    fn what_was_lost_by_waiting_is_spent_on_asking() {
        let wait = || std::thread::sleep(Duration::from_millis(2));
        let asks = |pages: Option<&dyn Pages>, rows, before| {
            let mut pace = Pace { waits: before, ..Pace::default() };
            pace.score(pages, rows, wait);
            pace.may_ask(1)
        };
        let waited = Waited(Some(7));
        assert!(asks(Some(&waited), 1, 6));
        assert!(asks(Some(&Waited(None)), 1, 0), "the system does not say");
        assert!(!asks(Some(&waited), 1, 7), "for something else");
        assert!(!asks(Some(&waited), 1 << 20, 6), "as long as so many rows take");
        assert!(!asks(None, 1, 0), "nothing can leave memory");

        let mut pace = Pace::default();
        pace.score(Some(&waited), 1, wait);
        let credit = pace.credit;
        assert!(!pace.may_ask(usize::MAX) && pace.credit == credit);
        let searches = (0..).take_while(|_| pace.may_ask(1000)).count();
        assert_eq!(searches as u128, credit.as_nanos() / (1000 * ASK.as_nanos()));
        assert!(searches > 0);
    }
}
