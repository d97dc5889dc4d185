//! Hits sorted again by a cross-encoder, in builds that can run one (feature `bert`).

use super::error::{SessionError, SessionResult};
use super::opened::Session;
use super::request::Request;
use crate::document::Document;
use crate::search::Hit;

impl Session {
    /// Fails before the search where a request asks for re-ranking and cannot have it.
    pub(super) fn check_rerank(&self, request: &Request) -> SessionResult<()> {
        if request.words().is_none() {
            return Err(SessionError::RerankNeedsText);
        }
        #[cfg(feature = "bert")]
        return self.reranker().map(drop);
        #[cfg(not(feature = "bert"))]
        Err(SessionError::NoReranker)
    }

    /// Sorts hits by the scores of the cross-encoder, best first, and keeps those of the page; where
    /// scores are equal the order stays.
    #[cfg(feature = "bert")]
    pub(super) fn rerank(
        &self,
        request: &Request,
        hits: &mut Vec<Hit>,
        documents: Vec<Document>,
    ) -> SessionResult<Vec<Document>> {
        let texts: Vec<_> = documents.iter().map(Document::encoder_input).collect();
        let threads = crate::parallel::cores();
        let text = request.words().unwrap_or_default();
        let scores = self.reranker()?.rank(text, &texts, threads, &request.control)?;
        let mut ranked: Vec<_> = hits.drain(..).zip(documents).zip(scores).collect();
        ranked.sort_by(|(_, left), (_, right)| right.total_cmp(left));
        let page = ranked.into_iter().skip(request.offset).take(request.k);
        let kept = page.map(|((mut hit, document), score)| {
            hit.score = score;
            hits.push(hit);
            document
        });
        Ok(kept.collect())
    }

    #[cfg(not(feature = "bert"))]
    pub(super) fn rerank(
        &self,
        _: &Request,
        _: &mut Vec<Hit>,
        _: Vec<Document>,
    ) -> SessionResult<Vec<Document>> {
        Err(SessionError::NoReranker)
    }
}
