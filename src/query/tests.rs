//! The language as a whole: what parses, what is refused, and that printing and parsing agree.

use proptest::prelude::*;
use proptest::strategy::Strategy as _;

use super::{CautionKind, ClauseKind, QueryTerm, Strategy, SyntaxRule};
use crate::limits::{LINE_NUMBER_MAX, STRATEGY_BYTES_MAX, WILDCARDS_MAX};

fn parse(text: &str) -> Strategy {
    Strategy::parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// The canonical text, which must parse to an equal strategy and print itself.
fn canonical(text: &str) -> String {
    let strategy = parse(text);
    let printed = strategy.to_string();
    let again = parse(&printed);
    assert_eq!(again.lines().len(), strategy.lines().len(), "{text}\n{printed}");
    assert!(again == strategy, "{text}\n{printed}\n{again}");
    assert_eq!(again.to_string(), printed);
    printed
}

fn rule(text: &str) -> SyntaxRule {
    match Strategy::parse(text) {
        Ok(strategy) => panic!("{text} parses as {strategy}"),
        Err(error) => error.rule,
    }
}

fn cautions(text: &str) -> Vec<CautionKind> {
    parse(text).cautions().iter().map(|caution| caution.kind).collect()
}

#[test]
fn texts_have_a_canonical_form() {
    for (text, printed) in [
        ("asthma", "asthma"),
        ("heart  attack [TIAB]", "heart attack[tiab]"),
        ("“heart attack”[Title/Abstract]", "\"heart attack\"[tiab]"),
        ("(((a[ti])) OR ((b[ti])))", "a[ti] OR b[ti]"),
        ("(a[ti] OR b[ti]) AND c[ti]", "(a[ti] OR b[ti]) AND c[ti]"),
        ("a［ti］ AND （b[ti］ OR 2015：2018[dp]）", "a[ti] AND (b[ti] OR 2015:2018[dp])"),
        ("a[ti] AND b[ti] OR c[ti] NOT d[ti]", "a[ti] AND b[ti] OR c[ti] NOT d[ti]"),
        ("a[ti] AND ((b[ti] OR c[ti]) NOT d[ti])", "a[ti] AND ((b[ti] OR c[ti]) NOT d[ti])"),
        ("a[ti]&b[ti]|c[ti]", "a[ti] AND b[ti] OR c[ti]"),
        ("\"a\" \"b\" c d[ti] (e)", "\"a\" AND \"b\" AND c d[ti] AND e"),
        ("(Krintafel[tiab])AND(\"Malaria\"[Mesh])", "Krintafel[tiab] AND \"Malaria\"[mh]"),
        ("Adenocarcinoma, Follicular[mh:noexp]", "Adenocarcinoma, Follicular[mh:noexp]"),
        ("asthma/drug therapy [MeSH Terms]", "asthma/drug therapy[mh]"),
        ("organi*ation*[tw] \"colo* cancer*\"", "organi*ation*[tw] AND \"colo* cancer*\""),
        ("\"hip pain\"[Title/Abstract:~2]", "\"hip pain\"[tiab:~2]"),
        ("\"hip pain\"[ad:~62]", "\"hip pain\"[ad:~62]"),
        ("\"hip pain-relief\"[ad:~61]", "\"hip pain-relief\"[ad:~61]"),
        ("2015 : 2018 [Date - Publication]", "2015:2018[dp]"),
        ("\"2014\"[pdat] : \"2026\"[pdat]", "2014:2026[dp]"),
        ("2014/1[dp]:2016[dp]", "2014/01:2016[dp]"),
        ("\"2015:2018\"[dp]", "2015:2018[dp]"),
        ("\"last 5 Years\"[dp]", "\"last 5 years\"[dp]"),
        ("2020/01/01:3000[edat]", "2020/01/01:3000[edat]"),
        ("asthma hasabstract AND medline[sb]", "asthma AND hasabstract AND medline[sb]"),
        (
            "asthma rating:>3 lung tag:“lung  cancer”",
            "asthma AND rating:>3 AND lung AND tag:\"lung cancer\"",
        ),
        // Without quotation marks, a suffix of Embase.
        ("tag:\"ti\" rating:=Ad", "tag:\"ti\" AND rating:\"Ad\""),
        ("title: subtitle[ti]", "title subtitle[ti]"),
        ("ratio 1:3[ti]", "ratio 1 3[ti]"),
        ("12345678[uid] OR 10.1002/x.1[doi]", "12345678[pmid] OR 10.1002/x.1[aid]"),
        ("CD4+ T-cells, o'brien 1,25-(OH)2D3", "CD4+ T-cells, o'brien 1,25- AND OH AND 2D3"),
        ("cancer = = lung!", "cancer lung"),
        ("liver/de[mh] heart/de", "liver/de[mh] AND heart/de"),
        ("exp Child [mesh]", "Child[mh]"),
        ("cats and dogs or birds", "cats and dogs or birds"),
        ("a[ti] or (b[ti] and c[ti]) not d[ti]", "a[ti] OR (b[ti] AND c[ti]) NOT d[ti]"),
    ] {
        assert_eq!(canonical(text), printed, "{text}");
    }
}

#[test]
fn words_without_a_tag_keep_their_order_and_stay_together() {
    let strategy = parse("child rearing practices AND x");
    let first = strategy.lines()[0].query.clauses().next().expect("a clause").clone();
    let words = QueryTerm { text: "child rearing practices".into(), quoted: false, tag: None };
    assert_eq!((first.kind, first.span), (ClauseKind::Term(words), 0..23));
    let strategy = parse("\"Cervix Uteri/virology\"[mh]");
    let ClauseKind::Term(term) = &strategy.lines()[0].query.clauses().next().expect("one").kind
    else {
        panic!("a term")
    };
    assert_eq!(term.heading(), ("Cervix Uteri", Some("virology")));
}

#[test]
fn operators_are_evaluated_from_left_to_right() {
    let strategy = parse("(a OR b) AND c NOT (d AND e OR f)");
    let shown = strategy.lines()[0].query.fold(
        |clause| Ok::<_, ()>(clause.to_string()),
        |first, rest| {
            Ok(rest
                .into_iter()
                .fold(first, |left, (operator, right)| format!("({left} {operator} {right})")))
        },
    );
    assert_eq!(shown.as_deref(), Ok("(((a OR b) AND c) NOT ((d AND e) OR f))"));
}

#[test]
fn what_is_malformed_is_refused_by_rule() {
    use SyntaxRule::*;
    for (text, expected) in [
        ("", Empty),
        ("  \n ; only a comment\n", Empty),
        ("= !", Empty),
        ("()", Empty),
        ("a AND ()", Empty),
        ("(a", UnbalancedBracket),
        ("a)", UnbalancedBracket),
        ("a[ti", UnbalancedTag),
        ("a]", UnbalancedTag),
        ("a[b[ti]]", UnbalancedTag),
        ("\"a", UnbalancedQuote),
        ("Serology\"[MeSH]", UnbalancedQuote),
        ("tag:\"lung", UnbalancedQuote),
        ("\"a\nb\"", UnbalancedQuote),
        ("AND a", DanglingOperator),
        ("a AND", DanglingOperator),
        ("a AND OR b", DanglingOperator),
        ("a AND NOT b", DanglingOperator),
        ("(a OR) b", DanglingOperator),
        ("NOT a", DanglingOperator),
        ("a[tiabs]", UnknownTag),
        ("a[]", UnknownTag),
        ("benzo[a]pyrene", UnknownTag),
        ("(a OR b)[ti]", MisplacedTag),
        ("a[ti][ab]", MisplacedTag),
        ("\"asthma\"/drug therapy[mh]", MisplacedSubheading),
        ("[ti]", EmptyTerm),
        ("a AND [ti]", EmptyTerm),
        ("\"\"[ti]", EmptyTerm),
        ("\" - \"", EmptyTerm),
        ("a[ti:noexp]", TagModifier),
        ("a[mh:explode]", TagModifier),
        ("\"a b\"[mh:~2]", Proximity),
        ("\"a b\"[ti:~x]", Proximity),
        ("\"heart att*\"[ti]", ShortWildcard),
        ("\"#*ab*\"", ShortWildcard),
        ("\"heart attac*\"[ti:~2]", Proximity),
        ("\"hip pain\"[ti:~63]", Proximity),
        ("\"hip pain relief\"[ad:~62]", Proximity),
        ("can*[ti]", ShortWildcard),
        ("5-H*", ShortWildcard),
        ("-cat*[ti]", ShortWildcard),
        ("\"(cat*\"", ShortWildcard),
        ("2015:2014[dp]", Date),
        ("2015/13[dp]", Date),
        ("2015:present[dp]", Date),
        ("2015:2018", Date),
        ("\"2014\" : \"2016\"[dp]", Date),
        ("\"2014\"[dp] : \"2016\"[edat]", Date),
        ("\"2014\"[dp] : 2016", Date),
        ("a[ti]:b[ti]", Date),
        ("a[ti] OR 1:3[pmid]", Date),
        ("10 : 12[vi]", Date),
        ("x:y[ti]", TypedField),
        ("rating:>high", TypedField),
        ("rating:5..1", TypedField),
        ("tag:\"\"", TypedField),
        ("#1", UnknownLine),
        ("a\n#1 AND #3\nb", UnknownLine),
        ("a\n#2", UnknownLine),
        ("1. a\n1. b", LineNumber),
        ("1. a[ti]\nb[ti]\n2. c", LineNumber),
        ("1. a\n2.", Empty),
        ("exp Asthma/", ForeignSyntax),
        ("asthma.ti,ab.", ForeignSyntax),
        ("(asthma OR wheeze).tw.", ForeignSyntax),
        ("asthma adj3 child", ForeignSyntax),
        ("asthma NEAR/3 child", ForeignSyntax),
        ("1. a\n2. b\n3. or/1-2", ForeignSyntax),
        ("'asthma'/exp OR 'asthma':ti,ab", ForeignSyntax),
        ("asthma:ti,ab,kw", ForeignSyntax),
        ("\"asthma\":ti,ab", ForeignSyntax),
        ("TS=(asthma)", ForeignSyntax),
        ("MH \"Asthma+\"", ForeignSyntax),
    ] {
        assert_eq!(rule(text), expected, "{text}");
    }
}

#[test]
fn errors_have_a_place_and_a_picture() {
    let error =
        Strategy::parse("1. asthma[mh]\n2. #1 AND lung[tiabs]").expect_err("an unknown tag");
    assert_eq!((error.place.line, error.place.column, error.place.offset), (2, 15, 28));
    let shown = crate::Error::from(error);
    assert_eq!(
        shown.to_string(),
        "line 2, column 15: unknown tag `[tiabs]` (did you mean `[tiab]`?) [unknown_tag]\n\
         2. #1 AND lung[tiabs]\n              ^^^^^^^"
    );
    assert_eq!(shown.code(), "strategy");
    let open = Strategy::parse("a AND (b OR (c AND d)").expect_err("open");
    assert_eq!(open.place.column, 7, "the bracket that is open, not the end");
}

#[test]
fn what_may_be_meant_otherwise_is_cautioned() {
    use CautionKind::*;
    for (text, expected) in [
        ("a[ti] AND b[ti] OR c[ti]", vec![]),
        ("asthma child", vec![]),
        ("a[ti] OR b[ti] AND c[ti]", vec![LeftToRight]),
        ("(a[ti] OR b[ti]) AND c[ti]", vec![]),
        ("a[ti] b[ti]", vec![]),
        ("a[ti] b[ti] OR c[ti]", vec![ImplicitAnd]),
        ("a[ti] or b[ti]", vec![LowerCaseOperator]),
        ("cats or dogs", vec![OperatorAsWord]),
        ("cats and dogs", vec![]),
        ("asthma 2015", vec![BareYear]),
        ("asthma 2015[ti] AND 20155 AND \"2015\" AND 2015[dp] AND 1500", vec![]),
        ("“a” OR “b” OR \"c”", vec![CurlyQuotes]),
        ("(a OR b)* AND c", vec![StrayWildcard]),
        ("*Staphylococcus[mh]", vec![StrayWildcard]),
        ("\"risk *\"[mh:noexp]", vec![StrayWildcard]),
        ("cholangio?pancreatogra*[ti]", vec![StrayWildcard]),
        ("really?", vec![StrayWildcard]),
        ("a[ab]", vec![OwnField]),
        ("exp Child[mh]", vec![RedundantExplode]),
        ("a\nb\n1 or 2", vec![BareReference, LowerCaseOperator, BareReference]),
        ("a\nb\n#1 AND asthma[mh] AND 2", vec![BareNumber]),
        ("1 The population\nasthma[mh]\n2. child[mh]", vec![Heading]),
    ] {
        assert_eq!(cautions(text), expected, "{text}");
    }
    let many = parse(&"a[ti] or ".repeat(100).trim_end_matches("or ").replace("  ", " "));
    assert_eq!(many.cautions().len(), crate::limits::CAUTIONS_MAX);
    assert!(many.cautions().last().expect("some").detail.ends_with("(and at 91 more places)"));
}

#[test]
fn lines_are_joined_numbered_and_named() {
    for (text, printed) in [
        ("a[ti]\nOR b[ti]", "a[ti] OR b[ti]"),
        ("(a[ti]\nb[ti])", "a[ti] AND b[ti]"),
        ("a[ti] AND\n\n; why\nb[ti]", "a[ti] AND b[ti]"),
        ("a[ti]\n// note\n# note\nb[ti]\n#1 OR #2", "1. a[ti]\n2. b[ti]\n3. #1 OR #2"),
        ("1. a[ti]\n2. b[ti]\n3. 1 and 2", "1. a[ti]\n2. b[ti]\n3. #1 AND #2"),
        ("#1 a[ti]\n#2 b[ti]\n#3 #1 AND #2", "1. a[ti]\n2. b[ti]\n3. #1 AND #2"),
        ("1 a[ti]\n2 b[ti]\n3 1 not 2", "1. a[ti]\n2. b[ti]\n3. #1 NOT #2"),
        ("1 alpha hydroxylase", "1 alpha hydroxylase"),
        ("1 alpha hydroxylase\n21 hydroxylase", "1. 1 alpha hydroxylase\n2. 21 hydroxylase"),
        ("5. a[ti]\n7. #5 AND b", "5. a[ti]\n7. #5 AND b"),
        ("1. a[ti] OR\nb[ti]\n2. c", "1. a[ti] OR b[ti]\n2. c"),
        ("1. Who\na[ti]\n2. What\nb[ti]\nAll\n1 AND 2", "1. a[ti]\n2. b[ti]\n3. #1 AND #2"),
        (
            "1 Who\n1a\na[ti]\n1b\nb[ti]\nA. 1a or 1b\nFinal: A not 1b",
            "1a. a[ti]\n1b. b[ti]\n#A. #1a OR #1b\n2. #A NOT #1b",
        ),
        ("5. c\nB. 5\nOR r", "5. c\n#B. 5 OR r"),
        ("1. a\n#B. cereus\n2. #B OR #1", "1. a\n#B. cereus\n2. #B OR #1"),
        ("1. a\n2. c OR\nB. cereus[ti]", "1. a\n2. c OR B cereus[ti]"),
        ("1. a\n", "a"),
        ("\u{feff}a\r\nb\r\n", "1. a\n2. b"),
        ("1. a[ti]\r2. b\r3. #1 AND #2\r", "1. a[ti]\n2. b\n3. #1 AND #2"),
    ] {
        assert_eq!(canonical(text), printed, "{text}");
    }
}

#[test]
fn headings_are_kept_beside_their_queries() {
    let strategy = parse("1. Who: all\na[ti]\n2. b[ti]\nFinal set: 1 or 2");
    let titles: Vec<Option<&str>> =
        strategy.lines().iter().map(|line| line.title.as_deref()).collect();
    assert_eq!(titles, [Some("Who: all"), None, Some("Final set")]);
    assert_eq!(strategy.lines()[2].query.to_string(), "#1 OR #2");
}

#[test]
fn limits_hold() {
    let wild = |count: usize| vec!["abcd*"; count].join(" OR ");
    assert_eq!(parse(&wild(WILDCARDS_MAX)).lines().len(), 1);
    assert_eq!(rule(&wild(WILDCARDS_MAX + 1)), SyntaxRule::TooManyWildcards);
    let lines = |count: u32| "a\n".repeat(count as usize);
    assert_eq!(parse(&lines(LINE_NUMBER_MAX)).lines().len(), LINE_NUMBER_MAX as usize);
    assert_eq!(rule(&lines(LINE_NUMBER_MAX + 1)), SyntaxRule::TooLong);
    assert_eq!(rule(&" ".repeat(STRATEGY_BYTES_MAX + 1)), SyntaxRule::TooLong);
}

#[test]
fn deep_and_long_queries_do_not_overflow_the_stack() {
    let depth = 100_000;
    for inside in ["a", "a AND b"] {
        let text = format!("{}{inside}{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(canonical(&text), inside);
    }
    let nested = format!("{}a{}", "(b OR ".repeat(depth), ")".repeat(depth));
    let strategy = parse(&nested);
    assert!(strategy.clone() == strategy);
    assert_eq!(strategy.to_string().len(), nested.len() - 2, "without the outermost brackets");
    let left = format!("{}a{}", "(".repeat(depth), " OR b)".repeat(depth));
    assert_eq!(canonical(&left).len(), left.len() - 2);
    assert_eq!(rule(&"(".repeat(depth)), SyntaxRule::UnbalancedBracket);
    assert_eq!(rule(&")".repeat(depth)), SyntaxRule::UnbalancedBracket);
    let hedge: Vec<String> = (0..50_000).map(|number| format!("term{number}[tiab]")).collect();
    let hedge = hedge.join(" OR ");
    assert_eq!(canonical(&hedge), hedge);
}

/// The steps that a parse takes must not grow faster than the text: worst cases of each part.
#[test]
fn parsing_is_linear() {
    for part in [
        "a ",
        "a[ti] or ",
        "“a” ",
        "abcd? ",
        "exp ",
        "a:",
        "#",
        "a\n",
        "1. ",
        "a. ",
        "((",
        "x:y ",
        "a[ti] b[ti] OR ",
        "*",
        "-*",
        "\"-*\" ",
        "abcd*",
        "a-",
        "[",
        "\"",
        "1:",
        "a\u{301}",
    ] {
        let text = part.repeat(400_000 / part.len());
        let parsed = Strategy::parse(&text);
        if let Ok(strategy) = parsed {
            assert!(!strategy.lines().is_empty());
        }
    }
}

/// Words of the language, put together at random.
fn pieces() -> impl proptest::strategy::Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "asthma",
        "1",
        "2",
        "1a",
        "A",
        "or",
        "and",
        "not",
        "AND",
        "OR",
        "NOT",
        "(",
        ")",
        "\"",
        "“",
        "[ti]",
        "[mh:noexp]",
        "[tiab:~2]",
        "[dp]",
        "[ab]",
        "（",
        "］",
        "2015",
        "2015/02",
        ":",
        "*",
        "abcd*",
        "ab*",
        "#1",
        "#",
        "\n",
        "1. ",
        "#2 ",
        "A. ",
        "#B. ",
        "tag:x",
        "tag:\"ti\"",
        "tag:=Ad",
        "r:>3",
        "r:1..2",
        "hasabstract",
        "exp",
        "/",
        ",",
        ".",
        "?",
        "=",
        ";",
        "//",
        "&",
        "|",
        "last 5 years",
        "-",
        "+",
        "β",
        "[",
        "]",
        "x/th",
        "a.b",
        "\t",
        "'",
    ]);
    let spaced = (piece, prop::sample::select(vec!["", " ", " "]));
    prop::collection::vec(spaced, 0..24)
        .prop_map(|pieces| pieces.iter().flat_map(|(piece, space)| [*piece, *space]).collect())
}

/// A clause as text.
fn leaf() -> impl proptest::strategy::Strategy<Value = String> {
    prop_oneof![
        "[a-z]{4,8}( [a-z]{4,8}){0,2}",
        "\"[a-z0-9+./-]{1,3}[a-z]{4}( [a-z(,]{4,8})?\"\\[(ti|tiab|mh|majr:noexp|tiab:~3)\\]",
        "[a-z]{4,8}\\*?\\[(tw|all|pt|ot)\\]",
        "(19|20)[0-9]{2}(/0[1-9])?:3000\\[(dp|edat|crdt)\\]",
        "[a-z]{1,5}:(<|>=|)[1-9][0-9]{0,2}",
    ]
}

/// A query as text, fully bracketed.
fn query() -> impl proptest::strategy::Strategy<Value = String> {
    leaf().prop_recursive(6, 48, 5, |inner| {
        let operator = prop::sample::select(vec![" AND ", " OR ", " NOT "]);
        (inner.clone(), prop::collection::vec((operator, inner), 1..5)).prop_map(|(first, rest)| {
            let mut text = format!("({first}");
            rest.iter().for_each(|(operator, part)| text.extend([*operator, part.as_str()]));
            text + ")"
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn random_pieces_never_panic_and_round_trip(text in pieces()) {
        if Strategy::parse(text.as_str()).is_ok() {
            canonical(&text);
        }
    }

    #[test]
    fn random_text_never_panics(text in "(?s).{0,64}") {
        match Strategy::parse(text.as_str()) {
            Ok(_) => { canonical(&text); }
            Err(error) => prop_assert!(error.place.offset <= text.len()),
        }
    }

    #[test]
    fn random_queries_print_as_they_were_written(text in query()) {
        let printed = canonical(&text);
        let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(&text);
        prop_assert_eq!(printed, inner);
    }

    #[test]
    fn spans_are_where_the_clauses_stand(first in leaf(), second in leaf()) {
        let text = format!("({first}) AND {second}");
        let strategy = parse(&text);
        let clauses = strategy.lines()[0].query.clauses();
        let written: Vec<&str> = clauses.map(|clause| &text[clause.span.clone()]).collect();
        prop_assert_eq!(written, [first.as_str(), second.as_str()]);
    }
}
