//! Several segments into one, without their deleted rows.
//!
//! Without a codebook rows keep their order: those of the first input come first. With one they are
//! sorted by list, and inputs that were indexed with the same codebook are not encoded again: a list of
//! the output is the lists of the inputs one after the other. Vectors are copied as they are stored.
//! Documents are decompressed, checked and compressed again with a dictionary trained on samples of
//! all inputs. Memory is bounded by 24 bytes per row, the keys and terms, and 64 MiB of documents of inputs
//! whose rows change their order; everything else streams from the inputs to the new file.

use roaring::RoaringBitmap;

use super::lists::Indexer;
use super::order::{Input, Order};
use super::{columns, confirmations, deletes, documents, lexical, postings, vectors};
use crate::control::Control;
use crate::error::Result;
use crate::format::manifest::{LexicalConfig, SegmentEntry, VectorConfig};
use crate::format::names::segment_name;
use crate::format::segment::SegmentMeta;
use crate::ids::SegmentId;
use crate::parallel;
use crate::segment::Segment;
use crate::segment::read::codebook::CodebookFile;
use crate::segment::write::builder;
use crate::segment::write::file::SegmentFile;
use crate::segment::write::lists::write_no_lists;
use crate::storage::Storage;

/// What a merge is to make.
#[derive(Clone, Copy, Default)]
pub struct MergeInto<'a> {
    /// The vectors of the database.
    pub vectors: Option<&'a VectorConfig>,
    /// The codebook to index them with; without one they are searched exactly.
    pub codebook: Option<&'a CodebookFile>,
    /// Whether rows get copies in second lists.
    pub copies: bool,
    /// The lexical index to make; inputs that have none are tokenised.
    pub lexical: Option<LexicalConfig>,
}

/// What a merge made.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The new segment.
    pub entry: SegmentEntry,
    /// Whether it has neither rows nor marks.
    pub is_empty: bool,
    /// Rows whose codes were computed; those of inputs with the same codebook are copied.
    pub encoded: u64,
}

/// Writes `segment-<id>` from the rows of `inputs` that are not in the bitmap beside each, indexed with
/// `codebook` if one is given.
///
/// Deletion marks are kept, the greatest revision of each key; so are confirmations, but for those of rows that
/// are kept, which become their revisions. A key that is live in several inputs keeps all its rows, and the last
/// is found.
///
/// Cost: about 60 us per abstract, and 30 us of one core per vector that is indexed.
///
/// # Errors
/// [`crate::Error::Corrupt`] when an input breaks a rule; [`crate::Error::Cancelled`],
/// [`crate::Error::DeadlineExceeded`], [`crate::Error::Io`]; [`crate::Error::Vector`] when an input's
/// vectors are not those of `vectors`. The unfinished file is removed.
pub fn merge(
    inputs: &[(&Segment, &RoaringBitmap)],
    into: MergeInto<'_>,
    storage: &dyn Storage,
    id: SegmentId,
    file_id: [u8; 16],
    control: &Control,
) -> Result<Merged> {
    let mut inputs = Input::all(inputs, into.vectors)?;
    // Outside of what is cleaned up: a file that is already there is not ours.
    let file = SegmentFile::create(storage, id, file_id)?;
    write(&mut inputs, into, file, id, control).inspect_err(|_| {
        // The failure is what the caller must hear of; a file left behind is collected later.
        let _ = storage.remove(&segment_name(id));
    })
}

fn write(
    inputs: &mut [Input<'_>],
    into: MergeInto<'_>,
    mut file: SegmentFile,
    id: SegmentId,
    control: &Control,
) -> Result<Merged> {
    let mut indexing = match into.codebook {
        Some(codebook) => {
            let threads = parallel::cores();
            let indexer = Indexer::new(codebook, into.copies, threads)?;
            let (order, lists) = indexer.order(inputs, control)?;
            Some((indexer, order, lists))
        }
        None => None,
    };
    let in_order;
    let order = match &indexing {
        Some((_, order, _)) => order,
        None => {
            in_order = Order::of_inputs(inputs);
            &in_order
        }
    };
    let file_ref = &mut file;
    let mut meta = SegmentMeta::default();
    let keys = documents::write(inputs, order, file_ref, &mut meta, control)?;
    keys.write(file_ref, &mut meta)?;
    let mut confirmed = confirmations::of_inputs(inputs)?;
    columns::write(inputs, order, &mut confirmed, file_ref, &mut meta, control)?;
    confirmed.write(file_ref)?;
    postings::write(inputs, file_ref, &mut meta, control)?;
    deletes::write(inputs, file_ref, &mut meta)?;
    vectors::write(inputs, order, file_ref, &mut meta, control)?;
    if let Some(config) = into.lexical {
        lexical::write(inputs, order, config, file_ref, control)?;
    }
    let mut encoded = 0;
    match &mut indexing {
        Some((indexer, order, lists)) if meta.vectors.is_some() => {
            encoded = indexer.write(inputs, order, lists, file_ref, &mut meta, control)?;
            indexer.write_copies(inputs, order, lists, file_ref, control)?;
        }
        _ => write_no_lists(file_ref),
    }
    let entry = builder::finish(file, id, &meta)?;
    let is_empty = entry.rows == 0 && entry.deletes == 0 && confirmed.is_empty();
    Ok(Merged { entry, is_empty, encoded })
}
