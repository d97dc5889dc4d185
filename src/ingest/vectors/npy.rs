//! Arrays of numpy (`.npy`): a header in Python's words, then the numbers.

use super::kind::NPY_MAGIC;
use super::layout::{Layout, NumberType};
use super::row::check_dimension;
use crate::error::Result;
use crate::ingest::raw::input_error;
use crate::ingest::window::Window;

/// Longest header, in bytes: numpy itself reads none above 10,000.
const HEADER_BYTES_MAX: usize = 64 * 1024;

/// What a header says.
#[derive(Debug, PartialEq)]
struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<u64>,
}

/// Reads the header, and checks type, order and shape.
///
/// # Errors
/// [`crate::Error::Io`], [`crate::Error::Input`].
pub(super) fn read_layout(window: &mut Window) -> Result<Layout> {
    let header = read_header(window)?;
    let name = window.input().name();
    let wrong = |detail: String| input_error(name, "the header".into(), detail);
    let numbers = match header.descr.as_str() {
        "<f4" => NumberType::F32,
        "<f2" => NumberType::F16,
        other => return Err(wrong(format!("{}; {CONVERT}", describe(other)))),
    };
    if header.fortran_order {
        return Err(wrong(
            "the array is in Fortran order, column after column; save \
             numpy.ascontiguousarray(array)"
                .into(),
        ));
    }
    let &[len, dimension] = header.shape.as_slice() else {
        return Err(wrong(format!(
            "the array has {} dimensions {:?}; expected 2: vectors and their numbers",
            header.shape.len(),
            header.shape
        )));
    };
    let dimension = check_dimension(name, "the header", dimension)?;
    Ok(Layout { numbers, dimension, len: Some(len), prefix: 0, behind: 0 })
}

const CONVERT: &str = "expected little-endian <f4 or <f2: save array.astype('<f4')";

/// What numpy's name of a type means, for a message.
fn describe(descr: &str) -> String {
    let meaning = match (descr.get(..1), descr.get(1..)) {
        (Some(">"), Some("f4" | "f2" | "f8")) => "big-endian floats",
        (_, Some("f8")) => "double precision",
        (_, Some(rest)) if rest.starts_with(['i', 'u']) => "integers (quantised vectors?)",
        (Some("|"), Some("O")) => "Python objects",
        _ => "no floats",
    };
    format!("the array holds {meaning} ({descr})")
}

fn read_header(window: &mut Window) -> Result<Header> {
    let wrong = |window: &Window, detail: String| {
        Err(input_error(window.input().name(), "the header".into(), detail))
    };
    let need = |window: &mut Window, count: usize| -> Result<()> {
        while window.bytes().len() < count {
            if !window.fill()? {
                let detail = "the file ends inside the header; fetch it again";
                return Err(input_error(window.input().name(), "the header".into(), detail));
            }
        }
        Ok(())
    };
    need(window, 12)?;
    let (magic, rest) = window.bytes().split_at(6);
    if magic != NPY_MAGIC {
        return wrong(window, "expected an .npy array".into());
    }
    let version = rest.first().copied().unwrap_or(0);
    let (start, length) = match (version, rest.get(2..6)) {
        (1, Some(&[a, b, _, _])) => (10, usize::from(u16::from_le_bytes([a, b]))),
        (2 | 3, Some(&[a, b, c, d])) => (12, u32::from_le_bytes([a, b, c, d]) as usize),
        _ => return wrong(window, format!("version {version} of .npy; expected 1, 2 or 3")),
    };
    if length > HEADER_BYTES_MAX {
        return wrong(window, format!("{length} bytes, at most {HEADER_BYTES_MAX} are read"));
    }
    need(window, start + length)?;
    let words = window.bytes().get(start..start + length).unwrap_or_default();
    let words = String::from_utf8_lossy(words).into_owned();
    window.consume(start + length);
    parse_header(&words)
        .map_or_else(|detail| wrong(window, format!("{detail} in {words:.200}")), Ok)
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 768), }`, the members in any order.
fn parse_header(words: &str) -> Result<Header, String> {
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    let mut rest = eat(words, '{')?;
    loop {
        if let Ok(after) = eat(rest, '}') {
            if !after.trim().is_empty() {
                return Err("something after the closing bracket".into());
            }
            break;
        }
        let (name, after) = quoted(rest)?;
        rest = eat(after, ':')?;
        match name {
            "descr" if rest.trim_start().starts_with('[') => {
                return Err(format!("the array holds records of several fields; {CONVERT}"));
            }
            "descr" => {
                let (value, after) = quoted(rest)?;
                descr = Some(value.to_owned());
                rest = after;
            }
            "fortran_order" => {
                let trimmed = rest.trim_start();
                let (value, after) =
                    match (trimmed.strip_prefix("True"), trimmed.strip_prefix("False")) {
                        (Some(after), _) => (true, after),
                        (_, Some(after)) => (false, after),
                        _ => return Err("`fortran_order` is neither True nor False".into()),
                    };
                fortran_order = Some(value);
                rest = after;
            }
            "shape" => {
                let (value, after) = tuple(rest)?;
                shape = Some(value);
                rest = after;
            }
            other => return Err(format!("unknown member `{other}`")),
        }
        rest = eat(rest, ',').unwrap_or(rest);
    }
    match (descr, fortran_order, shape) {
        (Some(descr), Some(fortran_order), Some(shape)) => {
            Ok(Header { descr, fortran_order, shape })
        }
        _ => Err("one of `descr`, `fortran_order`, `shape` is missing".into()),
    }
}

fn eat(text: &str, wanted: char) -> Result<&str, String> {
    text.trim_start().strip_prefix(wanted).ok_or_else(|| format!("expected `{wanted}`"))
}

fn quoted(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|ch| matches!(ch, '\'' | '"'));
    let quote = quote.ok_or("expected a quoted name")?;
    text.get(1..).unwrap_or_default().split_once(quote).ok_or_else(|| "an open quotation".into())
}

/// A tuple of whole numbers; `(3,)` and `()` are some.
fn tuple(text: &str) -> Result<(Vec<u64>, &str), String> {
    let (inside, after) =
        eat(text, '(')?.split_once(')').ok_or_else(|| "an open bracket".to_owned())?;
    let parts = inside.split(',').map(str::trim).filter(|part| !part.is_empty());
    // Python 2 wrote long integers as `3L`.
    let numbers = parts.map(|part| part.trim_end_matches('L').parse::<u64>());
    let numbers = numbers.collect::<Result<_, _>>();
    numbers
        .map(|numbers| (numbers, after))
        .map_err(|_| format!("`shape` is not whole numbers: ({inside})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_python_writes_them() {
        let header = |descr: &str, fortran_order, shape: &[u64]| Header {
            descr: descr.into(),
            fortran_order,
            shape: shape.to_vec(),
        };
        for (words, wanted) in [
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 768), }   \n",
                header("<f4", false, &[3, 768]),
            ),
            (
                "{'shape':(7L,2L),'descr':\"<f2\",'fortran_order':True}",
                header("<f2", true, &[7, 2]),
            ),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (5,)}", header("|O", false, &[5])),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", header("<f8", false, &[])),
        ] {
            assert_eq!(parse_header(words), Ok(wanted), "{words}");
        }
        for (words, wanted) in [
            ("", "expected `{`"),
            ("{'descr': '<f4'", "expected a quoted name"),
            ("{'descr': '<f4'}", "missing"),
            (
                "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 2)}",
                "several fields",
            ),
            ("{'descr': '<f4', 'fortran_order': 0, 'shape': (1, 2)}", "neither True"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2)}", "not whole numbers"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)", "expected"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)} x", "after the closing"),
            ("{'evil': '<f4'}", "unknown member `evil`"),
        ] {
            let found = parse_header(words);
            assert!(
                found.as_ref().is_err_and(|detail| detail.contains(wanted)),
                "{words}: {found:?}"
            );
        }
    }
}
