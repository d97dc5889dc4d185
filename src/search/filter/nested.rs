//! Walking, copying, comparing, printing and dropping filters of any depth.
//!
//! A loop that writes `filter = Or[filter, next]` over a list of documents nests as deep as the list is
//! long. Nothing here recurses, and dropping does not either: a filter of a million levels fits the stack
//! of any thread.

use std::fmt;
use std::mem;
use std::slice;

use super::Filter;

impl Filter {
    /// What this filter is made of; empty for one that looks at documents itself.
    pub(super) fn children(&self) -> &[Filter] {
        match self {
            Filter::And(filters) | Filter::Or(filters) => filters,
            Filter::Not(filter) => slice::from_ref(filter),
            _ => &[],
        }
    }

    /// The filter and everything that it is made of, each before its own parts.
    pub(in crate::search) fn parts(&self) -> impl Iterator<Item = &Filter> {
        let mut open = vec![slice::from_ref(self).iter()];
        std::iter::from_fn(move || {
            loop {
                match open.last_mut()?.next() {
                    Some(filter) => {
                        open.push(filter.children().iter());
                        return Some(filter);
                    }
                    None => drop(open.pop()),
                }
            }
        })
    }

    /// A copy with these parts.
    fn with(&self, mut children: Vec<Filter>) -> Filter {
        match self {
            Filter::And(_) => Filter::And(children),
            Filter::Or(_) => Filter::Or(children),
            Filter::Not(_) => Filter::Not(Box::new(children.pop().unwrap_or(Filter::All))),
            Filter::All => Filter::All,
            Filter::Mesh { term, major_only, explode } => {
                Filter::Mesh { term: term.clone(), major_only: *major_only, explode: *explode }
            }
            Filter::Subheading { name, explode } => {
                Filter::Subheading { name: name.clone(), explode: *explode }
            }
            Filter::Substance(name) => Filter::Substance(name.clone()),
            Filter::PharmacologicalAction { name, explode } => {
                Filter::PharmacologicalAction { name: name.clone(), explode: *explode }
            }
            Filter::Years { from, to } => Filter::Years { from: *from, to: *to },
            Filter::Dates { from, to } => Filter::Dates { from: *from, to: *to },
            Filter::Journal(name) => Filter::Journal(name.clone()),
            Filter::Language(code) => Filter::Language(code.clone()),
            Filter::PublicationType(name) => Filter::PublicationType(name.clone()),
            Filter::HasAbstract => Filter::HasAbstract,
            Filter::HasMesh => Filter::HasMesh,
            Filter::Keys(keys) => Filter::Keys(keys.clone()),
            Filter::Text(text) => Filter::Text(text.clone()),
            Filter::Field { name, test } => {
                Filter::Field { name: name.clone(), test: test.clone() }
            }
        }
    }

    /// Whether these are equal but for their parts, of which they have equally many.
    fn is_like(&self, other: &Filter) -> bool {
        match (self, other) {
            (Filter::And(a), Filter::And(b)) | (Filter::Or(a), Filter::Or(b)) => a.len() == b.len(),
            (Filter::Not(_), Filter::Not(_))
            | (Filter::All, Filter::All)
            | (Filter::HasAbstract, Filter::HasAbstract)
            | (Filter::HasMesh, Filter::HasMesh) => true,
            (
                Filter::Mesh { term: a, major_only: a_major, explode: a_explode },
                Filter::Mesh { term: b, major_only: b_major, explode: b_explode },
            ) => (a, a_major, a_explode) == (b, b_major, b_explode),
            (
                Filter::Subheading { name: a, explode: a_explode },
                Filter::Subheading { name: b, explode: b_explode },
            )
            | (
                Filter::PharmacologicalAction { name: a, explode: a_explode },
                Filter::PharmacologicalAction { name: b, explode: b_explode },
            ) => (a, a_explode) == (b, b_explode),
            (Filter::Years { from: a, to: a_to }, Filter::Years { from: b, to: b_to }) => {
                (a, a_to) == (b, b_to)
            }
            (Filter::Dates { from: a, to: a_to }, Filter::Dates { from: b, to: b_to }) => {
                (a, a_to) == (b, b_to)
            }
            (Filter::Journal(a), Filter::Journal(b))
            | (Filter::Substance(a), Filter::Substance(b))
            | (Filter::Language(a), Filter::Language(b))
            | (Filter::PublicationType(a), Filter::PublicationType(b)) => a == b,
            (Filter::Keys(a), Filter::Keys(b)) => a == b,
            (Filter::Text(a), Filter::Text(b)) => a == b,
            (Filter::Field { name: a, test: a_test }, Filter::Field { name: b, test: b_test }) => {
                a == b && a_test == b_test
            }
            _ => false,
        }
    }

    /// Moves the parts to `into`.
    fn take_children(&mut self, into: &mut Vec<Filter>) {
        match self {
            Filter::And(filters) | Filter::Or(filters) => into.append(filters),
            Filter::Not(filter) => into.push(mem::replace(filter, Filter::All)),
            _ => {}
        }
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        if self.children().iter().all(|child| child.children().is_empty()) {
            return;
        }
        let mut left = Vec::new();
        self.take_children(&mut left);
        while let Some(mut filter) = left.pop() {
            filter.take_children(&mut left);
        }
    }
}

impl Clone for Filter {
    fn clone(&self) -> Filter {
        enum Step<'a> {
            Open(&'a Filter),
            Close(&'a Filter),
        }
        let mut made: Vec<Filter> = Vec::new();
        let mut steps = vec![Step::Open(self)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Open(filter) if filter.children().is_empty() => {
                    made.push(filter.with(Vec::new()));
                }
                Step::Open(filter) => {
                    steps.push(Step::Close(filter));
                    steps.extend(filter.children().iter().rev().map(Step::Open));
                }
                Step::Close(filter) => {
                    let before = made.len().saturating_sub(filter.children().len());
                    let children = made.split_off(before);
                    made.push(filter.with(children));
                }
            }
        }
        made.pop().unwrap_or(Filter::All)
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Filter) -> bool {
        let mut pairs = vec![(self, other)];
        while let Some((a, b)) = pairs.pop() {
            if !a.is_like(b) {
                return false;
            }
            pairs.extend(a.children().iter().zip(b.children()));
        }
        true
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        enum Step<'a> {
            Part(&'a Filter),
            Text(&'static str),
        }
        let mut steps = vec![Step::Part(self)];
        while let Some(step) = steps.pop() {
            let filter = match step {
                Step::Text(text) => {
                    f.write_str(text)?;
                    continue;
                }
                Step::Part(filter) => filter,
            };
            let (start, end) = match filter {
                Filter::And(_) => ("And([", "])"),
                Filter::Or(_) => ("Or([", "])"),
                Filter::Not(_) => ("Not(", ")"),
                _ => {
                    // Not with the flags of `f`: on one line, as its surroundings are.
                    f.write_fmt(format_args!("{:?}", Alone(filter)))?;
                    continue;
                }
            };
            f.write_str(start)?;
            steps.push(Step::Text(end));
            for (place, child) in filter.children().iter().enumerate().rev() {
                steps.push(Step::Part(child));
                if place > 0 {
                    steps.push(Step::Text(", "));
                }
            }
        }
        Ok(())
    }
}

/// A filter without parts, as its derived `Debug` would print it.
struct Alone<'a>(&'a Filter);

impl fmt::Debug for Alone<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Filter::Mesh { term, major_only, explode } => f
                .debug_struct("Mesh")
                .field("term", term)
                .field("major_only", major_only)
                .field("explode", explode)
                .finish(),
            Filter::Subheading { name, explode } => {
                f.debug_struct("Subheading").field("name", name).field("explode", explode).finish()
            }
            Filter::Substance(name) => f.debug_tuple("Substance").field(name).finish(),
            Filter::PharmacologicalAction { name, explode } => f
                .debug_struct("PharmacologicalAction")
                .field("name", name)
                .field("explode", explode)
                .finish(),
            Filter::Years { from, to } => {
                f.debug_struct("Years").field("from", from).field("to", to).finish()
            }
            Filter::Dates { from, to } => {
                f.debug_struct("Dates").field("from", from).field("to", to).finish()
            }
            Filter::Journal(name) => f.debug_tuple("Journal").field(name).finish(),
            Filter::Language(code) => f.debug_tuple("Language").field(code).finish(),
            Filter::PublicationType(name) => f.debug_tuple("PublicationType").field(name).finish(),
            Filter::HasAbstract => f.write_str("HasAbstract"),
            Filter::HasMesh => f.write_str("HasMesh"),
            Filter::Keys(keys) => f.debug_tuple("Keys").field(keys).finish(),
            Filter::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Filter::Field { name, test } => {
                f.debug_struct("Field").field("name", name).field("test", test).finish()
            }
            Filter::All | Filter::And(_) | Filter::Or(_) | Filter::Not(_) => f.write_str("All"),
        }
    }
}

#[cfg(test)]
mod tests;
