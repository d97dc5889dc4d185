//! The cross-encoder as a guard: it reads query and document together.

use super::settings::MineSettings;
use crate::control::Control;
use crate::document::Document;
use crate::session::Session;
#[cfg(not(feature = "bert"))]
use crate::session::error::SessionError;
use crate::session::error::SessionResult;

/// The highest score that the cross-encoder may give a negative.
pub(super) struct CrossGuard<'a> {
    session: &'a Session,
    control: Control,
    max_score: Option<f64>,
    margin: Option<f64>,
    is_used: bool,
}

impl<'a> CrossGuard<'a> {
    /// Opens the cross-encoder, if it is used.
    ///
    /// # Errors
    /// [`SessionError::NoReranker`](crate::session::SessionError::NoReranker); what is wrong with its folder.
    pub(super) fn open(
        session: &'a Session,
        settings: &MineSettings,
        control: &Control,
    ) -> SessionResult<CrossGuard<'a>> {
        let (max_score, margin) = (settings.reranker_max_score, settings.reranker_margin);
        let margin = if max_score.is_none() { margin.or(Some(0.0)) } else { margin };
        let control = Control { watch: None, ..control.clone() };
        let is_used = settings.uses_reranker;
        let guard = CrossGuard { session, control, max_score, margin, is_used };
        if is_used {
            guard.scores("", &[])?;
        }
        Ok(guard)
    }

    /// The limit of a query, from the scores of its positives.
    ///
    /// # Errors
    /// Those of the model and the control.
    pub(super) fn limit(&self, text: &str, positives: &[Document]) -> SessionResult<Option<f64>> {
        let Some(margin) = self.margin.filter(|_| self.is_used) else {
            return Ok(self.max_score.filter(|_| self.is_used));
        };
        let lowest = self.scores(text, positives)?.into_iter().fold(f64::INFINITY, f64::min);
        let limit = lowest - margin;
        Ok(Some(self.max_score.map_or(limit, |max| max.min(limit))))
    }

    /// Whether a candidate does not score above a limit.
    ///
    /// # Errors
    /// As [`CrossGuard::limit`].
    pub(super) fn passes(
        &self,
        limit: Option<f64>,
        text: &str,
        document: &Document,
    ) -> SessionResult<bool> {
        let Some(limit) = limit else { return Ok(true) };
        let scores = self.scores(text, std::slice::from_ref(document))?;
        Ok(scores.into_iter().all(|score| score <= limit))
    }

    /// Queries have a core each, so a query has one.
    #[cfg(feature = "bert")]
    fn scores(&self, text: &str, documents: &[Document]) -> SessionResult<Vec<f64>> {
        let texts: Vec<_> = documents.iter().map(Document::encoder_input).collect();
        let scores = self.session.reranker()?.rank(text, &texts, 1, &self.control)?;
        Ok(scores.into_iter().map(f64::from).collect())
    }

    #[cfg(not(feature = "bert"))]
    fn scores(&self, _: &str, _: &[Document]) -> SessionResult<Vec<f64>> {
        let _ = (self.session, &self.control);
        Err(SessionError::NoReranker)
    }
}
