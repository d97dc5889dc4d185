use super::*;
use crate::control::CancelToken;
use crate::index::encode::{Factors, RowEncoder};
use crate::kernel::normalize;
use crate::kernel::quantize::f32_from_f16;
use crate::kernel::random::Random;
use crate::kernel::scan::block::read_row;
use crate::kernel::scan::{BLOCK_ROWS, block_bytes};

/// Rows around `clumps` centres, at length 1.
fn rows(count: usize, dimension: usize, clumps: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    let mut number = move || random.below(2001) as f32 / 1000.0 - 1.0;
    let centers: Vec<f32> = (0..clumps * dimension).map(|_| number()).collect();
    let mut rows = Vec::with_capacity(count * dimension);
    for row in 0..count {
        let center = &centers[row % clumps * dimension..][..dimension];
        rows.extend(center.iter().map(|value| value + 0.6 * number()));
    }
    rows.chunks_mut(dimension).for_each(|row| assert!(normalize(row)));
    rows
}

fn options(lists: usize) -> TrainOptions {
    TrainOptions { lists: Some(lists), total_rows: 0, sub_dimension: None, seed: 5, threads: 1 }
}

fn trained(sample: &[f32], dimension: usize, options: &TrainOptions) -> TrainedCodebook {
    train(sample, dimension, options, &Control::default(), &mut |_, _| ()).expect("valid sample")
}

/// Lists, codes and factors of `rows`.
fn encoded(
    book: &TrainedCodebook,
    rows: &[f32],
    threads: usize,
) -> (Vec<u32>, Vec<u8>, Vec<Factors>) {
    let book = book.view();
    let encoder = RowEncoder::new(&book).expect("a codebook as trained");
    let control = Control::default();
    let lists = encoder.assign(rows, threads, &control).expect("whole rows");
    let mut codes = vec![99; lists.len() * encoder.sub_quantizers()];
    let mut factors = vec![Factors::default(); lists.len()];
    encoder.encode(rows, &lists, threads, &control, &mut codes, &mut factors).expect("fits");
    (lists, codes, factors)
}

/// The residual that codes stand for.
fn decoded(book: &TrainedCodebook, codes: &[u8]) -> Vec<f32> {
    let sub = book.sub_dimension;
    let mut residual = Vec::new();
    for (table, code) in book.points.chunks(16 * sub).zip(codes) {
        residual.extend(table.chunks(16).map(|column| column[usize::from(*code)]));
    }
    residual.truncate(book.dimension);
    residual
}

/// The centroid of a list, from its int8 row.
fn centroid(book: &TrainedCodebook, list: u32) -> Vec<f32> {
    let codes = &book.centroids[list as usize * book.dimension..][..book.dimension];
    codes.iter().map(|code| book.centroid_scales[list as usize] * f32::from(*code)).collect()
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn the_same_on_any_number_of_threads_and_different_for_another_seed() {
    let sample = rows(2500, 13, 40, 1);
    let run = |threads, seed| {
        let options = TrainOptions { threads, seed, ..options(60) };
        let book = trained(&sample, 13, &options);
        let codes = encoded(&book, &sample, threads);
        (book, codes)
    };
    let one = run(1, 5);
    assert!(one == run(2, 5) && one == run(3, 5));
    assert_ne!(one.0.centroids, run(1, 6).0.centroids);
}

#[test]
fn lists_are_as_good_as_plain_k_means() {
    // Squared distances to the nearest centroid, against Lloyd's algorithm in double precision from rows
    // drawn by chance, 20 passes.
    let (dimension, count) = (8, 50);
    let sample = rows(3000, dimension, 70, 2);
    let book = trained(&sample, dimension, &options(count));
    let (lists, _, factors) = encoded(&book, &sample, 1);
    let ours: f32 = factors.iter().map(|factors| factors.residual_length.powi(2)).sum();
    for (row, list) in sample.chunks(dimension).zip(&lists) {
        let distance = |list| -> f32 {
            row.iter().zip(centroid(&book, list)).map(|(x, c)| (x - c) * (x - c)).sum()
        };
        let best = (0..count as u32).map(distance).fold(f32::INFINITY, f32::min);
        assert!(distance(*list) < best + 0.3, "{} {best}", distance(*list));
    }
    let mut centroids: Vec<f64> =
        sample[..count * dimension].iter().map(|value| f64::from(*value)).collect();
    let mut total = 0.0;
    for _ in 0..20 {
        let mut sums = vec![(0.0, vec![0.0; dimension]); count];
        total = 0.0;
        for row in sample.chunks(dimension) {
            let distance = |centroid: &[f64]| -> f64 {
                centroid.iter().zip(row).map(|(c, x)| (c - f64::from(*x)).powi(2)).sum()
            };
            let (least, nearest) = centroids
                .chunks(dimension)
                .map(distance)
                .zip(0..)
                .fold((f64::INFINITY, 0), |best, next| if next.0 < best.0 { next } else { best });
            total += least;
            sums[nearest].0 += 1.0;
            sums[nearest].1.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
        }
        for ((count, sums), centroid) in sums.iter().zip(centroids.chunks_mut(dimension)) {
            if *count > 0.0 {
                centroid.iter_mut().zip(sums).for_each(|(center, sum)| *center = sum / count);
            }
        }
    }
    assert!(f64::from(ours) < 1.05 * total, "{ours} {total}");
}

#[test]
fn the_parts_of_a_codebook_fit() {
    let sample = rows(900, 10, 30, 3);
    let book = trained(&sample, 10, &options(37));
    book.view().check().expect("trained");
    assert_eq!(book.view().lists(), 37);
    assert!(book.group_ends.len() >= 4 && book.group_ends.is_sorted());
    let (lists, _, factors) = encoded(&book, &sample, 1);
    let mut sizes = [0; 37];
    lists.iter().for_each(|list| sizes[*list as usize] += 1);
    assert!(sizes.iter().all(|size| *size < 4 * 900 / 37), "{sizes:?}");
    let mean = factors.iter().map(|factors| factors.residual_length).sum::<f32>() / 900.0;
    assert!((mean - book.residual_mean).abs() < 0.01 * mean, "{mean} {}", book.residual_mean);

    // Ranking codes stand for the centroids, nearly; factors undo their lengths.
    let points = book.ranking_points.chunks(16 * RANKING_SUB_DIMENSION);
    let mut codes = [0; 5];
    let lengths: Vec<f32> = (0..37).map(|list| length(&centroid(&book, list))).collect();
    for list in 0..37 {
        let block = &book.ranking_codes[list / BLOCK_ROWS * block_bytes(5)..][..block_bytes(5)];
        read_row(block, list % BLOCK_ROWS, &mut codes);
        let center = centroid(&book, list as u32);
        let parts = points.clone().zip(codes).zip(center.chunks(2));
        let error: f32 = parts
            .map(|((table, code), part)| {
                let point = &table[usize::from(code)..];
                (point[0] - part[0]).powi(2) + (point[16] - part[1]).powi(2)
            })
            .sum();
        assert!(error < 0.1 * product(&center, &center), "{error}");
        let relative = f32_from_f16(book.ranking_factors[list]) * lengths[list];
        assert!((relative - lengths.iter().sum::<f32>() / 37.0).abs() < 1.0e-3);
    }
}

#[test]
fn finer_codes_err_less_and_scales_turn_errors_away_from_rows() {
    let sample = rows(4000, 24, 50, 4);
    let mut errors = Vec::new();
    for sub_dimension in [4, 2] {
        let options = TrainOptions { sub_dimension: Some(sub_dimension), ..options(40) };
        let book = trained(&sample, 24, &options);
        let (lists, codes, factors) = encoded(&book, &sample, 2);
        let (mut error, mut along) = (0.0, [0.0; 2]);
        let row_codes = codes.chunks(24 / sub_dimension);
        for (((row, list), codes), factors) in
            sample.chunks(24).zip(&lists).zip(row_codes).zip(&factors)
        {
            let center = centroid(&book, *list);
            let residual: Vec<f32> = row.iter().zip(&center).map(|(x, c)| x - c).collect();
            let (scale, codes) = (f32_from_f16(factors.scale), decoded(&book, codes));
            let rest: Vec<f32> = residual.iter().zip(&codes).map(|(r, c)| scale * c - r).collect();
            assert!((factors.residual_length - length(&residual)).abs() < 1.0e-5);
            // The error is at a right angle to the row, nearly; that of plain codes is not.
            let plain: Vec<f32> = residual.iter().zip(&codes).map(|(r, c)| c - r).collect();
            along[0] += f64::from(product(row, &rest)).powi(2);
            along[1] += f64::from(product(row, &plain)).powi(2);
            error += f64::from(length(&rest));
        }
        assert!(along[0] < 0.05 * along[1], "{along:?}");
        errors.push(error);
    }
    assert!(errors[1] < 0.7 * errors[0], "{errors:?}");
}

/// How many of the ten rows nearest to questions are among the best forty by estimate, of all.
fn found_by_estimate(cone: f32) -> f32 {
    let (dimension, count) = (48, 4000);
    let in_cone = |mut vectors: Vec<f32>| {
        for vector in vectors.chunks_mut(dimension) {
            vector.iter_mut().for_each(|value| *value += cone / (dimension as f32).sqrt());
            assert!(normalize(vector));
        }
        vectors
    };
    let plain = rows(count + 200, dimension, 400, 8);
    let (base, near) = plain.split_at(count * dimension);
    let mut random = Random::new(9);
    let mut aside = || 0.1 * (random.below(2001) as f32 / 1000.0 - 1.0);
    let questions = in_cone(near.iter().map(|value| value + aside()).collect());
    let base = in_cone(base.to_vec());
    let book = trained(&base, dimension, &options(40));
    let (lists, codes, factors) = encoded(&book, &base, 2);
    let coded: Vec<Vec<f32>> = lists
        .iter()
        .zip(codes.chunks(dimension / 4))
        .zip(&factors)
        .map(|((list, codes), factors)| {
            let (center, decoded) = (centroid(&book, *list), decoded(&book, codes));
            let scale = f32_from_f16(factors.scale);
            center.iter().zip(decoded).map(|(c, r)| c + scale * r).collect()
        })
        .collect();
    let mut found = 0;
    for question in questions.chunks(dimension) {
        let best = |products: Vec<f32>, count: usize| {
            let mut order: Vec<usize> = (0..products.len()).collect();
            order.sort_by(|a, b| products[*b].total_cmp(&products[*a]));
            order.truncate(count);
            order
        };
        let truth = best(base.chunks(dimension).map(|row| product(question, row)).collect(), 10);
        let estimated = best(coded.iter().map(|row| product(question, row)).collect(), 40);
        found += truth.iter().filter(|row| estimated.contains(row)).count();
    }
    found as f32 / 2000.0
}

#[test]
fn codes_tell_as_much_where_all_rows_lie_in_a_cone() {
    let [plain, cone] = [0.0, 3.0].map(found_by_estimate);
    assert!(plain > 0.98 && cone > 0.95, "{plain} {cone}");
}

#[test]
fn rows_in_a_cone_of_any_length_have_codes_that_stand_for_them() {
    let dimension = 24;
    let mut sample = rows(2000, dimension, 50, 10);
    sample.iter_mut().for_each(|value| *value += 0.5);
    for length in [1.0e-17f32, 1.0e-6, 1.0, 1.0e6, 1.0e17] {
        let scaled: Vec<f32> = sample.iter().map(|value| value * length).collect();
        let book = trained(&scaled, dimension, &options(30));
        let (lists, codes, factors) = encoded(&book, &scaled, 2);
        let (mut left, mut all) = (0.0, 0.0);
        let coded = lists.iter().zip(codes.chunks(dimension / 4)).zip(&factors);
        for (row, ((list, codes), factors)) in scaled.chunks(dimension).zip(coded) {
            let (center, scale) = (centroid(&book, *list), f32_from_f16(factors.scale));
            for ((x, c), r) in row.iter().zip(center).zip(decoded(&book, codes)) {
                left += f64::from((x - c - scale * r) / length).powi(2);
                all += f64::from((x - c) / length).powi(2);
            }
        }
        assert!(left < 0.5 * all, "length {length}: {left} of {all}");
    }
    // All rows are one: the mean is all that there is.
    let same = vec![0.5; 40 * dimension];
    let book = trained(&same, dimension, &options(3));
    let (_, codes, factors) = encoded(&book, &same, 1);
    assert!(codes.iter().all(|code| *code < 16));
    assert!(factors.iter().all(|factors| f32_from_f16(factors.scale).is_finite()));
}

#[test]
fn tiny_and_degenerate_samples() {
    for dimension in [1, 2, 3, 5] {
        for (count, clumps) in [(1, 1), (2, 1), (7, 7), (40, 3)] {
            let mut sample = rows(count, dimension, clumps, 6);
            for lists in [1, 3, 20, 1000] {
                let book = trained(&sample, dimension, &options(lists));
                assert!(book.view().lists() <= lists.min(count));
                let (assigned, codes, factors) = encoded(&book, &sample, 2);
                assert!(assigned.iter().all(|list| (*list as usize) < book.view().lists()));
                assert!(codes.iter().all(|code| *code < 16));
                assert!(factors.iter().all(|f| f32_from_f16(f.scale).is_finite()));
            }
            sample.fill(0.0);
            let book = trained(&sample, dimension, &options(5));
            let (_, _, factors) = encoded(&book, &sample, 1);
            assert!(factors.iter().all(|f| f.residual_length == 0.0));
        }
    }
}

#[test]
fn rows_that_are_their_centroid_get_no_wild_scale() {
    let mut sample = rows(600, 16, 20, 8);
    let outlier = sample[..16].iter().map(|value| -5.0 * value).collect::<Vec<f32>>();
    sample.extend(&outlier);
    let book = trained(&sample, 16, &options(30));
    let (lists, codes, factors) = encoded(&book, &outlier, 1);
    assert!(factors[0].residual_length < 0.05, "alone in its list: {factors:?}");
    let residual = decoded(&book, &codes);
    let estimate = product(&outlier, &centroid(&book, lists[0]))
        + f32_from_f16(factors[0].scale) * product(&outlier, &residual);
    assert!((estimate - product(&outlier, &outlier)).abs() < 0.05 * 25.0, "{estimate}");
}

#[test]
fn what_cannot_be_trained_on_is_refused() {
    let refused = |sample: &[f32], dimension, options: &TrainOptions| {
        let result = train(sample, dimension, options, &Control::default(), &mut |_, _| ());
        assert!(matches!(result, Err(Error::Vector { .. })), "{result:?}");
    };
    refused(&[], 3, &options(1));
    refused(&[1.0; 4], 3, &options(1));
    refused(&[1.0; 4], 0, &options(1));
    refused(&[1.0; 9000], 9000, &options(1));
    refused(&[1.0, f32::NAN], 1, &options(1));
    refused(&[1.0; 4], 2, &TrainOptions { sub_dimension: Some(3), ..options(1) });
}

#[test]
fn progress_ascends_and_cancelling_ends() {
    let sample = rows(3000, 6, 10, 9);
    let mut steps = Vec::new();
    let control = Control::default();
    train(&sample, 6, &options(100), &control, &mut |stage, share| steps.push((stage, share)))
        .expect("valid sample");
    assert!(steps.is_sorted(), "{steps:?}");
    assert_eq!(steps.last(), Some(&(Stage::Points, 1.0)));
    for stage in [Stage::Groups, Stage::Lists, Stage::Refinement, Stage::Points] {
        let token = CancelToken::new();
        let control = Control { cancel: Some(token.clone()), ..Control::default() };
        let mut progress = |at, _| {
            if at == stage {
                token.cancel();
            }
        };
        let result = train(&sample, 6, &options(100), &control, &mut progress);
        assert!(matches!(result, Err(Error::Cancelled)), "{stage:?}");
    }
}

#[test]
fn samples_grow_with_the_rows_and_stay_bounded() {
    assert_eq!(sample_rows(0, 384), 0);
    assert_eq!(sample_rows(1000, 384), 1000);
    assert!(sample_rows(41_000_000, 768) * 768 * 4 <= 1 << 30);
    assert!(sample_rows(41_000_000, 768) >= 300_000);
    assert_eq!(default_lists(120_000, 120_000), 1200);
    assert_eq!(default_lists(41_000_000, 349_525), 58_254);
}

#[test]
fn codebooks_that_do_not_fit_are_refused() {
    let sample = rows(300, 6, 10, 10);
    let whole = trained(&sample, 6, &options(9));
    let breaks: [fn(&mut TrainedCodebook); 10] = [
        |book| book.dimension = 0,
        |book| book.dimension = usize::MAX,
        |book| book.sub_dimension = 0,
        |book| book.group_ends.clear(),
        |book| book.group_ends.reverse(),
        |book| book.centroids.truncate(5),
        |book| book.group_scales.push(0.0),
        |book| book.points.truncate(7),
        |book| book.ranking_codes.truncate(3),
        |book| book.ranking_factors.push(0),
    ];
    for (number, break_it) in breaks.iter().enumerate() {
        let mut book = whole.clone();
        break_it(&mut book);
        assert!(RowEncoder::new(&book.view()).is_err(), "{number}");
    }
    let book = whole.view();
    let encoder = RowEncoder::new(&book).expect("whole");
    let (control, mut codes, mut factors) = (Control::default(), [0; 2], [Factors::default()]);
    assert!(encoder.assign(&sample[..7], 1, &control).is_err());
    let mut encode = |vectors, lists: &[u32]| {
        encoder.encode(vectors, lists, 1, &control, &mut codes, &mut factors)
    };
    assert!(encode(&sample[..6], &[8]).is_ok());
    assert!(encode(&sample[..6], &[9]).is_err());
    assert!(encode(&sample[..5], &[0]).is_err());
    assert!(encode(&sample[..12], &[0, 0]).is_err());
}
