//! The one place where text for people is written, and where it is made harmless.
//!
//! Titles, keys, file names and error messages come from elsewhere, and a terminal obeys what it
//! reads: an escape sequence in a title sets colours, moves the cursor, or worse. So every text goes
//! through [`sanitize`] on its way out, on a terminal or not: control characters other than line feed
//! and tab, and characters that reorder or break lines, become U+FFFD. Our own colours survive because
//! a [`Style`] is written as a mark that only this process knows, which turns into an escape sequence
//! here.
//!
//! Formats for programs are not changed on the way into a file or a pipe. JSON escapes these
//! characters by its own rules (`export::json`); CSV and key lists pass through here on a terminal.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::OnceLock;

use anstyle::AnsiColor;
use medvec::export::json;

/// What stands in place of a harmful character.
const REPLACEMENT: char = '\u{fffd}';
/// First character of a style's mark: a noncharacter, which no text holds for a purpose.
const MARK: char = '\u{fdd0}';
/// Characters of a mark: [`MARK`], the process's number in hexadecimal, the style's letter.
const MARK_DIGITS: usize = 16;

/// A style of text. Displayed, it starts; displayed with `#`, it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Bold,
    Faint,
    Cyan,
    Yellow,
    Green,
    Red,
}

impl Style {
    const ALL: [(char, Style); 7] = [
        ('p', Style::Plain),
        ('b', Style::Bold),
        ('f', Style::Faint),
        ('c', Style::Cyan),
        ('y', Style::Yellow),
        ('g', Style::Green),
        ('r', Style::Red),
    ];
    /// The letter of a style's end.
    const END: char = 'e';

    fn ansi(self) -> anstyle::Style {
        let style = anstyle::Style::new();
        match self {
            Style::Plain => style,
            Style::Bold => style.bold(),
            Style::Faint => style.dimmed(),
            Style::Cyan => AnsiColor::Cyan.on_default(),
            Style::Yellow => AnsiColor::Yellow.on_default().bold(),
            Style::Green => AnsiColor::Green.on_default(),
            Style::Red => AnsiColor::Red.on_default().bold(),
        }
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Style::Plain {
            return Ok(());
        }
        let own = Style::ALL.iter().find(|(_, style)| style == self);
        let letter = own.map_or('p', |(letter, _)| *letter);
        let letter = if f.alternate() { Style::END } else { letter };
        // In one piece: a writer sees whole marks.
        f.write_str(&format!("{MARK}{:016x}{letter}", number()))
    }
}

/// The number in the marks of this process: no text that was written before can hold it.
fn number() -> u64 {
    static NUMBER: OnceLock<u64> = OnceLock::new();
    *NUMBER.get_or_init(|| RandomState::new().hash_one(std::process::id()))
}

/// Whether a character must not reach a terminal, or stands for something on the way to one.
pub(crate) fn is_harmful(c: char) -> bool {
    c == MARK || json::is_harmful(c)
}

/// A text that a terminal shows and does not obey; styles become escape sequences.
pub(crate) fn sanitize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_harmful) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        match style_at(found) {
            Some((sequence, after)) => {
                out.push_str(&sequence);
                rest = after;
            }
            None => {
                out.push(REPLACEMENT);
                let mut after = found.chars();
                after.next();
                rest = after.as_str();
            }
        }
    }
    out.push_str(rest);
    out
}

/// As [`sanitize`], for a text that must stay on its line.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}

/// The escape sequence of a style's mark at the front of a text, and what follows it.
fn style_at(text: &str) -> Option<(String, &str)> {
    let rest = text.strip_prefix(MARK)?;
    let digits = rest.get(..MARK_DIGITS)?;
    if digits != format!("{:016x}", number()) {
        return None;
    }
    let mut rest = rest.get(MARK_DIGITS..)?.chars();
    let letter = rest.next()?;
    let sequence = match letter {
        Style::END => anstyle::Reset.to_string(),
        letter => {
            let (_, style) = Style::ALL.iter().find(|(own, _)| *own == letter)?;
            style.ansi().to_string()
        }
    };
    Some((sequence, rest.as_str()))
}

/// Writes a line on standard error. What cannot be written there is lost: there is no other place to
/// say so.
pub(crate) fn say(line: impl AsRef<str>) {
    let _ = writeln!(anstream::stderr(), "{}", sanitize(line.as_ref()));
}

/// Buffered standard output: for people as it is, for programs through [`Output::machine`].
pub(crate) struct Output {
    text: BufWriter<anstream::Stdout>,
    machine: BufWriter<io::Stdout>,
    is_terminal: bool,
}

impl Output {
    /// The standard output of this process.
    pub(crate) fn new() -> Output {
        Output {
            text: BufWriter::new(anstream::stdout()),
            machine: BufWriter::new(io::stdout()),
            is_terminal: io::stdout().is_terminal(),
        }
    }

    /// For what programs read: bytes as they are, unless a terminal would show them.
    pub(crate) fn machine(&mut self) -> Machine<'_> {
        Machine(self)
    }

    /// Writes out what is buffered.
    pub(crate) fn flush_all(&mut self) -> io::Result<()> {
        self.text.flush()?;
        self.machine.flush()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.machine.buffer().is_empty() {
            self.machine.flush()?;
        }
        // Text comes in whole characters; what is not text is harmless after this, too.
        self.text.write_all(sanitize(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_all()
    }
}

/// See [`Output::machine`].
pub(crate) struct Machine<'a>(&'a mut Output);

impl Write for Machine<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.is_terminal {
            return self.0.write(bytes);
        }
        if !self.0.text.buffer().is_empty() {
            self.0.text.flush()?;
        }
        self.0.machine.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_that_a_terminal_obeys_gets_through() {
        for c in (0..=0x10ffff).filter_map(char::from_u32) {
            let text = format!("a{c}b");
            let safe = sanitize(&text);
            let code = u32::from(c);
            let bad = (code < 0x20 && c != '\n' && c != '\t')
                || (0x7f..0xa0).contains(&code)
                || (0x2028..=0x202e).contains(&code)
                || (0x2066..=0x2069).contains(&code)
                || c == MARK;
            assert_eq!(safe != text, bad, "{code:x}");
            if bad {
                assert_eq!(safe, "a\u{fffd}b", "{code:x}");
            }
        }
    }

    #[test]
    fn styles_of_ours_become_colours_and_those_of_others_do_not() {
        let styled = format!("{}x{:#}", Style::Red, Style::Red);
        assert_eq!(sanitize(&styled), "\u{1b}[1m\u{1b}[31mx\u{1b}[0m");
        assert_eq!(format!("{}x{:#}", Style::Plain, Style::Plain), "x");
        let guessed = format!("{MARK}{:016x}r\u{1b}[31mx", number().wrapping_add(1));
        assert!(!sanitize(&guessed).contains('\u{1b}'));
        for cut in styled.char_indices().map(|(at, _)| at) {
            sanitize(&styled[..cut]);
            assert!(!sanitize(&styled[cut..]).contains(MARK));
        }
    }
}
