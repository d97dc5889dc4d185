//! `medvec quickstart`: from nothing to an answer.

use crate::sandbox::Sandbox;

#[test]
fn quickstart_builds_searches_and_says_how_to_go_on() {
    let sandbox = Sandbox::new();
    let run = sandbox.medvec(&["quickstart"]).expect(0);
    let run =
        run.shows(&["--mesh", "--year 2005:2016", "PMID ", "Go on with:", "import my.medvec"]);
    let years: Vec<u32> = run
        .out
        .lines()
        .filter(|line| line.contains("\u{b7} PMID "))
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect();
    assert_eq!(years.len(), 3, "{}", run.out);
    assert!(years.iter().all(|year| (2005..=2016).contains(year)), "{years:?}");
    assert!(run.out.to_lowercase().contains("asthma"), "{}", run.out);

    let stats = sandbox.medvec(&["stats", "quickstart.medvec", "--format", "json"]).expect(0);
    let stats: serde_json::Value = serde_json::from_str(&stats.out).unwrap();
    assert_eq!(stats["documents"], 1000);
    assert_eq!(stats["vectors"]["count"], 1000);

    // Every command that it suggests and that needs nothing else works as it is printed.
    let program = env!("CARGO_BIN_EXE_medvec");
    let suggested = run.out.split("Go on with:").nth(1).expect("suggestions");
    let mut tried = 0;
    for line in suggested.lines().filter(|line| !line.contains("my.medvec")) {
        let Some((_, command)) = line.split_once(program) else { continue };
        let arguments = shell_words(command);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let run = sandbox.medvec(&arguments);
        assert_eq!(run.code, 0, "{command}: {}", run.err);
        assert!(!run.out.is_empty(), "{command}");
        tried += 1;
    }
    assert_eq!(tried, 6, "{suggested}");

    let again = sandbox.medvec(&["quickstart"]).expect(0);
    again.says(&["used as it is"]).shows(&["Go on with:"]);
}

/// Splits at blanks outside double quotes.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for ch in line.trim().chars() {
        match ch {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            ch => words.last_mut().expect("never empty").push(ch),
        }
    }
    words
}
