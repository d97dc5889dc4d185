//! One row, as the loops take it.

use crate::kernel::prepared::PreparedVector;

/// Row `id` of `values`, as long as the query.
#[inline(always)]
pub(super) fn row<'a, T>(values: &'a [T], id: u32, query: &PreparedVector) -> &'a [T] {
    &values[id as usize * query.dimension()..][..query.dimension()]
}

/// The end of a row, followed by zeros, which add nothing to any lane.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
pub(super) fn padded<T: Copy + Default>(rest: &[T]) -> [T; 16] {
    let mut elements = [T::default(); 16];
    elements[..rest.len()].copy_from_slice(rest);
    elements
}
