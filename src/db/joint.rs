//! Several databases read as one: a snapshot made of the views of several manifests.
//!
//! Segments get numbers of their own, because those of two databases can be equal. Of documents with one key, one
//! stands for all: the one that [merging](super::Writer::add_documents_of) the databases from the last to the first
//! would leave. The rows of the others count as deleted, so that nothing else has to know of them.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::path::PathBuf;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::preconditions::check_joinable;
use super::snapshot::{Content, Snapshot};
use crate::error::{Error, Result};
use crate::format::content::content_hash;
use crate::format::manifest::{Manifest, VectorConfig};
use crate::ids::{Generation, Revision, RowId, SegmentId};
use crate::search::SegmentView;
use crate::segment::{KeyAt, KeyWalk};
use crate::storage::Bytes;

/// One snapshot of several, in the order in which their databases were named. Of one it is that one.
///
/// # Errors
/// [`Error::InvalidQuery`] for none; [`Error::Vector`] for vectors that cannot be compared with those of another;
/// [`Error::Corrupt`].
pub(super) fn join(members: Vec<Snapshot>) -> Result<Snapshot> {
    let first = match members.as_slice() {
        [] => return Err(Error::InvalidQuery { detail: "no database was named".into() }),
        [only] => return Ok(only.clone()),
        [first, ..] => first,
    };
    let vectors = common_vectors(&members)?;
    let mesh = first.state().mesh.clone();
    let mut manifest = common_manifest(&members, first, vectors);
    let mut hidden = hidden_rows(&members)?.into_iter();
    let (mut views, mut codebooks) = (Vec::new(), Vec::new());
    for member in &members {
        let place = PathBuf::from(member.location());
        for part in member.state().parts() {
            let id = SegmentId(views.len() as u64 + 1);
            let deleted = match hidden.next() {
                Some(rows) if !rows.is_empty() => Arc::new(rows | &*part.view.deleted),
                _ => part.view.deleted.clone(),
            };
            views.push(part.view.beside(id, &place, deleted, mesh.clone())?);
            let mut entry = part.entry.clone();
            entry.id = id;
            manifest.segments.push(entry);
        }
        codebooks.extend(member.codebooks());
    }
    manifest.codebooks = codebooks.iter().map(|(entry, _)| entry.clone()).collect();
    manifest.next_segment = SegmentId(views.len() as u64 + 1);
    let tombstones = vec![None; views.len()];
    let manifest_bytes = Bytes::copy_of(&[]);
    let content = Content { manifest, manifest_bytes, views, tombstones, codebooks, mesh };
    let storage = first.state().storage.clone();
    Ok(Snapshot::joint(storage, content, members))
}

/// The form of the vectors of those that have any.
fn common_vectors(members: &[Snapshot]) -> Result<Option<VectorConfig>> {
    let mut own: Option<(&Snapshot, &VectorConfig)> = None;
    for member in members {
        let Some(config) = &member.manifest().vectors else { continue };
        let Some((first, known)) = own else {
            own = Some((member, config));
            continue;
        };
        if let Err((stored, given)) = check_joinable(Some(known), Some(config)) {
            let detail = format!(
                "it holds {given}; {} holds {stored}; databases that are read as one have the same encoder, or none",
                first.location()
            );
            return Err(Error::Vector { subject: member.location(), detail });
        }
    }
    Ok(own.map(|(_, config)| config.clone()))
}

/// What a manifest would say of all, but for segments and codebooks. It is never written.
fn common_manifest(
    members: &[Snapshot],
    first: &Snapshot,
    vectors: Option<VectorConfig>,
) -> Manifest {
    let manifests = || members.iter().map(Snapshot::manifest);
    let ids: Vec<(u32, &[u8])> =
        (0u32..).zip(manifests().map(|manifest| manifest.database_id.as_slice())).collect();
    let has_words = manifests().all(|manifest| manifest.lexical.is_some());
    Manifest {
        // Any commit to any of them makes it greater.
        generation: Generation(manifests().map(|manifest| manifest.generation.0).sum()),
        database_id: content_hash(&ids),
        next_segment: SegmentId(1),
        vectors,
        segments: Vec::new(),
        sources: manifests().flat_map(|manifest| manifest.sources.clone()).collect(),
        codebooks: Vec::new(),
        calibration: None,
        former: Vec::new(),
        lexical: first.manifest().lexical.filter(|_| has_words),
        index: None,
        mesh: first.manifest().mesh.clone(),
    }
}

/// Per segment of all databases, the live rows for which a document of another database stands.
///
/// Cost: one walk through the keys in their order, in leaps: what the databases do not share is passed over in
/// logarithmic time per run. Memory: a place per segment, and bitmaps of what is shared.
fn hidden_rows(members: &[Snapshot]) -> Result<Vec<RoaringBitmap>> {
    let views: Vec<(usize, &SegmentView)> = members
        .iter()
        .enumerate()
        .flat_map(|(number, member)| member.state().views.iter().map(move |view| (number, view)))
        .collect();
    let mut shared = Shared {
        hidden: vec![RoaringBitmap::new(); views.len()],
        settled: vec![RoaringBitmap::new(); views.len()],
        views: &views,
        members,
    };
    for number in 0..members.len().saturating_sub(1) {
        let mut own = Keys::of(&views, |member| member == number)?;
        let mut others = Keys::of(&views, |member| member > number)?;
        let mut holders = Vec::new();
        while let (Some(one), Some(other)) = (own.first(), others.first()) {
            match one.cmp(&other) {
                Ordering::Less => own.seek(other)?,
                Ordering::Greater => others.seek(one)?,
                Ordering::Equal => {
                    holders.clear();
                    own.take(&views, &mut holders)?;
                    let is_own = !holders.is_empty();
                    others.take(&views, &mut holders)?;
                    if is_own {
                        shared.settle(&holders)?;
                    }
                }
            }
        }
    }
    Ok(shared.hidden)
}

/// A live row of a key: the number of its view, and the row.
type Holder = (usize, u32);

/// Keys that several databases have.
struct Shared<'a> {
    members: &'a [Snapshot],
    views: &'a [(usize, &'a SegmentView)],
    /// Rows that another one stands for, per view.
    hidden: Vec<RoaringBitmap>,
    /// Rows whose key is done with, per view.
    settled: Vec<RoaringBitmap>,
}

impl Shared<'_> {
    /// Chooses among the rows of one key, in the order of their databases.
    fn settle(&mut self, holders: &[Holder]) -> Result<()> {
        let is_settled =
            |(view, row): &Holder| self.settled.get(*view).is_some_and(|rows| rows.contains(*row));
        let Some(last) = holders.last().filter(|_| holders.len() > 1) else { return Ok(()) };
        if holders.first().is_some_and(is_settled) {
            return Ok(());
        }
        let mut winner = (*last, self.revision(*last)?);
        let mut newest = winner.1;
        for holder in holders.iter().rev().skip(1) {
            let revision = self.revision(*holder)?;
            // The same record of the same source: that of the database named first.
            let is_same = revision == newest && winner.1 == newest;
            if revision == Revision::default() || revision > newest || is_same {
                winner = (*holder, revision);
                newest = newest.max(revision);
            }
        }
        for (view, row) in holders {
            if let Some(settled) = self.settled.get_mut(*view) {
                settled.insert(*row);
            }
            if (*view, *row) != winner.0
                && let Some(hidden) = self.hidden.get_mut(*view)
            {
                hidden.insert(*row);
            }
        }
        Ok(())
    }

    fn revision(&self, (view, row): Holder) -> Result<Revision> {
        let Some((number, view)) = self.views.get(view) else { return Ok(Revision::default()) };
        let Some(member) = self.members.get(*number) else { return Ok(Revision::default()) };
        let row = RowId(row);
        member.revision_of(view, row, &view.segment.key(row)?)
    }
}

/// The keys of some views in their order.
struct Keys<'a> {
    walks: Vec<(usize, KeyWalk<'a>)>,
    /// The key and the place of each walk that has not ended, the least first.
    next: BinaryHeap<Reverse<(KeyAt<'a>, usize)>>,
}

impl<'a> Keys<'a> {
    fn of(
        views: &[(usize, &'a SegmentView)],
        is_wanted: impl Fn(usize) -> bool,
    ) -> Result<Keys<'a>> {
        let mut keys = Keys { walks: Vec::new(), next: BinaryHeap::new() };
        for (number, (_, view)) in
            views.iter().enumerate().filter(|(_, (member, _))| is_wanted(*member))
        {
            let walk = view.segment.key_walk()?;
            let at = walk.at();
            keys.next.extend(at.map(|key| Reverse((key, keys.walks.len()))));
            keys.walks.push((number, walk));
        }
        Ok(keys)
    }

    fn first(&self) -> Option<KeyAt<'a>> {
        self.next.peek().map(|Reverse((key, _))| *key)
    }

    /// Goes on to the first key that is not below this one.
    fn seek(&mut self, key: KeyAt<'_>) -> Result<()> {
        while let Some(Reverse((_, place))) = self.pop_if(|at| at < key) {
            if let Some((_, walk)) = self.walks.get_mut(place) {
                walk.seek(key)?;
            }
            self.push(place);
        }
        Ok(())
    }

    /// Adds the live rows of the first key, and goes on to the next.
    fn take(&mut self, views: &[(usize, &SegmentView)], holders: &mut Vec<Holder>) -> Result<()> {
        let Some(first) = self.first() else { return Ok(()) };
        while let Some(Reverse((_, place))) = self.pop_if(|at| at <= first) {
            if let Some((number, walk)) = self.walks.get_mut(place) {
                let row = walk.row()?.0;
                let view = views.get(*number).map(|(_, view)| *view);
                if view.is_some_and(|view| !view.deleted.contains(row)) {
                    holders.push((*number, row));
                }
                walk.step()?;
            }
            self.push(place);
        }
        Ok(())
    }

    fn pop_if(
        &mut self,
        is_due: impl Fn(KeyAt<'a>) -> bool,
    ) -> Option<Reverse<(KeyAt<'a>, usize)>> {
        self.first().is_some_and(is_due).then(|| self.next.pop())?
    }

    fn push(&mut self, place: usize) {
        let at = self.walks.get(place).and_then(|(_, walk)| walk.at());
        self.next.extend(at.map(|key| Reverse((key, place))));
    }
}
