//! What in a query's text looks like PubMed's query language, or like a PMID: an encoder reads all of it
//! as words, which is seldom what was meant.

use crate::ids::Pmid;

/// Something in a text that an encoder reads as words, though it was likely meant otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// The text is nothing but PMIDs.
    Pmids(Vec<Pmid>),
    /// A DOI.
    Doi(String),
    /// An id of PubMed Central.
    PmcId(String),
    /// The text is a year, or a range of years as PubMed writes it.
    Years {
        /// The first.
        from: u32,
        /// The last.
        to: u32,
    },
    /// A field tag of PubMed: `asthma[mh]`.
    Tag {
        /// What it stands behind: `asthma`.
        words: String,
        /// The tag as written: `mh`.
        tag: String,
        /// What PubMed looks in.
        meaning: TagMeaning,
    },
    /// `AND`, `OR` or `NOT` in capitals, between words.
    Operator(&'static str),
    /// A phrase in quotes.
    Quotes,
    /// A word that ends in `*`.
    Wildcard(String),
}

/// What a field tag of PubMed looks in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TagMeaning {
    /// MeSH headings.
    Mesh,
    /// MeSH headings that are major topics.
    MajorTopic,
    /// The publication date.
    Years,
    /// The journal.
    Journal,
    /// The language.
    Language,
    /// The publication type.
    PublicationType,
    /// The PMID.
    Pmid,
    /// Words of title, abstract or all fields.
    Words,
    /// Anything else, which no filter looks in.
    Other,
}

/// PubMed's field tags, in lower case, by what a filter can do about them.
const TAGS: [(TagMeaning, &[&str]); 9] = [
    (TagMeaning::Mesh, &["mh", "mesh", "mesh terms", "mesh term", "mesh heading"]),
    (TagMeaning::MajorTopic, &["majr", "mesh major topic", "major", "mj"]),
    (
        TagMeaning::Years,
        &["dp", "pdat", "publication date", "date - publication", "epdat", "ppdat", "year"],
    ),
    (TagMeaning::Journal, &["ta", "jour", "journal", "is", "issn"]),
    (TagMeaning::Language, &["la", "lang", "language"]),
    (TagMeaning::PublicationType, &["pt", "ptyp", "publication type"]),
    (TagMeaning::Pmid, &["pmid", "uid"]),
    (
        TagMeaning::Words,
        &[
            "ti",
            "titl",
            "title",
            "tiab",
            "title/abstract",
            "tw",
            "text word",
            "text words",
            "all",
            "all fields",
            "ab",
            "abstract",
            "ot",
            "other term",
            "word",
        ],
    ),
    (
        TagMeaning::Other,
        &[
            "au",
            "auth",
            "author",
            "1au",
            "first author",
            "author - first",
            "lastau",
            "last author",
            "author - last",
            "fau",
            "full author name",
            "auid",
            "cn",
            "corporate author",
            "ir",
            "investigator",
            "ad",
            "affl",
            "affiliation",
            "aid",
            "doi",
            "article identifier",
            "lid",
            "sh",
            "mesh subheading",
            "nm",
            "supplementary concept",
            "rn",
            "ec/rn number",
            "pa",
            "pharmacological action",
            "edat",
            "date - entry",
            "entrez date",
            "crdt",
            "date - create",
            "mhda",
            "date - mesh",
            "lr",
            "date - modification",
            "dcom",
            "date - completion",
            "sb",
            "subset",
            "filter",
            "gr",
            "grant number",
            "vi",
            "volume",
            "ip",
            "issue",
            "pg",
            "pagination",
            "pl",
            "place of publication",
            "ps",
            "si",
            "secondary source id",
            "tt",
            "transliterated title",
            "jid",
            "nlm unique id",
            "isbn",
            "pubn",
            "publisher",
            "cois",
            "conflict of interest statements",
            "stat",
            "book",
            "ed",
            "editor",
        ],
    ),
];

/// What in the text of a query was likely meant as something else than words. Empty for nearly every
/// query. Cost: two passes over the text.
pub fn hints(text: &str) -> Vec<Hint> {
    let text = text.trim();
    if let Some((from, to)) = years(text) {
        let mut hints = vec![Hint::Years { from, to }];
        hints.extend(pmids(text).map(Hint::Pmids));
        return hints;
    }
    if let Some(pmids) = pmids(text) {
        return vec![Hint::Pmids(pmids)];
    }
    let mut found: Vec<Hint> = Vec::new();
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|ch: char| "\"'(),;.[]".contains(ch));
        found.extend(doi(bare).map(Hint::Doi));
        found.extend(pmc_id(bare).map(Hint::PmcId));
        if let Some(stem) = bare.strip_suffix('*')
            && stem.chars().filter(|ch| ch.is_alphanumeric()).count() > 2
        {
            found.push(Hint::Wildcard(bare.to_owned()));
        }
    }
    found.extend(tags(text));
    let has_query_marks = !found.is_empty() || text.contains(['"', '(', '\u{201c}']);
    let is_mixed_case = text.chars().any(char::is_lowercase);
    if has_query_marks || is_mixed_case {
        found.extend(operators(text).into_iter().map(Hint::Operator));
    }
    let is_query = found.iter().any(|hint| matches!(hint, Hint::Tag { .. } | Hint::Operator(_)));
    if is_quoted(text) || (is_query && text.matches('"').count() > 1) {
        found.push(Hint::Quotes);
    }
    found
}

/// A year from 1800 to 2099, or a range of years and nothing else.
fn years(text: &str) -> Option<(u32, u32)> {
    let year = |part: &str| -> Option<u32> {
        let part = part.trim();
        let year = part.parse().ok().filter(|year| (1800..2100).contains(year))?;
        (part.len() == 4).then_some(year)
    };
    match text.split_once([':', '-', '\u{2013}']) {
        Some((from, to)) => Some((year(from)?, year(to)?)).filter(|(from, to)| from <= to),
        None => year(text).map(|year| (year, year)),
    }
}

/// PMIDs and nothing else, between blanks, commas or `OR`, with or without `PMID:` or a tag.
fn pmids(text: &str) -> Option<Vec<Pmid>> {
    let lower = text.to_ascii_lowercase();
    let text = lower
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_start_matches("www.")
        .trim_start_matches("pubmed.ncbi.nlm.nih.gov/")
        .trim_start_matches("ncbi.nlm.nih.gov/pubmed/")
        .replace("[pmid]", " ")
        .replace("[uid]", " ");
    let mut pmids = Vec::new();
    for word in text.split(|ch: char| ch.is_whitespace() || ",;|()".contains(ch)) {
        let word = word.trim_start_matches("pmids").trim_start_matches("pmid");
        let word = word.trim_matches([':', '#', '/', '.']);
        if word.is_empty() || word == "or" || word == "and" {
            continue;
        }
        let is_number = word.len() <= 10 && word.bytes().all(|byte| byte.is_ascii_digit());
        match word.parse() {
            Ok(number) if is_number && number > 0 => pmids.push(Pmid(number)),
            _ => return None,
        }
    }
    (!pmids.is_empty()).then_some(pmids)
}

fn doi(word: &str) -> Option<String> {
    let mut doi = word;
    for start in ["https://", "http://", "dx.", "doi.org/", "doi:", "DOI:"] {
        doi = doi.strip_prefix(start).unwrap_or(doi);
    }
    let (registrant, suffix) = doi.strip_prefix("10.")?.split_once('/')?;
    let digits = registrant.split('.').next().unwrap_or_default();
    let is_doi = (4..=9).contains(&digits.len())
        && registrant.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && !suffix.is_empty();
    is_doi.then(|| doi.to_owned())
}

fn pmc_id(word: &str) -> Option<String> {
    let start = word.get(..3).filter(|start| start.eq_ignore_ascii_case("pmc"))?;
    let digits = word.get(start.len()..)?.split('.').next()?;
    let is_id = (3..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then(|| word.to_owned())
}

/// Known tags in brackets, with what they stand behind.
fn tags(text: &str) -> Vec<Hint> {
    let mut found = Vec::new();
    let mut done = 0;
    while let Some((before, rest)) = text.get(done..).and_then(|rest| rest.split_once('[')) {
        let Some((inside, _)) = rest.split_once(']') else { break };
        done += before.len() + inside.len() + 2;
        let name = inside.split(':').next().unwrap_or_default().trim().to_lowercase();
        let known = TAGS.iter().find(|(_, names)| names.contains(&name.as_str()));
        let words = tagged_words(before);
        if let (Some((meaning, _)), false) = (known, words.is_empty()) {
            found.push(Hint::Tag { words, tag: inside.trim().to_owned(), meaning: *meaning });
        }
    }
    found
}

/// The words before a tag, back to the operator or parenthesis before them.
fn tagged_words(before: &str) -> String {
    let last = before.rsplit(['(', ')', ']']).next().unwrap_or_default();
    let mut words: Vec<&str> = last.split_whitespace().collect();
    if let Some(place) = words.iter().rposition(|word| matches!(*word, "AND" | "OR" | "NOT")) {
        words.drain(..=place);
    }
    words.join(" ").trim_matches(['"', '\u{201c}', '\u{201d}', ' ']).to_owned()
}

/// Operators with a word on either side, each once. `OR 2.3` is an odds ratio.
fn operators(text: &str) -> Vec<&'static str> {
    let words: Vec<&str> = text
        .split(|ch: char| ch.is_whitespace() || ch == '(' || ch == ')')
        .filter(|word| !word.is_empty())
        .collect();
    let mut found = Vec::new();
    for window in words.windows(3) {
        let [_, word, next] = window else { continue };
        let is_ratio = next.starts_with(|ch: char| ch.is_ascii_digit() || "=<>~".contains(ch));
        for operator in ["AND", "OR", "NOT"] {
            if *word == operator && !(operator == "OR" && is_ratio) && !found.contains(&operator) {
                found.push(operator);
            }
        }
    }
    found
}

/// Whether the whole text stands in quotes.
fn is_quoted(text: &str) -> bool {
    let inside = text
        .strip_prefix(['"', '\u{201c}', '\u{201e}'])
        .and_then(|text| text.strip_suffix(['"', '\u{201d}', '\u{201c}']));
    inside.is_some_and(|inside| !inside.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(words: &str, tag: &str, meaning: TagMeaning) -> Hint {
        Hint::Tag { words: words.into(), tag: tag.into(), meaning }
    }

    #[test]
    fn queries_have_no_hints() {
        for text in [
            "",
            "does aspirin lower the risk of colorectal cancer?",
            "Aspirin and cancer, or not",
            "ASPIRIN AND CANCER",
            "effect of 20 mg [18F]FDG PET and [Ca2+] in mice",
            "adjusted OR 2.3 in smokers",
            "p53 in 2019",
            "5-year survival 10.5/100",
            "IL-6 (pg/ml)",
            "what is the \"obesity paradox\" in heart failure",
            "HLA-A*02",
        ] {
            assert_eq!(hints(text), [], "{text}");
        }
    }

    #[test]
    fn numbers_alone_are_pmids() {
        let pmids = |numbers: &[u32]| vec![Hint::Pmids(numbers.iter().map(|n| Pmid(*n)).collect())];
        for text in [
            "16418930",
            " 16418930 ",
            "PMID: 16418930",
            "pmid16418930",
            "PMID 16418930.",
            "016418930",
            "16418930[pmid]",
            "16418930[UID]",
            "https://pubmed.ncbi.nlm.nih.gov/16418930/",
        ] {
            assert_eq!(hints(text), pmids(&[16_418_930]), "{text}");
        }
        assert_eq!(hints("1, 2;3 4"), pmids(&[1, 2, 3, 4]));
        assert_eq!(hints("123 OR 456"), pmids(&[123, 456]));
        assert_eq!(hints("PMIDs: 123, 456"), pmids(&[123, 456]));
        assert_eq!(hints("99999999999"), [], "no PMID is that long");
        assert_eq!(hints("0"), []);
    }

    #[test]
    fn years_alone_are_years_first() {
        assert_eq!(hints("2015:2020"), [Hint::Years { from: 2015, to: 2020 }]);
        let both = [Hint::Years { from: 2019, to: 2019 }, Hint::Pmids(vec![Pmid(2019)])];
        assert_eq!(hints("2019"), both);
        assert_eq!(hints("2020:2015"), []);
    }

    #[test]
    fn ids_of_other_systems_are_seen() {
        let doi = || vec![Hint::Doi("10.1056/NEJMoa1800722".into())];
        for text in [
            "10.1056/NEJMoa1800722",
            "doi:10.1056/NEJMoa1800722",
            "https://doi.org/10.1056/NEJMoa1800722",
            "doi: 10.1056/NEJMoa1800722.",
        ] {
            assert_eq!(hints(text), doi(), "{text}");
        }
        assert_eq!(hints("PMC1234567"), [Hint::PmcId("PMC1234567".into())]);
        assert_eq!(hints("pmc1234567.1"), [Hint::PmcId("pmc1234567.1".into())]);
        assert_eq!(hints("PMC"), []);
    }

    #[test]
    fn tags_are_seen_with_their_words() {
        assert_eq!(hints("asthma[mh]"), [tag("asthma", "mh", TagMeaning::Mesh)]);
        assert_eq!(hints("Asthma [MeSH Terms]"), [tag("Asthma", "MeSH Terms", TagMeaning::Mesh)]);
        assert_eq!(hints("asthma[mh:noexp]"), [tag("asthma", "mh:noexp", TagMeaning::Mesh)]);
        assert_eq!(hints("smith j[au]"), [tag("smith j", "au", TagMeaning::Other)]);
        assert_eq!(hints("2019:2021[dp]"), [tag("2019:2021", "dp", TagMeaning::Years)]);
        assert_eq!(
            hints("(\"heart attack\"[majr] OR stroke[tiab]) AND eng[la]"),
            [
                tag("heart attack", "majr", TagMeaning::MajorTopic),
                tag("stroke", "tiab", TagMeaning::Words),
                tag("eng", "la", TagMeaning::Language),
                Hint::Operator("OR"),
                Hint::Operator("AND"),
                Hint::Quotes,
            ]
        );
        assert_eq!(hints("[mh]"), [], "a tag of nothing");
        assert_eq!(hints("asthma[mh"), []);
    }

    #[test]
    fn operators_quotes_and_wildcards_are_seen() {
        assert_eq!(hints("aspirin AND cancer"), [Hint::Operator("AND")]);
        assert_eq!(hints("aspirin NOT children"), [Hint::Operator("NOT")]);
        assert_eq!(hints("(ASPIRIN) OR (IBUPROFEN)"), [Hint::Operator("OR")]);
        assert_eq!(hints("\"heart attack\""), [Hint::Quotes]);
        assert_eq!(hints("diabet* in children"), [Hint::Wildcard("diabet*".into())]);
    }
}
