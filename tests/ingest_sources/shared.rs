//! Real records, where they are at hand: `MEDVEC_SHARED`, or `../shared` beside the package.

use std::collections::HashSet;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use medvec::Key;
use medvec::ingest::{Event, open, open_reader};

/// The folder of real data; `None`, and a word about it, where there is none outside of CI.
pub(super) fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("MEDVEC_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let found = folder.join("data/README.md").is_file();
    assert!(found || std::env::var_os("CI").is_none(), "no shared data at {}", folder.display());
    if !found {
        eprintln!("skipped: no shared data at {}", folder.display());
    }
    found.then(|| folder.join("data"))
}

#[derive(Default)]
struct Counts {
    citations: u64,
    deletes: u64,
    books: u64,
    with_mesh: u64,
    with_abstract: u64,
    with_other_abstract: u64,
    with_vernacular_title: u64,
    references: u64,
    undated: u64,
    dois_max: usize,
    pmids: HashSet<Key>,
}

impl Counts {
    fn add(&mut self, event: Event) {
        let Event::Document { document, .. } = event else {
            self.deletes += 1;
            return;
        };
        // Only books have chapters in a `bookaccession`.
        self.books += u64::from(document.id("bookaccession").is_some());
        self.citations += 1;
        self.with_mesh += u64::from(!document.mesh.is_empty());
        self.with_abstract += u64::from(document.has_abstract());
        self.with_other_abstract += u64::from(!document.other_abstracts.is_empty());
        self.with_vernacular_title += u64::from(!document.vernacular_title.is_empty());
        self.references += document.references.len() as u64;
        let is_dated = document.date.as_ref().is_some_and(|date| date.first.0 > 0);
        self.undated += u64::from(!is_dated);
        // A second DOI would be one of a cited work.
        let dois = document.ids.iter().filter(|id| id.kind == "doi").count();
        self.dois_max = self.dois_max.max(dois);
        for heading in &document.mesh {
            assert!(!heading.name.is_empty());
        }
        self.pmids.insert(document.key);
    }
}

pub(super) fn files(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.extend(files(&path, suffix));
        } else if path.to_string_lossy().ends_with(suffix) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The members of a tar archive: name at byte 0, size in octal at byte 124, type at byte 156.
pub(super) fn tar_members(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut members, mut place) = (Vec::new(), 0);
    while bytes.get(place).is_some_and(|&byte| byte != 0) {
        let header = &bytes[place..place + 512];
        let octal = std::str::from_utf8(&header[124..135]).expect("octal").trim_matches('\0');
        let size = usize::from_str_radix(octal.trim(), 8).expect("octal");
        if header[156] == b'0' || header[156] == 0 {
            members.push(&bytes[place + 512..place + 512 + size]);
        }
        place += 512 + size.div_ceil(512) * 512;
    }
    members
}

#[test]
fn every_real_xml_file_is_read_without_an_error() {
    let Some(data) = shared() else { return };
    let mut counts = Counts::default();
    let folder = data.join("medline-xml");
    for path in files(&folder, ".xml.gz") {
        let mut source = open(&path).expect("opens");
        for record in source.by_ref() {
            counts.add(record.unwrap_or_else(|error| panic!("{}: {error}", path.display())).event);
        }
        assert!(source.entry().complete);
    }
    for path in files(&folder, ".tar.gz") {
        let mut bytes = Vec::new();
        let packed = std::fs::File::open(&path).expect("opens");
        flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut bytes).expect("unpacks");
        for member in tar_members(&bytes) {
            for record in open_reader("member", Cursor::new(member.to_vec())).expect("opens") {
                counts.add(record.expect("good").event);
            }
        }
    }
    // As the data's own description counts them, with a text search over the same files.
    assert_eq!(counts.deletes, 262 + 23 + 7 + 3 + 2);
    assert_eq!(counts.books, 3);
    assert_eq!(counts.citations, 1722 + 3);
    assert_eq!(counts.pmids.len(), 1702 + 3);
    assert_eq!((counts.with_mesh, counts.with_abstract), (1211, 1461));
    assert_eq!((counts.with_other_abstract, counts.with_vernacular_title), (30, 52));
    assert_eq!((counts.references, counts.undated), (18_439, 0));
    assert!(counts.dois_max <= 2, "{}", counts.dois_max);
}

#[test]
fn every_real_json_line_is_read_without_an_error() {
    let Some(data) = shared() else { return };
    let (mut documents, mut pmids, mut with_mesh, mut with_abstract) = (0, 0, 0, 0);
    for record in open(&data.join("abstracts.jsonl.zst")).expect("opens") {
        let Event::Document { document, .. } = record.expect("good").event else {
            panic!("a deletion");
        };
        documents += 1;
        pmids += u64::from(matches!(document.key, Key::Pmid(_)));
        with_mesh += u64::from(!document.mesh.is_empty());
        with_abstract += u64::from(document.has_abstract());
    }
    assert_eq!((documents, pmids, with_mesh, with_abstract), (69_336, 37_662, 17_703, 67_291));
    let corpus = open(&data.join("retrieval/bioasq/corpus.jsonl.gz")).expect("opens");
    assert_eq!(corpus.filter(Result::is_ok).count(), 13_449);
}

#[test]
fn every_real_pubmedqa_entry_is_read_without_an_error() {
    let Some(data) = shared() else { return };
    let source = open(&data.join("pubmedqa/ori_pqal.json.gz")).expect("opens");
    let (mut count, mut dated) = (0, 0);
    for record in source {
        let Event::Document { document, .. } = record.expect("good").event else {
            panic!("a deletion");
        };
        assert!(document.has_abstract() && !document.mesh.is_empty());
        dated += u64::from(document.date.is_some());
        assert!(document.fields.iter().any(|field| field.name == "final_decision"));
        count += 1;
    }
    assert_eq!((count, dated), (1000, 942));
}
