//! What each kind of term means here.

use super::count::rows;
use super::headings::{action, heading, publication_type, substance};
use super::meant::Meant;
use super::read::read;
use super::refused::Refused;
use super::scope::Scope;
use super::{subheadings, untagged};
use crate::date::Day;
use crate::format::terms::TermField;
use crate::ids::Key;
use crate::query::{
    ClauseKind, DateTerm, DateUnit, FieldTag, QueryTerm, RecordProperty, SearchField, TypedTest,
};
use crate::search::filter::{FieldTest, Filter};
use crate::search::mesh::is_name;
use crate::search::note::Note;
use crate::search::spelling::has;
use crate::search::text::TextField;

impl Scope<'_> {
    /// What a term means; `None` for an earlier line.
    pub(super) fn clause(&self, kind: &ClauseKind) -> Result<Option<Meant>, Refused> {
        Ok(Some(match kind {
            ClauseKind::Line { .. } => return Ok(None),
            ClauseKind::Term(term) => self.term(term)?,
            ClauseKind::Date { field, term } => self.date(*field, *term)?,
            ClauseKind::Property(property) => self.property(*property)?,
            ClauseKind::Typed { name, test: TypedTest::Is(number) }
                if name.eq_ignore_ascii_case("pmid") =>
            {
                Meant::new(Filter::Keys(pmids(number)?), format!("{number}[pmid]"))
            }
            ClauseKind::Typed { name, test } => {
                let filter = Filter::Field { name: name.clone(), test: field_test(test) };
                Meant::new(filter, format!("{name}:{test}"))
            }
        }))
    }

    fn term(&self, term: &QueryTerm) -> Result<Meant, Refused> {
        let Some(tag) = term.tag else { return untagged::translate(self, term) };
        let named = |filter| Ok(Meant::new(filter, term.to_string()));
        if let Some(what) = named_whole(tag.field).filter(|_| term.has_wildcard()) {
            let detail = format!("{what} has no wildcard here: write its name or code out");
            return Err(Refused::not_searchable(detail));
        }
        match tag.field {
            SearchField::MeshHeading | SearchField::MajorTopic => self.heading(term, tag),
            SearchField::Subheading => subheadings::alone(term, tag),
            SearchField::PublicationType => publication_type(term, tag, self.vocabulary),
            SearchField::Substance => Ok(substance(term, tag, self.vocabulary)),
            SearchField::PharmacologicalAction => action(term, tag, self.vocabulary),
            SearchField::Language => named(Filter::Language(term.text.clone())),
            SearchField::Journal | SearchField::NlmId => named(Filter::Journal(term.text.clone())),
            SearchField::Pmid => named(Filter::Keys(pmids(&term.text)?)),
            SearchField::Subset => self.subset(term),
            field => match text_fields(field) {
                Some(fields) => named(text(fields, term, tag)),
                None => Err(unsearchable(field)),
            },
        }
    }

    fn heading(&self, term: &QueryTerm, tag: FieldTag) -> Result<Meant, Refused> {
        let of = |name: &str| heading(name, term, tag, self.vocabulary);
        match term.heading() {
            // The name of a heading may have a stroke, as `HIV/AIDS` has.
            (_, Some(_)) if self.is_heading(&term.text)? => of(&term.text),
            (name, Some(sub)) => subheadings::on_heading(name, sub, tag, of(name)?),
            (name, None) => of(name),
        }
    }

    /// Whether a text with a stroke is the name of a heading as it stands.
    fn is_heading(&self, name: &str) -> Result<bool, Refused> {
        Ok(has(self.segments, TermField::MeshName, name)? || is_name(self.vocabulary, name))
    }

    pub(super) fn date(&self, field: SearchField, term: DateTerm) -> Result<Meant, Refused> {
        let (from, to) = match term {
            DateTerm::On(date) => (date.first_day(), date.last_day()),
            DateTerm::Between(from, to) => (from.first_day(), to.last_day()),
            DateTerm::Last(count, unit) => (back(self.today, count, unit), Day::new(9999, 12, 31)),
        };
        let meant = |filter| Meant::new(filter, format!("{from}:{to}{field}"));
        if field == SearchField::PublicationDate {
            return Ok(meant(Filter::Dates { from, to }));
        }
        let event = event(field).ok_or_else(|| unsearchable(field))?;
        let mut undated = 0;
        let filter = read(self.segments, rows(&Filter::All, self.segments)?, |document| {
            let mut days = document.history.iter().filter(|dated| dated.event == event).peekable();
            undated += u64::from(days.peek().is_none());
            days.any(|dated| from <= dated.day && dated.day <= to)
        })?;
        let mut meant = meant(filter);
        if undated > 0 {
            meant.notes.push(Note::Undated { documents: undated });
        }
        Ok(meant)
    }

    fn property(&self, property: RecordProperty) -> Result<Meant, Refused> {
        match property {
            RecordProperty::HasAbstract => Ok(Meant::new(Filter::HasAbstract, property.word())),
            other => Err(Refused::not_searchable(format!(
                "`{}` cannot be searched for here: it is stored, not indexed",
                other.word()
            ))),
        }
    }
}

/// What a field names by its whole name or code alone.
fn named_whole(field: SearchField) -> Option<&'static str> {
    match field {
        SearchField::Journal | SearchField::NlmId => Some("a journal"),
        SearchField::Language => Some("a language"),
        SearchField::PublicationType => Some("a publication type"),
        _ => None,
    }
}

/// The fields of words that a tag means.
fn text_fields(field: SearchField) -> Option<&'static [TextField]> {
    Some(match field {
        SearchField::All => TextField::ALL,
        SearchField::TextWord => TextField::TEXT_WORDS,
        SearchField::TitleAbstract => TextField::TITLE_ABSTRACT,
        SearchField::Title => &[TextField::Title],
        SearchField::Abstract => &[TextField::Abstract],
        SearchField::OtherTerm => &[TextField::Keywords],
        SearchField::Author => &[TextField::Authors],
        SearchField::FirstAuthor => &[TextField::FirstAuthor],
        SearchField::LastAuthor => &[TextField::LastAuthor],
        SearchField::FullAuthor => &[TextField::FullAuthors],
        SearchField::Affiliation => &[TextField::Affiliations],
        _ => return None,
    })
}

/// Words, in order or near each other.
fn text(fields: &[TextField], term: &QueryTerm, tag: FieldTag) -> Filter {
    let is_name = matches!(
        tag.field,
        SearchField::Author
            | SearchField::FirstAuthor
            | SearchField::LastAuthor
            | SearchField::FullAuthor
    );
    match tag.proximity {
        Some(between) => Filter::near(fields, &term.text, between),
        // In a name, quotation marks say that the initials are complete.
        None if is_name && term.quoted => Filter::text(fields, &format!("\"{}\"", term.text)),
        None => Filter::text(fields, &term.text),
    }
}

/// PMIDs between blanks or commas.
fn pmids(text: &str) -> Result<Vec<Key>, Refused> {
    let parts =
        text.split(|ch: char| ch.is_whitespace() || ch == ',').filter(|part| !part.is_empty());
    let key = |part: &str| match Key::parse(part) {
        key @ Key::Pmid(_) => Ok(key),
        Key::Text(text) => {
            Err(Refused::Term { rule: "invalid_query", detail: format!("`{text}` is not a PMID") })
        }
    };
    parts.map(key).collect()
}

fn field_test(test: &TypedTest) -> FieldTest {
    let between = |from, to| FieldTest::Float { from, to };
    match *test {
        TypedTest::Is(ref text) => FieldTest::Typed(text.clone()),
        TypedTest::Below(number) => between(f64::MIN, number.next_down()),
        TypedTest::AtMost(number) => between(f64::MIN, number),
        TypedTest::Above(number) => between(number.next_up(), f64::MAX),
        TypedTest::AtLeast(number) => between(number, f64::MAX),
        TypedTest::Between(from, to) => between(from, to),
    }
}

/// The event of a record's history whose date a field is, as PubMed's own format names them.
fn event(field: SearchField) -> Option<&'static str> {
    Some(match field {
        SearchField::CreateDate => "entrez",
        SearchField::EntryDate => "pubmed",
        SearchField::MeshDate => "medline",
        SearchField::CompletionDate => "completed",
        SearchField::ModificationDate => "revised",
        SearchField::ElectronicDate => "electronic",
        _ => return None,
    })
}

/// The refusal of a field that has no index.
fn unsearchable(field: SearchField) -> Refused {
    let why = match field {
        SearchField::ArticleIdentifier | SearchField::LocationId | SearchField::Pmcid => {
            "documents are found by PMID, `[pmid]`"
        }
        SearchField::Book
        | SearchField::ConflictOfInterest
        | SearchField::Editor
        | SearchField::Isbn
        | SearchField::Publisher
        | SearchField::TransliteratedTitle => "it is not stored",
        SearchField::CorporateAuthor => "groups and people are in one index; `[au]` searches both",
        _ => "it is stored, not indexed",
    };
    Refused::not_searchable(format!(
        "{} ({field}) cannot be searched here: {why}",
        field.long_name()
    ))
}

/// The day so long before another.
fn back(today: Day, count: u32, unit: DateUnit) -> Day {
    let (year, month, day) = (today.year(), today.month(), today.day());
    match unit {
        DateUnit::Years => Day::new(year.saturating_sub(count), month, day),
        DateUnit::Months => {
            let months = (year * 12 + month - 1).saturating_sub(count);
            Day::new(months / 12, months % 12 + 1, day)
        }
        DateUnit::Days => today.plus_days(-i64::from(count)),
    }
}
