//! Records put together from several files.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::mesh::{MeshRecord, Vocabulary};

/// What MeSH files said, until they are a vocabulary. Memory: the records.
///
/// ```
/// use medvec::ingest::mesh::MeshSource;
///
/// let mut source = MeshSource::default();
/// source.add_reader("terms", &b"D001241\tAspirin\tASA\tD02.455.426.559.389.657.410.595.176\n"[..])?;
/// let records = source.finish();
/// assert_eq!(records[0].entry_terms, ["ASA"]);
/// # Ok::<(), medvec::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct MeshSource {
    records: BTreeMap<String, MeshRecord>,
    /// UIs of records that a vocabulary named and no file yet.
    unnamed: BTreeSet<String>,
    /// Names and tree numbers of descriptors that came without UIs.
    trees_by_name: Vec<(String, String)>,
}

/// A source that says what a vocabulary does.
impl From<&Vocabulary> for MeshSource {
    fn from(vocabulary: &Vocabulary) -> MeshSource {
        let records = vocabulary.concepts().map(|concept| vocabulary.to_record(concept));
        let records: BTreeMap<_, _> = records.map(|record| (record.ui.clone(), record)).collect();
        let unnamed = records.keys().cloned().collect();
        MeshSource { records, unnamed, trees_by_name: Vec::new() }
    }
}

impl MeshSource {
    /// The record of a UI, which is made if need be.
    pub(super) fn record(&mut self, ui: &str) -> &mut MeshRecord {
        let made = || MeshRecord { ui: ui.to_owned(), ..MeshRecord::default() };
        self.records.entry(ui.to_owned()).or_insert_with(made)
    }

    /// The record of a UI, with this name unless another file has named it. A name that a vocabulary gave it gives way.
    pub(super) fn named(&mut self, ui: &str, name: &str) -> &mut MeshRecord {
        let is_renamed = self.unnamed.remove(ui);
        let record = self.record(ui);
        if (is_renamed || record.name.is_empty()) && record.name != name {
            record.name = name.to_owned();
            record.entry_terms.retain(|term| term != name);
        }
        record
    }

    /// Puts a whole record in the place of what there is of it.
    pub(super) fn replace(&mut self, record: MeshRecord) {
        self.unnamed.remove(&record.ui);
        self.records.insert(record.ui.clone(), record);
    }

    /// A tree number of the descriptor of this name.
    pub(super) fn tree_by_name(&mut self, name: &str, tree_number: &str) {
        self.trees_by_name.push((name.to_owned(), tree_number.to_owned()));
    }

    /// Keeps what an earlier year called these records: other names, and UIs that are gone whose name is now
    /// a name or entry term of another descriptor.
    pub fn remember(&mut self, earlier: MeshSource) {
        let by_name = self.by_name(true);
        for old in earlier.finish() {
            let mut gone = old.retired_uis;
            gone.push(old.ui.clone());
            gone.retain(|ui| !self.records.contains_key(ui));
            let now = match self.records.contains_key(&old.ui) {
                true => Some(&old.ui),
                false => by_name.get(&old.name.to_lowercase()),
            };
            let Some(record) = now.and_then(|ui| self.records.get_mut(ui)) else { continue };
            gone.retain(|ui| !record.retired_uis.contains(ui));
            record.retired_uis.extend(gone);
            // Records of that year may carry the name alone.
            for name in [old.name].into_iter().chain(old.former_names) {
                if record.name != name && !record.former_names.contains(&name) {
                    record.former_names.push(name);
                }
            }
        }
    }

    /// Every record that has a name, by UI; names and codes in links become UIs.
    pub fn finish(mut self) -> Vec<MeshRecord> {
        let by_name = self.by_name(false);
        for (name, tree_number) in std::mem::take(&mut self.trees_by_name) {
            let ui = by_name.get(&name.to_lowercase());
            if let Some(record) = ui.and_then(|ui| self.records.get_mut(ui))
                && !record.tree_numbers.contains(&tree_number)
            {
                record.tree_numbers.push(tree_number);
            }
        }
        let codes: HashMap<String, String> = self
            .records
            .values()
            .filter(|record| !record.code.is_empty())
            .map(|record| (record.code.clone(), record.ui.clone()))
            .collect();
        let resolve = |text: &mut String| {
            let ui = by_name.get(&text.to_lowercase()).or_else(|| codes.get(text));
            if let Some(ui) = ui.filter(|_| !self.records.contains_key(text)) {
                text.clone_from(ui);
            }
        };
        let named = self.records.values().filter(|record| !record.name.trim().is_empty());
        let resolved = named.cloned().map(|mut record| {
            record.actions.iter_mut().for_each(resolve);
            record.allowed_qualifiers.iter_mut().for_each(resolve);
            for heading in &mut record.mapped_to {
                resolve(&mut heading.ui);
                resolve(&mut heading.qualifier);
            }
            record
        });
        resolved.collect()
    }

    /// UIs of descriptors and qualifiers by name in lower case.
    fn by_name(&self, with_entry_terms: bool) -> HashMap<String, String> {
        let records = || self.records.values().filter(|record| !record.ui.starts_with('C'));
        let mut found = HashMap::new();
        for record in records() {
            found.entry(record.name.to_lowercase()).or_insert_with(|| record.ui.clone());
        }
        for record in records().filter(|_| with_entry_terms) {
            for term in &record.entry_terms {
                found.entry(term.to_lowercase()).or_insert_with(|| record.ui.clone());
            }
        }
        found
    }
}
