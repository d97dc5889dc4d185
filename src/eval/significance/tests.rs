use proptest::prelude::*;

use super::random::SplitMix64;
use super::*;

fn test(first: &[f64], second: &[f64]) -> RandomizationTest {
    randomization_test(first, second, RandomizationOptions::default()).unwrap()
}

#[test]
fn the_generator_gives_the_published_numbers() {
    // The reference implementation's first outputs for the seed 1234567 (Vigna, splitmix64.c).
    let mut random = SplitMix64::new(1_234_567);
    let expected =
        [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
    assert_eq!([random.next(), random.next(), random.next()], expected);
    assert_eq!(random.below(0), 0);
    let mut counts = [0u32; 3];
    for _ in 0..30_000 {
        counts[random.below(3) as usize] += 1;
    }
    assert!(counts.iter().all(|count| (9_700..10_300).contains(count)), "{counts:?}");
}

#[test]
fn few_pairs_are_counted_exactly() {
    // Signs of 1, 2, 3: sums of size 6 in 2 of 8 assignments.
    let found = test(&[0.0, 0.0, 0.0, 5.0], &[1.0, 2.0, 3.0, 5.0]);
    assert_eq!((found.p_value, found.is_exact), (0.25, true));
    assert_eq!((found.pairs, found.differing, found.difference), (4, 3, 1.5));
    // Equal sides: nothing is more extreme than no difference.
    assert_eq!(test(&[1.0, 2.0], &[1.0, 2.0]).p_value, 1.0);
    // Sums that are equal and round differently: 0.1 + 0.2 - 0.3 under both signs of each.
    assert_eq!(test(&[0.0; 3], &[0.1, 0.2, -0.3]).p_value, 1.0);
}

#[test]
fn sampled_and_exact_values_agree() {
    let second: Vec<f64> = (0..EXACT_PAIRS_MAX).map(|i| (i * 7 % 11) as f64 / 11.0 - 0.3).collect();
    let first = vec![0.0; second.len()];
    let exact = test(&first, &second);
    assert!(exact.is_exact);
    // A pair that hardly differs makes it one too many to count.
    let (mut first, mut second) = (first, second);
    first.push(0.0);
    second.push(1e-13);
    let sampled = test(&first, &second);
    assert!(!sampled.is_exact);
    assert!((exact.p_value - sampled.p_value).abs() < 0.006, "{exact:?} {sampled:?}");
    assert_eq!(sampled, test(&first, &second));
    let other = RandomizationOptions::default().seed(1);
    let other = randomization_test(&first, &second, other).unwrap();
    assert_ne!(sampled.p_value, other.p_value);
}

#[test]
fn a_sampled_value_is_never_zero() {
    let found = test(&[0.0; 200], &[1.0; 200]);
    assert_eq!(found.p_value, 1.0 / 100_001.0);
}

#[test]
fn intervals_hold_the_mean_and_do_not_move() {
    let values: Vec<f64> = (0..200).map(|i| f64::from(i % 10)).collect();
    let found = bootstrap_mean(&values, BootstrapOptions::default().seed(7)).unwrap();
    // Mean 4.5, standard error sqrt(8.25 / 200) = 0.203.
    assert_eq!(found.estimate, 4.5);
    assert!((found.low - 4.102).abs() < 0.03 && (found.high - 4.898).abs() < 0.03, "{found:?}");
    assert_eq!(found, bootstrap_mean(&values, BootstrapOptions::default().seed(7)).unwrap());
    let narrow = BootstrapOptions::default().seed(7).confidence(0.5);
    let narrow = bootstrap_mean(&values, narrow).unwrap();
    assert!(found.low < narrow.low && narrow.high < found.high);
    let moved: Vec<f64> = values.iter().map(|value| value + 1.0).collect();
    let paired = bootstrap_difference(&values, &moved, BootstrapOptions::default()).unwrap();
    assert_eq!((paired.low, paired.estimate, paired.high), (1.0, 1.0, 1.0));
}

#[test]
fn holm_steps_down() {
    // The example of R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm").
    let found = holm(&[0.01, 0.04, 0.03, 0.005]).unwrap();
    for (found, expected) in found.iter().zip([0.03, 0.06, 0.06, 0.02]) {
        assert!((found - expected).abs() < 1e-15);
    }
    assert_eq!(holm(&[]).unwrap(), [0.0; 0]);
    assert_eq!(holm(&[0.9, 0.8]).unwrap(), [1.0, 1.0]);
    assert_eq!(holm(&[1.5]), Err(StatisticsError::PValue(1.5)));
    assert!(holm(&[f64::NAN]).is_err());
}

#[test]
fn what_cannot_be_tested_is_refused() {
    let defaults = RandomizationOptions::default();
    let few = StatisticsError::TooFew { needed: 1, given: 0 };
    assert_eq!(randomization_test(&[], &[], defaults), Err(few));
    assert_eq!(
        randomization_test(&[1.0], &[], defaults),
        Err(StatisticsError::UnequalLengths { first: 1, second: 0 })
    );
    assert_eq!(randomization_test(&[1.0], &[f64::NAN], defaults), Err(StatisticsError::NotFinite));
    assert_eq!(
        randomization_test(&[1.0], &[2.0], defaults.rounds(0)),
        Err(StatisticsError::NoRounds)
    );
    let defaults = BootstrapOptions::default();
    assert_eq!(bootstrap_mean(&[], defaults), Err(few));
    assert_eq!(bootstrap_mean(&[f64::MAX, 1.0], defaults), Err(StatisticsError::NotFinite));
    assert_eq!(bootstrap_mean(&[1.0], defaults.rounds(0)), Err(StatisticsError::NoRounds));
    for confidence in [0.0, 1.0, f64::NAN] {
        assert!(bootstrap_mean(&[1.0], defaults.confidence(confidence)).is_err());
    }
}

#[test]
fn values_are_joined_by_query() {
    let side = |pairs: &[(&str, f64)]| {
        pairs.iter().map(|(query, value)| ((*query).to_owned(), *value)).collect()
    };
    let (first, second) = (
        side(&[("a", 1.0), ("b", 2.0), ("c", 3.0)]),
        side(&[("c", 4.0), ("b", 5.0), ("d", 6.0), ("e", 7.0)]),
    );
    let paired = Paired::join(&first, &second);
    assert_eq!(paired, Paired { first: vec![2.0, 3.0], second: vec![5.0, 4.0], left_out: 3 });
    let paired = Paired::over(["a", "c", "z"], &first, &second);
    let expected = Paired { first: vec![1.0, 3.0, 0.0], second: vec![0.0, 4.0, 0.0], left_out: 0 };
    assert_eq!(paired, expected);
}

proptest! {
    #[test]
    fn the_exact_value_is_the_share_of_all_assignments(
        pairs in prop::collection::vec((0i32..6, 0i32..6), 1..10)
    ) {
        let (first, second): (Vec<f64>, Vec<f64>) =
            pairs.iter().map(|(a, b)| (f64::from(*a), f64::from(*b))).unzip();
        // Plainly, over all pairs and in whole numbers.
        let differences: Vec<i32> = pairs.iter().map(|(a, b)| b - a).collect();
        let observed = differences.iter().sum::<i32>().abs();
        let extreme = (0..1u32 << differences.len()).filter(|signs| {
            let sum: i32 = differences
                .iter()
                .enumerate()
                .map(|(bit, d)| if signs >> bit & 1 == 1 { -d } else { *d })
                .sum();
            sum.abs() >= observed
        });
        let expected = extreme.count() as f64 / f64::from(1u32 << differences.len());
        let found = test(&first, &second);
        prop_assert!((found.p_value - expected).abs() < 1e-12);
        // Sides exchanged, the test is the same.
        let exchanged = test(&second, &first);
        prop_assert_eq!(found.p_value, exchanged.p_value);
        prop_assert_eq!(found.difference, -exchanged.difference);
    }

    #[test]
    fn bounds_lie_in_order_among_the_values(
        values in prop::collection::vec(-1e3f64..1e3, 1..20), seed: u64
    ) {
        let options = BootstrapOptions::default().seed(seed).rounds(200);
        let found = bootstrap_mean(&values, options).unwrap();
        let least = values.iter().copied().fold(f64::MAX, f64::min);
        let greatest = values.iter().copied().fold(f64::MIN, f64::max);
        prop_assert!(least - 1e-9 <= found.low);
        prop_assert!(found.low <= found.high);
        prop_assert!(found.high <= greatest + 1e-9);
    }

    #[test]
    fn adjusted_values_keep_their_order_and_never_shrink(
        values in prop::collection::vec(0.0f64..=1.0, 0..12)
    ) {
        let adjusted = holm(&values).unwrap();
        for (i, value) in values.iter().enumerate() {
            prop_assert!(adjusted[i] >= *value && adjusted[i] <= 1.0);
            for (j, other) in values.iter().enumerate() {
                prop_assert!(value > other || adjusted[i] <= adjusted[j]);
            }
        }
    }
}
