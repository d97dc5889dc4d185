//! BM25 by reading every document, and the words that queries are expanded with.

use std::collections::BTreeMap;

use medvec::document::Document;
use medvec::text::{Analyzer, TokenForm, is_stop_word, stem};
use medvec::{Expansion, Key};

/// Stems with how much each counts: in all, and what of it stands by itself and not as parts in one piece.
pub type Terms = BTreeMap<String, (f64, f64)>;

/// Documents by key.
pub type Documents = BTreeMap<Key, Document>;

/// How often texts have each stem; stop words are left out.
fn counted(texts: &[&str]) -> Terms {
    let mut terms = Terms::new();
    for text in texts {
        Analyzer::default().analyze(text, |token| {
            if !is_stop_word(token.term) {
                let (all, apart) = terms.entry(stem(token.term).into_owned()).or_default();
                *all += 1.0;
                *apart += if token.form == TokenForm::Part { 1.0 } else { 0.0 };
            }
        });
    }
    terms
}

/// The words of a text that has others than stop words.
pub fn of_query(text: &str) -> Terms {
    counted(&[text])
}

fn total(terms: &Terms) -> f64 {
    terms.values().map(|(all, _)| all).sum()
}

fn add(sum: &mut Terms, terms: &Terms, factor: f64) {
    for (stem, (all, apart)) in terms {
        let known = sum.entry(stem.clone()).or_default();
        *known = (known.0 + factor * all, known.1 + factor * apart);
    }
}

/// The share of each stem in title and abstract.
fn shares(document: &Document) -> Terms {
    let input = document.encoder_input();
    let terms = counted(&[&input.title, &input.text]);
    let mut shares = Terms::new();
    add(&mut shares, &terms, 1.0 / total(&terms).max(1.0));
    shares
}

/// Whether title or abstract have words.
pub fn has_words(document: &Document) -> bool {
    !shares(document).is_empty()
}

/// The terms of the greatest worth, ties by stem.
fn best(terms: Terms, count: usize, worth: impl Fn(&str, f64) -> f64) -> Terms {
    let mut sorted: Vec<_> = terms.into_iter().filter(|(_, (all, _))| *all > 0.0).collect();
    // The order of stems stays among equals.
    sorted.sort_by(|(a, (one, _)), (b, (other, _))| worth(b, *other).total_cmp(&worth(a, *one)));
    sorted.into_iter().take(count).collect()
}

/// RM3: a query's words beside those of the first hits.
pub fn expanded(
    query: &Terms,
    documents: &Documents,
    hits: &[(Key, f64)],
    expansion: Expansion,
) -> Terms {
    let mut feedback = Terms::new();
    for (key, score) in hits.iter().take(expansion.documents) {
        add(&mut feedback, &shares(&documents[key]), *score);
    }
    let feedback = best(feedback, expansion.terms, |_, weight| weight);
    if feedback.is_empty() || query.is_empty() {
        return query.clone();
    }
    let share = f64::from(expansion.query_weight);
    let mut mixed = Terms::new();
    add(&mut mixed, query, share);
    add(&mut mixed, &feedback, (1.0 - share) * total(query) / total(&feedback));
    mixed
}

/// The most telling words of liked documents, off those of unliked ones.
pub fn telling(documents: &Documents, liked: &[Key], unliked: &[Key], count: usize) -> Terms {
    let mean = |keys: &[Key]| {
        let shares: Vec<Terms> = keys.iter().map(|key| shares(&documents[key])).collect();
        let some: Vec<&Terms> = shares.iter().filter(|terms| !terms.is_empty()).collect();
        let mut mean = Terms::new();
        some.iter().for_each(|terms| add(&mut mean, terms, 1.0 / some.len() as f64));
        mean
    };
    let mut terms = mean(liked);
    add(&mut terms, &mean(unliked), -0.25);
    let counts = Counts::of(documents);
    let terms = best(terms, count, |stem, weight| weight * counts.idf(stem));
    let mut scaled = Terms::new();
    add(&mut scaled, &terms, terms.len() as f64 / total(&terms));
    scaled
}

/// How often each document has each stem.
struct Counts(BTreeMap<Key, (BTreeMap<String, u32>, u32)>);

impl Counts {
    fn of(documents: &Documents) -> Counts {
        let counts = documents.values().map(|document| {
            let mut texts = vec![&*document.title];
            let others = document.other_abstracts.iter().flat_map(|other| &other.sections);
            for section in document.abstract_sections.iter().chain(others) {
                texts.extend([&*section.label, &*section.text]);
            }
            texts.extend(document.keywords.iter().map(|keyword| &*keyword.text));
            let (mut of, mut length) = (BTreeMap::<String, u32>::new(), 0);
            for text in texts {
                Analyzer::default().analyze(text, |token| {
                    *of.entry(stem(token.term).into_owned()).or_default() += 1;
                    let is_part = token.form == TokenForm::Part;
                    length += u32::from(is_part && !is_stop_word(token.term));
                });
            }
            // Lengths of 40 and more are rounded; the documents of this test are rarely longer.
            let code = medvec::format::lexical::length_code(length);
            (document.key.clone(), (of, medvec::format::lexical::length_of_code(code)))
        });
        Counts(counts.collect())
    }

    fn idf(&self, stem: &str) -> f64 {
        let texts = self.0.len() as f64;
        let with = self.0.values().filter(|(counts, _)| counts.contains_key(stem)).count() as f64;
        (1.0 + (texts - with + 0.5) / (with + 0.5)).ln()
    }
}

/// What a document with every word could reach.
pub fn reach(documents: &Documents, terms: &Terms) -> f64 {
    let counts = Counts::of(documents);
    terms.iter().map(|(stem, (_, apart))| apart * counts.idf(stem)).sum()
}

/// All documents with any of the words, the best first; scores in units of 1 / 65,536.
pub fn ranking(documents: &Documents, terms: &Terms) -> Vec<(Key, u32)> {
    let counts = Counts::of(documents);
    let texts = documents.len() as f64;
    let lengths: f64 = counts.0.values().map(|(_, length)| f64::from(*length)).sum();
    let average = lengths / texts.max(1.0);
    let idf: BTreeMap<&String, f64> = terms.keys().map(|stem| (stem, counts.idf(stem))).collect();
    let mut ranking = Vec::new();
    for (key, (counts, length)) in &counts.0 {
        let mut score = 0u32;
        for (stem, (weight, _)) in terms {
            if let Some(count) = counts.get(stem) {
                let count = f64::from(*count);
                let norm = 1.2 * (1.0 - 0.75 + 0.75 * f64::from(*length) / average);
                score += ((idf[stem] * weight * 65_536.0 * (count / (count + norm)) + 0.5) as u32)
                    .max(1);
            }
        }
        if score > 0 {
            ranking.push((key.clone(), score));
        }
    }
    ranking.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    ranking
}
