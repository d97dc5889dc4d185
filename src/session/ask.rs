//! From a request to an answer: embed, search, sort again, show.

use super::answer::{Answer, AnswerHit, Highlights};
use super::error::{SessionError, SessionResult};
use super::explain::Explanation;
use super::facets::AnswerFacet;
use super::highlight::Terms;
use super::hints;
use super::opened::Session;
use super::remark::Remark;
use super::request::Request;
use super::sentences::SentenceRanking;
use super::similar;
use crate::db::Snapshot;
use crate::document::Document;
use crate::encoder::EncoderSpec;
use crate::error::{Error, Result};
use crate::search::{Hit, Mode, Note, Query, SearchResult, WordExplain};

impl Session {
    /// Answers a request.
    ///
    /// Cost: that of the search; one compressed block per hit; with sentences, the embedding of up to 60
    /// sentences per hit; with a cross-encoder, one pass of the model per document that it reads.
    ///
    /// # Errors
    /// As [`Session::encoder`] for a text; as [`Snapshot::search`];
    /// [`SessionError::NoReranker`](super::SessionError::NoReranker) and
    /// [`SessionError::RerankNeedsText`](super::SessionError::RerankNeedsText).
    pub fn ask(&self, request: &Request) -> SessionResult<Answer> {
        let snapshot = self.snapshot();
        let is_counted_only = request.k == 0;
        let top = if is_counted_only { None } else { request.rerank };
        if top.is_some() {
            self.check_rerank(request)?;
        }
        let (query, encoder) = self.query(request, &snapshot)?;
        let result = snapshot.search(&query)?;
        let facets = facets(request, &snapshot, &query)?;
        let found = Found { request, snapshot: &snapshot, result, encoder };
        let mut answer = found.answer()?;
        answer.facets = facets;
        if is_counted_only {
            return Ok(answer);
        }
        // Sentences answer the text itself, and not what it was expanded with.
        let words: Vec<WordExplain> = found.result.explain.own_words().cloned().collect();
        let mut hits = found.result.hits;
        let documents = match top {
            None => {
                hits.drain(..request.offset.min(hits.len()));
                documents(&snapshot, &hits)?
            }
            Some(_) => {
                let documents = documents(&snapshot, &hits)?;
                self.rerank(request, &mut hits, documents)?
            }
        };
        let is_scored = request.is_scored();
        for (place, (hit, document)) in hits.iter().zip(&documents).enumerate() {
            let score = is_scored.then_some(hit.score);
            answer.hits.push(AnswerHit::new(request.offset + place + 1, score, document));
        }
        self.decorate(request, &words, &mut answer.hits, documents)?;
        Ok(answer)
    }

    /// The search that a request asks for, and what embedded its text.
    fn query(
        &self,
        request: &Request,
        snapshot: &Snapshot,
    ) -> SessionResult<(Query, Option<EncoderSpec>)> {
        if request.like.is_empty() && !request.unlike.is_empty() {
            return Err(SessionError::NothingLiked);
        }
        let wanted = request.offset.saturating_add(request.k);
        let k = request.rerank.map_or(wanted, |top| wanted.max(top));
        let mut encoder = None;
        let query = match (&request.vector, request.words()) {
            // A count needs neither: only the filter decides what matches.
            _ if request.k == 0 => Query::matching(request.filter.clone()).k(0),
            (Some(vector), Some(text)) if matches!(request.mode, Mode::Lexical | Mode::Hybrid) => {
                Query::text(text).with_vector(vector.clone()).mode(request.mode).k(k)
            }
            (Some(vector), _) => Query::vector(vector.clone()).k(k),
            _ if request.is_by_example() => {
                similar::query(snapshot, &request.like, &request.unlike, request.mode)?.k(k)
            }
            (None, Some(text)) => self.text_query(request, text, &mut encoder)?.k(k),
            (None, None) => Query::matching(request.filter.clone()).k(wanted),
        };
        let filter = similar::without(request.filter.clone(), &request.like, &request.unlike);
        let query = query
            .filter(filter)
            .accuracy(request.accuracy)
            .fusion(request.fusion)
            .control(request.control.clone());
        let query = if request.allow_unknown_names { query.allow_unknown_names() } else { query };
        let query = match request.expansion {
            Some(expansion) => query.expand(expansion),
            None => query,
        };
        let query = match &request.sort {
            Some((sort, order)) => query.sort(sort.clone(), *order),
            None => query,
        };
        Ok((query, encoder))
    }

    /// The search for a text, embedded as far as its mode wants a vector.
    fn text_query(
        &self,
        request: &Request,
        text: &str,
        encoder: &mut Option<EncoderSpec>,
    ) -> SessionResult<Query> {
        let query = Query::text(text).mode(request.mode);
        let has_vectors = self.snapshot().manifest().vectors.is_some();
        if request.mode == Mode::Lexical || (request.mode == Mode::Auto && !has_vectors) {
            return Ok(query);
        }
        let own = self.encoder()?;
        *encoder = Some(own.spec().clone());
        match query.clone().embedded_by(&*own) {
            // No word that the encoder knows: a gene or a drug that is newer than it may be in the texts all the same.
            Err(Error::InvalidQuery { .. }) if request.mode == Mode::Auto && self.has_words() => {
                Ok(query)
            }
            embedded => Ok(embedded?),
        }
    }

    /// Whether documents can be ranked by words.
    fn has_words(&self) -> bool {
        self.snapshot().manifest().lexical.is_some()
    }

    /// Adds sentences, highlights and documents, as far as they are wanted.
    fn decorate(
        &self,
        request: &Request,
        words: &[WordExplain],
        hits: &mut [AnswerHit],
        documents: Vec<Document>,
    ) -> SessionResult<()> {
        if request.sentences
            && let Some(text) = request.words()
            && !hits.is_empty()
        {
            let texts: Vec<String> =
                documents.iter().map(|document| document.encoder_input().text).collect();
            let is_dense =
                request.mode != Mode::Lexical && self.snapshot().manifest().vectors.is_some();
            let encoder = if is_dense { Some(self.encoder()?) } else { None };
            // A query tower alone cannot embed sentences of documents.
            let encoder = encoder.filter(|encoder| !encoder.spec().has_towers());
            let by = SentenceRanking { encoder: encoder.as_deref(), text, words };
            let best = by.best(&texts, &request.control)?;
            for (hit, sentence) in hits.iter_mut().zip(best) {
                hit.sentence = sentence;
            }
        }
        if request.highlights {
            let terms = Terms::of(request.words().unwrap_or_default());
            for hit in hits.iter_mut() {
                let sentence = hit.sentence.as_deref().unwrap_or_default();
                let (title, sentence) = (terms.spans(&hit.title), terms.spans(sentence));
                hit.highlights = Some(Highlights { title, sentence });
            }
        }
        if request.documents {
            for (hit, document) in hits.iter_mut().zip(documents) {
                hit.document = Some(Box::new(document));
            }
        }
        Ok(())
    }
}

fn facets(request: &Request, snapshot: &Snapshot, query: &Query) -> Result<Vec<AnswerFacet>> {
    let counts = request.facets.iter().map(|facet| {
        let counts = snapshot.facets(query, facet, request.facet_values)?;
        Ok(AnswerFacet { facet: facet.clone(), counts })
    });
    counts.collect()
}

fn documents(snapshot: &Snapshot, hits: &[Hit]) -> Result<Vec<Document>> {
    let mut documents = Vec::with_capacity(hits.len());
    for hit in hits {
        // A hit of this snapshot always has its document; a bare one would still show its key.
        let document = snapshot.document(hit)?;
        documents.push(document.unwrap_or_else(|| Document::new(hit.key.clone())));
    }
    Ok(documents)
}

/// A search that was done.
struct Found<'a> {
    request: &'a Request,
    snapshot: &'a Snapshot,
    result: SearchResult,
    encoder: Option<EncoderSpec>,
}

impl Found<'_> {
    /// The answer without its hits.
    fn answer(&self) -> SessionResult<Answer> {
        let Found { request, snapshot, result, encoder } = self;
        Ok(Answer {
            text: request.words().map(str::to_owned),
            documents: snapshot.len(),
            matched: result.matched,
            undated: result.undated(),
            unindexed: result.unindexed(),
            remarks: self.remarks()?,
            is_count: request.k == 0,
            hits: Vec::new(),
            facets: Vec::new(),
            explain: request
                .explain
                .then(|| Explanation { encoder: encoder.clone(), search: result.explain.clone() }),
            search_time: result.explain.total_time,
        })
    }

    fn remarks(&self) -> SessionResult<Vec<Remark>> {
        let Found { request, snapshot, result, .. } = self;
        let mut remarks = Vec::new();
        if let Some(text) = request.words() {
            remarks.extend(hints::remarks(text, snapshot)?);
            if request.k == 0 {
                let text = "filters alone decide what is counted; a text only orders hits";
                remarks.push(Remark::new("count", text));
            }
        } else if request.text.is_some() && request.vector.is_none() && request.k > 0 {
            let text =
                "the text is empty: documents that pass the filters are listed, newest first";
            remarks.push(Remark::new("empty-text", text));
        }
        remarks.extend(request.remarks.iter().cloned());
        let is_told = |note: &&Note| {
            let is_absent = matches!(note, Note::Absent { .. } | Note::AbsentValue { .. });
            is_absent && request.told.contains(note)
        };
        remarks.extend(result.notes.iter().filter(|note| !is_told(note)).map(Remark::from));
        if result.matched == 0 {
            remarks.extend(self.nothing()?);
        } else if result.hits.is_empty() && request.k > 0 {
            let by_words = !result.explain.words.is_empty() && result.explain.fused.is_none();
            let text = match result.matched {
                _ if by_words => {
                    "nothing found: no matching document has any of these words".into()
                }
                1 => {
                    "nothing found: 1 document passes the filters, and it has no vector".to_owned()
                }
                matched => format!(
                    "nothing found: {matched} documents pass the filters, none of them has a vector"
                ),
            };
            remarks.push(Remark::new("nothing", text));
        }
        Ok(remarks)
    }

    /// What to say when no document passes the filters.
    fn nothing(&self) -> SessionResult<Vec<Remark>> {
        if self.snapshot.is_empty() {
            let text = "nothing found: the database holds no documents";
            return Ok(vec![Remark::new("nothing", text)]);
        }
        let text = "nothing found: no document passes these filters";
        let mut remarks = vec![Remark::new("nothing", text)];
        let why = self.snapshot.why_nothing(&self.request.filter)?;
        remarks.extend(why.iter().map(Remark::from));
        Ok(remarks)
    }
}

#[cfg(test)]
mod tests;
