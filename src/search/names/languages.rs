//! Languages by ISO 639-2, as PubMed gives them, and by what people type instead.

use std::sync::LazyLock;

use crate::format::terms::fold;

/// One line per language; the head of the file describes them.
const TABLE: &str = include_str!("languages.txt");

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Language {
    /// ISO 639-2/B, which PubMed uses: `ger`.
    pub(crate) code: &'static str,
    /// ISO 639-2/T where it differs, else empty: `deu`.
    terminological: &'static str,
    /// ISO 639-1, or empty: `de`.
    short: &'static str,
    /// Names, the usual one first, between semicolons.
    names: &'static str,
}

impl Language {
    fn parse(line: &'static str) -> Option<Language> {
        let mut parts = line.split('|');
        let mut part = || parts.next();
        Some(Language { code: part()?, terminological: part()?, short: part()?, names: part()? })
    }

    /// The usual English name.
    pub(crate) fn name(&self) -> &'static str {
        self.names().next().unwrap_or(self.code)
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.split("; ")
    }

    /// Every code and name, folded as stored terms are; a name that is the code of another language
    /// (`Ga` of Irish) is left out.
    pub(crate) fn spellings(&self) -> Vec<String> {
        let codes = self.codes().map(str::to_owned);
        let is_other = |name: &String| all().any(|other| other != *self && other.has_code(name));
        codes.chain(self.names().map(fold).filter(|name| !is_other(name))).collect()
    }

    fn codes(&self) -> impl Iterator<Item = &'static str> {
        [self.code, self.terminological, self.short].into_iter().filter(|code| !code.is_empty())
    }

    fn has_code(&self, wanted: &str) -> bool {
        self.codes().any(|code| code == wanted)
    }

    fn has_name(&self, wanted: &str) -> bool {
        self.names().map(fold).any(|name| name == wanted || without_note(&name) == wanted)
    }
}

/// Every language. The table is read once per process.
pub(crate) fn all() -> impl Iterator<Item = Language> {
    static ALL: LazyLock<Vec<Language>> = LazyLock::new(|| {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(Language::parse).collect()
    });
    ALL.iter().copied()
}

/// The languages that a text names, by code, else by English name, in any case; a region is left out
/// (`pt-BR`). None for a text that names no language, several for a name that two languages share.
/// Cost: two passes over 486 lines.
pub(crate) fn find(text: &str) -> Vec<Language> {
    let wanted = fold(text);
    if wanted.is_empty() {
        return Vec::new();
    }
    let by_code = |code: &str| all().filter(|language| language.has_code(code)).collect::<Vec<_>>();
    let mut found = by_code(&wanted);
    if found.is_empty() {
        found.extend(all().filter(|language| language.has_name(&wanted)));
    }
    match wanted.split_once(['-', '_']) {
        Some((code, region)) if found.is_empty() && is_region(region) => by_code(code),
        _ => found,
    }
}

fn is_region(text: &str) -> bool {
    (2..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A name without what follows in parentheses: `tonga (nyasa)` is `tonga`.
fn without_note(name: &str) -> &str {
    name.split_once(" (").map_or(name, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        let codes: Vec<&str> = find(text).iter().map(|language| language.code).collect();
        codes.join(" ")
    }

    #[test]
    fn names_and_codes_of_every_kind_are_known_in_any_case() {
        for (code_of, texts) in [
            ("eng", ["eng", "en", "English", "ENGLISH", " english ", "en-US"]),
            ("ger", ["ger", "deu", "de", "German", "Deutsch", "de_AT"]),
            ("chi", ["chi", "zho", "zh", "Chinese", "mandarin", "zh-Hant"]),
            ("gre", ["gre", "ell", "el", "Greek", "Modern Greek", "GRE"]),
            ("spa", ["spa", "es", "Spanish", "Castilian", "español", "es-419"]),
            ("hrv", ["hrv", "scr", "hr", "Croatian", "croatian", "HRV"]),
        ] {
            for text in texts {
                assert_eq!(code(text), code_of, "{text}");
            }
        }
        assert_eq!(code("tonga"), "tog ton", "two languages share the name");
        for text in ["", " ", "englsh", "xx", "-", "languages", "en-", "e", "(1453-)"] {
            assert_eq!(code(text), "", "{text}");
        }
    }

    #[test]
    fn the_table_is_whole_and_no_code_means_two_languages() {
        let languages: Vec<Language> = all().collect();
        assert_eq!(languages.len(), 486);
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(languages.len(), lines, "every line is read");
        let mut codes: Vec<&str> = languages.iter().flat_map(Language::codes).collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
        assert!(codes.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_lowercase())));
        assert!(languages.iter().all(|language| language.code.len() == 3));
        assert_eq!(
            (code("ga"), code("gaa"), code("Irish")),
            ("gle".into(), "gaa".into(), "gle".into())
        );
        let irish_code_of_ga = find("gaa").iter().any(|ga| ga.spellings().contains(&"ga".into()));
        assert!(!irish_code_of_ga);
    }
}
