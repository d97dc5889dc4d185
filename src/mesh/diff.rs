//! What differs between two years.

use super::vocabulary::Vocabulary;

/// A difference between two vocabularies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Only the newer one has this record.
    Added {
        /// UI.
        ui: String,
        /// Name.
        name: String,
    },
    /// Only the older one has this record.
    Removed {
        /// UI.
        ui: String,
        /// Name.
        name: String,
        /// UI of the record of the newer one that has its name or UI, if any.
        now: Option<String>,
    },
    /// The name changed.
    Renamed {
        /// UI.
        ui: String,
        /// Earlier name.
        from: String,
        /// Newer name.
        to: String,
    },
    /// The tree numbers changed.
    Moved {
        /// UI.
        ui: String,
        /// Newer name.
        name: String,
        /// Earlier tree numbers.
        from: Vec<String>,
        /// Newer tree numbers.
        to: Vec<String>,
    },
}

/// What changed from one vocabulary to another, by UI.
pub fn diff(old: &Vocabulary, new: &Vocabulary) -> Vec<Change> {
    let mut changes: Vec<(String, Change)> = Vec::new();
    let mut add = |ui: &str, change: Change| changes.push((ui.to_owned(), change));
    for concept in old.concepts() {
        let (ui, from) = (old.ui(concept).to_owned(), old.name(concept).to_owned());
        let Some(same) = new.by_ui(&ui) else {
            let found = new.find(&ui).or_else(|| new.find(&from));
            let now = found.map(|(concept, _)| new.ui(concept).to_owned());
            add(&ui.clone(), Change::Removed { ui, name: from, now });
            continue;
        };
        let to = new.name(same).to_owned();
        if from != to {
            add(&ui, Change::Renamed { ui: ui.clone(), from, to: to.clone() });
        }
        let (from, now) = (old.tree_numbers(concept), new.tree_numbers(same));
        if from != now {
            let owned = |numbers: Vec<&str>| numbers.into_iter().map(str::to_owned).collect();
            let (from, to_numbers) = (owned(from), owned(now));
            add(&ui.clone(), Change::Moved { ui, name: to, from, to: to_numbers });
        }
    }
    for concept in new.concepts() {
        let ui = new.ui(concept);
        if old.by_ui(ui).is_none() {
            add(ui, Change::Added { ui: ui.to_owned(), name: new.name(concept).to_owned() });
        }
    }
    changes.sort_by(|(a, _), (b, _)| a.cmp(b));
    changes.into_iter().map(|(_, change)| change).collect()
}
