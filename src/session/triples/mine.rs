//! From queries to negatives.

use std::collections::BTreeSet;

use super::branch::around;
use super::citations::two_hops;
use super::cross::CrossGuard;
use super::guards::{KnownWorks, ScoreGuard};
use super::kind::NegativeKind;
use super::known::Known;
use super::passage::{MinedNegative, MinedQuery, Passage, outside};
use super::query::TrainingQuery;
use super::ranking::Ranking;
use super::sample::{generator, shuffle};
use super::settings::{MineSettings, Sampling};
use super::stats::{DroppedNegatives, MineStats};
use crate::control::Control;
use crate::error::Result;
use crate::ids::Key;
use crate::parallel;
use crate::search::Query;
use crate::session::Session;
use crate::session::error::SessionResult;

/// Queries whose results are in memory at once.
const BLOCK: usize = 256;

/// Mines negatives with one database and one set of settings.
pub struct Miner<'a> {
    settings: &'a MineSettings,
    ranking: Ranking,
    cross: CrossGuard<'a>,
    control: &'a Control,
}

/// A query with what was mined, and its counts.
type Outcome = (MinedQuery, MineStats);

impl<'a> Miner<'a> {
    /// Opens the models that the settings need.
    ///
    /// # Errors
    /// [`Error::InvalidQuery`](crate::Error::InvalidQuery) for settings that contradict each other; as [`Session::encoder`];
    /// [`Error::UnknownName`](crate::Error::UnknownName) for a filter;
    /// [`SessionError::NoReranker`](crate::session::SessionError::NoReranker);
    /// [`Error::Corrupt`](crate::Error::Corrupt) for a damaged vocabulary.
    pub fn open(
        session: &'a Session,
        settings: &'a MineSettings,
        control: &'a Control,
    ) -> SessionResult<Miner<'a>> {
        settings.check()?;
        let ranking = Ranking::open(session, settings.mode, settings.recall, control)?;
        ranking.snapshot.vocabulary()?;
        // A name that the filter has wrong, or a recall above 1, is said before a file is begun.
        let all = Query::matching(settings.filter.clone()).count_only();
        let all = settings.recall.map_or(all.clone(), |recall| all.recall(recall));
        ranking.snapshot.search(&all.control(control.clone()))?;
        let cross = CrossGuard::open(session, settings, control)?;
        Ok(Miner { settings, ranking, cross, control })
    }

    /// Mines negatives on all cores, and gives each query that has positives to `take`, in their order.
    ///
    /// Cost per query: one search per kind of negatives, exact without a recall, one more for the scores of guards, one compressed block per
    /// document that is looked at; with a cross-encoder, one pass of the model per document. Memory: 256 results.
    ///
    /// # Errors
    /// As [`Snapshot::search`](crate::Snapshot::search); those of the models, of `take` and of the control.
    pub fn mine(
        &self,
        queries: &[TrainingQuery],
        take: &mut dyn FnMut(MinedQuery) -> Result<()>,
    ) -> SessionResult<MineStats> {
        let mut stats = MineStats::default();
        let total = queries.len() as u64;
        for block in queries.chunks(BLOCK) {
            let before = stats.queries;
            let mut done = |finished: usize| {
                self.control.report("mining", "queries", before + finished as u64, total);
            };
            for (query, part) in self.block(block, &mut done)? {
                stats.add(&part);
                if !query.positives.is_empty() {
                    take(query)?;
                }
            }
        }
        Ok(stats)
    }

    /// Some queries at once, in their order.
    fn block(
        &self,
        block: &[TrainingQuery],
        done: &mut dyn FnMut(usize),
    ) -> SessionResult<Vec<Outcome>> {
        let one = |query: &TrainingQuery| self.one(query);
        parallel::try_map(parallel::cores(), block, self.control, one, done)
    }
}

impl Miner<'_> {
    fn one(&self, query: &TrainingQuery) -> SessionResult<Outcome> {
        let mut stats = MineStats { queries: 1, ..MineStats::default() };
        let known = Known::read(&self.ranking, self.settings, query, &mut stats)?;
        let mut mined =
            MinedQuery { id: query.id.clone(), text: query.text.clone(), ..MinedQuery::default() };
        if known.passages.is_empty() {
            stats.without_positives = 1;
            return Ok((mined, stats));
        }
        stats.with_positives = 1;
        stats.positives = known.passages.len() as u64;
        mined.negatives = self.negatives(&known, &mut stats)?;
        for negative in &mined.negatives {
            *stats.negatives_by_kind.entry(negative.name.to_owned()).or_default() += 1;
        }
        stats.negatives = mined.negatives.len() as u64;
        stats.negatives_per_query.insert(mined.negatives.len(), 1);
        mined.positives = known.passages;
        Ok((mined, stats))
    }

    /// The candidates of one kind, those first that rank highest.
    fn candidates(&self, kind: NegativeKind, known: &Known<'_>) -> Result<Vec<Key>> {
        let (ranking, settings, text) = (&self.ranking, self.settings, known.query.text.as_str());
        let (filter, vocabulary) = (&settings.filter, ranking.snapshot.vocabulary()?);
        Ok(match kind {
            NegativeKind::Rank => {
                let mut ranked = ranking.best(text, filter.clone(), settings.range_max)?;
                ranked.drain(..settings.range_min.saturating_sub(1).min(ranked.len()));
                ranked
            }
            NegativeKind::Branch => match around(vocabulary, &known.positives) {
                Some(branch) => ranking.best(text, filter.clone() & branch, settings.range_max)?,
                None => Vec::new(),
            },
            NegativeKind::Citations => {
                let far = two_hops(&ranking.snapshot, &known.positives)?;
                ranking.ordered(text, far, filter)?
            }
            NegativeKind::Given => Vec::new(),
        })
    }

    /// Tries candidates, the kinds in turn, until there are enough negatives.
    fn negatives(
        &self,
        known: &Known<'_>,
        stats: &mut MineStats,
    ) -> SessionResult<Vec<MinedNegative>> {
        let settings = self.settings;
        let mut generator = generator(settings.seed, &known.query.id);
        let mut queues = Vec::new();
        for kind in &settings.kinds {
            let mut keys = self.candidates(*kind, known)?;
            keys.retain(|key| {
                let is_query = known.query.document.as_ref() == Some(key);
                let is_relevant = known.query.relevant.contains(key);
                stats.dropped.query_document += u64::from(is_query);
                stats.dropped.relevant += u64::from(is_relevant && !is_query);
                !is_query && !is_relevant
            });
            if settings.sampling == Sampling::Random {
                shuffle(&mut keys, &mut generator);
            }
            queues.push((*kind, keys.into_iter()));
        }
        let candidates = queues.iter().flat_map(|(_, keys)| keys.as_slice());
        let mut trial = Trial {
            miner: self,
            known,
            scores: self.score_guard(known, candidates)?,
            limit: self.cross.limit(&known.query.text, &known.positives)?,
            works: known.works(settings),
            tried: BTreeSet::new(),
            dropped: &mut stats.dropped,
        };
        let mut found: Vec<MinedNegative> = Vec::new();
        for text in known.query.given.iter().take(settings.count) {
            let passage = trial.given(text);
            found.extend(passage.map(|passage| {
                let kind = NegativeKind::Given;
                MinedNegative { kind, name: self.name(kind), passage }
            }));
        }
        let mut is_over = false;
        while !is_over {
            is_over = true;
            for (kind, keys) in &mut queues {
                if found.len() >= settings.count {
                    return Ok(found);
                }
                for key in keys.by_ref() {
                    if let Some(passage) = trial.passage(key)? {
                        found.push(MinedNegative { kind: *kind, name: self.name(*kind), passage });
                        is_over = false;
                        break;
                    }
                }
            }
        }
        Ok(found)
    }

    fn score_guard<'k>(
        &self,
        known: &Known<'_>,
        candidates: impl Iterator<Item = &'k Key>,
    ) -> Result<ScoreGuard> {
        if !self.settings.needs_scores() {
            return Ok(ScoreGuard::default());
        }
        let positives = known.passages.iter().map(|passage| passage.key.clone());
        let positives: BTreeSet<Key> = positives.collect();
        let all = candidates.cloned().chain(positives.iter().cloned()).collect();
        let scores = self.ranking.scores(&known.query.text, all)?;
        Ok(ScoreGuard::new(self.settings, scores, &positives))
    }

    fn name(&self, kind: NegativeKind) -> &'static str {
        match kind {
            NegativeKind::Rank => self.ranking.name(),
            NegativeKind::Branch => "mesh-branch",
            NegativeKind::Citations => "two-hop",
            NegativeKind::Given => "given",
        }
    }
}

/// The candidates of one query on trial.
struct Trial<'a> {
    miner: &'a Miner<'a>,
    known: &'a Known<'a>,
    scores: ScoreGuard,
    limit: Option<f64>,
    works: KnownWorks,
    tried: BTreeSet<Key>,
    dropped: &'a mut DroppedNegatives,
}

impl Trial<'_> {
    /// The passage of a text that was named as a negative, unless it repeats another.
    fn given(&mut self, text: &str) -> Option<Passage> {
        let (document, passage) = outside(&self.known.query.id, text);
        let passage = passage?;
        if self.works.has(&document, &passage) {
            self.dropped.duplicates += 1;
            return None;
        }
        self.works.insert(&document, Some(&passage));
        Some(passage)
    }

    /// The passage of a candidate that may be a negative; counts why another may not. The cheapest guards come first.
    fn passage(&mut self, key: Key) -> SessionResult<Option<Passage>> {
        let Miner { settings, ranking, cross, .. } = self.miner;
        // Another kind of negatives may have it, or may have dropped it.
        if self.tried.contains(&key) || !self.scores.passes(&key, self.dropped) {
            self.tried.insert(key);
            return Ok(None);
        }
        let document = ranking.snapshot.get(&key)?;
        self.tried.insert(key);
        let Some(document) = document else { return Ok(None) };
        let Some(mut passage) = Passage::of(&document, settings.passage) else {
            self.dropped.without_text += 1;
            return Ok(None);
        };
        let vocabulary = ranking.snapshot.vocabulary()?;
        if self.known.shares_topic(vocabulary, &document) {
            self.dropped.relevant += 1;
            return Ok(None);
        }
        if self.works.has(&document, &passage) {
            self.dropped.duplicates += 1;
            return Ok(None);
        }
        if !cross.passes(self.limit, &self.known.query.text, &document)? {
            self.dropped.reranker += 1;
            return Ok(None);
        }
        self.works.insert(&document, Some(&passage));
        passage.similarity = self.known.similarity(vocabulary, &document);
        Ok(Some(passage))
    }
}
