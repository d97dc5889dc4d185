//! Writes `src/text/fold.tsv`, the table of characters that the analyzer folds, from Unicode's data:
//!
//! ```text
//! cargo run --example build_fold --features static-encoder > src/text/fold.tsv
//! ```

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

fn main() {
    println!(
        "# Characters and what they fold to: compatibility decomposition, lower case, marks dropped."
    );
    println!(
        "# Made by `examples/build_fold.rs`; Hangul syllables and characters that stay as they are left out."
    );
    for source in
        ('\u{80}'..=char::MAX).filter(|source| !('\u{ac00}'..='\u{d7a3}').contains(source))
    {
        let mut folded = String::new();
        decompose_compatible(source, |part| {
            folded.extend(part.to_lowercase().filter(|lower| !is_combining_mark(*lower)));
        });
        if !folded.chars().eq([source]) {
            let folded = folded.replace(char::is_whitespace, " ");
            println!("{source}{folded}");
        }
    }
}
