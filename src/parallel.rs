//! One list of work items on several threads.
//!
//! Every item writes to a place of its own and reads nothing that another item writes, so results
//! do not depend on the number of threads or on who takes which item.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::control::Control;
use crate::error::Result;

/// Items that are not worth threads: to start some takes as long as to find the rows of a word.
const FEW: usize = 4;

/// Threads that run at once on this machine.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Threads for so many items of part of a millisecond or more.
pub(crate) fn threads_for(items: usize) -> usize {
    if items < FEW { 1 } else { cores() }
}

/// What `run` makes of every item, in their order, on `threads` threads.
pub(crate) fn map<I: Sync, T: Send>(
    threads: usize,
    items: &[I],
    run: impl Fn(&I) -> T + Sync,
) -> Vec<T> {
    let mut made: Vec<Option<T>> = Vec::new();
    made.resize_with(items.len(), || None);
    let work = |(): &mut (), (item, made): (&I, &mut Option<T>)| {
        *made = Some(run(item));
        Ok(())
    };
    // Nothing here can fail.
    let places = items.iter().zip(&mut made);
    let _ = for_each(threads, places, &Control::default(), || (), work, &mut |_| ());
    made.into_iter().flatten().collect()
}

/// Runs `run` on every item, on `threads` threads (the calling one when that is 1), each with a
/// `state` of its own: buffers that are reused from item to item.
///
/// `done` is called on the calling thread with the number of items finished so far.
///
/// # Errors
///
/// The first error of `run`, or of `control`, which is checked before each item; further items are
/// then not begun.
pub(crate) fn for_each<T: Send, S>(
    threads: usize,
    items: impl Iterator<Item = T> + Send,
    control: &Control,
    state: impl Fn() -> S + Sync,
    run: impl Fn(&mut S, T) -> Result<()> + Sync,
    done: &mut dyn FnMut(usize),
) -> Result<()> {
    if threads <= 1 {
        let mut state = state();
        for (finished, item) in (1..).zip(items) {
            control.check()?;
            run(&mut state, item)?;
            done(finished);
        }
        return Ok(());
    }
    let (items, failed) = (Mutex::new(items), AtomicBool::new(false));
    let work = |sender: mpsc::Sender<()>| {
        let mut state = state();
        while !failed.load(Ordering::Relaxed) {
            let next = items.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(item) = next else { break };
            let result = control.check().and_then(|()| run(&mut state, item));
            if result.is_err() {
                failed.store(true, Ordering::Relaxed);
                return result;
            }
            // Nobody listens any more only when the caller's thread has panicked.
            let _ = sender.send(());
        }
        Ok(())
    };
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let start = |_| {
            let (work, sender) = (&work, sender.clone());
            thread::Builder::new().spawn_scoped(scope, move || work(sender)).ok()
        };
        // Fewer threads where the system has no more; this one where it has none.
        let workers: Vec<_> = (0..threads).map_while(start).collect();
        let own = if workers.is_empty() { work(sender.clone()) } else { Ok(()) };
        drop(sender);
        for (finished, ()) in (1..).zip(receiver) {
            done(finished);
        }
        let results = workers.into_iter().map(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(own).chain(results).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::CancelToken;
    use crate::error::Error;

    #[test]
    fn every_item_is_done_once_on_any_number_of_threads() {
        for threads in 0..5 {
            let mut squares = [0; 100];
            let mut finished = Vec::new();
            let items = squares.iter_mut().zip(0..);
            let run = |calls: &mut u32, (square, number): (&mut u32, u32)| {
                *calls += 1;
                *square += number * number;
                Ok(())
            };
            let control = Control::default();
            for_each(threads, items, &control, || 0, run, &mut |n| finished.push(n)).unwrap();
            assert!((0..).zip(squares).all(|(number, square)| square == number * number));
            assert_eq!(finished, (1..=100).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_failure_ends_the_work() {
        for threads in [1, 3] {
            let token = CancelToken::new();
            let control = Control { cancel: Some(token.clone()), ..Control::default() };
            let run = |_: &mut (), number: u32| {
                if number == 10 {
                    token.cancel();
                }
                Ok(())
            };
            let mut last = 0;
            let result = for_each(threads, 0.., &control, || (), run, &mut |n| last = n);
            assert!(matches!(result, Err(Error::Cancelled)), "{threads}");
            assert!((10..20).contains(&last), "{last}");
        }
    }
}
