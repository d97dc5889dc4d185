//! What the columns of CORD-19's `metadata.csv` are, as <https://github.com/allenai/cord19> documents them
//! (*`metadata.csv` overview*).

use super::columns::{ColumnMap, Role};

/// The column that the file is recognised by.
const ID: &str = "cord_uid";

/// Whether a header is that of `metadata.csv`.
pub(super) fn is_metadata(names: &[String]) -> bool {
    names.iter().any(|name| name == ID)
}

/// What columns are whose names do not say it. Releases differ in the columns that they have.
pub(super) fn columns(names: &[String]) -> ColumnMap {
    [(Role::Key, ID), (Role::Pubmed, "pubmed_id"), (Role::Date, "publish_time")]
        .into_iter()
        .filter(|(_, name)| names.iter().any(|own| own == name))
        .fold(ColumnMap::default(), |map, (role, name)| map.column(role, name))
}
