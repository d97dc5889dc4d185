//! Embeds the documents that wait for their vectors.

use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use roaring::RoaringBitmap;

use super::super::embedding::{CALL_TEXTS, Embedder};
use super::super::pending::pending_rows;
use super::super::setters::setters;
use super::super::writer::Writer;
use crate::control::Control;
use crate::document::Document;
use crate::encoder::{Encoder, EncoderInput};
use crate::error::{Error, Result};
use crate::ids::{Generation, RowId};
use crate::parallel;
use crate::segment::{Draft, Segment};

/// Documents in memory at a time, per thread.
const WAVE_TEXTS: usize = 128;

/// Segments after which they are merged: each commit makes one.
const SEGMENTS_MAX: usize = 32;

/// How pending documents are embedded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EmbedOptions {
    /// Threads that call the encoder; at most 512 are started.
    pub threads: usize,
    /// Most texts per call.
    pub batch: usize,
    /// The longest that a call should take: the number of texts per call adapts to it. Every encoder
    /// reacts to a pause or cancel between calls; those of this crate also react within a call, every
    /// few milliseconds.
    pub call_time: Duration,
    /// Documents between commits.
    pub commit_every: u64,
    /// Time between commits.
    pub commit_after: Duration,
}

setters!(EmbedOptions {
    threads: usize,
    batch: usize,
    call_time: Duration,
    commit_every: u64,
    commit_after: Duration,
});

impl Default for EmbedOptions {
    /// One thread per core, calls of at most 32 texts and about 40 ms, and a commit every 50,000 documents
    /// or every minute.
    fn default() -> EmbedOptions {
        EmbedOptions {
            threads: parallel::cores(),
            batch: CALL_TEXTS,
            call_time: Duration::from_millis(40),
            commit_every: 50_000,
            commit_after: Duration::from_secs(60),
        }
    }
}

/// How far embedding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbedProgress {
    /// Documents embedded so far.
    pub done: u64,
    /// Documents that waited at the start.
    pub total: u64,
    /// Whether what is done is being committed.
    pub is_committing: bool,
}

/// What embedding did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbedReport {
    /// Documents that got a vector.
    pub embedded: u64,
    /// Documents that get none, because the encoder has none for their text.
    pub without_vector: u64,
    /// The committed state.
    pub generation: Generation,
}

impl Writer {
    /// Embeds all documents that wait for a vector ([`crate::db::Snapshot::pending`]) with the writer's
    /// encoder. Commits what the writer holds first, then at the intervals of the options, and at the end.
    /// Searches go on meanwhile and find what is committed.
    ///
    /// A row is written anew with its vector, and the old one is dropped by the next
    /// [`Writer::compact`]. Memory: some hundred documents, and the writer's buffer.
    ///
    /// # Errors
    /// [`Error::Encoder`] when there is no encoder or it fails. [`Error::Cancelled`] and
    /// [`Error::DeadlineExceeded`] drop the calls under way, and the writer stays usable:
    /// [`Writer::commit`] keeps what was embedded since the last commit, dropping the writer forgets
    /// it. As [`Writer::commit`].
    pub fn embed_pending(
        &mut self,
        options: &EmbedOptions,
        control: &Control,
        progress: &mut dyn FnMut(EmbedProgress),
    ) -> Result<EmbedReport> {
        self.check_usable()?;
        let Some(encoder) = self.encoder().cloned() else {
            return Err(Error::Encoder {
                name: "none".into(),
                detail: "this writer was opened without an encoder: there is nothing to embed with"
                    .into(),
            });
        };
        self.commit()?;
        self.guarded(|writer| {
            let (embedded, without_vector) =
                writer.embed_all(&*encoder, options, control, progress)?;
            let generation = writer.snapshot().generation();
            Ok(EmbedReport { embedded, without_vector, generation })
        })
    }

    fn embed_all(
        &mut self,
        encoder: &dyn Encoder,
        options: &EmbedOptions,
        control: &Control,
        progress: &mut dyn FnMut(EmbedProgress),
    ) -> Result<(u64, u64)> {
        let mut parts: Vec<(Segment, RoaringBitmap)> = Vec::new();
        for view in &self.snapshot().state().views {
            parts.push((view.segment.clone(), pending_rows(view)?));
        }
        let total = parts.iter().map(|(_, rows)| rows.len()).sum();
        let mut rows = parts
            .iter()
            .flat_map(|(segment, rows)| rows.iter().map(move |row| (segment, RowId(row))));
        let (mut done, mut committed, mut since) = (0, 0, Instant::now());
        let mut without = 0;
        loop {
            control.check()?;
            let mut wave = Vec::new();
            for (segment, row) in
                rows.by_ref().take(WAVE_TEXTS * parallel::bounded(options.threads))
            {
                wave.push(segment.document(row)?);
            }
            if wave.is_empty() {
                break;
            }
            let before = done;
            let mut report = |count: usize| {
                done = before + count as u64;
                progress(EmbedProgress { done, total, is_committing: false });
            };
            without += self.embed_wave(&wave, encoder, options, control, &mut report)?;
            if done - committed >= options.commit_every || since.elapsed() >= options.commit_after {
                progress(EmbedProgress { done, total, is_committing: true });
                self.commit_changes()?;
                if self.snapshot().manifest().segments.len() > SEGMENTS_MAX {
                    self.compact(control)?;
                }
                (committed, since) = (done, Instant::now());
            }
        }
        progress(EmbedProgress { done, total, is_committing: true });
        self.commit_changes()?;
        Ok((done - without, without))
    }

    /// Embeds documents and writes those that were embedded, also when the rest failed; returns how
    /// many have no vector.
    fn embed_wave(
        &mut self,
        documents: &[Document],
        encoder: &dyn Encoder,
        options: &EmbedOptions,
        control: &Control,
        report: &mut dyn FnMut(usize),
    ) -> Result<u64> {
        let inputs: Vec<EncoderInput> = documents.iter().map(Document::encoder_input).collect();
        let (vectors, outcome) = encode(encoder, &inputs, options, control, report);
        let mut without = 0;
        for ((document, input), vector) in documents.iter().zip(&inputs).zip(vectors) {
            let Some(made) = vector else { continue };
            let draft = Draft::new(document)?;
            without += u64::from(made.is_none());
            self.put_embedded(&draft, made.as_deref(), input.hash())?;
        }
        outcome.map(|()| without)
    }
}

/// Texts that threads take from.
struct Queue {
    next: usize,
    /// Texts of the next call.
    size: usize,
}

/// What an encoder made of a text: `None` where it has no vector for it.
type Made = Option<Vec<f32>>;

/// The vectors of texts, as far as the encoder came, and the error that stopped the rest.
fn encode(
    encoder: &dyn Encoder,
    inputs: &[EncoderInput],
    options: &EmbedOptions,
    control: &Control,
    report: &mut dyn FnMut(usize),
) -> (Vec<Option<Made>>, Result<()>) {
    let embedder = Embedder { encoder, batch: options.batch, control };
    let queue = Mutex::new(Queue { next: 0, size: 1 });
    let work = |sender: mpsc::Sender<(usize, Vec<Made>)>| {
        loop {
            let range = {
                let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                let start = queue.next;
                queue.next = inputs.len().min(start + queue.size);
                start..queue.next
            };
            let texts = inputs.get(range.clone()).unwrap_or_default();
            if texts.is_empty() {
                return Ok(());
            }
            let begun = Instant::now();
            let made = embedder.call(texts);
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            match made {
                Ok(vectors) => {
                    queue.size = next_size(texts.len(), begun.elapsed(), options);
                    // Nobody listens any more only when the caller's thread has panicked.
                    let _ = sender.send((range.start, vectors));
                }
                Err(error) => {
                    // Nobody takes more.
                    queue.next = inputs.len();
                    return Err(error);
                }
            }
        }
    };
    let mut vectors: Vec<Option<Made>> = vec![None; inputs.len()];
    let outcome = thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let start = |_| {
            let (work, sender) = (&work, sender.clone());
            thread::Builder::new().spawn_scoped(scope, move || work(sender)).ok()
        };
        // Fewer threads where the system has no more; this one where it has none.
        let workers: Vec<_> = (0..parallel::bounded(options.threads)).map_while(start).collect();
        let own = if workers.is_empty() { work(sender.clone()) } else { Ok(()) };
        drop(sender);
        let mut done = 0;
        for (start, made) in receiver {
            let places = vectors.get_mut(start..).unwrap_or_default();
            for (place, made) in places.iter_mut().zip(made) {
                *place = Some(made);
                done += 1;
            }
            report(done);
        }
        let outcomes = workers.into_iter().map(|worker| match worker.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(own).chain(outcomes).collect::<Vec<Result<()>>>().into_iter().collect()
    });
    (vectors, outcome)
}

/// Texts of the next call: as many as fit the time, at most twice as many as in this one.
fn next_size(texts: usize, took: Duration, options: &EmbedOptions) -> usize {
    let fitting = options.call_time.as_secs_f64() / took.as_secs_f64().max(1e-9) * texts as f64;
    (fitting as usize).clamp(1, (texts * 2).min(options.batch.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_grow_to_the_batch_and_shrink_to_the_time() {
        let options = EmbedOptions::default();
        let (quick, slow) = (Duration::from_micros(50), Duration::from_secs(1));
        assert_eq!(next_size(1, quick, &options), 2);
        assert_eq!(next_size(30, quick, &options), 32);
        assert_eq!(next_size(32, slow, &options), 1);
        assert_eq!(next_size(8, Duration::from_millis(80), &options), 4);
        assert_eq!(next_size(1, Duration::ZERO, &options), 2);
    }
}
