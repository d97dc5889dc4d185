//! `medvec similar`

use std::io;

use medvec::Key;
use medvec::session::{Answer, KeyLookup, Remark, Request, Session, SessionOptions, find_keys};

use super::search;
use crate::args::Similar;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::keys;

pub(crate) fn run(args: &Similar, context: &mut Context) -> Result<u8> {
    if args.k == 0 {
        return Err(Failure::usage("-k 0 counts matches: use `medvec search` with filters"));
    }
    let session = args.databases.session(SessionOptions::default())?;
    let mut missing = Vec::new();
    let like = found(&args.keys, &session, &mut missing)?;
    let unlike = found(&args.not, &session, &mut missing)?;
    if like.is_empty() {
        let reason = Remark::new("keys", "none of the keys is in the database");
        let mut answer = Answer::nothing(session.snapshot().len(), reason);
        answer.remarks.extend(missing);
        return search::show(&answer, args.format, "1", context);
    }
    let mut request = Request::like(like)
        .unlike(unlike)
        .filter(args.filters.to_filter()?)
        .k(args.k)
        .offset(args.offset)
        .mode(args.mode.mode())
        .control(context.control());
    request.documents = args.format.of_cited_hits().is_some();
    request.explain = args.explain;
    let mut answer = session.ask(&request)?;
    answer.remarks.extend(missing);
    search::show(&answer, args.format, "1", context)
}

/// The keys that documents have, and remarks on the others.
fn found(texts: &[String], session: &Session, missing: &mut Vec<Remark>) -> Result<Vec<Key>> {
    let texts = keys::read(texts, io::stdin().lock())?;
    let mut found = Vec::new();
    for key in find_keys(&texts, &session.snapshot())? {
        match key {
            KeyLookup::Found(key) => found.push(key),
            KeyLookup::Missing(remark) => missing.push(Remark::new("missing", remark)),
        }
    }
    Ok(found)
}
