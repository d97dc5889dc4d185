//! Cuts a table into rows; a quoted cell may hold line breaks.

use std::sync::Arc;

use super::columns::ColumnMap;
use super::duplicates::Duplicates;
use super::header::Header;
use super::scan::State;
use crate::error::Result;
use crate::ingest::raw::{RECORD_BYTES_MAX, RawBatch, RawKind};
use crate::ingest::window::Window;

/// Cuts rows behind the header.
pub(in crate::ingest) struct TableCutter {
    header: Arc<Header>,
    /// Bytes of the window that were looked through.
    scanned: usize,
    state: State,
    /// Line ends among them.
    lines: u64,
    /// Whether the rest of the row is to be dropped.
    overlong: bool,
    duplicates: Duplicates,
}

impl TableCutter {
    /// A cutter for a table at the start of `bytes`; `None` where they are not a header.
    ///
    /// # Errors
    /// As [`Header::sniff`].
    pub(in crate::ingest) fn sniff(
        bytes: &[u8],
        map: Option<&ColumnMap>,
    ) -> std::result::Result<Option<TableCutter>, String> {
        let header = Header::sniff(bytes, map)?;
        Ok(header.map(|header| TableCutter {
            header: Arc::new(header),
            scanned: 0,
            state: State::CellStart,
            lines: 0,
            overlong: false,
            duplicates: Duplicates::default(),
        }))
    }

    /// Rows left out so far.
    pub(in crate::ingest) fn duplicates(&self) -> u64 {
        self.duplicates.dropped
    }

    /// Adds the next row to `batch`; `false` at the end. The first row is the header, and no record.
    ///
    /// # Errors
    /// As [`Window::fill`].
    pub(in crate::ingest) fn next(
        &mut self,
        window: &mut Window,
        batch: &mut RawBatch,
    ) -> Result<bool> {
        batch.table = Some(self.header.clone());
        loop {
            let is_whole = self.scan(window.bytes());
            if !is_whole && window.bytes().len() <= RECORD_BYTES_MAX {
                if window.fill()? {
                    continue;
                }
                let added = self.take(window, batch);
                self.consume(window);
                return Ok(added);
            }
            let added = match is_whole {
                true => self.take(window, batch),
                false => self.drop_overlong(window, batch),
            };
            self.consume(window);
            if is_whole {
                self.state = State::CellStart;
            }
            if added {
                return Ok(true);
            }
        }
    }

    /// Looks for the end of the row; `true` when it is found, and `scanned` is behind it.
    fn scan(&mut self, bytes: &[u8]) -> bool {
        let (separator, line_end) = (self.header.separator as u8, self.header.line_end);
        while let Some(&byte) = bytes.get(self.scanned) {
            self.scanned += 1;
            self.lines += u64::from(byte == line_end);
            match self.state.step(byte, separator, line_end) {
                Some(next) => self.state = next,
                None => return true,
            }
        }
        false
    }

    fn take(&mut self, window: &Window, batch: &mut RawBatch) -> bool {
        if std::mem::take(&mut self.overlong) {
            return false;
        }
        let row = window.bytes().get(..self.scanned).unwrap_or_default();
        let is_header = window.line() == self.header.line;
        if is_header || row.trim_ascii().is_empty() {
            return false;
        }
        if self.header.is_cord19 && self.duplicates.drop(&self.header, row) {
            return false;
        }
        batch.push(RawKind::Row, row, window.offset(), window.line());
        true
    }

    fn drop_overlong(&mut self, window: &Window, batch: &mut RawBatch) -> bool {
        let is_first = !std::mem::replace(&mut self.overlong, true);
        if is_first {
            batch.push(RawKind::Bad, OVERLONG.as_bytes(), window.offset(), window.line());
        }
        is_first
    }

    fn consume(&mut self, window: &mut Window) {
        (0..std::mem::take(&mut self.lines)).for_each(|_| window.end_line());
        window.consume(std::mem::take(&mut self.scanned));
    }
}

const OVERLONG: &str = "the row is longer than 16 MiB; perhaps a quote is not closed";
