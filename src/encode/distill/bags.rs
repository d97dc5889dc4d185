//! Bags of tokens: a sparse matrix with one row for each text, and its products with tables.

use crate::control::Control;
use crate::parallel;

/// Rows of (column, value) pairs; values of a column that is in a row twice add up.
#[derive(Clone, Debug)]
pub(super) struct Bags {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl Bags {
    pub(super) fn new() -> Bags {
        Bags { starts: vec![0], columns: Vec::new(), values: Vec::new() }
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Adds a row that counts each token; sorts the ids.
    pub(super) fn push(&mut self, ids: &mut [u32]) {
        ids.sort_unstable();
        for run in ids.chunk_by(|a, b| a == b) {
            self.columns.extend(run.first());
            self.values.push(run.len() as f32);
        }
        self.starts.push(self.columns.len());
    }

    /// Columns and values of a row.
    pub(super) fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = self.starts[row]..self.starts[row + 1];
        (&self.columns[range.clone()], &self.values[range])
    }

    /// Adds a copy of another matrix's row.
    pub(super) fn push_row(&mut self, other: &Bags, row: usize) {
        self.push_sum(&[(other, row, 1.0)]);
    }

    /// Adds a row that is the sum of rows of other matrices, each times a factor.
    pub(super) fn push_sum(&mut self, parts: &[(&Bags, usize, f32)]) {
        for &(bags, row, factor) in parts {
            let (columns, values) = bags.row(row);
            self.columns.extend(columns);
            self.values.extend(values.iter().map(|value| factor * value));
        }
        self.starts.push(self.columns.len());
    }

    /// Share of the rows that hold each column.
    pub(super) fn shares(&self, columns: usize) -> Vec<f32> {
        let mut counts = vec![0u32; columns];
        self.columns.iter().for_each(|&column| counts[column as usize] += 1);
        counts.iter().map(|&count| count as f32 / self.len().max(1) as f32).collect()
    }

    /// Multiplies each column by its weight, then divides each row by its sum.
    pub(super) fn weigh(&mut self, weights: &[f32]) {
        for row in 0..self.len() {
            let range = self.starts[row]..self.starts[row + 1];
            let columns = &self.columns[range.clone()];
            let values = &mut self.values[range];
            for (value, &column) in values.iter_mut().zip(columns) {
                *value *= weights[column as usize];
            }
            let sum = values.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            values.iter_mut().for_each(|value| *value /= sum);
        }
    }

    /// The transposed matrix, which has `columns` rows.
    pub(super) fn transposed(&self, columns: usize) -> Bags {
        let mut starts = vec![0usize; columns + 1];
        self.columns.iter().for_each(|&column| starts[column as usize + 1] += 1);
        (0..columns).for_each(|column| starts[column + 1] += starts[column]);
        let mut next = starts.clone();
        let mut out = Bags {
            starts,
            columns: vec![0; self.columns.len()],
            values: vec![0.0; self.values.len()],
        };
        for row in 0..self.len() {
            let (columns, values) = self.row(row);
            for (&column, &value) in columns.iter().zip(values) {
                let to = next[column as usize];
                next[column as usize] += 1;
                out.columns[to] = row as u32;
                out.values[to] = value;
            }
        }
        out
    }

    /// Sum of squares of each column.
    pub(super) fn column_squares(&self, columns: usize) -> Vec<f32> {
        let mut squares = vec![0.0; columns];
        for (&column, value) in self.columns.iter().zip(&self.values) {
            squares[column as usize] += value * value;
        }
        squares
    }

    /// This matrix times a table with rows of `width` numbers: a row of `width` for each row.
    pub(super) fn times(&self, table: &[f32], width: usize, threads: usize) -> Vec<f32> {
        let mut out = vec![0.0; self.len() * width];
        let rows = self.len().div_ceil(threads.max(1)).max(1);
        in_parts(threads, out.chunks_mut(rows * width).enumerate(), |(part, out)| {
            for (row, out) in out.chunks_exact_mut(width).enumerate() {
                self.row_times(part * rows + row, table, out);
            }
        });
        out
    }

    /// Adds one row times a table to `out`.
    pub(super) fn row_times(&self, row: usize, table: &[f32], out: &mut [f32]) {
        let width = out.len();
        let (columns, values) = self.row(row);
        for (&column, &value) in columns.iter().zip(values) {
            let from = column as usize * width;
            for (out, cell) in out.iter_mut().zip(&table[from..from + width]) {
                *out += value * cell;
            }
        }
    }
}

/// Works on parts on several threads, on fewer where the system has no more.
pub(super) fn in_parts<T: Send>(
    threads: usize,
    parts: impl Iterator<Item = T> + Send,
    work: impl Fn(T) + Sync,
) {
    let run = |(): &mut (), part| {
        work(part);
        Ok(())
    };
    // Nobody cancels, and the work cannot fail.
    let _ = parallel::for_each(threads, parts, &Control::default(), || (), run, &mut |_| ());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bags() -> Bags {
        let mut bags = Bags::new();
        bags.push(&mut [2, 0, 2]);
        bags.push(&mut []);
        bags.push(&mut [1]);
        bags
    }

    #[test]
    fn products_are_those_of_the_dense_matrix() {
        let bags = bags();
        let table = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0];
        for threads in [1, 2, 7] {
            assert_eq!(bags.times(&table, 2, threads), [7.0, 70.0, 0.0, 0.0, 2.0, 20.0]);
            let back = bags.transposed(3).times(&table, 2, threads);
            assert_eq!(back, [1.0, 10.0, 3.0, 30.0, 2.0, 20.0]);
        }
    }

    #[test]
    fn rows_are_added() {
        let bags = bags();
        let mut sum = Bags::new();
        sum.push_row(&bags, 0);
        sum.push_sum(&[(&bags, 0, 2.0), (&bags, 2, 1.0), (&bags, 0, 1.0)]);
        assert_eq!(sum.times(&[1.0, 10.0, 100.0], 1, 1), [201.0, 613.0]);
        assert_eq!(sum.transposed(3).times(&[1.0, 10.0], 1, 1), [31.0, 10.0, 62.0]);
    }

    #[test]
    fn weights_and_counts() {
        let mut bags = bags();
        assert_eq!(bags.shares(3), [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]);
        assert_eq!(bags.column_squares(3), [1.0, 1.0, 4.0]);
        bags.weigh(&[0.5, 7.0, 0.25]);
        assert_eq!(bags.row(0), (&[0, 2][..], &[0.5, 0.5][..]));
        assert_eq!(bags.row(2), (&[1][..], &[1.0][..]));
    }
}
