//! One committed generation: shared, immutable.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::embedding;
use crate::control::Control;
use crate::date::Day;
use crate::document::Document;
use crate::error::{Error, NameKind, Result};
use crate::format::frame::{FileKind, FileSeal, Frame, Header};
use crate::format::manifest::{CodebookEntry, Manifest, MeshEntry, SegmentEntry};
use crate::format::names::manifest_name;
use crate::ids::{Generation, Key, Revision, RowId};
use crate::mesh::{MeshFile, MeshInUse, Vocabulary};
use crate::parallel;
use crate::query::Strategy;
use crate::search::{
    Facet, FacetCounts, FieldInfo, Filter, Hit, Note, Query, SearchResult, SegmentView,
    TranslatedStrategy, Vectors, facets, fields, matching, search, suggest, suggest_mesh,
    translate, why_nothing,
};
use crate::segment::{CodebookFile, RowSpace, newest_confirmation};
use crate::storage::{Bytes, Storage, VerifiedFile};

/// One committed state of a database. It never changes; clones are cheap and share everything.
///
/// ```
/// use medvec::{CreateOptions, Database, Document, Filter, Key, Query, WriterOptions};
///
/// # fn main() -> medvec::Result<()> {
/// # let folder = tempfile::tempdir().expect("a temporary folder");
/// # let path = folder.path().join("my.medvec");
/// let database = Database::create(&path, CreateOptions::default())?;
/// let before = database.snapshot();
/// let mut writer = database.writer(WriterOptions::default())?;
/// writer.upsert(Document::new(Key::pmid(1)))?;
/// writer.commit()?;
///
/// let after = database.snapshot();
/// assert_eq!((before.len(), after.len()), (0, 1));
/// let listed = after.search(&Query::matching(Filter::All))?;
/// assert_eq!(listed.hits[0].key, Key::pmid(1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Snapshot {
    state: Arc<State>,
}

pub(super) struct State {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) content: Content,
    pub(super) vectors: Option<Vectors>,
    /// The snapshots that this one was made of; empty for that of a single database.
    members: Vec<Snapshot>,
}

impl State {
    fn of(storage: Arc<dyn Storage>, mut content: Content) -> State {
        let Content { manifest, views, .. } = &mut content;
        for (codebook, measured) in manifest.calibrations() {
            let measured = Arc::new(measured.clone());
            let views = views.iter_mut();
            views.for_each(|view| *view = view.clone().calibrated(&measured, codebook));
        }
        let vectors = manifest.vectors.clone().map(|config| Vectors {
            space: RowSpace::from(&config),
            other_spaces: Vec::new(),
            config,
        });
        State { storage, content, vectors, members: Vec::new() }
    }
}

/// A generation and every file that it names, open. Files deleted from the directory since stay readable.
pub(super) struct Content {
    pub(super) manifest: Manifest,
    /// The manifest's file.
    pub(super) manifest_bytes: Bytes,
    /// In the order of the manifest's segments.
    pub(super) views: Vec<SegmentView>,
    /// Files of deleted rows, in the same order.
    pub(super) tombstones: Vec<Option<VerifiedFile>>,
    pub(super) codebooks: Vec<(CodebookEntry, CodebookFile)>,
    /// The vocabulary that the manifest names, or the one inside the library.
    pub(super) mesh: MeshInUse,
}

impl Deref for State {
    type Target = Content;

    fn deref(&self) -> &Content {
        &self.content
    }
}

/// A segment of a generation.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) entry: &'a SegmentEntry,
    pub(super) view: &'a SegmentView,
    pub(super) tombstones: Option<&'a VerifiedFile>,
}

/// A file of a generation, open.
#[derive(Clone, Copy)]
pub(crate) struct OpenFile<'a> {
    pub(crate) kind: FileKind,
    pub(crate) file: &'a VerifiedFile,
}

impl OpenFile<'_> {
    /// Bytes.
    pub(crate) fn len(&self) -> u64 {
        self.file.bytes().len() as u64
    }
}

impl Content {
    /// The segments, in the order of the manifest.
    pub(super) fn parts(&self) -> impl DoubleEndedIterator<Item = Part<'_>> {
        let files = self.tombstones.iter().map(Option::as_ref);
        let segments = self.manifest.segments.iter().zip(&self.views).zip(files);
        segments.map(|((entry, view), tombstones)| Part { entry, view, tombstones })
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Snapshot");
        shown.field("location", &self.location()).field("generation", &self.generation());
        shown.finish_non_exhaustive()
    }
}

impl Snapshot {
    pub(super) fn new(storage: Arc<dyn Storage>, content: Content) -> Snapshot {
        Snapshot { state: Arc::new(State::of(storage, content)) }
    }

    /// A snapshot made of several, whose views `content` has beside each other; `storage` is that of the first.
    pub(super) fn joint(
        storage: Arc<dyn Storage>,
        content: Content,
        members: Vec<Snapshot>,
    ) -> Snapshot {
        let mut state = State { members, ..State::of(storage, content) };
        if let Some(vectors) = &mut state.vectors {
            for config in state.members.iter().filter_map(|one| one.manifest().vectors.as_ref()) {
                let space = RowSpace::from(config);
                let mut known = std::iter::once(&vectors.space).chain(&vectors.other_spaces);
                if known.all(|known| known.seed() != space.seed()) {
                    vectors.other_spaces.push(space);
                }
            }
        }
        Snapshot { state: Arc::new(state) }
    }

    pub(super) fn codebooks(&self) -> Vec<(CodebookEntry, CodebookFile)> {
        self.state.codebooks.clone()
    }

    pub(super) fn codebook(&self, entry: &CodebookEntry) -> Option<&CodebookFile> {
        self.state.codebooks.iter().find(|(known, _)| known == entry).map(|(_, file)| file)
    }

    /// The MeSH file of an entry, if this snapshot has it open.
    pub(super) fn mesh_file(&self, entry: &MeshEntry) -> Option<&MeshFile> {
        self.state.mesh.own().filter(|_| self.state.manifest.mesh.as_ref() == Some(entry))
    }

    /// The files that the manifest names, without the manifest itself. They stay readable as long as the
    /// snapshot lives, whatever later commits remove.
    pub(crate) fn files(&self) -> Vec<OpenFile<'_>> {
        let content = &self.state.content;
        let mut files = Vec::new();
        let mut add = |kind, file| files.push(OpenFile { kind, file });
        for part in content.parts() {
            add(FileKind::Segment, part.view.segment.file());
            if let Some(file) = part.tombstones {
                add(FileKind::Tombstones, file);
            }
        }
        for (_, codebook) in &content.codebooks {
            add(FileKind::Codebook, codebook.file());
        }
        if let Some(mesh) = content.mesh.own() {
            add(FileKind::Mesh, mesh.file());
        }
        files
    }

    /// The manifest's file, and what identifies it.
    ///
    /// # Errors
    /// [`crate::Error::ReadOnly`] for a snapshot of several databases, which has none; [`crate::Error::Corrupt`].
    pub(crate) fn manifest_file(&self) -> Result<(&Bytes, FileSeal)> {
        self.check_single()?;
        let bytes = &self.state.manifest_bytes;
        let frame = Frame::parse(&manifest_name(self.generation()), FileKind::Manifest, bytes)?;
        Ok((bytes, frame.seal))
    }

    /// The first bytes of the manifest's file, which tell it from every other one.
    pub(super) fn manifest_head(&self) -> &[u8] {
        let bytes = &self.state.manifest_bytes;
        bytes.get(..Header::SIZE).unwrap_or(bytes)
    }

    /// Whether both were opened from the same manifest.
    pub(super) fn is_as(&self, other: &Snapshot) -> bool {
        self.generation() == other.generation() && self.manifest_head() == other.manifest_head()
    }

    /// Whether both are one state in memory, opened once.
    pub(super) fn is_same_state(&self, other: &Snapshot) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Fails for a snapshot of several databases.
    pub(super) fn check_single(&self) -> Result<()> {
        if self.members().is_empty() {
            return Ok(());
        }
        let detail = "databases that are read as one can only be read; name the one that is meant, or merge \
                      them into one";
        Err(Error::ReadOnly { path: self.location(), detail: detail.into() })
    }

    /// The same segment, whatever rows of it are deleted.
    pub(super) fn part_of(&self, entry: &SegmentEntry) -> Option<Part<'_>> {
        let same = |part: &Part<'_>| part.entry.id == entry.id && part.entry.seal == entry.seal;
        self.state.parts().find(same)
    }

    /// Where its database is; of several the locations, joined by ` + `.
    pub fn location(&self) -> String {
        match self.members() {
            [] => self.state.storage.location(),
            members => members.iter().map(Snapshot::location).collect::<Vec<_>>().join(" + "),
        }
    }

    /// The snapshots that one over [several databases](crate::Database::open_many) was made of, in their order;
    /// empty for that of a single database.
    pub fn members(&self) -> &[Snapshot] {
        &self.state.members
    }

    /// Its number. Over several databases: the sum of theirs, which grows with every commit to one of them.
    pub fn generation(&self) -> Generation {
        self.state.manifest.generation
    }

    /// What the manifest says. Over several databases: what one of all their documents would say, under an id
    /// that is made of theirs; the segments have the numbers under which they are searched.
    pub fn manifest(&self) -> &Manifest {
        &self.state.manifest
    }

    /// The vocabulary that this database's headings are looked up in: its own
    /// ([`set_mesh`](crate::db::Writer::set_mesh)), else the [one inside the library](crate::mesh::builtin). Cost: the
    /// first call reads it.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] for a damaged file.
    pub fn vocabulary(&self) -> Result<&Vocabulary> {
        self.state.mesh.vocabulary()
    }

    /// Live documents.
    pub fn len(&self) -> u64 {
        let live = |view: &SegmentView| u64::from(view.segment.rows()) - view.deleted.len();
        self.state.views.iter().map(live).sum()
    }

    /// Whether there is no document.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A document by key. Cost: one binary search per segment, and one compressed block.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] when a file is damaged where it had to be read.
    pub fn get(&self, key: &Key) -> Result<Option<Document>> {
        match self.locate(key)? {
            Some((view, row)) => view.segment.document(row).map(Some),
            None => Ok(None),
        }
    }

    /// Whether there is a document with this key.
    ///
    /// # Errors
    /// As [`Snapshot::get`].
    pub fn contains(&self, key: &Key) -> Result<bool> {
        Ok(self.locate(key)?.is_some())
    }

    /// The document of a hit of this snapshot.
    ///
    /// # Errors
    /// As [`Snapshot::get`].
    pub fn document(&self, hit: &Hit) -> Result<Option<Document>> {
        let view = self.state.views.iter().find(|view| view.segment.id() == hit.segment);
        view.map(|view| view.segment.document(hit.row)).transpose()
    }

    /// Every live document, segment by segment in row order. Memory: one block.
    pub fn documents(&self) -> impl Iterator<Item = Result<Document>> + '_ {
        self.state.views.iter().flat_map(|view| {
            view.segment.documents().filter_map(move |item| match item {
                Ok((row, _)) if view.deleted.contains(row.0) => None,
                Ok((_, document)) => Some(Ok(document)),
                Err(error) => Some(Err(error)),
            })
        })
    }

    /// Every live document that passes a query's filter, segment by segment in row order: without a limit, as
    /// exports need it. Memory: one block, and a bitmap per segment.
    ///
    /// # Errors
    /// As [`Snapshot::search`].
    pub fn documents_matching(
        &self,
        query: &Query,
    ) -> Result<impl Iterator<Item = Result<Document>> + '_> {
        let found = matching(&self.state.views, query)?;
        Ok(self.state.views.iter().zip(found).flat_map(|(view, found)| {
            let documents = view.segment.documents_in(found.rows().cloned());
            documents.map(|item| item.map(|(_, document)| document))
        }))
    }

    /// Searches; see [`Query`].
    ///
    /// # Errors
    /// As [`crate::search::search`].
    pub fn search(&self, query: &Query) -> Result<SearchResult> {
        search(&self.state.views, self.state.vectors.as_ref(), query)
    }

    /// How many of the documents that pass a query's filter have each value of a facet; the `top` most
    /// frequent values are listed. Only the query's filter and control matter here.
    ///
    /// # Errors
    /// As [`crate::search::facets`].
    pub fn facets(&self, query: &Query, facet: &Facet, top: usize) -> Result<FacetCounts> {
        facets(&self.state.views, query, facet, top)
    }

    /// Searches with many queries on several threads, for evaluation and other bulk work; answers come in
    /// the order of the queries. `threads` is at least 1.
    ///
    /// # Errors
    /// As [`Snapshot::search`], the first in the order of the queries.
    pub fn search_many(&self, queries: &[Query], threads: usize) -> Result<Vec<SearchResult>> {
        parallel::map(threads, queries, |query| self.search(query)).into_iter().collect()
    }

    /// The stored vector of a document, dequantised, if its text still has this hash: what the same
    /// encoder would compute again. The vector of a document without text belongs to any.
    ///
    /// # Errors
    /// As [`Snapshot::get`].
    pub fn stored_vector(&self, key: &Key, input_hash: [u8; 16]) -> Result<Option<Vec<f32>>> {
        let Some((view, row)) = self.locate(key)? else { return Ok(None) };
        let stored = view.segment.input_hash(row)?;
        if !embedding::belongs(stored, input_hash) {
            return Ok(None);
        }
        view.segment.vector(row)
    }

    /// The stored vector of a document, dequantised, whatever its text; `None` where there is no such document or
    /// it has none.
    ///
    /// # Errors
    /// As [`Snapshot::get`].
    pub fn vector(&self, key: &Key) -> Result<Option<Vec<f32>>> {
        match self.locate(key)? {
            Some((view, row)) => view.segment.vector(row),
            None => Ok(None),
        }
    }

    /// Where a document stands in its source; all zero when it came from nowhere in particular.
    ///
    /// # Errors
    /// As [`Snapshot::get`].
    pub fn revision(&self, key: &Key) -> Result<Option<Revision>> {
        self.locate(key)?.map(|(view, row)| self.revision_of(view, row, key)).transpose()
    }

    /// The revision of a row with this key, or at which its source had the document again.
    pub(crate) fn revision_of(
        &self,
        view: &SegmentView,
        row: RowId,
        key: &Key,
    ) -> Result<Revision> {
        let segments = self.state.views.iter().map(|view| &view.segment);
        let confirmed = newest_confirmation(segments, key)?;
        Ok(view.segment.revision(row)?.max(confirmed.unwrap_or_default()))
    }

    /// Key and revision of every live document, segment by segment in row order; the revision is all zero where a
    /// document came from nowhere in particular. Cost: two columns are read and confirmations searched, no document.
    pub fn revisions(&self) -> impl Iterator<Item = Result<(Key, Revision)>> + '_ {
        self.state.views.iter().flat_map(|view| {
            let live = (0..view.segment.rows()).filter(|row| !view.deleted.contains(*row));
            live.map(|row| {
                let key = view.segment.key(RowId(row))?;
                let revision = self.revision_of(view, RowId(row), &key)?;
                Ok((key, revision))
            })
        })
    }

    /// The free fields that documents of this database have, with their types, by name. Cost: a binary
    /// search per field and segment.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn fields(&self) -> Result<Vec<FieldInfo>> {
        fields(&self.state.views)
    }

    /// Why a filter matches nothing: for several conditions, how many documents each matches alone
    /// ([`Note::Alone`]); where a condition on dates matches none, the days between which documents are dated
    /// ([`Note::DatesBetween`]). Cost: every condition is evaluated once more.
    ///
    /// # Errors
    /// [`crate::Error::InvalidQuery`] and [`crate::Error::Corrupt`], as [`Snapshot::search`].
    pub fn why_nothing(&self, filter: &Filter) -> Result<Vec<Note>> {
        why_nothing(filter, &self.state.views)
    }

    /// What a strategy in PubMed's language means here: the filter and the count of every line, and for every term what it
    /// was taken for and its count. `today` is the day from which `last 5 years` counts back.
    ///
    /// ```
    /// # use medvec::{CreateOptions, Database, Day, Document, Key, WriterOptions};
    /// use medvec::query::Strategy;
    ///
    /// # fn main() -> medvec::Result<()> {
    /// # let folder = tempfile::tempdir().expect("a temporary folder");
    /// # let database = Database::create(folder.path().join("my.medvec"), CreateOptions::default())?;
    /// # let mut writer = database.writer(WriterOptions::default())?;
    /// # let mut document = Document::new(Key::pmid(1));
    /// # document.title = "Aspirin and wheezing".into();
    /// # writer.upsert(document)?;
    /// # writer.commit()?;
    /// let strategy = Strategy::parse("1. asthma[tiab] OR wheez*[tiab]\n2. #1 NOT child*[ti]")?;
    /// let meant = database.snapshot().translate(&strategy, Day::today())?;
    /// assert_eq!(meant.documents(), 1);
    /// assert_eq!(meant.lines[0].clauses[1].documents, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`crate::Error::Strategy`] with the place of the first term that cannot be answered: an unknown heading, a field that
    /// is not indexed; [`crate::Error::Corrupt`].
    pub fn translate(&self, strategy: &Strategy, today: Day) -> Result<TranslatedStrategy> {
        self.translate_controlled(strategy, today, &Control::default())
    }

    /// As [`Snapshot::translate`], until a deadline or until it is cancelled, which is checked for every term.
    ///
    /// # Errors
    /// Those of [`Snapshot::translate`], and [`crate::Error::DeadlineExceeded`] and [`crate::Error::Cancelled`].
    pub fn translate_controlled(
        &self,
        strategy: &Strategy,
        today: Day,
        control: &Control,
    ) -> Result<TranslatedStrategy> {
        translate(strategy, &self.state.views, self.state.mesh.vocabulary()?, today, control)
    }

    /// MeSH headings of this database that resemble a text, likeliest first, as documents spell them.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn suggest_mesh(&self, text: &str, count: usize) -> Result<Vec<String>> {
        suggest_mesh(text, &self.state.views, count)
    }

    /// At most `count` names of a kind that documents here have: first those that begin with the text, the
    /// more frequent first, then those that resemble it. Cost: one or two passes over the names.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn suggest(&self, kind: NameKind, text: &str, count: usize) -> Result<Vec<String>> {
        suggest(kind, text, &self.state.views, count)
    }

    /// The live row of a key; the newest segment is asked first.
    pub(crate) fn locate(&self, key: &Key) -> Result<Option<(&SegmentView, RowId)>> {
        for view in self.state.views.iter().rev() {
            if let Some(row) = view.segment.find(key)?
                && !view.deleted.contains(row.0)
            {
                return Ok(Some((view, row)));
            }
        }
        Ok(None)
    }
}
