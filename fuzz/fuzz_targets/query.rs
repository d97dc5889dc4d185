//! Arbitrary text as a search strategy: what parses prints itself and parses to the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec::query::Strategy;

fuzz_target!(|text: &str| {
    match Strategy::parse(text) {
        Ok(strategy) => {
            let printed = strategy.to_string();
            let again = Strategy::parse(printed.as_str()).expect("what is printed can be read");
            assert!(again == strategy, "{text:?} prints as {printed:?}");
            assert_eq!(again.to_string(), printed);
            for clause in strategy.lines().iter().flat_map(|line| line.query.clauses()) {
                assert!(text.get(clause.span.clone()).is_some(), "a clause stands in the text");
            }
        }
        Err(error) => assert!(error.place.offset <= text.len()),
    }
});
