//! What is calibrated: of how many rows, for which recalls and which shares of the rows.

/// Recall is that of so many best rows.
pub const NEIGHBOURS: usize = 10;

/// Recalls that are calibrated, ascending.
pub const TARGETS: [f32; 9] = [0.80, 0.85, 0.90, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999];

/// A query with a lower recall than this is served badly; the share of such queries is measured
/// beside the mean.
pub const LOW_RECALL: f32 = 0.8;

/// Shares of rows that pass a filter, descending, for which each target is calibrated.
pub const SHARES: [f32; 7] = [1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01];

/// Exact neighbours to bring for each query: enough for the ten hits of the least share. With
/// fewer, narrow filters are calibrated with the nearest of their hits only.
pub const TRUTH_ROWS: usize = 1500;
