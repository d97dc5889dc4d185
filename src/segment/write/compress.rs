//! The threads that compress blocks, with a dictionary that the first of them trains.
//!
//! Blocks go in raw and come out compressed, first in, first out: threads take them in turn. How many are under way is
//! decided by their raw bytes alone ([`BlockCompressor::is_full`]), never by how quick a thread is, so its
//! owner does the same thing at the same block every time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;
use zstd::zstd_safe::DictAttachPref::ForceAttach;

use super::dictionary::train;
use crate::error::{Error, Result};

/// Raw bytes under way above which the owner waits for the oldest block: as much as a writer
/// produces while a dictionary is trained, so that it need not stand still. What waits when a
/// segment ends is compressed while the writer waits, so more would cost time there.
const QUEUE_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Compressing threads. Dropped early, they compress nothing more.
pub(super) struct BlockCompressor {
    workers: Vec<Worker>,
    /// The worker that gets the next block, and the one that has the oldest under way.
    newest: usize,
    oldest: usize,
    /// Raw bytes of each block under way, oldest first.
    under_way: VecDeque<usize>,
    under_way_bytes: usize,
    dictionary: Receiver<Arc<[u8]>>,
    dictionary_bytes_max: usize,
}

/// A thread, and the way to it and back.
struct Worker {
    /// `None` once the thread was told to stop.
    raw: Option<Sender<Vec<u8>>>,
    done: Receiver<Result<Box<[u8]>>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// What a dictionary is trained on.
pub(super) struct Samples {
    /// One after the other.
    pub(super) bytes: Vec<u8>,
    pub(super) lengths: Vec<usize>,
    /// Bytes that the dictionary has at most; 0: there is none.
    pub(super) dictionary_bytes: usize,
}

impl BlockCompressor {
    /// Starts `threads` threads, at least one. The first trains a dictionary on the samples.
    ///
    /// # Errors
    /// [`Error::Io`] when the system has no thread to give; with one, it works without the others.
    pub(super) fn start(level: i32, samples: Samples, threads: usize) -> Result<BlockCompressor> {
        let dictionary_bytes_max = samples.dictionary_bytes;
        let (trained, dictionary) = channel();
        let (mut followers, mut later) = (Vec::new(), Vec::new());
        for _ in 1..threads {
            let (trained, dictionary) = channel::<Arc<[u8]>>();
            let follow = move |raw: &_, done: &_| match dictionary.recv() {
                Ok(dictionary) => compress(level, &dictionary, raw, done),
                Err(_) => Ok(()),
            };
            let Ok(worker) = Worker::start(follow) else { break };
            followers.push(worker);
            later.push(trained);
        }
        let lead = move |raw: &_, done: &_| {
            let dictionary: Arc<[u8]> = match samples.dictionary_bytes {
                0 => Arc::default(),
                // Samples that are too uniform or too few to train on: go without.
                bytes => train(&samples.bytes, &samples.lengths, bytes, level).into(),
            };
            drop(samples);
            for trained in later.into_iter().chain([trained]) {
                // Nobody listens once the owner is gone.
                let _ = trained.send(Arc::clone(&dictionary));
            }
            compress(level, &dictionary, raw, done)
        };
        let mut workers = vec![Worker::start(lead)?];
        workers.append(&mut followers);
        Ok(BlockCompressor {
            workers,
            newest: 0,
            oldest: 0,
            under_way: VecDeque::new(),
            under_way_bytes: 0,
            dictionary,
            dictionary_bytes_max,
        })
    }

    /// Puts a block in the queue.
    ///
    /// # Errors
    /// What made a thread stop.
    pub(super) fn send(&mut self, raw: Vec<u8>) -> Result<()> {
        let (bytes, count) = (raw.len(), self.workers.len());
        let worker = self.workers.get(self.newest).ok_or_else(stopped)?;
        worker.send(raw)?;
        self.newest = (self.newest + 1) % count;
        self.under_way.push_back(bytes);
        self.under_way_bytes += bytes;
        Ok(())
    }

    /// Whether blocks should be taken out before more are put in.
    pub(super) fn is_full(&self) -> bool {
        self.under_way_bytes > QUEUE_BYTES_MAX
    }

    /// Waits for the oldest block under way; `None` when there is none.
    ///
    /// # Errors
    /// What made its thread stop.
    pub(super) fn next_block(&mut self) -> Result<Option<Box<[u8]>>> {
        let Some(&bytes) = self.under_way.front() else { return Ok(None) };
        let worker = self.workers.get(self.oldest).ok_or_else(stopped)?;
        let block = worker.done.recv().unwrap_or_else(|_| Err(stopped()))?;
        self.oldest = (self.oldest + 1) % self.workers.len();
        self.under_way.pop_front();
        self.under_way_bytes -= bytes;
        Ok(Some(block))
    }

    /// The dictionary, waiting for it if need be; ends the threads. Blocks still under way are lost.
    ///
    /// # Errors
    /// What made the first thread stop.
    pub(super) fn dictionary(self) -> Result<Arc<[u8]>> {
        self.dictionary.recv().map_err(|_| stopped())
    }

    /// Memory that the blocks under way and the dictionary take, as if none of them were done.
    pub(super) fn memory_bytes(&self) -> usize {
        self.under_way_bytes + self.under_way.len() * size_of::<usize>() + self.dictionary_bytes_max
    }
}

impl Worker {
    /// Starts a thread that works on what comes in until nothing more can come.
    fn start(
        run: impl FnOnce(&Receiver<Vec<u8>>, &Sender<Result<Box<[u8]>>>) -> Result<()> + Send + 'static,
    ) -> Result<Worker> {
        let (raw, raw_in) = channel();
        let (done_out, done) = channel();
        let thread = thread::Builder::new()
            .name("medvec-compress".into())
            .spawn(move || {
                if let Err(error) = run(&raw_in, &done_out) {
                    // An owner that is gone has nobody to tell.
                    let _ = done_out.send(Err(error));
                }
            })
            .map_err(|error| Error::io("start", "a compressing thread", error))?;
        Ok(Worker { raw: Some(raw), done, thread: Some(thread) })
    }

    /// Puts a block in the queue.
    ///
    /// # Errors
    /// Why the thread stopped: the error behind whatever it finished before.
    fn send(&self, raw: Vec<u8>) -> Result<()> {
        match &self.raw {
            Some(queue) if queue.send(raw).is_ok() => Ok(()),
            _ => Err(self.done.iter().find_map(Result::err).unwrap_or_else(stopped)),
        }
    }
}

impl Drop for BlockCompressor {
    /// Waits for the threads to end, so that nothing of a writer outlives it: at most as long as one
    /// block takes, or the dictionary.
    fn drop(&mut self) {
        for worker in &mut self.workers {
            drop(worker.raw.take());
            // Nobody listens any more: blocks that are still queued need not be compressed.
            let (_, nothing) = channel();
            drop(std::mem::replace(&mut worker.done, nothing));
        }
        for thread in self.workers.iter_mut().filter_map(|worker| worker.thread.take()) {
            // A panic in it was seen as a closed channel.
            let _ = thread.join();
        }
    }
}

fn stopped() -> Error {
    Error::Poisoned { reason: "a compressing thread stopped".into() }
}

fn compress(
    level: i32,
    dictionary: &[u8],
    raw: &Receiver<Vec<u8>>,
    done: &Sender<Result<Box<[u8]>>>,
) -> Result<()> {
    let mut compressor = Compressor::new(level).map_err(failed)?;
    // Of its own accord zstd copies the tables of the dictionary for every block above 16 KiB: 2 MiB
    // for the one long record that such a block holds.
    compressor.set_parameter(CParameter::ForceAttachDict(ForceAttach)).map_err(failed)?;
    compressor.set_dictionary(level, dictionary).map_err(failed)?;
    let mut packed = Vec::new();
    while let Ok(block) = raw.recv() {
        packed.clear();
        packed.reserve(zstd::zstd_safe::compress_bound(block.len()));
        compressor.compress_to_buffer(&block, &mut packed).map_err(failed)?;
        // Nobody listens once the owner is gone: then there is nothing more to do.
        if done.send(Ok(packed.as_slice().into())).is_err() {
            break;
        }
    }
    Ok(())
}

fn failed(error: std::io::Error) -> Error {
    Error::io("compress", "a document block", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressor(threads: usize) -> BlockCompressor {
        let samples = Samples { bytes: Vec::new(), lengths: Vec::new(), dictionary_bytes: 0 };
        BlockCompressor::start(3, samples, threads).expect("a thread")
    }

    #[test]
    fn blocks_come_out_in_order_and_whole() {
        for threads in [0, 1, 2, 5] {
            let mut compressor = compressor(threads);
            let blocks: Vec<Vec<u8>> =
                (0..100).map(|byte| vec![byte; 1000 + byte as usize]).collect();
            for block in &blocks {
                compressor.send(block.clone()).expect("sends");
            }
            for block in &blocks {
                let packed = compressor.next_block().expect("compresses").expect("one more");
                assert_eq!(&zstd::bulk::decompress(&packed, 4096).expect("is zstd"), block);
            }
            assert_eq!(compressor.next_block().expect("is empty"), None);
            assert_eq!(compressor.memory_bytes(), 0);
            assert!(compressor.dictionary().expect("none was asked for").is_empty());
        }
    }

    #[test]
    fn every_thread_has_the_dictionary_and_their_number_changes_nothing() {
        let records: Vec<u8> = (0..40_000u32)
            .flat_map(|number| format!("record {} of a trial, ", number.pow(2) % 997).into_bytes())
            .collect();
        let made = |threads| {
            let lengths = vec![500; records.len() / 500];
            let bytes = records[..lengths.len() * 500].to_vec();
            let samples = Samples { bytes, lengths, dictionary_bytes: 16 * 1024 };
            let mut compressor = BlockCompressor::start(6, samples, threads).expect("threads");
            let blocks: Vec<Vec<u8>> = records.chunks(7000).map(<[u8]>::to_vec).collect();
            for block in &blocks {
                compressor.send(block.clone()).expect("sends");
            }
            let next =
                |_: &Vec<u8>| compressor.next_block().expect("compresses").expect("one more");
            let packed: Vec<Box<[u8]>> = blocks.iter().map(next).collect();
            (packed, compressor.dictionary().expect("trained"))
        };
        let one = made(1);
        assert!(!one.1.is_empty());
        assert_eq!(made(2), one);
        assert_eq!(made(3), one);
        let plain = zstd::bulk::compress(&records[..7000], 6).expect("compresses");
        assert!(one.0[0].len() < plain.len());
    }

    #[test]
    fn is_full_by_raw_bytes_alone() {
        let mut compressor = compressor(2);
        while !compressor.is_full() {
            compressor.send(vec![0; 1 << 20]).expect("sends");
        }
        assert_eq!(compressor.under_way.len(), 7);
        assert!(compressor.memory_bytes() > QUEUE_BYTES_MAX);
        compressor.next_block().expect("compresses").expect("one more");
        assert!(!compressor.is_full());
    }

    #[test]
    fn dropping_it_with_work_under_way_ends_the_threads() {
        let mut compressor = compressor(2);
        for _ in 0..64 {
            compressor.send(vec![7; 1 << 16]).expect("sends");
        }
        for worker in &mut compressor.workers {
            worker.raw = None;
            // The thread drops its end when it is done: the iterator ends, rather than waits for ever.
            assert_eq!(worker.done.iter().count(), 32);
        }
    }

    #[test]
    fn an_error_comes_out_behind_the_blocks_before_it() {
        let mut compressor = compressor(1);
        let fail = |raw: &Receiver<Vec<u8>>, done: &Sender<Result<Box<[u8]>>>| {
            for block in raw.iter().take(1) {
                let _ = done.send(Ok(block.into()));
            }
            Err(failed(std::io::Error::other("full")))
        };
        compressor.workers = vec![Worker::start(fail).expect("a thread")];
        compressor.send(vec![1]).expect("is open");
        assert_eq!(compressor.next_block().expect("compresses").as_deref(), Some(&[1][..]));
        compressor.workers[0].thread.take().expect("runs").join().expect("ends");
        let error = compressor.send(vec![1]).expect_err("nobody listens");
        assert!(error.to_string().contains("full"), "{error}");
        compressor.under_way.push_back(1);
        let error = compressor.next_block().expect_err("nothing more comes");
        assert!(matches!(error, Error::Poisoned { .. }), "{error}");
    }
}
