//! Documents that a condition on dates leaves out because they have none.

use roaring::RoaringBitmap;

use super::filter::Filter;
use crate::error::Result;
use crate::format::rows::rows;
use crate::segment::Segment;

/// Live rows without a date that do not pass a filter and would if every condition on dates held.
///
/// Cost: nothing for a filter without such a condition; else a pass over a column of 4 bytes a row and,
/// where rows without a date exist, the filter once more and a walk over the rows that it leaves out.
pub(super) fn count(
    segment: &Segment,
    deleted: &RoaringBitmap,
    filter: &Filter,
    passing: Option<&RoaringBitmap>,
) -> Result<u64> {
    let (Some(passing), Some(relaxed)) = (passing, without_dates(filter)) else { return Ok(0) };
    let (_, last) = segment.dates()?;
    if !last.contains(&0) {
        return Ok(0);
    }
    let left_out = relaxed.rows(segment)? - deleted - passing;
    let is_undated = |row: &u32| last.get(*row as usize) == Some(&0);
    Ok(rows(&left_out).filter(is_undated).count() as u64)
}

/// The filter with every condition on dates taken as passed; `None` when it has none.
fn without_dates(filter: &Filter) -> Option<Filter> {
    let is_dated = |leaf: &Filter| matches!(leaf, Filter::Years { .. } | Filter::Dates { .. });
    if !filter.parts().any(is_dated) {
        return None;
    }
    let mut relaxed = filter.clone();
    let mut nodes = vec![&mut relaxed];
    while let Some(node) = nodes.pop() {
        match node {
            Filter::And(parts) | Filter::Or(parts) => nodes.extend(parts.iter_mut()),
            Filter::Not(part) => nodes.push(part),
            leaf if is_dated(leaf) => *leaf = Filter::All,
            _ => {}
        }
    }
    Some(relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_on_dates_are_taken_out_at_any_depth() {
        let years = Filter::years(2000, 2010);
        assert_eq!(without_dates(&Filter::HasAbstract), None);
        assert_eq!(without_dates(&years), Some(Filter::All));
        let nested = Filter::Or(vec![
            Filter::Not(Box::new(years.clone())),
            Filter::And(vec![years, Filter::HasAbstract]),
        ]);
        let expected = Filter::Or(vec![
            Filter::Not(Box::new(Filter::All)),
            Filter::And(vec![Filter::All, Filter::HasAbstract]),
        ]);
        assert_eq!(without_dates(&nested), Some(expected));
    }
}
