//! Vectors that were computed elsewhere: arrays and lists of ids.

use crate::npy::npy;
use crate::sandbox::Sandbox;

fn chunk(sandbox: &Sandbox) {
    let numbers: Vec<f32> = (0..12).map(|number| number as f32 - 3.0).collect();
    sandbox.write("embeds_chunk_3.npy", npy(&numbers, 4));
    sandbox.write("pmids_chunk_3.json", "[\"101\", \"102\", \"777\"]");
}

#[test]
fn medcpt_chunks_make_a_database_and_texts_join_them() {
    let sandbox = Sandbox::new();
    chunk(&sandbox);
    sandbox
        .medvec(&["import", "db", "embeds_chunk_3.npy"])
        .expect(0)
        .shows(&["3 new", "3 vectors"]);
    let stats = sandbox.medvec(&["stats", "db", "--format", "json"]).expect(0);
    let stats: serde_json::Value = serde_json::from_str(&stats.out).expect("JSON");
    assert_eq!(stats["vectors"]["metric"], "dot product");
    assert_eq!(stats["vectors"]["encoder"]["family"], "precomputed");
    assert_eq!(stats["vectors"]["encoder"]["name"], "ncbi/MedCPT-Article-Encoder");
    sandbox.write("docs.jsonl", crate::sandbox::DOCUMENTS);
    sandbox.medvec(&["import", "db", "docs.jsonl"]).expect(0).shows(&[
        "2 new",
        "2 replaced",
        "2 embeddings reused",
    ]);
    sandbox.medvec(&["search", "db", "--mesh", "Asthma"]).expect(0).shows(&["Exercise in asthma"]);
    // Nobody can ask by text: the encoder is only a name, and another one is refused.
    sandbox.medvec(&["search", "db", "asthma"]).expect(2).says(&["made elsewhere"]);
    sandbox
        .medvec(&["search", "db", "asthma", "--encoder", "builtin"])
        .expect(2)
        .says(&["ncbi/MedCPT-Article-Encoder", "builtin"]);
    sandbox.medvec(&["optimize", "db"]).expect(0);
    sandbox.medvec(&["verify", "db"]).expect(0);
    sandbox
        .medvec(&["import", "db", "embeds_chunk_3.npy"])
        .expect(0)
        .shows(&["1 file imported before"]);
}

#[test]
fn somebody_must_say_what_made_the_vectors() {
    let sandbox = Sandbox::new();
    sandbox.write("mine.npy", npy(&[1.0, 0.0, 0.0, 1.0], 2));
    sandbox.medvec(&["import", "db", "mine.npy"]).expect(2).says(&["mine.ids", "name the list"]);
    sandbox.write("list", "a\nb\n");
    let import = ["import", "db", "mine.npy", "--ids", "list"];
    sandbox.medvec(&import).expect(2).says(&["--encoder FOLDER", "--origin NAME"]);
    sandbox
        .medvec(&[&import[..], &["--encoder", "builtin"]].concat())
        .expect(2)
        .says(&["vectors of 2 numbers", "builtin gives"]);
    let named =
        [&import[..], &["--origin", "lab/one", "--metric", "dot", "--rows", "f32"]].concat();
    sandbox.medvec(&named).expect(0).shows(&["2 new"]);
    let other = [&import[..], &["--origin", "lab/two"]].concat();
    sandbox.medvec(&other).expect(2).says(&["lab/one", "lab/two"]);
    let cosine = [&import[..], &["--metric", "cosine"]].concat();
    sandbox.medvec(&cosine).expect(2).says(&["compared by dot product here"]);
    let built = [&import[..], &["--encoder", "builtin"]].concat();
    sandbox.medvec(&built).expect(2).says(&["made elsewhere, by lab/one"]);
    sandbox.medvec(&import).expect(0).shows(&["1 file imported before"]);
    sandbox.medvec(&["get", "db", "a"]).expect(0);
}

#[test]
fn vectors_go_into_an_embedded_database_only_when_vouched_for() {
    let sandbox = Sandbox::with_database();
    chunk(&sandbox);
    sandbox
        .medvec(&["import", "db", "embeds_chunk_3.npy"])
        .expect(2)
        .says(&["is embedded by builtin", "--encoder builtin"]);
    sandbox
        .medvec(&["import", "db", "embeds_chunk_3.npy", "--encoder", "builtin"])
        .expect(2)
        .says(&["embeds_chunk_3.npy", "vectors of 4 numbers, this database has"]);
}
