//! A temporary directory to run the binary in, and four small documents.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Four documents with everything that filters look at. Words of our own.
pub(crate) const DOCUMENTS: &str = r#"{"pmid": 101, "title": "Aspirin and colorectal cancer", "abstract": "We followed ten thousand adults for nine years. Daily aspirin lowered the risk of colorectal cancer by a third. Bleeding was more frequent.", "mesh": ["*Aspirin/therapeutic use", "Colorectal Neoplasms", "Humans"], "journal": "Journal of Examples", "year": 2011, "languages": ["eng"], "publication_types": ["Journal Article"]}
{"pmid": 102, "title": "Exercise in asthma", "abstract": "Children with asthma trained twice a week. Lung function improved after three months.", "mesh": ["*Asthma", "Exercise", "Humans", "Aspirin"], "journal": "Journal of Examples", "year": 2018, "languages": ["eng"]}
{"pmid": 103, "title": "Diabetes mellitus in mice", "abstract": "Mice without the gene became diabetic. Insulin reversed it.", "mesh": ["Diabetes Mellitus", "Mice"], "journal": "Murine Letters", "year": 2020, "languages": ["ger"]}
{"id": "note-1", "title": "Reading notes", "rating": 4, "mesh": ["Humans"], "year": 2020}
"#;

/// A directory that goes away with the test.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

/// What a run of the binary left behind.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Fails the test unless the run exited with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Run {
        assert_eq!(self.code, code, "\nstdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// Fails the test unless standard error has all these words.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Run {
        for word in words {
            assert!(self.err.contains(word), "no `{word}` in: {}", self.err);
        }
        self
    }

    /// Fails the test unless standard output has all these words.
    #[track_caller]
    pub(crate) fn shows(self, words: &[&str]) -> Run {
        for word in words {
            assert!(self.out.contains(word), "no `{word}` in: {}", self.out);
        }
        self
    }
}

impl Sandbox {
    /// An empty directory.
    pub(crate) fn new() -> Sandbox {
        Sandbox { folder: tempfile::tempdir().expect("a temporary directory") }
    }

    /// An empty directory in a folder.
    pub(crate) fn within(folder: &Path) -> Sandbox {
        Sandbox { folder: tempfile::tempdir_in(folder).expect("a temporary directory") }
    }

    /// A directory with the database `db` of [`DOCUMENTS`], embedded by the built-in encoder.
    pub(crate) fn with_database() -> Sandbox {
        let sandbox = Sandbox::new();
        sandbox.write("docs.jsonl", DOCUMENTS);
        sandbox.medvec(&["import", "db", "docs.jsonl"]).expect(0);
        sandbox
    }

    /// A directory with the database `db` of these documents, in JSON lines, without vectors.
    pub(crate) fn with_texts(documents: &str) -> Sandbox {
        let sandbox = Sandbox::new();
        sandbox.write("docs.jsonl", documents);
        sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "none"]).expect(0);
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("a file in the temporary directory");
    }

    /// Runs the binary here.
    pub(crate) fn medvec(&self, arguments: &[&str]) -> Run {
        self.medvec_with_input(arguments, "")
    }

    /// Runs the binary here with something on standard input.
    pub(crate) fn medvec_with_input(&self, arguments: &[&str], input: &str) -> Run {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // The binary may end without reading.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("the binary ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8 output");
        Run {
            code: output.status.code().expect("an exit code, not a signal"),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_medvec"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("NO_COLOR", "1").env("COLUMNS", "100");
        command
    }

    /// The largest file of the database whose name starts like this.
    pub(crate) fn database_file(&self, start: &str) -> PathBuf {
        let names = fs::read_dir(self.path("db")).expect("the database");
        let mut files: Vec<PathBuf> = names
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| file_name(path).starts_with(start))
            .collect();
        files.sort_by_key(|path| fs::metadata(path).map_or(0, |data| data.len()));
        files.pop().expect("such a file")
    }

    /// Changes one byte of a published file.
    pub(crate) fn damage(&self, file: &Path, at: usize) {
        let mut content = fs::read(file).expect("a file");
        content[at] ^= 0x40;
        fs::remove_file(file).expect("a file that can be removed");
        fs::write(file, content).expect("a file that can be written");
    }
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}
