//! A random series of writes with the state that each commit must have.

use std::collections::BTreeMap;
use std::sync::Arc;

use medvec::db::{
    Change, CreateOptions, Database, EmbedOptions, OptimizeOptions, Writer, WriterOptions,
};
use medvec::document::Document;
use medvec::format::manifest::RowType;
use medvec::ids::Key;
use medvec::storage::Storage;
use medvec::{Control, Encoder, Metric, Result};

use super::{DIMENSION, Numbers, Random, document, key, vector, vocabulary};

/// What one call is going to do.
#[derive(Clone, Debug)]
pub enum Step {
    Upsert {
        number: u64,
        edition: u64,
        has_vector: bool,
    },
    Embed,
    Delete {
        number: u64,
    },
    /// The database's own vocabulary is that of a year, or none.
    Mesh {
        year: Option<u32>,
    },
    Commit,
    Compact,
    /// Compaction beside the writer, which is not there meanwhile.
    Maintain,
    /// A new index beside it, piece by piece.
    Retrain,
    Reopen,
}

/// A state that was, or is about to be, committed.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The generation; embedding and maintenance may publish the same contents more than once.
    pub generation: u64,
    /// Operations of the storage when the call returned.
    pub log_len: usize,
    /// Its documents.
    pub contents: BTreeMap<Key, Document>,
    /// The year of its own vocabulary.
    pub mesh: Option<u32>,
}

/// A workload from a seed: `commits` commits of a few changes each, among them deletions,
/// replacements, vocabularies, documents that get their vectors later, a compaction in the middle and one at
/// the end.
pub fn steps(seed: u64, commits: u64) -> Vec<Step> {
    let mut random = Random(seed);
    let mut steps = Vec::new();
    for commit in 0..commits {
        for _ in 0..1 + random.below(4) {
            let number = random.below(12);
            steps.push(match random.below(4) {
                0 => Step::Delete { number },
                _ => Step::Upsert {
                    number,
                    edition: random.below(100),
                    has_vector: random.below(4) > 0,
                },
            });
        }
        if random.below(4) == 0 {
            // 2020 comes again: equal vocabularies are one file.
            let year = (random.below(3) > 0).then(|| 2020 + random.below(2) as u32);
            steps.push(Step::Mesh { year });
        }
        steps.push(Step::Commit);
        if commit == commits / 2 || commit == commits - 1 {
            steps.push(Step::Compact);
        }
        if commit % 4 == 2 {
            steps.push(Step::Embed);
        }
        if commit % 4 == 3 {
            steps.push(if commit % 8 == 7 { Step::Retrain } else { Step::Maintain });
        }
        if random.below(5) == 0 {
            steps.push(Step::Reopen);
        }
    }
    steps
}

/// Runs the steps until one fails; `committed` gets a state for every call that published.
pub fn run(
    storage: Arc<dyn Storage>,
    steps: &[Step],
    log_len: &dyn Fn() -> usize,
    committed: &mut Vec<Committed>,
) -> Result<()> {
    let database = Database::create_in(storage.clone(), create_options_of(&*encoder()))?;
    let mut model = BTreeMap::new();
    let mut mesh = None;
    committed.push(Committed { generation: 1, log_len: log_len(), contents: model.clone(), mesh });
    let mut writer = start(&database)?;
    for step in steps {
        match step {
            Step::Upsert { number, edition, has_vector } => {
                let document = document(*number, *edition);
                model.insert(document.key.clone(), document.clone());
                let vector = has_vector.then(|| vector(*number, *edition));
                writer.apply(vec![Change { document, revision: None, vector }])?;
            }
            Step::Delete { number } => {
                let existed = model.remove(&key(*number)).is_some();
                assert_eq!(writer.delete(&key(*number))?, existed);
            }
            Step::Mesh { year } => {
                let vocabulary = year.map(vocabulary);
                writer.set_mesh(vocabulary.as_ref())?;
                mesh = *year;
            }
            Step::Commit => {
                let generation = writer.commit()?.0;
                committed.push(Committed {
                    generation,
                    log_len: log_len(),
                    contents: model.clone(),
                    mesh,
                });
            }
            Step::Embed => {
                // Vectors change nothing of the contents, whichever of its commits is the last.
                let options = EmbedOptions::default().threads(1).commit_every(1);
                writer.embed_pending(&options, &Control::default(), &mut |_| {})?;
                assert_eq!(writer.snapshot().pending()?, 0);
                let generation = writer.snapshot().generation().0;
                committed.push(Committed {
                    generation,
                    log_len: log_len(),
                    contents: model.clone(),
                    mesh,
                });
            }
            Step::Compact => {
                writer.compact(&Control::default())?;
                let generation = writer.snapshot().generation().0;
                committed.push(Committed {
                    generation,
                    log_len: log_len(),
                    contents: model.clone(),
                    mesh,
                });
            }
            Step::Maintain | Step::Retrain => {
                drop(writer);
                let control = Control::default();
                if matches!(step, Step::Retrain) {
                    let anew = OptimizeOptions::default().retrain(true);
                    database
                        .maintainer(options().merged_bytes_max(1))?
                        .optimize(&anew, &control)?;
                } else {
                    database.maintainer(options())?.compact(&control)?;
                }
                let generation = database.snapshot().generation().0;
                committed.push(Committed {
                    generation,
                    log_len: log_len(),
                    contents: model.clone(),
                    mesh,
                });
                writer = start(&database)?;
            }
            Step::Reopen => {
                // Uncommitted changes are gone with the writer: go back to the last commit.
                drop(writer);
                model = committed.last().map(|last| last.contents.clone()).unwrap_or_default();
                mesh = committed.last().and_then(|last| last.mesh);
                writer = start(&database)?;
            }
        }
    }
    Ok(())
}

fn start(database: &Database) -> Result<Writer> {
    database.writer(options())
}

/// A compaction of a few documents trains an index and uses it.
fn options() -> WriterOptions {
    WriterOptions::default()
        .encoder(Some(encoder()))
        .defer(true)
        .index_rows_min(4)
        .train_rows_min(6)
}

/// What the workload's documents are embedded by.
pub fn encoder() -> Arc<dyn Encoder> {
    Numbers::encoder(DIMENSION, Metric::Cosine, vector)
}

fn create_options_of(encoder: &dyn Encoder) -> CreateOptions {
    CreateOptions::for_encoder(encoder.spec(), RowType::Int8)
}
