//! The terms that documents can be filtered by, and how they are normalised.
//!
//! A term belongs to a [`TermField`]. Writer and search normalise by the same function,
//! [`TermField::normalise`]. See `format-spec/10-columns-postings.md`.

use crate::document::{Document, FieldValue, MeshHeading, MeshQualifier, Term};

/// Longest stored term, in bytes; longer ones are cut and told apart by a hash.
pub const TERM_BYTES_MAX: usize = 512;

/// What a term says about a document. The numbers are those of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TermField {
    /// UI of a MeSH descriptor (`D003924`).
    MeshUi = 0,
    /// Name of a MeSH descriptor.
    MeshName = 1,
    /// UI of a MeSH descriptor that is a major topic.
    MeshMajorUi = 2,
    /// Name of a MeSH descriptor that is a major topic.
    MeshMajorName = 3,
    /// Title, abbreviation, NLM id or ISSN of the journal.
    Journal = 4,
    /// Language of the text.
    Language = 5,
    /// Name or UI of a publication type.
    PublicationType = 6,
    /// [`FLAG_ABSTRACT`], [`FLAG_MESH`] or [`FLAG_RETRACTED`].
    Flag = 7,
    /// A free field: its name, a zero byte, its value.
    Field = 8,
    /// Name, UI or registry number of a chemical or supplementary concept; since format 1.1.
    Substance = 9,
    /// Name or UI of a qualifier of any MeSH heading; since format 1.1.
    Qualifier = 10,
    /// A MeSH heading with one of its qualifiers, as [`pair_term`] joins them; since format 1.1.
    MeshPair = 11,
    /// The same of those that are a major topic; since format 1.1.
    MeshMajorPair = 12,
}

/// The document has an abstract of its own.
pub const FLAG_ABSTRACT: &str = "abstract";
/// The document has MeSH headings.
pub const FLAG_MESH: &str = "mesh";
/// The document was retracted.
pub const FLAG_RETRACTED: &str = "retracted";

/// What NLM gives as the registry number of a chemical that has none.
const NO_REGISTRY_NUMBER: &str = "0";

impl TermField {
    /// The fields of format 1.0, in order of their number.
    pub const FIRST: [TermField; 9] = [
        TermField::MeshUi,
        TermField::MeshName,
        TermField::MeshMajorUi,
        TermField::MeshMajorName,
        TermField::Journal,
        TermField::Language,
        TermField::PublicationType,
        TermField::Flag,
        TermField::Field,
    ];

    /// The fields that came with format 1.1, in order of their number.
    pub const MORE: [TermField; 4] =
        [TermField::Substance, TermField::Qualifier, TermField::MeshPair, TermField::MeshMajorPair];

    /// Every field, in order of its number.
    pub fn all() -> impl Iterator<Item = TermField> {
        TermField::FIRST.into_iter().chain(TermField::MORE)
    }

    /// The form in which a term of this field is stored and looked up: MeSH UIs trimmed and in
    /// upper case, free fields exact, everything else folded; cut with a hash beyond
    /// [`TERM_BYTES_MAX`] bytes. Normalising twice changes nothing.
    pub fn normalise(self, text: &str) -> String {
        let mut term = String::with_capacity(text.len());
        self.normalise_to(text, &mut term);
        term
    }

    /// [`TermField::normalise`] into a string that is used again.
    fn normalise_to(self, text: &str, term: &mut String) {
        term.clear();
        match self {
            TermField::MeshUi | TermField::MeshMajorUi => {
                term.push_str(text.trim());
                term.make_ascii_uppercase();
            }
            TermField::Field => term.push_str(text),
            _ => fold_to(text, term),
        }
        shorten(term);
    }
}

/// Trims, lower-cases and collapses white space to single blanks.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_to(text, &mut out);
    out
}

/// Appends to an empty string.
fn fold_to(text: &str, out: &mut String) {
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        if word.is_ascii() {
            let start = out.len();
            out.push_str(word);
            out.get_mut(start..).unwrap_or_default().make_ascii_lowercase();
        } else {
            out.extend(word.chars().flat_map(char::to_lowercase));
        }
    }
}

/// The term of a free field's value, not yet normalised.
pub fn field_term(name: &str, value: &str) -> String {
    format!("{name}\0{value}")
}

/// The term of a MeSH heading with a qualifier, not yet normalised: a UI or name, a stroke, and a name.
pub fn pair_term(heading: &str, qualifier: &str) -> String {
    format!("{}/{}", heading.trim(), qualifier.trim())
}

/// The same of a document's heading: its UI if it has one, else its name; its qualifier's name, or its UI if
/// that is all it has.
fn pair_of(heading: &MeshHeading, qualifier: &MeshQualifier) -> String {
    let either = |first: &'_ str, second: &'_ str| match first.trim().is_empty() {
        true => second.to_owned(),
        false => first.to_owned(),
    };
    let name = either(&qualifier.name, &qualifier.ui);
    pair_term(&either(&heading.ui, &heading.name), &name)
}

/// Cuts a term to [`TERM_BYTES_MAX`] bytes: as many whole characters as leave room for a zero byte
/// and the 64 hexadecimal digits of the whole term's SHA-256.
fn shorten(term: &mut String) {
    use sha2::{Digest, Sha256};
    if term.len() <= TERM_BYTES_MAX {
        return;
    }
    let digest = Sha256::digest(term.as_bytes());
    let mut end = TERM_BYTES_MAX - 65;
    while !term.is_char_boundary(end) {
        end -= 1;
    }
    term.truncate(end);
    term.push('\0');
    term.extend(digest.iter().flat_map(|byte| {
        [byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0'))
    }));
}

/// Gives every term of a document, normalised and not empty; the same term can come more than once.
pub fn of_document(document: &Document, emit: &mut dyn FnMut(TermField, &str)) {
    let mut term = String::new();
    let mut give = |field: TermField, text: &str| {
        field.normalise_to(text, &mut term);
        if !term.is_empty() {
            emit(field, &term);
        }
    };
    for heading in &document.mesh {
        give(TermField::MeshUi, &heading.ui);
        give(TermField::MeshName, &heading.name);
        if heading.is_major() {
            give(TermField::MeshMajorUi, &heading.ui);
            give(TermField::MeshMajorName, &heading.name);
        }
        for qualifier in &heading.qualifiers {
            give(TermField::Qualifier, &qualifier.name);
            give(TermField::Qualifier, &qualifier.ui);
            let pair = pair_of(heading, qualifier);
            give(TermField::MeshPair, &pair);
            if heading.major || qualifier.major {
                give(TermField::MeshMajorPair, &pair);
            }
        }
    }
    for substance in document.chemicals.iter().chain(&document.supplementary) {
        give(TermField::Substance, &substance.name);
        give(TermField::Substance, &substance.ui);
    }
    for chemical in document.chemicals.iter().filter(|chemical| chemical.kind != NO_REGISTRY_NUMBER)
    {
        give(TermField::Substance, &chemical.kind);
    }
    let journal = &document.journal;
    for name in [
        &journal.title,
        &journal.abbreviation,
        &journal.nlm_id,
        &journal.issn,
        &journal.issn_linking,
    ] {
        give(TermField::Journal, name);
    }
    for language in &document.languages {
        give(TermField::Language, language);
    }
    for kind in &document.publication_types {
        give(TermField::PublicationType, &kind.name);
        give(TermField::PublicationType, &kind.ui);
    }
    for (flag, set) in [
        (FLAG_ABSTRACT, document.has_abstract()),
        (FLAG_MESH, !document.mesh.is_empty()),
        (FLAG_RETRACTED, is_retracted(document)),
    ] {
        if set {
            give(TermField::Flag, flag);
        }
    }
    for field in &document.fields {
        match &field.value {
            FieldValue::String(value) => give(TermField::Field, &field_term(&field.name, value)),
            FieldValue::List(values) => {
                for value in values {
                    give(TermField::Field, &field_term(&field.name, value));
                }
            }
            FieldValue::Integer(_) | FieldValue::Float(_) => {}
        }
    }
}

fn is_retracted(document: &Document) -> bool {
    let by_type = |term: &Term| term.ui == "D016441" || term.name == "Retracted Publication";
    document.publication_types.iter().any(by_type)
        || document.corrections.iter().any(|correction| correction.kind == "RetractionIn")
}
