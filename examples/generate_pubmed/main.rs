//! Makes citations as PubMed has them, at PubMed's size: `pubmed26nNNNN.xml.gz` with `.md5`, 30,000 citations each, and update
//! files after them, recombined from the real citations in `data/` of the folder that `MEDVEC_SHARED` names.
//!
//! ```text
//! generate_pubmed --into FOLDER --files 1..34 --of 34          a baseline of 34 files
//! generate_pubmed --into FOLDER --files 35..44 --of 34         ten update files of it
//! generate_pubmed --into FOLDER --files 1..36 --of 34 --year 27     the next year's baseline
//! generate_pubmed --into FOLDER --files 1..1334 --ahead 3      all of PubMed, three files ahead of a reader
//! generate_pubmed --stdout --files 7 --of 34                   one file, as XML
//! generate_pubmed --stats --of 34                              made beside real
//! ```
//!
//! | option | what |
//! |---|---|
//! | `--files A..B` | numbers of files, both included |
//! | `--of N` | files of the baseline, 1,334 if not given: the decades are spread over them |
//! | `--updates N` | update files of the year, a fifth of `--of` if not given: the next year's baseline follows from them |
//! | `--year 26` or `27` | the year of the files |
//! | `--seed N` | other citations; 1 if not given |
//! | `--ahead N` | waits while the folder has N files: the reader removes what it has read |
//! | `--vectors FILE.npy` | writes vectors too, with the spread of those in FILE: `pubmed26nNNNN.npy` and `.ids` |
//!
//! A file depends on the seed, `--of`, `--updates` and its number alone.

#[path = "../../benches/common/mod.rs"]
#[allow(dead_code)]
mod common;
mod made;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use made::Result;
use made::files::{FIRST_YEAR, FileId, Plan};
use made::package::{wait_for_reader, write_file, write_xml};
use made::source::Source;
use made::stats;
use made::vectors::Vectors;

/// What was asked for.
struct Options {
    seed: u64,
    of: u32,
    updates: u32,
    year: u32,
    files: (u32, u32),
    into: Option<PathBuf>,
    ahead: usize,
    vectors: Option<String>,
    is_stats: bool,
}

fn number<N: std::str::FromStr>(option: &str, text: &str) -> Result<N> {
    text.parse().map_err(|_| format!("{option}: `{text}` is not a number").into())
}

impl Options {
    fn read() -> Result<Options> {
        let mut options = Options {
            seed: 1,
            of: 1_334,
            updates: u32::MAX,
            year: FIRST_YEAR,
            files: (1, 1),
            into: None,
            ahead: usize::MAX,
            vectors: None,
            is_stats: false,
        };
        let mut is_to_stdout = false;
        let mut arguments = std::env::args().skip(1);
        while let Some(option) = arguments.next() {
            match option.as_str() {
                "--stdout" => is_to_stdout = true,
                "--stats" => options.is_stats = true,
                _ => {
                    let value = arguments
                        .next()
                        .ok_or_else(|| format!("{option}: no such option, or no value"))?;
                    options.take(&option, value)?;
                }
            }
        }
        let outputs = [is_to_stdout, options.is_stats, options.into.is_some()];
        if outputs.iter().filter(|given| **given).count() != 1 {
            return Err("give one of --into FOLDER, --stdout and --stats".into());
        }
        if options.updates == u32::MAX {
            options.updates = (options.of / 5).max(1);
        }
        Ok(options)
    }

    fn take(&mut self, option: &str, value: String) -> Result<()> {
        match option {
            "--seed" => self.seed = number(option, &value)?,
            "--of" => self.of = number(option, &value)?,
            "--updates" => self.updates = number(option, &value)?,
            "--year" => self.year = number(option, &value)?,
            "--ahead" => self.ahead = number(option, &value)?,
            "--into" => self.into = Some(value.into()),
            "--vectors" => self.vectors = Some(value),
            "--files" => {
                let (first, last) = value.split_once("..").unwrap_or((&value, &value));
                self.files = (number(option, first)?, number(option, last)?);
            }
            _ => return Err(format!("{option}: no such option").into()),
        }
        Ok(())
    }
}

fn main() -> Result<()> {
    let options = Options::read()?;
    let shared =
        std::env::var_os("MEDVEC_SHARED").map_or_else(|| "../shared".into(), PathBuf::from);
    let begun = Instant::now();
    let source = Source::load(&shared)?;
    eprintln!("read the real citations in {:.1} s", begun.elapsed().as_secs_f64());
    let mut plan = Plan::new(options.seed, options.of, options.updates)?;
    if options.is_stats {
        return stats::report(&source, &shared, options.seed, &mut plan, &mut io::stdout());
    }
    let vectors = match &options.vectors {
        Some(path) => {
            let (columns, rows) =
                common::read(path, usize::MAX).map_err(|error| error.to_string())?;
            Some(Vectors::new(rows, columns))
        }
        None => None,
    };
    for number in options.files.0..=options.files.1 {
        let file = FileId { year: options.year, number };
        if let Some(folder) = &options.into {
            wait_for_reader(folder, options.ahead)?;
        }
        let begun = Instant::now();
        let content = plan.content(file)?;
        let bytes = match &options.into {
            Some(folder) => {
                if let Some(vectors) = &vectors {
                    write_vectors(vectors, options.seed, &content.items, folder, file)?;
                }
                write_file(&source, options.seed, &content, file, folder)?
            }
            None => write_xml(&source, options.seed, &content, &mut io::stdout().lock())?,
        };
        let seconds = begun.elapsed().as_secs_f64();
        eprintln!(
            "{file}: {} citations, {} deletions, {:.0} MB of XML, {:.0} citations/s",
            content.items.len(),
            content.deletes.len(),
            bytes as f64 / 1e6,
            content.items.len() as f64 / seconds
        );
    }
    Ok(())
}

fn write_vectors(
    vectors: &Vectors,
    seed: u64,
    items: &[made::files::Item],
    folder: &Path,
    file: FileId,
) -> Result<()> {
    let create = |end: &str| {
        let name = file.to_string().replace(".xml.gz", end);
        fs::create_dir_all(folder)?;
        File::create(folder.join(name)).map(BufWriter::new)
    };
    let (mut array, mut ids) = (create(".npy")?, create(".ids")?);
    vectors.write(seed, items, &mut array, &mut ids)?;
    array.flush()?;
    ids.flush()?;
    Ok(())
}
