//! A query as a tree, kept flat.
//!
//! ```text
//! (a OR b) AND c NOT d        a  b  [OR]  c  d  [AND NOT]
//! ```
//!
//! The nodes stand in postfix order: a group follows its operands and holds the operators between them. So
//! nothing here recurses, whatever the depth: a tree is cloned, dropped and compared as one list.

use std::fmt;

use super::clause::Clause;

/// What joins two terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Both.
    And,
    /// Any.
    Or,
    /// The first without the second.
    Not,
}

impl Operator {
    /// The operator that a word is in any case.
    pub(super) fn named(word: &str) -> Option<Operator> {
        match word {
            _ if word.eq_ignore_ascii_case("and") => Some(Operator::And),
            _ if word.eq_ignore_ascii_case("or") => Some(Operator::Or),
            _ if word.eq_ignore_ascii_case("not") => Some(Operator::Not),
            _ => None,
        }
    }
}

/// Terms joined by AND, OR and NOT, evaluated **from left to right** inside each pair of brackets, without precedence.
///
/// `Display` prints a canonical text that parses to an equal tree.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryTree {
    first: Clause,
    rest: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Clause(Clause),
    /// The operators between the operands before it, which are one more.
    Group(Vec<Operator>),
}

impl QueryTree {
    pub(super) fn of(first: Clause) -> QueryTree {
        QueryTree { first, rest: Vec::new() }
    }

    pub(super) fn push_clause(&mut self, clause: Clause) {
        self.rest.push(Node::Clause(clause));
    }

    /// Joins the last operands, one more than there are operators.
    pub(super) fn push_group(&mut self, operators: Vec<Operator>) {
        self.rest.push(Node::Group(operators));
    }

    /// The terms in order of the text.
    pub fn clauses(&self) -> impl Iterator<Item = &Clause> {
        let rest = self.rest.iter().filter_map(|node| match node {
            Node::Clause(clause) => Some(clause),
            Node::Group(_) => None,
        });
        std::iter::once(&self.first).chain(rest)
    }

    /// Evaluates the tree: each term by `clause`, then each group, innermost first, by `group`, which takes its first operand
    /// and the others, each with the operator before it.
    ///
    /// # Errors
    /// The first error of either.
    pub fn fold<T, E>(
        &self,
        mut clause: impl FnMut(&Clause) -> Result<T, E>,
        mut group: impl FnMut(T, Vec<(Operator, T)>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut top = clause(&self.first)?;
        let mut below: Vec<T> = Vec::new();
        for node in &self.rest {
            match node {
                Node::Clause(leaf) => below.push(std::mem::replace(&mut top, clause(leaf)?)),
                Node::Group(operators) => {
                    let mut operands = below.split_off(below.len().saturating_sub(operators.len()));
                    operands.push(top);
                    let first = operands.remove(0);
                    top = group(first, operators.iter().copied().zip(operands).collect())?;
                }
            }
        }
        Ok(top)
    }

    fn nodes(&self) -> impl Iterator<Item = Option<&Vec<Operator>>> {
        let rest = self.rest.iter().map(|node| match node {
            Node::Clause(_) => None,
            Node::Group(operators) => Some(operators),
        });
        std::iter::once(None).chain(rest)
    }
}

/// What stands before a term: perhaps an operator, then brackets that open.
#[derive(Clone, Copy, Default)]
struct Lead {
    operator: Option<Operator>,
    opened: usize,
}

impl QueryTree {
    /// The lead of every node; those of groups stay empty.
    fn leads(&self) -> Vec<Lead> {
        let mut leads = vec![Lead::default(); self.rest.len() + 1];
        let mut starts: Vec<usize> = Vec::new();
        for (place, node) in self.nodes().enumerate() {
            let Some(operators) = node else {
                starts.push(place);
                continue;
            };
            let operands = starts.split_off(starts.len().saturating_sub(operators.len() + 1));
            for (start, operator) in operands.iter().skip(1).zip(operators) {
                if let Some(lead) = leads.get_mut(*start) {
                    lead.operator = Some(*operator);
                }
            }
            let start = operands.first().copied().unwrap_or_default();
            // The outermost group stands without brackets.
            if let Some(lead) = leads.get_mut(start).filter(|_| place < self.rest.len()) {
                lead.opened += 1;
            }
            starts.push(start);
        }
        leads
    }
}

impl fmt::Display for QueryTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut clauses = self.clauses();
        let last = self.rest.len();
        for ((place, node), lead) in self.nodes().enumerate().zip(self.leads()) {
            if node.is_some() {
                if place < last {
                    f.write_str(")")?;
                }
                continue;
            }
            if let Some(operator) = lead.operator {
                write!(f, " {operator} ")?;
            }
            (0..lead.opened).try_for_each(|_| f.write_str("("))?;
            clauses.next().map_or(Ok(()), |clause| clause.fmt(f))?;
        }
        Ok(())
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operator::And => "AND",
            Operator::Or => "OR",
            Operator::Not => "NOT",
        })
    }
}
