//! Columns of an open segment: publication dates, and the numbers of free fields.

use bytemuck::AnyBitPattern;

use super::segment::Segment;
use crate::error::Result;
use crate::format::rules::Rule;
use crate::format::segment::*;

/// Numbers of one free field: `values[i]` belongs to row `rows[i]`; rows ascend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberColumn<'a, T> {
    /// Rows that have the field.
    pub rows: &'a [u32],
    /// Their values.
    pub values: &'a [T],
}

impl Segment {
    /// The first and the last day that each row's publication date can mean, as
    /// [`Day`](crate::Day) numbers; zeros where it is not known.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn dates(&self) -> Result<(&[u32], &[u32])> {
        let rows = self.rows() as usize;
        Ok((self.array(SECTION_DATE_FIRST, rows)?, self.array(SECTION_DATE_LAST, rows)?))
    }

    /// The integers of a free field, `None` when no row has any.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn integers(&self, name: &str) -> Result<Option<NumberColumn<'_, i64>>> {
        let sections = (SECTION_INTEGER_ROWS, SECTION_INTEGER_VALUES);
        self.numbers(&self.shared.meta.integers, name, sections)
    }

    /// The floating-point numbers of a free field, `None` when no row has any.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn floats(&self, name: &str) -> Result<Option<NumberColumn<'_, f64>>> {
        let sections = (SECTION_FLOAT_ROWS, SECTION_FLOAT_VALUES);
        self.numbers(&self.shared.meta.floats, name, sections)
    }

    /// Names of the free fields that hold integers, in no order.
    pub fn integer_fields(&self) -> impl Iterator<Item = &str> {
        self.shared.meta.integers.iter().map(|column| column.name.as_str())
    }

    /// Names of the free fields that hold floating-point numbers, in no order.
    pub fn float_fields(&self) -> impl Iterator<Item = &str> {
        self.shared.meta.floats.iter().map(|column| column.name.as_str())
    }

    fn numbers<T: AnyBitPattern>(
        &self,
        columns: &[NumberColumnMeta],
        name: &str,
        (rows_kind, values_kind): (u32, u32),
    ) -> Result<Option<NumberColumn<'_, T>>> {
        let Some(column) = columns.iter().find(|column| column.name == name) else {
            return Ok(None);
        };
        let rows = self.part::<u32>(rows_kind, column.start, column.count as usize)?;
        let values = self.part::<T>(values_kind, column.start, column.count as usize)?;
        let ascending = rows.is_sorted_by(|a, b| a < b);
        if !ascending || rows.last().is_some_and(|row| *row >= self.rows()) {
            let detail = format!("rows of field `{name}` are out of order or do not exist");
            let rule = if ascending { Rule::RowBounds } else { Rule::Sorted };
            return Err(self.corrupt(rows_kind, column.start.saturating_mul(4), rule, detail));
        }
        Ok(Some(NumberColumn { rows, values }))
    }
}
