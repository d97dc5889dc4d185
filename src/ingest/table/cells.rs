//! One row taken apart.

use std::borrow::Cow;

/// The cells of a row. A quote counts at the start of a cell only, as in RFC 4180; in it, two quotes stand for
/// one.
///
/// # Errors
/// The byte of a quote that is not closed, or is followed by something.
pub(super) fn cells(row: &str, separator: char) -> Result<Vec<Cow<'_, str>>, usize> {
    let row = row.trim_end_matches(['\r', '\n']);
    let mut cells = Vec::new();
    let mut place = 0;
    loop {
        let rest = row.get(place..).unwrap_or_default();
        let (cell, length) = match rest.strip_prefix('"') {
            Some(inside) => {
                let (cell, length) = quoted(inside).ok_or(place)?;
                (cell, length + 1)
            }
            None => {
                let length = rest.find(separator).unwrap_or(rest.len());
                (Cow::Borrowed(rest.get(..length).unwrap_or_default()), length)
            }
        };
        cells.push(cell);
        place += length;
        match row.get(place..).and_then(|rest| rest.chars().next()) {
            None => return Ok(cells),
            Some(next) if next == separator => place += next.len_utf8(),
            Some(_) => return Err(place),
        }
    }
}

/// A cell up to its closing quote, and the bytes up to behind that.
fn quoted(inside: &str) -> Option<(Cow<'_, str>, usize)> {
    let mut place = 0;
    let mut has_quotes = false;
    loop {
        place += inside.get(place..)?.find('"')?;
        if !inside.get(place + 1..)?.starts_with('"') {
            break;
        }
        has_quotes = true;
        place += 2;
    }
    let cell = inside.get(..place)?;
    let cell = if has_quotes { Cow::Owned(cell.replace("\"\"", "\"")) } else { cell.into() };
    Some((cell, place + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_count_at_the_start_of_a_cell() {
        assert_eq!(cells("a,b\"c,\r\n", ',').unwrap(), ["a", "b\"c", ""]);
        assert_eq!(cells("\"a,\"\"b\"\"\nc\"\td", '\t').unwrap(), ["a,\"b\"\nc", "d"]);
        assert_eq!(cells("", ',').unwrap(), [""]);
        assert_eq!(cells("a,\"b", ','), Err(2));
        assert_eq!(cells("\"a\"b,c", ','), Err(3));
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read(row in prop::collection::vec("[a\",;\n é]{0,5}", 1..5)) {
            let quote = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let text: Vec<String> = row.iter().map(quote).collect();
            let text = text.join(";");
            prop_assert_eq!(cells(&text, ';').unwrap(), row);
        }
    }
}
