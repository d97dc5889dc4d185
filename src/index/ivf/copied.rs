//! Copies of rows for tests, in memory.

use super::spilled::{SpilledRows, allowed_copies};
use crate::control::Control;
use crate::index::encode::{Factors, RowEncoder};
use crate::kernel::scan::block::pack;

/// The copies of a segment's rows.
#[derive(Clone, Debug)]
pub(in crate::index) struct Copies {
    pub(in crate::index) list_offsets: Vec<u32>,
    pub(in crate::index) rows: Vec<u32>,
    codes: Vec<u8>,
    pub(in crate::index) scales: Vec<u16>,
}

impl Copies {
    /// Copies of `vectors`, whose rows have `lists` of `count`; `None` where there is only one list.
    pub(in crate::index) fn new(
        encoder: &RowEncoder<'_>,
        vectors: &[f32],
        lists: &[u32],
        count: usize,
    ) -> Option<Copies> {
        let control = Control::default();
        let second = encoder.assign_second(vectors, lists, 2, &control).expect("rows of lists");
        assert!(second.iter().zip(lists).all(|(second, first)| *second != Some(*first)));
        let mut order: Vec<(u32, u32)> = second
            .into_iter()
            .zip(0..)
            .map(|(list, row)| Some((list?, row)))
            .collect::<Option<_>>()?;
        order.sort_unstable();
        let (lists, rows): (Vec<u32>, Vec<u32>) = order.into_iter().unzip();
        let dimension = vectors.len() / rows.len().max(1);
        let row = |row: &u32| &vectors[*row as usize * dimension..][..dimension];
        let vectors: Vec<f32> = rows.iter().flat_map(row).copied().collect();
        let mut codes = vec![0; rows.len() * encoder.sub_quantizers()];
        let mut factors = vec![Factors::default(); rows.len()];
        encoder.encode(&vectors, &lists, 1, &control, &mut codes, &mut factors).expect("fits");
        let offset = |list: usize| lists.partition_point(|of| (*of as usize) < list) as u32;
        Some(Copies {
            list_offsets: (0..=count).map(offset).collect(),
            codes: pack(&codes, encoder.sub_quantizers()),
            scales: factors.iter().map(|factors| factors.scale).collect(),
            rows,
        })
    }

    /// As [`SpilledRows::allowed`].
    pub(in crate::index) fn allowed(&self, words: &[u64]) -> Vec<u64> {
        allowed_copies(&self.rows, words)
    }

    pub(in crate::index) fn view<'a>(&'a self, allowed: Option<&'a [u64]>) -> SpilledRows<'a> {
        SpilledRows {
            list_offsets: &self.list_offsets,
            rows: &self.rows,
            codes: &self.codes,
            scales: &self.scales,
            allowed,
        }
    }
}
