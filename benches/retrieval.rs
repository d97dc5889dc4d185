//! Searches a task in BEIR's layout by words, by vectors and by both, also expanded and by one relevant document in place of
//! the query, and writes a TREC run of each.
//!
//! ```text
//! cargo bench --no-default-features --features ingest,static-encoder --bench retrieval -- FOLDER RUNS [ENCODER]
//! ```
//!
//! `FOLDER` holds `corpus.jsonl`, `queries.jsonl` and `qrels/test.tsv`; the runs become `RUNS/NAME-MODE.trec`, NAME being that of
//! the folder. Prints nDCG@10 and recall@100 of each; judge the runs with trec_eval's own code for a table. `ENCODER` is a model
//! folder or a static encoder's file, the built-in encoder when it is left out.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use medvec::document::AbstractSection;
use medvec::format::manifest::LexicalConfig;
use medvec::{
    Accuracy, Change, CreateOptions, Database, Document, Encoder, Expansion, Filter, Fusion, Key,
    Mode, Query, RowType, Snapshot, WriterOptions, encode,
};
use serde_json::Value;

/// Hits of each query.
const HITS: usize = 100;

/// A mode with the name that its run gets.
const MODES: &[(&str, Mode, Option<Fusion>)] = &[
    ("dense", Mode::Dense, None),
    ("lexical", Mode::Lexical, None),
    ("hybrid", Mode::Hybrid, None),
    // How flat the weight is.
    ("hybrid-0.6", Mode::Hybrid, Some(Fusion::Relative { vector_weight: 0.6 })),
    ("hybrid-0.7", Mode::Hybrid, Some(Fusion::Relative { vector_weight: 0.7 })),
    ("hybrid-0.75", Mode::Hybrid, Some(Fusion::Relative { vector_weight: 0.75 })),
    ("hybrid-1.0", Mode::Hybrid, Some(Fusion::Relative { vector_weight: 1.0 })),
    ("hybrid-ranks", Mode::Hybrid, Some(Fusion::Ranks { k: 60 })),
    ("hybrid-sum", Mode::Hybrid, Some(Fusion::Sum { vector_weight: 0.6 })),
];

/// The three modes, for what is measured in each.
const PLAIN_MODES: &[(&str, Mode)] =
    &[("dense", Mode::Dense), ("lexical", Mode::Lexical), ("hybrid", Mode::Hybrid)];

/// Grades above 0 by document.
type Grades = HashMap<String, f64>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [folder, runs, rest @ ..] = arguments.as_slice() else {
        return Err("usage: retrieval FOLDER RUNS [ENCODER]".into());
    };
    let encoder: Arc<dyn Encoder> = match rest.first() {
        Some(path) => encode::open(Path::new(path))?,
        None => encode::builtin()?,
    };
    let folder = Path::new(folder);
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("task");
    let place = tempfile::tempdir()?;
    let documents = documents(folder)?;
    // In turn, so that both see the same machine.
    let mut seconds = [0.0, 0.0];
    for round in 0..2 {
        let bare = place.path().join(format!("bare{round}"));
        seconds[0] += import(&documents, &bare, &encoder, None)?.1;
        let whole = place.path().join(format!("whole{round}"));
        seconds[1] += import(&documents, &whole, &encoder, CreateOptions::default().lexical)?.1;
    }
    let (database, _) =
        import(&documents, &place.path().join("task"), &encoder, CreateOptions::default().lexical)?;
    let stats = database.snapshot().stats()?;
    let lexical = stats.sections.iter().filter(|section| section.name.starts_with("lexical"));
    let lexical: u64 = lexical.map(|section| section.bytes).sum();
    let of_text = |bytes: u64| 100.0 * bytes as f64 / stats.text_bytes as f64;
    println!(
        "import with words {:.2} times as long as without; documents {:.1} %, words {:.1} % of the text",
        seconds[1] / seconds[0],
        of_text(stats.document_bytes),
        of_text(lexical)
    );
    let queries = lines(&folder.join("queries.jsonl"))?;
    let judged = judgements(&folder.join("qrels/test.tsv"))?;
    let snapshot = database.snapshot();
    println!("{name}: {} documents, {} queries", snapshot.len(), judged.len());
    fs::create_dir_all(runs)?;
    let task = Task { name, runs: Path::new(runs), queries, judged, snapshot };
    for (mode_name, mode, fusion) in MODES {
        task.run(mode_name, |text, grades| {
            let query = Query::embed(&*encoder, text)?.mode(*mode);
            Ok(Some((query.fusion(fusion.unwrap_or_default()), grades.clone())))
        })?;
    }
    for (mode_name, mode) in PLAIN_MODES {
        task.run(&format!("{mode_name}-expanded"), |text, grades| {
            let query = Query::embed(&*encoder, text)?.mode(*mode).expand(Expansion::default());
            Ok(Some((query, grades.clone())))
        })?;
    }
    for (mode_name, mode) in PLAIN_MODES {
        task.run(&format!("{mode_name}-like"), |_, grades| task.like(*mode, grades))?;
    }
    Ok(())
}

/// A task in a database.
struct Task<'a> {
    name: &'a str,
    runs: &'a Path,
    queries: Vec<Value>,
    judged: HashMap<String, Grades>,
    snapshot: Snapshot,
}

impl Task<'_> {
    /// Searches with what is made of each query, beside the documents that it should find.
    fn run(
        &self,
        mode_name: &str,
        make: impl Fn(&str, &Grades) -> Result<Option<(Query, Grades)>, Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        let (mut run, mut ndcg, mut recall, mut seconds) = (String::new(), 0.0, 0.0, 0.0);
        let mut count = 0.0;
        for line in &self.queries {
            let (id, text) = (string(line, "_id"), string(line, "text"));
            let Some(grades) = self.judged.get(&id) else { continue };
            let started = Instant::now();
            let Some((query, grades)) = make(&text, grades)? else { continue };
            let found = self.snapshot.search(&query.k(HITS).accuracy(Accuracy::Exact))?;
            seconds += started.elapsed().as_secs_f64();
            count += 1.0;
            let keys: Vec<String> = found.hits.iter().map(|hit| hit.key.to_string()).collect();
            ndcg += ndcg_at_10(&keys, &grades);
            recall += recall_of(&keys, &grades);
            for (rank, (key, hit)) in (1..).zip(keys.iter().zip(&found.hits)) {
                // trec_eval orders by score and breaks ties by name: the rank makes them differ.
                let score = f64::from(hit.score) - 1e-9 * f64::from(rank);
                writeln!(run, "{id} Q0 {key} {rank} {score:.12} medvec-{mode_name}")?;
            }
        }
        fs::write(self.runs.join(format!("{}-{mode_name}.trec", self.name)), run)?;
        println!(
            "{mode_name:16} nDCG@10 {:.4}  R@100 {:.4}  {:.2} ms per query with its embedding, {count} queries",
            ndcg / count,
            recall / count,
            seconds * 1e3 / count
        );
        Ok(())
    }

    /// The documents like the best one of a query, the first by its id, which should find the others.
    fn like(&self, mode: Mode, grades: &Grades) -> Result<Option<(Query, Grades)>, Box<dyn Error>> {
        let best = grades.iter().max_by(|a, b| a.1.total_cmp(b.1).then_with(|| b.0.cmp(a.0)));
        let Some((best, _)) = best.filter(|_| grades.len() > 1) else { return Ok(None) };
        let mut others = grades.clone();
        others.remove(best);
        let key = Key::Text(best.clone());
        let (document, vector) = (self.snapshot.get(&key)?, self.snapshot.vector(&key)?);
        let (Some(document), Some(vector)) = (document, vector) else { return Ok(None) };
        let query = Query::like(&[document], &[]).with_vector(vector).mode(mode);
        Ok(Some((query.filter(!Filter::Keys(vec![key])), others)))
    }
}

fn documents(folder: &Path) -> Result<Vec<Document>, Box<dyn Error>> {
    let mut documents = Vec::new();
    for line in lines(&folder.join("corpus.jsonl"))? {
        let mut document = Document::new(Key::Text(string(&line, "_id")));
        document.title = string(&line, "title");
        document.abstract_sections =
            vec![AbstractSection { text: string(&line, "text"), ..AbstractSection::default() }];
        documents.push(document);
    }
    Ok(documents)
}

/// The database, and how long it took in seconds.
fn import(
    documents: &[Document],
    place: &Path,
    encoder: &Arc<dyn Encoder>,
    lexical: Option<LexicalConfig>,
) -> Result<(Database, f64), Box<dyn Error>> {
    let started = Instant::now();
    let options = CreateOptions::for_encoder(encoder.spec(), RowType::Int8).lexical(lexical);
    let database = Database::create(place, options)?;
    let mut writer = database.writer(WriterOptions::with_encoder(encoder.clone()))?;
    for documents in documents.chunks(1000) {
        writer.apply(documents.iter().cloned().map(Change::new).collect())?;
    }
    writer.commit()?;
    Ok((database, started.elapsed().as_secs_f64()))
}

fn lines(path: &Path) -> Result<Vec<Value>, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn string(line: &Value, field: &str) -> String {
    line.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Grades by query.
fn judgements(path: &Path) -> Result<HashMap<String, Grades>, Box<dyn Error>> {
    let mut judged: HashMap<String, Grades> = HashMap::new();
    for line in fs::read_to_string(path)?.lines().skip(1) {
        let mut fields = line.split('\t');
        if let (Some(query), Some(document), Some(grade)) =
            (fields.next(), fields.next(), fields.next())
        {
            let grade: f64 = grade.trim().parse()?;
            if grade > 0.0 {
                judged.entry(query.into()).or_default().insert(document.into(), grade);
            }
        }
    }
    Ok(judged)
}

fn ndcg_at_10(keys: &[String], grades: &Grades) -> f64 {
    let gain = |grades: &[f64]| -> f64 {
        (2..).zip(grades).take(10).map(|(place, grade)| grade / f64::from(place).log2()).sum()
    };
    let found: Vec<f64> =
        keys.iter().map(|key| grades.get(key).copied().unwrap_or_default()).collect();
    let mut ideal: Vec<f64> = grades.values().copied().collect();
    ideal.sort_by(|a, b| b.total_cmp(a));
    gain(&found) / gain(&ideal)
}

fn recall_of(keys: &[String], grades: &Grades) -> f64 {
    let found = keys.iter().filter(|key| grades.contains_key(*key)).count();
    found as f64 / grades.len() as f64
}
