//! Files as NLM ships them: gzip, a sum beside each, whole or not there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};

use super::Result;
use super::files::{Content, FileId};
use super::source::Source;

/// Bytes that are compressed at a time.
const CHUNK: usize = 256 * 1024;

/// How often a folder is looked at while its reader is behind.
const LOOK: Duration = Duration::from_millis(100);

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE PubmedArticleSet PUBLIC \
                    \"-//NLM//DTD PubMedArticle, 1st January 2025//EN\" \
                    \"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd\">\n<PubmedArticleSet>\n";

/// Writes what a file holds as XML. Returns its size in bytes.
///
/// # Errors
/// Those of `out`.
pub fn write_xml(
    source: &Source,
    seed: u64,
    content: &Content,
    out: &mut impl Write,
) -> io::Result<u64> {
    let mut chunk = HEAD.as_bytes().to_vec();
    let mut bytes = 0;
    for item in &content.items {
        source.write(&mut chunk, seed, item);
        if chunk.len() > CHUNK {
            out.write_all(&chunk)?;
            bytes += chunk.len() as u64;
            chunk.clear();
        }
    }
    if !content.deletes.is_empty() {
        chunk.extend_from_slice(b"<DeleteCitation>\n");
        for pmid in &content.deletes {
            writeln!(chunk, "<PMID Version=\"1\">{pmid}</PMID>")?;
        }
        chunk.extend_from_slice(b"</DeleteCitation>\n");
    }
    chunk.extend_from_slice(b"</PubmedArticleSet>\n");
    out.write_all(&chunk)?;
    Ok(bytes + chunk.len() as u64)
}

/// Writes what a file holds as gzip. Returns the size of the XML in bytes.
///
/// # Errors
/// Those of `out`.
pub fn write_gzip<W: Write>(
    source: &Source,
    seed: u64,
    content: &Content,
    out: W,
) -> io::Result<(u64, W)> {
    let mut packer = GzEncoder::new(out, Compression::fast());
    let bytes = write_xml(source, seed, content, &mut packer)?;
    Ok((bytes, packer.finish()?))
}

/// Writes bytes, and sums them.
struct Summed<W> {
    out: W,
    sum: Md5,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes a file of NLM's into a folder, and its sum beside it. Returns the size of the XML in bytes.
///
/// # Errors
/// The folder cannot be written to.
pub fn write_file(
    source: &Source,
    seed: u64,
    content: &Content,
    file: FileId,
    folder: &Path,
) -> Result<u64> {
    let (path, partial) = (folder.join(file.to_string()), folder.join(format!("{file}.partial")));
    let out = Summed { out: BufWriter::new(File::create(&partial)?), sum: Md5::new() };
    let (bytes, mut out) = write_gzip(source, seed, content, out)?;
    out.flush()?;
    let sum: String = out.sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    // The sum comes first: a reader that sees the file finds it.
    fs::write(folder.join(format!("{file}.md5")), format!("MD5({file})= {sum}\n"))?;
    fs::rename(partial, path)?;
    Ok(bytes)
}

/// Waits until a folder has fewer files of NLM's than `ahead`.
///
/// # Errors
/// The folder cannot be read.
pub fn wait_for_reader(folder: &Path, ahead: usize) -> Result<()> {
    loop {
        let names = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name()));
        let names: Vec<_> = names.collect::<io::Result<_>>()?;
        let is_file = |name: &&std::ffi::OsString| name.to_string_lossy().ends_with(".xml.gz");
        if names.iter().filter(is_file).count() < ahead.max(1) {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
}
