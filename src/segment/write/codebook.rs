//! A trained codebook into a file that is named after its content.

use crate::error::{Error, Result};
use crate::format::archive;
use crate::format::codebook::*;
use crate::format::content::content_hash;
use crate::format::frame::{FileKind, FileSeal, FrameWriter};
use crate::format::manifest::{CodebookEntry, VectorConfig};
use crate::format::names::codebook_name;
use crate::index::codebook::TrainedCodebook;
use crate::segment::read::codebook::{CodebookFile, Queries};
use crate::storage::{Storage, StorageFile};

impl CodebookFile {
    /// Writes `codebook-<hash of its content>` and makes its content durable; its name becomes
    /// durable with the next [`Storage::sync_directory`]. A codebook of the same content is the
    /// same file: one that is there and intact stays, since a manifest may name it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(
        storage: &dyn Storage,
        codebook: &TrainedCodebook,
        trained_rows: u64,
        queries: &Queries,
        vectors: Option<&VectorConfig>,
    ) -> Result<CodebookEntry> {
        let meta = CodebookMeta {
            dimension: codebook.dimension as u32,
            sub_dimension: codebook.sub_dimension as u32,
            groups: codebook.group_ends.len() as u32,
            lists: codebook.centroid_scales.len() as u32,
            trained_rows,
            residual_mean: codebook.residual_mean,
            queries: (queries.vectors.len() / codebook.dimension.max(1)) as u32,
            queries_are_rows: queries.are_rows,
        };
        let meta = archive::encode(&meta)?;
        let sections: [(u32, &[u8]); 11] = [
            (SECTION_META, &meta),
            (SECTION_CENTROIDS, bytemuck::cast_slice(&codebook.centroids)),
            (SECTION_CENTROID_SCALES, bytemuck::cast_slice(&codebook.centroid_scales)),
            (SECTION_GROUPS, bytemuck::cast_slice(&codebook.groups)),
            (SECTION_GROUP_SCALES, bytemuck::cast_slice(&codebook.group_scales)),
            (SECTION_GROUP_ENDS, bytemuck::cast_slice(&codebook.group_ends)),
            (SECTION_POINTS, bytemuck::cast_slice(&codebook.points)),
            (SECTION_RANKING_POINTS, bytemuck::cast_slice(&codebook.ranking_points)),
            (SECTION_RANKING_CODES, &codebook.ranking_codes),
            (SECTION_RANKING_FACTORS, bytemuck::cast_slice(&codebook.ranking_factors)),
            (SECTION_QUERIES, bytemuck::cast_slice(&queries.vectors)),
        ];
        let hash = content_hash(&sections);
        let name = codebook_name(hash);
        match CodebookFile::open_unnamed(storage, hash, vectors) {
            Ok((entry, known)) if known.verify().is_ok() => return Ok(entry),
            Ok(_) | Err(Error::Corrupt { .. }) => storage.remove(&name)?,
            Err(error) => return Err(error),
        }
        // Outside of what is cleaned up: a file that is already there is not ours.
        let file = storage.create(&name)?;
        let seal = write_sections(file, hash, &sections).inspect_err(|_| {
            // What could not be synced reads well until the power fails, and must not be taken for stored.
            let _ = storage.remove(&name);
        })?;
        Ok(CodebookEntry { hash, seal })
    }
}

fn write_sections(
    mut file: Box<dyn StorageFile>,
    hash: [u8; 16],
    sections: &[(u32, &[u8])],
) -> Result<FileSeal> {
    let mut frame = FrameWriter::new(FileKind::Codebook, hash);
    for (kind, bytes) in sections {
        frame.section(*kind);
        frame.write(bytes);
        file.write(&frame.drain())?;
    }
    let (rest, seal) = frame.finish();
    file.write(&rest)?;
    file.sync()?;
    Ok(seal)
}
