//! The real sets, where they are: `MEDVEC_SHARED` names the folder (default `../shared`). Under `CI=true` they
//! must be there.

use std::path::PathBuf;

use super::*;

fn shared(part: &str) -> Option<PathBuf> {
    let root =
        std::env::var_os("MEDVEC_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let path = root.join("data").join(part);
    let must = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(path.exists() || !must, "{} is missing", path.display());
    path.exists().then_some(path)
}

fn count(collection: &Collection) -> (usize, usize) {
    (collection.queries.len(), collection.judgements.values().map(BTreeMap::len).sum())
}

#[test]
fn cystic_fibrosis() {
    let Some(path) = shared("retrieval/cf") else { return };
    let collection = open(&path);
    assert_eq!(collection.layout, Layout::CysticFibrosis);
    assert_eq!(count(&collection), (100, 4819));
    assert_eq!(collection.corpus.len(), 6);
    assert_eq!(
        collection.queries[0].text,
        "What are the effects of calcium on the physical properties of mucus from CF patients?"
    );
    assert_eq!((collection.judgements["1"]["139"], collection.judgements["1"]["166"]), (4, 1));
    assert_eq!(skips(&collection), [""; 0]);
}

#[test]
fn nfcorpus() {
    let Some(path) = shared("retrieval/nfcorpus-dev") else { return };
    let collection = open(&path);
    assert_eq!((collection.layout, collection.split.as_deref()), (Layout::NfCorpus, Some("dev")));
    assert_eq!(count(&collection), (325, 14_589));
    assert_eq!(collection.queries[0].text, "why deep fried foods may cause cancer");
    assert_eq!(corpus(&collection), ["dev.docs.gz"]);
    let grades: Vec<i64> =
        collection.judgements.values().flat_map(BTreeMap::values).copied().collect();
    let of = |grade| grades.iter().filter(|found| **found == grade).count();
    assert_eq!((of(3), of(2), of(1)), (521, 10_864, 3204));
    let options = CollectionOptions::default();
    // One query has marginally relevant documents only.
    let coarse = options.clone().nfcorpus(NfCorpusQueries::Titles, NfCorpusScale::TwoOneZero);
    assert_eq!(count(&Collection::open(&path, &coarse).unwrap()), (324, 11_385));
    for (kind, queries) in [
        (NfCorpusQueries::All, 325),
        (NfCorpusQueries::NontopicTitles, 144),
        (NfCorpusQueries::VideoTitles, 102),
        (NfCorpusQueries::VideoDescriptions, 102),
    ] {
        let options = options.clone().nfcorpus(kind, NfCorpusScale::ThreeTwoOne);
        assert_eq!(Collection::open(&path, &options).unwrap().queries.len(), queries);
    }
}

#[test]
fn bioasq_as_beir_and_as_it_is() {
    let Some(path) = shared("retrieval/bioasq") else { return };
    let derived = open(&path);
    assert_eq!((derived.layout, derived.split.as_deref()), (Layout::Beir, Some("all")));
    assert_eq!(count(&derived), (2310, 14_856));
    let gold = open(&path.join("golden"));
    assert_eq!(gold.layout, Layout::BioAsq);
    assert_eq!(count(&gold), (2310, 14_856));
    // The derived files were made of the gold ones.
    assert_eq!(gold.judgements, derived.judgements);
    assert_eq!(gold.answers.len(), 2310);
    assert_eq!(skips(&gold), [""; 0]);
    let yes_no = gold.queries.iter().filter(|query| query.kind == Some(QuestionKind::YesNo));
    let decided = yes_no.filter(|query| {
        let exact = &gold.answers[&query.id].exact;
        matches!(exact.as_slice(), [only] if matches!(only[0].to_lowercase().as_str(), "yes" | "no"))
    });
    assert_eq!(decided.count(), 618);
    let one = open(&path.join("golden/7B1_golden.json.gz"));
    assert_eq!(one.queries.len(), 100);
    // A run that is the gold list itself is perfect up to ten documents.
    let run: BTreeMap<String, Vec<String>> = gold
        .judgements
        .iter()
        .map(|(id, grades)| (id.clone(), grades.keys().cloned().collect()))
        .collect();
    let scores = bioasq::score(&gold.judgements.clone().into(), &run).unwrap();
    assert_eq!((scores.per_question.len(), scores.map, scores.precision), (2310, 1.0, 1.0));
    let mut out = Vec::new();
    bioasq::write_submission(&mut out, &gold.queries, &run).unwrap();
    let back = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    std::fs::write(back.path(), out).unwrap();
    let back = open(back.path());
    assert_eq!(back.queries, gold.queries);
    assert!(back.judgements.values().all(|documents| documents.len() <= 10));
}

#[test]
fn pubmedqa_labels() {
    let Some(path) = shared("pubmedqa") else { return };
    let collection = open(&path);
    assert_eq!((collection.layout, count(&collection)), (Layout::PubMedQa, (1000, 1000)));
    assert_eq!(corpus(&collection), ["ori_pqal.json.gz"]);
    let truth = pubmedqa::decisions(&collection.answers);
    let of = |label: &str| truth.values().filter(|found| *found == label).count();
    assert_eq!((of("yes"), of("no"), of("maybe")), (552, 338, 110));
    let always: BTreeMap<String, String> =
        truth.keys().map(|pmid| (pmid.clone(), "yes".to_owned())).collect();
    let scores = pubmedqa::score(&truth, &always).unwrap();
    assert_eq!(scores.accuracy, 0.552);
    // F1 of yes is 2 * 552 / (552 + 1000), of the others 0.
    assert!((scores.macro_f1 - 1104.0 / 1552.0 / 3.0).abs() < 1e-12);
    assert_eq!(open(&path.join("ori_pqal.json.gz")).queries, collection.queries);
}

#[test]
fn other_names_of_columns_are_refused() {
    let Some(path) = shared("retrieval/scifact-vectors") else { return };
    let options = CollectionOptions::default().layout(Layout::Beir);
    let refused = refused(&path, &options);
    assert_eq!(refused, "queries.jsonl, line 1: no `_id` (found text)");
}
