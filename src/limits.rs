//! Every maximum of the format and the engine, each with its reason.

/// Longest string key, in bytes: fits a DOI, a URL or a UUID; keeps key comparisons short.
pub const KEY_BYTES_MAX: usize = 512;

/// Rows of one segment: row ids are `u32` and one bitmap value stays free for "none".
pub const SEGMENT_ROWS_MAX: u32 = u32::MAX - 1;

/// Vectors of a segment below which it is not indexed, unless a writer's options say otherwise: they
/// are scored exactly in some 20 us.
pub const INDEX_ROWS_MIN: u64 = 1024;

/// Vectors of a database below which no codebook is trained, unless a writer's options say otherwise:
/// an exact search of them takes about 100 us, and lists would be too short to learn anything.
pub const TRAIN_ROWS_MIN: u64 = 10_000;

/// Longest vector: the largest text encoders in use have 4,096 dimensions; `i16 x i8` sums of
/// 8,192 products still fit 32 bits.
pub const DIMENSION_MAX: usize = 8192;

/// Greatest Euclidean length of a vector that is compared by dot product, of a row or a query. The product
/// of two such vectors, and each sum on the way to it, is at most 1e36; training and rotation
/// multiply lengths by less than 100. Single precision ends at 3.4e38.
pub const VECTOR_LENGTH_MAX: f64 = 1e18;

/// Greatest number of half precision.
pub const HALF_MAX: f32 = 65504.0;

/// Bytes of one checksummed block: about 4 us to verify, and a whole number of pages everywhere.
pub const BLOCK_BYTES: usize = 64 * 1024;

/// Start of every section, in bytes: one cache line, the widest SIMD register.
pub const ALIGNMENT: usize = 64;

/// Sections of one file: far more than there are kinds; bounds what a table can make us allocate.
pub const SECTIONS_MAX: usize = 1024;

/// Largest serialised document, in bytes: the longest real records (with references) are below 2 MB,
/// and a damaged file must not make us allocate more than 16 MiB beyond its size.
pub const DOCUMENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Greatest generation and segment id: the one after it is still a number, and no counter that counts
/// commits comes near.
pub const NUMBER_MAX: u64 = 1 << 63;

/// Largest manifest, in bytes: a few hundred bytes per segment and source file.
pub const MANIFEST_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Hits of one search.
pub const HITS_MAX: usize = 1_000_000;

/// Free fields of one document.
pub const FIELDS_MAX: usize = 256;

/// Longest name of a free field, in bytes.
pub const FIELD_NAME_BYTES_MAX: usize = 128;

/// Longest strategy, in bytes: the longest published ones have 100,000, a hedge of 50,000 terms a million.
pub const STRATEGY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Wildcards of one query of a strategy: PubMed refuses more.
pub const WILDCARDS_MAX: usize = 256;

/// Words between two words of a proximity search: together they span [`NEAR_WORDS_MAX`]. PubMed's limit is 1,000.
pub const PROXIMITY_MAX: u32 = NEAR_WORDS_MAX - 2;

/// Cautions of one kind that are shown in full: more of the same teach nothing.
pub const CAUTIONS_MAX: usize = 8;

/// Greatest number of a line of a strategy: four digits, so that a longer number is a word.
pub const LINE_NUMBER_MAX: u32 = 9999;

/// Words that a filter wants near each other, those between counted in: keywords and affiliations are indexed with so
/// many free positions between them, so that no such filter reaches from one into the next.
pub const NEAR_WORDS_MAX: u32 = 64;

/// Different words of a query that is ranked by words: a page of text; sums of their scores fit 32 bits.
pub const QUERY_WORDS_MAX: usize = 1000;

/// Documents that a query is expanded by: each is read and taken apart, and many drown what the query asks for.
pub const EXPANSION_DOCUMENTS_MAX: usize = 100;

/// Characters before the first `*` of a word, as in PubMed: fewer would match a good part of all words.
pub const WILDCARD_PREFIX_MIN: usize = 4;

/// Words of one segment that a word with `*` may stand for: more take longer than a user waits.
pub const WILDCARD_WORDS_MAX: usize = 100_000;

/// Terms that a line of a strategy evaluates, and that the last one stands for as a filter, those of the lines it refers
/// to included: lines that refer to earlier ones twice would double it with each line. A hedge of 50,000 terms fits twice.
pub const STRATEGY_CONDITIONS_MAX: usize = 100_000;
