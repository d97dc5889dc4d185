//! The threads between a file and the writer.
//!
//! Order is lost among the threads and restored at the end by batch numbers. What keeps memory
//! bounded is not the queues but the tickets: the cutter takes one for each batch and the consumer
//! gives it back when the batch was written, so a slow batch holds the fast ones behind it.

use std::collections::BTreeMap;
use std::thread;

use crossbeam::channel::{Receiver, Sender, bounded};

use super::prepare::{Prepared, Preparer};
use crate::error::{Error, Result};
use crate::ingest::raw::RawBatch;
use crate::ingest::source::{self, Source};
use crate::parallel;

/// Batches under way per thread.
const BATCHES_PER_THREAD: usize = 3;

/// A numbered batch, or what ended the file.
type Cut = (u64, Result<RawBatch>);

/// Runs a file through the stages; `consume` gets the batches in order, on this thread.
///
/// # Errors
/// What `consume` returns first. A failure of the file reaches it as the failure of a batch.
pub(super) fn run(
    source: &mut Source,
    preparer: &Preparer<'_>,
    mut consume: impl FnMut(Prepared) -> Result<()>,
) -> Result<()> {
    let parse_threads = parallel::bounded(preparer.options.parse_threads);
    let encode_threads = match preparer.options.encoder {
        Some(_) => parallel::bounded(preparer.options.encode_threads),
        None => 1,
    };
    let tickets = (parse_threads + encode_threads) * BATCHES_PER_THREAD;
    let file = source.name().to_owned();
    let (ticket_out, ticket_in) = bounded::<()>(tickets);
    let (cut_out, cut_in) = bounded::<Cut>(tickets);
    let (parsed_out, parsed_in) = bounded::<Prepared>(tickets);
    let (ready_out, ready_in) = bounded::<Prepared>(tickets);
    for _ in 0..tickets {
        // The queue is as long as there are tickets: this never waits.
        let _ = ticket_out.send(());
    }
    let ran = thread::scope(|scope| {
        // The cutter starts last: as long as it has not, nothing of the file is taken.
        let start_parse = |_| {
            let (input, output, file) = (cut_in.clone(), parsed_out.clone(), file.as_str());
            let work =
                move || input.iter().all(|cut| output.send(parse(file, preparer, cut)).is_ok());
            thread::Builder::new().spawn_scoped(scope, work).ok()
        };
        let parsers = (0..parse_threads).map_while(start_parse).count();
        let start_encode = |_| {
            let (input, output) = (parsed_in.clone(), ready_out.clone());
            let work =
                move || input.iter().all(|batch| output.send(embed(preparer, batch)).is_ok());
            thread::Builder::new().spawn_scoped(scope, work).ok()
        };
        let encoders = (0..encode_threads).map_while(start_encode).count();
        if parsers == 0 || encoders == 0 {
            return None;
        }
        let source = &mut *source;
        let work = move || cut(source, preparer, &ticket_in, &cut_out);
        thread::Builder::new().spawn_scoped(scope, work).ok()?;
        // Only the threads hold the other ends now: each stage ends when the one before it does,
        // and when this function returns early, every thread finds its queue closed.
        drop((cut_in, parsed_out, parsed_in, ready_out));
        let result = collect(&ready_in, &ticket_out, &mut consume);
        drop((ready_in, ticket_out));
        Some(result)
    });
    ran.unwrap_or_else(|| run_here(source, preparer, &mut consume))
}

/// [`run`] on this thread alone, where the system has no threads to give.
fn run_here(
    source: &mut Source,
    preparer: &Preparer<'_>,
    consume: &mut impl FnMut(Prepared) -> Result<()>,
) -> Result<()> {
    let file = source.name().to_owned();
    for sequence in 0.. {
        let batch = preparer.options.control.check().and_then(|()| source.take_batch());
        let Some(batch) = batch.transpose() else { break };
        let is_last = batch.is_err();
        consume(embed(preparer, parse(&file, preparer, (sequence, batch))))?;
        if is_last {
            break;
        }
    }
    Ok(())
}

fn cut(source: &mut Source, preparer: &Preparer<'_>, tickets: &Receiver<()>, output: &Sender<Cut>) {
    for sequence in 0.. {
        if tickets.recv().is_err() {
            return;
        }
        let batch = preparer.options.control.check().and_then(|()| source.take_batch());
        let Some(batch) = batch.transpose() else { return };
        let is_last = batch.is_err();
        if output.send((sequence, batch)).is_err() || is_last {
            return;
        }
    }
}

fn parse(file: &str, preparer: &Preparer<'_>, (sequence, batch): Cut) -> Prepared {
    let mut prepared = Prepared {
        sequence,
        end: 0,
        bytes_read: 0,
        digest: None,
        is_at_end: false,
        records: Vec::new(),
        failure: None,
        encoded: 0,
        reused: 0,
        without_vector: 0,
    };
    let batch = match batch {
        Ok(batch) => batch,
        Err(error) => {
            prepared.failure = Some(error);
            return prepared;
        }
    };
    prepared.end = batch.position + batch.records.len() as u64;
    prepared.bytes_read = batch.bytes_read;
    prepared.digest = batch.digest;
    prepared.is_at_end = batch.is_at_end;
    prepared.records.reserve_exact(batch.records.len());
    let parsed: Vec<_> =
        (0..batch.records.len()).map_while(|index| source::parse(file, &batch, index)).collect();
    let chosen = match preparer.choose(&parsed) {
        Ok(chosen) => chosen,
        Err(error) => {
            prepared.failure = Some(error);
            return prepared;
        }
    };
    for (parsed, is_chosen) in parsed.into_iter().zip(chosen) {
        let record = parsed.and_then(|parsed| preparer.ready(file, parsed, is_chosen));
        let record = match record {
            Err(error) if !matches!(error, Error::Input { .. }) => {
                prepared.failure = Some(error);
                break;
            }
            record => record,
        };
        prepared.records.push(record);
    }
    prepared
}

fn embed(preparer: &Preparer<'_>, mut batch: Prepared) -> Prepared {
    if batch.failure.is_none()
        && let Err(error) = preparer.embed(&mut batch)
    {
        batch.records.clear();
        batch.failure = Some(error);
    }
    batch
}

/// Puts batches back in order and hands them on.
fn collect(
    input: &Receiver<Prepared>,
    tickets: &Sender<()>,
    consume: &mut impl FnMut(Prepared) -> Result<()>,
) -> Result<()> {
    let mut early: BTreeMap<u64, Prepared> = BTreeMap::new();
    let mut next = 0;
    for batch in input {
        early.insert(batch.sequence, batch);
        while let Some(batch) = early.remove(&next) {
            consume(batch)?;
            next += 1;
            // The cutter may have ended already.
            let _ = tickets.try_send(());
        }
    }
    match early.is_empty() {
        true => Ok(()),
        // A thread that panicked takes its batch with it; the scope passes the panic on.
        false => Err(Error::Poisoned { reason: "an import thread stopped".into() }),
    }
}
