//! `medvec quickstart`

use std::io::Write;
use std::path::Path;

use medvec::session::{BUILTIN, EncoderChoice, Event, ImportSettings, Opened, open_reader};
use medvec::{Database, EncoderInput};

use super::import::{self, Sources};
use super::search;
use crate::args::{
    Databases, Filters, Format, FusionName, ModeName, ModelOptions, Quickstart, Search, YearRange,
};
use crate::context::Context;
use crate::failure::Result;
use crate::shell;
use crate::style::{FAINT, KEY};

/// The 1,000 labelled PubMedQA records; see `samples/pubmedqa/PROVENANCE.md`.
const SAMPLE: &[u8] = include_bytes!("../../../../samples/pubmedqa/ori_pqal.json.zst");
const SAMPLE_NAME: &str = "ori_pqal.json.zst";

const QUESTION: &str = "does obesity make asthma worse";
const MESH: &str = "Asthma";
const YEARS: YearRange = YearRange { from: 2005, to: 2016 };
const HITS: usize = 3;

pub(crate) fn run(args: &Quickstart, context: &mut Context) -> Result<u8> {
    let database = args.dir.display();
    let medvec = shell::program();
    if Database::exists(&args.dir) {
        context.remark(format!("{database} is there already and is used as it is"));
    } else {
        context.remark("building a database of 1,000 PubMedQA abstracts with the built-in encoder");
        build(&args.dir, context)?;
    }
    let shown = format!(
        "{medvec} search {} \"{QUESTION}\" --mesh \"{MESH}\" --year {}:{} -k {HITS}",
        shell::quoted(&database.to_string()),
        YEARS.from,
        YEARS.to
    );
    writeln!(context.out, "{FAINT}${FAINT:#} {KEY}{shown}{KEY:#}\n")?;
    let query = Search {
        databases: Databases { database: args.dir.clone(), also: Vec::new() },
        text: Some(QUESTION.to_owned()),
        query: None,
        k: HITS,
        offset: 0,
        sort: None,
        facet: Vec::new(),
        filters: Filters { mesh: vec![MESH.to_owned()], year: Some(YEARS), ..Filters::default() },
        mode: ModeName::default(),
        fusion: FusionName::default(),
        expand: false,
        vector_weight: None,
        exact: false,
        recall: None,
        probes: None,
        candidates: 0,
        explain: false,
        encoder: None,
        model: ModelOptions::default(),
        rerank: None,
        rerank_top: 0,
        save_search: None,
        replay: None,
        topic: "1".to_owned(),
        format: Format::Text,
    };
    let code = search::run(&query, context)?;
    next_steps(&args.dir, context)?;
    Ok(code)
}

/// Imports the sample, which is part of the program.
fn build(database: &Path, context: &mut Context) -> Result<()> {
    let sources = vec![Opened::reader(SAMPLE_NAME, SAMPLE)?.into()];
    let sources = Sources { sources, ..Sources::default() };
    let mut settings = ImportSettings::default();
    settings.encoder = EncoderChoice::named(BUILTIN);
    import::sources_into(database, sources, &settings, None, false, context).map(drop)
}

/// Titles and abstracts of the sample.
pub(crate) fn sample_texts() -> Result<Vec<EncoderInput>> {
    let mut texts = Vec::new();
    for record in open_reader(SAMPLE_NAME, SAMPLE)? {
        if let Event::Document { document, .. } = record?.event {
            texts.push(document.encoder_input());
        }
    }
    Ok(texts)
}

fn next_steps(database: &Path, context: &mut Context) -> Result<()> {
    let medvec = shell::program();
    let db = shell::quoted(&database.to_string_lossy());
    let steps = [
        ("ask something else", format!("{medvec} search {db} \"do statins help after a stroke\"")),
        ("list by filter", format!("{medvec} search {db} --mesh Stroke --year 2010:")),
        ("read one in full", format!("{medvec} get {db} 19615731")),
        (
            "pipe into programs",
            format!("{medvec} search {db} \"screening for breast cancer\" --format jsonl"),
        ),
        ("what is in it", format!("{medvec} stats {db}")),
        ("your own literature", format!("{medvec} import my.medvec pubmed26n1334.xml.gz")),
        ("everything else", format!("{medvec} --help")),
    ];
    writeln!(context.out, "\nGo on with:")?;
    for (what, command) in steps {
        writeln!(context.out, "  {FAINT}{what:<20}{FAINT:#} {KEY}{command}{KEY:#}")?;
    }
    Ok(())
}
