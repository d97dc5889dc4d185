//! The part of a stream that is in memory: grows at its end, shrinks at its start.

use crate::error::Result;

use super::input::Input;

/// A window over an [`Input`].
pub(super) struct Window {
    input: Input,
    data: Vec<u8>,
    start: usize,
    offset: u64,
    line: u64,
}

impl Window {
    /// A window at the start of `input`, still empty.
    pub(super) fn new(input: Input) -> Window {
        Window { input, data: Vec::new(), start: 0, offset: 0, line: 1 }
    }

    /// The file behind it.
    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// What is in memory and not yet consumed.
    pub(super) fn bytes(&self) -> &[u8] {
        self.data.get(self.start..).unwrap_or_default()
    }

    /// Place of the first byte of [`Window::bytes`] in the unpacked stream.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Line of the first byte, from 1; only as right as the calls to [`Window::end_line`].
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Counts a line.
    pub(super) fn end_line(&mut self) {
        self.line += 1;
    }

    /// Reads more; `false` at the end of the stream. Moves the bytes in memory only when at least
    /// as many were consumed, so that the cost stays linear.
    ///
    /// # Errors
    /// As [`Input::read_into`].
    pub(super) fn fill(&mut self) -> Result<bool> {
        if self.start >= self.data.len() - self.start {
            self.data.drain(..self.start);
            self.start = 0;
        }
        self.input.read_into(&mut self.data)
    }

    /// Drops the first `count` bytes, at most all of them.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.data.len() - self.start);
        self.start += count;
        self.offset += count as u64;
    }
}
