//! A vocabulary and its concepts.

use super::record::{MappedHeading, MeshRecord};
use crate::error::Result;
use crate::format::mesh::{FIELD_END, MeshLink, MeshParts, MeshTag, decode};

/// One year's MeSH. Reading it never fails: what could be wrong was checked when it was opened.
#[derive(Debug)]
pub struct Vocabulary {
    pub(super) parts: MeshParts,
    /// Places of tree numbers, in order of their record.
    pub(super) record_trees: Vec<u32>,
}

/// A descriptor, qualifier or supplementary concept of one [`Vocabulary`]. Concepts are ordered by UI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Concept(pub(super) u32);

impl Vocabulary {
    /// Reads the bytes of a MeSH file. Memory: as much as the file. Cost: one pass.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] for bytes that are not a whole and right MeSH file.
    pub fn open(file: &str, bytes: &[u8]) -> Result<Vocabulary> {
        let parts = decode(file, bytes)?;
        let mut record_trees: Vec<u32> = (0..parts.tree_records.len() as u32).collect();
        record_trees.sort_by_key(|tree| parts.tree_records.get(*tree as usize));
        Ok(Vocabulary { parts, record_trees })
    }

    /// The year that NLM published it for.
    pub fn year(&self) -> u32 {
        self.parts.year
    }

    /// Every concept, by UI.
    pub fn concepts(&self) -> impl Iterator<Item = Concept> + use<> {
        (0..self.parts.starts.len().saturating_sub(1) as u32).map(Concept)
    }

    /// The UI.
    pub fn ui(&self, concept: Concept) -> &str {
        self.texts(concept, MeshTag::Ui).next().unwrap_or_default()
    }

    /// The name.
    pub fn name(&self, concept: Concept) -> &str {
        self.texts(concept, MeshTag::Name).next().unwrap_or_default()
    }

    /// The two letters of a qualifier, else empty.
    pub fn code(&self, concept: Concept) -> &str {
        self.texts(concept, MeshTag::Code).next().unwrap_or_default()
    }

    /// Entry terms or synonyms.
    pub fn entry_terms(&self, concept: Concept) -> impl Iterator<Item = &str> {
        self.texts(concept, MeshTag::Entry)
    }

    /// Names of earlier years.
    pub fn former_names(&self, concept: Concept) -> impl Iterator<Item = &str> {
        self.texts(concept, MeshTag::Former)
    }

    /// UIs of earlier years' records that were merged into this one.
    pub fn retired_uis(&self, concept: Concept) -> impl Iterator<Item = &str> {
        self.texts(concept, MeshTag::Retired)
    }

    /// All that documents can name it by: UI and name, names and UIs of earlier years. Cost: one pass over the record.
    pub fn spellings(&self, concept: Concept) -> impl Iterator<Item = (MeshTag, &str)> {
        let tags = [MeshTag::Ui, MeshTag::Name, MeshTag::Former, MeshTag::Retired];
        let fields = self.record(concept).split_terminator(FIELD_END);
        fields.filter_map(move |field| {
            let tag = tags.into_iter().find(|tag| field.starts_with(char::from(*tag as u8)))?;
            Some((tag, field.get(1..)?))
        })
    }

    /// The pharmacological actions of a substance.
    pub fn actions(&self, substance: Concept) -> impl Iterator<Item = Concept> {
        self.links(MeshLink::Action, substance).map(|(to, _)| to)
    }

    /// The substances that have any of some pharmacological actions, each once. `actions` ascend. Cost: one
    /// pass over all pairs of substance and action.
    pub fn substances(&self, actions: &[Concept]) -> Vec<Concept> {
        let links = self.parts.links.iter();
        let pairs = links.take_while(|[kind, ..]| *kind == MeshLink::Action as u32);
        let have = |to: &u32| actions.binary_search(&Concept(*to)).is_ok();
        let mut found: Vec<Concept> =
            pairs.filter(|[_, _, to, _]| have(to)).map(|[_, from, ..]| Concept(*from)).collect();
        found.dedup();
        found
    }

    /// The headings that a supplementary concept is mapped to, and whether each is a main one.
    pub fn mapped_to(&self, supplementary: Concept) -> impl Iterator<Item = (Concept, bool)> {
        self.links(MeshLink::MappedTo, supplementary).map(|(to, extra)| (to, extra & 1 == 1))
    }

    /// A concept as sources give it: what [`build`](super::build) makes the same concept of.
    pub fn to_record(&self, concept: Concept) -> MeshRecord {
        let owned = |texts: &mut dyn Iterator<Item = &str>| texts.map(str::to_owned).collect();
        let uis = |concepts: &mut dyn Iterator<Item = Concept>| {
            concepts.map(|concept| self.ui(concept).to_owned()).collect()
        };
        let mapped = self.links(MeshLink::MappedTo, concept).map(|(to, extra)| MappedHeading {
            ui: self.ui(to).to_owned(),
            qualifier: (extra >> 1).checked_sub(1).map_or("", |at| self.ui(Concept(at))).to_owned(),
            is_main: extra & 1 == 1,
        });
        MeshRecord {
            ui: self.ui(concept).to_owned(),
            name: self.name(concept).to_owned(),
            code: self.code(concept).to_owned(),
            entry_terms: owned(&mut self.entry_terms(concept)),
            former_names: owned(&mut self.former_names(concept)),
            retired_uis: owned(&mut self.retired_uis(concept)),
            tree_numbers: owned(&mut self.tree_numbers(concept).into_iter()),
            actions: uis(&mut self.actions(concept)),
            mapped_to: mapped.collect(),
            allowed_qualifiers: uis(&mut self.allowed_qualifiers(concept)),
        }
    }

    /// The qualifiers that may go with a descriptor; none if the source of the vocabulary does not say.
    pub fn allowed_qualifiers(&self, descriptor: Concept) -> impl Iterator<Item = Concept> {
        self.links(MeshLink::Allows, descriptor).map(|(to, _)| to)
    }

    fn links(&self, kind: MeshLink, from: Concept) -> impl Iterator<Item = (Concept, u32)> {
        let wanted = [kind as u32, from.0];
        let start = self.parts.links.partition_point(|[kind, from, _, _]| [*kind, *from] < wanted);
        let rest = self.parts.links.iter().skip(start);
        rest.take_while(move |[kind, from, _, _]| [*kind, *from] == wanted)
            .map(|[_, _, to, extra]| (Concept(*to), *extra))
    }

    fn texts(&self, concept: Concept, tag: MeshTag) -> impl Iterator<Item = &str> {
        let fields = self.record(concept).split_terminator(FIELD_END);
        fields.filter_map(move |field| field.strip_prefix(char::from(tag as u8)))
    }

    fn record(&self, concept: Concept) -> &str {
        piece(&self.parts.text, &self.parts.starts, concept.0 as usize)
    }

    /// Whether a concept is a descriptor: a heading of documents.
    pub fn is_descriptor(&self, concept: Concept) -> bool {
        self.ui(concept).starts_with('D')
    }

    /// The qualifiers, by UI.
    pub fn qualifiers(&self) -> impl Iterator<Item = Concept> {
        let count = self.parts.starts.len().saturating_sub(1);
        // `C` and `D` come before `Q`.
        let first = first_not(count, |number| self.ui(Concept(number as u32)) < "Q");
        (first as u32..count as u32).map(Concept)
    }
}

/// A piece of a text that is cut at `starts`; empty beyond the last.
pub(super) fn piece<'a>(text: &'a str, starts: &[u32], number: usize) -> &'a str {
    let at = |number: usize| starts.get(number).map(|start| *start as usize);
    let range = at(number).zip(at(number + 1));
    range.and_then(|(start, end)| text.get(start..end)).unwrap_or_default()
}

/// The first of `count` numbers that is not before what is looked for; the numbers before it come first.
pub(super) fn first_not(count: usize, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        match is_before(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}
