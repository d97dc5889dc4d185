//! From terms, operators and brackets to a tree.

use std::ops::Range;

use super::caution::{CautionKind, Cautions};
use super::clause::Clause;
use super::syntax_error::{Fault, SyntaxRule};
use super::tree::{Operator, QueryTree};

/// What a query consists of.
#[derive(Debug)]
pub(super) enum Item {
    Open(Range<usize>),
    Close(Range<usize>),
    Operator(Operator, Range<usize>),
    Clause(Clause),
}

impl Item {}

/// A pair of brackets that is not closed yet.
#[derive(Debug, Default)]
struct Level {
    /// Where it opens.
    open: Range<usize>,
    /// Operators whose two operands are there, with their places; of an AND that was not written, the place
    /// of its second operand.
    joined: Vec<Joint>,
    operands: usize,
    /// An operator that still waits for its second operand.
    waiting: Option<(Operator, Range<usize>)>,
}

#[derive(Debug)]
struct Joint {
    operator: Operator,
    span: Range<usize>,
    written: bool,
}

impl Level {
    fn operand(&mut self, span: Range<usize>) {
        let joint = match self.waiting.take() {
            Some((operator, span)) => Joint { operator, span, written: true },
            None => Joint { operator: Operator::And, span, written: false },
        };
        if self.operands > 0 {
            self.joined.push(joint);
        }
        self.operands += 1;
    }

    fn operator(&mut self, operator: Operator, span: Range<usize>) -> Result<(), Fault> {
        let detail = match &self.waiting {
            None if self.operands > 0 => {
                self.waiting = Some((operator, span));
                return Ok(());
            }
            Some((Operator::And, _)) if operator == Operator::Not => {
                "NOT behind AND: write NOT alone, it means \"and not\"".to_owned()
            }
            Some((before, _)) => {
                format!("{operator} directly behind {before}: a term is missing between them")
            }
            None => format!("{operator} with no term before it"),
        };
        Err(Fault::new(SyntaxRule::DanglingOperator, span, detail))
    }

    /// The operators of a complete level.
    fn close(self, end: Range<usize>, cautions: &mut Cautions) -> Result<Vec<Operator>, Fault> {
        if let Some((operator, span)) = self.waiting {
            let detail = format!("{operator} with no term behind it");
            return Err(Fault::new(SyntaxRule::DanglingOperator, span, detail));
        }
        if self.operands == 0 {
            return Err(Fault::new(
                SyntaxRule::Empty,
                end,
                "nothing to search for between these brackets",
            ));
        }
        caution(&self.joined, cautions);
        Ok(self.joined.into_iter().map(|joint| joint.operator).collect())
    }
}

/// Warns where an order of evaluation may surprise.
fn caution(joined: &[Joint], cautions: &mut Cautions) {
    let mixed = joined.iter().any(|joint| joint.written && joint.operator != Operator::And);
    let mut after_or = false;
    for joint in joined {
        match joint.operator {
            Operator::Or => after_or = true,
            Operator::And if !joint.written && mixed => cautions.add(
                CautionKind::ImplicitAnd,
                joint.span.clone(),
                "no operator before this term: AND is taken",
            ),
            Operator::And if after_or => cautions.add(
                CautionKind::LeftToRight,
                joint.span.clone(),
                "AND behind OR: operators are evaluated from left to right, so this AND applies to all before it; \
                 set brackets to say which is meant",
            ),
            Operator::And | Operator::Not => {}
        }
    }
}

/// The tree of a query; `whole` is where the query stands.
pub(super) fn build(
    items: Vec<Item>,
    whole: Range<usize>,
    cautions: &mut Cautions,
) -> Result<QueryTree, Fault> {
    let mut outer: Vec<Level> = Vec::new();
    let mut level = Level::default();
    let mut tree: Option<QueryTree> = None;
    for item in items {
        match item {
            Item::Open(span) => {
                let inner = Level { open: span, ..Level::default() };
                outer.push(std::mem::replace(&mut level, inner));
            }
            Item::Close(span) => {
                let Some(around) = outer.pop() else {
                    let detail = "this bracket closes nothing; an opening one is missing before it";
                    return Err(Fault::new(SyntaxRule::UnbalancedBracket, span, detail));
                };
                let inner = std::mem::replace(&mut level, around);
                let start = inner.open.start;
                let operators = inner.close(start..span.end, cautions)?;
                group(&mut tree, operators);
                level.operand(start..start + 1);
            }
            Item::Operator(operator, span) => level.operator(operator, span)?,
            Item::Clause(clause) => {
                level.operand(clause.span.clone());
                match &mut tree {
                    Some(tree) => tree.push_clause(clause),
                    None => tree = Some(QueryTree::of(clause)),
                }
            }
        }
    }
    if !outer.is_empty() {
        let detail = "this bracket is not closed";
        return Err(Fault::new(SyntaxRule::UnbalancedBracket, level.open, detail));
    }
    let operators = match level.operands {
        0 => Vec::new(),
        _ => level.close(whole.clone(), cautions)?,
    };
    group(&mut tree, operators);
    tree.ok_or_else(|| Fault::new(SyntaxRule::Empty, whole, "nothing to search for"))
}

fn group(tree: &mut Option<QueryTree>, operators: Vec<Operator>) {
    if let Some(tree) = tree.as_mut().filter(|_| !operators.is_empty()) {
        tree.push_group(operators);
    }
}
