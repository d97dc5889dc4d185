//! Documents of another database.

use super::super::change::{Applied, NewVector};
use super::super::next::StoredRow;
use super::super::preconditions::check_joinable;
use super::super::snapshot::Snapshot;
use super::Writer;
use super::rows::Place;
use crate::control::Control;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::format::manifest::RowType;
use crate::ids::{Key, Revision, RowId};
use crate::segment::{Draft, Segment, read_back};

/// Documents between two checks of the control.
const CHECK_ROWS: u64 = 256;

/// How far numbers of two int8 rows with the same codes may be apart, as a share of the greatest: far below
/// the step between two codes, 1/127, and above what rotation and scale round.
const INT8_PRECISION: f32 = 1e-5;

/// A row of the other database.
struct OtherRow<'a> {
    draft: &'a Draft,
    revision: Revision,
    vector: Option<&'a [f32]>,
    /// What is stored as the hash of its text.
    hash: [u8; 16],
}

impl Writer {
    /// Adds every live document of another database, with its vector and its place in its source; nothing
    /// is embedded. They become visible together, at the next commit.
    ///
    /// A document with a [`Revision`] counts only if it is greater than that of what is there, or of its
    /// deletion; one without always counts, unless it equals what is there. That is what importing the other
    /// database's sources after this one's would do. What the other database deleted deletes nothing here.
    /// A document that is nothing but a key and a vector gives that vector to the document that is there.
    ///
    /// Vectors are stored bit for bit as they are there where both databases have the same type of rows; only
    /// the scales of int8 rows under [`Metric::Dot`](crate::Metric::Dot) are rounded anew, in their last bits.
    ///
    /// Memory: as [`Writer::apply`]. Cost: that of writing the documents, without embedding.
    ///
    /// ```
    /// # use medvec::{Control, CreateOptions, Database, Document, Key, WriterOptions};
    /// # fn main() -> medvec::Result<()> {
    /// # let folder = tempfile::tempdir().expect("a temporary folder");
    /// # let create = |name: &str| Database::create(folder.path().join(name), CreateOptions::default());
    /// let (mine, theirs) = (create("mine.medvec")?, create("theirs.medvec")?);
    /// let mut writer = theirs.writer(WriterOptions::default())?;
    /// writer.upsert(Document::new(Key::pmid(1)))?;
    /// writer.commit()?;
    ///
    /// let mut writer = mine.writer(WriterOptions::default())?;
    /// let applied = writer.add_documents_of(&theirs.snapshot(), &Control::default())?;
    /// writer.commit()?;
    /// assert_eq!((applied.added, mine.snapshot().len()), (1, 1));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Vector`] when the other database's vectors are of another encoder, dimension or metric:
    /// nothing was added then. After any other error some documents were, and dropping the writer forgets
    /// them: [`Error::Corrupt`] for the other database; [`Error::Cancelled`] and
    /// [`Error::DeadlineExceeded`]; a failure of storage, which poisons the writer.
    pub fn add_documents_of(&mut self, other: &Snapshot, control: &Control) -> Result<Applied> {
        self.check_usable()?;
        let vectors = other.manifest().vectors.as_ref();
        if let Err((own, other)) = check_joinable(self.next.vectors(), vectors) {
            let detail = format!("it holds {other}; this one holds {own}");
            return Err(Error::Vector { subject: "another database".into(), detail });
        }
        let is_lexical = self.next.lexical().is_some();
        let mut applied = Applied::default();
        let (mut done, total) = (0u64, other.len());
        for view in &other.state().views {
            for item in view.segment.documents() {
                let (row, document) = item?;
                if view.deleted.contains(row.0) {
                    continue;
                }
                if done.is_multiple_of(CHECK_ROWS) {
                    control.check()?;
                    control.report("merging", "documents", done, total);
                }
                done += 1;
                let vector = view.segment.vector(row)?;
                let revision = other.revision_of(view, row, &document.key)?;
                let hash = view.segment.input_hash(row)?;
                let is_vector_only =
                    vector.is_some() && document == Document::new(document.key.clone());
                let draft = Draft::for_index(&document, is_lexical)?;
                let vector = vector.as_deref();
                let row = OtherRow { draft: &draft, revision, vector, hash };
                self.guarded(|writer| match vector.filter(|_| is_vector_only) {
                    Some(vector) => writer.add_vector(draft.key(), vector, &mut applied),
                    None => writer.add_row(row, &mut applied),
                })?;
            }
        }
        Ok(applied)
    }

    fn add_row(&mut self, row: OtherRow<'_>, applied: &mut Applied) -> Result<()> {
        let OtherRow { draft, revision, vector, hash } = row;
        // Of no file: the record of such a source wins when it is written.
        let revision = Some(revision).filter(|revision| *revision != Revision::default());
        if revision.is_none()
            && let Some(StoredRow { segment, row }) = self.stored(draft.key())?
            && segment.has_record(row, draft)?
            && vector.map_or(Ok(true), |vector| self.holds(draft.key(), (&segment, row), vector))?
        {
            applied.unchanged += 1;
            return Ok(());
        }
        let vector = vector.map(|numbers| NewVector { numbers, is_given: true });
        self.apply_one(draft, revision, vector, hash, applied)
    }

    /// The live row of a key, in a segment. A buffered one, which cannot be compared, is written first: at most once per
    /// database that is merged, since none has a key twice.
    fn stored(&mut self, key: &Key) -> Result<Option<StoredRow>> {
        if let Some(Place::Buffer(_)) = self.find(key)?.live {
            self.flush()?;
        }
        Ok(match self.find(key)?.live {
            Some(Place::Stored(row)) => Some(row),
            _ => None,
        })
    }

    /// Whether a row has this vector of another database, which may have another type of rows, as it is stored here.
    fn holds(&self, key: &Key, (segment, row): (&Segment, RowId), vector: &[f32]) -> Result<bool> {
        let (Some(config), Some(stored)) = (self.next.vectors(), segment.vector(row)?) else {
            return Ok(false);
        };
        let Some(new) = read_back(config, key, vector)? else { return Ok(false) };
        let precision = if config.row_type == RowType::Int8 { INT8_PRECISION } else { 0.0 };
        let widest = new.iter().fold(0.0f32, |widest, number| widest.max(number.abs()));
        let is_near = |(one, other): (&f32, &f32)| (one - other).abs() <= widest * precision;
        Ok(stored.len() == new.len() && stored.iter().zip(&new).all(is_near))
    }

    fn add_vector(&mut self, key: &Key, vector: &[f32], applied: &mut Applied) -> Result<()> {
        let is_there = match self.stored(key)? {
            Some(StoredRow { segment, row }) => self.holds(key, (&segment, row), vector)?,
            None => false,
        };
        match is_there {
            true => applied.unchanged += 1,
            false => *applied += self.replace_vector(key, vector)?,
        }
        Ok(())
    }
}
