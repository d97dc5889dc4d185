//! Tables with tabs: of terms, of tree numbers, of pharmacological actions, of qualifiers, and without a
//! head line UI, name, other names, and tree numbers or mapped headings, several of them with `|`
//! between, UIs also with commas.

use super::feed::Feed;
use super::gathered::MeshSource;
use crate::error::Result;
use crate::mesh::{MappedHeading, is_tree_number, is_ui};

/// What the columns of a table are.
#[derive(Clone, Copy)]
enum Table {
    /// With `TermName` fifth and `IsPermutedTermYN` seventh.
    Terms,
    /// With a tree number third, if there is a third.
    Trees,
    /// With the UI of an action third.
    Actions,
    /// With the two letters of a qualifier third.
    Codes,
    /// UI, name, other names, tree numbers or mapped headings.
    Lists,
}

/// Head lines of tables that have one.
const HEADS: &[(&str, Table)] = &[
    ("DescriptorUI\tDescriptorName\tConceptUI\tTermUI\tTermName", Table::Terms),
    ("DescriptorUI\tDescriptorName\ttree_location", Table::Trees),
    ("DescriptorUI\tDescriptorName\tPharmActionUI", Table::Actions),
    ("QualifierUI\tQualifierName\tAbbreviation", Table::Codes),
    ("QualifierUI\tQualifierName", Table::Trees),
    ("mesh_id\tmesh_name", Table::Trees),
];

pub(super) fn read(feed: &mut Feed, source: &mut MeshSource) -> Result<()> {
    let Some(first) = feed.line()? else { return Err(feed.wrong("the file is empty")) };
    let table = match HEADS.iter().find(|(head, _)| first.starts_with(head)) {
        Some((_, table)) => *table,
        None => {
            add(&first, Table::Lists, source).map_err(|detail| {
                feed.wrong(format!("not a MeSH file: {detail}, and no known head line"))
            })?;
            Table::Lists
        }
    };
    while let Some(line) = feed.line()? {
        if !line.trim().is_empty() {
            add(&line, table, source).map_err(|detail| feed.wrong(detail))?;
        }
    }
    Ok(())
}

fn add(line: &str, table: Table, source: &mut MeshSource) -> Result<(), String> {
    let columns: Vec<&str> = line.split('\t').map(str::trim).collect();
    let column = |number: usize| columns.get(number).copied().unwrap_or_default();
    let (ui, name) = (column(0), column(1));
    if !is_ui(ui) || name.is_empty() {
        return Err("expected a UI, a tab and a name".to_owned());
    }
    let record = source.named(ui, name);
    match table {
        // Permuted terms are what a look-up makes of inverted names anyway.
        Table::Terms if column(6) != "Y" => add_terms(&mut record.entry_terms, column(4), name),
        Table::Terms => {}
        Table::Trees if !column(2).is_empty() => add_tree(&mut record.tree_numbers, column(2))?,
        Table::Trees => {}
        Table::Codes => record.code = column(2).to_owned(),
        Table::Actions if is_ui(column(2)) => record.actions.push(column(2).to_owned()),
        Table::Actions => return Err("expected the UI of an action in the third column".to_owned()),
        Table::Lists => {
            // Names with tabs occur; the last column has none.
            let last = columns.len().saturating_sub(1).max(3);
            for term in columns.iter().take(last).skip(2).flat_map(|column| column.split('|')) {
                add_terms(&mut record.entry_terms, term.trim_matches('"'), name);
            }
            for entry in column(last).split(['|', ',']).filter(|entry| !entry.is_empty()) {
                match ui.starts_with('C') {
                    true => record.mapped_to.push(mapped(entry)?),
                    false => add_tree(&mut record.tree_numbers, entry)?,
                }
            }
        }
    }
    Ok(())
}

fn add_terms(terms: &mut Vec<String>, term: &str, name: &str) {
    if !term.is_empty() && term != name {
        terms.push(term.to_owned());
    }
}

fn add_tree(numbers: &mut Vec<String>, number: &str) -> Result<(), String> {
    if !is_tree_number(number) {
        return Err(format!("`{number}` is not a tree number"));
    }
    if !numbers.iter().any(|known| known == number) {
        numbers.push(number.to_owned());
    }
    Ok(())
}

/// `*D000123`, or `D000123` with a qualifier behind it.
fn mapped(text: &str) -> Result<MappedHeading, String> {
    let (is_main, ui) = text.strip_prefix('*').map_or((false, text), |ui| (true, ui));
    let (ui, qualifier) = ui.split_at(ui.find('Q').unwrap_or(ui.len()));
    if !is_ui(ui) || !(qualifier.is_empty() || is_ui(qualifier)) {
        return Err(format!("`{text}` is not a mapped heading"));
    }
    Ok(MappedHeading { ui: ui.to_owned(), qualifier: qualifier.to_owned(), is_main })
}
