//! What citations have beside texts and headings, from real citations: journals, people, kinds, keywords.

use std::path::Path;

use medvec::document::{Document, Journal};
use medvec::kernel::random::Random;

use super::summaries::Summaries;
use super::{Result, chance, escaped, pick, random_of};

/// Journals that citations of one topic are mostly in.
const JOURNALS_OF_TOPIC: usize = 12;

/// A journal, escaped.
pub(super) struct JournalName {
    pub(super) title: String,
    pub(super) abbreviation: String,
    pub(super) nlm_id: String,
    pub(super) issn: String,
    pub(super) country: String,
}

/// Things to choose from; what is frequent is there often.
#[derive(Default)]
pub(super) struct Pools {
    pub(super) journals: Vec<JournalName>,
    pub(super) authors: Vec<(String, String)>,
    /// Given names, by their first letter.
    given: Vec<Vec<String>>,
    /// Affiliations in their parts: department, institution, town, country.
    affiliations: Vec<Vec<String>>,
    /// Lists of publication types of one citation, as XML.
    pub(super) kinds: Vec<String>,
    pub(super) keywords: Vec<String>,
    /// Grants, as XML.
    pub(super) grants: Vec<String>,
    pub(super) copyrights: Vec<String>,
    pub(super) conflicts: Vec<String>,
}

const COUNTRIES: [&str; 8] = [
    "United States",
    "England",
    "Netherlands",
    "Germany",
    "Switzerland",
    "China",
    "Japan",
    "France",
];

impl Pools {
    pub(super) fn new(citations: &[Document], summaries: &Path) -> Result<Pools> {
        let summaries = Summaries::read(summaries)?;
        let mut pools = Pools { given: vec![Vec::new(); 26], ..Pools::default() };
        pools.authors = summaries.authors;
        pools.journals = summaries.journals.into_iter().map(abbreviated).collect();
        for citation in citations {
            pools.take(citation);
        }
        let is_empty = [
            pools.authors.is_empty(),
            pools.given.iter().any(Vec::is_empty),
            pools.affiliations.is_empty(),
            pools.kinds.is_empty(),
            pools.keywords.is_empty(),
            pools.grants.is_empty(),
            pools.copyrights.is_empty(),
            pools.conflicts.is_empty(),
        ];
        match is_empty.contains(&true) {
            true => Err("the real citations lack names, affiliations, keywords or grants".into()),
            false => Ok(pools),
        }
    }

    fn take(&mut self, citation: &Document) {
        let journal = &citation.journal;
        if !journal.abbreviation.is_empty() && !journal.nlm_id.is_empty() {
            // As often as a fifth of the summaries' journals, of which there are a hundred times as many.
            self.journals.extend((0..20).map(|_| named(journal)));
        }
        for author in &citation.authors {
            let first = author.fore_name.bytes().next().unwrap_or_default();
            if first.is_ascii_uppercase() && author.fore_name.len() > 2 {
                self.given[usize::from(first - b'A')].push(escaped(&author.fore_name));
            }
            for affiliation in &author.affiliations {
                let parts: Vec<String> =
                    affiliation.trim_end_matches('.').split(", ").map(escaped).collect();
                if affiliation.len() < 300 && parts.len() > 2 && !affiliation.contains('@') {
                    self.affiliations.push(parts);
                }
            }
        }
        let kind = |term: &medvec::document::Term| {
            format!("<PublicationType UI=\"{}\">{}</PublicationType>", term.ui, escaped(&term.name))
        };
        let kinds: String = citation.publication_types.iter().map(kind).collect();
        if !kinds.is_empty() && !kinds.contains("Retract") {
            self.kinds.push(kinds);
        }
        self.keywords.extend(citation.keywords.iter().map(|keyword| escaped(&keyword.text)));
        let grant = |grant: &medvec::document::Grant| {
            format!(
                "<Grant><GrantID>{}</GrantID><Agency>{}</Agency><Country>{}</Country></Grant>",
                escaped(&grant.id),
                escaped(&grant.agency),
                escaped(&grant.country)
            )
        };
        self.grants.extend(citation.grants.iter().filter(|one| !one.id.is_empty()).map(grant));
        let texts = [
            (&citation.copyright, &mut self.copyrights),
            (&citation.conflict_of_interest, &mut self.conflicts),
        ];
        for (text, pool) in texts {
            if (1..400).contains(&text.len()) {
                pool.push(escaped(text));
            }
        }
    }

    /// A journal for a topic: mostly one of few.
    pub(super) fn journal(&self, topic: u32, random: &mut Random) -> &JournalName {
        match chance(random, 600) {
            true => {
                let usual = random.below(JOURNALS_OF_TOPIC) as u64;
                pick(&mut random_of(u64::from(topic), 1, usual), &self.journals)
            }
            false => pick(random, &self.journals),
        }
    }

    pub(super) fn given(&self, initial: u8, random: &mut Random) -> &str {
        pick::<String>(random, &self.given[usize::from(initial.clamp(b'A', b'Z') - b'A')])
    }

    /// Writes an affiliation: a department of one place at another.
    pub(super) fn affiliation(&self, out: &mut Vec<u8>, random: &mut Random) {
        let (one, other) = (pick(random, &self.affiliations), pick(random, &self.affiliations));
        out.extend_from_slice(one[0].as_bytes());
        for part in &other[1..] {
            out.extend_from_slice(b", ");
            out.extend_from_slice(part.as_bytes());
        }
        out.push(b'.');
    }
}

fn named(journal: &Journal) -> JournalName {
    let made = abbreviated(escaped(&journal.abbreviation));
    let or = |text: &String, other: String| if text.is_empty() { other } else { escaped(text) };
    JournalName {
        title: or(&journal.title, made.title),
        nlm_id: or(&journal.nlm_id, made.nlm_id),
        issn: or(&journal.issn, made.issn),
        country: or(&journal.country, made.country),
        abbreviation: made.abbreviation,
    }
}

/// A journal of which nothing but its abbreviation is known.
fn abbreviated(abbreviation: String) -> JournalName {
    let mut random = random_of(super::words::hash(&abbreviation), 2, 0);
    let mut digits = || random.below(9_000) + 1_000;
    JournalName {
        title: abbreviation.clone(),
        nlm_id: format!("10{}{}", digits(), digits() % 10),
        issn: format!("{}-{}", digits(), digits()),
        country: COUNTRIES[digits() % COUNTRIES.len()].to_owned(),
        abbreviation,
    }
}
