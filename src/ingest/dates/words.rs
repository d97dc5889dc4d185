//! The words of a date: years, months, days, and the separators between them.

/// One word, as far as it says something about a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// First and last year: one, or a decade of which the end is not known (`198u`).
    Year(u32, u32),
    /// First and last month.
    Months(u32, u32),
    Winter,
    /// A number of one or two digits: a day, a month, or a year without its century; and the number
    /// of its digits.
    Number(u32, usize),
    /// `1st`, `second`, `3d`.
    Ordinal(u32),
    /// A part of a year that ordinals count.
    Unit(Unit),
    /// `-`, `/`, `and`, `to`, ...
    Separator,
    /// Anything else.
    Unknown,
}

/// Parts of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Quarter,
    /// Three months or four: both are called so.
    Trimester,
    Half,
}

impl Unit {
    /// The months of the n-th part.
    pub(super) fn months(self, number: u32) -> Option<(u32, u32)> {
        match (self, number) {
            (Unit::Quarter, 1..=4) => Some((number * 3 - 2, number * 3)),
            (Unit::Half, 1..=2) => Some((number * 6 - 5, number * 6)),
            (Unit::Trimester, 1) => Some((1, 4)),
            (Unit::Trimester, 2) => Some((4, 8)),
            (Unit::Trimester, 3) => Some((7, 12)),
            (Unit::Trimester, 4) => Some((10, 12)),
            _ => None,
        }
    }
}

/// Takes a text apart.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(ch) = rest.chars().next() {
        if let Some((word, length)) = unknown_years(rest) {
            words.push(word);
            rest = rest.get(length..).unwrap_or_default();
        } else if ch.is_alphanumeric() {
            let end = rest.find(|ch: char| !ch.is_alphanumeric()).unwrap_or(rest.len());
            let (text, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            words.push(word(text));
            rest = after;
        } else {
            if matches!(ch, '-' | '/' | '&' | '+' | ';' | '\u{2010}'..='\u{2015}' | '\u{2212}') {
                words.push(Word::Separator);
            }
            rest = rest.get(ch.len_utf8()..).unwrap_or_default();
        }
    }
    words
}

/// A year of which the last digits are not known, at the start of a text: `19uu`, `198?`, `197-`,
/// and the length of it.
fn unknown_years(text: &str) -> Option<(Word, usize)> {
    let year = text.get(..4)?;
    let known = year.bytes().take_while(u8::is_ascii_digit).count();
    let is_unknown = |byte: u8| matches!(byte, b'u' | b'U' | b'x' | b'X' | b'?' | b'-');
    if !matches!(known, 2 | 3) || !year.bytes().skip(known).all(is_unknown) {
        return None;
    }
    // `198-99` is a separator and something else.
    if text.get(4..)?.starts_with(|ch: char| ch.is_alphanumeric()) {
        return None;
    }
    let number: u32 = year.get(..known)?.parse().ok()?;
    let span = if known == 3 { 10 } else { 100 };
    let is_century = known == 3 || (17..=20).contains(&number);
    (is_century && number * span >= 1000)
        .then_some((Word::Year(number * span, number * span + span - 1), 4))
}

fn word(text: &str) -> Word {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, ending) = text.split_at_checked(digits).unwrap_or(("", text));
    match (digits, ending) {
        (0, _) => name(text),
        (4, "" | "s") => match number.parse() {
            Ok(year) if year < 1000 => Word::Unknown,
            Ok(year) if ending.is_empty() => Word::Year(year, year),
            Ok(year) => Word::Year(year, year + if year % 100 == 0 { 99 } else { 9 }),
            Err(_) => Word::Unknown,
        },
        (1 | 2, "") => number.parse().map_or(Word::Unknown, |n| Word::Number(n, digits)),
        (1 | 2, "st" | "nd" | "rd" | "d" | "th" | "er" | "e" | "o") => {
            number.parse().map_or(Word::Unknown, Word::Ordinal)
        }
        (1 | 2, month) => match (name(month), number.parse()) {
            // `5Mar`: the day is of no use without its blank, the month is.
            (Word::Months(first, last), Ok(1..=31)) => Word::Months(first, last),
            _ => Word::Unknown,
        },
        _ => Word::Unknown,
    }
}

/// The months as the languages of MEDLINE write them; what comes first wins (`mar`, `mai`).
const MONTHS: [&[&str]; 12] = [
    &["january", "janvier", "januar", "enero", "gennaio", "janeiro", "ene", "gen"],
    &["february", "fevrier", "février", "februar", "febrero", "febbraio", "fevereiro"],
    &["march", "mars", "märz", "maerz", "marzo", "março", "mrz"],
    &["april", "avril", "abril", "aprile"],
    &["may", "mai", "mayo", "maggio", "maio", "mag"],
    &["june", "juin", "juni", "junio", "giugno", "junho", "giu"],
    &["july", "juillet", "juli", "julio", "luglio", "julho", "lug"],
    &["august", "août", "aout", "agosto", "ago"],
    &["september", "septembre", "septiembre", "settembre", "setembro", "set"],
    &["october", "octobre", "oktober", "octubre", "ottobre", "outubro"],
    &["november", "novembre", "noviembre", "novembro"],
    &["december", "décembre", "decembre", "dezember", "diciembre", "dicembre", "dezembro"],
];

/// Ordinals in words.
const ORDINALS: [&str; 4] = ["first", "second", "third", "fourth"];

fn name(text: &str) -> Word {
    let text = text.to_lowercase();
    if let Some(month) = month(&text) {
        return Word::Months(month, month);
    }
    if let Some(place) = ORDINALS.iter().position(|ordinal| *ordinal == text) {
        return Word::Ordinal(place as u32 + 1);
    }
    match text.as_str() {
        "spring" | "printemps" | "primavera" => Word::Months(3, 5),
        "summer" | "été" | "sommer" | "verano" => Word::Months(6, 8),
        "fall" | "autumn" | "automne" | "herbst" | "otoño" => Word::Months(9, 11),
        "winter" | "hiver" | "invierno" => Word::Winter,
        "q1" | "q2" | "q3" | "q4" => {
            let number = text.as_bytes().get(1).map_or(0, |byte| u32::from(byte - b'0'));
            Unit::Quarter.months(number).map_or(Word::Unknown, |(a, b)| Word::Months(a, b))
        }
        "half" | "semester" | "semestre" => Word::Unit(Unit::Half),
        "and" | "to" | "through" | "thru" | "until" | "et" | "und" | "y" | "bis" => Word::Separator,
        _ if text.starts_with("quart") || text == "qtr" => Word::Unit(Unit::Quarter),
        _ if text.starts_with("trimest") || text == "trim" => Word::Unit(Unit::Trimester),
        _ => match text.strip_prefix('c').map(word) {
            // `c1950`.
            Some(Word::Year(first, last)) => Word::Year(first, last),
            _ => Word::Unknown,
        },
    }
}

/// The number of the month that a word, in lower case, is or begins (at least three letters).
pub(super) fn month(text: &str) -> Option<u32> {
    text.chars().nth(2)?;
    // The English names decide first: `jul`, `juin`, `juil`.
    let of = |english: bool| {
        MONTHS.iter().position(|names| {
            let names = if english { names.get(..1) } else { names.get(1..) };
            names.unwrap_or_default().iter().any(|name| name.starts_with(text))
        })
    };
    u32::try_from(of(true).or_else(|| of(false))?).ok().map(|place| place + 1)
}
