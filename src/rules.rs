//! The validation rules of `format-spec/13-validation.md`, one for each thing a reader must check.

use std::fmt;

macro_rules! rules {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        /// A rule of the format, `V-001` and on; its text is in `format-spec/13-validation.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum Rule {
            $(#[doc = $text] $name = $number,)*
        }

        impl Rule {
            /// Every rule, in order of number.
            pub const ALL: &'static [Rule] = &[$(Rule::$name),*];

            /// The rule as one sentence.
            pub fn text(self) -> &'static str {
                match self { $(Rule::$name => $text,)* }
            }
        }
    };
}

rules! {
    Magic = 1, "The first eight bytes of a file MUST be the magic number.";
    Kind = 2, "The kind in the header MUST be the kind that the file's name says.";
    FileId = 3, "The file id in the header MUST equal the one in the manifest and in the footer.";
    FileLength = 4, "The length of a file MUST equal the one in its footer and in the manifest.";
    ReservedZero = 5, "Reserved bytes and padding MUST be zero.";
    HeaderChecksum = 6, "The header's CRC-32C MUST match.";
    FooterMagic = 7, "The last eight bytes of a file MUST be the footer's magic number.";
    FooterChecksum = 8, "The footer's CRC-32C MUST match, and equal the one in the manifest.";
    TableChecksum = 9, "The CRC-32C of the section table and block checksums MUST match.";
    SectionBounds = 10, "Every section MUST lie inside the file's body, at a multiple of 64 bytes, without overlap, in order of offset.";
    SectionUnique = 11, "A section kind MUST occur at most once in a file.";
    SectionMissing = 12, "Every required section MUST be present.";
    BlockChecksum = 13, "The CRC-32C of every 64 KiB block MUST match.";
    Archive = 14, "A structured record MUST be a valid archive of its type.";
    ArrayLength = 15, "The length of an array section MUST be the element size times the count.";
    Name = 16, "A file name MUST have one of the forms of chapter 01.";
    ManifestGeneration = 17, "The generation in a manifest MUST be the one in its name.";
    ManifestSegments = 18, "Segment ids in a manifest MUST be unique, ascending, and below the next id.";
    FileMissing = 19, "Every file that a manifest names MUST be present.";
    Tombstones = 20, "Tombstones MUST be a valid Roaring bitmap of rows of their segment.";
    Sorted = 21, "A sorted array MUST be strictly ascending.";
    RowBounds = 22, "Every row id MUST be below the segment's row count.";
    OffsetBounds = 23, "Every offset MUST lie inside its section and offsets MUST ascend.";
    Compressed = 24, "A document block MUST decompress to its stated length.";
    DocumentKey = 25, "The key in a document MUST be the key of its row.";
    Bitmap = 26, "A posting MUST be a valid Roaring bitmap of rows of its segment.";
    Utf8 = 27, "Text MUST be UTF-8.";
    FiniteNumber = 28, "Vectors, scales and floating-point fields MUST be finite.";
    UniqueKey = 29, "A key MUST be live in at most one row of a snapshot.";
    ColumnRange = 30, "A date column MUST have its first day not after its last.";
    Count = 31, "Counts in different places MUST agree.";
    Dimension = 32, "The vector dimension MUST be 1 to 8192 and equal the manifest's.";
    ManifestTombstones = 33, "A tombstone entry MUST have 1 to its segment's number of rows and a generation that is not after the manifest's.";
    ManifestLength = 34, "A manifest MUST NOT be longer than 268435456 bytes.";
    SegmentRows = 35, "The row count of a segment MUST NOT be above 4294967294.";
    Codebook = 36, "The counts in a codebook's meta record MUST agree with the lengths of its sections, and its groups' ends MUST ascend to its number of lists.";
    Lists = 37, "The list offsets of a segment MUST ascend from 0 to its number of vectors, and so MUST those of copies, which are of every row in lists one, outside of its own list.";
    ListOrder = 38, "In an indexed segment, the rows with a vector MUST come before all others.";
    CodeFactor = 39, "The scale of a row's codes and the ranking factor of a list MUST be finite and not negative.";
    DocumentRecord = 40, "A document record MUST follow the encoding of chapter 08 and fill its length.";
    BlockLength = 41, "A document block MUST state its decompressed length, at most 4,456,448 bytes.";
    BlockRows = 42, "The rows of document blocks MUST ascend from 0 to the segment's row count, without gap.";
    SegmentMeta = 43, "The numbers in a segment's meta record MUST agree with the lengths of its sections.";
    Term = 44, "A term MUST be normalised as chapter 10 says for its field, at most 512 bytes long, and not empty.";
    PostingContent = 45, "Postings MUST hold exactly the rows whose documents have the term.";
    ColumnContent = 46, "Date and number columns MUST hold exactly the values of the documents.";
    KeyIndex = 47, "The key index MUST name, for every key, the last row that has it.";
    VectorPresence = 48, "A row without a vector MUST be zero in the vector sections.";
    TextBytes = 49, "The text bytes in a segment's meta record MUST be those of its documents.";
    CodeRange = 50, "The codes of an int8 vector MUST be -127 to 127.";
    ManifestIndex = 51, "A manifest MUST name a codebook at most once, none without vectors, and have one calibration at most of each codebook that it names, in order and with numbers in range.";
    IndexCodebook = 60, "The lists and sub-quantizers of a segment's index MUST be those of its codebook.";
    WriteFeatures = 61, "The write features of a manifest MUST include those of every file that it names.";
    VectorLength = 62, "The squared length of a stored vector, centroid, point or query MUST be finite in single precision.";
    CalibrationLists = 63, "A calibration MUST NOT count more lists than rows, nor more than its codebook has.";
    Numbers = 64, "The generation and the next segment id of a manifest MUST NOT be above 9223372036854775808.";
    SegmentCounts = 65, "The keys, blocks, vectors and elements of a number column of a segment MUST be 1 to its number of rows, where there are any.";
    MeshRecord = 66, "A MeSH record MUST begin with its UI and end with a field, names MUST be fields, tree numbers MUST have their form, and links MUST ascend and be between records.";
    Lexical = 70, "The keys, lists and parts of a lexical index MUST follow the encoding of chapter 07 and fill their lengths.";
    LexicalContent = 71, "A lexical index MUST hold exactly the words of the documents, with their lengths and, where it has positions, their places.";
    VectorSum = 72, "The sum of a segment's vectors MUST be what adding the stored numbers row by row gives.";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "V-{:03}", *self as u16)
    }
}
