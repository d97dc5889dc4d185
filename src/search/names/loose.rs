//! Spellings that are the same name: what punctuation, articles and accents do not change.

use crate::format::terms::fold;

/// A journal's name without what people leave out or write in several ways: case, dots and other
/// punctuation, accents, a leading `the`, `&` for `and`. An ISSN is its eight digits.
pub(crate) fn journal(name: &str) -> String {
    if let Some(issn) = issn(name) {
        return issn;
    }
    let mut words = words(&fold(name));
    if words.first().is_some_and(|word| word == "the") && words.len() > 1 {
        words.remove(0);
    }
    words.join(" ")
}

/// The first part of a journal's title, loosely spelt, where it has several: `lancet` of
/// `Lancet (London, England)`, `journal of examples` of `Journal of examples : the official ...`.
pub(crate) fn main_title(name: &str) -> Option<String> {
    let cut = [" (", " : ", ": ", " = ", " / "].iter().filter_map(|mark| name.find(mark)).min()?;
    let main = journal(name.get(..cut)?);
    (!main.is_empty()).then_some(main)
}

/// A publication type's name without number, word order, punctuation and British spelling.
pub(crate) fn publication_type(name: &str) -> String {
    let mut words: Vec<String> = words(&fold(name)).iter().map(|word| base_form(word)).collect();
    words.sort();
    words.join(" ")
}

/// The digits of an ISSN, with or without its hyphen; `None` for anything else.
pub(crate) fn issn(text: &str) -> Option<String> {
    let text = text.trim();
    let text = match text.get(..4) {
        Some(start) if start.eq_ignore_ascii_case("issn") => {
            text.get(4..)?.trim_start_matches([':', ' '])
        }
        _ => text,
    };
    let digits: String = match text.split_once(['-', '\u{2010}', '\u{2011}', '\u{2013}']) {
        Some((first, last)) if first.len() == 4 && last.len() == 4 => format!("{first}{last}"),
        Some(_) => return None,
        None => text.to_owned(),
    };
    let (number, check) = (digits.get(..7)?, digits.get(7..)?);
    let is_issn = number.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(check.as_bytes(), [b'0'..=b'9' | b'x' | b'X']);
    is_issn.then(|| digits.to_ascii_lowercase())
}

/// Whether the last digit of an ISSN, as [`issn`] gives it, fits the others.
pub(crate) fn is_valid_issn(digits: &str) -> bool {
    let weighted = digits.bytes().zip((1u32..=8).rev()).map(|(byte, weight)| match byte {
        b'x' => 10 * weight,
        digit => u32::from(digit.saturating_sub(b'0')) * weight,
    });
    digits.len() == 8 && weighted.sum::<u32>() % 11 == 0
}

/// Letters and digits in runs, without accents; `&` is `and`, apostrophes vanish.
fn words(folded: &str) -> Vec<String> {
    let mut text = String::with_capacity(folded.len());
    for ch in folded.chars() {
        match ch {
            '&' => text.push_str(" and "),
            '\'' | '\u{2019}' | '\u{2bc}' => {}
            // What a decomposed accent leaves behind its letter.
            '\u{300}'..='\u{36f}' => {}
            ch if ch.is_alphanumeric() => push_plain(ch, &mut text),
            _ => text.push(' '),
        }
    }
    text.split_whitespace().map(str::to_owned).collect()
}

/// A lower-case letter without its accent, for the letters of European languages.
fn push_plain(ch: char, out: &mut String) {
    out.push_str(match ch {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ģ' | 'ĝ' | 'ġ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ł' | 'ļ' | 'ľ' | 'ĺ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => "o",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ţ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ž' | 'ż' => "z",
        'æ' => "ae",
        'œ' => "oe",
        'ß' => "ss",
        ch => return out.push(ch),
    });
}

/// The singular of a word in American spelling, as far as names of publication types need it.
fn base_form(word: &str) -> String {
    let word = word.replace("randomis", "randomiz").replace("centre", "center");
    // No plural: what is new is not of the type News.
    let stem = |end: &str| word.strip_suffix(end).filter(|stem| stem.len() > 1 && word != "news");
    if let Some(stem) = stem("ies") {
        return format!("{stem}y");
    }
    if let Some(stem) = stem("yses") {
        return format!("{stem}ysis");
    }
    if let Some(stem) = stem("sses") {
        return format!("{stem}ss");
    }
    match stem("s") {
        Some(stem) if stem.len() > 2 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_journal_has_one_spelling() {
        for same in [
            &["J Biol Chem", "J. Biol. Chem.", "j.biol.chem.", "J.  BIOL. CHEM"][..],
            &["The Lancet", "Lancet", "LANCET.", "the  lancet"],
            &["Science & Medicine", "science and medicine", "The Science and Medicine"],
            &[
                "Revista Médica de Chile",
                "revista medica de chile",
                "REVISTA ME\u{301}DICA DE CHILE",
            ],
            &["0140-6736", "01406736", "ISSN 0140-6736", "issn: 01406736", " 0140\u{2013}6736 "],
            &["2049-632X", "2049632x", "2049-632x"],
            &["People's Health", "Peoples Health", "People\u{2019}s health"],
            &[
                "Journal of Neurology, Neurosurgery, and Psychiatry",
                "Journal of Neurology Neurosurgery & Psychiatry",
            ],
        ] {
            for name in same {
                assert_eq!(journal(name), journal(same[0]), "{name}");
            }
        }
        assert_ne!(journal("J Biol Chem"), journal("J Biol"));
        assert_eq!(journal("The"), "the", "a name of one word stays");
        assert_eq!(journal("..."), "");
        assert_eq!(journal("中華醫學雜誌"), "中華醫學雜誌");
    }

    #[test]
    fn a_title_may_have_several_parts() {
        let main = |name: &str| main_title(name).unwrap_or_default();
        assert_eq!(main("Lancet (London, England)"), "lancet");
        assert_eq!(
            main("The Journal of examples : official journal of (all)"),
            "journal of examples"
        );
        assert_eq!(main("Nature"), "");
        assert_eq!(main(" (odd)"), "");
    }

    #[test]
    fn check_digits_tell_an_issn_from_a_slip() {
        for issn_text in ["0140-6736", "0028-4793", "2049-632X", "0317-8471"] {
            assert!(issn(issn_text).is_some_and(|digits| is_valid_issn(&digits)), "{issn_text}");
        }
        assert!(issn("0140-6737").is_some_and(|digits| !is_valid_issn(&digits)));
        for text in
            ["", "0140", "0140-67", "01-406736", "014067366", "lancet12", "é406736", "X140-6736"]
        {
            assert_eq!(issn(text), None, "{text}");
        }
    }

    #[test]
    fn types_are_compared_in_the_singular_and_without_order() {
        let same = |left: &str, right: &str| publication_type(left) == publication_type(right);
        assert!(same("Clinical Trials, Phase III", "phase iii clinical trial"));
        assert!(same("Meta-Analyses", "meta analysis"));
        assert!(same("Case Studies", "case study") && same("Congresses", "Congress"));
        assert!(same("Randomised Controlled Trials", "Randomized Controlled Trial"));
        assert!(same("News", "news") && !same("News", "new") && !same("Review", "Reviewer"));
        assert!(!same("Clinical Trial", "Controlled Clinical Trial"));
    }

    #[test]
    fn spelling_a_loose_name_loosely_changes_nothing() {
        for name in ["The J. Biol. Chem.", "Case Studies", "0140-6736", "Œuvre & Straße", "The The"]
        {
            let once = journal(name);
            assert_eq!(journal(&once), once, "{name}");
            let once = publication_type(name);
            assert_eq!(publication_type(&once), once, "{name}");
        }
    }
}
