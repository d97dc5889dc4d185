//! Topics of tags and texts.

use std::path::Path;

use super::super::draft::Draft;
use super::super::options::TopicPart;
use super::super::query::TestQuery;
use super::markup::{Markup, Piece};
use crate::eval::input::{InputError, LINE_BYTES_MAX, Place};

/// Fields of the old form, which end where the next one begins. Participants write topics of later tracks
/// in that form too, with the elements of those tracks.
const OLD_FIELDS: [&str; 17] = [
    "num",
    "title",
    "desc",
    "narr",
    "smry",
    "con",
    "dom",
    "def",
    "fac",
    "nat",
    "head",
    "disease",
    "gene",
    "variant",
    "treatment",
    "demographic",
    "other",
];

/// Words that the old form has in front of its texts.
const OLD_LABELS: [&str; 5] = ["number:", "topic:", "description:", "narrative:", "summary:"];

/// Fields of one topic.
const FIELDS_MAX: usize = 1000;

/// Reads every topic of a file.
///
/// # Errors
/// A topic that does not end or has no id; as [`Draft::query`].
pub(super) fn read(path: &Path, part: TopicPart, draft: &mut Draft) -> Result<(), InputError> {
    let mut markup = Markup::open(path)?;
    let mut topic: Option<Topic> = None;
    loop {
        let place = markup.place();
        let Some(piece) = markup.next().transpose()? else { break };
        match (piece, &mut topic) {
            (Piece::Open(name, attributes, _), None) if name == "top" || name == "topic" => {
                topic = Some(Topic::new(place, name == "top", attributes));
            }
            (Piece::Open(name, ..), Some(open)) if name == "top" || name == "topic" => {
                let detail =
                    format!("a topic begins inside of the one of line {}", open.place.number);
                return Err(place.error(detail));
            }
            (Piece::Close(name), Some(_)) if name == "top" || name == "topic" => {
                if let Some(done) = topic.take() {
                    let place = done.place.clone();
                    let added = done.query(part).and_then(|query| draft.query(query, &place));
                    added.map_err(|detail| place.error(detail))?;
                }
            }
            (piece, Some(open)) => open.take(piece).map_err(|detail| place.error(detail))?,
            (_, None) => {}
        }
    }
    match topic {
        None => Ok(()),
        Some(open) => Err(open.place.error("the topic that begins here does not end")),
    }
}

fn is_old_field(name: &str) -> bool {
    OLD_FIELDS.contains(&name)
}

struct Topic {
    place: Place,
    is_old: bool,
    id: Option<String>,
    /// Name and text; the name of plain text is empty.
    fields: Vec<(String, String)>,
    is_in_field: bool,
    /// Open elements inside of the topic, in the new form.
    depth: usize,
    bytes: usize,
}

impl Topic {
    fn new(place: Place, is_old: bool, attributes: Vec<(String, String)>) -> Topic {
        let is_id = |name: &str| matches!(name, "number" | "num" | "id" | "qid");
        let id = attributes.into_iter().find(|(name, _)| is_id(name)).map(|(_, value)| value);
        let (fields, is_in_field) = (Vec::new(), false);
        Topic { place, is_old, id, fields, is_in_field, depth: 0, bytes: 0 }
    }

    fn take(&mut self, piece: Piece) -> Result<(), String> {
        match piece {
            Piece::Text(text) => {
                self.bytes += text.len();
                if self.bytes > LINE_BYTES_MAX {
                    return Err(format!("a topic of more than {LINE_BYTES_MAX} bytes"));
                }
                if !self.is_in_field && !text.trim().is_empty() {
                    self.begin(String::new())?;
                }
                if let Some((_, field)) = self.fields.last_mut() {
                    field.push_str(&text);
                }
            }
            Piece::Open(name, attributes, is_closed) => {
                let is_field = match self.is_old {
                    true => is_old_field(&name),
                    false => self.depth == 0,
                };
                if is_field {
                    let label = attributes.into_iter().find(|(name, _)| name == "name");
                    // `<field name="disease">`
                    let name = label.map_or(name, |(_, label)| format!("field {label}"));
                    self.begin(name)?;
                } else if let Some((_, field)) = self.fields.last_mut() {
                    field.push(' ');
                }
                match is_closed {
                    true => self.is_in_field = self.depth > 0,
                    false => self.depth += 1,
                }
            }
            Piece::Close(name) => {
                self.depth = self.depth.saturating_sub(1);
                let is_end = if self.is_old { is_old_field(&name) } else { self.depth == 0 };
                if is_end {
                    self.is_in_field = false;
                } else if let Some((_, field)) = self.fields.last_mut() {
                    field.push(' ');
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, name: String) -> Result<(), String> {
        if self.fields.len() == FIELDS_MAX {
            return Err(format!("a topic of more than {FIELDS_MAX} fields"));
        }
        self.fields.push((name, String::new()));
        self.is_in_field = true;
        Ok(())
    }

    /// The texts of these fields, in the order of the file; `None` if they are missing or empty.
    fn text(&self, names: &[&str]) -> Option<String> {
        let fields = self.fields.iter().filter(|(name, _)| names.contains(&name.as_str()));
        let texts: Vec<String> = fields.map(|(_, text)| self.clean(text)).collect();
        let text = texts.join(" ").trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    }

    /// A text in one line, without the label of the old form.
    fn clean(&self, text: &str) -> String {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let label = OLD_LABELS.iter().find(|label| {
            let start = words.get(..label.len());
            self.is_old && start.is_some_and(|start| start.eq_ignore_ascii_case(label))
        });
        let rest = label.and_then(|label| words.get(label.len()..));
        rest.map_or_else(|| words.clone(), |rest| rest.trim_start().to_owned())
    }

    fn title(&self) -> Option<String> {
        self.text(&["title", "query"])
            .or_else(|| self.text(&["disease", "gene", "variant", "treatment"]))
            .or_else(|| self.text(&["summary"]))
            .or_else(|| self.text(&[""]))
            .or_else(|| {
                let fields = self.fields.iter().filter_map(|(name, text)| {
                    Some(format!("{} {}", name.strip_prefix("field ")?, self.clean(text)))
                });
                Some(fields.collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty())
            })
    }

    fn description(&self) -> Option<String> {
        self.text(&["desc", "description", "question"]).or_else(|| {
            self.text(&["disease"])?;
            self.text(&["disease", "gene", "variant", "treatment", "demographic", "other"])
        })
    }

    fn query(self, part: TopicPart) -> Result<TestQuery, String> {
        let id = self.id.clone().or_else(|| self.text(&["num", "number", "id"]));
        let id = id.ok_or("the topic has no number")?;
        let narrative = self.text(&["narr", "narrative", "note"]);
        let text = match part {
            TopicPart::Title => self.title(),
            TopicPart::Description => self.description(),
            TopicPart::Narrative => narrative.clone(),
            TopicPart::TitleAndDescription => {
                let parts: Vec<String> =
                    [self.title(), self.description()].into_iter().flatten().collect();
                Some(parts.join(" "))
            }
        };
        let mut query = TestQuery::new(id.trim(), text.unwrap_or_default());
        query.narrative = narrative;
        Ok(query)
    }
}
