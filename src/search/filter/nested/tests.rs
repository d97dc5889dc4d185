use super::*;
use crate::search::check::check;
use crate::search::filter::FieldTest;

/// As deep as asked for, in the three ways that loops nest.
fn chains(depth: u32) -> [Filter; 3] {
    let part = |number: u32| Filter::years(number % 3000, number % 3000);
    let mut all = [part(0), part(0), part(0)];
    for number in 1..depth {
        let [or, mixed, not] = all;
        all = [
            Filter::Or(vec![or, part(number)]),
            match number % 2 {
                0 => Filter::And(vec![part(number), mixed]),
                _ => Filter::Or(vec![mixed, part(number)]),
            },
            Filter::Not(Box::new(not)),
        ];
    }
    all
}

/// A stack smaller than any thread has.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 << 10).spawn(run);
    thread.expect("starts").join().expect("returns");
}

#[test]
fn a_filter_of_any_depth_is_printed_copied_compared_and_dropped() {
    on_a_small_stack(|| {
        for filter in chains(100_000) {
            let copy = filter.clone();
            assert_eq!(filter, copy);
            let text = format!("{filter:?}");
            assert_eq!(text, format!("{copy:#?}"));
            let parts = filter.parts().count();
            assert_eq!(parts, text.matches(['(', '{']).count());
            assert!(check(&filter).is_ok());
            let words = filter.to_string();
            assert!(words.len() > 100_000);
            assert_eq!(words.matches('(').count(), words.matches(')').count());
            let other = Filter::Not(Box::new(copy));
            assert_ne!(filter, other);
            assert_ne!(other.clone().and(filter), other);
        }
    });
}

#[test]
fn what_is_wrong_deep_inside_is_found() {
    on_a_small_stack(|| {
        for mut filter in chains(10_000) {
            filter = Filter::Or(vec![Filter::years(2020, 2010), filter]);
            for _ in 0..10_000 {
                filter = Filter::Not(Box::new(filter));
            }
            let error = check(&filter).expect_err("the range is reversed").to_string();
            assert!(error.contains("2020:2010"), "{error}");
        }
    });
}

#[test]
fn prints_as_a_derived_debug_would() {
    let field = |test| Filter::Field { name: "n".into(), test };
    let filter = Filter::And(vec![
        Filter::mesh("a").and(Filter::All),
        Filter::Or(vec![]),
        Filter::Not(Box::new(Filter::HasAbstract)),
        Filter::Or(vec![field(FieldTest::Is("x".into())), Filter::Journal("j".into())]),
    ]);
    let expected = "And([Mesh { term: \"a\", major_only: false, explode: true }, Or([]), Not(HasAbstract), \
        Or([Field { name: \"n\", test: Is(\"x\") }, Journal(\"j\")])])";
    assert_eq!(format!("{filter:?}"), expected);
    assert_eq!(format!("{:?}", Filter::All), "All");
}

#[test]
fn parts_of_and_are_joined() {
    let [a, b, c] = [Filter::HasAbstract, Filter::years(1, 2), Filter::mesh("c")];
    let both = a.clone().and(b.clone());
    assert_eq!(both, Filter::And(vec![a.clone(), b.clone()]));
    assert_eq!(both.and(c.clone()), Filter::And(vec![a.clone(), b, c]));
    assert_eq!(Filter::All.and(a.clone()), a);
    assert_eq!(a.clone().and(Filter::All), a);
    assert_ne!(Filter::And(vec![]), Filter::Or(vec![]));
}

#[test]
fn parts_of_or_are_joined_and_two_negations_are_none() {
    let [a, b, c] = [Filter::HasAbstract, Filter::years(1, 2), Filter::mesh("c")];
    let any = a.clone() | b.clone() | c.clone();
    assert_eq!(any, Filter::Or(vec![a.clone(), b.clone(), c.clone()]));
    assert_eq!(Filter::Or(vec![]).or(a.clone()), Filter::Or(vec![a.clone()]));
    assert_eq!(Filter::All.or(a.clone()), Filter::Or(vec![Filter::All, a.clone()]));
    assert_eq!(!a.clone(), Filter::Not(Box::new(a.clone())));
    assert_eq!(!!any.clone(), any);
    assert_eq!(a.clone() & b.clone() & c.clone(), Filter::And(vec![a, b, c]));
}

#[test]
fn filters_are_joined_and_negated_in_loops() {
    on_a_small_stack(|| {
        let part = |number: u32| Filter::years(number % 3000, number % 3000);
        let (mut left, mut right, mut not) = (part(0), part(0), part(0));
        for number in 1..100_000 {
            left = left | part(number);
            right = part(number) & right;
            not = !not;
        }
        assert!(matches!(&left, Filter::Or(parts) if parts.len() == 100_000));
        assert_eq!(right.parts().count(), 2 * 100_000 - 1);
        assert_eq!(not, !part(0));
    });
}
