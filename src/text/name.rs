//! Names of people and groups, as an index of authors spells them.

use super::fold::fold;
use super::letters::is_letter_or_digit;

/// Writes the parts of a name in one piece: folded, apostrophes and full stops dropped, everything else between
/// words a single blank.
///
/// ```
/// let mut name = String::new();
/// medvec::text::fold_name(&["O\u{2019}Brien-Müller", "J.A."], &mut name);
/// assert_eq!(name, "obrien muller ja");
/// ```
pub fn fold_name(parts: &[&str], name: &mut String) {
    name.clear();
    for part in parts {
        let mut is_apart = true;
        for source in part.chars() {
            fold(source, |folded| {
                if is_letter_or_digit(folded) {
                    if is_apart && !name.is_empty() {
                        name.push(' ');
                    }
                    name.push(folded);
                    is_apart = false;
                } else if !matches!(folded, '\'' | '.') {
                    is_apart = true;
                }
            });
        }
    }
}
