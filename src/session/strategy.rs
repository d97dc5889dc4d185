//! Search strategies as a user keeps them: one at a time, in a file, or growing line by line as a history.

use crate::query::Strategy;

use super::error::SessionResult;

/// A history: the lines that were searched before, by whose numbers a new line may refer to them.
///
/// ```
/// use medvec::session::History;
///
/// let mut history = History::parse("")?;
/// history.add("asthma[mh]")?;
/// history.add("wheez*[tiab]")?;
/// let strategy = history.add("#1 OR #2")?;
/// assert_eq!(strategy.lines().len(), 3);
/// assert_eq!(history.to_string(), "1. asthma[mh]\n2. wheez*[tiab]\n3. #1 OR #2\n");
/// # Ok::<(), medvec::session::SessionError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct History {
    strategy: Option<Strategy>,
}

impl History {
    /// Reads the lines of a history; an empty text has none.
    ///
    /// # Errors
    /// [`Error::Strategy`](crate::Error::Strategy) for a text that is not a strategy.
    pub fn parse(text: &str) -> SessionResult<History> {
        let strategy = match text.trim() {
            "" => None,
            _ => Some(Strategy::parse(text).map_err(crate::Error::from)?),
        };
        Ok(History { strategy })
    }

    /// Adds a query, which may refer to the lines before it; the strategy of all lines, the new one last. If it is
    /// malformed, the history stays as it was.
    ///
    /// # Errors
    /// [`Error::Strategy`](crate::Error::Strategy) for a query that is malformed, or for more than one. Its place is in the text
    /// of the whole history.
    pub fn add(&mut self, query: &str) -> SessionResult<&Strategy> {
        // A query on several lines is one.
        let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
        let strategy = Strategy::parse(format!("{self}{}. {query}", self.next()));
        Ok(self.strategy.insert(strategy.map_err(crate::Error::from)?))
    }

    /// The number of the next line.
    pub fn next(&self) -> u32 {
        let lines = self.strategy.iter().flat_map(Strategy::lines);
        let digits = lines.map(|line| line.name.trim_end_matches(|ch: char| !ch.is_ascii_digit()));
        digits.filter_map(|digits| digits.parse().ok()).max().unwrap_or(0) + 1
    }
}

impl std::fmt::Display for History {
    /// One numbered line per query.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut lines = self.strategy.iter().flat_map(Strategy::lines);
        lines.try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_named_by_letters_stay_lines() {
        let text = "1. asthma\n#A. #1 AND wheez*[ti]\n";
        let mut history = History::parse(text).expect("lines");
        assert_eq!(history.to_string(), text);
        history.add("#A NOT x").expect("a query that refers to a letter");
        assert_eq!(history.to_string(), format!("{text}2. #A NOT x\n"));
    }

    #[test]
    fn a_history_grows_by_one_line_at_a_time() {
        let mut history =
            History::parse("1. asthma\n\n// a comment\n4. wheez*[ti]").expect("lines");
        assert_eq!(history.next(), 5);
        assert!(history.add("#7 AND x").is_err() && history.add("\"x").is_err());
        assert_eq!(history.next(), 5, "as it was");
        history.add("#4\nOR x").expect("a query on two lines");
        assert!(history.to_string().ends_with("5. #4 OR x\n"));
        assert!(History::parse("(").is_err());
    }
}
