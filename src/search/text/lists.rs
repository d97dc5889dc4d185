//! The lists of postings that a word of a pattern stands for.

use super::word::WordPattern;
use crate::error::{Error, Result};
use crate::format::lexical::{Decoded, FormSet, LexicalField, Selection};
use crate::limits::WILDCARD_WORDS_MAX;
use crate::segment::{LexicalIndex, List};

/// Forms of one stem.
pub(super) struct WordList {
    pub(super) list: List,
    pub(super) forms: FormSet,
}

/// The lists of a word, or of all words that a pattern stands for.
pub(super) fn lists_of(
    index: &LexicalIndex<'_>,
    field: LexicalField,
    word: &WordPattern,
) -> Result<Vec<WordList>> {
    let WordPattern::Exact(exact) = word else {
        return lists_where(index, field, word.prefix(), |found| word.matches(found));
    };
    let (Some(word), head) = index.find(field, exact)? else { return Ok(Vec::new()) };
    let list = match head.filter(|list| list.number == word.list) {
        Some(list) => list,
        None => index.list(word.list)?,
    };
    let forms = FormSet::of(&[word.form.unwrap_or_default()], list.info.shape.forms);
    Ok(vec![WordList { list, forms }])
}

/// The lists of every word that begins with a prefix and passes.
pub(super) fn lists_where(
    index: &LexicalIndex<'_>,
    field: LexicalField,
    prefix: &str,
    passes: impl Fn(&str) -> bool,
) -> Result<Vec<WordList>> {
    let mut key = vec![field as u8];
    key.extend_from_slice(prefix.as_bytes());
    let mut words = Vec::new();
    let mut entries = index.entries_from(&key)?;
    while let Some((found, entry)) = entries.next_entry()? {
        if !found.starts_with(&key) {
            break;
        }
        let Some(Ok(word)) = found.get(1..).map(str::from_utf8) else { continue };
        let Some(form) = entry.word.form else { continue };
        if passes(word) {
            words.push((entry.word.list, form));
        }
        if words.len() > WILDCARD_WORDS_MAX {
            return Err(Error::InvalidQuery {
                detail: format!(
                    "more than {WILDCARD_WORDS_MAX} words begin with {prefix:?}; put more letters before the `*`"
                ),
            });
        }
    }
    words.sort_unstable();
    let lists = words.chunk_by(|(a, _), (b, _)| a == b).map(|same| {
        let list = index.list(same.first().map_or(0, |(number, _)| *number))?;
        let forms: Vec<u32> = same.iter().map(|(_, form)| *form).collect();
        Ok(WordList { list, forms: FormSet::of(&forms, list.info.shape.forms) })
    });
    lists.collect()
}

/// Rows and positions of the words of some lists as if they were one word, in some rows, which ascend.
pub(super) fn occurrences(
    index: &LexicalIndex<'_>,
    lists: &[WordList],
    rows: &[u32],
) -> Result<Decoded> {
    let rows = Some(rows);
    let mut all = Decoded::default();
    if let [WordList { list, forms }] = lists {
        index.visit_positions(list, Selection { forms, rows }, &mut |row, positions| {
            all.rows.push(row);
            all.positions.extend_from_slice(positions);
            all.ends.push(all.positions.len() as u32);
        })?;
        return Ok(all);
    }
    // Row and position of each occurrence, in one number.
    let mut places: Vec<u64> = Vec::new();
    for WordList { list, forms } in lists {
        index.visit_positions(list, Selection { forms, rows }, &mut |row, positions| {
            places.extend(positions.iter().map(|at| u64::from(row) << 32 | u64::from(*at)));
        })?;
    }
    places.sort_unstable();
    places.dedup();
    for same in places.chunk_by(|a, b| a >> 32 == b >> 32) {
        all.rows.extend(same.first().map(|place| (place >> 32) as u32));
        all.positions.extend(same.iter().map(|place| *place as u32));
        all.ends.push(all.positions.len() as u32);
    }
    Ok(all)
}
