//! What every command is given.

use std::io::{self, BufWriter, Write};

use medvec::{CancelToken, Control};

use crate::interrupt::cancel_on_interrupt;
use crate::wrap;

/// Standard output and the wishes that hold for all commands.
pub(crate) struct Context {
    /// Standard output; colours are dropped where they are not wanted.
    pub(crate) out: Output,
    /// No progress and no remarks.
    pub(crate) quiet: bool,
    /// Columns to fill.
    pub(crate) columns: usize,
    cancel: CancelToken,
}

impl Context {
    /// The context of this process.
    pub(crate) fn new(quiet: bool) -> Context {
        Context {
            out: Output(BufWriter::new(anstream::stdout())),
            quiet,
            columns: wrap::columns(),
            cancel: cancel_on_interrupt(),
        }
    }

    /// Stops calls on Ctrl-C.
    pub(crate) fn control(&self) -> Control {
        Control { cancel: Some(self.cancel.clone()), ..Control::default() }
    }

    /// A line for the person at the terminal, on standard error, after what was written so far.
    pub(crate) fn remark(&mut self, line: impl AsRef<str>) {
        if !self.quiet {
            // A failure shows up again at the next write.
            let _ = self.out.flush();
            anstream::eprintln!("{}", line.as_ref());
        }
    }
}

/// Buffered standard output.
pub(crate) struct Output(BufWriter<anstream::Stdout>);

impl Output {
    /// Writes out what is buffered.
    pub(crate) fn flush_all(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
