//! `Abstract` and `OtherAbstract`: labelled sections, mark-up removed.
//!
//! A section without text is dropped. The label `UNLABELLED` stands for none and is dropped too.
//! The copyright line is kept beside the text, where it is not embedded.

use super::walk::{Tag, Walker};
use crate::document::{AbstractSection, Document, OtherAbstract};
use crate::ingest::raw::Fault;

/// Reads the `<Abstract>` just entered.
pub(super) fn main(walker: &mut Walker<'_>, document: &mut Document) -> Result<(), Fault> {
    walker.children(|walker, tag| match tag.name() {
        "AbstractText" => section(walker, tag, &mut document.abstract_sections),
        "CopyrightInformation" => {
            document.copyright = walker.string()?;
            Ok(())
        }
        _ => Ok(()),
    })
}

/// Reads the `<OtherAbstract>` just entered.
pub(super) fn other(
    walker: &mut Walker<'_>,
    tag: &Tag<'_>,
    abstracts: &mut Vec<OtherAbstract>,
) -> Result<(), Fault> {
    let mut other = OtherAbstract {
        kind: tag.attribute("Type")?.into_owned(),
        language: tag.attribute("Language")?.into_owned(),
        sections: Vec::new(),
    };
    walker.children(|walker, tag| match tag.name() {
        "AbstractText" => section(walker, tag, &mut other.sections),
        _ => Ok(()),
    })?;
    if !other.sections.is_empty() {
        abstracts.push(other);
    }
    Ok(())
}

fn section(
    walker: &mut Walker<'_>,
    tag: &Tag<'_>,
    sections: &mut Vec<AbstractSection>,
) -> Result<(), Fault> {
    let label = tag.attribute("Label")?;
    let label = if label == "UNLABELLED" { "" } else { label.trim_ascii() };
    let text = walker.text()?;
    if !text.is_empty() {
        sections.push(AbstractSection {
            label: label.to_owned(),
            category: tag.attribute("NlmCategory")?.into_owned(),
            text: text.into_owned(),
        });
    }
    Ok(())
}
