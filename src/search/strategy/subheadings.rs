//! Subheadings: `drug therapy[sh]`, `asthma/drug therapy[mh]`.

use super::meant::Meant;
use super::qualifiers::{Qualifier, explode, find};
use super::refused::Refused;
use crate::query::{FieldTag, QueryTerm, SearchField};
use crate::search::filter::Filter;

/// `drug therapy[sh]`: on any heading.
pub(super) fn alone(term: &QueryTerm, tag: FieldTag) -> Result<Meant, Refused> {
    let wanted = Subheadings::read(&term.text, tag)?;
    let filter = wanted.any(|name| Filter::Subheading { name: name.to_owned(), explode: false });
    Ok(Meant::new(filter, wanted.shown(tag)))
}

/// `asthma/drug therapy[mh]`: on this heading, or one below it.
pub(super) fn on_heading(
    heading: &str,
    subheading: &str,
    tag: FieldTag,
    mut meant: Meant,
) -> Result<Meant, Refused> {
    let wanted = Subheadings::read(subheading, tag)?;
    let major_only = tag.field == SearchField::MajorTopic;
    let explode = !tag.no_explosion;
    meant.filter =
        wanted.any(|name| Filter::Mesh { term: format!("{heading}/{name}"), major_only, explode });
    meant.translation = format!("{} with {}", meant.translation, wanted.shown(tag));
    Ok(meant)
}

/// Subheadings of which one is enough.
struct Subheadings(Vec<Qualifier>);

impl Subheadings {
    fn read(text: &str, tag: FieldTag) -> Result<Subheadings, Refused> {
        let unknown = || Refused::Term {
            rule: "unknown_name",
            detail: format!(
                "unknown subheading `{text}`; MeSH has names such as `drug therapy` and codes such as `dt`"
            ),
        };
        let top = find(text).ok_or_else(unknown)?;
        Ok(Subheadings(if tag.no_explosion { vec![top] } else { explode(top) }))
    }

    fn any(&self, filter: impl Fn(&str) -> Filter) -> Filter {
        Filter::Or(self.0.iter().map(|wanted| filter(wanted.1)).collect())
    }

    fn shown(&self, tag: FieldTag) -> String {
        let names: Vec<String> = self.0.iter().map(|wanted| format!("\"{}\"", wanted.1)).collect();
        let field = FieldTag { field: SearchField::Subheading, ..tag };
        format!("{}{field}", names.join(" or "))
    }
}
