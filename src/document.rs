//! The record of one document: everything the database keeps about a citation.

use crate::date::{Day, PublicationDate};
use crate::encoder::EncoderInput;
use crate::error::{Error, Result};
use crate::ids::Key;
use crate::limits;

/// One document. Only the key is required; everything else may be empty.
///
/// ```
/// use medvec::document::{AbstractSection, MeshHeading};
/// use medvec::{Document, Key};
///
/// let mut document = Document::new(Key::pmid(12345678));
/// document.title = "Aspirin and the risk of colorectal cancer".into();
/// document.mesh.push(MeshHeading { name: "Aspirin".into(), ..Default::default() });
/// let text = "Daily aspirin lowered the risk by a third.".into();
/// document.abstract_sections.push(AbstractSection { text, ..Default::default() });
/// document.validate()?;
/// # Ok::<(), medvec::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it is called; unique in a database.
    pub key: Key,
    /// PubMed's version of the citation; 1 for most, 0 where the source has none.
    pub version: u32,
    /// Title, or empty.
    pub title: String,
    /// Title in the original language.
    pub vernacular_title: String,
    /// The abstract; an unstructured one is a single section without label.
    pub abstract_sections: Vec<AbstractSection>,
    /// Abstracts by others than the publisher, or in other languages.
    pub other_abstracts: Vec<OtherAbstract>,
    /// Where it appeared.
    pub journal: Journal,
    /// When it appeared.
    pub date: Option<PublicationDate>,
    /// Other dates of its life: `electronic`, `revised`, `completed`, `entrez`, `pubmed`, `medline`, ...
    pub history: Vec<HistoryDate>,
    /// Authors in order.
    pub authors: Vec<Author>,
    /// Publication types.
    pub publication_types: Vec<Term>,
    /// Languages of the text, as ISO 639-2 codes (`eng`).
    pub languages: Vec<String>,
    /// MeSH headings.
    pub mesh: Vec<MeshHeading>,
    /// Supplementary MeSH concepts; `kind` is `Disease`, `Protocol`, `Organism`, ...
    pub supplementary: Vec<TypedTerm>,
    /// Chemicals; `kind` is the registry number.
    pub chemicals: Vec<TypedTerm>,
    /// Keywords.
    pub keywords: Vec<Keyword>,
    /// Identifiers other than the key: `doi`, `pmc`, `pii`, ...
    pub ids: Vec<OtherId>,
    /// Works it cites.
    pub references: Vec<Reference>,
    /// Comments, corrections, retractions.
    pub corrections: Vec<Correction>,
    /// Data bank accession numbers.
    pub data_banks: Vec<DataBank>,
    /// Grants.
    pub grants: Vec<Grant>,
    /// MEDLINE status: `MEDLINE`, `PubMed-not-MEDLINE`, `Publisher`, ...
    pub status: String,
    /// How MeSH headings were assigned: `Automated`, `Curated`, or empty for by hand.
    pub indexing_method: String,
    /// Conflict of interest statement.
    pub conflict_of_interest: String,
    /// Copyright line of the abstract; never embedded.
    pub copyright: String,
    /// Fields of applications that are not PubMed; names are unique.
    pub fields: Vec<Field>,
}

/// A labelled part of an abstract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AbstractSection {
    /// `METHODS`, or empty.
    pub label: String,
    /// NLM's category (`BACKGROUND`, `OBJECTIVE`, ...), or empty.
    pub category: String,
    /// The text, mark-up removed.
    pub text: String,
}

/// An abstract beside the main one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherAbstract {
    /// `Publisher`, `plain-language-summary`, ...
    pub kind: String,
    /// ISO 639-2 code, or empty.
    pub language: String,
    /// The text.
    pub sections: Vec<AbstractSection>,
}

/// Where a document appeared. Every field may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// Full title.
    pub title: String,
    /// NLM title abbreviation (`MedlineTA`), or the ISO one where only that is given.
    pub abbreviation: String,
    /// NLM catalogue id.
    pub nlm_id: String,
    /// ISSN of the issue.
    pub issn: String,
    /// Linking ISSN.
    pub issn_linking: String,
    /// Volume.
    pub volume: String,
    /// Issue.
    pub issue: String,
    /// Pages as printed.
    pub pages: String,
    /// Country of publication.
    pub country: String,
}

/// A dated event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryDate {
    /// `entrez`, `electronic`, `revised`, ...
    pub event: String,
    /// When.
    pub day: Day,
}

/// A person or a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// Family name, or empty for a group.
    pub last_name: String,
    /// Given names.
    pub fore_name: String,
    /// Initials.
    pub initials: String,
    /// `Jr`, `3rd`.
    pub suffix: String,
    /// Name of a group, or empty for a person.
    pub collective_name: String,
    /// `ORCID` or another identifier, as `source:value`.
    pub identifier: String,
    /// Affiliations, in order.
    pub affiliations: Vec<String>,
}

/// A name from a controlled vocabulary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Term {
    /// NLM unique identifier (`D016428`), or empty.
    pub ui: String,
    /// Name.
    pub name: String,
}

/// A term with a type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedTerm {
    /// Its type.
    pub kind: String,
    /// NLM unique identifier, or empty.
    pub ui: String,
    /// Name.
    pub name: String,
}

/// A MeSH descriptor with its qualifiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeshHeading {
    /// Descriptor UI (`D003924`), or empty where the source has only names.
    pub ui: String,
    /// Descriptor name.
    pub name: String,
    /// Whether the descriptor itself is a major topic.
    pub major: bool,
    /// Qualifiers (subheadings).
    pub qualifiers: Vec<MeshQualifier>,
}

impl MeshHeading {
    /// Whether the heading is a major topic: the descriptor or any of its qualifiers is.
    pub fn is_major(&self) -> bool {
        self.major || self.qualifiers.iter().any(|qualifier| qualifier.major)
    }
}

/// A MeSH qualifier of one heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeshQualifier {
    /// Qualifier UI (`Q000188`), or empty.
    pub ui: String,
    /// Name.
    pub name: String,
    /// Major topic.
    pub major: bool,
}

/// A keyword.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyword {
    /// Who assigned it: `NOTNLM`, `NLM`, ...
    pub owner: String,
    /// Major topic.
    pub major: bool,
    /// The keyword.
    pub text: String,
}

/// An identifier in some other system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherId {
    /// `doi`, `pmc`, `pii`, `mid`, ...
    pub kind: String,
    /// As the source has it.
    pub value: String,
}

/// A cited work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// The citation as text.
    pub citation: String,
    /// Its identifiers.
    pub ids: Vec<OtherId>,
}

/// A link to a comment, correction or retraction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    /// `RetractionIn`, `ErratumFor`, `CommentOn`, ...
    pub kind: String,
    /// Citation text.
    pub source: String,
    /// PMID of the other article, 0 for none.
    pub pmid: u32,
}

/// Accession numbers in one data bank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataBank {
    /// `ClinicalTrials.gov`, `GENBANK`, ...
    pub name: String,
    /// Accession numbers.
    pub accessions: Vec<String>,
}

/// A grant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// Grant number.
    pub id: String,
    /// Agency.
    pub agency: String,
    /// Country.
    pub country: String,
}

/// A typed free field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name, unique in the document, not empty.
    pub name: String,
    /// Value.
    pub value: FieldValue,
}

/// The value of a free field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// A string.
    String(String),
    /// An integer.
    Integer(i64),
    /// A finite number.
    Float(f64),
    /// Several strings.
    List(Vec<String>),
}

impl Document {
    /// A document with nothing but a key.
    pub fn new(key: Key) -> Document {
        Document {
            key,
            version: 0,
            title: String::new(),
            vernacular_title: String::new(),
            abstract_sections: Vec::new(),
            other_abstracts: Vec::new(),
            journal: Journal::default(),
            date: None,
            history: Vec::new(),
            authors: Vec::new(),
            publication_types: Vec::new(),
            languages: Vec::new(),
            mesh: Vec::new(),
            supplementary: Vec::new(),
            chemicals: Vec::new(),
            keywords: Vec::new(),
            ids: Vec::new(),
            references: Vec::new(),
            corrections: Vec::new(),
            data_banks: Vec::new(),
            grants: Vec::new(),
            status: String::new(),
            indexing_method: String::new(),
            conflict_of_interest: String::new(),
            copyright: String::new(),
            fields: Vec::new(),
        }
    }

    /// Whether it has an abstract of its own (not only one by others).
    pub fn has_abstract(&self) -> bool {
        self.abstract_sections.iter().any(|section| !section.text.trim().is_empty())
    }

    /// The value of an identifier of this kind (`doi`), if there is one.
    pub fn id(&self, kind: &str) -> Option<&str> {
        self.ids.iter().find(|id| id.kind == kind).map(|id| id.value.as_str())
    }

    /// The abstract as one text, sections as `LABEL: text` joined by a space.
    pub fn abstract_text(&self) -> String {
        join_sections(&self.abstract_sections)
    }

    /// The title to show: the title, else the vernacular one; never `[Not Available].`
    pub fn display_title(&self) -> &str {
        if is_missing_title(&self.title) { &self.vernacular_title } else { &self.title }
    }

    /// The text that encoders see: title and abstract (or the first other abstract), white space
    /// and invisible characters collapsed. Stored texts are rebuilt by this, never kept twice.
    pub fn encoder_input(&self) -> EncoderInput {
        let text = self.display_abstract();
        EncoderInput { title: normalise(self.display_title()), text: normalise(&text) }
    }

    /// The abstract to show: the abstract, else the first other one.
    pub fn display_abstract(&self) -> String {
        if self.has_abstract() {
            return self.abstract_text();
        }
        let other = self.other_abstracts.first();
        other.map(|other| join_sections(&other.sections)).unwrap_or_default()
    }

    /// Checks what the format cannot hold.
    ///
    /// # Errors
    /// [`Error::InvalidDocument`] for an empty or over-long key, a bad field name, a field given
    /// twice, or a field value that is not finite.
    pub fn validate(&self) -> Result<()> {
        let invalid = |detail: String| Error::InvalidDocument { key: self.key.clone(), detail };
        match &self.key {
            Key::Pmid(pmid) if pmid.0 == 0 => {
                return Err(invalid("a PMID is a positive number".into()));
            }
            Key::Text(text) if text.is_empty() => return Err(invalid("the key is empty".into())),
            Key::Text(text) if text.len() > limits::KEY_BYTES_MAX => {
                return Err(invalid(format!(
                    "the key has {} bytes, at most {} are allowed",
                    text.len(),
                    limits::KEY_BYTES_MAX
                )));
            }
            _ => {}
        }
        if self.fields.len() > limits::FIELDS_MAX {
            return Err(invalid(format!(
                "{} fields, at most {} are allowed",
                self.fields.len(),
                limits::FIELDS_MAX
            )));
        }
        for (place, field) in self.fields.iter().enumerate() {
            if field.name.is_empty() || field.name.len() > limits::FIELD_NAME_BYTES_MAX {
                return Err(invalid(format!(
                    "field name `{}` must have 1 to {} bytes",
                    field.name,
                    limits::FIELD_NAME_BYTES_MAX
                )));
            }
            if self.fields.iter().take(place).any(|other| other.name == field.name) {
                return Err(invalid(format!("field `{}` is given twice", field.name)));
            }
            if matches!(field.value, FieldValue::Float(number) if !number.is_finite()) {
                return Err(invalid(format!("field `{}` is not a finite number", field.name)));
            }
        }
        Ok(())
    }
}

fn is_missing_title(title: &str) -> bool {
    let bare = title.trim().trim_matches(['[', ']', '.']).trim();
    bare.is_empty() || bare.eq_ignore_ascii_case("not available")
}

fn join_sections(sections: &[AbstractSection]) -> String {
    let mut text = String::new();
    for section in sections.iter().filter(|section| !section.text.trim().is_empty()) {
        if !text.is_empty() {
            text.push(' ');
        }
        if !section.label.is_empty() {
            text.push_str(&section.label);
            text.push_str(": ");
        }
        text.push_str(&section.text);
    }
    text
}

/// Bytes that [`normalise`] passes at once.
const BLOCK_BYTES: usize = 32;

/// Whether a block is printable ASCII without two blanks in a row, the one before it included: there
/// is nothing to do about it. Compiles to vector instructions.
fn is_normal(block: &[u8; BLOCK_BYTES], follows_blank: bool) -> bool {
    let is_odd = |byte: u8| !matches!(byte, b' '..=b'~');
    let (first, rest) = (block.first(), block.get(1..).unwrap_or_default());
    let pairs = block.iter().zip(rest);
    let two_blanks =
        pairs.fold(false, |found, (&byte, &next)| found | ((byte == b' ') & (next == b' ')));
    let odd = block.iter().fold(false, |found, &byte| found | is_odd(byte));
    !(odd || two_blanks || (follows_blank && first == Some(&b' ')))
}

/// Version 1 of the text normaliser: white space and control characters become one space,
/// zero-width characters and the soft hyphen vanish, ends are trimmed.
fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Whether `out` and what is to be copied is empty or ends in a blank.
    let mut is_blank = true;
    let mut place = 0;
    let mut copied = 0;
    let bytes = text.as_bytes();
    loop {
        while let Some(block) = bytes.get(place..).and_then(|rest| rest.first_chunk())
            && is_normal(block, is_blank)
        {
            is_blank = block.last() == Some(&b' ');
            place += BLOCK_BYTES;
        }
        while let Some(&byte) = bytes.get(place)
            && (matches!(byte, b'!'..=b'~') || (byte == b' ' && !is_blank))
        {
            is_blank = byte == b' ';
            place += 1;
        }
        let Some(ch) = text.get(place..).and_then(|rest| rest.chars().next()) else { break };
        let next = place + ch.len_utf8();
        let is_invisible =
            matches!(ch, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
        let is_space = !is_invisible && (ch.is_whitespace() || ch.is_control());
        if is_invisible || is_space {
            out.push_str(text.get(copied..place).unwrap_or_default());
            copied = next;
        }
        if is_space && !is_blank {
            out.push(' ');
        }
        is_blank = is_space || (is_invisible && is_blank);
        place = next;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// [`normalise`] as its documentation says it, a character at a time.
    fn normalise_slowly(text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for ch in text.chars() {
            match ch {
                '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => {}
                ch if ch.is_whitespace() || ch.is_control() => {
                    if !out.is_empty() && !out.ends_with(' ') {
                        out.push(' ');
                    }
                }
                ch => out.push(ch),
            }
        }
        if out.ends_with(' ') {
            out.pop();
        }
        out
    }

    proptest! {
        #[test]
        fn normalises_as_documented(
            text in "(([a-z]{1,7} ){0,14}([a-c ]|[\\x00-\\x7f]|[\u{200b}\u{ad}\u{feff}\u{a0}\u{2003}\u{85}]|[éα]|.){0,12}){0,4}"
        ) {
            prop_assert_eq!(normalise(&text), normalise_slowly(&text));
        }
    }

    #[test]
    fn normalises_ends_runs_and_invisible_characters() {
        assert_eq!(normalise("  a \t b\u{200b} \u{ad}c\u{a0}\n"), "a b c");
        assert_eq!(normalise("a\u{ad}b \u{200b}"), "ab");
        assert_eq!(normalise(" \u{feff} "), "");
    }
}
