//! A strategy: the queries of a text.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use super::build::build;
use super::caution::{Caution, Cautions};
use super::items::items;
use super::lines::entries;
use super::place::Place;
use super::syntax_error::{Fault, SyntaxError, SyntaxRule};
use super::tree::QueryTree;
use crate::error::Error;
use crate::limits::STRATEGY_BYTES_MAX;

/// One query or several that refer to each other, as a person wrote them.
///
/// `Display` prints a canonical text without headings and comments, which parses to an equal strategy. Two strategies are equal if their lines have the
/// same names and queries; headings, spelling and places do not count.
///
/// ```
/// use medvec::query::Strategy;
///
/// let strategy: Strategy = "1. asthma[MeSH Terms] OR wheez*[tiab]\n2. #1 AND 2015:2018[dp]".parse()?;
/// assert_eq!(strategy.lines().len(), 2);
/// assert_eq!(strategy.to_string(), "1. asthma[mh] OR wheez*[tiab]\n2. #1 AND 2015:2018[dp]");
///
/// let error = "asthma[tiabs]".parse::<Strategy>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 1, column 7: unknown tag `[tiabs]` (did you mean `[tiab]`?) [unknown_tag]\n\
///      asthma[tiabs]\n      ^^^^^^^"
/// );
/// # Ok::<(), medvec::query::SyntaxError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Strategy {
    text: String,
    lines: Vec<StrategyLine>,
    cautions: Vec<Caution>,
}

/// One query of a strategy.
#[derive(Clone, Debug)]
pub struct StrategyLine {
    /// Its name, by which later lines refer to it: `1`, `2a`, `A`.
    pub name: String,
    /// The heading above it.
    pub title: Option<String>,
    /// The query.
    pub query: QueryTree,
    /// Its bytes in the text, without its number.
    pub span: Range<usize>,
}

impl StrategyLine {
    /// Writes the name as it stands before a query, with a `#` before a letter, which could be the first of a word.
    fn fmt_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.name.starts_with(char::is_alphabetic) { "#" } else { "" };
        write!(f, "{mark}{}. ", self.name)
    }
}

impl fmt::Display for StrategyLine {
    /// Its name and its query in canonical form, without the heading: `1. asthma[mh]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_name(f)?;
        self.query.fmt(f)
    }
}

impl Strategy {
    /// Reads a strategy. Cost: linear in the length of the text.
    ///
    /// # Errors
    /// The first place that breaks the language, with its rule and what would be right.
    pub fn parse(text: impl Into<String>) -> Result<Strategy, SyntaxError> {
        let text = text.into();
        let mut cautions = Cautions::default();
        match parse_lines(&text, &mut cautions) {
            Ok(lines) => {
                let cautions = cautions.places(&text);
                Ok(Strategy { text, lines, cautions })
            }
            Err(fault) => Err(fault.at(&text)),
        }
    }

    /// The queries in order, at least one.
    pub fn lines(&self) -> &[StrategyLine] {
        &self.lines
    }

    /// Where the text reads in a way its writer may not have meant, in order.
    pub fn cautions(&self) -> &[Caution] {
        &self.cautions
    }

    /// The text as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place of a clause or a line in the text.
    pub fn place(&self, span: Range<usize>) -> Place {
        Place::of(&self.text, span)
    }

    /// The error of a clause that is well formed but cannot be answered: `rule` names the reason for programs.
    pub fn refusal(
        &self,
        span: Range<usize>,
        rule: &'static str,
        detail: impl Into<String>,
    ) -> Error {
        let Place { offset, line, column, diagram } = self.place(span);
        Error::Strategy { offset, line, column, rule, detail: detail.into(), diagram }
    }
}

fn parse_lines(text: &str, cautions: &mut Cautions) -> Result<Vec<StrategyLine>, Fault> {
    if text.len() > STRATEGY_BYTES_MAX {
        let detail = format!("{} bytes; a strategy has {STRATEGY_BYTES_MAX} at most", text.len());
        return Err(Fault::new(SyntaxRule::TooLong, 0..0, detail));
    }
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut lines = Vec::new();
    for entry in entries(text, cautions)? {
        let items = items(entry.tokens, |name| places.get(name).copied(), cautions)?;
        let query = build(items, entry.span.clone(), cautions)?;
        places.insert(entry.name.clone(), lines.len());
        lines.push(StrategyLine { name: entry.name, title: entry.title, query, span: entry.span });
    }
    Ok(lines)
}

impl FromStr for Strategy {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Strategy, SyntaxError> {
        Strategy::parse(text)
    }
}

impl PartialEq for Strategy {
    fn eq(&self, other: &Strategy) -> bool {
        let same = |(a, b): (&StrategyLine, &StrategyLine)| a.name == b.name && a.query == b.query;
        self.lines.len() == other.lines.len() && self.lines.iter().zip(&other.lines).all(same)
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alone = self.lines.len() == 1;
        for (place, line) in self.lines.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            if !alone || line.name != "1" {
                line.fmt_name(f)?;
            }
            line.query.fmt(f)?;
        }
        Ok(())
    }
}
