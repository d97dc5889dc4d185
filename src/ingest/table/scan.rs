//! Where a row ends.

/// Where a scan for the end of a row stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    CellStart,
    Bare,
    Quoted,
    /// Behind a quote in a quoted cell: its end, or the first of two.
    Closing,
}

impl State {
    /// The state behind a byte; `None` at the end of the row.
    pub(super) fn step(self, byte: u8, separator: u8, line_end: u8) -> Option<State> {
        Some(match (self, byte) {
            (State::Quoted, b'"') => State::Closing,
            (State::Quoted, _) => State::Quoted,
            (State::Closing, b'"') => State::Quoted,
            (_, byte) if byte == line_end => return None,
            (State::CellStart, b'"') => State::Quoted,
            (_, byte) if byte == separator => State::CellStart,
            _ => State::Bare,
        })
    }
}

/// The first row of a table and what ends its rows: a line feed or, as spreadsheets of the classic Mac OS write, a
/// carriage return that no line feed follows. `None` for a row that does not end here.
pub(super) fn first_row(bytes: &[u8], separator: u8) -> (&[u8], Option<u8>) {
    let (mut state, mut before) = (State::CellStart, 0);
    for (place, &byte) in bytes.iter().enumerate() {
        let is_quoted = state == State::Quoted;
        match state.step(byte, separator, b'\n') {
            Some(next) => state = next,
            None => return (bytes.get(..place).unwrap_or_default(), Some(b'\n')),
        }
        if byte == b'\r' && before != b'\r' && !is_quoted {
            // Some programs write several before a line feed.
            let behind = bytes.iter().skip(place).find(|byte| **byte != b'\r');
            if behind.is_some_and(|byte| *byte != b'\n') {
                return (bytes.get(..place).unwrap_or_default(), Some(b'\r'));
            }
        }
        before = byte;
    }
    (bytes, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_outside_of_quotes() {
        for (bytes, row, end) in [
            (&b"a,b\nc"[..], &b"a,b"[..], Some(b'\n')),
            (b"a,b\r\nc", b"a,b\r", Some(b'\n')),
            (b"a,b\r\r\nc", b"a,b\r\r", Some(b'\n')),
            (b"a,b\rc,d\r", b"a,b", Some(b'\r')),
            (b"a,\"b\r\nc\"\"\rd\"\re", b"a,\"b\r\nc\"\"\rd\"", Some(b'\r')),
            (b"a\"\n\"b", b"a\"", Some(b'\n')),
            (b"a,\"b\nc", b"a,\"b\nc", None),
            (b"a,b\r", b"a,b\r", None),
        ] {
            assert_eq!(first_row(bytes, b','), (row, end), "{}", bytes.escape_ascii());
        }
    }
}
