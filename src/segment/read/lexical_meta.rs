//! The meta record of a lexical index, as a segment is opened.

use crate::error::{Error, Result};
use crate::format::cursor;
use crate::format::lexical::{
    LexicalMeta, LexicalSection, TERM_BLOCK_KEYS, TermIndexEntry, form_coding,
};
use crate::format::rules::Rule;
use crate::format::segment::lexical_kind;
use crate::storage::VerifiedFile;
use crate::text::ANALYZER_VERSION;

/// Rows of a block of parts.
pub(crate) const PART_BLOCK_ROWS: u32 = 128;

/// The meta record of a segment's lexical index, its lengths checked; `None` without one, and for one of another
/// version of the format or the analyzer, which can be made again.
pub(super) fn read_lexical_meta(file: &VerifiedFile, rows: u32) -> Result<Option<LexicalMeta>> {
    let Some(section) = file.section(lexical_kind(LexicalSection::Meta)) else {
        let stray = LexicalSection::ALL
            .into_iter()
            .find(|kind| file.section(lexical_kind(*kind)).is_some());
        return stray.map_or(Ok(None), |kind| {
            let detail = format!("section {} without the meta record", lexical_kind(kind));
            Err(Error::corrupt(file.name(), 0, Rule::SectionMissing, detail))
        });
    };
    let bytes = file.read(&section, 0..section.length)?;
    let wrong = |detail: String| Error::corrupt(file.name(), section.offset, Rule::Lexical, detail);
    let whole = cursor::head(bytes).filter(|_| bytes.len() == LexicalMeta::SIZE);
    let Some(bytes) = whole else {
        return Err(wrong(format!("a meta record of {} bytes", bytes.len())));
    };
    let meta = LexicalMeta::decode(bytes);
    if form_coding(meta.version).is_none() || meta.analyzer != ANALYZER_VERSION {
        return Ok(None);
    }
    if meta.positions > 1 || meta.reserved != [0; 16] {
        return Err(wrong("positions is neither 0 nor 1, or reserved bytes are not zero".into()));
    }
    let part_blocks =
        if meta.positions == 1 { u64::from(rows.div_ceil(PART_BLOCK_ROWS)) } else { 0 };
    let blocks = meta.keys.div_ceil(TERM_BLOCK_KEYS as u64);
    for (kind, expected) in [
        (LexicalSection::Terms, None),
        (LexicalSection::TermIndex, blocks.checked_mul(TermIndexEntry::SIZE as u64)),
        (LexicalSection::Lists, None),
        (LexicalSection::Lengths, Some(u64::from(rows))),
        (LexicalSection::Parts, None),
        (LexicalSection::PartIndex, Some((part_blocks + 1) * 8)),
    ] {
        let section = file.required(lexical_kind(kind))?;
        if expected.is_some_and(|expected| expected != section.length) {
            return Err(wrong(format!("{kind:?} has {} bytes, not {expected:?}", section.length)));
        }
    }
    Ok(Some(meta))
}
