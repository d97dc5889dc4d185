//! `medvec encode`

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use medvec::encode::folder::{
    CrossEncoder, Device, FolderEncoder, QUERY, Tokens, is_cross_encoder,
};
use medvec::encode::static_encoder::StaticEncoder;
use medvec::{Control, Encoder, EncoderInput, Error, encode};
use serde::{Deserialize, Serialize};

use crate::args::{Encode, EncodeFormat};
use crate::context::Context;
use crate::encoders::{BUILTIN, announce, not_a_folder};
use crate::failure::{EXIT_FOUND, Failure, Result};
use crate::npy;
use crate::terminal::Machine;

/// Longest line, in bytes.
const LINE_BYTES_MAX: usize = 16 << 20;

/// How many lines are worked on at a time.
struct Pace {
    /// Lines that are read before their results are written.
    block: usize,
    /// Lines that a thread takes at a time.
    batch: usize,
    threads: usize,
}

impl Pace {
    /// A GPU is fast only with many tokens at once.
    fn of(device: Device) -> Pace {
        let (block, batch) = if device == Device::Cpu { (256, 4) } else { (2_048, 128) };
        Pace { block, batch, threads: thread::available_parallelism().map_or(1, usize::from) }
    }
}

/// A line of the input.
#[derive(Deserialize)]
struct Line {
    text: String,
    text_pair: Option<String>,
}

/// A line of the output.
#[derive(Serialize)]
struct Encoded {
    ids: Vec<u32>,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// `null` for a text that has none.
    Vector(Option<Vec<f32>>),
    Score(f32),
}

/// What turns lines into results.
enum Engine {
    Static(Arc<StaticEncoder>),
    Folder(Box<FolderEncoder>),
    Cross(Box<CrossEncoder>),
}

pub(crate) fn run(args: &Encode, context: &mut Context) -> Result<u8> {
    let engine = Engine::open(args)?;
    announce(&args.encoder, args.model.preset.as_deref(), context)?;
    let pace = Pace::of(args.model.device());
    let control = context.control();
    let mut lines = Lines::open(&args.input)?;
    let mut sink = Sink::open(args, engine.width(), context)?;
    loop {
        let block = lines.block(pace.block)?;
        if block.is_empty() {
            break;
        }
        for encoded in engine.encode_all(&block, &args.role, &lines.name, &pace, &control)? {
            sink.write(&encoded)?;
        }
    }
    sink.finish()?;
    Ok(EXIT_FOUND)
}

impl Engine {
    fn open(args: &Encode) -> Result<Engine> {
        let path = Path::new(&args.encoder);
        let options = args.model.to_options()?;
        if args.encoder != BUILTIN && path.is_dir() {
            return Ok(match is_cross_encoder(path)? {
                true => Engine::Cross(Box::new(CrossEncoder::open_with(path, &options)?)),
                false => Engine::Folder(Box::new(FolderEncoder::open_with(path, &options)?)),
            });
        }
        if !args.model.is_empty() || args.model.device() != Device::Cpu {
            return Err(not_a_folder(&args.encoder));
        }
        Ok(Engine::Static(match args.encoder.as_str() {
            BUILTIN => encode::builtin_static()?,
            _ => Arc::new(StaticEncoder::open(path)?),
        }))
    }

    /// Numbers of one result.
    fn width(&self) -> u64 {
        match self {
            Engine::Static(encoder) => u64::from(encoder.spec().dimension),
            Engine::Folder(encoder) => u64::from(encoder.spec().dimension),
            Engine::Cross(_) => 1,
        }
    }

    /// Results of a block, in order, on several threads.
    fn encode_all(
        &self,
        block: &[(u64, Line)],
        role: &str,
        file: &str,
        pace: &Pace,
        control: &Control,
    ) -> Result<Vec<Encoded>> {
        let batches: Vec<&[(u64, Line)]> = block.chunks(pace.batch).collect();
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let work = || -> medvec::Result<Vec<(usize, Vec<Encoded>)>> {
            let mut own = Vec::new();
            while !failed.load(Ordering::Relaxed) {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(batch) = batches.get(place) else { break };
                let encoded = control.check().and_then(|()| self.encode(batch, role, control));
                failed.fetch_or(encoded.is_err(), Ordering::Relaxed);
                own.push((place, encoded.map_err(|error| at(file, batch, error))?));
            }
            Ok(own)
        };
        let mut all = thread::scope(|scope| {
            let start = |_| thread::Builder::new().spawn_scoped(scope, work).ok();
            // Fewer threads where the system has no more: this one works, too.
            let others: Vec<_> = (1..pace.threads.min(batches.len())).map_while(start).collect();
            let mut all = work()?;
            for other in others {
                all.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok::<_, Error>(all)
        })?;
        all.sort_unstable_by_key(|(place, _)| *place);
        Ok(all.into_iter().flat_map(|(_, encoded)| encoded).collect())
    }

    fn encode(
        &self,
        batch: &[(u64, Line)],
        role: &str,
        control: &Control,
    ) -> medvec::Result<Vec<Encoded>> {
        let lines = batch.iter().map(|(_, line)| line);
        match self {
            Engine::Static(encoder) => {
                lines.map(|line| encode_static(encoder, line, role)).collect()
            }
            Engine::Folder(encoder) => {
                let tokens = lines
                    .map(|line| encoder.tokens(role, &line.text, line.text_pair.as_deref()))
                    .collect::<medvec::Result<Vec<Tokens>>>()?;
                let vectors = encoder.encode_tokens(&tokens)?;
                let vectors = vectors.chunks(encoder.spec().dimension as usize);
                let encoded = |(tokens, vector): (Tokens, &[f32])| Encoded {
                    ids: tokens.ids,
                    outcome: Outcome::Vector(Some(vector.to_vec())),
                };
                Ok(tokens.into_iter().zip(vectors).map(encoded).collect())
            }
            Engine::Cross(cross) => {
                let tokens = lines
                    .map(|line| cross.tokens(&line.text, line.text_pair.as_deref()))
                    .collect::<medvec::Result<Vec<Tokens>>>()?;
                let scores = cross.score_tokens(&tokens, control)?;
                let encoded = |(tokens, score): (Tokens, f32)| Encoded {
                    ids: tokens.ids,
                    outcome: Outcome::Score(score),
                };
                Ok(tokens.into_iter().zip(scores).map(encoded).collect())
            }
        }
    }
}

/// A static encoder reads a pair as title and abstract.
fn encode_static(encoder: &StaticEncoder, line: &Line, role: &str) -> medvec::Result<Encoded> {
    let mut ids = Vec::new();
    encoder.wordpiece().encode(&line.text, &mut ids);
    let vector = match (&line.text_pair, role) {
        (None, QUERY) => encoder.encode_queries(&[&line.text])?,
        (None, _) => {
            let input = EncoderInput { title: String::new(), text: line.text.clone() };
            encoder.encode_documents(&[input])?
        }
        (Some(text), _) => {
            encoder.wordpiece().encode(text, &mut ids);
            let input = EncoderInput { title: line.text.clone(), text: text.clone() };
            encoder.encode_documents(&[input])?
        }
    };
    let vector = vector.iter().any(|number| *number != 0.0).then_some(vector);
    Ok(Encoded { ids, outcome: Outcome::Vector(vector) })
}

/// Says which lines an encoder's error is about.
fn at(file: &str, batch: &[(u64, Line)], error: Error) -> Error {
    let (Error::Encoder { name, detail, .. }, Some((first, _)), Some((last, _))) =
        (&error, batch.first(), batch.last())
    else {
        return error;
    };
    let place =
        if first == last { format!("line {first}") } else { format!("lines {first} to {last}") };
    Error::input(file, place, format!("encoder {name}: {detail}"))
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
    fn block(&mut self, count: usize) -> Result<Vec<(u64, Line)>> {
        let mut block = Vec::new();
        let mut bytes = Vec::new();
        while block.len() < count {
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
            block.push((self.number, line));
        }
        Ok(block)
    }

    fn wrong(&self, detail: String) -> Failure {
        Failure::Library(Error::input(&self.name, format!("line {}", self.number), detail))
    }
}

/// Where results go.
struct Sink<'a> {
    format: EncodeFormat,
    width: u64,
    rows: u64,
    place: Place<'a>,
}

enum Place<'a> {
    Output(Machine<'a>),
    File(BufWriter<File>, String),
}

impl<'a> Sink<'a> {
    fn open(args: &Encode, width: u64, context: &'a mut Context) -> Result<Sink<'a>> {
        let npy = args.format == EncodeFormat::Npy;
        let mut sink = match &args.out {
            Some(path) => {
                let name = path.display().to_string();
                let file = File::create(path).map_err(|error| Error::io("create", &name, error))?;
                let place = Place::File(BufWriter::new(file), name);
                Sink { format: args.format, width, rows: 0, place }
            }
            None => Sink {
                format: args.format,
                width,
                rows: 0,
                place: Place::Output(context.out.machine()),
            },
        };
        if npy {
            // The header says how many rows follow; that of a file is written again at the end.
            let rows = match (&sink.place, args.input.as_str()) {
                (Place::File(..), _) => 0,
                (_, "-") => {
                    return Err(Failure::usage(
                        "a matrix begins with the number of its rows, which standard input does not \
                         tell: add --out FILE.npy",
                    ));
                }
                (_, file) => count(file)?,
            };
            sink.write_bytes(&npy::header(rows, width))?;
        }
        Ok(sink)
    }

    fn write(&mut self, encoded: &Encoded) -> Result<()> {
        self.rows += 1;
        let mut bytes = Vec::new();
        match (self.format, &encoded.outcome) {
            (EncodeFormat::Jsonl, _) => {
                serde_json::to_writer(&mut bytes, encoded).map_err(io::Error::from)?;
                bytes.push(b'\n');
            }
            (EncodeFormat::Npy, Outcome::Vector(Some(vector))) => npy::write(&mut bytes, vector)?,
            (EncodeFormat::Npy, Outcome::Vector(None)) => {
                npy::write(&mut bytes, &vec![0.0; self.width as usize])?;
            }
            (EncodeFormat::Npy, Outcome::Score(score)) => npy::write(&mut bytes, &[*score])?,
        }
        self.write_bytes(&bytes)
    }

    fn write_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.place {
            Place::Output(out) => Ok(out.write_all(bytes)?),
            Place::File(file, name) => {
                Ok(file.write_all(bytes).map_err(|error| Error::io("write", &*name, error))?)
            }
        }
    }

    fn finish(self) -> Result<()> {
        let Place::File(mut file, name) = self.place else { return Ok(()) };
        let finish = || -> io::Result<()> {
            if self.format == EncodeFormat::Npy {
                file.seek(io::SeekFrom::Start(0))?;
                file.write_all(&npy::header(self.rows, self.width))?;
            }
            file.flush()
        };
        let mut finish = finish;
        Ok(finish().map_err(|error| Error::io("write", &name, error))?)
    }
}

/// Lines of a file that are not blank.
fn count(file: &str) -> Result<u64> {
    let mut lines = Lines::open(file)?;
    let mut rows = 0;
    loop {
        match lines.block(256)?.len() {
            0 => return Ok(rows),
            more => rows += more as u64,
        }
    }
}
