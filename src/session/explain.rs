//! How an answer was found, for people who ask and for programs.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::key_line::key_line;
use crate::encoder::EncoderSpec;
use crate::ids::Key;
use crate::search::{
    ExpansionExplain, Explain, FusedExplain, IndexExplain, Plan, SegmentExplain, WhyExact,
    WordExplain,
};

/// How an answer was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// What embedded the text, where one was embedded.
    pub encoder: Option<EncoderSpec>,
    /// What the search did.
    pub search: Explain,
}

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let encoder = self.encoder.as_ref().map(|spec| {
            json!({
                "name": spec.name,
                "family": spec.family,
                "dimension": spec.dimension,
                "fingerprint": spec.fingerprint().to_string(),
            })
        });
        let search = &self.search;
        json!({
            "encoder": encoder,
            "exact": search.exact.map(exact_code),
            "index": search.index.as_ref().map(index_json),
            "words": search.words.iter().map(word_json).collect::<Vec<Value>>(),
            "fused": search.fused.as_ref().map(fused_json),
            "expansion": search.expansion.as_ref().map(expansion_json),
            "segments": search.segments.iter().map(segment_json).collect::<Vec<Value>>(),
            "filter_us": search.filter_time.as_micros() as u64,
            "search_us": search.total_time.as_micros() as u64,
        })
        .serialize(serializer)
    }
}

fn index_json(index: &IndexExplain) -> Value {
    json!({
        "recall": index.recall,
        "expected_recall": index.estimated_recall,
        "is_estimate": index.is_estimate,
        "lists": index.lists,
        "probes": index.probes,
        "candidates": index.candidates,
        "lists_scanned": index.lists_scanned,
        "copies": index.copies,
        "rows_scanned": index.rows_scanned,
        "rows_scored": index.rows_scored,
        "index_ns": index.index_ns,
        "exact_ns": index.exact_ns,
    })
}

fn word_json(word: &WordExplain) -> Value {
    json!({"stem": word.stem, "documents": word.documents, "weight": word.weight})
}

fn expansion_json(expansion: &ExpansionExplain) -> Value {
    let names = |keys: &[Key]| keys.iter().map(key_line).collect::<Vec<_>>();
    let added = expansion.added.iter().map(|added| {
        json!({
            "stem": added.stem,
            "documents": added.documents,
            "weight": added.weight,
            "from": names(&added.from),
        })
    });
    json!({
        "documents": names(&expansion.documents),
        "vector_documents": names(&expansion.vector_documents),
        "added": added.collect::<Vec<_>>(),
    })
}

fn fused_json(fused: &FusedExplain) -> Value {
    json!({
        "candidates": fused.candidates,
        "best_words": fused.best_words,
        "best_vector": fused.best_vector,
        "mean_vector": fused.mean,
    })
}

fn segment_json(part: &SegmentExplain) -> Value {
    json!({
        "segment": part.segment.0,
        "rows": part.rows,
        "matched": part.matched,
        "scanned": part.scanned,
        "plan": plan_code(part.plan),
    })
}

fn plan_code(plan: Plan) -> &'static str {
    match plan {
        Plan::Skip => "skip",
        Plan::ExactScan => "exact-scan",
        Plan::ExactScanOfMatches => "exact-scan-of-matches",
        Plan::Index => "index",
        Plan::IndexOfMatches => "index-of-matches",
        Plan::List => "list",
        Plan::Count => "count",
        Plan::Words => "words",
    }
}

fn exact_code(why: WhyExact) -> &'static str {
    match why {
        WhyExact::Asked => "asked",
        WhyExact::Quick => "quick",
        WhyExact::Cheaper => "cheaper",
        WhyExact::NotIndexed => "not-indexed",
        WhyExact::NotMeasured => "not-measured",
        WhyExact::BeyondMeasured => "beyond-measured",
    }
}
