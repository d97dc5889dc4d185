//! An open codebook file.

use sha2::{Digest, Sha256};

use super::verify::fits_single;
use crate::error::{Error, Result};
use crate::format::blocks::{POINTS, padding_is_zero};
use crate::format::codebook::*;
use crate::format::frame::{FileKind, FrameWriter};
use crate::format::manifest::{CodebookEntry, VectorConfig};
use crate::format::names::codebook_name;
use crate::format::rules::Rule;
use crate::format::{archive, blocks, cursor};
use crate::index::codebook::{Codebook, TrainedCodebook};
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
    file: VerifiedFile,
    meta: CodebookMeta,
}

/// The questions that a codebook's recall is calibrated with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Questions {
    /// Vectors, one after the other, as rows are stored.
    pub vectors: Vec<f32>,
    /// Whether they are rows that were held out, not what users ask.
    pub are_rows: bool,
}

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
        questions: &Questions,
        vectors: Option<&VectorConfig>,
    ) -> Result<CodebookEntry> {
        let meta = CodebookMeta {
            dimension: codebook.dimension as u32,
            sub_dimension: codebook.sub_dimension as u32,
            groups: codebook.group_ends.len() as u32,
            lists: codebook.centroid_scales.len() as u32,
            trained_rows,
            residual_mean: codebook.residual_mean,
            questions: (questions.vectors.len() / codebook.dimension.max(1)) as u32,
            questions_are_rows: questions.are_rows,
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
            (SECTION_QUESTIONS, bytemuck::cast_slice(&questions.vectors)),
        ];
        let hash = content_hash(&sections);
        let name = codebook_name(hash);
        match CodebookFile::open_unnamed(storage, hash, vectors) {
            Ok((entry, known)) if known.verify().is_ok() => return Ok(entry),
            Ok(_) | Err(Error::Corrupt { .. }) => storage.remove(&name)?,
            Err(error) => return Err(error),
        }
        let mut frame = FrameWriter::new(FileKind::Codebook, hash);
        let mut file = storage.create(&name)?;
        for (kind, bytes) in sections {
            frame.section(kind);
            frame.write(bytes);
            file.write(&frame.drain())?;
        }
        let (rest, seal) = frame.finish();
        file.write(&rest)?;
        file.sync()?;
        Ok(CodebookEntry { hash, seal })
    }

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
        let required = |kind| file.frame().required(&name, kind);
        let section = required(SECTION_META)?;
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
            let section = required(kind)?;
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

    /// The questions that recall is calibrated with.
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    pub fn questions(&self) -> Result<Questions> {
        let vectors: &[f32] = self.array(SECTION_QUESTIONS)?;
        Ok(Questions { vectors: vectors.to_vec(), are_rows: self.meta.questions_are_rows })
    }

    /// Holds the file against every rule of the format.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the first rule that is broken.
    pub fn verify(&self) -> Result<()> {
        self.file.verify()?;
        let mut sections = Vec::with_capacity(NAMES.len());
        for (kind, _) in NAMES {
            sections.push((*kind, self.file.read_all(*kind)?));
        }
        if content_hash(&sections) != self.hash {
            return Err(self.corrupt(0, Rule::FileId, "the content has another hash".into()));
        }
        for kind in [
            SECTION_CENTROID_SCALES,
            SECTION_GROUP_SCALES,
            SECTION_POINTS,
            SECTION_RANKING_POINTS,
            SECTION_QUESTIONS,
        ] {
            if self.array::<f32>(kind)?.iter().any(|number| !number.is_finite()) {
                let detail = format!("a number of section {kind} is not finite");
                return Err(self.corrupt(kind, Rule::FiniteNumber, detail));
            }
        }
        for kind in [SECTION_CENTROIDS, SECTION_GROUPS] {
            if self.array::<i8>(kind)?.contains(&i8::MIN) {
                return Err(self.corrupt(kind, Rule::CodeRange, "a code is -128".into()));
            }
        }
        self.verify_lengths()?;
        match self.array::<u16>(SECTION_RANKING_FACTORS)?.iter().all(|half| *half < 0x7c00) {
            true => Ok(()),
            false => {
                let detail = "a ranking factor is not a finite number from 0 up".to_owned();
                Err(self.corrupt(SECTION_RANKING_FACTORS, Rule::CodeFactor, detail))
            }
        }
    }

    /// Holds the length of every vector against what products can bear, and the padding of blocks.
    fn verify_lengths(&self) -> Result<()> {
        let dimension = self.meta.dimension as usize;
        let view = self.view()?;
        let questions = Rows::F32(self.array(SECTION_QUESTIONS)?);
        let vectors = [
            (SECTION_CENTROIDS, view.centroids),
            (SECTION_GROUPS, view.groups),
            (SECTION_QUESTIONS, questions),
        ];
        for (kind, rows) in vectors {
            for row in 0..rows.count(dimension).unwrap_or_default() {
                if !rows.squared_length(row, dimension).is_some_and(fits_single) {
                    let detail =
                        format!("the squared length of vector {row} is beyond single precision");
                    return Err(self.corrupt(kind, Rule::VectorLength, detail));
                }
            }
        }
        for (kind, points) in
            [(SECTION_POINTS, view.points), (SECTION_RANKING_POINTS, view.ranking_points)]
        {
            // As if a vector had the greatest number of every sub-quantizer.
            let greatest = points.chunks(POINTS).map(|column| {
                column.iter().fold(0.0f64, |max, number| max.max(f64::from(*number).powi(2)))
            });
            if !fits_single(greatest.sum()) {
                let detail = "the squared length of points is beyond single precision".to_owned();
                return Err(self.corrupt(kind, Rule::VectorLength, detail));
            }
        }
        let ranking = self.meta.dimension.div_ceil(RANKING_SUB_DIMENSION) as usize;
        match padding_is_zero(view.ranking_codes, self.meta.lists as usize, ranking) {
            true => Ok(()),
            false => {
                let detail = "what fills up a scan block is not zero".to_owned();
                Err(self.corrupt(SECTION_RANKING_CODES, Rule::ReservedZero, detail))
            }
        }
    }

    fn array<T: bytemuck::AnyBitPattern>(&self, kind: u32) -> Result<&[T]> {
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

    fn corrupt(&self, kind: u32, rule: Rule, detail: String) -> Error {
        let offset = self.file.section(kind).map_or(0, |section| section.offset);
        Error::corrupt(self.file.name(), offset, rule, detail)
    }
}

/// The first 16 bytes of the SHA-256 of every section's kind, length and bytes, in this order.
fn content_hash(sections: &[(u32, &[u8])]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for (kind, bytes) in sections {
        hash.update(kind.to_le_bytes());
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut head = [0; 16];
    head.copy_from_slice(&digest[..16]);
    head
}
