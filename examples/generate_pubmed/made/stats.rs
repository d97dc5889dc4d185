//! Made citations beside real ones: lengths, headings, vocabulary, and how well both compress.

use std::collections::HashSet;
use std::io::{Cursor, Write};
use std::path::Path;

use medvec::Document;
use medvec::ingest::{Event, open_reader};
use medvec::kernel::random::Random;

use super::Result;
use super::files::{Content, FileId, Plan};
use super::package::{write_gzip, write_xml};
use super::source::{Source, real_citations};
use super::words::{hash, words};

/// As segments pack documents: blocks of so many bytes, and a dictionary.
const BLOCK: usize = 8 * 1024;
const DICTIONARY: usize = 384 * 1024;
const LEVEL: i32 = 4;

/// Text that a dictionary is made from, in bytes.
const SAMPLE: usize = 24 << 20;

/// What is counted of some citations.
#[derive(Debug)]
pub struct Counts {
    /// Citations.
    pub citations: usize,
    /// Those with an abstract, of a thousand.
    pub with_abstract: usize,
    /// Those with headings, of a thousand.
    pub with_headings: usize,
    /// Headings of those that have any, times ten.
    pub headings: usize,
    /// Different headings.
    pub distinct_headings: usize,
    /// Bytes of titles that are not empty: the mean.
    pub title: usize,
    /// Bytes of abstracts: the mean, the median, and what 95 of 100 stay below.
    pub abstracts: [usize; 3],
    /// Different words of the first 1,000, 2,000, 4,000, ... texts that have an abstract.
    pub vocabulary: Vec<usize>,
    /// Compressed bytes of 10,000 bytes of text, in blocks of 8 KiB with a dictionary: as they come, and by topic.
    pub compressed: [usize; 2],
}

impl Counts {
    /// Names and values, in order.
    fn rows(&self) -> Vec<(String, usize)> {
        let mut rows = vec![
            ("citations".to_owned(), self.citations),
            ("with an abstract, per thousand".to_owned(), self.with_abstract),
            ("with headings, per thousand".to_owned(), self.with_headings),
            ("headings of those, per ten citations".to_owned(), self.headings),
            ("different headings".to_owned(), self.distinct_headings),
            ("title, bytes, mean".to_owned(), self.title),
            ("abstract, bytes, mean".to_owned(), self.abstracts[0]),
            ("abstract, bytes, median".to_owned(), self.abstracts[1]),
            ("abstract, bytes, 95th of 100".to_owned(), self.abstracts[2]),
            ("compressed, per 10,000 bytes".to_owned(), self.compressed[0]),
            ("the same, sorted by topic".to_owned(), self.compressed[1]),
        ];
        let words = self.vocabulary.iter().enumerate();
        rows.extend(words.map(|(at, size)| (format!("words of {},000 abstracts", 1 << at), *size)));
        rows
    }
}

/// Counts citations, of which each has a topic. `compared` texts with an abstract are compressed, at most.
///
/// # Errors
/// The compressor fails.
pub fn count(citations: &[(Document, u32)], compared: usize) -> Result<Counts> {
    let share = |count: usize| count * 1000 / citations.len().max(1);
    let with = |test: fn(&Document) -> bool| citations.iter().filter(|(one, _)| test(one)).count();
    let headed = with(|one| !one.mesh.is_empty());
    let headings: Vec<&str> = citations
        .iter()
        .flat_map(|(citation, _)| citation.mesh.iter().map(|heading| heading.name.as_str()))
        .collect();
    let mut texts: Vec<(u32, String)> = Vec::new();
    let (mut lengths, mut titles) = (Vec::new(), 0);
    for (citation, topic) in citations {
        titles += citation.title.len();
        if citation.has_abstract() {
            let text = citation.abstract_text();
            lengths.push(text.len());
            texts.push((*topic, format!("{} {text}\n", citation.title)));
        }
    }
    lengths.sort_unstable();
    let at = |hundredth: usize| lengths.get(lengths.len() * hundredth / 100).copied().unwrap_or(0);
    let vocabulary = vocabulary(&texts);
    texts.truncate(compared);
    let as_they_come = compressed(&texts)?;
    texts.sort_by_key(|(topic, _)| *topic);
    Ok(Counts {
        citations: citations.len(),
        with_abstract: share(lengths.len()),
        with_headings: share(headed),
        headings: headings.len() * 10 / headed.max(1),
        distinct_headings: headings.iter().collect::<HashSet<_>>().len(),
        title: titles / with(|one| !one.title.is_empty()).max(1),
        abstracts: [lengths.iter().sum::<usize>() / lengths.len().max(1), at(50), at(95)],
        vocabulary,
        compressed: [as_they_come, compressed(&texts)?],
    })
}

fn vocabulary(texts: &[(u32, String)]) -> Vec<usize> {
    let mut known: HashSet<u64> = HashSet::new();
    let mut sizes = Vec::new();
    for (number, (_, text)) in texts.iter().enumerate() {
        if number >= 1000 && number.is_multiple_of(1000) && (number / 1000).is_power_of_two() {
            sizes.push(known.len());
        }
        known.extend(words(text).map(|(_, word)| hash(word)));
    }
    sizes
}

fn compressed(texts: &[(u32, String)]) -> Result<usize> {
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    // Every so many-eth text, so that the sample is of all.
    let every = (bytes / SAMPLE).max(1);
    let sample: Vec<&[u8]> = texts.iter().step_by(every).map(|(_, text)| text.as_bytes()).collect();
    let dictionary = zstd::dict::from_samples(&sample, DICTIONARY)?;
    let mut packer = zstd::bulk::Compressor::with_dictionary(LEVEL, &dictionary)?;
    let whole: Vec<u8> = texts.iter().flat_map(|(_, text)| text.bytes()).collect();
    let mut packed = dictionary.len();
    for block in whole.chunks(BLOCK) {
        packed += packer.compress(block)?.len();
    }
    Ok(packed * 10_000 / whole.len().max(1))
}

/// Makes citations and reads them as any file, with the topic that each was made for.
///
/// # Errors
/// A record that cannot be read.
pub fn read(source: &Source, seed: u64, content: &Content) -> Result<Vec<(Document, u32)>> {
    let mut xml = Vec::new();
    write_xml(source, seed, content, &mut xml)?;
    let mut citations = Vec::new();
    for record in open_reader("made.xml", Cursor::new(xml))? {
        if let Event::Document { document, .. } = record?.event {
            let item = &content.items[citations.len()];
            citations.push((*document, source.topic(seed, item)));
        }
    }
    Ok(citations)
}

/// Prints made citations of every part of a baseline beside the real ones.
///
/// # Errors
/// Those of reading the data, and of `out`.
pub fn report(
    source: &Source,
    shared: &Path,
    seed: u64,
    plan: &mut Plan,
    out: &mut impl Write,
) -> Result<()> {
    let files = plan.baseline_files(super::files::FIRST_YEAR);
    let mut real: Vec<(Document, u32)> =
        real_citations(shared)?.into_iter().zip(source.topics.of.iter().copied()).collect();
    real.retain(|(citation, _)| citation.has_abstract());
    // The collections follow each other there, each with words of its own.
    let count_of_real = real.len();
    Random::new(seed).shuffle(&mut real, count_of_real);
    let (mut made, mut xml, mut packed) = (Vec::new(), 0, 0);
    // Three times as many: a third of all have no abstract, and vocabularies are compared beyond the real ones.
    let every = (files as usize * 30_000 / (3 * real.len())).max(1);
    for number in 1..=files {
        let mut content = plan.content(FileId { year: super::files::FIRST_YEAR, number })?;
        content.items = content.items.into_iter().step_by(every).collect();
        let (bytes, gzip) = write_gzip(source, seed, &content, Vec::new())?;
        (xml, packed) = (xml + bytes as usize, packed + gzip.len());
        made.extend(read(source, seed, &content)?);
    }
    let compared = real.len();
    let counts = [count(&real, compared)?, count(&made, compared)?].map(|counts| counts.rows());
    let [real, mut rows] = counts;
    rows.push(("XML, bytes per citation".to_owned(), xml / made.len()));
    rows.push(("gzip, bytes per citation".to_owned(), packed / made.len()));
    writeln!(out, "{:<38}{:>10}{:>10}", "", "real", "made")?;
    for (name, value) in rows {
        let real = real.iter().find(|(other, _)| *other == name);
        let real = real.map(|(_, value)| value.to_string()).unwrap_or_default();
        writeln!(out, "{name:<38}{real:>10}{value:>10}")?;
    }
    Ok(())
}
