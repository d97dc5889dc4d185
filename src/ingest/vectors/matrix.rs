//! Rows of numbers in a file that is read from front to back: what arrays of numpy, tensors and fvecs
//! have in common once their headers are read.

use std::path::Path;

use super::kind::Kind;
use super::layout::Layout;
use super::{fvecs, npy, safetensors};
use crate::error::Result;
use crate::format::manifest::SourceEntry;
use crate::ingest::input::Input;
use crate::ingest::raw::input_error;
use crate::ingest::window::Window;

/// An open matrix, read from front to back.
pub(super) struct Matrix {
    window: Window,
    layout: Layout,
    given: u64,
}

impl Matrix {
    /// Opens a file and checks its type of numbers, shape and, unless it is packed, its size.
    ///
    /// # Errors
    /// [`crate::Error::Io`], [`crate::Error::Input`].
    pub(super) fn open(kind: Kind, path: &Path) -> Result<Matrix> {
        let mut window = Window::new(Input::open(path)?);
        let layout = match kind {
            Kind::Safetensors => safetensors::read_layout(&mut window)?,
            Kind::Fvecs => fvecs::read_layout(&mut window)?,
            Kind::Npy | Kind::Parquet => npy::read_layout(&mut window)?,
        };
        let matrix = Matrix { window, layout, given: 0 };
        matrix.check_size()?;
        Ok(matrix)
    }

    /// Compares the size of a file that is not packed with the header.
    fn check_size(&self) -> Result<()> {
        let (Some(len), Some(bytes)) = (self.layout.len, self.window.input().plain_bytes()) else {
            return Ok(());
        };
        let rows = u128::from(len) * self.layout.row_bytes() as u128;
        let wanted = rows + u128::from(self.window.offset()) + u128::from(self.layout.behind);
        if u128::from(bytes) == wanted {
            return Ok(());
        }
        Err(input_error(
            self.name(),
            "the whole file".into(),
            format!(
                "{bytes} bytes, but {len} vectors of {} numbers need {wanted}: the file is {}",
                self.layout.dimension,
                if u128::from(bytes) < wanted { "cut; fetch it again" } else { "too long" }
            ),
        ))
    }

    pub(super) fn name(&self) -> &str {
        self.window.input().name()
    }

    pub(super) fn dimension(&self) -> usize {
        self.layout.dimension
    }

    /// Rows; those of a packed file without a header are as many as there are ids.
    ///
    /// # Errors
    /// [`crate::Error::Input`] for another number of ids.
    pub(super) fn settle_len(&mut self, ids: u64, list: &str) -> Result<u64> {
        let len = *self.layout.len.get_or_insert(ids);
        if ids == len {
            return Ok(len);
        }
        let detail = format!("{ids} ids, but {} holds {len} vectors", self.name());
        Err(input_error(list, "the whole list".into(), detail))
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.window.input().bytes_read()
    }

    pub(super) fn entry(&self, records: u64, complete: bool) -> SourceEntry {
        self.window.input().entry(records, complete)
    }

    /// The next vector; there must be one.
    ///
    /// # Errors
    /// [`crate::Error::Input`] when the file ends before it does, or it has another length than the first.
    pub(super) fn next(&mut self) -> Result<Vec<f32>> {
        self.fill()?;
        let bytes = self.window.bytes().get(self.layout.prefix..self.layout.row_bytes());
        let vector = self.layout.numbers.read(bytes.unwrap_or_default());
        self.pass();
        Ok(vector)
    }

    /// Passes over a vector.
    ///
    /// # Errors
    /// As [`Matrix::next`].
    pub(super) fn skip(&mut self) -> Result<()> {
        self.fill()?;
        self.pass();
        Ok(())
    }

    fn pass(&mut self) {
        self.window.consume(self.layout.row_bytes());
        self.given += 1;
    }

    /// Checks that nothing follows the last vector but what the header says.
    ///
    /// # Errors
    /// [`crate::Error::Input`].
    pub(super) fn end(&mut self) -> Result<()> {
        let mut behind = self.layout.behind;
        loop {
            let passed = behind.min(self.window.bytes().len() as u64);
            self.window.consume(passed as usize);
            behind -= passed;
            if !self.window.bytes().is_empty() {
                let place = format!("byte {} of the array", self.window.offset());
                let detail = format!("more bytes than {} vectors", self.given);
                return Err(input_error(self.name(), place, detail));
            }
            if !self.window.fill()? {
                break;
            }
        }
        match behind {
            0 => Ok(()),
            _ => {
                let detail = format!("the file ends {behind} bytes too early: fetch it again");
                Err(input_error(self.name(), "its end".into(), detail))
            }
        }
    }

    fn fill(&mut self) -> Result<()> {
        let place = || format!("vector {}", self.given);
        while self.window.bytes().len() < self.layout.row_bytes() {
            if !self.window.fill()? {
                let len = self.layout.len.unwrap_or_default();
                let detail = format!(
                    "the file ends inside of it; {len} vectors are expected: fetch it again"
                );
                return Err(input_error(self.window.input().name(), place(), detail));
            }
        }
        if self.layout.prefix == 0 {
            return Ok(());
        }
        let found = fvecs::length_of_row(self.window.bytes());
        if usize::try_from(found) == Ok(self.layout.dimension) {
            return Ok(());
        }
        let detail = format!(
            "it has {found} numbers, the first one of this file has {}",
            self.layout.dimension
        );
        Err(input_error(self.window.input().name(), place(), detail))
    }
}
