//! One citation as NLM writes it.

use std::io::Write;

use medvec::kernel::random::Random;

use super::files::{Item, pmid_of};
use super::headings::yes_no;
use super::periods::{self, Period};
use super::pools::JournalName;
use super::source::Source;
use super::{chance, escaped, pick, random_of};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How headings are assigned today.
const METHODS: [&str; 2] = [" IndexingMethod=\"Automated\"", " IndexingMethod=\"Curated\""];

/// Labels of an abstract, and how many hundredths of its sentences are before each.
const SECTIONS: [(&str, usize); 4] =
    [("BACKGROUND", 0), ("METHODS", 22), ("RESULTS", 45), ("CONCLUSIONS", 85)];

/// Real citations that a text is chosen for have as many sentences.
const SENTENCES_MIN: usize = 3;

/// What a citation is about, and when it appeared.
struct Subject<'a> {
    item: &'a Item,
    seed: u64,
    /// The real citation that it is most like, twice, and two about the same.
    mix: [u32; 4],
    topic: u32,
    /// Months since 1900.
    month: u32,
    day: usize,
    period: &'static Period,
    journal: &'a JournalName,
    volume: usize,
}

/// Writes with a format, into memory.
macro_rules! put {
    ($out:expr, $($arguments:tt)*) => {
        write!($out, $($arguments)*).unwrap_or_default()
    };
}

fn date(out: &mut Vec<u8>, name: &str, month: u32, day: usize) {
    let (year, month) = (1900 + month / 12, month % 12 + 1);
    put!(out, "<{name}><Year>{year}</Year><Month>{month:02}</Month><Day>{day:02}</Day></{name}>");
}

impl Source {
    /// Writes a `PubmedArticle` and a line break. The same `seed` and `item` give the same bytes.
    pub fn write(&self, out: &mut Vec<u8>, seed: u64, item: &Item) {
        let mut random = random_of(seed, 10, item.index.into());
        let subject = self.subject(seed, item, &mut random);
        // The newest wait for their headings, which come with a revision. All is drawn in any case: a revision
        // changes nothing else.
        let (is_indexed, is_early) =
            (chance(&mut random, subject.period.indexed), chance(&mut random, 300));
        let is_new = u64::from(item.index) * 1000 >= u64::from(item.of) * 985;
        let is_indexed = is_indexed && (!is_new || item.revised > 0 || is_early);
        let has_abstract = chance(&mut random, subject.period.abstracts);
        self.medline(out, &subject, is_indexed, has_abstract, &mut random);
        self.pubmed_data(out, &subject, &mut random);
        out.extend_from_slice(b"</PubmedArticle>\n");
    }

    /// The number of the topic of a citation.
    pub fn topic(&self, seed: u64, item: &Item) -> u32 {
        self.subject(seed, item, &mut random_of(seed, 10, item.index.into())).topic
    }

    fn subject<'a>(&'a self, seed: u64, item: &'a Item, random: &mut Random) -> Subject<'a> {
        let any = |random: &mut Random| random.below(self.texts.documents()) as u32;
        let mut first = any(random);
        for _ in 0..20 {
            if self.texts.abstract_sentences(first) >= SENTENCES_MIN && self.texts.has_title(first)
            {
                break;
            }
            first = any(random);
        }
        let topic = self.topics.of[first as usize];
        let mut near = || {
            let near = *pick(random, &self.topics.members[topic as usize]);
            if self.texts.abstract_sentences(near) == 0 { first } else { near }
        };
        let mix = [first, first, near(), near()];
        let month = match item.index < item.of {
            true => periods::month(item.index.into(), item.of.into()),
            // Some 100,000 new citations per month, of 40 million.
            false => 1_512 + (u64::from(item.index - item.of) * 400 / u64::from(item.of)) as u32,
        };
        let day = 1 + random.below(28);
        let journal = self.pools.journal(topic, random);
        let volume = 1 + (month as usize / 12 + journal.title.len()) % 140;
        let period = periods::period(1900 + month / 12);
        Subject { item, seed, mix, topic, month, day, period, journal, volume }
    }

    fn medline(
        &self,
        out: &mut Vec<u8>,
        subject: &Subject<'_>,
        is_indexed: bool,
        has_abstract: bool,
        random: &mut Random,
    ) {
        let (item, period, month) = (subject.item, subject.period, subject.month);
        let year = 1900 + month / 12;
        let status = match (is_indexed, year) {
            (true, ..1966) => "OLDMEDLINE",
            (true, _) => "MEDLINE",
            (false, 2025..) if item.revised == 0 => "Publisher",
            (false, _) => "PubMed-not-MEDLINE",
        };
        let method = pick::<&str>(random, &METHODS);
        let method = if is_indexed && year >= 2022 { method } else { "" };
        put!(out, "<PubmedArticle><MedlineCitation Status=\"{status}\"{method} Owner=\"NLM\">");
        put!(out, "<PMID Version=\"1\">{}</PMID>", item.pmid);
        if is_indexed {
            date(out, "DateCompleted", (month + 7).min(1_512), subject.day);
        }
        let first = (month + 8 + random.below(200) as u32).min(1_511);
        let revised = if item.revised == 0 { first } else { 1_512 + item.revised / 22 };
        date(out, "DateRevised", revised, subject.day);
        out.extend_from_slice(b"<Article PubModel=\"Print-Electronic\">");
        self.issue(out, subject, random);
        let is_english = chance(random, period.english);
        let brackets = if is_english { ("", "") } else { ("[", "]") };
        put!(out, "<ArticleTitle>{}", brackets.0);
        self.texts.title(out, &subject.mix[1..], &mut self.text_of(subject, 0));
        put!(out, "{}.</ArticleTitle>", brackets.1);
        let page = 1 + random.below(2_000);
        put!(out, "<Pagination><MedlinePgn>{page}-{}</MedlinePgn></Pagination>", page + 9);
        let doi = chance(random, period.dois).then(|| doi(subject));
        if let Some(doi) = &doi {
            put!(out, "<ELocationID EIdType=\"doi\" ValidYN=\"Y\">{doi}</ELocationID>");
        }
        if has_abstract {
            self.abstract_text(out, subject, random);
        }
        self.authors(out, period, random);
        let language = if is_english { "eng" } else { periods::other_language(random) };
        put!(out, "<Language>{language}</Language>");
        if chance(random, period.grants) {
            out.extend_from_slice(b"<GrantList CompleteYN=\"Y\">");
            for _ in 0..1 + random.below(3) {
                out.extend_from_slice(pick(random, &self.pools.grants).as_bytes());
            }
            out.extend_from_slice(b"</GrantList>");
        }
        put!(out, "<PublicationTypeList>{}</PublicationTypeList>", pick(random, &self.pools.kinds));
        if year >= 2005 {
            date(out, "ArticleDate", month - 1, subject.day);
        }
        let journal = subject.journal;
        put!(
            out,
            "</Article><MedlineJournalInfo><Country>{}</Country><MedlineTA>{}</MedlineTA><NlmUniqueID>{}</NlmUniqueID>\
             <ISSNLinking>{}</ISSNLinking></MedlineJournalInfo>",
            journal.country,
            journal.abbreviation,
            journal.nlm_id,
            journal.issn
        );
        self.indexing(out, subject, is_indexed, random);
        out.extend_from_slice(b"</MedlineCitation>");
    }

    /// A generator for text number `part` of a citation: the title is the first. One of them differs in another
    /// edition.
    fn text_of(&self, subject: &Subject<'_>, part: u32) -> Random {
        let item = subject.item;
        let edition = if part == item.text_edition % 5 { item.text_edition } else { 0 };
        random_of(subject.seed ^ u64::from(edition) << 32, 20 + u64::from(part), item.index.into())
    }

    fn issue(&self, out: &mut Vec<u8>, subject: &Subject<'_>, random: &mut Random) {
        let (journal, month) = (subject.journal, subject.month);
        let (year, month) = (1900 + month / 12, (month % 12) as usize);
        put!(
            out,
            "<Journal><ISSN IssnType=\"Electronic\">{}</ISSN><JournalIssue CitedMedium=\"Internet\"><Volume>{}</Volume>\
             <Issue>{}</Issue><PubDate>",
            journal.issn,
            subject.volume,
            1 + month
        );
        match random.below(1000) {
            0..80 => {
                let next = MONTHS[(month + 1).min(11)];
                put!(out, "<MedlineDate>{year} {}-{next}</MedlineDate>", MONTHS[month]);
            }
            80 => put!(out, "<Year>{year}</Year><Season>Spring</Season>"),
            81..200 => put!(out, "<Year>{year}</Year>"),
            200..500 if year >= 1990 => {
                put!(
                    out,
                    "<Year>{year}</Year><Month>{}</Month><Day>{:02}</Day>",
                    MONTHS[month],
                    subject.day
                );
            }
            _ => put!(out, "<Year>{year}</Year><Month>{}</Month>", MONTHS[month]),
        }
        put!(
            out,
            "</PubDate></JournalIssue><Title>{}</Title><ISOAbbreviation>{}</ISOAbbreviation></Journal>",
            journal.title,
            journal.abbreviation
        );
    }

    fn abstract_text(&self, out: &mut Vec<u8>, subject: &Subject<'_>, random: &mut Random) {
        let real = self.texts.abstract_sentences(subject.mix[0]);
        let count = (real * subject.period.length / 100).max(1);
        let is_labelled = count >= SECTIONS.len() && chance(random, subject.period.labelled);
        out.extend_from_slice(b"<Abstract>");
        if !is_labelled {
            out.extend_from_slice(b"<AbstractText>");
        }
        let mut section = 0;
        for place in 0..count {
            if is_labelled && section < SECTIONS.len() && place * 100 >= SECTIONS[section].1 * count
            {
                let (label, _) = SECTIONS[section];
                let end = if section == 0 { "" } else { "</AbstractText>" };
                put!(out, "{end}<AbstractText Label=\"{label}\" NlmCategory=\"{label}\">");
                section += 1;
            } else if place > 0 {
                out.push(b' ');
            }
            let mut random = self.text_of(subject, 1 + place as u32);
            self.texts.write(out, &subject.mix, (place, count), &mut random);
        }
        out.extend_from_slice(b"</AbstractText>");
        if chance(random, subject.period.notes) {
            let line = pick(random, &self.pools.copyrights);
            put!(out, "<CopyrightInformation>{line}</CopyrightInformation>");
        }
        out.extend_from_slice(b"</Abstract>");
    }

    fn authors(&self, out: &mut Vec<u8>, period: &Period, random: &mut Random) {
        // The sum of two even choices: few have none, and some have many.
        let count = random.below(period.authors / 5 + 1) + random.below(period.authors / 5 + 1);
        let count = count * 10 / 20 + random.below(2) + usize::from(random.below(50) > 0);
        if count == 0 {
            return;
        }
        out.extend_from_slice(b"<AuthorList CompleteYN=\"Y\">");
        let mut place = Vec::new();
        for author in 0..count {
            let (family, initials) = pick(random, &self.pools.authors);
            let given = self.pools.given(initials.as_bytes()[0], random);
            put!(
                out,
                "<Author ValidYN=\"Y\"><LastName>{family}</LastName><ForeName>{given}</ForeName><Initials>{initials}\
                 </Initials>"
            );
            if period.affiliations == 2 || period.affiliations == 1 && author == 0 {
                // Authors of one place stand together.
                if place.is_empty() || chance(random, 400) {
                    place.clear();
                    self.pools.affiliation(&mut place, random);
                }
                out.extend_from_slice(b"<AffiliationInfo><Affiliation>");
                out.extend_from_slice(&place);
                out.extend_from_slice(b"</Affiliation></AffiliationInfo>");
            }
            out.extend_from_slice(b"</Author>");
        }
        out.extend_from_slice(b"</AuthorList>");
    }

    fn indexing(
        &self,
        out: &mut Vec<u8>,
        subject: &Subject<'_>,
        is_indexed: bool,
        random: &mut Random,
    ) {
        let period = subject.period;
        let headings = self.headings_of(subject, random);
        if is_indexed {
            let is_chemical = |heading: &&u32| self.headings.chemical(**heading).is_some();
            if headings.iter().any(|heading| is_chemical(&heading)) {
                out.extend_from_slice(b"<ChemicalList>");
                for heading in headings.iter().filter(is_chemical) {
                    self.chemical(out, *heading);
                }
                out.extend_from_slice(b"</ChemicalList>");
            }
            out.extend_from_slice(b"<CitationSubset>IM</CitationSubset>");
        }
        if chance(random, period.corrections) {
            let kind =
                pick(random, &["CommentIn", "CommentOn", "ErratumIn", "CommentIn", "UpdateIn"]);
            let kind = if chance(random, 10) { "RetractionIn" } else { kind };
            let pmid = self.earlier(subject, random);
            put!(
                out,
                "<CommentsCorrectionsList><CommentsCorrections RefType=\"{kind}\"><RefSource>"
            );
            self.source_line(out, subject, random);
            put!(
                out,
                "</RefSource><PMID Version=\"1\">{pmid}</PMID></CommentsCorrections></CommentsCorrectionsList>"
            );
        }
        if is_indexed {
            out.extend_from_slice(b"<MeshHeadingList>");
            // Drawn apart: what follows is the same without headings.
            let mut random = random_of(subject.seed, 11, subject.item.index.into());
            headings.iter().for_each(|heading| self.headings.write(out, *heading, &mut random));
            out.extend_from_slice(b"</MeshHeadingList>");
        }
        if chance(random, period.keywords) {
            out.extend_from_slice(b"<KeywordList Owner=\"NOTNLM\">");
            for _ in 0..3 + random.below(4) {
                let major = yes_no(chance(random, 100));
                put!(out, "<Keyword MajorTopicYN=\"{major}\">");
                match headings.is_empty() || chance(random, 500) {
                    true => out.extend_from_slice(pick(random, &self.pools.keywords).as_bytes()),
                    false => {
                        let name = self.headings.name(*pick(random, &headings));
                        out.extend_from_slice(escaped(name).as_bytes());
                    }
                }
                out.extend_from_slice(b"</Keyword>");
            }
            out.extend_from_slice(b"</KeywordList>");
        }
        if chance(random, period.notes / 2) {
            put!(out, "<CoiStatement>{}</CoiStatement>", pick(random, &self.pools.conflicts));
        }
    }

    fn headings_of(&self, subject: &Subject<'_>, random: &mut Random) -> Vec<u32> {
        let headed = &self.headed[subject.topic as usize];
        let first = subject.mix[0];
        let first = if self.headings.has(first) { first } else { *pick(random, headed) };
        let mut headings = self.headings.choose(first, *pick(random, headed), random);
        let kept = headings.len() * subject.period.headings / 100;
        random.shuffle(&mut headings, kept);
        headings.truncate(kept.max(1));
        headings.sort_unstable();
        headings
    }

    fn chemical(&self, out: &mut Vec<u8>, heading: u32) {
        let Some((ui, name)) = self.headings.chemical(heading) else { return };
        let mut random = random_of(0, 3, heading.into());
        out.extend_from_slice(b"<Chemical><RegistryNumber>");
        match random.below(2) {
            0 => out.push(b'0'),
            // As an identifier of the FDA's.
            _ => {
                let letters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
                out.extend((0..10).map(|_| *pick(&mut random, letters)));
            }
        }
        let name = escaped(name);
        put!(
            out,
            "</RegistryNumber><NameOfSubstance UI=\"{ui}\">{name}</NameOfSubstance></Chemical>"
        );
    }

    /// The PMID of a citation that came before: the nearer, the likelier.
    fn earlier(&self, subject: &Subject<'_>, random: &mut Random) -> u32 {
        let back = random.below(subject.item.index as usize + 1) * random.below(1000) / 1000;
        pmid_of(subject.item.index - back as u32)
    }

    /// Where another article appeared.
    fn source_line(&self, out: &mut Vec<u8>, subject: &Subject<'_>, random: &mut Random) {
        let journal = &self.pools.journal(subject.topic, random).abbreviation;
        let year = 1900 + subject.month / 12 - random.below(12) as u32;
        let (volume, page) = (1 + random.below(300), 1 + random.below(3000));
        let issue = 1 + random.below(12);
        put!(out, "{journal}. {year};{volume}({issue}):{page}-{}", page + 8);
    }

    fn pubmed_data(&self, out: &mut Vec<u8>, subject: &Subject<'_>, random: &mut Random) {
        let (month, day) = (subject.month, subject.day);
        let (year, month) = (1900 + month / 12, 1 + month % 12);
        out.extend_from_slice(b"<PubmedData><History>");
        for event in ["pubmed", "medline", "entrez"] {
            put!(
                out,
                "<PubMedPubDate PubStatus=\"{event}\"><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day>\
                 <Hour>6</Hour><Minute>0</Minute></PubMedPubDate>"
            );
        }
        let pmid = subject.item.pmid;
        put!(
            out,
            "</History><PublicationStatus>ppublish</PublicationStatus><ArticleIdList>\
             <ArticleId IdType=\"pubmed\">{pmid}</ArticleId>"
        );
        let period = subject.period;
        if chance(random, period.references) {
            put!(out, "<ArticleId IdType=\"pmc\">PMC{}</ArticleId>", pmid / 3 + 100_000);
        }
        out.extend_from_slice(b"</ArticleIdList>");
        if chance(random, period.references) {
            out.extend_from_slice(b"<ReferenceList>");
            for _ in 0..4 + random.below(20) + random.below(24) {
                out.extend_from_slice(b"<Reference><Citation>");
                self.source_line(out, subject, random);
                let pmid = self.earlier(subject, random);
                put!(
                    out,
                    ".</Citation><ArticleIdList><ArticleId IdType=\"pubmed\">{pmid}</ArticleId></ArticleIdList></Reference>"
                );
            }
            out.extend_from_slice(b"</ReferenceList>");
        }
        out.extend_from_slice(b"</PubmedData>");
    }
}

fn doi(subject: &Subject<'_>) -> String {
    let journal = &subject.journal.abbreviation;
    let letters: String = journal.chars().filter(char::is_ascii_alphabetic).take(8).collect();
    let publisher = 1000 + super::words::hash(journal) % 900;
    let (year, pmid) = (1900 + subject.month / 12, subject.item.pmid);
    format!("10.{publisher}/{}.{year}.{pmid}", letters.to_lowercase())
}
