//! One list of work items on several threads.
//!
//! Every item writes to a place of its own and reads nothing that another item writes, so results
//! do not depend on the number of threads or on who takes which item.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::control::Control;
use crate::error::{self, Error};

/// Items that are not worth threads: to start some takes as long as to find the rows of a word.
const FEW: usize = 4;

/// Threads of one piece of work, however many are asked for: more than the largest machines run at once, and few enough
/// for their stacks and for what each has in hand.
const THREADS_MAX: usize = 512;

/// Threads that run at once on this machine.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Threads for so many items of part of a millisecond or more.
pub(crate) fn threads_for(items: usize) -> usize {
    if items < FEW { 1 } else { cores() }
}

/// Threads to start where so many are asked for: at least one, at most [`THREADS_MAX`].
pub(crate) fn bounded(threads: usize) -> usize {
    threads.clamp(1, THREADS_MAX)
}

/// What `run` makes of every item, in their order, on `threads` threads.
pub(crate) fn map<I: Sync, T: Send>(
    threads: usize,
    items: &[I],
    run: impl Fn(&I) -> T + Sync,
) -> Vec<T> {
    let run = |item: &I| Ok::<T, Error>(run(item));
    // Nothing here can fail.
    try_map(threads, items, &Control::default(), run, &mut |_| ()).unwrap_or_default()
}

/// As [`map`], with `done` and `control` as [`for_each`] has them, for work that can fail in a way of its own.
///
/// # Errors
/// Of the items that were begun, the first error of `run` in their order; that of `control`.
pub(crate) fn try_map<I: Sync, T: Send, E: From<Error> + Send>(
    threads: usize,
    items: &[I],
    control: &Control,
    run: impl Fn(&I) -> Result<T, E> + Sync,
    done: &mut dyn FnMut(usize),
) -> Result<Vec<T>, E> {
    let mut made: Vec<Option<Result<T, E>>> = Vec::new();
    made.resize_with(items.len(), || None);
    let work = |(): &mut (), (item, made): (&I, &mut Option<Result<T, E>>)| {
        let one = made.insert(run(item));
        // The error stays in its place; this only ends the work.
        if one.is_ok() { Ok(()) } else { Err(Error::Cancelled) }
    };
    let ended = for_each(threads, items.iter().zip(&mut made), control, || (), work, done);
    let made = made.into_iter().flatten().collect::<Result<Vec<T>, E>>()?;
    ended?;
    Ok(made)
}

/// Runs `run` on every item, on `threads` threads, [bounded] (the calling one when that is 1), each with a
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
    run: impl Fn(&mut S, T) -> error::Result<()> + Sync,
    done: &mut dyn FnMut(usize),
) -> error::Result<()> {
    let threads = bounded(threads);
    if threads == 1 {
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
    fn no_number_of_threads_is_too_great() {
        use std::sync::atomic::AtomicUsize;

        let started = AtomicUsize::new(0);
        let state = || started.fetch_add(1, Ordering::Relaxed);
        let run = |_: &mut usize, _| Ok(());
        // Enough for every thread that is started to come before the last item.
        let items = 0..100_000;
        for_each(usize::MAX, items, &Control::default(), state, run, &mut |_| ()).unwrap();
        assert!((1..=THREADS_MAX).contains(&started.into_inner()));
    }

    #[test]
    fn what_is_made_has_the_order_of_the_items() {
        let items: Vec<u32> = (0..100).collect();
        let squares: Vec<u32> = items.iter().map(|number| number * number).collect();
        let refuse = |detail: String| Error::InvalidQuery { detail };
        for threads in [1, 3] {
            assert_eq!(map(threads, &items, |number| number * number), squares);
            let run = |number: &u32| match number % 40 {
                39 => Err(refuse(number.to_string())),
                _ => Ok(*number),
            };
            let made = try_map(threads, &items, &Control::default(), run, &mut |_| ());
            assert!(matches!(made, Err(Error::InvalidQuery { detail }) if detail == "39"));
            let token = CancelToken::new();
            token.cancel();
            let control = Control { cancel: Some(token), ..Control::default() };
            let made = try_map(threads, &items, &control, |number| Ok(*number), &mut |_| ());
            assert!(matches!(made, Err(Error::Cancelled)), "{threads}");
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
