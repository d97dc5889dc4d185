//! Words without a tag, mapped as PubMed maps them.
//!
//! The longest run of words that a table knows comes first, in the order of the tables: MeSH (headings, entry terms,
//! supplementary concepts, publication types; headings in the singular and plural), journals, authors. What no table knows is a word of any field. All parts must hold.
//!
//! ```text
//! child rearing practices
//! `-----------' "Child Rearing"[mh] OR (child[all] AND rearing[all])
//!               `-------' practices[all]
//! ```

use std::ops::RangeInclusive;

use super::count::count;
use super::headings::{publication_concept, translated, whole_type};
use super::meant::{Meant, TranslatedHeading};
use super::refused::Refused;
use super::scope::Scope;
use crate::ids::Key;
use crate::mesh::{Concept, Matched, Vocabulary};
use crate::query::QueryTerm;
use crate::search::filter::Filter;
use crate::search::names::publication_types;
use crate::search::text::TextField;
use crate::search::vocabulary::is_journal;
use crate::text::is_stop_word;

/// Words of the longest name that is looked for: MeSH has names of 17, and each run of words costs look-ups.
const NAME_WORDS_MAX: usize = 17;

/// Letters of a word whose plural or singular is looked for.
const NUMBER_LETTERS_MIN: usize = 3;

/// Words whose plural would be another word: AIDS, News.
const WITHOUT_PLURAL: [&str; 2] = ["aid", "new"];

/// Digits of a number that is taken for a PMID.
const PMID_DIGITS: RangeInclusive<usize> = 5..=8;

/// What words without a tag mean.
pub(super) fn translate(scope: &Scope<'_>, term: &QueryTerm) -> Result<Meant, Refused> {
    if term.quoted {
        let filter = Filter::text(TextField::ALL, &term.text);
        return Ok(Meant::new(filter, format!("\"{}\"[all]", term.text)));
    }
    let written: Vec<&str> = term.text.split(' ').collect();
    let words: Vec<&str> = written.iter().map(|word| word.trim_matches(',')).collect();
    if let Some(keys) = pmids(&words, PMID_DIGITS).or_else(|| named_pmids(&words)) {
        let words: Vec<String> = keys.iter().map(Key::to_string).collect();
        return Ok(Meant::new(Filter::Keys(keys), format!("{}[pmid]", words.join(" "))));
    }
    let mut parts: Vec<Meant> = Vec::new();
    let mut rest = words.as_slice();
    while !rest.is_empty() {
        let written = written.get(words.len() - rest.len()..).unwrap_or_default();
        let (meant, taken) = first_part(scope, rest, written)?;
        parts.extend(meant);
        rest = rest.get(taken.max(1)..).unwrap_or_default();
    }
    if parts.is_empty() {
        // Nothing but stop words: then they are meant.
        parts.extend(words.iter().map(|word| any_field(word)));
    }
    Ok(all(parts))
}

/// Numbers behind the word: `PMID: 30257646`, as citations have it.
fn named_pmids(words: &[&str]) -> Option<Vec<Key>> {
    let (first, rest) = words.split_first()?;
    let rest: Vec<&str> = rest.iter().copied().filter(|word| *word != ":").collect();
    let is_name = matches!(&*first.to_lowercase(), "pmid" | "pmids" | "pmid:" | "pmids:");
    (is_name && !rest.is_empty()).then(|| pmids(&rest, 1..=usize::MAX))?
}

/// The words as PMIDs of so many digits, if all are.
fn pmids(words: &[&str], digits: RangeInclusive<usize>) -> Option<Vec<Key>> {
    let key = |word: &&str| match Key::parse(word) {
        key @ Key::Pmid(_) if digits.contains(&word.len()) => Some(key),
        _ => None,
    };
    words.iter().map(key).collect()
}

/// What the first words mean, and how many they are; nothing for a stop word. `written` are the same words with their
/// commas, which turn a name round: `Cancer, Breast`.
fn first_part(
    scope: &Scope<'_>,
    words: &[&str],
    written: &[&str],
) -> Result<(Option<Meant>, usize), Refused> {
    for count in (1..=words.len().min(NAME_WORDS_MAX)).rev() {
        let run = words.get(..count).unwrap_or_default();
        // A wildcard switches mapping off.
        if run.iter().any(|word| word.contains('*')) {
            continue;
        }
        let name = run.join(" ");
        let typed = written.get(..count).unwrap_or_default().join(" ");
        if let Some(meant) = subject(scope, typed.trim_matches(','), run) {
            return Ok((Some(meant), count));
        }
        if is_journal(&name, scope.segments)? {
            let filter = Filter::Journal(name.clone()) | words_of(run);
            let translation = format!("(\"{name}\"[ta] OR {})", shown(run));
            return Ok((Some(Meant::new(filter, translation)), count));
        }
        if is_author(scope, run, &name)? {
            let filter = Filter::text(&[TextField::Authors], &name);
            return Ok((Some(Meant::new(filter, format!("{name}[au]"))), count));
        }
    }
    let first = words.first().copied().unwrap_or_default();
    let is_nothing = is_stop_word(&first.to_lowercase());
    Ok(((!is_nothing).then(|| any_field(first)), 1))
}

/// A heading, a supplementary concept or a publication type.
fn subject(scope: &Scope<'_>, name: &str, words: &[&str]) -> Option<Meant> {
    let vocabulary = scope.vocabulary;
    let found = concept(vocabulary, name);
    let of_concept = |(at, _)| publication_types::by_ui(vocabulary.ui(at));
    let kind = publication_types::by_name(name).or_else(|| found.and_then(of_concept));
    // What a publication type is called by is its own name: no document has it as a heading.
    let kind_concept = kind.and_then(|kind| publication_concept(kind, vocabulary));
    let is_kind = |concept| kind_concept.is_some_and(|(kind, _)| kind == concept);
    let found = found.filter(|(at, _)| !is_kind(*at));
    if kind.is_none() && found.is_none() {
        return None;
    }
    let mut filter = Filter::Or(Vec::new());
    let mut translation: Vec<String> = Vec::new();
    let mut headings: Vec<TranslatedHeading> = Vec::new();
    let mut implied = Vec::new();
    if let Some((concept, matched)) = found {
        let is_descriptor = vocabulary.is_descriptor(concept);
        let preferred = vocabulary.name(concept);
        if is_descriptor {
            filter = Filter::mesh(preferred);
            translation.push(format!("\"{preferred}\"[mh]"));
        } else {
            filter = Filter::text(&[TextField::Substances], preferred);
            translation.push(format!("\"{preferred}\"[nm]"));
        }
        headings.push(translated(vocabulary, concept, is_descriptor, matched, name));
        if !preferred.eq_ignore_ascii_case(name) {
            let (other, shown) = preferred_words(scope, concept);
            filter = filter | other;
            translation.push(shown);
        }
    }
    if let Some(kind) = kind {
        let meant = whole_type(kind, vocabulary);
        filter = filter | meant.filter;
        translation.push(meant.translation);
        headings.extend(meant.headings);
        implied = meant.implied;
    }
    filter = filter | words_of(words);
    translation.push(shown(words));
    let mut meant = Meant::new(filter, format!("({})", translation.join(" OR ")));
    (meant.headings, meant.implied) = (headings, implied);
    Some(meant)
}

/// The heading or supplementary concept of a name, or the heading of its plural or singular.
fn concept(vocabulary: &Vocabulary, name: &str) -> Option<(Concept, Matched)> {
    let found = vocabulary.find(name).filter(|(at, _)| !vocabulary.ui(*at).starts_with('Q'));
    found.or_else(|| {
        let mut found = in_other_number(name).into_iter().filter_map(|name| vocabulary.find(&name));
        found.find(|(at, _)| vocabulary.is_descriptor(*at))
    })
}

/// A name with its last word in the plural, or in the singular, as English forms them; nothing for short words.
fn in_other_number(name: &str) -> Vec<String> {
    let last = name.rsplit([' ', '-']).next().unwrap_or_default().to_lowercase();
    let is_word =
        last.chars().count() >= NUMBER_LETTERS_MIN && last.chars().all(char::is_alphabetic);
    if !is_word || is_stop_word(&last) || WITHOUT_PLURAL.contains(&&*last) {
        return Vec::new();
    }
    let name = name.to_lowercase();
    let with = |end: &str, other: &str| Some(format!("{}{other}", name.strip_suffix(end)?));
    let forms = match last.as_str() {
        word if word.ends_with("sis") => [with("sis", "ses"), None],
        word if word.ends_with("ses") => [with("ses", "sis"), with("es", "")],
        word if word.ends_with("ies") => [with("ies", "y"), None],
        word if word.ends_with(['x', 'z']) || word.ends_with("ch") || word.ends_with("ss") => {
            [with("", "es"), None]
        }
        word if word.ends_with("es") => [with("s", ""), with("es", "")],
        word if word.ends_with('s') => [with("s", ""), None],
        word if word.ends_with('y') => [with("y", "ies"), with("", "s")],
        _ => [with("", "s"), with("", "es")],
    };
    forms.into_iter().flatten().collect()
}

/// The words of a heading's own name; the name of a substance stays in one piece.
fn preferred_words(scope: &Scope<'_>, concept: Concept) -> (Filter, String) {
    let name = scope.vocabulary.name(concept);
    if !scope.vocabulary.is_descriptor(concept) {
        return (Filter::text(TextField::ALL, name), format!("\"{name}\"[all]"));
    }
    let words: Vec<&str> = name.split_whitespace().map(|word| word.trim_matches(',')).collect();
    (words_of(&words), shown(&words))
}

/// Whether these words are a name with initials, `smith ja`, that an author has.
fn is_author(scope: &Scope<'_>, words: &[&str], name: &str) -> Result<bool, Refused> {
    let [.., family, initials] = words else { return Ok(false) };
    let letters = |text: &str| text.chars().all(char::is_alphabetic);
    if initials.chars().count() > 3 || !letters(initials) || family.chars().count() < 2 {
        return Ok(false);
    }
    let filter = Filter::text(&[TextField::Authors], name);
    Ok(count(&filter, scope.segments)? > 0)
}

/// All words, each in any field; stop words are left out unless there is nothing else. A name with a lone letter or digit
/// is not taken apart: `hepatitis a` without its `a` is any hepatitis.
fn words_of(words: &[&str]) -> Filter {
    if is_whole(words) {
        return Filter::text(TextField::ALL, &words.join(" "));
    }
    kept(words).iter().fold(Filter::All, |all, word| all & Filter::text(TextField::ALL, word))
}

fn shown(words: &[&str]) -> String {
    if is_whole(words) {
        return format!("\"{}\"[all]", words.join(" "));
    }
    let words: Vec<String> = kept(words).iter().map(|word| format!("{word}[all]")).collect();
    if words.len() == 1 { words.concat() } else { format!("({})", words.join(" AND ")) }
}

fn is_whole(words: &[&str]) -> bool {
    words.len() > 1 && words.iter().any(|word| word.chars().nth(1).is_none())
}

fn kept<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let content = |word: &&&str| !is_stop_word(&word.to_lowercase());
    let kept: Vec<&str> = words.iter().filter(content).copied().collect();
    if kept.is_empty() { words.to_vec() } else { kept }
}

fn any_field(word: &str) -> Meant {
    Meant::new(Filter::text(TextField::ALL, word), format!("{word}[all]"))
}

/// All parts together.
fn all(parts: Vec<Meant>) -> Meant {
    let mut all = Meant::new(Filter::All, "");
    for part in parts {
        all.filter = all.filter & part.filter;
        if !all.translation.is_empty() {
            all.translation.push_str(" AND ");
        }
        all.translation.push_str(&part.translation);
        all.headings.extend(part.headings);
        all.implied.extend(part.implied);
    }
    all
}
