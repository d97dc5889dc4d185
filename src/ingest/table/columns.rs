//! Which column is what.

use std::str::FromStr;

use crate::error::{Error, Result};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// A PMID, which is the key.
    Pmid,
    /// A key; a number is a PMID.
    Key,
    /// A key that is never a PMID.
    Id,
    /// The title.
    Title,
    /// The abstract.
    Abstract,
    /// The date of publication.
    Date,
    /// The year of publication.
    Year,
    /// The title of the journal.
    Journal,
    /// Authors.
    Authors,
    /// MeSH headings.
    Mesh,
    /// Keywords.
    Keywords,
    /// Publication types.
    Types,
    /// Languages.
    Languages,
    /// The DOI.
    Doi,
    /// The PMCID.
    Pmcid,
    /// A PMID that is not the key.
    Pubmed,
}

/// Roles by the names that a map uses, each with usual names of columns, letters and digits only.
const ROLES: [(&str, Role, &[&str]); 16] = [
    ("pmid", Role::Pmid, &["pmid", "pubmedid", "pubmed", "medlineid"]),
    ("key", Role::Key, &[]),
    ("id", Role::Id, &["id", "recordid", "docid", "documentid"]),
    ("title", Role::Title, &["title", "articletitle", "primarytitle", "ti"]),
    (
        "abstract",
        Role::Abstract,
        &["abstract", "abstracts", "abstracttext", "medicalabstract", "ab", "text"],
    ),
    ("date", Role::Date, &["date", "publicationdate", "pubdate", "datepublished"]),
    ("year", Role::Year, &["year", "publicationyear", "pubyear", "py"]),
    ("journal", Role::Journal, &["journal", "journalbook", "journaltitle", "journalname"]),
    ("authors", Role::Authors, &["authors", "author", "au"]),
    ("mesh", Role::Mesh, &["mesh", "meshterms", "meshheadings", "mh"]),
    ("keywords", Role::Keywords, &["keywords", "keyword", "authorkeywords"]),
    ("types", Role::Types, &["publicationtype", "publicationtypes"]),
    ("languages", Role::Languages, &["language", "languages"]),
    ("doi", Role::Doi, &["doi"]),
    ("pmcid", Role::Pmcid, &["pmcid", "pmc"]),
    ("pubmed", Role::Pubmed, &[]),
];

/// Columns by name, for headers that nobody could guess: `title=Titel,abstract=Zusammenfassung,key=PMID`.
///
/// ```
/// use medvec::ingest::table::ColumnMap;
///
/// let map: ColumnMap = "title=Titel, key=PMID".parse()?;
/// assert!("headline=Titel".parse::<ColumnMap>().is_err());
/// # Ok::<(), medvec::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnMap(Vec<(Role, String)>);

impl ColumnMap {
    /// Says that a column has a role; its usual name then counts as any other.
    #[must_use]
    pub fn column(mut self, role: Role, name: impl Into<String>) -> ColumnMap {
        self.0.push((role, name.into()));
        self
    }

    /// The columns' roles; `None` for free fields.
    ///
    /// # Errors
    /// A mapped column that the header does not have, in words.
    pub(super) fn roles(
        &self,
        header: &[String],
    ) -> std::result::Result<Vec<Option<Role>>, String> {
        let mut roles: Vec<Option<Role>> = vec![None; header.len()];
        for (role, wanted) in &self.0 {
            let place = header.iter().position(|name| name.trim() == wanted.trim());
            let place = place.or_else(|| header.iter().position(|name| bare(name) == bare(wanted)));
            match place.and_then(|place| roles.get_mut(place)) {
                Some(own) => *own = Some(*role),
                None => {
                    return Err(format!(
                        "no column `{wanted}`; the header has {}",
                        header.join(", ")
                    ));
                }
            }
        }
        for (name, own) in header.iter().zip(0..) {
            let known = usual(name).filter(|role| !roles.contains(&Some(*role)));
            if let Some(own) = roles.get_mut(own).filter(|own| own.is_none()) {
                *own = known;
            }
        }
        Ok(roles)
    }
}

impl FromStr for ColumnMap {
    type Err = Error;

    /// Reads `role=Column` pairs between commas.
    fn from_str(text: &str) -> Result<ColumnMap> {
        let mut map = ColumnMap::default();
        for pair in text.split(',') {
            let known = pair.split_once('=').and_then(|(role, column)| {
                let (_, role, _) = ROLES.iter().find(|(name, ..)| *name == role.trim())?;
                Some((*role, column.trim())).filter(|(_, column)| !column.is_empty())
            });
            let (role, column) = known.ok_or_else(|| {
                let names: Vec<&str> = ROLES.iter().map(|(name, ..)| *name).collect();
                let detail =
                    format!("`{}` is not ROLE=COLUMN; roles are {}", pair.trim(), names.join(", "));
                Error::InvalidQuery { detail }
            })?;
            map = map.column(role, column);
        }
        Ok(map)
    }
}

/// The role of a column by its name.
fn usual(name: &str) -> Option<Role> {
    let name = bare(name);
    let known = ROLES.iter().find(|(.., names)| names.contains(&name.as_str()));
    known.map(|(_, role, _)| *role)
}

/// Whether a header has a column that documents have.
pub(super) fn is_header(names: &[String]) -> bool {
    let says_what = [Role::Pmid, Role::Title, Role::Abstract, Role::Doi];
    names.iter().filter_map(|name| usual(name)).any(|role| says_what.contains(&role))
}

/// Letters and digits, in lower case.
fn bare(name: &str) -> String {
    name.chars().filter(|ch| ch.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(header: &str) -> Vec<String> {
        header.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn usual_names_are_known_and_the_map_comes_first() {
        let header = names("PubMed ID,Article_Title,Abstract,Year,label,Title");
        let roles = ColumnMap::default().roles(&header).unwrap();
        let (pmid, title, text, year) = (Role::Pmid, Role::Title, Role::Abstract, Role::Year);
        assert_eq!(roles, [Some(pmid), Some(title), Some(text), Some(year), None, None]);
        let map: ColumnMap = "title=Title, key=label".parse().unwrap();
        let roles = map.roles(&header).unwrap();
        assert_eq!((roles[1], roles[4], roles[5]), (None, Some(Role::Key), Some(title)));
        let wrong = "title=Headline".parse::<ColumnMap>().unwrap().roles(&header).unwrap_err();
        assert!(wrong.contains("`Headline`") && wrong.contains("Article_Title"), "{wrong}");
    }

    #[test]
    fn maps_are_pairs_of_known_roles() {
        for wrong in ["", "title", "title=", "headline=Title", "title=Title,,"] {
            let error = wrong.parse::<ColumnMap>().unwrap_err().to_string();
            assert!(error.contains("ROLE=COLUMN"), "{error}");
        }
    }
}
