//! Training and encoding of a codebook over real vectors: seconds, and what they buy.
//!
//! ```text
//! train BASE.npy QUERIES.npy [--rows N] [--queries N] [--lists N] [--sub 2|4] [--threads N]
//! ```
//!
//! Prints the seconds of training, assigning and encoding; how even the lists are; how many rows must
//! be scanned, with the same number of probes for every query, until 90, 95, 97 and 99 % of the true
//! ten neighbours lie in the probed lists; and how many of them are among the best R rows by estimate.

mod common;

use std::time::Instant;

use medvec::Control;
use medvec::index::codebook::{Codebook, POINTS};
use medvec::index::encode::{Factors, RowEncoder};
use medvec::index::train::{TrainOptions, train};
use medvec::kernel::matmul::{Panels, Rows as Matrix, multiply};
use medvec::kernel::quantize::f32_from_f16;
use medvec::kernel::random::Random;
use medvec::kernel::{Isa, PreparedVector, score};

use common::{Result, cpu_seconds, option, print_seconds, read};

/// True neighbours that count.
const NEIGHBOURS: usize = 10;

/// Copies of `count` rows, drawn by chance.
fn sample(rows: &[f32], dimension: usize, count: usize) -> Vec<f32> {
    let mut order: Vec<usize> = (0..rows.len() / dimension).collect();
    let count = count.min(order.len());
    Random::new(7).shuffle(&mut order, count);
    order[..count].iter().flat_map(|row| rows[row * dimension..][..dimension].to_vec()).collect()
}

/// The ten nearest rows of every query.
fn exact(base: &[f32], queries: &[f32], dimension: usize) -> Vec<Vec<u32>> {
    let mut best: Vec<Vec<(f32, u32)>> = vec![Vec::new(); queries.len() / dimension];
    for (block, rows) in base.chunks(4096 * dimension).enumerate() {
        let count = rows.len() / dimension;
        let mut panels = Panels::default();
        panels.pack_transposed(rows, dimension, count, dimension);
        let mut scores = vec![0.0; best.len() * count];
        let lhs = Matrix { data: queries, stride: dimension };
        multiply(Isa::detect(), best.len(), lhs, &panels, &[], &mut scores, count);
        for (best, scores) in best.iter_mut().zip(scores.chunks(count)) {
            best.extend(scores.iter().copied().zip(block as u32 * 4096..));
            best.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            best.truncate(NEIGHBOURS);
        }
    }
    best.into_iter().map(|best| best.into_iter().map(|hit| hit.1).collect()).collect()
}

/// Lists in the order in which a query probes them, and their exact scores by list.
fn ranked(book: &Codebook<'_>, query: &[f32]) -> (Vec<u32>, Vec<f32>) {
    let ids: Vec<u32> = (0..book.lists() as u32).collect();
    let mut scores = vec![0.0; ids.len()];
    let query = PreparedVector::new(query).expect("finite");
    score(Isa::detect(), &book.centroids, &query, &ids, &mut scores);
    let key =
        |list: &u32| scores[*list as usize] * f32_from_f16(book.ranking_factors[*list as usize]);
    let mut order = ids;
    order.sort_by(|a, b| key(b).total_cmp(&key(a)));
    (order, scores)
}

/// Rows scanned and probes at which shares of the true neighbours are covered.
fn print_coverage(orders: &[Vec<u32>], exact: &[Vec<u32>], lists: &[u32], sizes: &[usize]) {
    let total: usize = exact.iter().map(Vec::len).sum();
    let mut found = vec![0; sizes.len()];
    let mut scanned = vec![0; sizes.len()];
    for (order, exact) in orders.iter().zip(exact) {
        let mut rank = vec![0; sizes.len()];
        order.iter().enumerate().for_each(|(at, list)| rank[*list as usize] = at);
        exact.iter().for_each(|row| found[rank[lists[*row as usize] as usize]] += 1);
        order.iter().enumerate().for_each(|(at, list)| scanned[at] += sizes[*list as usize]);
    }
    for target in [0.90, 0.95, 0.97, 0.99] {
        let (mut covered, mut rows) = (0, 0);
        for probes in 0..sizes.len() {
            covered += found[probes];
            rows += scanned[probes];
            if covered as f64 >= target * total as f64 {
                println!("coverage {target}: {} rows, {} probes", rows / orders.len(), probes + 1);
                break;
            }
        }
    }
}

fn main() -> Result<()> {
    let files: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument.ends_with(".npy")).collect();
    let [base, queries] = files.as_slice() else {
        println!("train BASE.npy QUERIES.npy [--rows N] [--queries N] [--lists N] [--sub 2|4]");
        return Ok(());
    };
    let (dimension, base) = read(base, option("--rows")?.unwrap_or(usize::MAX))?;
    let (_, queries) = read(queries, option("--queries")?.unwrap_or(usize::MAX))?;
    let rows = base.len() / dimension;
    let threads = option("--threads")?.unwrap_or(2);
    let options = TrainOptions {
        lists: option("--lists")?,
        total_rows: rows,
        sub_dimension: option("--sub")?,
        seed: option("--seed")?.unwrap_or(1) as u64,
        threads,
    };
    let control = Control::default();
    let sample = sample(&base, dimension, option("--sample")?.unwrap_or(rows));
    let start = (Instant::now(), cpu_seconds()?);
    let book = train(&sample, dimension, &options, &control, &mut |_, _| ())?;
    print_seconds("train", start)?;
    let book = book.view();
    let encoder = RowEncoder::new(&book)?;
    let start = (Instant::now(), cpu_seconds()?);
    let lists = encoder.assign(&base, threads, &control)?;
    print_seconds("assign", start)?;
    let start = (Instant::now(), cpu_seconds()?);
    let quantizers = book.sub_quantizers();
    let mut codes = vec![0; rows * quantizers];
    let mut factors = vec![Factors::default(); rows];
    encoder.encode(&base, &lists, threads, &control, &mut codes, &mut factors)?;
    print_seconds("encode", start)?;

    let mut sizes = vec![0; book.lists()];
    lists.iter().for_each(|list| sizes[*list as usize] += 1);
    let squares: usize = sizes.iter().map(|size| size * size).sum();
    println!(
        "{} lists in {} groups; mean {:.1} rows, largest {}, empty {}, of a row's list {:.1}; residual {:.4}",
        sizes.len(),
        book.group_ends.len(),
        rows as f64 / sizes.len() as f64,
        sizes.iter().max().unwrap_or(&0),
        sizes.iter().filter(|size| **size == 0).count(),
        squares as f64 / rows as f64,
        factors.iter().map(|f| f64::from(f.residual_length)).sum::<f64>() / rows as f64,
    );
    let exact = exact(&base, &queries, dimension);
    let (orders, biases): (Vec<_>, Vec<_>) =
        queries.chunks(dimension).map(|query| ranked(&book, query)).unzip();
    print_coverage(&orders, &exact, &lists, &sizes);

    // Estimates over all rows, for a part of the queries.
    let part = option("--estimates")?.unwrap_or(0).min(exact.len());
    let depths = [10, 20, 40, 80, 160, 320];
    let mut within = [0usize; 6];
    for (query, (biases, exact)) in
        queries.chunks(dimension).zip(biases.iter().zip(&exact)).take(part)
    {
        let mut table = vec![0.0f32; quantizers * POINTS];
        for (at, entry) in table.iter_mut().enumerate() {
            let from = at / POINTS * book.sub_dimension;
            let part = query[from..].iter().take(book.sub_dimension);
            let points = book.points[from * POINTS + at % POINTS..].iter().step_by(POINTS);
            *entry = part.zip(points).map(|(q, p)| q * p).sum();
        }
        let mut estimates: Vec<(f32, u32)> = (0..rows)
            .map(|row| {
                let sum: f32 = codes[row * quantizers..][..quantizers]
                    .iter()
                    .enumerate()
                    .map(|(m, code)| table[m * POINTS + usize::from(*code)])
                    .sum();
                (biases[lists[row] as usize] + f32_from_f16(factors[row].scale) * sum, row as u32)
            })
            .collect();
        estimates.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        for (depth, within) in depths.iter().zip(&mut within) {
            *within += estimates[..*depth].iter().filter(|hit| exact.contains(&hit.1)).count();
        }
    }
    for (depth, within) in depths.iter().zip(&within).filter(|_| part > 0) {
        println!("best {depth} by estimate: {:.4}", *within as f64 / (part * NEIGHBOURS) as f64);
    }
    Ok(())
}
