//! The record of a search.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::filter::{KeyPart, Part, filter, parts};
use super::pinned::PinnedDatabase;
use crate::date::Day;
use crate::error::{Error, Result};
use crate::ids::Key;
use crate::query::Strategy;
use crate::search::{Accuracy, Expansion, Fusion, Mode, Sort, SortOrder};
use crate::session::answer::Answer;
use crate::session::error::SessionResult;
use crate::session::opened::Session;
use crate::session::request::Request;

/// The version of the record's form.
const FORM: u32 = 2;

/// That of a record without a strategy, which older versions read, too.
const FORM_OF_FILTERS: u32 = 1;

/// A search on record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SavedSearch {
    /// The version of this form: 2 with strategies, 1 without.
    pub form: u32,
    /// The version of medvec that wrote it.
    pub medvec: String,
    /// When it was saved, as `2026-03-05T10:00:00Z`.
    pub saved: String,
    /// What was asked of which state.
    pub database: PinnedDatabase,
    /// What was asked.
    pub request: SavedRequest,
    /// What came of it.
    pub answer: SavedAnswer,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SavedRequest {
    /// The text.
    pub text: Option<String>,
    /// The vector, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<Vec<f32>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    like: Vec<KeyPart>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unlike: Vec<KeyPart>,
    /// The filter in words, for people: the parts and the strategies count.
    pub filter: String,
    filter_parts: Vec<Part>,
    /// What else documents must pass; translated again each time, since what it means depends on the database.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strategies: Vec<SavedStrategy>,
    /// Hits wanted.
    pub k: usize,
    /// Hits left out before the first.
    pub offset: usize,
    sort: Option<(String, bool)>,
    accuracy: SavedAccuracy,
    mode: SavedMode,
    fusion: SavedFusion,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expansion: Option<SavedExpansion>,
    allow_unknown_names: bool,
    rerank: Option<usize>,
}

/// A strategy in PubMed's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SavedStrategy {
    /// Its text.
    pub text: String,
    /// The day from which it counts back, as `2026-03-05`.
    pub today: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedAccuracy {
    Auto,
    Exact,
    Recall(f32),
    Effort { probes: u32, candidates: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedMode {
    Auto,
    Dense,
    Lexical,
    Hybrid,
}

/// Modes and how they are saved.
const MODES: [(SavedMode, Mode); 4] = [
    (SavedMode::Auto, Mode::Auto),
    (SavedMode::Dense, Mode::Dense),
    (SavedMode::Lexical, Mode::Lexical),
    (SavedMode::Hybrid, Mode::Hybrid),
];

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SavedFusion {
    Relative { vector_weight: f32 },
    Ranks { k: u32 },
    Sum { vector_weight: f32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct SavedExpansion {
    documents: usize,
    terms: usize,
    query_weight: f32,
    vector_documents: usize,
    query_vector_weight: f32,
}

impl From<Expansion> for SavedExpansion {
    fn from(expansion: Expansion) -> SavedExpansion {
        SavedExpansion {
            documents: expansion.documents,
            terms: expansion.terms,
            query_weight: expansion.query_weight,
            vector_documents: expansion.vector_documents,
            query_vector_weight: expansion.query_vector_weight,
        }
    }
}

impl From<SavedExpansion> for Expansion {
    fn from(saved: SavedExpansion) -> Expansion {
        Expansion {
            documents: saved.documents,
            terms: saved.terms,
            query_weight: saved.query_weight,
            vector_documents: saved.vector_documents,
            query_vector_weight: saved.query_vector_weight,
        }
    }
}

/// What came of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SavedAnswer {
    /// Documents that passed the filter.
    pub matched: u64,
    /// The hits in their order.
    pub hits: Vec<SavedHit>,
}

/// A hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SavedHit {
    key: KeyPart,
    /// Its score to six digits.
    pub score: Option<f64>,
}

impl SavedHit {
    /// Its key.
    pub fn key(&self) -> Key {
        Key::from(&self.key)
    }
}

impl SavedAnswer {
    /// What is kept of an answer.
    pub(super) fn of(answer: &Answer) -> SavedAnswer {
        let hits = answer
            .hits
            .iter()
            .map(|hit| SavedHit { key: KeyPart::from(&hit.key), score: hit.rounded_score() });
        SavedAnswer { matched: answer.matched, hits: hits.collect() }
    }
}

impl Session {
    /// Puts a request and its answer on record. The answer must be that of the newest state.
    ///
    /// # Errors
    /// As [`Snapshot::vocabulary`](crate::db::Snapshot::vocabulary).
    pub fn save(&self, request: &Request, answer: &Answer) -> SessionResult<SavedSearch> {
        let saved = SavedRequest::of(request);
        Ok(SavedSearch {
            form: if saved.strategies.is_empty() { FORM_OF_FILTERS } else { FORM },
            medvec: env!("CARGO_PKG_VERSION").to_owned(),
            saved: now(),
            database: PinnedDatabase::of(&self.snapshot())?,
            request: saved,
            answer: SavedAnswer::of(answer),
        })
    }
}

impl SavedSearch {
    /// Reads a record; `name` is what messages call it.
    ///
    /// # Errors
    /// [`Error::Input`] for what is not a record of this form.
    pub fn read(name: &str, text: &str) -> Result<SavedSearch> {
        let wrong = |place: String, detail: String| Error::input(name, place, detail);
        let saved: SavedSearch = serde_json::from_str(text).map_err(|error| {
            wrong(format!("line {}", error.line()), format!("not a saved search: {error}"))
        })?;
        if !(FORM_OF_FILTERS..=FORM).contains(&saved.form) {
            let detail =
                format!("form {} of a saved search; this version reads up to {FORM}", saved.form);
            return Err(wrong("`form`".into(), detail));
        }
        if saved.request.to_request().is_none() || saved.request.to_strategies().is_none() {
            let detail = "a filter, a strategy or an order that cannot be understood";
            return Err(wrong("`request`".into(), detail.into()));
        }
        Ok(saved)
    }
}

impl SavedRequest {
    fn of(request: &Request) -> SavedRequest {
        let (strategies, rest) =
            request.strategies.of(&request.filter).unwrap_or((&[], &request.filter));
        let strategies = strategies
            .iter()
            .map(|(text, today)| SavedStrategy { text: text.clone(), today: today.to_string() });
        SavedRequest {
            text: request.text.clone(),
            vector: request.vector.clone(),
            like: request.like.iter().map(KeyPart::from).collect(),
            unlike: request.unlike.iter().map(KeyPart::from).collect(),
            filter: request.filter.to_string(),
            filter_parts: parts(rest),
            strategies: strategies.collect(),
            k: request.k,
            offset: request.offset,
            sort: request
                .sort
                .as_ref()
                .map(|(sort, order)| (sort_name(sort), *order == SortOrder::Descending)),
            accuracy: match request.accuracy {
                Accuracy::Auto => SavedAccuracy::Auto,
                Accuracy::Exact => SavedAccuracy::Exact,
                Accuracy::Recall(recall) => SavedAccuracy::Recall(recall),
                Accuracy::Effort { probes, candidates } => {
                    SavedAccuracy::Effort { probes, candidates }
                }
            },
            mode: MODES
                .iter()
                .find(|(_, mode)| *mode == request.mode)
                .map_or(SavedMode::Auto, |(saved, _)| *saved),
            fusion: match request.fusion {
                Fusion::Relative { vector_weight } => SavedFusion::Relative { vector_weight },
                Fusion::Ranks { k } => SavedFusion::Ranks { k },
                Fusion::Sum { vector_weight } => SavedFusion::Sum { vector_weight },
            },
            expansion: request.expansion.map(SavedExpansion::from),
            allow_unknown_names: request.allow_unknown_names,
            rerank: request.rerank,
        }
    }

    /// The request to ask again, but for its [strategies](SavedRequest::to_strategies); `None` where a part cannot be
    /// understood.
    pub(super) fn to_request(&self) -> Option<Request> {
        let mut request = Request::matching(filter(&self.filter_parts)?);
        request.text.clone_from(&self.text);
        request.vector.clone_from(&self.vector);
        request.like = self.like.iter().map(Key::from).collect();
        request.unlike = self.unlike.iter().map(Key::from).collect();
        (request.k, request.offset) = (self.k, self.offset);
        request.sort = match &self.sort {
            None => None,
            Some((name, is_descending)) => {
                let order =
                    if *is_descending { SortOrder::Descending } else { SortOrder::Ascending };
                Some((sort_named(name)?, order))
            }
        };
        request.accuracy = match self.accuracy {
            SavedAccuracy::Auto => Accuracy::Auto,
            SavedAccuracy::Exact => Accuracy::Exact,
            SavedAccuracy::Recall(recall) => Accuracy::Recall(recall),
            SavedAccuracy::Effort { probes, candidates } => Accuracy::Effort { probes, candidates },
        };
        let mode = MODES.iter().find(|(saved, _)| *saved == self.mode);
        request.mode = mode.map(|(_, mode)| *mode)?;
        request.fusion = match self.fusion {
            SavedFusion::Relative { vector_weight } => Fusion::Relative { vector_weight },
            SavedFusion::Ranks { k } => Fusion::Ranks { k },
            SavedFusion::Sum { vector_weight } => Fusion::Sum { vector_weight },
        };
        request.expansion = self.expansion.map(Expansion::from);
        request.allow_unknown_names = self.allow_unknown_names;
        request.rerank = self.rerank;
        Some(request)
    }
}

impl SavedRequest {
    /// The strategies, and the days from which they count back; `None` where one cannot be understood.
    pub(super) fn to_strategies(&self) -> Option<Vec<(Strategy, Day)>> {
        let is_real = |day: &Day| *day == Day::new(day.year(), day.month(), day.day());
        let strategies = self.strategies.iter().map(|saved| {
            let today = Day::parse(&saved.today).filter(is_real)?;
            Some((Strategy::parse(&saved.text).ok()?, today))
        });
        strategies.collect()
    }
}

/// Orders by name; a free field stands behind `field:`.
const SORTS: [(&str, Sort); 5] = [
    ("score", Sort::Score),
    ("date", Sort::Date),
    ("key", Sort::Key),
    ("first-author", Sort::FirstAuthor),
    ("journal", Sort::Journal),
];

fn sort_name(sort: &Sort) -> String {
    if let Sort::Field(name) = sort {
        return format!("field:{name}");
    }
    SORTS.iter().find(|(_, known)| known == sort).map_or("", |(name, _)| name).to_owned()
}

fn sort_named(name: &str) -> Option<Sort> {
    if let Some(field) = name.strip_prefix("field:") {
        return Some(Sort::Field(field.to_owned()));
    }
    SORTS.iter().find(|(known, _)| *known == name).map(|(_, sort)| sort.clone())
}

/// The time in Coordinated Universal Time.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    time_of(since.as_secs())
}

/// Seconds since 1970 as a date and a time: the calendar of 400 years counted from a March.
fn time_of(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", era * 400 + year + next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, time) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_772_704_800, "2026-03-05T10:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(time_of(seconds), time);
        }
    }

    #[test]
    fn orders_have_names() {
        for sort in SORTS.map(|(_, sort)| sort).into_iter().chain([Sort::Field("date".into())]) {
            assert_eq!(sort_named(&sort_name(&sort)), Some(sort));
        }
        assert_eq!(sort_named("size"), None);
    }
}
