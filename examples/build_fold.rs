//! Writes the tables of characters that the analyzer goes by, from Unicode's data: how they fold, and which are letters and
//! digits.
//!
//! ```text
//! cargo run --example build_fold --features static-encoder > src/text/fold.tsv
//! cargo run --example build_fold --features static-encoder -- letters > src/text/letters.tsv
//! ```

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("letters") => letters(),
        _ => folds(),
    }
}

fn folds() {
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

/// Runs of letters and digits, those of the compiler.
fn letters() {
    let (major, minor, update) = char::UNICODE_VERSION;
    println!("# Unicode {major}.{minor}.{update}");
    println!("# Characters beyond ASCII that are letters (l), digits (n) or both (b).");
    println!("# Made by `examples/build_fold.rs`.");
    let mut runs: Vec<(u32, u32, char)> = Vec::new();
    for ch in '\u{80}'..=char::MAX {
        let kind = match (ch.is_alphabetic(), ch.is_numeric()) {
            (true, true) => 'b',
            (true, false) => 'l',
            (false, true) => 'n',
            (false, false) => continue,
        };
        let code = u32::from(ch);
        match runs.last_mut() {
            Some((_, last, known)) if *last + 1 == code && *known == kind => *last = code,
            _ => runs.push((code, code, kind)),
        }
    }
    for (first, last, kind) in runs {
        match first == last {
            true => println!("{first:X} {kind}"),
            false => println!("{first:X}-{last:X} {kind}"),
        }
    }
}
