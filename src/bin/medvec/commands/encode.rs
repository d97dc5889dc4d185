//! `medvec encode`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::Path;

use medvec::Error;
use medvec::export::npy;
use medvec::session::{EncodedOutcome, EncodedText, TextEngine, TextPair};

use crate::args::{Encode, EncodeFormat};
use crate::context::Context;
use crate::encoders::announce;
use crate::failure::{EXIT_FOUND, Failure, Result};
use crate::new_file;

/// Longest line, in bytes.
const LINE_BYTES_MAX: usize = 16 << 20;

pub(crate) fn run(args: &Encode, context: &mut Context) -> Result<u8> {
    let engine = TextEngine::open(&args.encoder, &args.model.choice(None))?;
    announce(&args.encoder, args.model.preset.as_deref(), context)?;
    let control = context.control();
    let mut lines = Lines::open(&args.input)?;
    let form = Form { format: args.format, width: engine.width() };
    let mut encode = |out: &mut dyn Write| -> Result<u64> {
        let mut rows = 0;
        loop {
            let Block { numbers, texts } = lines.block(engine.block())?;
            if texts.is_empty() {
                return Ok(rows);
            }
            let place = |texts: std::ops::Range<usize>, error: Error| {
                at(&lines.name, numbers.get(texts).unwrap_or_default(), error)
            };
            for encoded in engine.encode(&texts, &args.role, &control, &place)? {
                form.write(out, &encoded)?;
                rows += 1;
            }
        }
    };
    // A matrix begins with the number of its rows.
    let is_matrix = args.format == EncodeFormat::Npy;
    match &args.out {
        Some(path) => new_file::filled(path, |file| {
            form.begin(file, 0)?;
            let rows = encode(file)?;
            file.rewind()?;
            Ok(form.begin(file, rows)?)
        })?,
        // Counted, a pipe has nothing left to read.
        None if is_matrix && (args.input == "-" || !Path::new(&args.input).is_file()) => {
            return Err(Failure::usage(
                "a matrix begins with the number of its rows, which is not known of standard \
                 input and pipes: add --out FILE.npy",
            ));
        }
        None => {
            let rows = if is_matrix { count(&args.input)? } else { 0 };
            let out = &mut context.out.machine();
            form.begin(out, rows)?;
            encode(out)?;
        }
    }
    Ok(EXIT_FOUND)
}

/// Says which lines an encoder's error is about.
fn at(file: &str, numbers: &[u64], error: Error) -> Error {
    let (Error::Encoder { name, detail, .. }, Some(first), Some(last)) =
        (&error, numbers.first(), numbers.last())
    else {
        return error;
    };
    let place =
        if first == last { format!("line {first}") } else { format!("lines {first} to {last}") };
    Error::input(file, place, format!("encoder {name}: {detail}"))
}

/// Some lines that are not blank.
#[derive(Default)]
struct Block {
    numbers: Vec<u64>,
    texts: Vec<TextPair>,
}

/// The input, a block at a time.
struct Lines {
    name: String,
    reader: Box<dyn BufRead>,
    number: u64,
}

impl Lines {
    fn open(input: &str) -> Result<Lines> {
        if input == "-" {
            let reader = Box::new(BufReader::new(io::stdin()));
            return Ok(Lines { name: "standard input".to_owned(), reader, number: 0 });
        }
        let file = File::open(input).map_err(|error| Error::io("open", input, error))?;
        Ok(Lines { name: input.to_owned(), reader: Box::new(BufReader::new(file)), number: 0 })
    }

    /// The next lines that are not blank, at most `count`, with their numbers; none at the end.
    fn block(&mut self, count: usize) -> Result<Block> {
        let mut block = Block::default();
        let mut bytes = Vec::new();
        while block.texts.len() < count {
            bytes.clear();
            let limit = LINE_BYTES_MAX as u64 + 1;
            let read = (&mut self.reader).take(limit).read_until(b'\n', &mut bytes);
            if read.map_err(|error| Error::io("read", &self.name, error))? == 0 {
                break;
            }
            self.number += 1;
            if bytes.len() > LINE_BYTES_MAX {
                return Err(self.wrong(format!("a line of more than {LINE_BYTES_MAX} bytes")));
            }
            let text = std::str::from_utf8(&bytes)
                .map_err(|error| self.wrong(format!("not UTF-8: {error}")))?;
            if text.trim().is_empty() {
                continue;
            }
            let line = serde_json::from_str(text).map_err(|error| {
                self.wrong(format!("expected {{\"text\": ..., \"text_pair\": ...}}: {error}"))
            })?;
            block.numbers.push(self.number);
            block.texts.push(line);
        }
        Ok(block)
    }

    fn wrong(&self, detail: String) -> Failure {
        let (file, place) = (self.name.clone(), format!("line {}", self.number));
        Failure::Library(Error::input(file, place, detail))
    }
}

/// How results are written.
struct Form {
    format: EncodeFormat,
    width: u64,
}

impl Form {
    fn begin(&self, out: &mut dyn Write, rows: u64) -> io::Result<()> {
        match self.format {
            EncodeFormat::Jsonl => Ok(()),
            EncodeFormat::Npy => out.write_all(&npy::header(rows, self.width)),
        }
    }

    fn write(&self, out: &mut dyn Write, encoded: &EncodedText) -> io::Result<()> {
        let mut bytes = Vec::new();
        match (self.format, &encoded.outcome) {
            (EncodeFormat::Jsonl, _) => {
                serde_json::to_writer(&mut bytes, encoded)?;
                bytes.push(b'\n');
            }
            (EncodeFormat::Npy, EncodedOutcome::Vector(Some(vector))) => {
                npy::write(&mut bytes, vector)?;
            }
            (EncodeFormat::Npy, EncodedOutcome::Vector(None)) => {
                npy::write(&mut bytes, &vec![0.0; self.width as usize])?;
            }
            (EncodeFormat::Npy, EncodedOutcome::Score(score)) => npy::write(&mut bytes, &[*score])?,
        }
        out.write_all(&bytes)
    }
}

/// Lines of a file that are not blank.
fn count(file: &str) -> Result<u64> {
    let mut lines = Lines::open(file)?;
    let mut rows = 0;
    loop {
        match lines.block(256)?.texts.len() {
            0 => return Ok(rows),
            more => rows += more as u64,
        }
    }
}
