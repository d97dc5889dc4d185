//! What turns sums of integers into numbers: a span for each row, scales for each column.

use crate::kernel::matmul::panel::PANEL;

/// A row's numbers are `least + scale * integer`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) least: f32,
    pub(super) scale: f32,
}

/// What belongs to the columns of one panel.
pub(super) struct Columns {
    pub(super) scales: [f32; PANEL],
    /// Sums of the integers.
    pub(super) totals: [i32; PANEL],
    /// Sums of the rounded weights: what a 1 in every step of a row adds.
    pub(super) sums: [f32; PANEL],
    pub(super) bias: [f32; PANEL],
}

impl Columns {
    /// A row's results from its sums of products of integers.
    pub(super) fn finish(&self, span: &Span, sums: &[i32; PANEL], out: &mut [f32]) {
        for (column, (sum, result)) in sums.iter().zip(out).enumerate() {
            let product = *sum as f32 * self.scales[column] * span.scale;
            *result = product + span.least * self.sums[column] + self.bias[column];
        }
    }
}

impl Default for Columns {
    fn default() -> Columns {
        let zeros = [0.0; PANEL];
        Columns { scales: zeros, totals: [0; PANEL], sums: zeros, bias: zeros }
    }
}
