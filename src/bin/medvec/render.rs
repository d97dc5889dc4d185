//! Hits and documents as text for people: terse, aligned, wrapped to the terminal.

use std::io::{self, Write};
use std::ops::Range;

use medvec::document::{Author, FieldValue, MeshHeading};
use medvec::session::{AnswerFacet, AnswerHit, facet_name, journal_of, key_line};
use medvec::{Document, Key};

use crate::style::{FAINT, KEY, MARK, TITLE, count, counted};
use crate::terminal::{Style, one_line};
use crate::wrap::wrap;

/// Writes hits, each with title, source line and best sentence; words of the query are marked.
pub(crate) fn hits(out: &mut dyn Write, hits: &[AnswerHit], columns: usize) -> io::Result<()> {
    let rank_width = hits.last().map_or(1, |hit| hit.rank.to_string().len());
    let indent = rank_width + if hits.iter().any(|hit| hit.score.is_some()) { 9 } else { 2 };
    let width = columns.saturating_sub(indent).max(20);
    for (place, hit) in hits.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        write!(out, "{FAINT}{:>rank_width$}{FAINT:#}", hit.rank)?;
        match hit.score {
            Some(score) => write!(out, "  {FAINT}{score:.3}{FAINT:#}  ")?,
            None => write!(out, "  ")?,
        }
        let title = if hit.title.is_empty() { "(no title)" } else { &hit.title };
        paragraph(out, title, width, indent, |_| TITLE)?;
        let pad = " ".repeat(indent);
        write!(out, "{pad}")?;
        for part in [&hit.journal, &hit.year].into_iter().filter(|part| !part.is_empty()) {
            write!(out, "{} \u{b7} ", one_line(part))?;
        }
        let label = if matches!(hit.key, Key::Pmid(_)) { "PMID " } else { "" };
        writeln!(out, "{KEY}{label}{}{KEY:#}", key_line(&hit.key))?;
        if let Some(sentence) = &hit.sentence {
            write!(out, "{pad}")?;
            let marks = hit.highlights.as_ref().map_or(&[][..], |marks| &marks.sentence);
            let style = |word: &str| {
                // A word of a line is a part of the sentence.
                let start = word.as_ptr() as usize - sentence.as_ptr() as usize;
                let is_in =
                    |mark: &Range<usize>| mark.start < start + word.len() && start < mark.end;
                if marks.iter().any(is_in) { MARK } else { Style::Plain }
            };
            paragraph(out, sentence, width, indent, style)?;
        }
    }
    Ok(())
}

/// Writes counts by value, a block per facet.
pub(crate) fn facets(out: &mut dyn Write, facets: &[AnswerFacet]) -> io::Result<()> {
    for facet in facets {
        writeln!(out, "\n{TITLE}{}{TITLE:#}", one_line(facet_name(&facet.facet)))?;
        for value in &facet.counts.values {
            writeln!(out, "{:>10}  {}", count(value.documents), one_line(&value.value))?;
        }
        if facet.counts.other_values > 0 {
            let others = counted(facet.counts.other_values, "other value");
            writeln!(
                out,
                "{FAINT}{:>10}  in {others}{FAINT:#}",
                count(facet.counts.other_documents)
            )?;
        }
    }
    Ok(())
}

/// Writes wrapped text whose first line starts where the cursor is, with a style for each word.
fn paragraph(
    out: &mut dyn Write,
    text: &str,
    width: usize,
    indent: usize,
    style: impl Fn(&str) -> Style,
) -> io::Result<()> {
    for (place, line) in wrap(text, width).into_iter().enumerate() {
        if place > 0 {
            write!(out, "{}", " ".repeat(indent))?;
        }
        let mut current = Style::Plain;
        for (column, word) in line.into_iter().enumerate() {
            let next = style(word);
            let gap = if column > 0 { " " } else { "" };
            // A gap belongs to the words on both sides or to neither.
            match next == current {
                true => write!(out, "{gap}{word}")?,
                false => write!(out, "{current:#}{gap}{next}{word}")?,
            }
            current = next;
        }
        write!(out, "{current:#}")?;
        writeln!(out)?;
    }
    Ok(())
}

/// Writes one document in full.
pub(crate) fn document(out: &mut dyn Write, document: &Document, columns: usize) -> io::Result<()> {
    let label = if matches!(document.key, Key::Pmid(_)) { "PMID " } else { "" };
    writeln!(out, "{KEY}{label}{}{KEY:#}", key_line(&document.key))?;
    paragraph(out, document.display_title(), columns, 0, |_| TITLE)?;
    let authors: Vec<String> = document.authors.iter().map(author).collect();
    paragraph(out, &authors.join(", "), columns, 0, |_| Style::Plain)?;
    paragraph(out, &source_line(document), columns, 0, |_| Style::Plain)?;
    for section in &document.abstract_sections {
        writeln!(out)?;
        if !section.label.is_empty() {
            writeln!(out, "{TITLE}{}{TITLE:#}", one_line(&section.label))?;
        }
        paragraph(out, &section.text, columns, 0, |_| Style::Plain)?;
    }
    let rows = details(document);
    if !rows.is_empty() {
        writeln!(out)?;
    }
    let name_width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, text) in &rows {
        write!(out, "{FAINT}{:<name_width$}{FAINT:#}  ", one_line(name))?;
        let indent = name_width + 2;
        paragraph(out, text, columns.saturating_sub(indent).max(20), indent, |_| Style::Plain)?;
    }
    Ok(())
}

fn author(author: &Author) -> String {
    if !author.collective_name.is_empty() {
        return author.collective_name.clone();
    }
    let given = if author.initials.is_empty() { &author.fore_name } else { &author.initials };
    let parts = [&author.last_name, given, &author.suffix];
    let parts: Vec<&str> =
        parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// `Lancet. 2019 Mar 5;393(10172):1200-1207`
fn source_line(document: &Document) -> String {
    let source = &document.journal;
    let date = document.date.as_ref().map_or("", |date| date.verbatim.as_str());
    let mut line = journal_of(document).to_owned();
    if !date.is_empty() {
        line += if line.is_empty() { "" } else { ". " };
        line += date;
    }
    if !source.volume.is_empty() {
        line += &format!(";{}", source.volume);
    }
    if !source.issue.is_empty() {
        line += &format!("({})", source.issue);
    }
    if !source.pages.is_empty() {
        line += &format!(":{}", source.pages);
    }
    line
}

fn details(document: &Document) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |name: &str, parts: Vec<String>| {
        let text = parts.join("; ");
        if !text.is_empty() {
            rows.push((name.to_owned(), text));
        }
    };
    row("MeSH", document.mesh.iter().map(heading).collect());
    row("types", document.publication_types.iter().map(|kind| kind.name.clone()).collect());
    row("keywords", document.keywords.iter().map(|word| word.text.clone()).collect());
    row("language", document.languages.clone());
    row("ids", document.ids.iter().map(|id| format!("{} {}", id.kind, id.value)).collect());
    row(
        "notices",
        document
            .corrections
            .iter()
            .map(|notice| format!("{} {}", notice.kind, notice.source))
            .collect(),
    );
    for field in &document.fields {
        row(&field.name, vec![field_text(&field.value)]);
    }
    rows
}

/// `*Heart Failure/drug therapy/*mortality`, as MEDLINE writes it; `*` marks major topics.
fn heading(heading: &MeshHeading) -> String {
    let star = |major: bool| if major { "*" } else { "" };
    let mut text = format!("{}{}", star(heading.major), heading.name);
    for qualifier in &heading.qualifiers {
        text += &format!("/{}{}", star(qualifier.major), qualifier.name);
    }
    text
}

/// A field's value as one string.
pub(crate) fn field_text(value: &FieldValue) -> String {
    match value {
        FieldValue::String(text) => text.clone(),
        FieldValue::Integer(number) => number.to_string(),
        FieldValue::Float(number) => number.to_string(),
        FieldValue::List(items) => items.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use medvec::document::{AbstractSection, Field, MeshQualifier};
    use medvec::session::Highlights;

    fn plain(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
        let mut written = Vec::new();
        write(&mut written).unwrap();
        let safe = crate::terminal::sanitize(&String::from_utf8(written).unwrap());
        anstream::adapter::strip_str(&safe).to_string()
    }

    fn hit(rank: usize, score: Option<f32>) -> AnswerHit {
        let mut view = AnswerHit::new(rank, score, &Document::new(Key::pmid(123)));
        view.title = "Aspirin and the heart in a long title that has to be broken somewhere".into();
        view.journal = "Lancet".into();
        view.year = "2019".into();
        view.sentence = Some("Aspirin helps.".into());
        view
    }

    #[test]
    fn hits_are_aligned_under_their_titles() {
        let text = plain(|out| hits(out, &[hit(9, Some(0.5)), hit(10, Some(0.25))], 50));
        assert_eq!(
            text,
            " 9  0.500  Aspirin and the heart in a long title\n           that has to be broken \
             somewhere\n           Lancet \u{b7} 2019 \u{b7} PMID 123\n           Aspirin helps.\n\n10  \
             0.250  Aspirin and the heart in a long title\n           that has to be broken \
             somewhere\n           Lancet \u{b7} 2019 \u{b7} PMID 123\n           Aspirin helps.\n"
        );
    }

    #[test]
    fn a_list_has_no_scores() {
        let text = plain(|out| hits(out, &[hit(1, None)], 100));
        assert!(text.starts_with("1  Aspirin and"), "{text}");
    }

    #[test]
    fn highlights_are_marked() {
        let mut out = Vec::new();
        let mut hit = hit(1, Some(1.0));
        let mut marks = Highlights::default();
        marks.sentence.push(0..7);
        hit.highlights = Some(marks);
        hits(&mut out, &[hit], 100).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(&format!("{MARK}Aspirin{MARK:#} helps.")));
    }

    #[test]
    fn a_document_shows_everything_worth_reading() {
        let mut full = Document::new(Key::pmid(9));
        full.title = "T".into();
        full.authors = vec![
            Author { last_name: "Smith".into(), initials: "JA".into(), ..Author::default() },
            Author { collective_name: "The Group".into(), ..Author::default() },
        ];
        full.journal.abbreviation = "Lancet".into();
        full.journal.volume = "3".into();
        full.journal.pages = "1-9".into();
        full.abstract_sections = vec![AbstractSection {
            label: "METHODS".into(),
            text: "We did.".into(),
            ..AbstractSection::default()
        }];
        full.mesh = vec![MeshHeading {
            name: "Aspirin".into(),
            major: true,
            qualifiers: vec![MeshQualifier {
                name: "adverse effects".into(),
                ..Default::default()
            }],
            ..MeshHeading::default()
        }];
        full.fields = vec![Field { name: "answer".into(), value: FieldValue::Integer(4) }];
        let text = plain(|out| document(out, &full, 80));
        for line in [
            "PMID 9",
            "Smith JA, The Group",
            "Lancet;3:1-9",
            "METHODS",
            "We did.",
            "MeSH    *Aspirin/adverse effects",
            "answer  4",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
