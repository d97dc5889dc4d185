//! Arrays that do not fit each other, and numbers from damaged files.

use super::*;

/// One search of views that may be wrong; errors and answers are both fine, panics are not.
pub(super) fn try_search(
    book: &Codebook<'_>,
    views: &[IndexedRows<'_>],
    query: &[f32],
) -> Result<usize> {
    let index = Index { codebook: *book, segments: views };
    let mut tie = |_: u32, _: u32| Ok(Ordering::Equal);
    let mut search = |effort| {
        index.search(query, 7, effort, &Control::default(), &mut Scratch::default(), &mut tie)
    };
    let stop = Some(Stop { spread: 0.2, limit: 1.0e-3 });
    let stopped = search(Effort { stop, ..Effort::fixed(16, 20) });
    let (hits, _) = search(Effort::fixed(5, 20))?;
    assert_eq!(search(Effort { copies: true, ..Effort::fixed(5, 20) })?.0.len(), hits.len());
    assert_eq!(stopped?.0.len(), hits.len());
    Ok(hits.len())
}

#[test]
fn what_does_not_fit_is_refused() {
    let made = Made::new(100, 10, 1, 2, 1);
    let (segment, query) = (&made.segments[0], made.query.as_slice());
    let book = made.book.view();
    let right = segment.view(0, Form::Int8, true);
    let allowed = right.allowed.unwrap();
    let spilled = |change: fn(&mut SpilledRows<'_>)| {
        let mut copies = right.spilled.unwrap();
        change(&mut copies);
        IndexedRows { spilled: Some(copies), ..right }
    };
    assert_eq!(try_search(&book, &[right], query).unwrap(), 7);
    let wrong = [
        IndexedRows { list_offsets: &right.list_offsets[1..], ..right },
        IndexedRows { list_offsets: &[], ..right },
        IndexedRows { codes: &right.codes[1..], ..right },
        IndexedRows { scales: &right.scales[..99], ..right },
        IndexedRows { rows: Rows::F16(&segment.f16[..99 * DIMENSION]), ..right },
        IndexedRows { rows: Rows::F16(&segment.f16[1..]), ..right },
        IndexedRows { base: u32::MAX - 50, ..right },
        IndexedRows { allowed: Some(Allowed { words: &allowed.words[1..], ..allowed }), ..right },
        IndexedRows {
            allowed: Some(Allowed { list_counts: &allowed.list_counts[1..], ..allowed }),
            ..right
        },
        IndexedRows { filled: &[], ..right },
        IndexedRows { allowed: Some(Allowed { filled: &[], ..allowed }), ..right },
        spilled(|copies| copies.list_offsets = &copies.list_offsets[1..]),
        spilled(|copies| copies.list_offsets = &[]),
        spilled(|copies| copies.rows = &copies.rows[1..]),
        spilled(|copies| copies.codes = &copies.codes[1..]),
        spilled(|copies| copies.scales = &copies.scales[..99]),
        spilled(|copies| copies.allowed = None),
        spilled(|copies| copies.allowed = copies.allowed.map(|words| &words[1..])),
    ];
    for (at, wrong) in wrong.into_iter().enumerate() {
        let found = try_search(&book, &[right, wrong], query);
        assert!(matches!(found, Err(Error::Vector { .. })), "{at}: {found:?}");
    }
    for query in [&query[1..], &[f32::NAN; DIMENSION], &[f32::INFINITY; DIMENSION], &[]] {
        assert!(matches!(try_search(&book, &[right], query), Err(Error::Vector { .. })));
    }
    let narrow = Codebook { dimension: DIMENSION - 1, ..book };
    assert!(matches!(try_search(&narrow, &[right], query), Err(Error::Vector { .. })));
}

#[test]
fn rows_without_a_vector_come_after_those_in_lists() {
    let made = Made::new(100, 10, 1, 2, 1);
    let (segment, query) = (&made.segments[0], made.query.as_slice());
    let (mut codes, mut scales) = segment.int8.clone();
    // As many as it takes to need further words of a filter over all rows.
    codes.resize(codes.len() + 100 * DIMENSION, 0);
    scales.resize(scales.len() + 100, 0.0);
    let right = segment.view(0, Form::Int8, true);
    let rows = Rows::Int8 { codes: &codes, scales: &scales };
    let longer = IndexedRows { rows, ..right };
    let book = made.book.view();
    assert_eq!(try_search(&book, &[longer], query).unwrap(), 7);
}

#[test]
fn numbers_from_a_damaged_file_do_no_harm() {
    let made = Made::new(100, 10, 1, 2, 1);
    let (segment, query) = (&made.segments[0], made.query.as_slice());
    let book = made.book.view();
    let mut random = Random::new(9);
    for round in 0..300 {
        let mut damaged = segment.clone();
        let mut offset = || random.bits() as u32 % if round % 2 == 0 { 120 } else { u32::MAX };
        damaged.list_offsets[3] = offset();
        damaged.list_offsets[7] = offset();
        damaged.list_counts[2] = offset();
        damaged.scales.fill_with(|| offset() as u16);
        damaged.words.fill(u64::MAX);
        let (copies, _) = damaged.copies.as_mut().unwrap();
        copies.list_offsets[2] = offset();
        copies.rows.fill_with(&mut offset);
        copies.scales.fill_with(|| offset() as u16);
        for filtered in [false, true] {
            let view = damaged.view(0, Form::Int8, filtered);
            if let Ok(hits) = try_search(&book, &[view], query) {
                assert!(hits <= 7);
            }
        }
    }
    let nan = vec![f16_from_f32(f32::NAN); 100 * DIMENSION];
    let view = IndexedRows { rows: Rows::F16(&nan), ..segment.view(0, Form::Int8, false) };
    assert!(matches!(try_search(&book, &[view], query), Err(Error::Vector { .. })));
}
