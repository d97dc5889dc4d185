//! Every kernel that this processor can run, on rows that stay in the second-level cache: scores of
//! stored rows, and products with a layer's weights in each precision.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use medvec::kernel::matmul::{self, Packed, Precision, Rounded};
use medvec::kernel::quantize::{f16_from_f32, quantize_int8};
use medvec::kernel::{Isa, PreparedVector, Rows, score};

const DIMENSION: usize = 384;
const ROWS: usize = 512;

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

criterion_group!(benches, scores, products);
criterion_main!(benches);
