//! Exact search over real vectors, timed; `compare/flat.py` runs it beside faiss.
//!
//! ```text
//! flat_npy BASE.npy QUERIES.npy int8|f16|f32 ROWS QUERIES K
//! ```
//!
//! Prints one line of `kernel seconds` (processor time of the searches only, one at a time), then the
//! row ids of every query's hits, a line a query. The files hold half-precision matrices as numpy
//! writes them. Linux only.

use std::error::Error;
use std::fs;

use medvec::Control;
use medvec::index::flat::{Rows, search};
use medvec::kernel::Isa;
use medvec::kernel::quantize::{f32_from_f16, quantize_int8};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A matrix of half-precision numbers, row by row.
struct Matrix {
    columns: usize,
    values: Vec<u16>,
}

impl Matrix {
    /// Reads the first `rows` rows of an `.npy` file of version 1.
    fn read(path: &str, rows: usize) -> Result<Matrix> {
        let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
        let (magic, rest) = bytes.split_at_checked(8).ok_or("too short")?;
        if magic != b"\x93NUMPY\x01\x00" {
            return Err(format!("{path}: not an npy file of version 1").into());
        }
        let (length, rest) = rest.split_first_chunk().ok_or("too short")?;
        let length = usize::from(u16::from_le_bytes(*length));
        let (header, body) = rest.split_at_checked(length).ok_or("too short")?;
        let header = std::str::from_utf8(header)?;
        if !header.contains("'descr': '<f2'") || !header.contains("'fortran_order': False") {
            return Err(format!("{path}: expected half precision, row by row: {header}").into());
        }
        let shape = header.split(['(', ')']).nth(1).ok_or("no shape")?;
        let columns: usize = shape.split(',').nth(1).ok_or("no columns")?.trim().parse()?;
        let bytes = body.get(..rows * columns * 2).ok_or("fewer rows than asked for")?;
        let (halves, _) = bytes.as_chunks();
        Ok(Matrix { columns, values: halves.iter().map(|b| u16::from_le_bytes(*b)).collect() })
    }

    fn to_f32(&self) -> Vec<f32> {
        self.values.iter().map(|bits| f32_from_f16(*bits)).collect()
    }
}

/// Processor time of this thread so far, as the scheduler counts it.
fn cpu_seconds() -> Result<f64> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = statistics.split(' ').next().ok_or("empty schedstat")?.parse()?;
    Ok(nanoseconds as f64 / 1.0e9)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let [base, queries, form, rows, query_count, k] = arguments.as_slice() else {
        println!("flat_npy BASE.npy QUERIES.npy int8|f16|f32 ROWS QUERIES K");
        return Ok(());
    };
    let base = Matrix::read(base, rows.parse()?)?;
    let queries = Matrix::read(queries, query_count.parse()?)?.to_f32();
    let (mut single, mut codes, mut scales) = (Vec::new(), Vec::new(), Vec::new());
    let rows = match form.as_str() {
        "int8" => {
            let single = base.to_f32();
            scales.extend(single.chunks(base.columns).map(|row| quantize_int8(row, &mut codes)));
            Rows::Int8 { codes: &codes, scales: &scales }
        }
        "f16" => Rows::F16(&base.values),
        "f32" => {
            single.extend(base.to_f32());
            Rows::F32(&single)
        }
        other => return Err(format!("no form {other}").into()),
    };
    let k = k.parse()?;
    let mut tie = |a: u32, b: u32| Ok(a.cmp(&b));
    let control = Control::default();
    let mut find = |query| search(&rows, base.columns, query, k, None, &control, &mut tie);
    find(&queries[..base.columns])?;
    let start = cpu_seconds()?;
    let found: medvec::Result<Vec<_>> = queries.chunks(base.columns).map(&mut find).collect();
    println!("{} {:.6}", Isa::detect().name(), cpu_seconds()? - start);
    for hits in found? {
        let ids: Vec<String> = hits.iter().map(|hit| hit.0.to_string()).collect();
        println!("{}", ids.join(" "));
    }
    Ok(())
}
