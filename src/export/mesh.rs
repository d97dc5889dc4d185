//! MeSH as JSON: what `medvec mesh --format json` prints.

use serde_json::{Value, json};

use crate::mesh::{Change, Concept, Vocabulary};

/// Everything about a concept.
pub fn to_json(vocabulary: &Vocabulary, concept: Concept) -> Value {
    let listed = |concepts: &mut dyn Iterator<Item = Concept>| -> Vec<Value> {
        concepts.map(|concept| named(vocabulary, concept)).collect()
    };
    let texts =
        |texts: &mut dyn Iterator<Item = &str>| -> Vec<Value> { texts.map(Value::from).collect() };
    json!({
        "ui": vocabulary.ui(concept),
        "name": vocabulary.name(concept),
        "year": vocabulary.year(),
        "code": Some(vocabulary.code(concept)).filter(|code| !code.is_empty()),
        "tree_numbers": vocabulary.tree_numbers(concept),
        "entry_terms": texts(&mut vocabulary.entry_terms(concept)),
        "former_names": texts(&mut vocabulary.former_names(concept)),
        "retired_uis": texts(&mut vocabulary.retired_uis(concept)),
        "allowed_qualifiers": listed(&mut vocabulary.allowed_qualifiers(concept)),
        "mapped_to": listed(&mut vocabulary.mapped_to(concept).map(|(to, _)| to)),
        "actions": listed(&mut vocabulary.actions(concept)),
        "substances": listed(&mut vocabulary.substances(&[concept]).into_iter()),
        "headings_exploded": vocabulary.explode(concept).len(),
    })
}

/// UI and name of a concept.
pub fn named(vocabulary: &Vocabulary, concept: Concept) -> Value {
    json!({"ui": vocabulary.ui(concept), "name": vocabulary.name(concept)})
}

/// A concept at one of its tree numbers.
pub fn at_tree_number(vocabulary: &Vocabulary, number: &str, concept: Concept) -> Value {
    json!({
        "tree_number": number,
        "ui": vocabulary.ui(concept),
        "name": vocabulary.name(concept),
    })
}

/// A concept that a text was found to mean, and the name it was found by.
pub fn found(vocabulary: &Vocabulary, concept: Concept, matched: &str) -> Value {
    json!({
        "ui": vocabulary.ui(concept),
        "name": vocabulary.name(concept),
        "matched": matched,
    })
}

/// A difference between two years.
pub fn change(change: &Change) -> Value {
    match change {
        Change::Added { ui, name } => json!({"change": "added", "ui": ui, "name": name}),
        Change::Removed { ui, name, now } => {
            json!({"change": "removed", "ui": ui, "name": name, "now": now})
        }
        Change::Renamed { ui, from, to } => {
            json!({"change": "renamed", "ui": ui, "from": from, "name": to})
        }
        Change::Moved { ui, name, from, to } => {
            json!({"change": "moved", "ui": ui, "name": name, "from": from, "to": to})
        }
    }
}
