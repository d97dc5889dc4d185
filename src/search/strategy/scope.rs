//! What strategies are translated against.

use crate::date::Day;
use crate::mesh::Vocabulary;
use crate::search::view::SegmentView;

/// What terms are translated against.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) segments: &'a [SegmentView],
    pub(super) vocabulary: &'a Vocabulary,
    /// The day from which `last 5 years` counts back.
    pub(super) today: Day,
}
