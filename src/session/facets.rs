//! Counts beside an answer: how many matching documents have each value of something.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::search::{Facet, FacetCounts};

/// Names of facets that are not free fields.
const NAMES: [(&str, Facet); 6] = [
    ("year", Facet::Year),
    ("journal", Facet::Journal),
    ("type", Facet::PublicationType),
    ("mesh", Facet::Mesh),
    ("major", Facet::MajorMesh),
    ("language", Facet::Language),
];

/// The facet of a name; one that is none of ours is a free field.
///
/// ```
/// use medvec::Facet;
/// use medvec::session::facet_named;
///
/// assert_eq!(facet_named("mesh"), Facet::Mesh);
/// assert_eq!(facet_named("rating"), Facet::Field("rating".into()));
/// ```
pub fn facet_named(name: &str) -> Facet {
    let known = NAMES.iter().find(|(known, _)| *known == name);
    known.map_or_else(|| Facet::Field(name.to_owned()), |(_, facet)| facet.clone())
}

/// What a facet is called.
pub fn facet_name(facet: &Facet) -> &str {
    if let Facet::Field(name) = facet {
        return name;
    }
    NAMES.iter().find(|(_, known)| known == facet).map_or("", |(name, _)| name)
}

/// One facet of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerFacet {
    /// What is counted.
    pub facet: Facet,
    /// The most frequent values.
    pub counts: FacetCounts,
}

impl Serialize for AnswerFacet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values: Vec<_> = self
            .counts
            .values
            .iter()
            .map(|one| serde_json::json!({"value": one.value, "documents": one.documents}))
            .collect();
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("name", facet_name(&self.facet))?;
        map.serialize_entry("values", &values)?;
        map.serialize_entry("other_values", &self.counts.other_values)?;
        map.serialize_entry("other_documents", &self.counts.other_documents)?;
        map.end()
    }
}
