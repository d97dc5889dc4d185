//! Forged databases: fields of every file changed under right checksums, ids, lengths and names. A
//! forged database is refused with an error that names a file and a rule, or every answer is that
//! of a reader that knows only `format-spec/`. Never a panic, never an overflow.
//!
//! `MEDVEC_FORGED_MUTANTS` is how many are made, `MEDVEC_FORGED_SEED` the first one's number.

#[path = "../common/mod.rs"]
mod common;
#[path = "../spec/document.rs"]
#[allow(dead_code)]
mod document;
#[path = "../spec/reader.rs"]
mod reader;
#[path = "../spec/text.rs"]
#[allow(dead_code)]
mod text;

mod base;
#[allow(dead_code)]
mod choices;
mod documents;
mod memory;
mod mutate;
mod oracle;
mod parts;
mod plain;
mod segments;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use choices::Choices;
use medvec::Error;
use medvec::format::rules::Rule;
use oracle::{Care, Verdict};
use parts::Files;

/// Memory that opening, verifying and searching may take besides twice the files.
const SPARE_BYTES: usize = 16 << 20;

/// Rules about fields of different files, or of different parts of one.
const AGREEMENTS: &[Rule] = &[
    Rule::KeyIndex,
    Rule::DocumentKey,
    Rule::UniqueKey,
    Rule::Count,
    Rule::SegmentMeta,
    Rule::ManifestTombstones,
    Rule::Tombstones,
    Rule::PostingContent,
    Rule::ColumnContent,
    Rule::TextBytes,
    Rule::Codebook,
    Rule::IndexCodebook,
    Rule::WriteFeatures,
    Rule::VectorLength,
    Rule::CalibrationLists,
    Rule::Numbers,
    Rule::SegmentCounts,
];

fn from_environment(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |value| value.parse().expect("a number"))
}

/// Makes one mutant; says what was done to it, and what became of it.
fn forge(seed: u64) -> (String, Verdict) {
    let mut choices = Choices::seeded(seed);
    let bases = base::all();
    let which = choices.below(bases.len());
    let (mut parts, mut files, mut what) = (bases[which].clone(), Files::new(), String::new());
    // What is not there cannot be changed: on to the next change, until there is one.
    while files.is_empty() || files == base::assembled()[which] {
        what.push_str(&mutate::mutate(&mut parts, &mut choices));
        files = parts.assemble();
    }
    let care = Care {
        compact_refused: choices.once_in(64),
        compact_sound: choices.once_in(16),
        repair: choices.once_in(8),
        quarter: choices.below(4),
        only_quarter: false,
    };
    let judge = || memory::peak(|| oracle::judge(&files, care));
    match catch_unwind(AssertUnwindSafe(judge)) {
        Ok((verdict, peak_bytes)) => {
            let bytes: usize = files.values().map(Vec::len).sum();
            let is_bounded = care.compact_refused
                || care.compact_sound
                || care.repair
                || peak_bytes <= 2 * bytes + SPARE_BYTES;
            assert!(
                is_bounded,
                "MEDVEC_FORGED_SEED={seed}: {peak_bytes} bytes of memory for {bytes} of files: {what}"
            );
            (what, verdict)
        }
        Err(_) => panic!("MEDVEC_FORGED_SEED={seed} MEDVEC_FORGED_MUTANTS=1: {what}"),
    }
}

#[test]
fn sound_databases_are_sound() {
    for parts in base::all() {
        let care =
            Care { compact_refused: true, compact_sound: true, repair: true, ..Care::default() };
        match oracle::judge(&parts.assemble(), care) {
            Verdict::Sound => {}
            Verdict::Refused(error) => panic!("{error}"),
        }
    }
}

#[test]
fn forged_databases_are_refused_or_answer_as_the_text_says() {
    let count = from_environment("MEDVEC_FORGED_MUTANTS", 3000);
    let first = from_environment("MEDVEC_FORGED_SEED", 0);
    let next = AtomicU64::new(first);
    let tally: Mutex<BTreeMap<Option<Rule>, u64>> = Mutex::default();
    let failures: Mutex<Vec<String>> = Mutex::default();
    let started = std::time::Instant::now();
    let workers = std::thread::available_parallelism().map_or(1, |workers| workers.get());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let mut own: BTreeMap<Option<Rule>, u64> = BTreeMap::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        break;
                    }
                    match catch_unwind(|| forge(seed)) {
                        Ok((_, Verdict::Sound)) => *own.entry(None).or_default() += 1,
                        Ok((_, Verdict::Refused(Error::Corrupt { rule, .. }))) => {
                            *own.entry(Some(rule)).or_default() += 1;
                        }
                        Ok(_) => {}
                        Err(panic) => {
                            let text = panic.downcast_ref::<String>().cloned();
                            failures.lock().unwrap().push(text.unwrap_or_default());
                        }
                    }
                }
                let mut all = tally.lock().unwrap();
                own.into_iter().for_each(|(rule, count)| *all.entry(rule).or_default() += count);
            });
        }
    });
    let tally = tally.into_inner().unwrap();
    let sound = tally.get(&None).copied().unwrap_or(0);
    let per_second = count as f64 / started.elapsed().as_secs_f64();
    println!("{count} mutants, {per_second:.0} per second, {sound} of them sound");
    for (rule, count) in tally.iter().filter_map(|(rule, count)| Some(((*rule)?, count))) {
        println!("{rule} {count:8}  {}", rule.text());
    }
    // What only a forger breaks must come up among so many.
    for rule in AGREEMENTS.iter().filter(|_| count >= 3000) {
        assert!(tally.contains_key(&Some(*rule)), "no mutant broke {rule}");
    }
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} broken promises:\n{}", failures.len(), failures.join("\n"));
}
