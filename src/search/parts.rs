//! Filters that are made of each other, as the lines of a strategy are.
//!
//! Every part stands once, however many filters refer to it, and a part that was evaluated before brings its rows. So a
//! strategy takes the room of its text, where copies of earlier lines would take its square.

use std::sync::Arc;

use super::filter::Filter;
use super::program::{Joint, KnownRows};

/// Filters and groups of them, by number.
#[derive(Debug, Default)]
pub(super) struct Parts {
    parts: Vec<Part>,
    lines: Vec<Line>,
}

/// One part.
#[derive(Debug)]
pub(super) enum Part {
    Filter(Filter),
    /// Earlier parts, joined.
    Group(Joint, Vec<usize>),
    /// A line, by its number.
    Line(usize),
}

#[derive(Debug)]
struct Line {
    part: usize,
    rows: Option<Arc<KnownRows>>,
}

impl Parts {
    /// Adds a part; its number.
    pub(super) fn add(&mut self, part: Part) -> usize {
        self.parts.push(part);
        self.parts.len() - 1
    }

    /// Adds a line, which is a part, and perhaps its rows.
    pub(super) fn add_line(&mut self, part: usize, rows: Option<Arc<KnownRows>>) {
        self.lines.push(Line { part, rows });
    }

    /// A part by its number.
    pub(super) fn part(&self, number: usize) -> Option<&Part> {
        self.parts.get(number)
    }

    /// The part that a line is.
    pub(super) fn line(&self, line: usize) -> Option<usize> {
        self.lines.get(line).map(|line| line.part)
    }

    /// The rows of a line, as long as they are kept.
    pub(super) fn rows(&self, line: usize) -> Option<&Arc<KnownRows>> {
        self.lines.get(line)?.rows.as_ref()
    }

    /// Lets go of the rows of a line.
    pub(super) fn forget(&mut self, line: usize) {
        if let Some(line) = self.lines.get_mut(line) {
            line.rows = None;
        }
    }

    /// A part as one filter, the lines in it copied as often as they are referred to. Does not recurse.
    pub(super) fn filter(&self, number: usize) -> Filter {
        enum Step<'a> {
            Open(usize),
            Close(Joint, &'a [usize]),
        }
        let mut made: Vec<Filter> = Vec::new();
        let mut steps = vec![Step::Open(number)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Open(number) => match self.part(number) {
                    Some(Part::Filter(filter)) => made.push(filter.clone()),
                    Some(Part::Group(joint, members)) => {
                        steps.push(Step::Close(*joint, members));
                        steps.extend(members.iter().rev().map(|member| Step::Open(*member)));
                    }
                    Some(Part::Line(line)) => steps.extend(self.line(*line).map(Step::Open)),
                    None => {}
                },
                Step::Close(joint, members) => {
                    let before = made.len().saturating_sub(members.len());
                    let members = made.split_off(before);
                    made.extend(joined(joint, members));
                }
            }
        }
        made.pop().unwrap_or(Filter::All)
    }
}

fn joined(joint: Joint, members: Vec<Filter>) -> Option<Filter> {
    let members = members.into_iter();
    match joint {
        Joint::And => members.reduce(Filter::and),
        Joint::Or => members.reduce(Filter::or),
        Joint::Not => members.last().map(Filter::not),
    }
}
