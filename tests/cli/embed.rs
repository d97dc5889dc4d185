//! Documents that are embedded after they were imported.

use crate::sandbox::{DOCUMENTS, Sandbox};

fn pending(sandbox: &Sandbox) -> serde_json::Value {
    let stats = sandbox.medvec(&["stats", "db", "--format", "json"]).expect(0);
    let stats: serde_json::Value = serde_json::from_str(&stats.out).expect("JSON");
    stats["vectors"]["pending"].clone()
}

#[test]
fn deferred_documents_are_filtered_at_once_and_searched_when_embedded() {
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", DOCUMENTS);
    sandbox
        .medvec(&["import", "db", "docs.jsonl", "--defer"])
        .expect(0)
        .shows(&["4 new"])
        .says(&["4 documents without vectors yet", "embed db"]);
    assert_eq!(pending(&sandbox), 4);
    sandbox.medvec(&["stats", "db"]).expect(0).shows(&["pending", "4 with text"]);
    sandbox.medvec(&["search", "db", "--mesh", "Asthma"]).expect(0).shows(&["Exercise in asthma"]);
    sandbox
        .medvec(&["search", "db", "aspirin"])
        .expect(1)
        .says(&["4 documents pass the filters, none of them has a vector"]);
    sandbox
        .medvec(&["embed", "db", "--threads", "2"])
        .expect(0)
        .shows(&["embedded 4 documents; 0 left"]);
    assert_eq!(pending(&sandbox), 0);
    sandbox
        .medvec(&["search", "db", "aspirin and cancer", "-k", "1"])
        .expect(0)
        .shows(&["Aspirin and colorectal cancer"]);
    sandbox.medvec(&["embed", "db"]).expect(0).shows(&["embedded 0 documents"]);
    sandbox.medvec(&["verify", "db"]).expect(0);
}

#[test]
fn what_has_no_encoder_is_not_embedded() {
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", DOCUMENTS);
    sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "none"]).expect(0);
    sandbox.medvec(&["embed", "db"]).expect(2).says(&["created without vectors"]);
    assert!(pending(&sandbox).is_null());
}
