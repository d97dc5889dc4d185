//! The forms of a list's occurrences, as one stream of bits.

use super::bits::{BitReader, BitWriter};
use super::{Read, broken};

/// Occurrences of the most frequent form that one number counts: so a list in memory stays in proportion to its bytes.
const RUN_MAX: u32 = 64;

/// Bits of that number.
const RUN_MAX_BITS: u32 = 13;

/// Appends the forms, most of which are 0: runs of those, and what is between them.
pub(super) fn put_forms(forms: &[u32], out: &mut BitWriter) {
    let mut run = 0;
    for form in forms {
        if *form == 0 {
            run += 1;
            if run == RUN_MAX {
                out.gamma(u64::from(run) + 1);
                run = 0;
            }
        } else {
            out.gamma(u64::from(run) + 1);
            out.gamma((*form).into());
            run = 0;
        }
    }
    if run > 0 {
        out.gamma(u64::from(run) + 1);
    }
}

/// Some forms of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormSet {
    /// Bit `f` is form `f`, for forms below 64.
    few: u64,
    /// The others, ascending.
    more: Vec<u32>,
    is_all: bool,
}

impl FormSet {
    /// Every form.
    pub fn all() -> FormSet {
        FormSet { few: u64::MAX, more: Vec::new(), is_all: true }
    }

    /// These forms of `known`, one at least; they ascend.
    pub fn of(forms: &[u32], known: u32) -> FormSet {
        if forms.len() >= known as usize {
            return FormSet::all();
        }
        let few =
            forms.iter().filter(|form| **form < u64::BITS).fold(0, |few, form| few | 1 << form);
        let more = forms.iter().copied().filter(|form| *form >= u64::BITS).collect();
        FormSet { few, more, is_all: false }
    }

    /// Whether every occurrence is of one of them.
    pub(super) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Whether the first form is the only one.
    pub(super) fn is_first(&self) -> bool {
        self.few == 1 && self.more.is_empty()
    }

    /// Whether it has a form from one on, which is below 64.
    pub(super) fn has_from(&self, form: u32) -> bool {
        self.few >> form != 0 || !self.more.is_empty()
    }

    #[inline]
    pub(super) fn contains(&self, form: u32) -> bool {
        match form < u64::BITS {
            true => self.few >> form & 1 == 1,
            false => self.is_all || self.more.binary_search(&form).is_ok(),
        }
    }
}

/// Appends `count` forms of `known`.
pub(super) fn take_forms(
    reader: &mut BitReader<'_>,
    known: u32,
    count: u32,
    forms: &mut Vec<u32>,
) -> Read<()> {
    each_run(reader, known, count, |run, form| {
        forms.resize(forms.len() + run as usize, 0);
        forms.extend((form > 0).then_some(form));
    })
}

/// Reads the forms of `count` occurrences, and hands out each run of form 0 with the form behind it; 0 for none.
#[inline(always)]
fn each_run(
    reader: &mut BitReader<'_>,
    known: u32,
    count: u32,
    mut each: impl FnMut(u32, u32),
) -> Read<()> {
    let mut left = count;
    let mut look = reader.look();
    while left > 0 {
        // A run and, mostly, the form behind it come from one look at the bytes.
        if look.known < 2 * RUN_MAX_BITS {
            look = reader.look();
        }
        let run = look.short_gamma(reader, RUN_MAX_BITS).map(|run| run as u32 - 1);
        let Some(run) = run.filter(|run| *run <= RUN_MAX.min(left)) else {
            return broken(reader.at() / 8, "a run of forms is too long, or cut off");
        };
        left -= run;
        let mut form = 0;
        if run < RUN_MAX && left > 0 {
            let mut next = look.short_gamma(reader, RUN_MAX_BITS);
            if next.is_none() {
                next = reader.gamma();
                look = reader.look();
            }
            let next = next.and_then(|form| u32::try_from(form).ok());
            let Some(next) = next.filter(|form| *form < known) else {
                return broken(reader.at() / 8, format!("no form of {known}"));
            };
            form = next;
            left -= 1;
        }
        each(run, form);
    }
    Ok(())
}

/// Which of some occurrences are of some forms.
pub(super) struct FormMask {
    /// Bit `i % 8` of byte `i / 8` is occurrence `i`; [`PADDING`] bytes more than that.
    bits: Vec<u8>,
    count: u32,
}

/// Bytes that can be read behind the last one of a mask.
const PADDING: usize = 8;

/// Occurrences that one look at a mask can tell of.
const LOOK: u32 = 57;

impl FormMask {
    /// Reads the forms of `count` occurrences; there are `known`.
    ///
    /// # Errors
    /// Forms that are none of those, or go beyond the bytes.
    pub(super) fn read(
        reader: &mut BitReader<'_>,
        known: u32,
        count: u32,
        forms: &FormSet,
    ) -> Read<FormMask> {
        let by_default = forms.contains(0);
        let fill = if by_default { u8::MAX } else { 0 };
        // So that memory stays in proportion to the bytes: no bit stands for more occurrences than the 11 of a run of 62.
        if u64::from(count) > reader.bits_left().saturating_mul(6) {
            return broken(reader.at() / 8, "forms are cut off");
        }
        let mut bits = vec![fill; count as usize / 8 + 1 + PADDING];
        let mut at = 0usize;
        each_run(reader, known, count, |run, form| {
            at += run as usize;
            let flips = form > 0 && forms.contains(form) != by_default;
            if let Some(byte) = bits.get_mut(at / 8) {
                *byte ^= u8::from(flips) << (at % 8);
            }
            at += usize::from(form > 0);
        })?;
        Ok(FormMask { bits, count })
    }

    /// Whether the occurrence is of one of the forms.
    #[inline]
    pub(super) fn has(&self, occurrence: u32) -> bool {
        let byte = self.bits.get(occurrence as usize / 8).copied().unwrap_or_default();
        byte >> (occurrence % 8) & 1 == 1
    }

    /// Whether any of `count` occurrences is; there are none behind the last.
    #[inline]
    pub(super) fn any(&self, first: u32, count: u32) -> bool {
        if count > LOOK {
            let end = first.saturating_add(count).min(self.count);
            return (first..end).any(|occurrence| self.has(occurrence));
        }
        let bytes = self.bits.get(first as usize / 8..).and_then(|rest| rest.first_chunk());
        let look = bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes)) >> (first % 8);
        look & ((1 << count) - 1) != 0
    }
}
