use proptest::prelude::*;

use super::super::{Measure, MeasureKind};

fn printed(text: &str) -> String {
    text.parse::<Measure>().unwrap().to_string()
}

#[test]
fn names_of_ir_measures_print_as_they_are() {
    for name in [
        "nDCG",
        "nDCG@10",
        "AP",
        "AP@100",
        "AP(rel=2)",
        "AP(rel=2)@10",
        "RR",
        "RR@10",
        "R@1000",
        "P@1",
        "Rprec",
        "Bpref",
        "Judged",
        "Judged@10",
        "Success@5",
        "SetP",
        "SetR(rel=3)",
    ] {
        assert_eq!(printed(name), name);
        assert_eq!(printed(&name.to_ascii_uppercase()), name);
        assert_eq!(printed(&name.to_ascii_lowercase()), name);
    }
}

#[test]
fn other_names_are_understood() {
    for (name, expected) in [
        ("ndcg_cut.10", "nDCG@10"),
        ("ndcg_cut_10", "nDCG@10"),
        ("ndcg", "nDCG"),
        ("map", "AP"),
        ("MAP@5", "AP@5"),
        ("map_cut.100", "AP@100"),
        ("recip_rank", "RR"),
        ("MRR@10", "RR@10"),
        ("recall.100", "R@100"),
        ("Recall@7", "R@7"),
        ("P.5", "P@5"),
        ("P_5", "P@5"),
        ("Precision@5", "P@5"),
        ("success_1", "Success@1"),
        ("set_recall", "SetR"),
        ("set_P", "SetP"),
        (" AP ( rel = 1 ) @ 10 ", "AP@10"),
        ("AP(rel=2, cutoff=5)", "AP(rel=2)@5"),
        ("AP()", "AP"),
    ] {
        assert_eq!(printed(name), expected, "{name}");
    }
}

#[test]
fn other_texts_are_refused_with_a_reason() {
    for (name, reason) in [
        ("nDCG@0", "the cutoff must be at least 1"),
        ("ndcg_cut.0", "the cutoff must be at least 1"),
        ("AP(rel=0)", "the relevance level must be at least 1, not 0"),
        ("nDCG(rel=2)@10", "it has no relevance level; leave `rel` out"),
        ("Judged(rel=2)@10", "it has no relevance level; leave `rel` out"),
        ("P", "it needs a cutoff, such as `P@10`"),
        ("recall", "it needs a cutoff, such as `R@10`"),
        ("ndcg_cut", "it needs a cutoff, such as `ndcg_cut.10`"),
        ("Bpref@10", "it has no cutoff; leave it out"),
        ("P@", "the cutoff `` is not a whole number from 1 to 4294967295"),
        ("P@ten", "the cutoff `ten` is not a whole number from 1 to 4294967295"),
        ("P@+1", "the cutoff `+1` is not a whole number from 1 to 4294967295"),
        ("P@4294967296", "the cutoff `4294967296` is not a whole number from 1 to 4294967295"),
        ("P.5@5", "the cutoff is given twice"),
        ("AP(cutoff=5)@5", "the cutoff is given twice"),
        ("P.5,10", "give one cutoff per measure"),
        ("AP(rel=2", "the bracket is not closed"),
        ("AP(gain=2)", "unknown parameter `gain`; known are rel, cutoff"),
    ] {
        let error = name.parse::<Measure>().unwrap_err();
        assert_eq!(error.to_string(), format!("measure `{name}`: {reason}"));
    }
    for name in ["", "@", "@10", "ERR@10", "Rprec.10", "bpref_5", "(", "()", "µ@1"] {
        assert!(name.parse::<Measure>().is_err(), "{name}");
    }
}

#[test]
fn constructors_and_names_agree() {
    let measure = Measure::new(MeasureKind::Ap, Some(10), 2).unwrap();
    assert_eq!(measure, "AP(rel=2)@10".parse().unwrap());
    assert!(Measure::new(MeasureKind::Ndcg, Some(0), 1).is_err());
    let error = Measure::new(MeasureKind::Success, None, 1).unwrap_err();
    assert_eq!(error.to_string(), "measure `Success`: it needs a cutoff, such as `Success@10`");
}

proptest! {
    #[test]
    fn what_is_printed_parses_to_an_equal_measure(
        kind in 0usize..11, cutoff in prop::option::of(1u32..), level in 1i64..=i64::from(u32::MAX)
    ) {
        let kind = super::super::measure::FORMS[kind].kind;
        for (cutoff, level) in [(cutoff, level), (cutoff, 1), (None, level), (None, 1)] {
            if let Ok(measure) = Measure::new(kind, cutoff, level) {
                prop_assert_eq!(measure.to_string().parse(), Ok(measure));
            }
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,12}", near in "[a-zA-Z_.@()=,0-9 ]{0,16}") {
        let _ = text.parse::<Measure>();
        let _ = near.parse::<Measure>();
    }
}
