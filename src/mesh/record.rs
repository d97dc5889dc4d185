//! One record of MeSH, as sources give it.

/// A descriptor (`D009369`), a qualifier (`Q000188`) or a supplementary concept (`C000657245`); the first
/// letter of the UI says which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeshRecord {
    /// UI.
    pub ui: String,
    /// Name.
    pub name: String,
    /// The two letters of a qualifier (`DT`), else empty.
    pub code: String,
    /// Entry terms or synonyms.
    pub entry_terms: Vec<String>,
    /// Names of earlier years.
    pub former_names: Vec<String>,
    /// UIs of records that were merged into this one.
    pub retired_uis: Vec<String>,
    /// Tree numbers.
    pub tree_numbers: Vec<String>,
    /// UIs of the pharmacological actions of a substance.
    pub actions: Vec<String>,
    /// Headings that a supplementary concept is mapped to.
    pub mapped_to: Vec<MappedHeading>,
    /// UIs of the qualifiers that may go with a descriptor; empty if the source does not say.
    pub allowed_qualifiers: Vec<String>,
}

/// A heading that stands for a supplementary concept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappedHeading {
    /// UI of the descriptor.
    pub ui: String,
    /// UI of the qualifier, or empty.
    pub qualifier: String,
    /// Whether indexers add this heading whenever they add the concept (`*` in NLM's files).
    pub is_main: bool,
}
