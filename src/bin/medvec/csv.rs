//! Comma-separated values (RFC 4180).

use std::io::{self, Write};

/// Writes one record.
pub(crate) fn record(out: &mut dyn Write, values: &[&str]) -> io::Result<()> {
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        if value.contains([',', '"', '\n', '\r']) || value.starts_with(' ') || value.ends_with(' ')
        {
            write!(out, "\"{}\"", value.replace('"', "\"\""))?;
        } else {
            out.write_all(value.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_that_need_it_are_quoted() {
        let mut out = Vec::new();
        record(&mut out, &["a", "b,c", "d\"e", "", "two\nlines"]).unwrap();
        assert_eq!(out, b"a,\"b,c\",\"d\"\"e\",,\"two\nlines\"\r\n");
    }
}
