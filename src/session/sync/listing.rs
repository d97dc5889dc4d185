//! What a server lists of NLM's files: the page that it makes of a directory.

use std::collections::BTreeSet;

use super::key::NlmFile;

/// What a page links to, as far as it concerns us.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// Packed files of the series.
    pub(super) files: BTreeSet<NlmFile>,
    /// Whether it links to directories of these names.
    pub(super) shelves: BTreeSet<String>,
}

impl Listing {
    /// Reads the links of a page. Links to other directories, and everything else, say nothing.
    pub(super) fn read(page: &str, shelves: &[&str]) -> Listing {
        let mut listing = Listing::default();
        for link in links(page) {
            let link = link.strip_prefix("./").unwrap_or(link);
            if let Some(file) = NlmFile::named(link).filter(|file| name_of(*file) == link) {
                listing.files.insert(file);
            } else if let Some(shelf) = link.strip_suffix('/').filter(|name| shelves.contains(name))
            {
                listing.shelves.insert(shelf.to_owned());
            }
        }
        listing
    }
}

/// The name of a file on the server.
pub(super) fn name_of(file: NlmFile) -> String {
    format!("{file}.xml.gz")
}

/// Values of `href`, quoted or not.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let starts = page.char_indices().filter_map(|(at, _)| {
        let rest = page.get(at..)?;
        let is_link = rest.get(..5).is_some_and(|text| text.eq_ignore_ascii_case("href="));
        is_link.then(|| rest.get(5..)).flatten()
    });
    starts.filter_map(|rest| match rest.chars().next()? {
        quote @ ('"' | '\'') => rest.get(1..)?.split(quote).next(),
        _ => rest.split([' ', '>']).next(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_series_and_known_directories_are_listed() {
        let page = r#"<html><h1>Index of /pubmed</h1><a href="?C=N;O=D">Name</a> <a href="/pubmed/">Parent</a>
            <A HREF='baseline/'>baseline/</A> <a href=updatefiles/>updatefiles/</a> <a href="other/">x</a>
            <a href="pubmed26n0002.xml.gz">pubmed26n0002.xml.gz</a>  2026-01-01 10:00   19M
            <a href="pubmed26n0002.xml.gz.md5">...</a> <a href="./pubmed26n0001.xml.gz">1</a>
            <a href="pubmed26n0003.xml">unpacked</a> <a href="../pubmed26n0004.xml.gz">elsewhere</a>
            <a href="https://example.org/pubmed26n0005.xml.gz">away</a> <a href="pubmed26n0006.xml.gz"#;
        let listing = Listing::read(page, &["baseline", "updatefiles"]);
        let files: Vec<String> = listing.files.iter().map(|file| name_of(*file)).collect();
        assert_eq!(files[..2], ["pubmed26n0001.xml.gz", "pubmed26n0002.xml.gz"]);
        assert_eq!(listing.shelves, ["baseline", "updatefiles"].map(String::from).into());
        for junk in ["", "href", "href=", "href=\"", "<é href=é", "\u{0}"] {
            assert_eq!(Listing::read(junk, &["baseline"]), Listing::default());
        }
    }
}
