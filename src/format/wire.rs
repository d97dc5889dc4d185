//! The compact encoding of one document: a stream of numbers and texts in a fixed order.
//!
//! Records are stored inside compressed blocks, so what counts is that equal records give equal
//! bytes: the encoding has no pointers, no padding and no offsets, and an empty field is one zero
//! byte. Reading is one pass, checked at every step, with a budget of memory.
//! See `format-spec/08-documents.md`.

use super::rules::Rule;
use crate::date::Day;
use crate::ids::{Key, Pmid};

/// Memory that one decoded record may take, in bytes: list elements by their size in memory plus
/// the bytes of all texts. Twice the longest record, so a record of empty lists cannot take more.
pub const DECODED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Why a record cannot be read.
pub type Broken = (Rule, &'static str);

/// Takes the bytes of a record, and counts what they will need when read.
#[derive(Debug)]
pub struct Sink<'a> {
    out: &'a mut Vec<u8>,
    text_bytes: usize,
    list_bytes: usize,
}

impl<'a> Sink<'a> {
    /// A sink that appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Sink<'a> {
        Sink { out, text_bytes: 0, list_bytes: 0 }
    }

    /// UTF-8 bytes of all texts put so far.
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// Memory that the decoded record takes, in the measure of [`DECODED_BYTES_MAX`].
    pub fn decoded_bytes(&self) -> usize {
        self.text_bytes.saturating_add(self.list_bytes)
    }

    fn varint(&mut self, value: u64) {
        put_varint(value, self.out);
    }

    fn text(&mut self, text: &str) {
        self.text_bytes = self.text_bytes.saturating_add(text.len());
        self.varint(text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }
}

/// Appends a number, seven bits a byte, low bits first; the high bit says that more follow.
pub fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Gives back the values of a record.
#[derive(Debug)]
pub struct Source<'a> {
    rest: &'a [u8],
    budget: usize,
    text_bytes: usize,
}

impl<'a> Source<'a> {
    /// A source that reads a record of exactly these bytes.
    pub fn new(record: &'a [u8]) -> Source<'a> {
        Source { rest: record, budget: DECODED_BYTES_MAX, text_bytes: 0 }
    }

    /// The bytes not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// UTF-8 bytes of all texts read so far.
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// Checks that everything was read.
    ///
    /// # Errors
    /// [`Rule::DocumentRecord`] when bytes are left.
    pub fn end(&self) -> Result<(), Broken> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err((Rule::DocumentRecord, "bytes follow the last field of a record"))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let (head, rest) =
            self.rest.split_at_checked(count).ok_or((Rule::DocumentRecord, "a record is cut"))?;
        self.rest = rest;
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8, Broken> {
        Ok(self.take(1)?.first().copied().unwrap_or_default())
    }

    /// A number as [`put_varint`] writes it; at most ten bytes, the last one not zero.
    ///
    /// # Errors
    /// [`Rule::DocumentRecord`] for a number that is cut, over-long or does not fit 64 bits.
    pub fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                if byte == 0 && shift != 0 {
                    break;
                }
                return Ok(value);
            }
        }
        Err((Rule::DocumentRecord, "a number is over-long"))
    }

    fn text(&mut self) -> Result<&'a str, Broken> {
        let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        let bytes = self.take(length)?;
        self.charge(length)?;
        self.text_bytes += length;
        str::from_utf8(bytes).map_err(|_| (Rule::Utf8, "a text is not UTF-8"))
    }

    /// The number of elements of a list, whose memory is paid.
    fn list<T>(&mut self) -> Result<usize, Broken> {
        let count = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        // Every element takes at least one byte, so a greater count cannot be true.
        if count > self.rest.len() {
            return Err((Rule::DocumentRecord, "a list is longer than its record"));
        }
        self.charge(count.saturating_mul(size_of::<T>()))?;
        Ok(count)
    }

    fn charge(&mut self, bytes: usize) -> Result<(), Broken> {
        self.budget = self
            .budget
            .checked_sub(bytes)
            .ok_or((Rule::DocumentRecord, "a record takes too much memory"))?;
        Ok(())
    }
}

/// A value with an encoding.
pub trait Wire: Sized {
    /// Appends the value.
    fn put(&self, sink: &mut Sink<'_>);

    /// Reads the value.
    ///
    /// # Errors
    /// The rule that is broken.
    fn get(source: &mut Source<'_>) -> Result<Self, Broken>;

    /// Passes over the value: checks all that [`Wire::get`] does, and allocates nothing.
    ///
    /// # Errors
    /// The rule that is broken.
    fn skip(source: &mut Source<'_>) -> Result<(), Broken>;
}

/// Passes over a value that takes no memory of its own.
macro_rules! skip_by_get {
    () => {
        fn skip(source: &mut Source<'_>) -> Result<(), Broken> {
            Self::get(source).map(drop)
        }
    };
}

impl Wire for u32 {
    fn put(&self, sink: &mut Sink<'_>) {
        sink.varint(u64::from(*self));
    }

    fn get(source: &mut Source<'_>) -> Result<u32, Broken> {
        u32::try_from(source.varint()?)
            .map_err(|_| (Rule::DocumentRecord, "a number does not fit 32 bits"))
    }

    skip_by_get!();
}

impl Wire for i64 {
    /// Zigzag, so that small negative numbers are short.
    fn put(&self, sink: &mut Sink<'_>) {
        sink.varint(((self << 1) ^ (self >> 63)) as u64);
    }

    fn get(source: &mut Source<'_>) -> Result<i64, Broken> {
        let zigzag = source.varint()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    skip_by_get!();
}

impl Wire for f64 {
    fn put(&self, sink: &mut Sink<'_>) {
        sink.out.extend_from_slice(&self.to_le_bytes());
    }

    fn get(source: &mut Source<'_>) -> Result<f64, Broken> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(source.take(8)?);
        let value = f64::from_le_bytes(bytes);
        if value.is_finite() {
            return Ok(value);
        }
        Err((Rule::FiniteNumber, "a floating-point field is not finite"))
    }

    skip_by_get!();
}

impl Wire for bool {
    fn put(&self, sink: &mut Sink<'_>) {
        sink.out.push(u8::from(*self));
    }

    fn get(source: &mut Source<'_>) -> Result<bool, Broken> {
        match source.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err((Rule::DocumentRecord, "a flag is neither 0 nor 1")),
        }
    }

    skip_by_get!();
}

impl Wire for String {
    fn put(&self, sink: &mut Sink<'_>) {
        sink.text(self);
    }

    fn get(source: &mut Source<'_>) -> Result<String, Broken> {
        source.text().map(str::to_owned)
    }

    fn skip(source: &mut Source<'_>) -> Result<(), Broken> {
        source.text().map(drop)
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, sink: &mut Sink<'_>) {
        sink.list_bytes = sink.list_bytes.saturating_add(size_of_val(self.as_slice()));
        sink.varint(self.len() as u64);
        for element in self {
            element.put(sink);
        }
    }

    fn get(source: &mut Source<'_>) -> Result<Vec<T>, Broken> {
        let count = source.list::<T>()?;
        let mut list = Vec::with_capacity(count);
        for _ in 0..count {
            list.push(T::get(source)?);
        }
        Ok(list)
    }

    fn skip(source: &mut Source<'_>) -> Result<(), Broken> {
        let count = source.list::<T>()?;
        (0..count).try_for_each(|_| T::skip(source))
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, sink: &mut Sink<'_>) {
        self.is_some().put(sink);
        if let Some(value) = self {
            value.put(sink);
        }
    }

    fn get(source: &mut Source<'_>) -> Result<Option<T>, Broken> {
        if bool::get(source)? { Ok(Some(T::get(source)?)) } else { Ok(None) }
    }

    fn skip(source: &mut Source<'_>) -> Result<(), Broken> {
        if bool::get(source)? { T::skip(source) } else { Ok(()) }
    }
}

impl Wire for Day {
    fn put(&self, sink: &mut Sink<'_>) {
        self.0.put(sink);
    }

    fn get(source: &mut Source<'_>) -> Result<Day, Broken> {
        Ok(Day(u32::get(source)?))
    }

    skip_by_get!();
}

impl Wire for Key {
    /// A PMID as its number; 0 and the text for a string key.
    fn put(&self, sink: &mut Sink<'_>) {
        match self {
            Key::Pmid(pmid) => pmid.0.put(sink),
            Key::Text(text) => {
                0u32.put(sink);
                sink.text(text);
            }
        }
    }

    fn get(source: &mut Source<'_>) -> Result<Key, Broken> {
        match u32::get(source)? {
            0 => Ok(Key::Text(String::get(source)?)),
            pmid => Ok(Key::Pmid(Pmid(pmid))),
        }
    }

    fn skip(source: &mut Source<'_>) -> Result<(), Broken> {
        if u32::get(source)? == 0 { String::skip(source) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(number, &mut bytes);
            let mut source = Source::new(&bytes);
            assert_eq!(source.varint(), Ok(number));
            assert_eq!(source.end(), Ok(()));
        }
        let wrong: [&[u8]; 5] = [
            &[],
            &[0x80],
            &[0x80, 0],
            &[0xff; 11],
            &[255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
        ];
        for bytes in wrong {
            assert!(Source::new(bytes).varint().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn signed_numbers_survive() {
        for number in [0, -1, 1, i64::MIN, i64::MAX] {
            let mut bytes = Vec::new();
            number.put(&mut Sink::new(&mut bytes));
            assert_eq!(i64::get(&mut Source::new(&bytes)), Ok(number));
        }
    }

    #[test]
    fn a_list_cannot_be_longer_than_its_record_or_its_budget() {
        let mut bytes = Vec::new();
        put_varint(u64::MAX, &mut bytes);
        assert!(Vec::<String>::get(&mut Source::new(&bytes)).is_err());
        let count = DECODED_BYTES_MAX / size_of::<String>() + 1;
        let mut bytes = Vec::new();
        put_varint(count as u64, &mut bytes);
        bytes.resize(bytes.len() + count, 0);
        assert!(Vec::<String>::get(&mut Source::new(&bytes)).is_err());
    }
}
