//! The measures and their names.

use std::fmt;
use std::num::NonZeroU32;

/// What a measure counts. `R` is the number of relevant documents of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MeasureKind {
    /// Discounted gain over that of an ideal ranking.
    Ndcg,
    /// Precision at each relevant document, summed, over R.
    Ap,
    /// One over the rank of the first relevant document.
    Rr,
    /// Relevant documents among the first k, over R.
    Recall,
    /// Relevant documents among the first k, over k.
    Precision,
    /// Precision at rank R.
    RPrecision,
    /// How often relevant documents precede documents judged not relevant.
    Bpref,
    /// Judged documents among the first k, over the documents returned there. This is ir-measures' definition with
    /// trec_eval's order of equal scores. A negative grade is a judgement.
    Judged,
    /// 1 if a relevant document is among the first k, else 0.
    Success,
    /// Relevant documents over documents returned.
    SetPrecision,
    /// Relevant documents returned, over R.
    SetRecall,
}

/// Whether a kind has a cutoff.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cutoff {
    Required,
    Optional,
    None,
}

/// The facts of a kind.
pub(super) struct Form {
    pub(super) kind: MeasureKind,
    /// ir-measures' name, which is printed.
    pub(super) name: &'static str,
    /// ir-measures' other names and trec_eval's, in lower case.
    pub(super) aliases: &'static [&'static str],
    pub(super) cutoff: Cutoff,
    /// Whether it asks if a document is relevant.
    pub(super) has_level: bool,
}

/// Every kind, in the order of [`MeasureKind`].
pub(super) const FORMS: [Form; 11] = {
    use Cutoff::{None, Optional, Required};
    use MeasureKind::*;
    const fn form(
        kind: MeasureKind,
        name: &'static str,
        aliases: &'static [&'static str],
        cutoff: Cutoff,
        has_level: bool,
    ) -> Form {
        Form { kind, name, aliases, cutoff, has_level }
    }
    [
        form(Ndcg, "nDCG", &["ndcg_cut"], Optional, false),
        form(Ap, "AP", &["map", "map_cut"], Optional, true),
        form(Rr, "RR", &["mrr", "recip_rank"], Optional, true),
        form(Recall, "R", &["recall"], Required, true),
        form(Precision, "P", &["precision"], Required, true),
        form(RPrecision, "Rprec", &["rprecision"], None, true),
        form(Bpref, "Bpref", &[], None, true),
        form(Judged, "Judged", &[], Optional, false),
        form(Success, "Success", &[], Required, true),
        form(SetPrecision, "SetP", &["set_p"], None, true),
        form(SetRecall, "SetR", &["set_recall"], None, true),
    ]
};

/// A measure, its cutoff, and the grade from which a document is relevant.
///
/// It parses ir-measures' names (`nDCG@10`, `AP(rel=2)@100`) and trec_eval's (`ndcg_cut.10`, `map`), whatever their
/// case, and prints ir-measures'.
///
/// ```
/// # use medvec::eval::measures::Measure;
/// let measure: Measure = "ndcg_cut.10".parse()?;
/// assert_eq!(measure.to_string(), "nDCG@10");
/// # Ok::<(), medvec::eval::measures::MeasureError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Measure {
    kind: MeasureKind,
    cutoff: Option<NonZeroU32>,
    level: i64,
}

impl Measure {
    /// A measure of the first `cutoff` documents, by documents whose grade is at least `level` (usually 1).
    ///
    /// # Errors
    /// A cutoff of 0, a level below 1, or a cutoff or level where the kind has none or needs one.
    pub fn new(
        kind: MeasureKind,
        cutoff: Option<u32>,
        level: i64,
    ) -> Result<Measure, MeasureError> {
        let form = kind.form();
        let name = form.map_or("", |form| form.name);
        let refuse = |reason: String| Err(MeasureError { text: name.to_owned(), reason });
        let (rule, has_level) = form.map_or((Cutoff::None, false), |f| (f.cutoff, f.has_level));
        let cutoff = match (cutoff, rule) {
            (Some(_), Cutoff::None) => return refuse("it has no cutoff; leave it out".to_owned()),
            (None, Cutoff::Required) => {
                return refuse(format!("it needs a cutoff, such as `{name}@10`"));
            }
            (None, _) => None,
            (Some(k), _) => match NonZeroU32::new(k) {
                Some(k) => Some(k),
                None => return refuse("the cutoff must be at least 1".to_owned()),
            },
        };
        if level < 1 {
            return refuse(format!("the relevance level must be at least 1, not {level}"));
        }
        if level != 1 && !has_level {
            return refuse("it has no relevance level; leave `rel` out".to_owned());
        }
        Ok(Measure { kind, cutoff, level })
    }

    /// What it counts.
    pub fn kind(self) -> MeasureKind {
        self.kind
    }

    /// Documents that count; all of them without a cutoff.
    pub fn cutoff(self) -> Option<NonZeroU32> {
        self.cutoff
    }

    /// The least grade of a relevant document.
    pub fn level(self) -> i64 {
        self.level
    }
}

impl MeasureKind {
    fn form(self) -> Option<&'static Form> {
        FORMS.iter().find(|form| form.kind == self)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.form().map_or("", |form| form.name))?;
        if self.level != 1 {
            write!(f, "(rel={})", self.level)?;
        }
        match self.cutoff {
            Some(k) => write!(f, "@{k}"),
            None => Ok(()),
        }
    }
}

/// A name that is not a measure's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasureError {
    /// What was given.
    pub text: String,
    /// What is wrong and what to write.
    pub reason: String,
}

impl fmt::Display for MeasureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "measure `{}`: {}", self.text, self.reason)
    }
}

impl std::error::Error for MeasureError {}
