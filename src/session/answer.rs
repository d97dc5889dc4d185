//! What a session answers.

use std::ops::Range;
use std::time::Duration;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use super::explain::Explanation;
use super::facets::AnswerFacet;
use super::remark::Remark;
use crate::document::Document;
use crate::ids::Key;
use crate::ingest::jsonl::to_json;

/// What a session found for a [`Request`](super::Request).
///
/// Serialised, it is the JSON that the command line prints:
///
/// ```json
/// {"query": "...", "documents": 1000, "matched": 12, "undated": 0, "unindexed": 0,
///  "notes": [{"code": "undated", "text": "..."}],
///  "hits": [{"rank": 1, "key": "19615731", "pmid": 19615731, "id": null, "score": 0.61,
///            "title": "...", "journal": "Chest", "year": "2009", "sentence": "..."}]}
/// ```
///
/// Members that a request asks for are left out where it does not: `highlights` and `document` of a hit,
/// `facets` and `explain` of the answer.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Answer {
    /// The text that was searched for, without blanks around it.
    #[serde(rename = "query")]
    pub text: Option<String>,
    /// Live documents of the database.
    pub documents: u64,
    /// Live documents that pass the filter.
    pub matched: u64,
    /// Documents that the filter leaves out only because they have no date.
    pub undated: u64,
    /// Documents that the filter leaves out only because they are not indexed with MeSH.
    pub unindexed: u64,
    /// What the hits do not show.
    #[serde(rename = "notes")]
    pub remarks: Vec<Remark>,
    /// Whether hits were not asked for: only the counts.
    #[serde(skip)]
    pub is_count: bool,
    /// Best first, or newest first without a text and a vector.
    pub hits: Vec<AnswerHit>,
    /// How many matching documents have each value of what was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facets: Vec<AnswerFacet>,
    /// How the answer was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explanation>,
    /// Time that the search took, without the reading of documents and everything after it.
    #[serde(skip)]
    pub search_time: Duration,
}

impl Answer {
    /// The answer to what could not be asked, because nothing of it is in a database of so many documents.
    pub fn nothing(documents: u64, reason: Remark) -> Answer {
        Answer {
            text: None,
            documents,
            matched: 0,
            undated: 0,
            unindexed: 0,
            remarks: vec![reason],
            is_count: false,
            hits: Vec::new(),
            facets: Vec::new(),
            explain: None,
            search_time: Duration::ZERO,
        }
    }
}

/// One hit with what is shown of its document.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AnswerHit {
    /// 1 for the best, on whatever page it is.
    pub rank: usize,
    /// Its key.
    pub key: Key,
    /// Similarity, or the score of the cross-encoder; `None` in a list without a text and a vector.
    pub score: Option<f32>,
    /// Title, or empty.
    pub title: String,
    /// Journal abbreviation, else its title, or empty.
    pub journal: String,
    /// Year of publication, a range where the date is one (`1998-1999`), or empty.
    pub year: String,
    /// The sentence of the abstract that is nearest to the text.
    pub sentence: Option<String>,
    /// Where title and sentence have words of the text; `None` where nobody asked.
    pub highlights: Option<Highlights>,
    /// The whole document, where it was asked for.
    pub document: Option<Box<Document>>,
}

/// Where the texts of a hit have words of the query: ranges of bytes, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Highlights {
    /// In [`AnswerHit::title`].
    pub title: Vec<Range<usize>>,
    /// In [`AnswerHit::sentence`].
    pub sentence: Vec<Range<usize>>,
}

impl AnswerHit {
    /// What is shown of a document.
    pub fn new(rank: usize, score: Option<f32>, document: &Document) -> AnswerHit {
        AnswerHit {
            rank,
            key: document.key.clone(),
            score,
            title: document.display_title().to_owned(),
            journal: journal_of(document).to_owned(),
            year: years_of(document),
            sentence: None,
            highlights: None,
            document: None,
        }
    }

    /// The score with the six decimals that mean something.
    pub fn rounded_score(&self) -> Option<f64> {
        self.score.map(|score| (f64::from(score) * 1e6).round() / 1e6)
    }
}

/// The members of a hit as JSON.
#[derive(Serialize)]
struct HitJson<'a> {
    rank: usize,
    key: String,
    pmid: Option<u32>,
    id: Option<&'a str>,
    score: Option<f64>,
    title: &'a str,
    journal: &'a str,
    year: &'a str,
    sentence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    highlights: Option<&'a Highlights>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<serde_json::Value>,
}

impl Serialize for AnswerHit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (pmid, id) = match &self.key {
            Key::Pmid(pmid) => (Some(pmid.0), None),
            Key::Text(id) => (None, Some(&**id)),
        };
        let document = self.document.as_deref().map(to_json).transpose();
        HitJson {
            rank: self.rank,
            key: self.key.to_string(),
            pmid,
            id,
            score: self.rounded_score(),
            title: &self.title,
            journal: &self.journal,
            year: &self.year,
            sentence: self.sentence.as_deref(),
            highlights: self.highlights.as_ref(),
            document: document.map_err(S::Error::custom)?,
        }
        .serialize(serializer)
    }
}

/// Journal abbreviation of a document, else the full title.
pub fn journal_of(document: &Document) -> &str {
    match document.journal.abbreviation.as_str() {
        "" => &document.journal.title,
        abbreviation => abbreviation,
    }
}

/// Year of publication of a document, a range where the date is one, or empty.
pub fn years_of(document: &Document) -> String {
    document.date.as_ref().map_or_else(String::new, |date| {
        let (first, last) = (date.first.year(), date.last.year());
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::{Day, PublicationDate};

    #[test]
    fn a_bare_document_shows_its_key() {
        let hit = AnswerHit::new(1, None, &Document::new(Key::Text("x".into())));
        assert!(hit.title.is_empty() && hit.journal.is_empty() && hit.year.is_empty());
        let json = serde_json::to_value(&hit).unwrap();
        assert_eq!((&json["key"], &json["id"]), (&"x".into(), &"x".into()));
        assert!(json["pmid"].is_null() && json.get("document").is_none());
    }

    #[test]
    fn a_date_over_new_year_shows_both_years() {
        let mut document = Document::new(Key::pmid(7));
        let (first, last) = (Day::new(1998, 12, 1), Day::new(1999, 1, 31));
        document.date = Some(PublicationDate { verbatim: "1998 Dec-1999 Jan".into(), first, last });
        document.journal.title = "The Lancet".into();
        let hit = AnswerHit::new(1, Some(0.5), &document);
        assert_eq!((hit.year.as_str(), hit.journal.as_str()), ("1998-1999", "The Lancet"));
    }

    #[test]
    fn json_has_what_was_asked_for() {
        let mut document = Document::new(Key::pmid(7));
        document.title = "T".into();
        let mut hit = AnswerHit::new(2, Some(0.1234567), &document);
        hit.highlights =
            Some(Highlights { title: std::iter::once(0..1).collect(), ..Highlights::default() });
        hit.document = Some(Box::new(document));
        let json = serde_json::to_value(&hit).unwrap();
        assert_eq!((&json["pmid"], &json["score"]), (&7.into(), &0.123457.into()));
        assert_eq!(json["highlights"]["title"][0]["end"], 1);
        assert_eq!(json["document"]["title"], "T");
    }
}
