//! A reader of the index that knows nothing but the tables and formulas of chapters 04 to 06.

use std::sync::Arc;

use medvec::db::{CreateOptions, Database, OptimizeOptions, WriterOptions};
use medvec::document::Document;
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::ids::Key;
use medvec::storage::{MemoryStorage, Storage};
use medvec::{Control, Metric};

use crate::reader::{self, Reader, Value};
use crate::text::Text;

/// Not a multiple of 4, so that the last sub-vector is filled up.
const DIMENSION: usize = 10;

const ROWS: u64 = 300;

/// A database whose vectors are not rotated, in one indexed segment.
pub(crate) fn database(sub_dimension: usize) -> (Database, MemoryStorage) {
    let storage = MemoryStorage::new();
    let mut vectors = VectorConfig::new(DIMENSION as u32, Metric::Dot, RowType::Int8, None);
    vectors.rotation = 0;
    let options = CreateOptions::default().vectors(Some(vectors));
    let database = Database::create_in(Arc::new(storage.clone()), options).expect("creates");
    let small = WriterOptions::default().index_rows_min(4).train_rows_min(6);
    let mut writer = database.writer(small).expect("the only writer");
    for number in 1..=ROWS {
        let document = Document::new(Key::pmid(number as u32));
        writer.upsert_with_vector(document, numbers(number)).expect("fits");
    }
    // Rows without a vector come after the lists.
    writer.upsert(Document::new(Key::Text("bare".into()))).expect("needs no vector");
    let options = OptimizeOptions::default().lists(Some(7)).sub_dimension(Some(sub_dimension));
    writer.optimize(&options, &Control::default()).expect("trains");
    (database, storage)
}

/// Numbers that depend on a seed, in one of seven clumps.
pub(crate) fn numbers(seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = |bits: u32| {
        state = state.wrapping_mul(0xd129_42f0_eef0_96a5).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> (64 - bits)) as f32 / (1u64 << bits) as f32 - 0.5
    };
    let place = (seed % 7) as usize;
    (0..DIMENSION).map(|at| next(20) + if at == place { 2.0 } else { 0.0 }).collect()
}

/// A file's sections by the names that the text gives them.
pub(crate) struct File<'a> {
    text: &'a Text,
    kinds: &'a str,
    bytes: Vec<u8>,
}

impl<'a> File<'a> {
    /// The only file of the storage whose name starts like this, its kinds in the table `kinds`.
    pub(crate) fn new(
        text: &'a Text,
        storage: &MemoryStorage,
        start: &str,
        kinds: &'a str,
    ) -> File<'a> {
        let names = storage.list().expect("lists");
        let name = names.iter().filter(|name| name.starts_with(start)).max().expect("a file");
        let bytes = storage.open(name).expect("opens").expect("exists").to_vec();
        File { text, kinds, bytes }
    }

    pub(crate) fn section(&self, name: &str) -> &[u8] {
        let kinds = &self.text.values[self.kinds];
        let kind = kinds.iter().find(|kind| kind.name == name).expect("a section of the text");
        reader::section(self.text, &self.bytes, kind.value)
    }

    pub(crate) fn meta(&self, root: &str) -> Value {
        Reader::new(self.text, self.section("META")).root(root)
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        let (words, rest) = self.section(name).as_chunks::<4>();
        assert!(rest.is_empty(), "{name}");
        words.iter().map(|word| f32::from_le_bytes(*word)).collect()
    }

    fn integers(&self, name: &str) -> Vec<usize> {
        let (words, rest) = self.section(name).as_chunks::<4>();
        assert!(rest.is_empty(), "{name}");
        words.iter().map(|word| u32::from_le_bytes(*word) as usize).collect()
    }

    fn halves(&self, name: &str) -> Vec<f32> {
        let (words, rest) = self.section(name).as_chunks::<2>();
        assert!(rest.is_empty(), "{name}");
        words.iter().map(|word| half(u16::from_le_bytes(*word))).collect()
    }

    /// `i8` codes times a scale per row.
    fn rows(&self, codes: &str, scales: &str) -> Vec<Vec<f32>> {
        let (scales, codes) = (self.floats(scales), self.section(codes));
        assert_eq!(codes.len(), scales.len() * DIMENSION);
        let value = |(row, scale): (&[u8], &f32)| {
            row.iter().map(|code| f32::from(*code as i8) * scale).collect()
        };
        codes.chunks(DIMENSION).zip(&scales).map(value).collect()
    }
}

/// IEEE 754 binary16, not negative and finite.
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (i32::from(bits >> 10), f32::from(bits & 0x3ff) / 1024.0);
    assert!(exponent < 31, "{bits:#x} is negative or not finite");
    match exponent {
        0 => fraction * 2.0f32.powi(-14),
        _ => (1.0 + fraction) * 2.0f32.powi(exponent - 15),
    }
}

/// The code of sub-quantizer `number` of a row, from scan blocks.
fn code(blocks: &[u8], sub_quantizers: usize, row: usize, number: usize) -> usize {
    let block_bytes = sub_quantizers.div_ceil(8) * 64;
    let (cell, place) = (number / 8, number % 8);
    let byte = blocks[row / 16 * block_bytes + cell * 64 + 4 * (row % 16) + place % 4];
    usize::from(if place < 4 { byte & 0x0f } else { byte >> 4 })
}

/// Sub-quantizers: 16 points each, as the text lays them out.
struct Points {
    numbers: Vec<f32>,
    sub_dimension: usize,
}

impl Points {
    /// Number `at` of a point of a sub-quantizer.
    fn number(&self, sub_quantizer: usize, point: usize, at: usize) -> f32 {
        self.numbers[(sub_quantizer * self.sub_dimension + at) * 16 + point]
    }

    fn count(&self) -> usize {
        DIMENSION.div_ceil(self.sub_dimension)
    }

    /// What the codes of a row stand for.
    fn decode(&self, blocks: &[u8], row: usize) -> Vec<f32> {
        let number = |at: usize| {
            let sub_quantizer = at / self.sub_dimension;
            let point = code(blocks, self.count(), row, sub_quantizer);
            self.number(sub_quantizer, point, at % self.sub_dimension)
        };
        (0..DIMENSION).map(number).collect()
    }

    /// Fails unless every code of a row is that of the nearest point.
    fn assert_nearest(&self, blocks: &[u8], row: usize, vector: &[f32]) {
        for sub_quantizer in 0..self.count() {
            let distance = |point: usize| -> f32 {
                (0..self.sub_dimension)
                    .map(|at| {
                        let value = vector.get(sub_quantizer * self.sub_dimension + at);
                        let point = self.number(sub_quantizer, point, at);
                        (value.unwrap_or(&0.0) - point).powi(2)
                    })
                    .sum()
            };
            let chosen = distance(code(blocks, self.count(), row, sub_quantizer));
            let least = (0..16).map(distance).fold(f32::INFINITY, f32::min);
            assert!(chosen <= least + 1e-5, "row {row}, {sub_quantizer}: {chosen}, not {least}");
        }
    }
}

pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// An indexed row as the text says it.
pub(crate) struct Row {
    own: Coded,
    copy: Option<Coded>,
}

/// What a list holds of a row.
struct Coded {
    centroid: Vec<f32>,
    decoded: Vec<f32>,
    scale: f32,
}

impl Row {
    /// The greatest estimate of its inner product with a query.
    pub(crate) fn estimate(&self, query: &[f32]) -> f32 {
        let own = self.own.estimate(query);
        self.copy.as_ref().map_or(own, |copy| own.max(copy.estimate(query)))
    }
}

impl Coded {
    fn estimate(&self, query: &[f32]) -> f32 {
        dot(query, &self.centroid) + self.scale * dot(query, &self.decoded)
    }
}

/// Reads every indexed row and its copy, holding codes and factors against the formulas.
pub(crate) fn rows(codebook: &File<'_>, segment: &File<'_>) -> Vec<Row> {
    let sub_dimension = count(&codebook.meta("CodebookMeta"), "sub_dimension");
    let points = Points { numbers: codebook.floats("POINTS"), sub_dimension };
    let centroids = codebook.rows("CENTROIDS", "CENTROID_SCALES");
    let stored = segment.rows("VECTORS", "SCALES");
    let mut own: Vec<Option<(usize, Coded)>> = (0..stored.len()).map(|_| None).collect();
    let sections = ["LIST_OFFSETS", "CODES", "CODE_SCALES"];
    for (list, place, coded) in
        coded(segment, sections, &points, &centroids, &stored, (|row| row, 0.05))
    {
        own[place] = Some((list, coded));
    }
    let mut copies: Vec<Option<(usize, Coded)>> = (0..stored.len()).map(|_| None).collect();
    let copied = segment.integers("SPILLED_ROWS");
    let sections = ["SPILLED_OFFSETS", "SPILLED_CODES", "SPILLED_SCALES"];
    // Residuals from second lists are longer than those that the points are for.
    let of_copy = (|copy: usize| copied[copy], 0.15);
    for (list, copy, coded) in coded(segment, sections, &points, &centroids, &stored, of_copy) {
        assert!(copies[copied[copy]].replace((list, coded)).is_none(), "a second copy");
    }
    // Most second lists are the best by the formula; a writer looks at those near to the row only.
    let mut best = 0;
    let mut rows = Vec::new();
    for ((stored, own), copy) in stored.into_iter().zip(own).zip(copies) {
        // Rows without a vector come last.
        let Some((first, own)) = own else { break };
        let (second, copy) = copy.expect("copied");
        assert_ne!(first, second);
        let loss = |list: usize| {
            let from = |list: usize| -> Vec<f32> {
                stored.iter().zip(&centroids[list]).map(|(x, c)| x - c).collect()
            };
            let (r, other) = (from(first), from(list));
            dot(&other, &other) + 2.0 * dot(&other, &r).powi(2) / dot(&r, &r).max(1.0e-12)
        };
        let others = (0..centroids.len()).filter(|list| *list != first);
        best += usize::from(others.map(loss).all(|other| loss(second) <= other + 1.0e-3));
        rows.push(Row { own, copy: Some(copy) });
    }
    assert!(best * 10 >= rows.len() * 9, "{best} of {} second lists are the best", rows.len());
    rows
}

/// What the lists of an area hold: list, place there, and codes.
fn coded(
    segment: &File<'_>,
    [offsets, codes, scales]: [&str; 3],
    points: &Points,
    centroids: &[Vec<f32>],
    stored: &[Vec<f32>],
    (row_of, off_max): (impl Fn(usize) -> usize, f32),
) -> Vec<(usize, usize, Coded)> {
    let offsets = segment.integers(offsets);
    assert_eq!((offsets.len(), offsets[0]), (centroids.len() + 1, 0));
    let (blocks, scales) = (segment.section(codes), segment.halves(scales));
    let (mut all, mut off) = (Vec::new(), 0.0);
    for (list, centroid) in centroids.iter().enumerate() {
        for place in offsets[list]..offsets[list + 1] {
            let row = &stored[row_of(place)];
            let residual: Vec<f32> = row.iter().zip(centroid).map(|(x, c)| x - c).collect();
            points.assert_nearest(blocks, place, &residual);
            let decoded = points.decode(blocks, place);
            assert!(scales[place] >= 0.0 && scales[place] <= 65504.0);
            let coded = Coded { centroid: centroid.clone(), decoded, scale: scales[place] };
            let length = dot(row, row);
            off += (coded.estimate(row) - length).abs() / length;
            all.push((list, place, coded));
        }
    }
    let off = off / all.len() as f32;
    assert!(off < off_max, "estimates in the rows' own directions are off by {off}");
    assert_eq!(all.len(), *offsets.last().expect("one more than lists"));
    all
}

/// Holds what lists are ranked with against its formulas.
pub(crate) fn check_ranking(codebook: &File<'_>) {
    let centroids = codebook.rows("CENTROIDS", "CENTROID_SCALES");
    let points = Points { numbers: codebook.floats("RANKING_POINTS"), sub_dimension: 2 };
    let lengths: Vec<f32> = centroids.iter().map(|c| dot(c, c).sqrt()).collect();
    let mean = lengths.iter().sum::<f32>() / lengths.len() as f32;
    let factors = codebook.halves("RANKING_FACTORS");
    for (list, centroid) in centroids.iter().enumerate() {
        points.assert_nearest(codebook.section("RANKING_CODES"), list, centroid);
        let expected = mean / lengths[list];
        assert!((factors[list] - expected).abs() <= expected / 1000.0);
    }
    let ends = codebook.integers("GROUP_ENDS");
    assert!(ends.is_sorted() && ends.last() == Some(&centroids.len()));
    assert_eq!(codebook.rows("GROUPS", "GROUP_SCALES").len(), ends.len());
}

pub(crate) fn count(record: &Value, field: &str) -> usize {
    match record.at(field) {
        Value::Number(number) => *number as usize,
        other => panic!("{field}: {other:?} is not a number"),
    }
}
