//! Files that a server has and neither the folder nor the database has seen.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use md5::{Digest, Md5};
use serde::Serialize;

use super::folder::{BASELINE, UPDATES};
use super::key::NlmFile;
use super::ledger::Ledger;
use super::listing::{Listing, name_of};
use crate::control::Control;
use crate::db::Database;
use crate::error::{Error, Result};
use crate::fetch::{Client, Failure, Part, Retry};
use crate::format::content::hexadecimal;
use crate::ingest::sum_of;
use crate::session::error::{SessionError, SessionResult};

/// Where NLM keeps its files.
pub const NLM: &str = "https://ftp.ncbi.nlm.nih.gov/pubmed/";

/// Attempts in a row that bring nothing, before a server is given up: with a pause of a second, after 15 seconds.
const ATTEMPTS: u32 = 5;

/// Hosts that may be asked without encryption: this machine.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// How files are fetched.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DownloadSettings {
    /// An `https://` address whose page lists the files, or the directories `baseline/` and `updatefiles/`.
    pub source: String,
    /// The pause after an attempt that brought nothing; the next are twice as long each. Five fail in a row.
    pub pause: Duration,
}

impl Default for DownloadSettings {
    /// NLM's server; a second.
    fn default() -> DownloadSettings {
        DownloadSettings { source: NLM.to_owned(), pause: Duration::from_secs(1) }
    }
}

/// What was fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DownloadReport {
    /// Files that the server lists.
    pub listed: u64,
    /// Files that were fetched, in order.
    pub fetched: Vec<NlmFile>,
    /// Their bytes.
    pub bytes: u64,
    /// The number of the newest baseline's last file, where the server shows it: `updatefiles/` goes on from there.
    pub baseline_end: Option<u32>,
}

/// A file on the server.
struct Remote {
    file: NlmFile,
    /// `baseline`, `updatefiles`, or empty.
    shelf: String,
}

/// Fetches the files of NLM's series that a server lists, and that neither the folder has nor the database in a
/// directory has read to its end. The database need not exist.
///
/// A file grows as `NAME.partial`, is compared with the sum that the server gives (`NAME.md5`), and gets its name whole;
/// what an interrupted run left is gone on from. A file with another sum is fetched once more, with its sum: the server
/// may just have replaced both. Files that are there are not compared with the server's.
///
/// The control's watch gets the bytes fetched, of about as many as all files have.
///
/// # Errors
/// [`SessionError::BadSource`]; [`SessionError::NothingListed`]; [`SessionError::NotFetched`] with file and address, with
/// every file before it in its place; [`Error::Io`]; as [`Database::open`]; those of the control.
pub fn download_nlm_files(
    database: impl AsRef<Path>,
    folder: impl AsRef<Path>,
    settings: &DownloadSettings,
    control: &Control,
) -> SessionResult<DownloadReport> {
    let folder = folder.as_ref();
    let source = address(&settings.source)?;
    let retry = Retry { attempts: ATTEMPTS, first_attempts: ATTEMPTS, pause: settings.pause };
    let client = Client::new(None, source.starts_with("https://"));
    let server = Server { source, client, retry };
    let listed = server.list(control)?;
    let ledger = match Database::exists(database.as_ref()) {
        true => Ledger::of(&Database::open(database.as_ref())?.snapshot().manifest().sources),
        false => Ledger::default(),
    };
    let is_missing = |remote: &&Remote| {
        let here = |shelf: &str| folder.join(shelf).join(name_of(remote.file)).is_file();
        !ledger.is_read(remote.file) && !["", BASELINE, UPDATES].into_iter().any(here)
    };
    let missing: Vec<&Remote> = listed.iter().filter(is_missing).collect();
    let mut report = DownloadReport {
        listed: listed.len() as u64,
        baseline_end: baseline_end(&listed),
        ..DownloadReport::default()
    };
    for (remote, left) in missing.iter().zip((0..missing.len() as u64).rev()) {
        let before = report.bytes;
        let mut done = |bytes: u64, size: Option<u64>| {
            let size = size.unwrap_or(bytes);
            // The files to come are as large as this one, about.
            control.report("fetching", "bytes", before + bytes, before + size * (left + 1));
        };
        report.bytes += server.fetch(remote, folder, control, &mut done)?;
        report.fetched.push(remote.file);
    }
    Ok(report)
}

/// An address with a slash at its end.
fn address(source: &str) -> SessionResult<String> {
    let is_local = |rest: &str| {
        let host = rest.split('/').next().unwrap_or_default();
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        LOCAL.contains(&name)
    };
    let is_safe = match source.split_once("://") {
        Some(("https", rest)) => !rest.is_empty(),
        Some(("http", rest)) => is_local(rest),
        _ => false,
    };
    match is_safe && !source.contains(['?', '#', ' ']) {
        true => Ok(format!("{}/", source.trim_end_matches('/'))),
        false => Err(SessionError::BadSource { address: source.to_owned() }),
    }
}

/// The last number of the newest baseline, if the first update file follows it.
fn baseline_end(listed: &[Remote]) -> Option<u32> {
    let of = |shelf: &'static str| {
        listed.iter().filter(move |remote| remote.shelf == shelf).map(|remote| remote.file)
    };
    let last = of(BASELINE).max()?;
    let first = of(UPDATES).filter(|file| file.year() == last.year()).min()?;
    (last.number() + 1 == first.number()).then_some(last.number())
}

struct Server {
    source: String,
    client: Client,
    retry: Retry,
}

impl Server {
    /// Files of the series, in their order.
    fn list(&self, control: &Control) -> SessionResult<Vec<Remote>> {
        let page = |url: &str| -> SessionResult<Listing> {
            let bytes = self.retry.bytes(&self.client, url, control);
            let bytes = bytes.map_err(|failure| not_fetched("the list of files", url, failure))?;
            Ok(Listing::read(&String::from_utf8_lossy(&bytes), &[BASELINE, UPDATES]))
        };
        let root = page(&self.source)?;
        let remote = |shelf: &str, file: NlmFile| Remote { file, shelf: shelf.to_owned() };
        let mut listed: Vec<Remote> = root.files.iter().map(|file| remote("", *file)).collect();
        for shelf in &root.shelves {
            let inside = page(&format!("{}{shelf}/", self.source))?;
            listed.extend(inside.files.iter().map(|file| remote(shelf, *file)));
        }
        listed.sort_by_key(|remote| remote.file);
        match listed.is_empty() {
            true => Err(SessionError::NothingListed { url: self.source.clone() }),
            false => Ok(listed),
        }
    }

    /// Fetches a file and its sum. Returns its bytes.
    fn fetch(
        &self,
        remote: &Remote,
        folder: &Path,
        control: &Control,
        done: &mut dyn FnMut(u64, Option<u64>),
    ) -> SessionResult<u64> {
        let name = name_of(remote.file);
        let slash = if remote.shelf.is_empty() { "" } else { "/" };
        let url = format!("{}{}{slash}{name}", self.source, remote.shelf);
        let fetched = self.fetch_from(&url, &name, &folder.join(&remote.shelf), control, done);
        fetched.map_err(|failure| not_fetched(&name, &url, failure))
    }

    fn fetch_from(
        &self,
        url: &str,
        name: &str,
        folder: &Path,
        control: &Control,
        done: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<u64, Failure> {
        fs::create_dir_all(folder)
            .map_err(|error| Error::io("create", folder.display().to_string(), error))?;
        let mut part = Part::open(&partial(folder, name), name)?;
        // An earlier run may have ended between the last byte and the name.
        let mut found = (part.length()? > 0).then(|| md5_of(&mut part, control)).transpose()?;
        let mut is_second = false;
        loop {
            let sums = self.retry.bytes(&self.client, &format!("{url}.md5"), control)?;
            let wanted = sum_of(name, &String::from_utf8_lossy(&sums))
                .ok_or_else(|| Failure::Detail(format!("{name}.md5 holds no MD5 sum of it")))?;
            let sum = match found.take().filter(|found| *found == wanted) {
                Some(sum) => sum,
                None => {
                    part.fetch(&self.client, url, None, &self.retry, control, done)?;
                    md5_of(&mut part, control)?
                }
            };
            if sum == wanted {
                let beside = format!("{name}.md5");
                let mut sum_file = Part::open(&partial(folder, &beside), &beside)?;
                sum_file.replace(&sums)?;
                // The sum comes first: whoever sees the file can check it.
                sum_file.publish(&folder.join(&beside))?;
                let bytes = part.length()?;
                part.publish(&folder.join(name))?;
                return Ok(bytes);
            }
            if is_second {
                part.remove()?;
                return Err(Failure::Detail(format!(
                    "its MD5 sum is {sum}, but {name}.md5 says {wanted}, twice: what came is removed"
                )));
            }
            part.clear()?;
            is_second = true;
        }
    }
}

fn partial(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.partial"))
}

fn md5_of(part: &mut Part, control: &Control) -> Result<String> {
    let mut sum = Md5::new();
    part.hash(control, |bytes| sum.update(bytes))?;
    Ok(hexadecimal(&sum.finalize()))
}

fn not_fetched(name: &str, url: &str, failure: Failure) -> SessionError {
    let detail = match failure {
        Failure::Library(error) => return error.into(),
        Failure::Network { url: asked, trouble } if asked != url => format!("{asked}: {trouble}"),
        Failure::Network { trouble, .. } => trouble.to_string(),
        Failure::Detail(detail) | Failure::Broken(detail) => detail,
    };
    SessionError::NotFetched { name: name.to_owned(), url: url.to_owned(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_or_local_servers_are_asked() {
        for (source, expected) in [
            ("https://ftp.ncbi.nlm.nih.gov/pubmed", "https://ftp.ncbi.nlm.nih.gov/pubmed/"),
            ("https://mirror.example:8443/", "https://mirror.example:8443/"),
            ("http://127.0.0.1:8080/nlm//", "http://127.0.0.1:8080/nlm/"),
            ("http://localhost/", "http://localhost/"),
            ("http://[::1]:80", "http://[::1]:80/"),
        ] {
            assert_eq!(address(source).expect("an address"), expected);
        }
        for source in [
            "",
            "nlm",
            "/mnt/nlm",
            "https://",
            "ftp://ftp.ncbi.nlm.nih.gov/pubmed/",
            "http://ftp.ncbi.nlm.nih.gov/pubmed/",
            "http://localhost.example.org/",
            "http://localhost@example.org/",
            "https://example.org/?a=b",
        ] {
            let refused = address(source).expect_err(source);
            assert!(refused.to_string().contains(source), "{refused}");
        }
    }
}
