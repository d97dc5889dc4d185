//! The order of fields in a document's record, structure by structure.
//!
//! See `format-spec/08-documents.md`; the encodings of numbers, texts and lists are in
//! [`super::wire`].

use super::rules::Rule;
use super::wire::{Broken, DECODED_BYTES_MAX, Sink, Source, Wire};
use crate::date::PublicationDate;
use crate::document::{
    AbstractSection, Author, Correction, DataBank, Document, Field, FieldValue, Grant, HistoryDate,
    Journal, Keyword, MeshHeading, MeshQualifier, OtherAbstract, OtherId, Reference, Term,
    TypedTerm,
};
use crate::error::{Error, Result};
use crate::limits::DOCUMENT_BYTES_MAX;

/// The structures of a record and their fields in the order of their bytes, for holding the
/// specification against.
pub const STRUCTURES: &[(&str, &[&str])] = &[
    Document::FIELDS,
    AbstractSection::FIELDS,
    OtherAbstract::FIELDS,
    Journal::FIELDS,
    PublicationDate::FIELDS,
    HistoryDate::FIELDS,
    Author::FIELDS,
    Term::FIELDS,
    TypedTerm::FIELDS,
    MeshHeading::FIELDS,
    MeshQualifier::FIELDS,
    Keyword::FIELDS,
    OtherId::FIELDS,
    Reference::FIELDS,
    Correction::FIELDS,
    DataBank::FIELDS,
    Grant::FIELDS,
    Field::FIELDS,
];

trait Structure {
    const FIELDS: (&'static str, &'static [&'static str]);
}

macro_rules! structure {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl Structure for $name {
            const FIELDS: (&'static str, &'static [&'static str]) =
                (stringify!($name), &[$(stringify!($field)),*]);
        }

        impl Wire for $name {
            fn put(&self, sink: &mut Sink<'_>) {
                // Naming every field here makes the compiler notice a new one.
                let $name { $($field),* } = self;
                $($field.put(sink);)*
            }

            fn get(source: &mut Source<'_>) -> Result<$name, Broken> {
                $(let $field = Wire::get(source)?;)*
                Ok($name { $($field),* })
            }

            fn skip(source: &mut Source<'_>) -> Result<(), Broken> {
                $(skip_field(|whole: &$name| &whole.$field, source)?;)*
                Ok(())
            }
        }
    };
}

/// Passes over a field, whose type its accessor says.
fn skip_field<S, T: Wire>(_: fn(&S) -> &T, source: &mut Source<'_>) -> Result<(), Broken> {
    T::skip(source)
}

structure!(Document {
    key,
    version,
    title,
    vernacular_title,
    abstract_sections,
    other_abstracts,
    journal,
    date,
    history,
    authors,
    publication_types,
    languages,
    mesh,
    supplementary,
    chemicals,
    keywords,
    ids,
    references,
    corrections,
    data_banks,
    grants,
    status,
    indexing_method,
    conflict_of_interest,
    copyright,
    fields,
});
structure!(AbstractSection { label, category, text });
structure!(OtherAbstract { kind, language, sections });
structure!(Journal {
    title,
    abbreviation,
    nlm_id,
    issn,
    issn_linking,
    volume,
    issue,
    pages,
    country,
});
structure!(PublicationDate { verbatim, first, last });
structure!(HistoryDate { event, day });
structure!(Author {
    last_name,
    fore_name,
    initials,
    suffix,
    collective_name,
    identifier,
    affiliations,
});
structure!(Term { ui, name });
structure!(TypedTerm { kind, ui, name });
structure!(MeshHeading { ui, name, major, qualifiers });
structure!(MeshQualifier { ui, name, major });
structure!(Keyword { owner, major, text });
structure!(OtherId { kind, value });
structure!(Reference { citation, ids });
structure!(Correction { kind, source, pmid });
structure!(DataBank { name, accessions });
structure!(Grant { id, agency, country });
structure!(Field { name, value });

impl Wire for FieldValue {
    /// A tag (0 string, 1 integer, 2 float, 3 list of strings) and the value.
    fn put(&self, sink: &mut Sink<'_>) {
        match self {
            FieldValue::String(text) => {
                0u32.put(sink);
                text.put(sink);
            }
            FieldValue::Integer(number) => {
                1u32.put(sink);
                number.put(sink);
            }
            FieldValue::Float(number) => {
                2u32.put(sink);
                number.put(sink);
            }
            FieldValue::List(texts) => {
                3u32.put(sink);
                texts.put(sink);
            }
        }
    }

    fn get(source: &mut Source<'_>) -> Result<FieldValue, Broken> {
        match u32::get(source)? {
            0 => Ok(FieldValue::String(Wire::get(source)?)),
            1 => Ok(FieldValue::Integer(Wire::get(source)?)),
            2 => Ok(FieldValue::Float(Wire::get(source)?)),
            3 => Ok(FieldValue::List(Wire::get(source)?)),
            _ => Err(UNKNOWN_TYPE),
        }
    }

    fn skip(source: &mut Source<'_>) -> Result<(), Broken> {
        match u32::get(source)? {
            0 => String::skip(source),
            1 => i64::skip(source),
            2 => f64::skip(source),
            3 => Vec::<String>::skip(source),
            _ => Err(UNKNOWN_TYPE),
        }
    }
}

const UNKNOWN_TYPE: Broken = (Rule::DocumentRecord, "a field value has an unknown type");

/// Appends a document's record and returns the UTF-8 bytes of its texts.
///
/// # Errors
/// [`Error::InvalidDocument`] when the record would be too long to be read back; `out` is as
/// before then.
pub fn encode(document: &Document, out: &mut Vec<u8>) -> Result<usize> {
    let start = out.len();
    let mut sink = Sink::new(out);
    document.put(&mut sink);
    let (text_bytes, decoded_bytes) = (sink.text_bytes(), sink.decoded_bytes());
    let length = out.len() - start;
    if length > DOCUMENT_BYTES_MAX || decoded_bytes > DECODED_BYTES_MAX {
        out.truncate(start);
        return Err(Error::InvalidDocument {
            key: document.key.clone(),
            detail: format!(
                "its record has {length} bytes ({decoded_bytes} in memory), at most \
                 {DOCUMENT_BYTES_MAX} ({DECODED_BYTES_MAX}) are allowed"
            ),
        });
    }
    Ok(text_bytes)
}

/// Reads a record, all of it.
///
/// # Errors
/// The rule that is broken.
pub fn decode(record: &[u8]) -> Result<Document, Broken> {
    decode_counted(record).map(|(document, _)| document)
}

/// As [`decode`], with the UTF-8 bytes of all texts.
///
/// # Errors
/// As [`decode`].
pub fn decode_counted(record: &[u8]) -> Result<(Document, usize), Broken> {
    let mut source = Source::new(record);
    let document = Document::get(&mut source)?;
    source.end()?;
    Ok((document, source.text_bytes()))
}

/// Reads only the key of a record.
///
/// # Errors
/// The rule that is broken.
pub fn decode_key(record: &[u8]) -> Result<crate::ids::Key, Broken> {
    Wire::get(&mut Source::new(record))
}

/// The key of a record and the UTF-8 bytes of its texts. Checks all that [`decode`] does without making a document.
///
/// # Errors
/// As [`decode`].
pub fn check(record: &[u8]) -> Result<(crate::ids::Key, usize), Broken> {
    let mut source = Source::new(record);
    Document::skip(&mut source)?;
    source.end()?;
    Ok((decode_key(record)?, source.text_bytes()))
}
