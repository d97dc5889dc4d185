//! The stack machine: the instructions of pickle protocols 0 to 5 that build data.
//!
//! Memory is bounded by the length of the program: every instruction adds a constant to it, or moves
//! what is there; texts stay in the program. The one that copies has a budget.

use std::collections::HashMap;

use super::value::{Callable, Value};

/// Longest program, in bytes: that of a model of a thousand tensors has 150 kB. An instruction of one
/// byte may take a hundred bytes of memory.
const PROGRAM_BYTES_MAX: usize = 4 << 20;

/// What compound values consist of, and the arguments of storages and tensors.
#[derive(Debug, Default)]
pub(in crate::encode::model) struct Heap<'a>(Vec<Vec<Value<'a>>>);

impl<'a> Heap<'a> {
    /// The parts of a compound value; nothing for others.
    pub(in crate::encode::model) fn parts(&self, value: Value<'a>) -> &[Value<'a>] {
        let place = match value {
            Value::Tuple(place)
            | Value::List(place)
            | Value::Dict(place)
            | Value::Storage(place)
            | Value::Tensor(place) => place,
            _ => return &[],
        };
        self.0.get(place).map(Vec::as_slice).unwrap_or_default()
    }

    fn put(&mut self, parts: Vec<Value<'a>>) -> usize {
        self.0.push(parts);
        self.0.len() - 1
    }
}

/// What a program built.
#[derive(Debug)]
pub(in crate::encode::model) struct Built<'a> {
    /// Its result.
    pub(in crate::encode::model) value: Value<'a>,
    /// Where the parts of compound values are.
    pub(in crate::encode::model) heap: Heap<'a>,
    /// Bytes of the program; another may follow.
    pub(in crate::encode::model) length: usize,
}

/// Runs the program at the start of `bytes` to its end.
///
/// # Errors
/// What the program asks for that it may not have, with the place; nothing has been executed.
pub(in crate::encode::model) fn run(bytes: &[u8]) -> Result<Built<'_>, String> {
    let program = bytes.get(..PROGRAM_BYTES_MAX).unwrap_or(bytes);
    let mut machine = Machine {
        program,
        at: 0,
        heap: Heap::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        copied: 0,
    };
    loop {
        let at = machine.at;
        match machine.step() {
            Ok(None) => {}
            Ok(Some(value)) => {
                return Ok(Built { value, heap: machine.heap, length: machine.at });
            }
            Err(problem) => return Err(format!("its pickle, byte {at}: {problem}")),
        }
    }
}

struct Machine<'a> {
    program: &'a [u8],
    at: usize,
    heap: Heap<'a>,
    stack: Vec<Value<'a>>,
    /// Heights of the stack where marks were set.
    marks: Vec<usize>,
    memo: HashMap<u64, Value<'a>>,
    /// Values of lists that became dictionaries.
    copied: usize,
}

const ENDS: &str = "it breaks off";
const CONTRADICTS: &str = "it contradicts itself";

impl<'a> Machine<'a> {
    /// Executes one instruction; the result, if it was the last.
    fn step(&mut self) -> Result<Option<Value<'a>>, String> {
        let instruction = *self.take(1)?.first().ok_or(ENDS)?;
        match instruction {
            b'.' => return self.pop().map(Some),
            // Protocol and frames: lengths that a reader of a stream wants to know.
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.since_mark()?),
            b'2' => {
                let top = *self.stack.last().ok_or(CONTRADICTS)?;
                self.stack.push(top);
            }
            b'N' => self.stack.push(Value::None),
            0x88 | 0x89 => self.stack.push(Value::Bool(instruction == 0x88)),
            b'J' | b'K' | b'M' | 0x8a | 0x8b | b'I' | b'L' => self.whole(instruction)?,
            b'G' | b'F' => self.float(instruction)?,
            b'X' | 0x8c | 0x8d | b'V' | b'T' | b'U' | b'S' | b'B' | b'C' | 0x8e => {
                self.text(instruction)?;
            }
            b')' | b't' | 0x85..=0x87 => self.tuple(instruction)?,
            b']' | b'}' => {
                let place = self.heap.put(Vec::new());
                let list = instruction == b']';
                self.stack.push(if list { Value::List(place) } else { Value::Dict(place) });
            }
            b'l' | b'd' => {
                let parts = self.since_mark()?;
                let place = self.heap.put(parts);
                let list = instruction == b'l';
                self.stack.push(if list { Value::List(place) } else { Value::Dict(place) });
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item], true)?;
            }
            b'e' => {
                let items = self.since_mark()?;
                self.extend(items, true)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.extend(vec![key, value], false)?;
            }
            b'u' => {
                let items = self.since_mark()?;
                self.extend(items, false)?;
            }
            b'c' | 0x93 => self.global(instruction)?,
            b'R' => self.call()?,
            b'b' => self.set_state()?,
            b'Q' => self.storage()?,
            b'p' | b'q' | b'r' | 0x94 => self.remember(instruction)?,
            b'g' | b'h' | b'j' => self.recall(instruction)?,
            other => return Err(refused(other)),
        }
        Ok(None)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(count).ok_or(ENDS)?;
        let bytes = self.program.get(self.at..end).ok_or(ENDS)?;
        self.at = end;
        Ok(bytes)
    }

    /// An unsigned number of up to eight bytes, the lowest first.
    fn number(&mut self, bytes: usize) -> Result<u64, String> {
        let read = self.take(bytes)?;
        Ok(read.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// That many bytes, by a length of `width` bytes before them.
    fn counted(&mut self, width: usize) -> Result<&'a [u8], String> {
        let length = self.number(width)?;
        self.take(usize::try_from(length).map_err(|_| ENDS)?)
    }

    /// Text up to the end of the line.
    fn line(&mut self) -> Result<&'a str, String> {
        let rest = self.program.get(self.at..).ok_or(ENDS)?;
        let length = rest.iter().position(|byte| *byte == b'\n').ok_or(ENDS)?;
        let line = self.take(length)?;
        self.at += 1;
        std::str::from_utf8(line).map_err(|_| "a text that is not UTF-8".into())
    }

    fn pop(&mut self) -> Result<Value<'a>, String> {
        let floor = self.marks.last().copied().unwrap_or_default();
        if self.stack.len() <= floor {
            return Err(CONTRADICTS.into());
        }
        self.stack.pop().ok_or_else(|| CONTRADICTS.into())
    }

    fn since_mark(&mut self) -> Result<Vec<Value<'a>>, String> {
        let mark = self.marks.pop().ok_or(CONTRADICTS)?;
        if mark > self.stack.len() {
            return Err(CONTRADICTS.into());
        }
        Ok(self.stack.split_off(mark))
    }

    fn whole(&mut self, instruction: u8) -> Result<(), String> {
        let value = match instruction {
            b'J' => Value::Whole(i128::from(self.number(4)? as u32 as i32)),
            b'K' => Value::Whole(i128::from(self.number(1)?)),
            b'M' => Value::Whole(i128::from(self.number(2)?)),
            0x8a | 0x8b => {
                let bytes = self.counted(if instruction == 0x8a { 1 } else { 4 })?;
                let mut all = match bytes.last() {
                    Some(last) if *last >= 0x80 => [0xff; 16],
                    _ => [0; 16],
                };
                all.get_mut(..bytes.len()).ok_or("a number too large")?.copy_from_slice(bytes);
                Value::Whole(i128::from_le_bytes(all))
            }
            _ => match self.line()? {
                "00" if instruction == b'I' => Value::Bool(false),
                "01" if instruction == b'I' => Value::Bool(true),
                digits => {
                    let digits = digits.strip_suffix('L').unwrap_or(digits);
                    Value::Whole(digits.parse().map_err(|_| "an invalid number")?)
                }
            },
        };
        self.stack.push(value);
        Ok(())
    }

    fn float(&mut self, instruction: u8) -> Result<(), String> {
        let value = if instruction == b'G' {
            f64::from_bits(self.number(8)?.swap_bytes())
        } else {
            self.line()?.parse().map_err(|_| "an invalid number")?
        };
        self.stack.push(Value::Float(value));
        Ok(())
    }

    fn text(&mut self, instruction: u8) -> Result<(), String> {
        let bytes = match instruction {
            b'V' | b'S' => {
                let line = self.line()?;
                let quoted = |quote| line.strip_prefix(quote)?.strip_suffix(quote);
                let bare = match instruction {
                    b'S' => quoted('\'').or(quoted('"')).ok_or("a text without quotes")?,
                    _ => line,
                };
                if bare.contains('\\') {
                    return Err("a text with escapes".into());
                }
                bare.as_bytes()
            }
            0x8c | b'U' | b'C' => self.counted(1)?,
            0x8d | 0x8e => self.counted(8)?,
            _ => self.counted(4)?,
        };
        self.stack.push(match instruction {
            b'B' | b'C' | 0x8e => Value::Bytes(bytes),
            _ => Value::Text(std::str::from_utf8(bytes).map_err(|_| "a text that is not UTF-8")?),
        });
        Ok(())
    }

    fn tuple(&mut self, instruction: u8) -> Result<(), String> {
        let parts = match instruction {
            b')' => Vec::new(),
            b't' => self.since_mark()?,
            other => {
                let mut parts =
                    (0x85..=other).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
                parts.reverse();
                parts
            }
        };
        let place = self.heap.put(parts);
        self.stack.push(Value::Tuple(place));
        Ok(())
    }

    /// Adds items to the list, or keys and values to the dictionary, on top of the stack.
    fn extend(&mut self, items: Vec<Value<'a>>, to_list: bool) -> Result<(), String> {
        let place = match self.stack.last() {
            Some(Value::List(place)) if to_list => *place,
            Some(Value::Dict(place)) if !to_list && items.len().is_multiple_of(2) => *place,
            _ => return Err(CONTRADICTS.into()),
        };
        self.heap.0.get_mut(place).ok_or(CONTRADICTS)?.extend(items);
        Ok(())
    }

    fn global(&mut self, instruction: u8) -> Result<(), String> {
        let (module, name) = if instruction == b'c' {
            (self.line()?, self.line()?)
        } else {
            match (self.pop()?, self.pop()?) {
                (Value::Text(name), Value::Text(module)) => (module, name),
                _ => return Err(CONTRADICTS.into()),
            }
        };
        let callable = Callable::find(module, name).ok_or_else(|| {
            let shown: String = format!("{module}.{name}").chars().take(100).collect();
            format!(
                "it asks to run {shown:?}; weights need nothing but tensors, so this was not done and \
                 the file is not trusted"
            )
        })?;
        self.stack.push(Value::Callable(callable));
        Ok(())
    }

    fn call(&mut self) -> Result<(), String> {
        let (arguments, callable) = (self.pop()?, self.pop()?);
        let (Value::Tuple(place), Value::Callable(callable)) = (arguments, callable) else {
            return Err("it calls something that is not a function".into());
        };
        // Tuples never change: a tensor is its arguments.
        let value = match (callable, self.heap.parts(arguments)) {
            (Callable::OrderedDict, []) => Value::Dict(self.heap.put(Vec::new())),
            (Callable::OrderedDict, [pairs @ Value::List(_)]) => {
                let pairs = self.heap.parts(*pairs);
                self.copied += pairs.len();
                if self.copied > self.program.len() {
                    return Err("it makes the same list a dictionary again and again".into());
                }
                let mut parts = Vec::new();
                for pair in pairs {
                    match self.heap.parts(*pair) {
                        [key, value] => parts.extend([*key, *value]),
                        _ => return Err(CONTRADICTS.into()),
                    }
                }
                Value::Dict(self.heap.put(parts))
            }
            (
                Callable::RebuildTensor,
                [Value::Storage(_), _, Value::Tuple(_), Value::Tuple(_), ..],
            ) => Value::Tensor(place),
            (Callable::RebuildParameter, [tensor @ Value::Tensor(_), ..]) => *tensor,
            _ => {
                return Err(format!(
                    "it calls {callable:?} with other arguments than PyTorch does"
                ));
            }
        };
        self.stack.push(value);
        Ok(())
    }

    /// Attributes of a dictionary (`_metadata` of a state dictionary) are not needed.
    fn set_state(&mut self) -> Result<(), String> {
        self.pop()?;
        match self.stack.last() {
            Some(Value::Dict(_)) => Ok(()),
            _ => Err("it sets attributes of something that is not a dictionary".into()),
        }
    }

    fn storage(&mut self) -> Result<(), String> {
        let id = self.pop()?;
        match (id, self.heap.parts(id)) {
            (
                Value::Tuple(place),
                [Value::Text("storage"), Value::Callable(Callable::Storage(_)), Value::Text(_), ..],
            ) => {
                self.stack.push(Value::Storage(place));
                Ok(())
            }
            _ => Err("it refers to something outside that is not a storage of numbers".into()),
        }
    }

    fn remember(&mut self, instruction: u8) -> Result<(), String> {
        let place = match instruction {
            b'p' => self.line()?.parse().map_err(|_| "an invalid number")?,
            b'q' => self.number(1)?,
            b'r' => self.number(4)?,
            _ => self.memo.len() as u64,
        };
        let top = *self.stack.last().ok_or(CONTRADICTS)?;
        self.memo.insert(place, top);
        Ok(())
    }

    fn recall(&mut self, instruction: u8) -> Result<(), String> {
        let place = match instruction {
            b'g' => self.line()?.parse().map_err(|_| "an invalid number")?,
            b'h' => self.number(1)?,
            _ => self.number(4)?,
        };
        let value = *self.memo.get(&place).ok_or(CONTRADICTS)?;
        self.stack.push(value);
        Ok(())
    }
}

/// Instructions that weights do not need, by name.
fn refused(instruction: u8) -> String {
    let name = match instruction {
        b'i' => "INST (call a class)",
        b'o' => "OBJ (call a class)",
        0x81 | 0x92 => "NEWOBJ (make an object)",
        0x82..=0x84 => "EXT (call something registered)",
        b'P' => "PERSID (a reference by text)",
        0x8f..=0x91 => "a set",
        0x96..=0x98 => "a buffer",
        other => return format!("instruction {other:#04x} is unknown"),
    };
    format!("it uses {name}, which weights do not need; nothing was executed")
}
