//! A folder of NLM's files, and a database beside it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use md5::{Digest, Md5};
use medvec::session::{NlmFile, SessionResult, SyncReport, SyncSettings, plan_sync};
use medvec::{Control, Database, Key};

/// What a file says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    /// PMIDs with their titles.
    pub(crate) records: Vec<(u32, String)>,
    /// PMIDs taken back, at the end of the file.
    pub(crate) deletes: Vec<u32>,
}

impl Content {
    pub(crate) fn of(records: &[(u32, &str)], deletes: &[u32]) -> Content {
        let records = records.iter().map(|(pmid, title)| (*pmid, (*title).to_owned())).collect();
        Content { records, deletes: deletes.to_vec() }
    }

    pub(crate) fn xml(&self) -> String {
        let article = |(pmid, title): &(u32, String)| {
            format!(
                "<PubmedArticle><MedlineCitation><PMID Version=\"1\">{pmid}</PMID><DateRevised><Year>2026\
                 </Year><Month>03</Month><Day>04</Day></DateRevised><Article><ArticleTitle>{title}\
                 </ArticleTitle></Article></MedlineCitation></PubmedArticle>\n"
            )
        };
        let articles: String = self.records.iter().map(article).collect();
        let pmid = |pmid: &u32| format!("<PMID Version=\"1\">{pmid}</PMID>");
        let pmids: String = self.deletes.iter().map(pmid).collect();
        let deletes = match pmids.is_empty() {
            true => String::new(),
            false => format!("<DeleteCitation>{pmids}</DeleteCitation>\n"),
        };
        format!("<PubmedArticleSet>\n{articles}{deletes}</PubmedArticleSet>\n")
    }
}

pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).expect("memory");
    packer.finish().expect("memory")
}

/// A folder of files, and a database beside it.
pub(crate) struct Bench {
    pub(crate) root: tempfile::TempDir,
    pub(crate) settings: SyncSettings,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("nlm")).expect("makes");
        let mut settings = SyncSettings::default();
        settings.import.encoder.name = Some("none".into());
        Bench { root, settings }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.root.path().join("db")
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("nlm")
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
        fs::write(&path, bytes).expect("writes");
        path
    }

    /// Writes a file with the sum that NLM ships.
    pub(crate) fn file(&self, name: &str, records: &[(u32, &str)], deletes: &[u32]) -> PathBuf {
        self.content(name, &Content::of(records, deletes))
    }

    pub(crate) fn content(&self, name: &str, content: &Content) -> PathBuf {
        let bytes = gzip(&content.xml());
        let sum: String = Md5::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let base = name.rsplit('/').next().expect("a name");
        self.write(&format!("{name}.md5"), format!("MD5({base})= {sum}\n").as_bytes());
        self.write(name, &bytes)
    }

    pub(crate) fn try_sync(&self) -> SessionResult<SyncReport> {
        plan_sync(self.database(), self.folder(), &self.settings)?.run(&Control::default())
    }

    #[track_caller]
    pub(crate) fn sync(&self) -> SyncReport {
        self.try_sync().expect("syncs")
    }

    /// PMIDs and titles of the database.
    pub(crate) fn titles(&self) -> BTreeMap<u32, String> {
        let snapshot = Database::open(self.database()).expect("opens").snapshot();
        let pmid = |key: Key| match key {
            Key::Pmid(pmid) => pmid.0,
            Key::Text(text) => panic!("{text} came from no file"),
        };
        let documents = snapshot.documents().map(|document| document.expect("reads"));
        documents.map(|document| (pmid(document.key), document.title)).collect()
    }

    #[track_caller]
    pub(crate) fn holds(&self, expected: &[(u32, &str)]) {
        let expected = expected.iter().map(|(pmid, title)| (*pmid, (*title).to_owned()));
        assert_eq!(self.titles(), expected.collect());
    }
}

pub(crate) fn names(files: &[NlmFile]) -> Vec<String> {
    files.iter().map(NlmFile::to_string).collect()
}
