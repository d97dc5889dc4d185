//! Any bytes as the parts of a lexical index: an error or an answer that keeps its promises, and what was decoded encodes to
//! the same list again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec::format::lexical::{
    Decoded, FormCoding, FormSet, ListCoding, ListShape, NO_ROW, PostingCursor, Selection,
    TermBlock, TermIndexEntry, TermReader, Wanted, decode_list, encode_list, parts_at,
    visit_positions, visit_rows,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((head, rest)) = bytes.split_first_chunk::<16>() else { return };
    let number =
        |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (rows, shape) = (
        number(0) % 20_000,
        ListShape {
            rows: 1 + number(4) % 2000,
            occurrences: number(8) % 10_000,
            forms: 1 + u32::from(head[12]) % 4,
            is_text: head[15] & 1 == 0,
        },
    );
    let lengths: Vec<u8> = (0..rows).map(|row| (row % 251) as u8).collect();
    let form_coding = if head[15] & 2 == 0 { FormCoding::Rows } else { FormCoding::Occurrences };
    let coding = ListCoding { lengths: &lengths, positions: true, forms: form_coding };
    let (postings, positions) = rest.split_at((usize::from(head[13]) * 4).min(rest.len()));
    for wanted in [Wanted::default(), Wanted { forms: true, positions: true }] {
        let mut list = Decoded::default();
        if decode_list(postings, positions, &shape, coding, wanted, &mut list).is_err() {
            continue;
        }
        assert_eq!(list.rows.len() as u32, shape.rows);
        assert!(
            list.rows.is_sorted_by(|a, b| a < b) && list.rows.last().is_some_and(|row| *row < rows)
        );
        assert_eq!(list.ends.last(), Some(&shape.occurrences));
        if wanted.positions {
            let mut again = Vec::new();
            let info = encode_list(&list, shape.forms, shape.is_text, coding, &mut again)
                .expect("it is small");
            let (postings, positions) = again.split_at(info.postings_bytes as usize);
            let mut read = Decoded::default();
            decode_list(postings, positions, &info.shape, coding, wanted, &mut read)
                .expect("it was encoded");
            assert_eq!(read, list);
        }
    }
    let forms = FormSet::of(&[u32::from(head[12] >> 4)], shape.forms);
    let some: Vec<u32> = (0..rows.min(4096)).step_by(1 + usize::from(head[14])).collect();
    for selection in
        [Selection { forms: &forms, rows: None }, Selection { forms: &forms, rows: Some(&some) }]
    {
        let mut visited = Vec::new();
        let mut push = |rows: &[u32]| visited.extend_from_slice(rows);
        let outcome = visit_rows(postings, &shape, rows, form_coding, selection, &mut push);
        assert!(visited.is_sorted_by(|a, b| a < b) && visited.last().is_none_or(|row| *row < rows));
        let mut found = Vec::new();
        let mut push = |row, _: &[u32]| found.push(row);
        let with_positions =
            visit_positions(postings, positions, &shape, coding, selection, &mut push);
        if outcome.is_ok() && with_positions.is_ok() {
            assert_eq!(found, visited);
        }
    }
    if let Ok(mut cursor) = PostingCursor::new(postings, &shape, rows) {
        let mut next = 0;
        let step = 1 + u32::from(head[14]);
        while let Ok(row) = cursor.advance(next) {
            assert!(row >= next);
            if row == NO_ROW {
                break;
            }
            assert!(row < rows && cursor.count() > 0);
            next = row.saturating_add(step);
        }
    }
    let entry =
        TermIndexEntry { terms: 0, lists: u64::from(number(0)), list: number(4), reserved: [0; 4] };
    let _ = TermBlock(rest).first_key();
    let mut reader = TermReader::new(rest, &entry);
    let mut last = Vec::new();
    while let Ok(Some(_)) = reader.next_entry() {
        assert!(reader.key() >= last.as_slice());
        last = reader.key().to_vec();
    }
    let _ = parts_at(rest);
});
