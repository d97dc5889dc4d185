//! An open codebook file.

use crate::error::{Error, Result};
use crate::format::codebook::*;
use crate::format::frame::FileKind;
use crate::format::manifest::{CodebookEntry, VectorConfig};
use crate::format::names::codebook_name;
use crate::format::rules::Rule;
use crate::format::{archive, blocks, cursor};
use crate::index::codebook::Codebook;
use crate::kernel::{Rows, scan};
use crate::storage::{Storage, VerifiedFile};

const _: () = assert!(
    blocks::BLOCK_ROWS == scan::BLOCK_ROWS
        && blocks::block_bytes(9) == scan::block_bytes(9) as u64
        && blocks::POINTS == crate::index::codebook::POINTS,
    "the format describes the blocks that kernels scan"
);

/// A codebook in its file, mapped. Clones share the map.
#[derive(Clone)]
pub struct CodebookFile {
    hash: [u8; 16],
    pub(in crate::segment) file: VerifiedFile,
    meta: CodebookMeta,
}

/// The queries that a codebook's recall is calibrated with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Queries {
    /// Vectors, one after the other, as rows are stored.
    pub vectors: Vec<f32>,
    /// Whether they are rows that were held out, not what users ask.
    pub are_rows: bool,
}

impl CodebookFile {
    /// Opens the file that a manifest entry names. Cost: its ends and one small record.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the file is missing, is not the one named, or its sections do not
    /// have the lengths that its meta record asks for; [`Error::Unsupported`] for a newer format.
    pub fn open(
        storage: &dyn Storage,
        entry: &CodebookEntry,
        vectors: Option<&VectorConfig>,
    ) -> Result<CodebookFile> {
        let name = codebook_name(entry.hash);
        let file = VerifiedFile::open(storage, &name, FileKind::Codebook, Some(&entry.seal))?;
        CodebookFile::of(file, entry.hash, vectors)
    }

    /// Opens the file of a hash without a manifest that names it, and says what a manifest would.
    ///
    /// # Errors
    /// As [`CodebookFile::open`].
    pub fn open_unnamed(
        storage: &dyn Storage,
        hash: [u8; 16],
        vectors: Option<&VectorConfig>,
    ) -> Result<(CodebookEntry, CodebookFile)> {
        let file = VerifiedFile::open(storage, &codebook_name(hash), FileKind::Codebook, None)?;
        let entry = CodebookEntry { hash, seal: file.frame().seal };
        Ok((entry, CodebookFile::of(file, hash, vectors)?))
    }

    fn of(
        file: VerifiedFile,
        hash: [u8; 16],
        vectors: Option<&VectorConfig>,
    ) -> Result<CodebookFile> {
        let name = codebook_name(hash);
        if file.frame().seal.file_id != hash {
            let detail = "the file's id is not the hash in its name";
            return Err(Error::corrupt(&*name, 16, Rule::FileId, detail));
        }
        let section = file.required(SECTION_META)?;
        let bytes = file.read(&section, 0..section.length)?;
        let meta: CodebookMeta = archive::decode(&name, section.offset, bytes)?;
        let broken = |offset, rule, detail| Err(Error::corrupt(&*name, offset, rule, detail));
        if vectors.is_none_or(|config| config.dimension != meta.dimension) {
            let detail = format!("dimension {}", meta.dimension);
            return broken(section.offset, Rule::Dimension, detail);
        }
        let lengths = match meta.section_lengths() {
            Ok(lengths) => lengths,
            Err(detail) => return broken(section.offset, Rule::Codebook, detail.to_owned()),
        };
        for (kind, expected) in lengths {
            let section = file.required(kind)?;
            if section.length != expected {
                let detail =
                    format!("section {kind} has {} bytes, expected {expected}", section.length);
                return broken(section.offset, Rule::Codebook, detail);
            }
        }
        let opened = CodebookFile { hash, file, meta };
        opened.check_groups()?;
        Ok(opened)
    }

    /// The hash of its content.
    pub fn hash(&self) -> [u8; 16] {
        self.hash
    }

    /// Its file.
    pub(crate) fn file(&self) -> &VerifiedFile {
        &self.file
    }

    /// Features that whoever writes beside it must know.
    pub fn features_write(&self) -> u32 {
        self.file.frame().header.features_write
    }

    /// Its counts.
    pub fn meta(&self) -> &CodebookMeta {
        &self.meta
    }

    /// Its arrays. Cost: the first call checks every block of the file.
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    pub fn view(&self) -> Result<Codebook<'_>> {
        Ok(Codebook {
            dimension: self.meta.dimension as usize,
            sub_dimension: self.meta.sub_dimension as usize,
            centroids: Rows::Int8 {
                codes: self.array(SECTION_CENTROIDS)?,
                scales: self.array(SECTION_CENTROID_SCALES)?,
            },
            groups: Rows::Int8 {
                codes: self.array(SECTION_GROUPS)?,
                scales: self.array(SECTION_GROUP_SCALES)?,
            },
            group_ends: self.array(SECTION_GROUP_ENDS)?,
            points: self.array(SECTION_POINTS)?,
            ranking_points: self.array(SECTION_RANKING_POINTS)?,
            ranking_codes: self.array(SECTION_RANKING_CODES)?,
            ranking_factors: self.array(SECTION_RANKING_FACTORS)?,
        })
    }

    /// The queries that recall is calibrated with.
    ///
    /// # Errors
    /// [`Error::Corrupt`], also when they are no vectors to search with.
    pub fn queries(&self) -> Result<Queries> {
        self.verify_queries()?;
        let vectors: &[f32] = self.array(SECTION_QUERIES)?;
        Ok(Queries { vectors: vectors.to_vec(), are_rows: self.meta.queries_are_rows })
    }

    pub(in crate::segment) fn array<T: bytemuck::AnyBitPattern>(&self, kind: u32) -> Result<&[T]> {
        let bytes = self.file.read_all(kind)?;
        let offset = self.file.section(kind).map_or(0, |section| section.offset);
        cursor::array(self.file.name(), offset, bytes, bytes.len() / size_of::<T>())
    }

    fn check_groups(&self) -> Result<()> {
        let ends: &[u32] = self.array(SECTION_GROUP_ENDS)?;
        if ends.is_sorted() && ends.last() == Some(&self.meta.lists) {
            return Ok(());
        }
        let detail = format!("the groups' ends do not ascend to {} lists", self.meta.lists);
        Err(self.corrupt(SECTION_GROUP_ENDS, Rule::Codebook, detail))
    }

    pub(in crate::segment) fn corrupt(&self, kind: u32, rule: Rule, detail: String) -> Error {
        let offset = self.file.section(kind).map_or(0, |section| section.offset);
        Error::corrupt(self.file.name(), offset, rule, detail)
    }
}
