//! Places of authors.

use super::TextField;

/// Whether a position in the field of authors belongs to a field: twice the place, plus 1 for the last.
pub(super) fn is_at(field: TextField, position: u32) -> bool {
    match field {
        TextField::FirstAuthor => position < 2,
        TextField::LastAuthor => position % 2 == 1,
        _ => true,
    }
}
