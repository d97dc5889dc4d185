//! Exact search over 100,000 rows of 384 dimensions on one core, with and without a filter.

use criterion::{Criterion, criterion_group, criterion_main};
use medvec::Control;
use medvec::index::flat::{Rows, search};
use medvec::kernel::quantize::{f16_from_f32, quantize_int8};
use roaring::RoaringBitmap;

const DIMENSION: usize = 384;
const ROWS: usize = 100_000;
const HITS: usize = 10;

/// Numbers between -1 and 1 that only look random.
fn numbers(len: usize) -> Vec<f32> {
    let mut state = 1u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    std::iter::repeat_with(next).take(len).collect()
}

fn run(rows: &Rows<'_>, query: &[f32], allowed: Option<&RoaringBitmap>) -> Vec<(u32, f32)> {
    let mut tie = |a: u32, b: u32| Ok(a.cmp(&b));
    search(rows, DIMENSION, query, HITS, allowed, &Control::default(), &mut tie)
        .expect("sound rows")
}

fn flat(c: &mut Criterion) {
    let single = numbers(ROWS * DIMENSION);
    let half: Vec<u16> = single.iter().map(|value| f16_from_f32(*value)).collect();
    let mut codes = Vec::new();
    let scales: Vec<f32> =
        single.chunks(DIMENSION).map(|row| quantize_int8(row, &mut codes)).collect();
    let query = &numbers(DIMENSION + 1)[1..];
    let int8 = Rows::Int8 { codes: &codes, scales: &scales };
    let forms = [("int8", int8), ("f16", Rows::F16(&half)), ("f32", Rows::F32(&single))];

    let mut group = c.benchmark_group("exact 100,000 x 384");
    group.sample_size(40);
    for (form, rows) in &forms {
        group.bench_function(*form, |b| b.iter(|| run(rows, query, None)));
    }
    for (name, step) in [("50 %", 2), ("10 %", 10), ("1 %", 100), ("0.1 %", 1000)] {
        let allowed: RoaringBitmap = (0..ROWS as u32).step_by(step).collect();
        group.bench_function(format!("int8, every row in {step} allowed ({name})"), |b| {
            b.iter(|| run(&int8, query, Some(&allowed)));
        });
    }
    group.finish();
}

criterion_group!(benches, flat);
criterion_main!(benches);
