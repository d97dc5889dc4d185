//! Whether promised recall is kept: calibrates an index with one half of the queries and searches it
//! with the other.
//!
//! ```text
//! calibrate BASE.npy QUERIES.npy [--rows N] [--lists N] [--sub 2|4] [--truth N]
//! ```
//!
//! For each target, without a filter and with random ones of a half, a tenth and a hundredth of the
//! rows, prints what is looked at, the recall that was promised and that was found, and the microseconds
//! of processor time of one search.

mod common;

use std::fs;
use std::time::Instant;

use medvec::Control;
use medvec::index::calibrate::{Calibration, Queries, QuerySource, TARGETS, TRUTH_ROWS, calibrate};
use medvec::index::encode::{Factors, RowEncoder};
use medvec::index::flat;
use medvec::index::ivf::{Index, IndexedRows, RowMask, Scratch, filled_lists};
use medvec::index::train::{TrainOptions, train};
use medvec::kernel::Rows;
use medvec::kernel::quantize::quantize_int8;
use medvec::kernel::random::Random;
use medvec::kernel::scan::block::pack;
use roaring::RoaringBitmap;

use common::{Result, cpu_seconds, option, print_seconds, read};

/// Hits that recall is measured of.
const K: usize = 10;

/// Rows in the order of lists.
struct Stored {
    dimension: usize,
    offsets: Vec<u32>,
    filled: Vec<u64>,
    codes: Vec<u8>,
    scales: Vec<u16>,
    row_codes: Vec<i8>,
    row_scales: Vec<f32>,
}

impl Stored {
    fn encode(
        base: &[f32],
        encoder: &RowEncoder<'_>,
        dimension: usize,
        lists: usize,
    ) -> Result<Stored> {
        let control = Control::default();
        let assigned = encoder.assign(base, 2, &control)?;
        let mut order: Vec<usize> = (0..assigned.len()).collect();
        order.sort_by_key(|row| assigned[*row]);
        let sorted: Vec<f32> =
            order.iter().flat_map(|row| base[row * dimension..][..dimension].to_vec()).collect();
        let assigned: Vec<u32> = order.iter().map(|row| assigned[*row]).collect();
        let mut codes = vec![0; order.len() * encoder.sub_quantizers()];
        let mut factors = vec![Factors::default(); order.len()];
        encoder.encode(&sorted, &assigned, 2, &control, &mut codes, &mut factors)?;
        let offset = |list| assigned.partition_point(|at| *at < list) as u32;
        let offsets: Vec<u32> = (0..=lists as u32).map(offset).collect();
        let mut row_codes = Vec::new();
        let row_scales =
            sorted.chunks(dimension).map(|row| quantize_int8(row, &mut row_codes)).collect();
        Ok(Stored {
            dimension,
            filled: filled_lists(&offsets),
            offsets,
            codes: pack(&codes, encoder.sub_quantizers()),
            scales: factors.iter().map(|factors| factors.scale).collect(),
            row_codes,
            row_scales,
        })
    }

    fn rows(&self) -> Rows<'_> {
        Rows::Int8 { codes: &self.row_codes, scales: &self.row_scales }
    }

    fn view<'a>(&'a self, filter: Option<&'a Filter>) -> IndexedRows<'a> {
        IndexedRows {
            base: 0,
            list_offsets: &self.offsets,
            filled: &self.filled,
            codes: &self.codes,
            scales: &self.scales,
            rows: self.rows(),
            spilled: None,
            pages: None,
            allowed: filter.map(|filter| filter.mask.allowed()),
        }
    }

    /// The exact neighbours of every query.
    fn truth(&self, queries: &[f32], k: usize, filter: Option<&Filter>) -> Result<Vec<Vec<u32>>> {
        let (rows, control) = (self.rows(), Control::default());
        let mut tie = |a: u32, b: u32| Ok(a.cmp(&b));
        let allowed = filter.map(|filter| &filter.bitmap);
        let mut all = Vec::new();
        for query in queries.chunks(self.dimension) {
            let hits = flat::search(&rows, self.dimension, query, k, allowed, &control, &mut tie)?;
            all.push(hits.into_iter().map(|hit| hit.0).collect());
        }
        Ok(all)
    }
}

/// A random part of the rows.
struct Filter {
    bitmap: RoaringBitmap,
    mask: RowMask,
}

impl Filter {
    fn random(rows: u32, share: f32, offsets: &[u32]) -> Filter {
        let mut random = Random::new(11);
        let pass = (f64::from(share) * 1.0e6) as usize;
        let bitmap: RoaringBitmap = (0..rows).filter(|_| random.below(1_000_000) < pass).collect();
        Filter { mask: RowMask::new(&bitmap, offsets), bitmap }
    }
}

/// Processor time of this thread so far, as the scheduler counts it.
fn thread_seconds() -> Result<f64> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = statistics.split(' ').next().ok_or("empty schedstat")?.parse()?;
    Ok(nanoseconds as f64 / 1.0e9)
}

/// Searches with every target and prints a line each.
fn measure(
    index: &Index<'_>,
    calibration: &Calibration,
    queries: &[f32],
    truth: &[Vec<u32>],
    share: f32,
) -> Result<()> {
    let (mut scratch, control) = (Scratch::default(), Control::default());
    let mut tie = |a: u32, b: u32| Ok(a.cmp(&b));
    let dimension = index.codebook.dimension;
    for target in TARGETS {
        let (effort, promised) = calibration.effort(target, K, share).ok_or("no points")?;
        let (mut found, mut rows) = (0, 0);
        let start = thread_seconds()?;
        for (query, truth) in queries.chunks(dimension).zip(truth) {
            let (hits, probed) =
                index.search(query, K, effort, &control, &mut scratch, &mut tie)?;
            rows += probed.rows;
            found += hits.iter().filter(|hit| truth[..K.min(truth.len())].contains(&hit.0)).count();
        }
        let total: usize = truth.iter().map(|truth| truth.len().min(K)).sum();
        println!(
            "share {share} target {target}: probes {} candidates {} rows {} promised {promised:.4} found {:.4}, {:.1} us",
            effort.probes,
            effort.candidates,
            rows / truth.len() as u64,
            found as f64 / total as f64,
            (thread_seconds()? - start) * 1.0e6 / truth.len() as f64,
        );
    }
    Ok(())
}

fn main() -> Result<()> {
    let files: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument.ends_with(".npy")).collect();
    let [base, queries] = files.as_slice() else {
        println!("calibrate BASE.npy QUERIES.npy [--rows N] [--lists N] [--sub 2|4] [--truth N]");
        return Ok(());
    };
    let (dimension, base) = read(base, option("--rows")?.unwrap_or(usize::MAX))?;
    let (_, queries) = read(queries, usize::MAX)?;
    let rows = base.len() / dimension;
    let options = TrainOptions {
        lists: option("--lists")?,
        total_rows: rows,
        sub_dimension: option("--sub")?,
        seed: option("--seed")?.unwrap_or(1) as u64,
        threads: 2,
    };
    let control = Control::default();
    let book = train(&base, dimension, &options, &control, &mut |_, _| ())?;
    let book = book.view();
    let stored = Stored::encode(&base, &RowEncoder::new(&book)?, dimension, book.lists())?;
    let halves = [0, 1].map(|half| {
        let part = queries.chunks(dimension).skip(half).step_by(2);
        part.flatten().copied().collect::<Vec<f32>>()
    });
    let truth = stored.truth(&halves[0], option("--truth")?.unwrap_or(TRUTH_ROWS), None)?;
    let segments = [stored.view(None)];
    let index = Index { codebook: book, segments: &segments };
    let source = QuerySource::Given;
    let queries = Queries { vectors: &halves[0], truth: &truth, source, stored: source };
    let start = (Instant::now(), cpu_seconds()?);
    let calibration = calibrate(&index, &queries, 2, &control, &mut |_| ())?;
    print_seconds("calibrate", start)?;
    for point in &calibration.points {
        println!("{point:?}");
    }
    for share in [1.0, 0.5, 0.1, 0.01] {
        let filter = Filter::random(rows as u32, share, &stored.offsets);
        let filter = Some(&filter).filter(|_| share < 1.0);
        let truth = stored.truth(&halves[1], K, filter)?;
        let segments = [stored.view(filter)];
        let index = Index { codebook: book, segments: &segments };
        measure(&index, &calibration, &halves[1], &truth, share)?;
    }
    Ok(())
}
