//! Every kernel that this processor can run, on rows that stay in the second-level cache: scores of
//! stored rows, and products with a layer's weights in each precision; and scans of lists of codes, in that cache and
//! beyond it.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use medvec::kernel::matmul::{self, Packed, Precision, Rounded};
use medvec::kernel::quantize::{f16_from_f32, quantize_int8};
use medvec::kernel::rotate::Rotation;
use medvec::kernel::scan::{Candidates, CodedRows, LookUp, ScanRange, codes_bytes, fill, scan};
use medvec::kernel::{Isa, PreparedVector, Rows, score};

const DIMENSION: usize = 384;
const ROWS: usize = 512;

/// Numbers per code of a row.
const SUB_DIMENSION: usize = 4;

/// Rows of a list.
const LIST_ROWS: u32 = 100;

/// Numbers between -1 and 1 that only look random.
fn numbers(len: usize) -> Vec<f32> {
    let mut state = 1u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    std::iter::repeat_with(next).take(len).collect()
}

fn scores(c: &mut Criterion) {
    let single = numbers(ROWS * DIMENSION);
    let half: Vec<u16> = single.iter().map(|value| f16_from_f32(*value)).collect();
    let mut codes = Vec::new();
    let scales: Vec<f32> =
        single.chunks(DIMENSION).map(|row| quantize_int8(row, &mut codes)).collect();
    let query = PreparedVector::new(&numbers(DIMENSION)).expect("finite numbers");
    let ids: Vec<u32> = (0..ROWS as u32).collect();
    let mut out = vec![0.0; ROWS];
    for (form, bytes, rows) in [
        ("int8", 1, Rows::Int8 { codes: &codes, scales: &scales }),
        ("f16", 2, Rows::F16(&half)),
        ("f32", 4, Rows::F32(&single)),
    ] {
        let mut group = c.benchmark_group(form);
        group.throughput(Throughput::Bytes((ROWS * DIMENSION * bytes) as u64));
        for isa in Isa::available() {
            group.bench_function(BenchmarkId::from_parameter(isa.name()), |b| {
                b.iter(|| score(isa, black_box(&rows), &query, &ids, &mut out));
            });
        }
        group.finish();
    }
}

/// What a question is made ready by: its tables, and its rotation.
fn questions(c: &mut Criterion) {
    let (query, points) = (numbers(DIMENSION), numbers(16 * DIMENSION));
    let mut look_up = LookUp::new();
    let mut group = c.benchmark_group("question");
    for sub_dimension in [2, SUB_DIMENSION] {
        for isa in Isa::available() {
            let name = format!("tables of {sub_dimension} numbers");
            group.bench_function(BenchmarkId::new(name, isa.name()), |b| {
                b.iter(|| fill(isa, &mut look_up, black_box(&query), &points, sub_dimension));
            });
        }
    }
    let rotation = Rotation::new(DIMENSION, 1);
    let mut rotated = query.clone();
    group.bench_function("rotation", |b| b.iter(|| rotation.apply(black_box(&mut rotated))));
    group.finish();
}

/// The lists of so many that one question after another scans: 80 or all of them, each time others.
fn scanned(lists: u32) -> Vec<Vec<ScanRange>> {
    let step = (lists / 80).max(1);
    let range = |list: u32| ScanRange {
        start: list * LIST_ROWS,
        end: (list + 1) * LIST_ROWS,
        bias: (list % 7) as f32 * 0.01,
    };
    (0..step).map(|first| (first..lists).step_by(step as usize).map(range).collect()).collect()
}

fn scans(c: &mut Criterion) {
    let mut look_up = LookUp::new();
    let (query, points) = (numbers(DIMENSION), numbers(16 * DIMENSION));
    fill(Isa::detect(), &mut look_up, &query, &points, SUB_DIMENSION);
    for rows in [4_000u32, 120_000, 2_000_000] {
        let bytes = codes_bytes(rows as usize, look_up.sub_quantizers()).expect("few enough");
        let codes: Vec<u8> = (0..bytes).map(|at| ((at * 0x9e37) >> 7) as u8).collect();
        let scales = vec![f16_from_f32(0.05); rows as usize];
        let coded = CodedRows { codes: &codes, scales: &scales, allowed: None, base: 0 };
        let ranges = scanned(rows / LIST_ROWS);
        let mut candidates = Candidates::new();
        let mut group = c.benchmark_group(format!("scan-{rows}"));
        let rows_scanned = ranges[0].len() as u64 * u64::from(LIST_ROWS);
        group.throughput(Throughput::Elements(rows_scanned));
        for isa in Isa::available() {
            let mut turn = 0;
            group.bench_function(BenchmarkId::from_parameter(isa.name()), |b| {
                b.iter(|| {
                    turn = (turn + 1) % ranges.len();
                    candidates.reset(80);
                    scan(isa, black_box(&coded), &ranges[turn], &look_up, &mut candidates);
                });
            });
        }
        group.finish();
    }
}

/// A block of tokens times the first layer of a small model's feed-forward block.
fn products(c: &mut Criterion) {
    const TOKENS: usize = 96;
    const OUTPUTS: usize = 4 * DIMENSION;
    let tokens = numbers(TOKENS * DIMENSION);
    let (weights, bias) = (numbers(OUTPUTS * DIMENSION), numbers(OUTPUTS));
    let (mut out, mut rounded) = (vec![0.0; TOKENS * OUTPUTS], Rounded::default());
    let lhs = matmul::Rows { data: &tokens, stride: DIMENSION };
    for precision in Precision::ALL {
        let packed = Packed::new(precision, &weights, OUTPUTS, DIMENSION);
        let mut group = c.benchmark_group(format!("product-{}", precision.name()));
        group.throughput(Throughput::Elements((TOKENS * DIMENSION * OUTPUTS) as u64));
        for isa in Isa::available() {
            group.bench_function(BenchmarkId::from_parameter(isa.name()), |b| {
                b.iter(|| {
                    let (lhs, all) = (black_box(lhs), 0..OUTPUTS);
                    packed.round(isa, TOKENS, lhs, &mut rounded);
                    packed.multiply(isa, TOKENS, lhs, &rounded, all, &bias, &mut out, OUTPUTS);
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, scores, questions, scans, products);
criterion_main!(benches);
