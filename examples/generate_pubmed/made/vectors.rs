//! Vectors for generated citations: sums of real vectors that are near each other, and a little noise.

use std::io::{self, Write};

use medvec::kernel::quantize::f16_from_f32;
use medvec::kernel::random::Random;

use super::files::Item;
use super::{pick, random_of};

/// Real vectors that groups of near ones gather around.
const GROUPS: usize = 768;

/// Numbers that are multiplied side by side; in any other order the sums would differ in their last bits.
const LANES: usize = 16;

/// Weights of the real vectors of one group that a vector is the sum of.
const WEIGHTS: [f32; 3] = [0.62, 0.25, 0.13];

/// Length of the noise, beside vectors of length 1.
const NOISE: f32 = 0.35;

/// Real vectors, in groups.
pub struct Vectors {
    rows: Vec<f32>,
    columns: usize,
    groups: Vec<Vec<u32>>,
    group_of: Vec<u32>,
}

fn product(one: &[f32], other: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    for (one, other) in one.chunks(LANES).zip(other.chunks(LANES)) {
        for (sum, (one, other)) in sums.iter_mut().zip(one.iter().zip(other)) {
            *sum += one * other;
        }
    }
    sums.iter().sum()
}

impl Vectors {
    /// Groups rows of length 1. Cost: the product of each with 768.
    pub fn new(rows: Vec<f32>, columns: usize) -> Vectors {
        let count = rows.len() / columns;
        let row = |at: u32| &rows[at as usize * columns..][..columns];
        let mut leaders: Vec<u32> = (0..count as u32).collect();
        Random::new(2).shuffle(&mut leaders, GROUPS);
        leaders.truncate(GROUPS);
        let mut groups = vec![Vec::new(); leaders.len()];
        let mut group_of = Vec::with_capacity(count);
        for at in 0..count as u32 {
            let products = leaders.iter().map(|leader| product(row(*leader), row(at)));
            let best = products.enumerate().max_by(|one, other| one.1.total_cmp(&other.1));
            let group = best.map_or(0, |(group, _)| group);
            groups[group].push(at);
            group_of.push(group as u32);
        }
        Vectors { rows, columns, groups, group_of }
    }

    /// The vector of a citation, of length 1. The same seed and citation give the same numbers.
    pub fn of(&self, seed: u64, item: &Item) -> Vec<f32> {
        let mut random = random_of(seed, 7, item.index.into());
        let first = random.below(self.group_of.len());
        let group = &self.groups[self.group_of[first] as usize];
        let mut sum = vec![0.0; self.columns];
        for (place, weight) in WEIGHTS.iter().enumerate() {
            let row = if place == 0 { first } else { *pick(&mut random, group) as usize };
            let row = &self.rows[row * self.columns..][..self.columns];
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
        }
        // Even noise of variance 1/3 per number.
        let scale = NOISE * (3.0 / self.columns as f32).sqrt() / (1 << 23) as f32;
        for value in &mut sum {
            *value += ((random.bits() >> 40) as f32 - (1 << 23) as f32) * scale;
        }
        let length = product(&sum, &sum).sqrt();
        sum.iter_mut().for_each(|value| *value /= length);
        sum
    }

    /// Writes the vectors of citations as an array of half precision, and their PMIDs, one per line.
    ///
    /// # Errors
    /// Those of the outputs.
    pub fn write(
        &self,
        seed: u64,
        items: &[Item],
        array: &mut impl Write,
        ids: &mut impl Write,
    ) -> io::Result<()> {
        let shape = format!(
            "{{'descr': '<f2', 'fortran_order': False, 'shape': ({}, {}), }}",
            items.len(),
            self.columns
        );
        let header = format!("{shape:<117}\n");
        array.write_all(b"\x93NUMPY\x01\x00")?;
        array.write_all(&(header.len() as u16).to_le_bytes())?;
        array.write_all(header.as_bytes())?;
        for item in items {
            for value in self.of(seed, item) {
                array.write_all(&f16_from_f32(value).to_le_bytes())?;
            }
            writeln!(ids, "{}", item.pmid)?;
        }
        Ok(())
    }
}
