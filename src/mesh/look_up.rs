//! Which concept a text means.

use super::key::{inverted, key};
use super::tree::is_tree_number;
use super::vocabulary::{Concept, Vocabulary, first_not};
use crate::format::mesh::{FIELD_END, MeshTag};
use crate::text::folded;

/// Blanks of a text at which it is turned round: names have fewer words.
const NAME_WORDS_MAX: usize = 40;

/// How a text names a concept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Matched {
    /// By its UI.
    Ui,
    /// By its name.
    Name,
    /// By an entry term or synonym.
    EntryTerm,
    /// By a name of earlier years.
    FormerName,
    /// By the UI of a record that was merged into it.
    RetiredUi,
    /// By a tree number: what lies below that one place is meant.
    TreeNumber,
}

impl Vocabulary {
    /// The concept with this UI, in any case.
    pub fn by_ui(&self, ui: &str) -> Option<Concept> {
        let ui = ui.trim().to_ascii_uppercase();
        let records = self.parts.starts.len().saturating_sub(1);
        let place = first_not(records, |number| self.ui(Concept(number as u32)) < ui.as_str());
        let concept = Concept(place as u32);
        (place < records && self.ui(concept) == ui).then_some(concept)
    }

    /// The concept that a UI, tree number, name, entry term, former name or retired UI means, and by which
    /// of these. Case and punctuation do not matter, nor does `Rheumatoid Arthritis` for
    /// `Arthritis, Rheumatoid`; where no name has the accents and Greek letters of a text, neither do they. Descriptors come
    /// before qualifiers and supplementary concepts, names before entry terms and those before former names. Cost: binary
    /// searches.
    pub fn find(&self, text: &str) -> Option<(Concept, Matched)> {
        let found = self.find_spelt(text);
        found.or_else(|| plain(text).and_then(|plain| self.find_spelt(&plain)))
    }

    fn find_spelt(&self, text: &str) -> Option<(Concept, Matched)> {
        let text = text.trim();
        if let Some(concept) = self.by_ui(text) {
            return Some((concept, Matched::Ui));
        }
        let upper = text.to_ascii_uppercase();
        if is_tree_number(&upper)
            && let Some(concept) = self.at_tree_number(&upper)
        {
            return Some((concept, Matched::TreeNumber));
        }
        let any = |_: &str| true;
        let wanted = key(text);
        let found = self.by_key(&wanted, text, any);
        found.or_else(|| match inverted(text) {
            Some(inverted) => self.by_key(&inverted, text, any),
            None => self.uninverted(&wanted, text),
        })
    }

    /// The qualifier that a name, entry term, UI or code of two letters (`DT`) means. Case and punctuation do
    /// not matter.
    pub fn find_qualifier(&self, text: &str) -> Option<Concept> {
        let (text, wanted) = (text.trim(), key(text));
        let is_named = |concept: &Concept| {
            let own = [self.ui(*concept), self.name(*concept), self.code(*concept)].into_iter();
            let mut names =
                own.chain(self.entry_terms(*concept)).chain(self.former_names(*concept));
            names.any(|name| !name.is_empty() && (name == text || key(name) == wanted))
        };
        self.qualifiers().find(is_named)
    }

    /// The concept whose name is a key with its parts turned round a comma: `Abortion, Criminal` for
    /// `criminal abortion`.
    fn uninverted(&self, wanted: &str, text: &str) -> Option<(Concept, Matched)> {
        let blanks = wanted.match_indices(' ').take(NAME_WORDS_MAX);
        let mut turned = blanks.filter_map(|(at, _)| {
            let (first, last) = wanted.split_at_checked(at)?;
            let accepts = |name: &str| inverted(name).is_some_and(|name| name == wanted);
            self.by_key(&format!("{} {first}", last.trim_start()), text, accepts)
        });
        turned.next()
    }

    /// Concepts with a name, entry term or former name that begins with a text, each once with the first
    /// such name in the order of keys. At most `count`. Cost: a binary search and the names passed.
    pub fn starting_with(&self, text: &str, count: usize) -> Vec<(Concept, &str)> {
        let mut found = self.starting_spelt(text, count);
        // A heading may have the accents of a text in one name, and another heading nowhere.
        if let Some(plain) = plain(text) {
            let others = self.starting_spelt(&plain, count).into_iter();
            let is_new = |(at, _): &(Concept, &str)| found.iter().all(|(known, _)| known != at);
            let others: Vec<_> = others.filter(is_new).collect();
            found.extend(others);
            found.truncate(count);
        }
        found
    }

    fn starting_spelt(&self, text: &str, count: usize) -> Vec<(Concept, &str)> {
        let wanted = key(text);
        let mut found: Vec<(Concept, &str)> = Vec::new();
        for at in self.parts.names.get(self.names_from(&wanted)..).unwrap_or_default() {
            let Some((MeshTag::Name | MeshTag::Entry | MeshTag::Former, name)) = self.name_at(*at)
            else {
                continue;
            };
            if found.len() >= count || !key(name).starts_with(&wanted) {
                break;
            }
            let concept = self.concept_at(*at);
            if found.iter().all(|(known, _)| *known != concept) {
                found.push((concept, name));
            }
        }
        found
    }

    /// The first of the concepts with a name of this key that is accepted.
    fn by_key(
        &self,
        wanted: &str,
        text: &str,
        accepts: impl Fn(&str) -> bool,
    ) -> Option<(Concept, Matched)> {
        if wanted.is_empty() {
            return None;
        }
        let names = self.parts.names.get(self.names_from(wanted)..)?.iter();
        let named = names.map_while(|at| {
            let (tag, name) = self.name_at(*at)?;
            (key(name) == wanted).then(|| (self.concept_at(*at), tag, name))
        });
        let rank = |(concept, tag, name): &(Concept, MeshTag, &str)| {
            let kind = "DQC".find(self.ui(*concept).get(..1).unwrap_or_default());
            let of_tag = MeshTag::ALL.iter().position(|other| other == tag);
            (kind, *name != text, of_tag, *concept)
        };
        let (concept, tag, _) = named.filter(|(_, _, name)| accepts(name)).min_by_key(rank)?;
        let matched = match tag {
            MeshTag::Entry => Matched::EntryTerm,
            MeshTag::Former => Matched::FormerName,
            MeshTag::Retired => Matched::RetiredUi,
            MeshTag::Ui | MeshTag::Name | MeshTag::Code => Matched::Name,
        };
        Some((concept, matched))
    }

    /// The first name whose key is not below a text.
    fn names_from(&self, wanted: &str) -> usize {
        self.parts.names.partition_point(|at| {
            self.name_at(*at).is_some_and(|(_, name)| key(name).as_str() < wanted)
        })
    }

    fn name_at(&self, at: u32) -> Option<(MeshTag, &str)> {
        let field = self.parts.text.get(at as usize..)?;
        let (field, _) = field.split_once(FIELD_END)?;
        let tag = MeshTag::ALL.into_iter().find(|tag| field.starts_with(char::from(*tag as u8)))?;
        Some((tag, field.get(1..)?))
    }

    fn concept_at(&self, at: u32) -> Concept {
        let after = self.parts.starts.partition_point(|start| *start <= at);
        Concept(after.saturating_sub(1) as u32)
    }
}

/// A text in letters of the Latin alphabet without accents, if it has others: `sjogren` of `Sjögren`.
fn plain(text: &str) -> Option<String> {
    (!text.is_ascii()).then(|| folded(text))
}
