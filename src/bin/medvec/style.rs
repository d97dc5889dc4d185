//! Colours, and numbers as people read them.

use crate::terminal::Style;

/// Titles.
pub(crate) const TITLE: Style = Style::Bold;
/// Rank, score, counts.
pub(crate) const FAINT: Style = Style::Faint;
/// Keys.
pub(crate) const KEY: Style = Style::Cyan;
/// Words of the query, and what needs attention in a report.
pub(crate) const MARK: Style = Style::Yellow;
/// What is in order.
pub(crate) const GOOD: Style = Style::Green;
/// What is damaged.
pub(crate) const BAD: Style = Style::Red;

/// `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 document`, `2 documents`, `2 queries`.
pub(crate) fn counted(number: u64, singular: &str) -> String {
    let number_text = count(number);
    match singular.strip_suffix('y') {
        _ if number == 1 => format!("{number_text} {singular}"),
        // A day is no query.
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => {
            format!("{number_text} {stem}ies")
        }
        _ => format!("{number_text} {singular}s"),
    }
}

/// The first of two words for 1, the second for every other number: `holds`, `hold`.
pub(crate) fn agreed(number: u64, [one, many]: [&'static str; 2]) -> &'static str {
    if number == 1 { one } else { many }
}

/// `3 replaced`, `1 deletion`, of every count but 0; each with its words for 1 and for more.
pub(crate) fn nonzero<const N: usize>(
    counts: [(u64, [&'static str; 2]); N],
) -> impl Iterator<Item = String> {
    let some = counts.into_iter().filter(|(number, _)| *number > 0);
    some.map(|(number, words)| format!("{} {}", count(number), agreed(number, words)))
}

/// `512 B`, `1.4 MiB`.
pub(crate) fn bytes(number: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = number as f64;
    let mut name = "B";
    for unit in units {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        name = unit;
    }
    if name == "B" { format!("{number} B") } else { format!("{value:.1} {name}") }
}

/// How long maintenance has kept writers waiting at most, for the end of a line; nothing where it never did.
pub(crate) fn held(time: std::time::Duration) -> String {
    match time.is_zero() {
        true => String::new(),
        false => format!("; writers waited {} at most", duration(time)),
    }
}

/// `85 us`, `3.2 ms`, `1.7 s`.
pub(crate) fn duration(time: std::time::Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s < 0.001 => format!("{:.0} us", s * 1e6),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s if s < 120.0 => format!("{s:.1} s"),
        s => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(41_234_567), "41,234,567");
        assert_eq!(counted(1, "document"), "1 document");
        assert_eq!(counted(0, "document"), "0 documents");
        assert_eq!(counted(2, "query"), "2 queries");
        assert_eq!(counted(2_250, "day"), "2,250 days");
        let some = nonzero([(0, ["kept"; 2]), (1, ["deletion", "deletions"]), (2, ["kept"; 2])]);
        assert_eq!(some.collect::<Vec<_>>(), ["1 deletion", "2 kept"]);
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(8 << 30), "8.0 GiB");
        assert_eq!(duration(Duration::from_micros(85)), "85 us");
        assert_eq!(duration(Duration::from_millis(3)), "3.0 ms");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 5 s");
    }
}
