//! Writes a submission of phase A.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

use super::super::query::TestQuery;
use super::read::pmid;
use super::score::first_ten;

/// Writes the questions, in this order, each with its first ten different documents as addresses in
/// PubMed and an empty list of snippets. A question that the run does not name gets an empty list, because
/// BioASQ wants every question.
///
/// The form is that of participants-area.bioasq.org, "Task 13b": `id`, `type`, `body`, `documents`,
/// `snippets`. Memory: one question.
///
/// # Errors
/// Writing fails, or a document is not a PMID ([`io::ErrorKind::InvalidInput`]).
pub fn write_submission<S: AsRef<str>>(
    mut out: impl Write,
    questions: &[TestQuery],
    run: &BTreeMap<String, Vec<S>>,
) -> io::Result<()> {
    out.write_all(b"{\"questions\": [")?;
    for (place, question) in questions.iter().enumerate() {
        let ranking = run.get(&question.id).map(Vec::as_slice).unwrap_or_default();
        let mut documents = Vec::new();
        for id in first_ten(ranking) {
            let pmid = pmid(id).ok_or_else(|| {
                let detail = format!("`{id}` of question {} is not a PMID", question.id);
                io::Error::new(io::ErrorKind::InvalidInput, detail)
            })?;
            documents.push(format!("http://www.ncbi.nlm.nih.gov/pubmed/{pmid}"));
        }
        let mut entry = json!({"id": question.id, "body": question.text});
        if let (Some(kind), Some(members)) = (question.kind, entry.as_object_mut()) {
            members.insert("type".to_owned(), kind.name().into());
        }
        if let Some(members) = entry.as_object_mut() {
            members.insert("documents".to_owned(), documents.into());
            members.insert("snippets".to_owned(), json!([]));
        }
        out.write_all(if place == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut out, &entry)?;
    }
    out.write_all(b"\n]}\n")
}
