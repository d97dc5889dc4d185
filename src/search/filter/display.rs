//! A filter in words: `MeSH heading `Asthma` and not (year 2019 or language `ger`)`.

use std::fmt::{self, Display, Formatter, Write};

use super::{FieldTest, Filter};

/// The last year that a date can have.
const YEAR_MAX: u32 = 9999;

impl Display for Filter {
    /// Names stand between backticks, with a backslash before a backtick or backslash of their own.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        enum Step<'a> {
            /// A filter, and whether it stands inside another one.
            Part(&'a Filter, bool),
            Text(&'static str),
        }
        let mut steps = vec![Step::Part(self, false)];
        while let Some(step) = steps.pop() {
            let (filter, is_inner) = match step {
                Step::Text(text) => {
                    f.write_str(text)?;
                    continue;
                }
                Step::Part(filter, is_inner) => (filter, is_inner),
            };
            let joint = match filter {
                Filter::Not(part) => {
                    f.write_str("not ")?;
                    steps.push(Step::Part(part, true));
                    continue;
                }
                Filter::And(parts) if parts.len() > 1 => " and ",
                Filter::Or(parts) if parts.len() > 1 => " or ",
                Filter::And(parts) | Filter::Or(parts) if !parts.is_empty() => {
                    steps.extend(parts.iter().map(|part| Step::Part(part, is_inner)));
                    continue;
                }
                _ => {
                    condition(filter, f)?;
                    continue;
                }
            };
            if is_inner {
                f.write_char('(')?;
                steps.push(Step::Text(")"));
            }
            for (place, part) in filter.children().iter().enumerate().rev() {
                steps.push(Step::Part(part, true));
                if place > 0 {
                    steps.push(Step::Text(joint));
                }
            }
        }
        Ok(())
    }
}

/// Writes a filter without parts.
fn condition(filter: &Filter, f: &mut Formatter<'_>) -> fmt::Result {
    match filter {
        Filter::All | Filter::And(_) | Filter::Not(_) => f.write_str("every document"),
        Filter::Or(_) => f.write_str("no document"),
        Filter::Mesh { term, major_only, explode } => {
            let kind = if *major_only { "major topic" } else { "MeSH heading" };
            let below = if *explode { "" } else { " without those below it" };
            write!(f, "{kind} {}{below}", Name(term))
        }
        Filter::Subheading { name, explode } => {
            let below = if *explode { "" } else { " without those below it" };
            write!(f, "MeSH subheading {}{below}", Name(name))
        }
        Filter::Substance(name) => write!(f, "substance {}", Name(name)),
        Filter::PharmacologicalAction { name, explode } => {
            let below = if *explode { "" } else { " without those below it" };
            write!(f, "pharmacological action {}{below}", Name(name))
        }
        Filter::Years { from: 0, to } => write!(f, "years up to {to}"),
        Filter::Years { from, to } if *to >= YEAR_MAX => write!(f, "years from {from}"),
        Filter::Years { from, to } if from == to => write!(f, "year {from}"),
        Filter::Years { from, to } => write!(f, "years {from} to {to}"),
        Filter::Dates { from, to } => write!(f, "dates {from} to {to}"),
        Filter::Journal(name) => write!(f, "journal {}", Name(name)),
        Filter::Language(name) => write!(f, "language {}", Name(name)),
        Filter::PublicationType(name) => write!(f, "publication type {}", Name(name)),
        Filter::HasAbstract => f.write_str("with an abstract"),
        Filter::HasMesh => f.write_str("indexed with MeSH"),
        Filter::Keys(keys) => {
            f.write_str(if keys.len() == 1 { "key " } else { "keys" })?;
            for (place, key) in keys.iter().enumerate() {
                let comma = match (place, keys.len()) {
                    (_, 1) => "",
                    (0, _) => " ",
                    _ => ", ",
                };
                write!(f, "{comma}{}", Name(&key.to_string()))?;
            }
            Ok(())
        }
        Filter::Text(text) => text.fmt(f),
        Filter::Field { name, test } => {
            write!(f, "field {} ", Name(name))?;
            match test {
                FieldTest::Typed(value) => write!(f, "= {}", Name(value)),
                FieldTest::Is(value) => write!(f, "is {}", Name(value)),
                FieldTest::Integer { from, to } => write!(f, "{from} to {to}"),
                FieldTest::Float { from, to } => write!(f, "{from:?} to {to:?}"),
            }
        }
    }
}

/// A name between backticks.
struct Name<'a>(&'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('`')?;
        for ch in self.0.chars() {
            if matches!(ch, '`' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(ch)?;
        }
        f.write_char('`')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Day;
    use crate::ids::Key;

    #[test]
    fn conditions_read_as_people_say_them() {
        let field = |test| Filter::Field { name: "n".into(), test };
        for (filter, text) in [
            (Filter::All, "every document"),
            (Filter::And(vec![]), "every document"),
            (Filter::Or(vec![]), "no document"),
            (Filter::mesh("Asthma"), "MeSH heading `Asthma`"),
            (Filter::major("a`b\\"), "major topic `a\\`b\\\\`"),
            (Filter::subheading("DT"), "MeSH subheading `DT`"),
            (Filter::Substance("ASA".into()), "substance `ASA`"),
            (
                Filter::pharmacological_action("x").not_exploded(),
                "pharmacological action `x` without those below it",
            ),
            (Filter::years(2019, 2019), "year 2019"),
            (Filter::years(0, 2019), "years up to 2019"),
            (Filter::years(2019, u32::MAX), "years from 2019"),
            (
                Filter::Dates { from: Day::new(2020, 1, 2), to: Day::new(2020, 3, 4) },
                "dates 2020-01-02 to 2020-03-04",
            ),
            (Filter::Journal("Blood".into()), "journal `Blood`"),
            (Filter::Keys(vec![]), "keys"),
            (Filter::Keys(vec![Key::pmid(7)]), "key `7`"),
            (Filter::Keys(vec![Key::pmid(7), Key::Text("a, b".into())]), "keys `7`, `a, b`"),
            (field(FieldTest::Is("x".into())), "field `n` is `x`"),
            (field(FieldTest::Typed("5:9".into())), "field `n` = `5:9`"),
            (field(FieldTest::Integer { from: 5, to: 9 }), "field `n` 5 to 9"),
            (field(FieldTest::Float { from: 5.0, to: 9.5 }), "field `n` 5.0 to 9.5"),
        ] {
            assert_eq!(filter.to_string(), text, "{filter:?}");
        }
    }

    #[test]
    fn parentheses_show_what_belongs_together() {
        let [a, b, c] = ["a", "b", "c"].map(Filter::mesh);
        let name = |text: &str| text.replace('#', "MeSH heading ");
        for (filter, text) in [
            (a.clone() & b.clone() & c.clone(), "#`a` and #`b` and #`c`"),
            (a.clone() & (b.clone() & c.clone()), "#`a` and (#`b` and #`c`)"),
            ((a.clone() | b.clone()) & !c.clone(), "(#`a` or #`b`) and not #`c`"),
            (!(a.clone() | b.clone()), "not (#`a` or #`b`)"),
            (Filter::Not(Box::new(!a.clone())), "not not #`a`"),
            (Filter::And(vec![a.clone() | b.clone()]), "#`a` or #`b`"),
            (!Filter::And(vec![a.clone() | b]), "not (#`a` or #`b`)"),
            (Filter::And(vec![Filter::Or(vec![]), a, c]), "no document and #`a` and #`c`"),
        ] {
            assert_eq!(filter.to_string(), name(text), "{filter:?}");
        }
    }
}
