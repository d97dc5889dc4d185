//! Options by their names, as command lines have them, and which layouts have a use for each.

use super::layout::Layout;
use super::options::{
    CollectionOptions, HydeText, NfCorpusQueries, NfCorpusScale, SciFactRelevance, TopicPart,
};

impl CollectionOptions {
    /// Sets an option by its name: `topic=description`.
    ///
    /// | name | values, the default first | layouts |
    /// |---|---|---|
    /// | `topic` | `title`, `description`, `narrative`, `both` (title and description) | TREC |
    /// | `subset` | a name | MTEB, R2MED |
    /// | `queries` | `titles`, `nontopic-titles`, `vid-titles`, `vid-desc`, `all` | NFCorpus |
    /// | `scale` | `3-2-1`, `2-1-0` | NFCorpus |
    /// | `relevant` | `cited`, `evidence` | SciFact |
    /// | `hyde` | a folder inside of the benchmark | R2MED |
    /// | `hyde-text` | `both`, `document` | R2MED |
    /// | `snippets` | `ignored`, `relevant` | BioASQ |
    ///
    /// # Errors
    /// In words: an unknown name or value.
    pub fn set(&mut self, option: &str) -> Result<(), String> {
        let (name, value) = option.split_once('=').ok_or("expected NAME=VALUE")?;
        match name {
            "topic" => {
                self.topic_part = one_of(
                    value,
                    &[
                        ("title", TopicPart::Title),
                        ("description", TopicPart::Description),
                        ("narrative", TopicPart::Narrative),
                        ("both", TopicPart::TitleAndDescription),
                    ],
                )?
            }
            "subset" => self.subset = Some(value.to_owned()),
            "queries" => {
                let all = NfCorpusQueries::ALL.map(|queries| (queries.name(), queries));
                self.nfcorpus_queries = one_of(value, &all)?;
            }
            "scale" => {
                let scales =
                    [("3-2-1", NfCorpusScale::ThreeTwoOne), ("2-1-0", NfCorpusScale::TwoOneZero)];
                self.nfcorpus_scale = one_of(value, &scales)?;
            }
            "relevant" => {
                let kinds =
                    [("cited", SciFactRelevance::Cited), ("evidence", SciFactRelevance::Evidence)];
                self.scifact_relevance = one_of(value, &kinds)?;
            }
            "hyde" => self.hyde = Some(value.to_owned()),
            "hyde-text" => {
                let texts = [("both", HydeText::Both), ("document", HydeText::Document)];
                self.hyde_text = one_of(value, &texts)?;
            }
            "snippets" => {
                self.include_snippets = one_of(value, &[("ignored", false), ("relevant", true)])?
            }
            _ => {
                return Err(format!(
                    "unknown option `{name}` (expected one of topic, subset, queries, scale, relevant, hyde, hyde-text, \
                     snippets)"
                ));
            }
        }
        Ok(())
    }

    /// An option that is set and that a layout has no use for, by its name.
    pub(super) fn unused_by(&self, layout: Layout) -> Option<&'static str> {
        use Layout::{BioAsq, Hub, NfCorpus, R2Med, SciFact, Trec};
        let default = CollectionOptions::default();
        let set: [(&str, bool, &[Layout]); 9] = [
            ("topic", self.topic_part != default.topic_part, &[Trec]),
            ("subset", self.subset.is_some(), &[Hub, R2Med]),
            ("queries", self.nfcorpus_queries != default.nfcorpus_queries, &[NfCorpus]),
            ("scale", self.nfcorpus_scale != default.nfcorpus_scale, &[NfCorpus]),
            ("relevant", self.scifact_relevance != default.scifact_relevance, &[SciFact]),
            ("hyde", self.hyde.is_some(), &[R2Med]),
            ("hyde-text", self.hyde_text != default.hyde_text, &[R2Med]),
            ("snippets", self.include_snippets, &[BioAsq]),
            ("judgements", self.judgements.is_some(), &[Trec, BioAsq]),
        ];
        let unused =
            set.into_iter().find(|(_, is_set, layouts)| *is_set && !layouts.contains(&layout));
        unused.map(|(name, ..)| name)
    }
}

fn one_of<T: Copy>(value: &str, all: &[(&str, T)]) -> Result<T, String> {
    let found = all.iter().find(|(name, _)| *name == value);
    found.map(|(_, found)| *found).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        format!("unknown value `{value}` (expected one of {})", names.join(", "))
    })
}
