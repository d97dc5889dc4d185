//! The order that look-ups go by: every rule of it, for a full check of a file.

use super::build::is_ui;
use super::key::key;
use super::tree::is_tree_number;
use super::vocabulary::{Vocabulary, piece};
use crate::error::{Error, Result};
use crate::format::mesh::FIELD_END;
use crate::format::rules::Rule;

impl Vocabulary {
    /// Checks that UIs, names and tree numbers have their form and stand in order. A look-up in a vocabulary
    /// without that order misses what it should find, and does no other harm.
    ///
    /// # Errors
    /// [`Rule::Sorted`] or [`Rule::MeshRecord`].
    pub(super) fn check_order(&self, file: &str) -> Result<()> {
        let wrong = |rule, detail: String| Err(Error::corrupt(file, 0, rule, detail));
        let uis: Vec<&str> = self.concepts().map(|concept| self.ui(concept)).collect();
        if let Some(ui) = uis.iter().find(|ui| !is_ui(ui)) {
            return wrong(Rule::MeshRecord, format!("`{ui}` is not a UI"));
        }
        if !uis.is_sorted_by(|a, b| a < b) {
            return wrong(Rule::Sorted, "the records are not in the order of their UIs".into());
        }
        let name = |at: &u32| {
            let field = self.parts.text.get(*at as usize + 1..).unwrap_or_default();
            key(field.split(FIELD_END).next().unwrap_or_default())
        };
        let mut keys = self.parts.names.iter().map(|at| (name(at), at)).peekable();
        if keys.peek().is_some_and(|(key, _)| key.is_empty()) {
            return wrong(Rule::MeshRecord, "a name without a letter or digit is listed".into());
        }
        if !keys.is_sorted_by(|a, b| a < b) {
            return wrong(Rule::Sorted, "the names are not in the order of their keys".into());
        }
        let count = self.parts.tree_records.len();
        let tree = |number| piece(&self.parts.tree_text, &self.parts.tree_starts, number);
        let trees: Vec<&str> = (0..count).map(tree).collect();
        if let Some(number) = trees.iter().find(|number| !is_tree_number(number)) {
            return wrong(Rule::MeshRecord, format!("`{number}` is not a tree number"));
        }
        match trees.is_sorted_by(|a, b| a < b) {
            true => Ok(()),
            false => wrong(Rule::Sorted, "the tree numbers are not in order".into()),
        }
    }
}
