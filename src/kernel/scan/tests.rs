//! Every variant that this processor can run against the scalar oracle, bit for bit; and the oracle
//! against plain arithmetic.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::kernel::isa::{Isa, Level};
use crate::kernel::quantize::{f16_from_f32, f32_from_f16};

/// The oracle.
const SCALAR: Isa = Isa(Level::Scalar);

/// Rows with everything that a scan needs, made of a few random numbers.
#[derive(Debug)]
struct Made {
    sub_quantizers: usize,
    /// One code a byte.
    unpacked: Vec<u8>,
    /// Blocks, behind `start` bytes that are no part of them.
    codes: Vec<u8>,
    start: usize,
    scales: Vec<u16>,
    allowed: Vec<u64>,
    ranges: Vec<ScanRange>,
    look_up: LookUp,
}

impl Made {
    fn rows(&self, filtered: bool) -> CodedRows<'_> {
        CodedRows {
            codes: &self.codes[self.start..],
            scales: &self.scales,
            allowed: filtered.then_some(&self.allowed),
            base: 1_000_000,
        }
    }

    /// All candidates on one instruction set, with the bits of their estimates.
    fn scan(&self, isa: Isa, filtered: bool, limit: usize) -> Vec<(u32, u32)> {
        let mut candidates = Candidates::new();
        candidates.reset(limit);
        super::scan(isa, &self.rows(filtered), &self.ranges, &self.look_up, &mut candidates);
        candidates.sorted().map(|(id, estimate)| (id, estimate.to_bits())).collect()
    }
}

/// Numbers between -1 and 1 that only look random.
fn noise(mut state: u64) -> impl FnMut() -> f32 {
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    }
}

prop_compose! {
    fn made()(
        sub_quantizers in prop_oneof![8 => 1usize..80, 1 => 500usize..530],
        sub_dimension in 1usize..5,
        rows in 1usize..200,
        start in 0usize..3,
        seed in any::<u64>(),
        density in 0u32..4,
    )(
        unpacked in vec(0u8..16, rows * sub_quantizers),
        scales in vec(prop_oneof![12 => 0.5f32..2.0, 1 => any::<f32>()], rows),
        allowed in vec(any::<u64>(), rows.div_ceil(64)),
        borders in vec((0..=rows as u32, 0..=rows as u32, -3.0f32..3.0), 0..6),
        (sub_quantizers, sub_dimension, start, seed, density) in
            Just((sub_quantizers, sub_dimension, start, seed, density)),
    ) -> Made {
        let mut codes = vec![0xff; start];
        codes.extend(block::pack(&unpacked, sub_quantizers));
        let mut noise = noise(seed);
        let points: Vec<f32> =
            std::iter::repeat_with(&mut noise).take(sub_quantizers * 16 * sub_dimension).collect();
        let query: Vec<f32> =
            std::iter::repeat_with(&mut noise).take(sub_quantizers * sub_dimension).collect();
        let mut look_up = LookUp::new();
        fill(SCALAR, &mut look_up, &query, &points, sub_dimension);
        let thin = |word: u64| (1..density).fold(word, |word, by| word & word.rotate_left(by * 7));
        Made {
            sub_quantizers, unpacked, codes, start, look_up,
            scales: scales.into_iter().map(f16_from_f32).collect(),
            allowed: allowed.into_iter().map(thin).collect(),
            ranges: borders
                .into_iter()
                .map(|(a, b, bias)| ScanRange { start: a.min(b), end: a.max(b), bias })
                .collect(),
        }
    }
}

proptest! {
    #[test]
    fn every_variant_equals_the_oracle(made in made(), limit in 1usize..400) {
        for filtered in [false, true] {
            let expected = made.scan(SCALAR, filtered, limit);
            for isa in Isa::available() {
                let found = made.scan(isa, filtered, limit);
                prop_assert_eq!(&found, &expected, "{}", isa.name());
            }
        }
    }

    #[test]
    fn the_oracle_equals_plain_arithmetic(made in made()) {
        let mut expected = Vec::new();
        for range in &made.ranges {
            for row in range.start..range.end {
                let allowed = made.allowed[row as usize / 64] >> (row % 64) & 1 == 1;
                let codes = &made.unpacked[row as usize * made.sub_quantizers..];
                let sum: u32 =
                    (0..made.sub_quantizers).map(|at| entry(&made.look_up, at, codes[at])).sum();
                let product = sum as f32 * made.look_up.step() + made.look_up.offset();
                let scale = f32_from_f16(made.scales[row as usize]);
                let estimate = product * scale + range.bias;
                let estimate = if estimate.is_nan() { f32::INFINITY } else { estimate };
                if allowed {
                    expected.push((1_000_000 + row, estimate.to_bits()));
                }
            }
        }
        let mut found = made.scan(SCALAR, true, 10_000);
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn rows_are_written_read_and_copied(
        codes in vec(0u8..16, 1..70), others in vec(any::<u8>(), 1024), lane in 0..BLOCK_ROWS,
        to_lane in 0..BLOCK_ROWS,
    ) {
        let mut block_of = others[..block_bytes(codes.len())].to_vec();
        let before = block_of.clone();
        block::write_row(&mut block_of, lane, &codes);
        let mut read = vec![0xff; codes.len()];
        block::read_row(&block_of, lane, &mut read);
        prop_assert_eq!(&read, &codes);
        let mut copied = before.clone();
        block::copy_row(&block_of, lane, &mut copied, to_lane);
        block::read_row(&copied, to_lane, &mut read);
        prop_assert_eq!(&read, &codes);
        for other in (0..BLOCK_ROWS).filter(|other| *other != lane) {
            let mut expected = vec![0; codes.len()];
            block::read_row(&before, other, &mut expected);
            block::read_row(&block_of, other, &mut read);
            prop_assert_eq!(&read, &expected, "lane {}", other);
        }
    }

    #[test]
    fn entries_are_products_within_half_a_step_in_every_variant(
        query in vec(-1.0f32..1.0, 1..100), sub_dimension in 1usize..5, seed in any::<u64>(),
    ) {
        let sub_quantizers = query.len().div_ceil(sub_dimension);
        let points: Vec<f32> =
            std::iter::repeat_with(noise(seed)).take(sub_quantizers * 16 * sub_dimension).collect();
        let mut look_up = LookUp::new();
        fill(SCALAR, &mut look_up, &query, &points, sub_dimension);
        prop_assert_eq!(look_up.sub_quantizers(), sub_quantizers);
        let mut offset = 0.0;
        for (at, points) in points.chunks(16 * sub_dimension).enumerate() {
            let sub_vector = &query[at * sub_dimension..];
            let product = |point| {
                let numbers = points.chunks(16).map(|column| column[point]);
                numbers.zip(sub_vector).map(|(p, q)| p * q).sum()
            };
            let products: Vec<f32> = (0..16).map(product).collect();
            let least = products.iter().copied().fold(f32::INFINITY, f32::min);
            offset += least;
            for (code, product) in products.iter().enumerate() {
                let entry = entry(&look_up, at, code as u8) as f32 * look_up.step() + least;
                prop_assert!((entry - product).abs() <= look_up.step() * 0.501 + 1.0e-5);
            }
        }
        prop_assert!((look_up.offset() - offset).abs() < 1.0e-4);
        for isa in Isa::available() {
            let mut other = LookUp::new();
            fill(isa, &mut other, &query, &points, sub_dimension);
            let bits = |look_up: &LookUp| [look_up.step(), look_up.offset()].map(f32::to_bits);
            prop_assert_eq!(bits(&other), bits(&look_up), "{}", isa.name());
            prop_assert_eq!(other.cells(), look_up.cells(), "{}", isa.name());
        }
    }
}

/// The entry of sub-quantizer `at` for `code`.
fn entry(look_up: &LookUp, at: usize, code: u8) -> u32 {
    let cell = &look_up.cells()[at / 8];
    let tables = if at % 8 < 4 { cell.low() } else { cell.high() };
    u32::from(tables[at % 4 * 16 + usize::from(code)])
}

#[test]
fn the_greatest_sums_do_not_overflow() {
    // Every row names the greatest entry, 255, of 8,192 tables.
    let sub_quantizers = 8192;
    let mut points = vec![0.0; sub_quantizers * 16];
    points.iter_mut().skip(15).step_by(16).for_each(|point| *point = 1.0);
    let mut look_up = LookUp::new();
    fill(SCALAR, &mut look_up, &vec![1.0; sub_quantizers], &points, 1);
    let codes = block::pack(&vec![15; 20 * sub_quantizers], sub_quantizers);
    let scales = vec![f16_from_f32(1.0); 20];
    let rows = CodedRows { codes: &codes, scales: &scales, allowed: None, base: 0 };
    for isa in Isa::available() {
        let mut candidates = Candidates::new();
        candidates.reset(20);
        scan(isa, &rows, &[ScanRange { start: 3, end: 20, bias: 0.0 }], &look_up, &mut candidates);
        assert_eq!(candidates.sorted().len(), 17);
        for (_, estimate) in candidates.sorted() {
            assert!((estimate - 8192.0).abs() < 0.1, "{} {estimate}", isa.name());
        }
    }
}

#[test]
fn tables_of_zeros_estimate_the_bias() {
    let mut look_up = LookUp::new();
    fill(SCALAR, &mut look_up, &[0.0; 6], &[1.0; 96], 2);
    let (codes, scales) = (block::pack(&[7; 9], 3), [f16_from_f32(2.0); 3]);
    let rows = CodedRows { codes: &codes, scales: &scales, allowed: None, base: 0 };
    let mut candidates = Candidates::new();
    candidates.reset(5);
    let ranges = [ScanRange { start: 0, end: 3, bias: 0.25 }];
    scan(SCALAR, &rows, &ranges, &look_up, &mut candidates);
    assert_eq!(candidates.sorted().collect::<Vec<_>>(), [(0, 0.25), (1, 0.25), (2, 0.25)]);
}

#[test]
#[should_panic(expected = "a bit for each of 65 rows")]
fn a_range_beyond_the_filter_is_refused() {
    let mut look_up = LookUp::new();
    fill(SCALAR, &mut look_up, &[1.0; 4], &[1.0; 64], 4);
    let codes = vec![0; codes_bytes(65, 1).unwrap()];
    let rows = CodedRows { codes: &codes, scales: &[0; 65], allowed: Some(&[0]), base: 0 };
    let ranges = [ScanRange { start: 0, end: 65, bias: 0.0 }];
    scan(Isa::detect(), &rows, &ranges, &look_up, &mut Candidates::new());
}
