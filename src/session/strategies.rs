//! The strategies of a request, beside the filter that they became.

use crate::date::Day;
use crate::search::{Filter, TranslatedStrategy};

/// The strategies in a filter, and what of the filter is none.
#[derive(Clone, Debug)]
pub(super) struct Strategies {
    /// Each with the day from which it counts back.
    texts: Vec<(String, Day)>,
    rest: Filter,
    /// The whole filter, in words.
    whole: String,
}

impl Default for Strategies {
    fn default() -> Strategies {
        Strategies { texts: Vec::new(), rest: Filter::All, whole: String::new() }
    }
}

impl Strategies {
    /// Adds a strategy that turned the filter `before` into `whole`.
    pub(super) fn add(&mut self, meant: &TranslatedStrategy, before: Filter, whole: &Filter) {
        if self.of(&before).is_none() {
            *self = Strategies { rest: before, ..Strategies::default() };
        }
        self.texts.push((meant.text().to_owned(), meant.today()));
        self.whole = whole.to_string();
    }

    /// The strategies in a filter and the rest of it; `None` where it has none, or was given anew since.
    pub(super) fn of(&self, filter: &Filter) -> Option<(&[(String, Day)], &Filter)> {
        let is_whole = !self.texts.is_empty() && self.whole == filter.to_string();
        is_whole.then_some((&self.texts, &self.rest))
    }
}
