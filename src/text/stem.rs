//! Which terms are stemmed, and to what.

use std::borrow::Cow;

use super::porter2;

/// Words of up to this many letters keep their form: `ace` and `aces` are seldom the same thing.
const SHORT_LETTERS: usize = 3;

/// The stem of an analyzed term: what all its inflections have in common.
///
/// English words are stemmed by Porter2. Terms of up to three letters, with a digit or `+` (`p53`, `cd4+`), or of
/// another alphabet are names more often than inflections and come back as they are.
///
/// ```
/// use medvec::text::stem;
///
/// assert_eq!(stem("inhibits"), stem("inhibiting"));
/// assert_eq!(stem("p53s"), "p53s");
/// ```
#[must_use]
pub fn stem(term: &str) -> Cow<'_, str> {
    if term.len() <= SHORT_LETTERS || !term.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Cow::Borrowed(term);
    }
    Cow::Owned(porter2::stem(term))
}
