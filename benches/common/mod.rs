//! Vectors from `.npy` files, options, and clocks.

use std::error::Error;
use std::fs;
use std::time::Instant;

use medvec::kernel::normalize;
use medvec::kernel::quantize::f32_from_f16;

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Reads the first `rows` rows of an `.npy` file of half or single precision, at length 1.
pub fn read(path: &str, rows: usize) -> Result<(usize, Vec<f32>)> {
    let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let (magic, rest) = bytes.split_at_checked(8).ok_or("too short")?;
    if magic != b"\x93NUMPY\x01\x00" {
        return Err(format!("{path}: not an npy file of version 1").into());
    }
    let (length, rest) = rest.split_first_chunk().ok_or("too short")?;
    let (header, body) =
        rest.split_at_checked(u16::from_le_bytes(*length).into()).ok_or("short")?;
    let header = std::str::from_utf8(header)?;
    let shape = header.split(['(', ')']).nth(1).ok_or("no shape")?;
    let columns: usize = shape.split(',').nth(1).ok_or("no columns")?.trim().parse()?;
    let mut values: Vec<f32> = if header.contains("'descr': '<f2'") {
        body.as_chunks().0.iter().map(|bytes| f32_from_f16(u16::from_le_bytes(*bytes))).collect()
    } else {
        body.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    values.truncate(rows.saturating_mul(columns));
    if !values.chunks_mut(columns).all(normalize) {
        return Err(format!("{path}: a row has no direction").into());
    }
    Ok((columns, values))
}

/// The value of option `name`.
pub fn option(name: &str) -> Result<Option<usize>> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    Ok(arguments.nth(1).map(|value| value.parse()).transpose()?)
}

/// Processor time of this process so far, in all threads.
pub fn cpu_seconds() -> Result<f64> {
    let statistics = fs::read_to_string("/proc/self/stat")?;
    let fields = statistics.rsplit(')').next().ok_or("empty stat")?;
    let ticks: Option<Vec<f64>> =
        fields.split(' ').skip(12).take(2).map(|f| f.parse().ok()).collect();
    Ok(ticks.ok_or("no times")?.iter().sum::<f64>() / 100.0)
}

/// Prints the time since `start` and the processor time spent in it.
pub fn print_seconds(what: &str, (start, cpu): (Instant, f64)) -> Result<()> {
    println!(
        "{what} {:.2} s, {:.2} s of processor time",
        start.elapsed().as_secs_f64(),
        cpu_seconds()? - cpu
    );
    Ok(())
}
