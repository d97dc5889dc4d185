//! Languages by ISO 639-2, as PubMed gives them, and by what people type instead.

use crate::format::terms::fold;

/// One line a language; see the head of the file.
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
    /// The usual English name.
    pub(crate) fn name(&self) -> &'static str {
        self.names().next().unwrap_or(self.code)
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.split("; ")
    }

    /// Every code and name, folded as stored terms are.
    pub(crate) fn spellings(&self) -> Vec<String> {
        let codes = [self.code, self.terminological, self.short];
        let spellings = codes.into_iter().chain(self.names()).filter(|text| !text.is_empty());
        spellings.map(fold).collect()
    }

    fn is(&self, wanted: &str) -> bool {
        [self.code, self.terminological, self.short].contains(&wanted)
            || self.names().map(fold).any(|name| name == wanted || without_note(&name) == wanted)
    }
}

/// Every language.
pub(crate) fn all() -> impl Iterator<Item = Language> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut parts = line.split('|');
        let mut part = || parts.next();
        Some(Language { code: part()?, terminological: part()?, short: part()?, names: part()? })
    })
}

/// The languages that a text names, by code or English name in any case; a region is left out
/// (`pt-BR`). None for a text that names no language, several for a name that two languages share.
/// Cost: one pass over 486 lines.
pub(crate) fn find(text: &str) -> Vec<Language> {
    let wanted = fold(text);
    let found: Vec<Language> = all().filter(|language| language.is(&wanted)).collect();
    match wanted.split_once(['-', '_']) {
        Some((code, region)) if found.is_empty() && is_code(code) && is_region(region) => {
            all().filter(|language| language.is(code)).collect()
        }
        _ => found,
    }
}

fn is_code(text: &str) -> bool {
    (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase())
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
        for language in &languages {
            assert!(language.code.len() == 3 && is_code(language.code), "{language:?}");
            assert!(!language.name().is_empty(), "{language:?}");
            for code in [language.code, language.terminological, language.short] {
                assert!(code.is_empty() || find(code) == [*language], "{code}");
            }
        }
    }
}
