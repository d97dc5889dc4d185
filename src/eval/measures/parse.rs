//! Names of measures, read.
//!
//! ```text
//! ir-measures   NAME [ "(" PARAMETER { "," PARAMETER } ")" ] [ "@" CUTOFF ]      PARAMETER: rel=2, cutoff=10
//! trec_eval     NAME [ ( "." | "_" ) CUTOFF ]                                     ndcg_cut.10, P_10, map
//! ```

use std::str::FromStr;

use super::measure::{Cutoff, FORMS, Form, Measure, MeasureError};
use crate::eval::input::shown;

impl FromStr for Measure {
    type Err = MeasureError;

    fn from_str(text: &str) -> Result<Measure, MeasureError> {
        parse(text.trim()).map_err(|reason| MeasureError { text: shown(text.trim()), reason })
    }
}

fn parse(text: &str) -> Result<Measure, String> {
    let (head, mut cutoff) = match text.rsplit_once('@') {
        Some((head, k)) => (head.trim(), Some(number("cutoff", k)?)),
        None => (text, None),
    };
    let mut level = 1;
    let name = match head.split_once('(') {
        Some((name, rest)) => {
            let list = rest.strip_suffix(')').ok_or("the bracket is not closed")?;
            for parameter in list.split(',').filter(|part| !part.trim().is_empty()) {
                let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
                match key.trim().to_ascii_lowercase().as_str() {
                    "rel" => level = i64::from(number("relevance level", value)?),
                    "cutoff" if cutoff.is_none() => cutoff = Some(number("cutoff", value)?),
                    "cutoff" => return Err("the cutoff is given twice".to_owned()),
                    key => return Err(format!("unknown parameter `{key}`; known are rel, cutoff")),
                }
            }
            name.trim()
        }
        None => head,
    };
    if let Some(form) = find(name) {
        return build(form, name, cutoff, level);
    }
    // trec_eval's way: the cutoff follows the name.
    if let Some((stem, digits)) = name.rsplit_once(['.', '_'])
        && let Some(form) = find(stem)
        && form.cutoff != Cutoff::None
    {
        if digits.contains(',') {
            return Err("give one cutoff per measure".to_owned());
        }
        if cutoff.is_some() {
            return Err("the cutoff is given twice".to_owned());
        }
        return build(form, stem, Some(number("cutoff", digits)?), level);
    }
    let known = FORMS.map(|form| form.name).join(", ");
    Err(format!("unknown name; known are {known}, and trec_eval's names of these"))
}

fn build(form: &Form, name: &str, cutoff: Option<u32>, level: i64) -> Result<Measure, String> {
    // `ndcg_cut` alone is a list of nine cutoffs in trec_eval, not nDCG of the whole ranking.
    if cutoff.is_none() && name.to_ascii_lowercase().ends_with("_cut") {
        return Err(format!("it needs a cutoff, such as `{name}.10`"));
    }
    Measure::new(form.kind, cutoff, level).map_err(|error| error.reason)
}

fn find(name: &str) -> Option<&'static Form> {
    let name = name.to_ascii_lowercase();
    FORMS
        .iter()
        .find(|form| form.name.eq_ignore_ascii_case(&name) || form.aliases.contains(&name.as_str()))
}

fn number(what: &str, text: &str) -> Result<u32, String> {
    let text = text.trim();
    // `parse` alone accepts a plus sign.
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u32>() {
        Ok(number) if is_digits => Ok(number),
        _ => Err(format!(
            "the {what} `{}` is not a whole number from 1 to {}",
            shown(text),
            u32::MAX
        )),
    }
}
