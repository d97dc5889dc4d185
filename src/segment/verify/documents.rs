//! Checks of the documents, and the sums that derived sections are compared with.

use super::lexical::LexicalCheck;
use super::sums::Sums;
use crate::control::Control;
use crate::document::Document;
use crate::error::Result;
use crate::format::record;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::terms::TermField;
use crate::ids::RowId;
use crate::segment::Segment;
use crate::segment::read::documents::Records;
use crate::segment::read::segment::ROWS_PER_CHECK;
use crate::segment::write::draft::date_of;

impl Segment {
    pub(super) fn verify_documents(&self, control: &Control) -> Result<Sums> {
        let blocks = self.shared.meta.blocks;
        self.verify_ends(SECTION_BLOCK_OFFSETS, SECTION_BLOCKS, blocks)?;
        let mut sums = Sums::default();
        let mut terms = Vec::new();
        let mut lexical = LexicalCheck::new(self);
        let more = TermField::MORE.iter().filter(|_| self.has_more_terms());
        let fields: Vec<TermField> = TermField::FIRST.iter().chain(more).copied().collect();
        let mut records = Records::new(self.clone());
        let mut check = |segment: &Segment, block, row: RowId, bytes: &[u8]| {
            if row.0.is_multiple_of(ROWS_PER_CHECK) {
                control.check()?;
                let rows = segment.shared.meta.rows;
                control.report("checking", "documents", row.0.into(), rows.into());
            }
            let (document, text_bytes) = segment.in_block(block, record::decode_counted(bytes))?;
            segment.check_key(row, &document.key)?;
            segment.verify_document(row, &document)?;
            sums.text_bytes += text_bytes as u64;
            sums.add(row, &document, &fields, &mut terms);
            lexical.as_mut().map_or(Ok(()), |lexical| lexical.add(row, &document))
        };
        while let Some(checked) = records.advance(&mut check) {
            checked?;
        }
        if let Some(lexical) = lexical {
            lexical.finish(control)?;
        }
        Ok(sums)
    }

    fn verify_document(&self, row: RowId, document: &Document) -> Result<()> {
        let wrong =
            |kind, rule, detail| Err(self.corrupt(kind, u64::from(row.0) * 4, rule, detail));
        if let Err(error) = document.validate() {
            return wrong(SECTION_ROW_PMIDS, Rule::DocumentRecord, error.to_string());
        }
        let [first, last] = date_of(document);
        if first > last {
            let detail = format!("the date of row {} ends before it begins", row.0);
            return wrong(SECTION_DATE_FIRST, Rule::ColumnRange, detail);
        }
        let stored = [
            self.element::<u32>(SECTION_DATE_FIRST, row.0)?,
            self.element::<u32>(SECTION_DATE_LAST, row.0)?,
        ];
        if stored != [first, last] {
            let detail = format!("date {stored:?}, the document has {:?}", [first, last]);
            return wrong(SECTION_DATE_FIRST, Rule::ColumnContent, detail);
        }
        Ok(())
    }
}
