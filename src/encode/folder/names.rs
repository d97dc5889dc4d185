//! Names of encoders: the paths of folders and adapters, and the precision.
//!
//! `/models/a`, `/models/a with adapter /models/b rounded to int8`, and for a pair of towers two such
//! names, `/models/a with query tower /models/c`.

use std::path::{Path, PathBuf};

use crate::kernel::matmul::Precision;

/// What stands between the names of the two towers.
const WITH_QUERY_TOWER: &str = " with query tower ";
/// What stands between the two paths in the name of an adapted model.
const WITH_ADAPTER: &str = " with adapter ";
/// What stands before the precision in the name of a model that does not run in full.
const ROUNDED: &str = " rounded to ";

/// The name of a model, from its folder's.
pub(super) fn model_name(folder: &str, adapter: Option<&Path>, precision: Precision) -> String {
    let mut name = folder.to_owned();
    if let Some(adapter) = adapter {
        let adapter = std::path::absolute(adapter).unwrap_or_else(|_| adapter.to_owned());
        name = format!("{name}{WITH_ADAPTER}{}", adapter.display());
    }
    if precision != Precision::F32 {
        name = format!("{name}{ROUNDED}{}", precision.name());
    }
    name
}

/// The folder, the adapter and the precision in the name of a model.
pub(super) fn parts_of(name: &str) -> (&Path, Option<PathBuf>, Precision) {
    let rounded = name.rsplit_once(ROUNDED);
    let rounded = rounded.and_then(|(base, name)| Some((base, Precision::by_name(name)?)));
    let (name, precision) = rounded.unwrap_or((name, Precision::F32));
    match name.split_once(WITH_ADAPTER) {
        Some((base, adapter)) => (Path::new(base), Some(PathBuf::from(adapter)), precision),
        None => (Path::new(name), None, precision),
    }
}

/// The name of a pair of towers.
pub(super) fn towers_name(document: &str, query: &str) -> String {
    format!("{document}{WITH_QUERY_TOWER}{query}")
}

/// The names of both towers in the name of an encoder; `None` if it has one tower.
pub fn tower_names(name: &str) -> Option<(&str, &str)> {
    name.split_once(WITH_QUERY_TOWER)
}

/// Every path in the name of an encoder, folders and adapters, the (document tower's) folder first.
pub fn paths_in(name: &str) -> Vec<PathBuf> {
    let towers = tower_names(name).map_or(vec![name], |(document, query)| vec![document, query]);
    let paths = towers.into_iter().flat_map(|tower| {
        let (folder, adapter, _) = parts_of(tower);
        std::iter::once(folder.to_path_buf()).chain(adapter)
    });
    paths.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_every_path_and_the_precision() {
        let document = model_name("/models/a", Some(Path::new("/models/b")), Precision::Int8);
        let parts = (Path::new("/models/a"), Some(PathBuf::from("/models/b")), Precision::Int8);
        assert_eq!(parts_of(&document), parts);
        assert_eq!(parts_of("/models/c"), (Path::new("/models/c"), None, Precision::F32));
        let both = towers_name(&document, "/models/c");
        assert_eq!(tower_names(&both), Some((document.as_str(), "/models/c")));
        let paths = ["/models/a", "/models/b", "/models/c"].map(PathBuf::from);
        assert_eq!(paths_in(&both), paths);
    }
}
