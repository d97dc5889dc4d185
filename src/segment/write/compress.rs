//! The thread that trains a dictionary and compresses blocks with it, in order.
//!
//! Blocks go in raw and come out compressed, first in, first out. How many are under way is decided
//! by their raw bytes alone ([`BlockCompressor::is_full`]), never by how quick the thread is, so its
//! owner does the same thing at the same block every time.

use std::collections::VecDeque;
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

/// A compressing thread. Dropped early, it compresses nothing more.
pub(super) struct BlockCompressor {
    /// `None` once the thread was told to stop.
    raw: Option<Sender<Vec<u8>>>,
    done: Receiver<Result<Done>>,
    thread: Option<thread::JoinHandle<()>>,
    /// Raw bytes of each block under way, oldest first.
    under_way: VecDeque<usize>,
    under_way_bytes: usize,
    dictionary: Option<Vec<u8>>,
    dictionary_bytes_max: usize,
}

/// What the thread gives back.
enum Done {
    /// Once, before all else.
    Dictionary(Vec<u8>),
    Block(Box<[u8]>),
}

impl BlockCompressor {
    /// Starts the thread. It trains a dictionary of at most `dictionary_bytes` on the samples,
    /// which are one after the other with these lengths; none when that is zero.
    ///
    /// # Errors
    /// [`Error::Io`] when the system has no thread to give.
    pub(super) fn start(
        level: i32,
        samples: Vec<u8>,
        lengths: Vec<usize>,
        dictionary_bytes: usize,
    ) -> Result<BlockCompressor> {
        let (raw, raw_in) = channel();
        let (done_out, done) = channel();
        let thread = thread::Builder::new()
            .name("medvec-compress".into())
            .spawn(move || {
                if let Err(error) =
                    run(level, samples, lengths, dictionary_bytes, &raw_in, &done_out)
                {
                    // An owner that is gone has nobody to tell.
                    let _ = done_out.send(Err(error));
                }
            })
            .map_err(|error| Error::io("start", "the compressing thread", error))?;
        Ok(BlockCompressor {
            raw: Some(raw),
            done,
            thread: Some(thread),
            under_way: VecDeque::new(),
            under_way_bytes: 0,
            dictionary: None,
            dictionary_bytes_max: dictionary_bytes,
        })
    }

    /// Puts a block in the queue.
    ///
    /// # Errors
    /// What made the thread stop.
    pub(super) fn send(&mut self, raw: Vec<u8>) -> Result<()> {
        let bytes = raw.len();
        if self.raw.as_ref().is_none_or(|queue| queue.send(raw).is_err()) {
            return Err(self.failure());
        }
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
    /// What made the thread stop.
    pub(super) fn next_block(&mut self) -> Result<Option<Box<[u8]>>> {
        let Some(&bytes) = self.under_way.front() else { return Ok(None) };
        loop {
            match self.receive()? {
                Done::Dictionary(dictionary) => self.dictionary = Some(dictionary),
                Done::Block(block) => {
                    self.under_way.pop_front();
                    self.under_way_bytes -= bytes;
                    return Ok(Some(block));
                }
            }
        }
    }

    /// The dictionary, waiting for it if need be; ends the thread. Blocks still under way are lost.
    ///
    /// # Errors
    /// What made the thread stop.
    pub(super) fn dictionary(mut self) -> Result<Vec<u8>> {
        loop {
            match self.dictionary.take() {
                Some(dictionary) => return Ok(dictionary),
                None => {
                    if let Done::Dictionary(dictionary) = self.receive()? {
                        self.dictionary = Some(dictionary);
                    }
                }
            }
        }
    }

    /// Memory that the blocks under way and the dictionary take, as if none of them were done.
    pub(super) fn memory_bytes(&self) -> usize {
        self.under_way_bytes + self.under_way.len() * size_of::<usize>() + self.dictionary_bytes_max
    }

    fn receive(&self) -> Result<Done> {
        self.done.recv().unwrap_or_else(|_| Err(stopped()))
    }

    /// Why the thread stopped: the error behind whatever it finished before.
    fn failure(&self) -> Error {
        self.done.iter().find_map(Result::err).unwrap_or_else(stopped)
    }
}

impl Drop for BlockCompressor {
    /// Waits for the thread to end, so that nothing of a writer outlives it: at most as long as one
    /// block takes, or the dictionary.
    fn drop(&mut self) {
        drop(self.raw.take());
        // Nobody listens any more: blocks that are still queued need not be compressed.
        let (_, nothing) = channel();
        drop(std::mem::replace(&mut self.done, nothing));
        if let Some(thread) = self.thread.take() {
            // A panic in it was seen as a closed channel.
            let _ = thread.join();
        }
    }
}

fn stopped() -> Error {
    Error::Poisoned { reason: "the compressing thread stopped".into() }
}

fn run(
    level: i32,
    samples: Vec<u8>,
    lengths: Vec<usize>,
    dictionary_bytes: usize,
    raw: &Receiver<Vec<u8>>,
    done: &Sender<Result<Done>>,
) -> Result<()> {
    let dictionary = match dictionary_bytes {
        0 => Vec::new(),
        // Samples that are too uniform or too few to train on: go without.
        bytes => train(&samples, &lengths, bytes, level),
    };
    drop((samples, lengths));
    let mut compressor = Compressor::new(level).map_err(failed)?;
    // Of its own accord zstd copies the tables of the dictionary for every block above 16 KiB: 2 MiB
    // for the one long record that such a block holds.
    compressor.set_parameter(CParameter::ForceAttachDict(ForceAttach)).map_err(failed)?;
    compressor.set_dictionary(level, &dictionary).map_err(failed)?;
    let mut packed = Vec::new();
    // Nobody listens once the owner is gone: then there is nothing more to do.
    let mut is_wanted = done.send(Ok(Done::Dictionary(dictionary))).is_ok();
    while is_wanted && let Ok(block) = raw.recv() {
        packed.clear();
        packed.reserve(zstd::zstd_safe::compress_bound(block.len()));
        compressor.compress_to_buffer(&block, &mut packed).map_err(failed)?;
        is_wanted = done.send(Ok(Done::Block(packed.as_slice().into()))).is_ok();
    }
    Ok(())
}

fn failed(error: std::io::Error) -> Error {
    Error::io("compress", "a document block", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressor() -> BlockCompressor {
        BlockCompressor::start(3, Vec::new(), Vec::new(), 0).expect("a thread")
    }

    #[test]
    fn blocks_come_out_in_order_and_whole() {
        let mut compressor = compressor();
        let blocks: Vec<Vec<u8>> = (0..100).map(|byte| vec![byte; 1000 + byte as usize]).collect();
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

    #[test]
    fn is_full_by_raw_bytes_alone() {
        let mut compressor = compressor();
        while !compressor.is_full() {
            compressor.send(vec![0; 1 << 20]).expect("sends");
        }
        assert_eq!(compressor.under_way.len(), 7);
        assert!(compressor.memory_bytes() > QUEUE_BYTES_MAX);
        compressor.next_block().expect("compresses").expect("one more");
        assert!(!compressor.is_full());
    }

    #[test]
    fn dropping_it_with_work_under_way_ends_the_thread() {
        let mut compressor = compressor();
        for _ in 0..64 {
            compressor.send(vec![7; 1 << 16]).expect("sends");
        }
        compressor.raw = None;
        // The thread drops its end when it is done: the iterator ends, rather than waits for ever.
        assert_eq!(compressor.done.iter().count(), 65);
    }

    #[test]
    fn an_error_comes_out_behind_the_blocks_before_it() {
        let (raw, raw_in) = channel();
        let (done_out, done) = channel();
        done_out.send(Ok(Done::Block([1].into()))).expect("is open");
        done_out.send(Err(failed(std::io::Error::other("full")))).expect("is open");
        drop((raw_in, done_out));
        let mut compressor = BlockCompressor {
            raw: Some(raw),
            done,
            thread: None,
            under_way: VecDeque::from([1]),
            under_way_bytes: 1,
            dictionary: None,
            dictionary_bytes_max: 0,
        };
        let error = compressor.send(vec![1]).expect_err("nobody listens");
        assert!(error.to_string().contains("full"), "{error}");
        let error = compressor.next_block().expect_err("nothing more comes");
        assert!(matches!(error, Error::Poisoned { .. }), "{error}");
    }
}
