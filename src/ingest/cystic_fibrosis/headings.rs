//! Headings of the nineteen-seventies under their names of today.

use crate::document::{Document, Keyword, MeshHeading, MeshQualifier};
use crate::mesh::{Vocabulary, builtin};

/// Takes in headings such as `CYSTIC-FIBROSIS: im, bl`. Of a heading that is both major and minor there is one, which
/// is major for the subheadings under `MJ` only.
pub(super) fn take<'a>(
    document: &mut Document,
    headings: impl Iterator<Item = &'a str>,
    is_major: bool,
) {
    for text in headings {
        let (name, qualifiers) = text.split_once(':').unwrap_or((text, ""));
        let name = name.trim().replace('-', " ");
        // A build whose vocabulary cannot be opened is a broken one; the words are kept all the same.
        let Some(known) = builtin().ok().and_then(|mesh| heading(mesh, &name)) else {
            let keyword = Keyword { text: name, major: is_major, ..Default::default() };
            if !keyword.text.is_empty() && !document.keywords.contains(&keyword) {
                document.keywords.push(keyword);
            }
            continue;
        };
        let place = document.mesh.iter().position(|own| own.ui == known.ui);
        let place = place.unwrap_or_else(|| {
            document.mesh.push(known);
            document.mesh.len() - 1
        });
        let Some(own) = document.mesh.get_mut(place) else { continue };
        let codes = qualifiers.split(',').map(str::trim).filter(|code| !code.is_empty());
        let mut has_qualifiers = false;
        for code in codes {
            has_qualifiers = true;
            let mut qualifier = qualifier(code);
            qualifier.major = is_major;
            match own.qualifiers.iter_mut().find(|known| known.name == qualifier.name) {
                Some(known) => known.major |= is_major,
                None => own.qualifiers.push(qualifier),
            }
        }
        own.major |= is_major && !has_qualifiers;
    }
}

/// The heading that a name means today.
fn heading(mesh: &Vocabulary, name: &str) -> Option<MeshHeading> {
    let (concept, _) = mesh.find(name).filter(|(concept, _)| mesh.is_descriptor(*concept))?;
    let (ui, name) = (mesh.ui(concept).to_owned(), mesh.name(concept).to_owned());
    Some(MeshHeading { ui, name, ..Default::default() })
}

/// The subheading that two letters mean; the letters, where they mean none today.
fn qualifier(code: &str) -> MeshQualifier {
    let known = builtin().ok().and_then(|mesh| {
        let found = mesh.find_qualifier(code).filter(|_| code.len() == 2)?;
        Some((mesh.ui(found).to_owned(), mesh.name(found).to_owned()))
    });
    let (ui, name) = known.unwrap_or_else(|| (String::new(), code.to_owned()));
    MeshQualifier { ui, name, major: false }
}
