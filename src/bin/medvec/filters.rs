//! Search options to a filter.

use medvec::{FieldTest, Filter};

use crate::args::Filters;
use crate::failure::{Failure, Result};

impl Filters {
    /// All conditions together.
    pub(crate) fn to_filter(&self) -> Result<Filter> {
        let mut filter = Filter::All;
        for name in &self.mesh {
            filter = filter.and(self.heading(Filter::mesh(name)));
        }
        for name in &self.major {
            filter = filter.and(self.heading(Filter::major(name)));
        }
        for name in &self.subheading {
            filter = filter.and(self.heading(Filter::subheading(name)));
        }
        for name in &self.substance {
            filter = filter.and(Filter::Substance(name.clone()));
        }
        for name in &self.action {
            filter = filter.and(self.heading(Filter::pharmacological_action(name)));
        }
        if let Some(years) = self.year {
            filter = filter.and(Filter::years(years.from, years.to));
        }
        for name in &self.journal {
            filter = filter.and(Filter::Journal(name.clone()));
        }
        for code in &self.language {
            filter = filter.and(Filter::Language(code.clone()));
        }
        for name in &self.publication_type {
            filter = filter.and(Filter::PublicationType(name.clone()));
        }
        if self.has_abstract {
            filter = filter.and(Filter::HasAbstract);
        }
        for condition in &self.field {
            filter = filter.and(field_filter(condition)?);
        }
        Ok(filter)
    }

    /// A heading with or without those below it, and with or without what has no heading at all.
    fn heading(&self, filter: Filter) -> Filter {
        let filter = if self.no_explode { filter.not_exploded() } else { filter };
        if self.include_unindexed { filter.or(!Filter::HasMesh) } else { filter }
    }
}

/// `name=value` or `name=from:to`; what the value means depends on the type of the field, which the
/// database knows.
fn field_filter(condition: &str) -> Result<Filter> {
    let (name, value) =
        condition.split_once('=').filter(|(name, _)| !name.trim().is_empty()).ok_or_else(|| {
            Failure::usage(format!("--field {condition}: write NAME=VALUE or NAME=FROM:TO"))
        })?;
    Ok(Filter::Field { name: name.to_owned(), test: FieldTest::Typed(value.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::YearRange;

    #[test]
    fn no_option_is_no_condition() {
        assert_eq!(Filters::default().to_filter().unwrap(), Filter::All);
    }

    #[test]
    fn options_must_all_hold() {
        let filters = Filters {
            mesh: vec!["Aspirin".into(), "Humans".into()],
            year: Some(YearRange { from: 2010, to: 2012 }),
            ..Filters::default()
        };
        let expected = Filter::And(vec![
            Filter::mesh("Aspirin"),
            Filter::mesh("Humans"),
            Filter::years(2010, 2012),
        ]);
        assert_eq!(filters.to_filter().unwrap(), expected);
    }

    #[test]
    fn headings_stand_alone_on_wish() {
        let filters =
            Filters { mesh: vec!["Aspirin".into()], no_explode: true, ..Filters::default() };
        assert_eq!(filters.to_filter().unwrap(), Filter::mesh("Aspirin").not_exploded());
    }

    #[test]
    fn field_values_are_passed_on_as_typed() {
        let typed = |value: &str| Filter::Field {
            name: "site".into(),
            test: FieldTest::Typed(value.into()),
        };
        for value in ["Berlin", "a=b", ":", "5:9", ""] {
            assert_eq!(field_filter(&format!("site={value}")).unwrap(), typed(value));
        }
        assert!(field_filter("site").is_err() && field_filter(" =x").is_err());
    }
}
