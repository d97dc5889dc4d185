//! MeSH headings as citations of a topic have them.

use std::collections::HashMap;

use medvec::document::{MeshHeading, MeshQualifier};
use medvec::kernel::random::Random;
use medvec::mesh;

use super::{Result, chance, escaped, pick};

/// How many headings in a thousand are any of the vocabulary's: every heading is used, most of them rarely.
const ANY_HEADING: usize = 40;

/// How many headings of a citation in a thousand are kept for another about the same.
const KEPT: usize = 720;

/// Headings of one citation.
const COUNT_MAX: usize = 40;

/// Whether a heading is a major topic, and the number of its qualifiers.
type Variant = (bool, u32);

/// A heading of the vocabulary.
struct Descriptor {
    ui: String,
    name: String,
    is_chemical: bool,
    /// How real citations have it; as often as they have it so.
    variants: Vec<Variant>,
}

/// The headings of the vocabulary, and which of them each real citation has.
pub(super) struct Headings {
    descriptors: Vec<Descriptor>,
    numbers: HashMap<String, u32>,
    /// Lists of qualifiers, as XML.
    qualifiers: Vec<String>,
    /// The variants of all headings that are often with qualifiers.
    common: Vec<Variant>,
    lists: Vec<Vec<u32>>,
}

impl Headings {
    /// Knows the headings of the vocabulary that is inside the library.
    pub(super) fn new() -> Result<Headings> {
        let vocabulary = mesh::builtin()?;
        let descriptors = vocabulary.concepts().filter(|one| vocabulary.is_descriptor(*one));
        let mut descriptors: Vec<Descriptor> = descriptors
            .map(|concept| Descriptor {
                ui: vocabulary.ui(concept).to_owned(),
                name: vocabulary.name(concept).to_owned(),
                is_chemical: vocabulary
                    .tree_numbers(concept)
                    .iter()
                    .any(|tree| tree.starts_with('D')),
                variants: Vec::new(),
            })
            .collect();
        descriptors.sort_by(|one, other| one.name.cmp(&other.name));
        let numbers = descriptors.iter().zip(0..).map(|(one, at)| (one.name.clone(), at)).collect();
        let (qualifiers, common, lists) = (vec![String::new()], Vec::new(), Vec::new());
        Ok(Headings { descriptors, numbers, qualifiers, common, lists })
    }

    /// Takes the headings of the next document in; names that the vocabulary lacks are left out.
    pub(super) fn push(&mut self, headings: &[MeshHeading]) -> Result<()> {
        let mut list = Vec::new();
        // Some collections name descriptors alone.
        let is_whole = headings.iter().any(|heading| !heading.qualifiers.is_empty());
        for heading in headings.iter().take(COUNT_MAX) {
            let Some(&number) = self.numbers.get(&heading.name) else { continue };
            list.push(number);
            if is_whole {
                let variant = (heading.major, self.qualifiers(&heading.qualifiers)?);
                self.descriptors[number as usize].variants.push(variant);
                if variant.1 > 0 {
                    self.common.push(variant);
                }
            }
        }
        self.lists.push(list);
        Ok(())
    }

    fn qualifiers(&mut self, qualifiers: &[MeshQualifier]) -> Result<u32> {
        let vocabulary = mesh::builtin()?;
        let mut xml = String::new();
        for qualifier in qualifiers {
            let Some(concept) = vocabulary.find_qualifier(&qualifier.name) else { continue };
            let (ui, name) = (vocabulary.ui(concept), escaped(&qualifier.name));
            let major = yes_no(qualifier.major);
            xml += &format!(
                "<QualifierName UI=\"{ui}\" MajorTopicYN=\"{major}\">{name}</QualifierName>"
            );
        }
        let known = self.qualifiers.iter().position(|other| *other == xml);
        Ok(known.unwrap_or_else(|| {
            self.qualifiers.push(xml);
            self.qualifiers.len() - 1
        }) as u32)
    }

    /// Whether a document has headings.
    pub(super) fn has(&self, document: u32) -> bool {
        !self.lists[document as usize].is_empty()
    }

    /// Chooses the headings of a citation that is about the same as two others, by name.
    pub(super) fn choose(&self, one: u32, other: u32, random: &mut Random) -> Vec<u32> {
        let (one, other) = (&self.lists[one as usize], &self.lists[other as usize]);
        let mut chosen: Vec<u32> = one.iter().copied().filter(|_| chance(random, KEPT)).collect();
        let begin = random.below(other.len().max(1));
        let rest = other.iter().cycle().skip(begin).take(other.len());
        chosen.extend(rest.take(one.len() - chosen.len()));
        for heading in &mut chosen {
            if chance(random, ANY_HEADING) {
                *heading = random.below(self.descriptors.len()) as u32;
            }
        }
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    /// Writes a heading with qualifiers as real citations have them.
    pub(super) fn write(&self, out: &mut Vec<u8>, heading: u32, random: &mut Random) {
        let descriptor = &self.descriptors[heading as usize];
        // A heading that no real citation has with qualifiers has few of them of its own.
        let (major, qualifiers) = match descriptor.variants.as_slice() {
            [] if chance(random, 500) => {
                self.common[(heading as usize * 7 + random.below(4)) % self.common.len()]
            }
            [] => (chance(random, 300), 0),
            variants => *pick(random, variants),
        };
        let (ui, name) = (&descriptor.ui, escaped(&descriptor.name));
        let parts = [
            "<MeshHeading><DescriptorName UI=\"",
            ui,
            "\" MajorTopicYN=\"",
            yes_no(major),
            "\">",
            &name,
            "</DescriptorName>",
            &self.qualifiers[qualifiers as usize],
            "</MeshHeading>",
        ];
        parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
    }

    /// The UI and the name of a heading that is a chemical.
    pub(super) fn chemical(&self, heading: u32) -> Option<(&str, &str)> {
        let descriptor = &self.descriptors[heading as usize];
        descriptor.is_chemical.then_some((descriptor.ui.as_str(), descriptor.name.as_str()))
    }

    pub(super) fn name(&self, heading: u32) -> &str {
        &self.descriptors[heading as usize].name
    }
}

pub(super) fn yes_no(yes: bool) -> &'static str {
    if yes { "Y" } else { "N" }
}
