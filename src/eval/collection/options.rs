//! What a caller may choose when a collection is opened.

use std::path::PathBuf;

use super::layout::Layout;

/// Options of [`Collection::open`](super::Collection::open). The default is what each layout's own
/// tools do.
///
/// An option that the layout has no use for is an error, and so is a split of a layout without splits.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CollectionOptions {
    /// The layout; recognised if `None`.
    pub layout: Option<Layout>,
    /// The split: `test`, else the only one (SciFact: `dev`).
    pub split: Option<String>,
    /// Hub, R2MED: the set inside of a repository that holds several (`{subset}-corpus`).
    pub subset: Option<String>,
    /// TREC: the file of judgements, if it does not lie beside the topics as the only `*qrels*`. BioASQ: judgements in place
    /// of the documents that questions name.
    pub judgements: Option<PathBuf>,
    /// TREC: what of a topic is the query.
    pub topic_part: TopicPart,
    /// BioASQ: documents of snippets are relevant too, behind those of `documents`.
    pub include_snippets: bool,
    /// NFCorpus: which queries.
    pub nfcorpus_queries: NfCorpusQueries,
    /// NFCorpus: which scale of grades.
    pub nfcorpus_scale: NfCorpusScale,
    /// SciFact: what counts as relevant.
    pub scifact_relevance: SciFactRelevance,
    /// R2MED: queries with hypothetical documents: the folder, as in `hyde/qwen2.5-7b`.
    pub hyde: Option<String>,
    /// R2MED: the text of a query with a hypothetical document.
    pub hyde_text: HydeText,
}

impl CollectionOptions {
    /// Sets the layout.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = Some(layout);
        self
    }

    /// Sets the split.
    #[must_use]
    pub fn split(mut self, split: impl Into<String>) -> Self {
        self.split = Some(split.into());
        self
    }

    /// Sets the subset.
    #[must_use]
    pub fn subset(mut self, subset: impl Into<String>) -> Self {
        self.subset = Some(subset.into());
        self
    }

    /// Sets the file of judgements.
    #[must_use]
    pub fn judgements(mut self, file: impl Into<PathBuf>) -> Self {
        self.judgements = Some(file.into());
        self
    }

    /// Sets what of a TREC topic is the query.
    #[must_use]
    pub fn topic_part(mut self, part: TopicPart) -> Self {
        self.topic_part = part;
        self
    }

    /// Sets whether documents of BioASQ snippets are relevant too.
    #[must_use]
    pub fn include_snippets(mut self, include: bool) -> Self {
        self.include_snippets = include;
        self
    }

    /// Sets the queries and the scale of NFCorpus.
    #[must_use]
    pub fn nfcorpus(mut self, queries: NfCorpusQueries, scale: NfCorpusScale) -> Self {
        self.nfcorpus_queries = queries;
        self.nfcorpus_scale = scale;
        self
    }

    /// Sets what counts as relevant in SciFact.
    #[must_use]
    pub fn scifact_relevance(mut self, relevance: SciFactRelevance) -> Self {
        self.scifact_relevance = relevance;
        self
    }

    /// Sets the folder of R2MED's hypothetical documents, and what they are used for.
    #[must_use]
    pub fn hyde(mut self, folder: impl Into<String>, text: HydeText) -> Self {
        self.hyde = Some(folder.into());
        self.hyde_text = text;
        self
    }
}

/// What of a TREC topic is the query. A topic without that part is counted as one with an empty text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopicPart {
    /// `title` or `query`; else `disease`, `gene`, `variant` and `treatment`; else `summary`; else the
    /// plain text of the topic; else all its `field`s.
    #[default]
    Title,
    /// `desc`, `description` or `question`; of a topic with a disease, the title with `demographic` and
    /// `other`.
    Description,
    /// `narr`, `narrative` or `note`.
    Narrative,
    /// The title and the description, with a space between.
    TitleAndDescription,
}

/// NFCorpus's kinds of queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NfCorpusQueries {
    /// All fields of a page.
    All,
    /// Titles of all pages.
    #[default]
    Titles,
    /// Titles of pages that are not about a topic.
    NontopicTitles,
    /// Titles of videos.
    VideoTitles,
    /// Descriptions of videos.
    VideoDescriptions,
}

impl NfCorpusQueries {
    /// The default first.
    pub(super) const ALL: [NfCorpusQueries; 5] = [
        NfCorpusQueries::Titles,
        NfCorpusQueries::NontopicTitles,
        NfCorpusQueries::VideoTitles,
        NfCorpusQueries::VideoDescriptions,
        NfCorpusQueries::All,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            NfCorpusQueries::All => "all",
            NfCorpusQueries::Titles => "titles",
            NfCorpusQueries::NontopicTitles => "nontopic-titles",
            NfCorpusQueries::VideoTitles => "vid-titles",
            NfCorpusQueries::VideoDescriptions => "vid-desc",
        }
    }
}

/// NFCorpus's scales of grades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NfCorpusScale {
    /// Direct links 3, indirect links 2, marginally relevant 1.
    #[default]
    ThreeTwoOne,
    /// Direct links 2, indirect links 1.
    TwoOneZero,
}

/// What counts as relevant in SciFact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SciFactRelevance {
    /// Every document in `cited_doc_ids`, as BEIR has it.
    #[default]
    Cited,
    /// Only documents with evidence for or against the claim.
    Evidence,
}

/// The text of a query with a hypothetical document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HydeText {
    /// The query and the document, with a space between.
    #[default]
    Both,
    /// The document alone.
    Document,
}
