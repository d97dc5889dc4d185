//! The file of a static encoder: bytes to parts and back (`format-spec/20-static-encoder.md`).
//!
//! ```text
//! | header 64 | token vectors, 4 or 8 bits per number | scales, f32 | vocabulary, one token per line | SHA-256 |
//! ```

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

use crate::encode::wordpiece::{TOKENS_MAX, Vocabulary};
use crate::kernel::Isa;
use crate::kernel::coded::{Codes, NIBBLE_OFFSET, add_coded};
use crate::limits::DIMENSION_MAX;

/// First bytes of the file.
pub const MAGIC: [u8; 8] = *b"\x89mdvs\r\n\x1a";
/// The greatest version that this build reads.
pub const VERSION: u32 = 2;
/// Largest scale: a document of any allowed length stays far below the largest `f32`.
pub const SCALE_MAX: f32 = 1e6;
/// Least and greatest weight of a title's token.
const TITLE_WEIGHT_MIN: f32 = 1.0 / 64.0;
const TITLE_WEIGHT_MAX: f32 = 64.0;
/// Bytes of the header.
const HEADER_BYTES: usize = 64;
/// Bytes of the checksum at the end.
const DIGEST_BYTES: usize = 32;

/// How many bits a number of a token's vector has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bits {
    /// Codes of -7 to 7, two per byte; the dimension is even. Version 2 of the file.
    Four,
    /// Codes of -127 to 127. Version 1.
    #[default]
    Eight,
}

impl Bits {
    fn version(self) -> u32 {
        match self {
            Bits::Eight => 1,
            Bits::Four => 2,
        }
    }

    fn of_version(version: u32) -> Option<Bits> {
        [Bits::Four, Bits::Eight].into_iter().find(|bits| bits.version() == version)
    }

    /// Bytes of one token's vector.
    fn row_bytes(self, dimension: usize) -> usize {
        match self {
            Bits::Eight => dimension,
            Bits::Four => dimension / 2,
        }
    }

    /// The byte, or two codes, of zero.
    fn zero(self) -> u8 {
        match self {
            Bits::Eight => 0,
            Bits::Four => NIBBLE_OFFSET << 4 | NIBBLE_OFFSET,
        }
    }

    /// Appends one token's vector. Byte `j` of 4-bit codes holds number `j` in its low half and number
    /// `j + dimension / 2` in its high half.
    fn pack(self, codes: &[i8], out: &mut Vec<u8>) {
        let (low, high) = codes.split_at(codes.len() / 2);
        match self {
            Bits::Eight => out.extend(codes.iter().map(|&code| code as u8)),
            Bits::Four => {
                let half = |code: &i8| (*code as u8).wrapping_add(NIBBLE_OFFSET) & 15;
                out.extend(low.iter().zip(high).map(|(low, high)| half(low) | half(high) << 4));
            }
        }
    }
}

/// Where the parts of a file are, as its header says.
struct Layout {
    bits: Bits,
    dimension: usize,
    tokens: usize,
    title_weight: f32,
    scales_at: u64,
    text_at: u64,
    digest_at: u64,
}

impl Layout {
    /// Checks the first bytes of a file against its length.
    ///
    /// # Errors
    /// A sentence that names the byte and what was expected.
    fn read(bytes: &[u8], length: u64) -> Result<Layout, String> {
        let header = bytes
            .first_chunk::<HEADER_BYTES>()
            .ok_or_else(|| format!("{length} bytes are too few for a static encoder"))?;
        if header[..8] != MAGIC {
            return Err("byte 0: this is not a static encoder made by `medvec distill`".into());
        }
        let version = word(header, 8);
        let bits = Bits::of_version(version)
            .ok_or_else(|| format!("byte 8: version {version}, this build reads 1 to {VERSION}"))?;
        let dimension = word(header, 12) as usize;
        if !(1..=DIMENSION_MAX).contains(&dimension) {
            return Err(format!("byte 12: dimension {dimension}, expected 1 to {DIMENSION_MAX}"));
        }
        if bits == Bits::Four && !dimension.is_multiple_of(2) {
            return Err(format!("byte 12: dimension {dimension}, expected an even one for 4 bits"));
        }
        let tokens = word(header, 16) as usize;
        if !(1..=TOKENS_MAX).contains(&tokens) {
            return Err(format!("byte 16: {tokens} tokens, expected 1 to {TOKENS_MAX}"));
        }
        let text_bytes = word(header, 20) as usize;
        let title_weight = f32::from_bits(word(header, 24));
        if !(TITLE_WEIGHT_MIN..=TITLE_WEIGHT_MAX).contains(&title_weight) {
            return Err(format!(
                "byte 24: title weight {title_weight}, expected {TITLE_WEIGHT_MIN} to {TITLE_WEIGHT_MAX}"
            ));
        }
        if header[28..].iter().any(|&byte| byte != 0) {
            return Err("byte 28: reserved bytes are not zero".into());
        }
        // The factors are bounded above: at most 2^33 + 2^22 + 2^32, no overflow in 64 bits.
        let scales_at = HEADER_BYTES as u64 + (tokens * bits.row_bytes(dimension)) as u64;
        let text_at = scales_at + 4 * tokens as u64;
        let digest_at = text_at + text_bytes as u64;
        if digest_at + DIGEST_BYTES as u64 != length {
            let expected = digest_at + DIGEST_BYTES as u64;
            return Err(format!("expected {expected} bytes, found {length}"));
        }
        Ok(Layout { bits, dimension, tokens, title_weight, scales_at, text_at, digest_at })
    }
}

/// A checked file. The vectors stay in the bytes they came in.
#[derive(Debug)]
pub(super) struct StaticFile {
    bytes: Cow<'static, [u8]>,
    dimension: usize,
    bits: Bits,
    /// What a token of a document's title counts for.
    pub(super) title_weight: f32,
    /// One for each token.
    pub(super) scales: Vec<f32>,
    pub(super) vocabulary: Vocabulary,
    /// SHA-256 of the whole file before it.
    pub(super) digest: [u8; 32],
}

impl StaticFile {
    /// Reads and checks a file. Of what is no static encoder only the first bytes are read.
    ///
    /// # Errors
    /// Failures to read it; as [`StaticFile::parse`].
    pub(super) fn open(mut file: File) -> io::Result<Result<StaticFile, String>> {
        let mut bytes = Vec::new();
        file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut bytes)?;
        if let Err(problem) = Layout::read(&bytes, file.metadata()?.len()) {
            return Ok(Err(problem));
        }
        file.read_to_end(&mut bytes)?;
        Ok(StaticFile::parse(bytes.into(), false))
    }

    /// Checks a file. With `trusted`, for bytes that are part of the program, everything is checked
    /// but the SHA-256.
    ///
    /// # Errors
    /// A sentence that names the byte and what was expected.
    pub(super) fn parse(bytes: Cow<'static, [u8]>, trusted: bool) -> Result<StaticFile, String> {
        let Layout { bits, dimension, tokens, title_weight, scales_at, text_at, digest_at } =
            Layout::read(&bytes, bytes.len() as u64)?;
        let part = |from: u64, to: u64| {
            let part = bytes.get(from as usize..to as usize);
            part.ok_or_else(|| format!("byte {from}: the file ends here"))
        };
        let mut digest = [0; DIGEST_BYTES];
        digest.copy_from_slice(part(digest_at, digest_at + DIGEST_BYTES as u64)?);
        if !trusted && digest != <[u8; 32]>::from(Sha256::digest(part(0, digest_at)?)) {
            return Err(format!("byte {digest_at}: SHA-256 differs, the file is damaged"));
        }
        let scales: Vec<f32> = part(scales_at, text_at)?
            .chunks_exact(4)
            .filter_map(|scale| scale.first_chunk::<4>())
            .map(|scale| f32::from_le_bytes(*scale))
            .collect();
        if let Some(token) = scales.iter().position(|scale| !(0.0..=SCALE_MAX).contains(scale)) {
            let at = scales_at + 4 * token as u64;
            return Err(format!(
                "byte {at}: the scale of token {token} is not in 0 to {SCALE_MAX}"
            ));
        }
        let vocabulary = Vocabulary::parse(part(text_at, digest_at)?)
            .map_err(|detail| format!("byte {text_at}: {detail}"))?;
        if vocabulary.len() != tokens {
            let found = vocabulary.len();
            return Err(format!("byte {text_at}: expected {tokens} tokens, found {found}"));
        }
        let file = StaticFile { scales, vocabulary, digest, dimension, bits, title_weight, bytes };
        let unknown = file.vocabulary.unknown();
        let (row, scale) = file.token(unknown).unwrap_or_default();
        if scale < f32::MIN_POSITIVE || row.iter().all(|&byte| byte == bits.zero()) {
            return Err(format!("token {unknown}: the vector of [UNK] is zero"));
        }
        Ok(file)
    }

    /// Length of the vectors.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// A token's vector as it is stored, and its scale.
    fn token(&self, id: u32) -> Option<(&[u8], f32)> {
        let bytes = self.bits.row_bytes(self.dimension);
        let start = HEADER_BYTES + id as usize * bytes;
        Some((self.bytes.get(start..start + bytes)?, *self.scales.get(id as usize)?))
    }

    /// Adds a token's vector, `weight` times, to a sum of as many numbers; nothing for an id that is not in
    /// the vocabulary.
    pub(super) fn add(&self, id: u32, weight: f32, sum: &mut [f32]) {
        let Some((row, scale)) = self.token(id) else { return };
        let codes = match self.bits {
            Bits::Eight => Codes::Bytes,
            Bits::Four => Codes::Nibbles,
        };
        add_coded(Isa::detect(), codes, row, weight * scale, sum);
    }
}

/// Bytes of a file with `tokens` tokens of `dimension` numbers and a vocabulary of `text` bytes.
pub fn file_bytes(tokens: usize, dimension: usize, bits: Bits, text: usize) -> u64 {
    let table = (tokens as u64).saturating_mul(bits.row_bytes(dimension) as u64 + 4);
    table.saturating_add((HEADER_BYTES + DIGEST_BYTES + text) as u64)
}

/// Writes a file: `codes` holds a row of `dimension` codes for each token, of as many bits as `bits` says,
/// `scales` one number; a token of a title counts `title_weight` times.
///
/// # Errors
/// A sentence, when the parts do not make a file that a reader accepts.
pub fn write(
    vocabulary: &[u8],
    dimension: usize,
    title_weight: f32,
    bits: Bits,
    codes: &[i8],
    scales: &[f32],
) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(
        HEADER_BYTES + codes.len() + 4 * scales.len() + vocabulary.len() + DIGEST_BYTES,
    );
    bytes.extend(MAGIC);
    for value in [bits.version() as usize, dimension, scales.len(), vocabulary.len()] {
        let value = u32::try_from(value).map_err(|_| format!("{value} does not fit 32 bits"))?;
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(title_weight.to_le_bytes());
    bytes.resize(HEADER_BYTES, 0);
    codes.chunks(dimension.max(1)).for_each(|row| bits.pack(row, &mut bytes));
    bytes.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
    bytes.extend(vocabulary);
    let digest = Sha256::digest(&bytes);
    bytes.extend(digest);
    let file = StaticFile::parse(Cow::Owned(bytes), false)?;
    Ok(file.bytes.into_owned())
}

fn word(header: &[u8; HEADER_BYTES], at: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&header[at..at + 4]);
    u32::from_le_bytes(bytes)
}
