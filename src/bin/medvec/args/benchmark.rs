//! Options of commands that read benchmarks.

use std::path::PathBuf;

use clap::Args;
use medvec::session::evaluate::{CollectionOptions, Layout};

use crate::failure::{Failure, Result};

/// How benchmarks are read, and where their indexes are.
#[derive(Debug, Args)]
pub(crate) struct Benchmark {
    /// The layout of a benchmark, where it cannot be told from its files.
    #[arg(long, value_name = "LAYOUT")]
    pub(crate) layout: Option<Layout>,

    /// The split whose judgements count (then: test, or the only one).
    #[arg(long, value_name = "NAME")]
    pub(crate) split: Option<String>,

    /// Judgements (qrels) of TREC topics, of BioASQ questions, and of runs.
    #[arg(long, value_name = "FILE")]
    pub(crate) qrels: Option<PathBuf>,

    /// What of a benchmark is read. TREC: topic=title|description|narrative|both; MTEB, R2MED: subset=NAME; NFCorpus:
    /// queries=titles|nontopic-titles|vid-titles|vid-desc|all, scale=3-2-1|2-1-0; SciFact: relevant=cited|evidence;
    /// R2MED: hyde=FOLDER, hyde-text=both|document; BioASQ: snippets=relevant. The first of each is the default.
    #[arg(long, value_name = "NAME=VALUE,...", value_delimiter = ',')]
    pub(crate) variant: Vec<String>,

    /// Where the indexes of benchmarks are kept, so that a second run embeds nothing (then: the user's cache folder).
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

impl Benchmark {
    pub(crate) fn collection_options(&self) -> Result<CollectionOptions> {
        let mut options = CollectionOptions::default();
        options.layout = self.layout;
        options.split.clone_from(&self.split);
        options.judgements.clone_from(&self.qrels);
        for part in &self.variant {
            options
                .set(part)
                .map_err(|detail| Failure::usage(format!("--variant {part}: {detail}")))?;
        }
        Ok(options)
    }

    /// The folder that was named; else `$XDG_CACHE_HOME/medvec/eval`, or where the system keeps what can be made again.
    pub(crate) fn cache(&self) -> Result<PathBuf> {
        if let Some(folder) = &self.cache {
            return Ok(folder.clone());
        }
        let set =
            |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = set("XDG_CACHE_HOME")
            .or_else(|| set("LOCALAPPDATA"))
            .or_else(|| Some(set("HOME")?.join(".cache")));
        let cache = cache.ok_or_else(|| Failure::usage("no cache folder is known: use --cache"))?;
        Ok(cache.join("medvec").join("eval"))
    }
}
