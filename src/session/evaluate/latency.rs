//! How long queries took.

use std::time::Duration;

use serde::Serialize;

/// How long queries took, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    /// Half of them took no longer.
    pub p50: f64,
    /// 95 % took no longer.
    pub p95: f64,
    /// 99 % took no longer.
    pub p99: f64,
}

impl Latency {
    /// Of durations in ascending order; `None` of none.
    pub(super) fn of(ascending: &[Duration]) -> Option<Latency> {
        let at = |percent: usize| {
            let place = (ascending.len() * percent).div_ceil(100).saturating_sub(1);
            ascending.get(place).map(|taken| taken.as_secs_f64() * 1e3)
        };
        Some(Latency { p50: at(50)?, p95: at(95)?, p99: at(99)? })
    }
}
