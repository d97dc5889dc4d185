//! The syntax of other systems, by name: what means something there and something else here is refused.

/// Fields of Ovid and Embase that stand behind a term: `.ti,ab.`, `:ti,ab,kw`.
const FIELDS: &[&str] = &[
    "ab", "ad", "af", "au", "bt", "de", "ct", "dt", "fs", "hw", "id", "in", "it", "jn", "jw", "kf",
    "kw", "lg", "la", "lnk", "mh", "mp", "nm", "ot", "ox", "ps", "pt", "px", "rn", "sh", "sj",
    "sm", "so", "tc", "ti", "tn", "tt", "tw", "ui", "vo", "xs", "yr",
];

/// Why a word is foreign, if it is. `raw` is the word with the `/ , .` around it, `after` the text behind it.
pub(super) fn word(raw: &str, word: &str, after: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    if let Some(fields) = raw.strip_suffix('.').and_then(|text| text.rsplit_once('.'))
        && are_fields(fields.1)
    {
        return Some(format!(
            "`.{}.` is Ovid's field suffix: write a tag such as `[tiab]` behind each term",
            fields.1
        ));
    }
    if lower.strip_prefix("adj").is_some_and(is_digits) {
        return Some(format!(
            "`{word}` is Ovid's proximity: write \"first second\"[tiab:~N] with the words between as N"
        ));
    }
    if let Some((name, count)) = lower.split_once('/') {
        let counts = !count.is_empty() && is_digits(count);
        if counts && matches!(name, "near" | "next" | "w" | "pre" | "onear") {
            return Some(format!(
                "`{word}` is the proximity of Embase or the Cochrane Library: write \"first second\"[tiab:~N]"
            ));
        }
        let lines = count.trim_start_matches(|ch: char| ch.is_ascii_digit());
        if matches!(name, "and" | "or" | "not") && (counts || lines.starts_with(['-', ','])) {
            return Some(format!("`{word}` joins lines in Ovid: write `#1 OR #2` and so on"));
        }
        // `liver/de` is PubMed's for drug effects; in Embase the term stands in single quotes.
        if matches!(count, "exp" | "mj" | "exp/mj") || (count == "de" && name.starts_with('\'')) {
            return Some(format!(
                "`/{count}` is Embase's: write `{}[mh]`, or `[majr]` for major topics",
                name.trim_matches('\'')
            ));
        }
    }
    if raw.ends_with('/') && word.chars().any(char::is_alphabetic) {
        return Some(format!(
            "`{raw}` is a heading in Ovid: write `{word}[mh]`, which explodes, or `{word}[mh:noexp]`"
        ));
    }
    if matches!(word, "TS" | "TI" | "AB" | "AK" | "TITLE" | "KEY" | "TITLE-ABS-KEY" | "TITLE-ABS")
        && (after.starts_with('=') || (word.len() > 3 && after.starts_with('(')))
    {
        return Some(format!(
            "`{word}` is a field of Web of Science or Scopus: write a tag behind each term, `[tiab]`"
        ));
    }
    let quoted = after.trim_start().starts_with('"');
    if matches!(word, "MH" | "MM" | "TX") && quoted {
        return Some(format!(
            "`{word}` is a field of EBSCO: write a tag behind each term, `[mh]` or `[tw]`"
        ));
    }
    None
}

/// Why the text behind a term and a colon is foreign, if it is.
pub(super) fn after_colon(text: &str) -> Option<String> {
    are_fields(text).then(|| {
        format!("`:{text}` is a field suffix of Embase or the Cochrane Library: write a tag such as `[tiab]` behind each term")
    })
}

fn are_fields(text: &str) -> bool {
    !text.is_empty()
        && text.split(',').all(|field| FIELDS.contains(&field.to_ascii_lowercase().as_str()))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_are_known() {
        for (raw, after) in [
            ("asthma.ti,ab.", ""),
            (".tw.", ""),
            ("adj3", ""),
            ("ADJ", ""),
            ("NEAR/3", ""),
            ("or/1-4", ""),
            ("and/5", ""),
            ("'asthma'/exp", ""),
            ("'asthma'/de", ""),
            ("Asthma/", ""),
            ("TS", "=(asthma)"),
            ("TITLE-ABS-KEY", "(asthma)"),
            ("MH", " \"Asthma+\""),
        ] {
            assert!(word(raw, raw.trim_matches(['/', ',', '.']), after).is_some(), "{raw}");
        }
        for raw in [
            "asthma.",
            "e.g.",
            "and/or",
            "asthma/therapy",
            "liver/de",
            "asthma/dt",
            "near",
            "1/2",
            "adjuvant",
            "TS",
            "MH",
        ] {
            assert_eq!(word(raw, raw.trim_matches(['/', ',', '.']), " x"), None, "{raw}");
        }
        assert!(after_colon("ti,ab,kw").is_some() && after_colon("lung").is_none());
    }
}
