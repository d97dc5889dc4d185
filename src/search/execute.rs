//! Runs a query over segments: filter, plan, scan, merge.

use std::sync::Arc;
use std::time::Instant;

use super::answer::{Hit, SearchResult};
use super::compile::compile;
use super::dense::{self, Nearest};
use super::expand::Feedback;
use super::explain::{ExpansionExplain, Explain, Plan, SegmentExplain};
use super::fuse::Fused;
use super::list::list;
use super::matches::Matches;
use super::note::Note;
use super::query::{Accuracy, Expansion, Mode, Query};
use super::sort::{Sort, SortOrder};
use super::terms::WeightedTerms;
use super::vectors::{QueryVector, Vectors, prepare};
use super::view::{self, SegmentView};
use super::words::{self, Words, score_of};
use crate::error::{Error, Result};
use crate::limits::HITS_MAX;

/// Words of liked documents that others are ranked by: as many as Lucene's `MoreLikeThis` takes.
const TELLING_WORDS: usize = 25;

/// Searches the segments of a snapshot.
///
/// # Errors
/// [`Error::InvalidQuery`], [`Error::UnknownName`], [`Error::Vector`], [`Error::EncoderMismatch`] for a
/// query that does not fit; [`Error::Corrupt`] for damaged files; [`Error::Cancelled`],
/// [`Error::DeadlineExceeded`].
pub fn search(
    segments: &[SegmentView],
    vectors: Option<&Vectors>,
    query: &Query,
) -> Result<SearchResult> {
    let started = Instant::now();
    check_size(query)?;
    query.accuracy.validate()?;
    query.fusion.validate()?;
    query.expansion.map_or(Ok(()), Expansion::validate)?;
    let filter = compile(&query.filter, segments, query.allow_unknown)?;
    let matches = view::matches(segments, &filter, &query.control)?;
    let filter_time = started.elapsed();
    let vector = query.vector.as_deref();
    let vector = vector.map(|vector| prepare(vector, vectors, query)).transpose()?;
    let (hits, mut explain) = if query.wants_hits() {
        run(segments, &matches, vectors, vector, query)?
    } else {
        (Vec::new(), counted(segments, &matches))
    };
    explain.filter_time = filter_time;
    let mut notes = filter.notes.clone();
    match matches.iter().map(|matches| matches.undated).sum() {
        0 => {}
        documents => notes.push(Note::Undated { documents }),
    }
    match matches.iter().map(|matches| matches.unindexed).sum() {
        0 => {}
        documents => notes.push(Note::Unindexed { documents }),
    }
    let matched = matches.iter().map(|matches| matches.count).sum();
    explain.total_time = started.elapsed();
    Ok(SearchResult { hits, matched, notes, explain })
}

/// Refuses more hits than one search may have, those before the page counted in.
fn check_size(query: &Query) -> Result<()> {
    if query.reach() <= HITS_MAX {
        return Ok(());
    }
    let detail = match query.offset {
        0 => format!("{} hits wanted, at most {HITS_MAX} are possible", query.k),
        offset => format!(
            "{} hits wanted after the first {offset}; offset and k together may be {HITS_MAX} at most",
            query.k
        ),
    };
    Err(Error::InvalidQuery { detail })
}

/// The hits of the page that a query asks for.
fn run(
    segments: &[SegmentView],
    matches: &[Arc<Matches>],
    vectors: Option<&Vectors>,
    mut vector: Option<QueryVector>,
    query: &Query,
) -> Result<(Vec<Hit>, Explain)> {
    let mode = mode(segments, query, vector.is_some())?;
    let newest_first = (Sort::Date, SortOrder::Descending);
    let by_score = (Sort::Score, SortOrder::Descending);
    let otherwise = if mode.is_some() { &by_score } else { &newest_first };
    let (sort, order) = query.sort.as_ref().unwrap_or(otherwise);
    let is_worst_first = *sort == Sort::Score && *order == SortOrder::Ascending;
    let by_words = matches!(mode, Some(Mode::Lexical | Mode::Hybrid));
    let mut words = if by_words { words_of(query, segments)? } else { None };
    if is_worst_first && words.is_some() {
        return Err(Error::InvalidQuery {
            detail: "the worst documents first can be had by vectors alone; ask for `Mode::Dense`"
                .into(),
        });
    }
    let ranking = Ranking { segments, matches, query };
    let mut expansion = None;
    if let Some(options) = query.expansion {
        if mode.is_none() {
            return Err(Error::InvalidQuery {
                detail: "there is nothing to expand: the query has neither a text nor a vector"
                    .into(),
            });
        }
        let own = vector.as_ref().filter(|_| mode != Some(Mode::Lexical));
        let (hits, _) = ranking.best(words.as_ref(), own, options.reach())?;
        let control = &query.control;
        let feedback = Feedback { segments, hits: &hits, expansion: options, control };
        let mut found = ExpansionExplain::default();
        if let (Some(_), Some(own), Some(vectors)) = (own, &query.vector, vectors)
            && let Some(moved) = feedback.vector(own, &mut found)?
        {
            vector = Some(prepare(&moved, Some(vectors), query)?);
        }
        if let Some(own) = &words
            && let Some(expanded) = feedback.words(&own.terms(), &mut found)?
        {
            words = Some(Words::new(segments, &expanded, control)?);
        }
        expansion = Some(found);
    }
    if is_worst_first {
        // The worst score is the best one of the opposite vector, which the index is not measured for.
        vector = vector.map(QueryVector::negated);
    }
    let (mut hits, mut explain) = match (sort, &vector) {
        (Sort::Score, Some(vector)) if is_worst_first => {
            let (mut hits, explain) = ranking.nearest(vector, query.reach(), Accuracy::Exact)?;
            hits.iter_mut().for_each(|hit| hit.score = -hit.score);
            (hits, explain)
        }
        (Sort::Score, vector) if mode.is_some() => {
            let vector = vector.as_ref().filter(|_| mode != Some(Mode::Lexical));
            ranking.best(words.as_ref(), vector, query.reach())?
        }
        _ => list(segments, matches, (sort, *order), query)?,
    };
    // In another order no ranking explains the words.
    explain.expansion = expansion.map(|expansion| {
        let words = words.as_ref().map(Words::explain).unwrap_or_default();
        expansion.weighted(&words)
    });
    hits.drain(..query.offset.min(hits.len()));
    if *sort != Sort::Score {
        match (&words, &vector) {
            (_, Some(vector)) => dense::score(segments, vector, &mut hits, &query.control)?,
            (Some(words), None) => {
                let units = words.score(&hits, &query.control)?;
                hits.iter_mut().zip(units).for_each(|(hit, units)| hit.score = score_of(units));
            }
            (None, None) => {}
        }
    }
    Ok((hits, explain))
}

/// The words that a query ranks by.
fn words_of<'a>(query: &Query, segments: &'a [SegmentView]) -> Result<Option<Words<'a>>> {
    Ok(match (&query.text, &query.terms) {
        (Some(text), _) => {
            Some(Words::new(segments, &WeightedTerms::of_query(text)?, &query.control)?)
        }
        (None, Some(terms)) => {
            let mut words = Words::new(segments, terms, &query.control)?;
            words.keep_telling(TELLING_WORDS);
            Some(words)
        }
        (None, None) => None,
    })
}

/// Ranks the matching documents.
struct Ranking<'a> {
    segments: &'a [SegmentView],
    matches: &'a [Arc<Matches>],
    query: &'a Query,
}

impl Ranking<'_> {
    /// The best documents, by words, by a vector or by both.
    fn best(
        &self,
        words: Option<&Words<'_>>,
        vector: Option<&QueryVector>,
        count: usize,
    ) -> Result<(Vec<Hit>, Explain)> {
        let Ranking { segments, matches, query } = *self;
        match (words, vector) {
            (Some(words), Some(vector)) => {
                let nearest = self.wanted(vector, count, query.accuracy);
                let fusion = query.fusion;
                Fused { segments, matches, words, nearest, fusion }.search()
            }
            (Some(words), None) => {
                let found = words.best(matches, count, &query.control)?;
                let mut explain = counted(segments, matches);
                explain
                    .segments
                    .iter_mut()
                    .filter(|part| part.matched > 0)
                    .for_each(|part| part.plan = Plan::Words);
                explain.words = words.explain();
                Ok((found.into_iter().map(|found| found.hit).collect(), explain))
            }
            (None, Some(vector)) => self.nearest(vector, count, query.accuracy),
            (None, None) => Ok((Vec::new(), counted(segments, matches))),
        }
    }

    /// The nearest documents.
    fn nearest(
        &self,
        vector: &QueryVector,
        count: usize,
        accuracy: Accuracy,
    ) -> Result<(Vec<Hit>, Explain)> {
        let wanted = self.wanted(vector, count, accuracy);
        dense::search(self.segments, self.matches, wanted)
    }

    fn wanted<'b>(
        &'b self,
        vector: &'b QueryVector,
        count: usize,
        accuracy: Accuracy,
    ) -> Nearest<'b> {
        Nearest { vector, count, accuracy, control: &self.query.control }
    }
}

/// What documents are ranked by; `None` for a query that only filters.
///
/// # Errors
/// [`Error::InvalidQuery`] for a mode that lacks its text or its vector.
fn mode(segments: &[SegmentView], query: &Query, has_vector: bool) -> Result<Option<Mode>> {
    let has_text = query.text.is_some() || query.terms.is_some();
    let lacks = |detail: &str| Err(Error::InvalidQuery { detail: detail.into() });
    match query.mode {
        Mode::Auto if !has_text => Ok(has_vector.then_some(Mode::Dense)),
        Mode::Auto if words::is_indexed(segments) => {
            let reversed = matches!(query.sort, Some((Sort::Score, SortOrder::Ascending)));
            Ok(Some(match has_vector {
                true if reversed => Mode::Dense,
                true => Mode::Hybrid,
                false => Mode::Lexical,
            }))
        }
        Mode::Auto if has_vector => Ok(Some(Mode::Dense)),
        Mode::Auto => lacks(
            "the query has a text and no vector, and this database has no lexical index to look for its words in; make \
             its vector with `Query::embedded_by`, or give one with `Query::with_vector`",
        ),
        Mode::Lexical | Mode::Hybrid if !has_text => lacks(
            "a search for words needs a text; start the query with `Query::text` or `Query::like`",
        ),
        Mode::Dense | Mode::Hybrid if !has_vector => lacks(
            "a search by vectors needs a vector; make it with `Query::embedded_by`, or give one with \
             `Query::with_vector`",
        ),
        mode => Ok(Some(mode)),
    }
}

/// How a search went that read no hits.
fn counted(segments: &[SegmentView], matches: &[Arc<Matches>]) -> Explain {
    let segments = segments.iter().zip(matches).map(|(view, matches)| SegmentExplain {
        segment: view.segment.id(),
        rows: u64::from(view.segment.rows()),
        matched: matches.count,
        scanned: 0,
        plan: if matches.count == 0 { Plan::Skip } else { Plan::Count },
    });
    Explain { segments: segments.collect(), ..Explain::default() }
}
