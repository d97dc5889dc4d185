//! The layouts of benchmarks, and how a folder or file is recognised.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::files::{Folder, bare, stem_of};
use crate::eval::input::{Input, InputError};

/// Bytes of a file that are looked at to recognise it.
const HEAD_BYTES: u64 = 64 * 1024;

/// How a benchmark's files are laid out.
///
/// A file may end in `.gz` or `.zst` wherever a name is given.
///
/// | layout | name | recognised by |
/// |---|---|---|
/// | [`Beir`](Layout::Beir) | `beir` | `queries.jsonl` with `qrels/*.tsv` or `qrels.tsv` |
/// | [`Hub`](Layout::Hub) | `hub` | without those: `queries.jsonl`, `queries.parquet`, a folder `queries` or `*-queries`, or `data/queries-*` |
/// | [`Trec`](Layout::Trec) | `trec` | a file with `<top>` or `<topic ` in its first 64 KiB, or lines with a tab and no JSON; a folder with one file `*topics*` |
/// | [`BioAsq`](Layout::BioAsq) | `bioasq` | `"questions"` in the first 64 KiB of a `.json` file |
/// | [`PubMedQa`](Layout::PubMedQa) | `pubmedqa` | `ori_pqal.json`; `"QUESTION"` in the first 64 KiB of a `.json` file |
/// | [`NfCorpus`](Layout::NfCorpus) | `nfcorpus` | `*.queries` and `*.qrel` |
/// | [`CysticFibrosis`](Layout::CysticFibrosis) | `cf` | `cfquery` |
/// | [`SciFact`](Layout::SciFact) | `scifact` | `claims_*.jsonl` |
/// | [`R2Med`](Layout::R2Med) | `r2med` | `query.jsonl`; `test_queries.jsonl` with `qrels.json`; a folder `query` or `*-query` |
///
/// A folder that is recognised as two layouts is refused; name the layout then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Layout {
    /// A BEIR folder: `corpus.jsonl`, `queries.jsonl`, `qrels/{split}.tsv`.
    Beir,
    /// A retrieval set of MTEB or MedTEB as Hugging Face has it.
    Hub,
    /// TREC topics (SGML, XML or TSV) with qrels of four columns.
    Trec,
    /// BioASQ task B questions.
    BioAsq,
    /// PubMedQA's labelled set.
    PubMedQa,
    /// NFCorpus in its original release.
    NfCorpus,
    /// The Cystic Fibrosis collection.
    CysticFibrosis,
    /// SciFact in its original release.
    SciFact,
    /// R2MED: its own files, its Hugging Face set, or ReasonRank's.
    R2Med,
}

impl Layout {
    /// Every layout, in the order of the table.
    pub const ALL: [Layout; 9] = [
        Layout::Beir,
        Layout::Hub,
        Layout::Trec,
        Layout::BioAsq,
        Layout::PubMedQa,
        Layout::NfCorpus,
        Layout::CysticFibrosis,
        Layout::SciFact,
        Layout::R2Med,
    ];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Layout::Beir => "beir",
            Layout::Hub => "hub",
            Layout::Trec => "trec",
            Layout::BioAsq => "bioasq",
            Layout::PubMedQa => "pubmedqa",
            Layout::NfCorpus => "nfcorpus",
            Layout::CysticFibrosis => "cf",
            Layout::SciFact => "scifact",
            Layout::R2Med => "r2med",
        }
    }

    /// Recognises a file or folder. It reads names, and at most 64 KiB of each file whose name does
    /// not tell.
    ///
    /// # Errors
    /// The path is of no layout or of several.
    pub fn sniff(path: &Path) -> Result<Layout, InputError> {
        if !path.is_dir() {
            return sniff_file(path)?.ok_or_else(|| InputError::file(path, unknown()));
        }
        let folder = Folder::open(path)?;
        let found = sniff_folder(&folder)?;
        match found.as_slice() {
            [only] => Ok(*only),
            [] if folder.files().any(|(name, _)| name.starts_with("qid2info")) => {
                let detail = "MedCPT's clicks are training data: read them with `medcpt::ClickLog`";
                Err(InputError::folder(path, detail))
            }
            [] => Err(InputError::folder(path, unknown())),
            several => {
                let names: Vec<&str> = several.iter().map(|layout| layout.name()).collect();
                let detail = format!(
                    "the files are of several layouts ({}): name the layout, or separate the files",
                    names.join(", ")
                );
                Err(InputError::folder(path, detail))
            }
        }
    }
}

fn unknown() -> String {
    let names: Vec<&str> = Layout::ALL.iter().map(|layout| layout.name()).collect();
    format!("the layout is not recognised: expected one of {}", names.join(", "))
}

fn sniff_folder(folder: &Folder) -> Result<Vec<Layout>, InputError> {
    let has = |name: &str| folder.has_file(name);
    let any = |test: &dyn Fn(&str) -> bool| folder.files().any(|(name, _)| test(name));
    let has_folder = |test: &dyn Fn(&str) -> bool| folder.folders().any(|(name, _)| test(name));
    let mut found = Vec::new();
    let has_table = has("qrels.tsv") || folder.has_inside("qrels", |name| name.ends_with(".tsv"));
    if has("queries.jsonl") && has_table {
        found.push(Layout::Beir);
    } else if has("queries.jsonl")
        || has("queries.parquet")
        || has_folder(&|name| name == "queries" || name.ends_with("-queries"))
        || folder.has_inside("data", |name| name.starts_with("queries-"))
    {
        found.push(Layout::Hub);
    }
    if any(&|name| name.contains("topics") && !name.ends_with(".json")) {
        found.push(Layout::Trec);
    }
    for (name, path) in folder.files().filter(|(name, _)| name.ends_with(".json")) {
        // Files that other layouts have a use for.
        if matches!(name, "qrels.json" | "test_ground_truth.json" | "qid2info.json") {
            continue;
        }
        let layout = match name {
            "ori_pqal.json" => Some(Layout::PubMedQa),
            _ => sniff_json(&Input::head(path, HEAD_BYTES)?),
        };
        if let Some(layout) = layout.filter(|layout| !found.contains(layout)) {
            found.push(layout);
        }
    }
    if any(&|name| name.ends_with(".queries")) && any(&|name| name.ends_with(".qrel")) {
        found.push(Layout::NfCorpus);
    }
    if has("cfquery") {
        found.push(Layout::CysticFibrosis);
    }
    if any(&|name| name.starts_with("claims_") && name.ends_with(".jsonl")) {
        found.push(Layout::SciFact);
    }
    let is_repack = has("test_queries.jsonl") && has("qrels.json");
    if has("query.jsonl")
        || is_repack
        || has_folder(&|name| name == "query" || name.ends_with("-query"))
    {
        found.push(Layout::R2Med);
    }
    Ok(found)
}

fn sniff_file(path: &Path) -> Result<Option<Layout>, InputError> {
    let head = Input::head(path, HEAD_BYTES)?;
    if head.trim_start().starts_with('{') {
        return Ok(sniff_json(&head));
    }
    let lower = head.to_ascii_lowercase();
    if ["<top>", "<top ", "<topic ", "<topic>"].iter().any(|tag| lower.contains(tag)) {
        return Ok(Some(Layout::Trec));
    }
    let name = stem_of(path);
    let is_table = !bare(&name).ends_with(".csv")
        && head.lines().next().is_some_and(|line| line.contains('\t'));
    Ok(is_table.then_some(Layout::Trec))
}

fn sniff_json(head: &str) -> Option<Layout> {
    if head.contains("\"questions\"") {
        return Some(Layout::BioAsq);
    }
    head.contains("\"QUESTION\"").then_some(Layout::PubMedQa)
}

impl fmt::Display for Layout {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Layout {
    type Err = String;

    fn from_str(name: &str) -> Result<Layout, String> {
        let found = Layout::ALL.into_iter().find(|layout| layout.name() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = Layout::ALL.iter().map(|layout| layout.name()).collect();
            format!("unknown layout `{name}` (expected one of {})", names.join(", "))
        })
    }
}
