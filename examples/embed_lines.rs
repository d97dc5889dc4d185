//! Embeds lines of text into a matrix: one row a line, as a `.npy` file of 32-bit floats.
//!
//! ```text
//! cargo run --release --no-default-features --features static-encoder --example embed_lines -- \
//!     document|query OUT.npy [ENCODER] < LINES.txt
//! ```
//!
//! A line is the text of a passage (`document`) or a query (`query`). `ENCODER` is a static
//! encoder's file, or a model folder in a build with the feature `bert`; the built-in encoder when it is left
//! out. Lines are read and written in batches, so any number of them fits in memory.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufWriter, Seek, Write};
use std::path::Path;
use std::time::Instant;

use medvec::{Encoder, EncoderInput, encode};

/// Lines in memory at a time.
const BATCH_LINES: usize = 16_384;
/// Lines encoded by one call.
const CALL_LINES: usize = 64;

#[derive(Clone, Copy)]
enum Role {
    Document,
    Query,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (role, out, rest) = match arguments.as_slice() {
        [role, out, rest @ ..] if role == "document" => (Role::Document, out, rest),
        [role, out, rest @ ..] if role == "query" => (Role::Query, out, rest),
        _ => return Err("usage: embed_lines document|query OUT.npy [ENCODER] < LINES.txt".into()),
    };
    let encoder = match rest.first() {
        Some(path) => encode::open(Path::new(path))?,
        None => encode::builtin()?,
    };
    let columns = encoder.spec().dimension as usize;
    let start = Instant::now();
    let mut file = BufWriter::new(File::create(out)?);
    file.write_all(&npy_header(0, columns))?;
    let mut lines = std::io::stdin().lock().lines();
    let mut rows = 0;
    loop {
        let batch: Vec<String> = lines.by_ref().take(BATCH_LINES).collect::<Result<_, _>>()?;
        if batch.is_empty() {
            break;
        }
        if let Some(place) = batch.iter().position(|line| line.trim().is_empty()) {
            return Err(format!("line {} is empty", rows + place + 1).into());
        }
        for value in encode_all(&*encoder, role, &batch)? {
            file.write_all(&value.to_le_bytes())?;
        }
        rows += batch.len();
    }
    file.rewind()?;
    file.write_all(&npy_header(rows, columns))?;
    file.flush()?;
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{out}: {rows} x {columns}, {:.0} lines/s", rows as f64 / seconds);
    Ok(())
}

/// The 128 bytes in front of a matrix of little-endian 32-bit floats, row by row; always as long, so
/// that the number of rows can be filled in at the end.
fn npy_header(rows: usize, columns: usize) -> Vec<u8> {
    let shape =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let mut header = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    header.extend(format!("{shape:117}\n").into_bytes());
    header
}

/// Encodes on all cores, in order.
fn encode_all(encoder: &dyn Encoder, role: Role, lines: &[String]) -> medvec::Result<Vec<f32>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = lines.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let encode = |part: &[String]| -> medvec::Result<Vec<f32>> {
            let calls: medvec::Result<Vec<_>> =
                part.chunks(CALL_LINES).map(|call| encode_call(encoder, role, call)).collect();
            Ok(calls?.concat())
        };
        let parts: Vec<_> =
            lines.chunks(part).map(|part| scope.spawn(move || encode(part))).collect();
        let mut all = Vec::new();
        for part in parts {
            all.extend(part.join().expect("an encoding thread panicked")?);
        }
        Ok(all)
    })
}

fn encode_call(encoder: &dyn Encoder, role: Role, lines: &[String]) -> medvec::Result<Vec<f32>> {
    match role {
        Role::Query => {
            let texts: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
            encoder.encode_queries(&texts)
        }
        Role::Document => {
            let text =
                |line: &String| EncoderInput { title: String::new(), text: line.trim().to_owned() };
            let inputs: Vec<EncoderInput> = lines.iter().map(text).collect();
            encoder.encode_documents(&inputs)
        }
    }
}
