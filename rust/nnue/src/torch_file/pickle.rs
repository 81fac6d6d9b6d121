//! The pickle of a checkpoint: the part of the stack machine that builds plain values.
//!
//! Values are small and refer to each other by number, so that nothing in a file, however deep or circular, makes anything
//! here recurse. Each byte of the pickle adds at most one value, and none is followed until the end.

use std::collections::HashMap;

use super::error::{TorchFileError, shown};
use super::tensor::{ElementType, Layout, Storage};
use super::value::{Heap, Root, Value};

/// Longest pickle that is read; that of a checkpoint with 1,000 tensors has 150 KB.
const PICKLE_BYTES_MAX: usize = 1 << 20;

/// Most names of foreign things that are kept for the message.
const FOREIGN_MAX: usize = 8;

/// The callables whose effect is known.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Callable {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2`.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`.
    RebuildParameter,
    /// A class of storages in module `torch`, only ever part of the name of a storage.
    Storage(ElementType),
}

impl Callable {
    fn of(module: &str, name: &str) -> Option<Self> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::RebuildParameter),
            ("torch", class) => ElementType::of_storage_class(class).map(Self::Storage),
            _ => None,
        }
    }
}

/// Runs a pickle.
#[derive(Debug)]
pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    /// Place of the next byte.
    at: usize,
    /// Place of the current instruction.
    op_at: usize,
    stack: Vec<Value>,
    /// Heights of the stack at the marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    heap: Heap<'a>,
    storages: HashMap<&'a str, u32>,
    foreign: Vec<String>,
}

type Step<T = ()> = Result<T, TorchFileError>;

impl<'a> Machine<'a> {
    /// The dictionary that a pickle builds.
    pub fn run(bytes: &'a [u8]) -> Step<Root<'a>> {
        if bytes.len() > PICKLE_BYTES_MAX {
            let what = "data.pkl".to_owned();
            return Err(TorchFileError::TooLarge { what, bytes: bytes.len() as u64, max: PICKLE_BYTES_MAX as u64 });
        }
        let mut machine = Self {
            bytes,
            at: 0,
            op_at: 0,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            heap: Heap::default(),
            storages: HashMap::new(),
            foreign: Vec::new(),
        };
        let result = machine.execute();
        if !machine.foreign.is_empty() {
            // More telling than whatever went wrong after it.
            let top = result.ok().or_else(|| machine.stack.first().copied());
            let tensors = top.map(|top| machine.heap.weight_names(top)).unwrap_or_default();
            return Err(TorchFileError::Foreign { globals: machine.foreign, tensors });
        }
        Root::new(machine.heap, result?)
    }

    fn fault<T>(&self, what: impl Into<String>) -> Step<T> {
        Err(TorchFileError::Pickle { at: self.op_at, what: what.into() })
    }

    fn execute(&mut self) -> Step<Value> {
        loop {
            self.op_at = self.at;
            let [op] = self.array()?;
            if op == b'.' {
                break;
            }
            self.step(op)?;
        }
        if self.at != self.bytes.len() {
            return self.fault("bytes after the end");
        }
        match (self.stack.as_slice(), self.marks.is_empty()) {
            (&[top], true) => Ok(top),
            _ => self.fault("it does not end with one value"),
        }
    }

    fn step(&mut self, op: u8) -> Step {
        match op {
            0x80 => {
                let [version] = self.array()?;
                if !(2..=5).contains(&version) {
                    return self.fault(format!("protocol {version}; 2 to 5 are read"));
                }
            }
            // The length of what follows; the machine needs no more than the bytes themselves.
            0x95 => drop(self.array::<8>()?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            b'N' => self.stack.push(Value::None),
            0x88 => self.stack.push(Value::Bool(true)),
            0x89 => self.stack.push(Value::Bool(false)),
            b'K' => self.small_int()?,
            b'M' => {
                let value = u16::from_le_bytes(self.array()?);
                self.stack.push(Value::Int(value.into()));
            }
            b'J' => {
                let value = i32::from_le_bytes(self.array()?);
                self.stack.push(Value::Int(value.into()));
            }
            0x8a => self.long()?,
            b'G' => {
                let value = f64::from_be_bytes(self.array()?);
                self.stack.push(Value::Float(value));
            }
            0x8c => {
                let [len] = self.array()?;
                self.text(len.into())?;
            }
            b'X' => {
                let len = u32::from_le_bytes(self.array()?);
                self.text(len.into())?;
            }
            0x8d => {
                let len = u64::from_le_bytes(self.array()?);
                self.text(len)?;
            }
            b']' => {
                let list = self.heap.list(Vec::new());
                self.stack.push(list);
            }
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.append(&items)?;
            }
            b')' => self.tuple(Vec::new()),
            0x85..=0x87 => self.short_tuple(usize::from(op - 0x84))?,
            b't' => {
                let items = self.pop_to_mark()?;
                self.tuple(items);
            }
            b'}' => {
                let dict = self.heap.dict(Vec::new());
                self.stack.push(dict);
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.set_items(&items)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(module, name);
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Value::Text(module), Value::Text(name)) = (module, name) else {
                    return self.fault("a name that is no text");
                };
                self.global(self.heap.text(module), self.heap.text(name));
            }
            b'R' => self.reduce()?,
            b'b' => self.build()?,
            0x81 => self.new_object()?,
            b'Q' => self.storage()?,
            b'q' => {
                let [place] = self.array()?;
                self.put(place.into())?;
            }
            b'r' => {
                let place = u32::from_le_bytes(self.array()?);
                self.put(place)?;
            }
            0x94 => {
                let place = self.memo.len() as u32;
                self.put(place)?;
            }
            b'h' => {
                let [place] = self.array()?;
                self.get(place.into())?;
            }
            b'j' => {
                let place = u32::from_le_bytes(self.array()?);
                self.get(place)?;
            }
            _ => return self.fault(format!("instruction {op:#04x}{} is not among those of plain values", name_of(op))),
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Step<[u8; N]> {
        match self.bytes[self.at..].first_chunk() {
            Some(&array) => {
                self.at += N;
                Ok(array)
            }
            None => self.fault("it ends in the middle"),
        }
    }

    fn slice(&mut self, len: u64) -> Step<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        match usize::try_from(len).ok().and_then(|len| rest.get(..len)) {
            Some(slice) => {
                self.at += slice.len();
                Ok(slice)
            }
            None => self.fault("it ends in the middle"),
        }
    }

    fn as_text(&self, bytes: &'a [u8]) -> Step<&'a str> {
        std::str::from_utf8(bytes).or_else(|_| self.fault("a text that is no UTF-8"))
    }

    fn line(&mut self) -> Step<&'a str> {
        let rest = &self.bytes[self.at..];
        let Some(len) = rest.iter().position(|&byte| byte == b'\n') else {
            return self.fault("it ends in the middle");
        };
        self.at += len + 1;
        self.as_text(&rest[..len])
    }

    fn small_int(&mut self) -> Step {
        let [value] = self.array()?;
        self.stack.push(Value::Int(value.into()));
        Ok(())
    }

    /// An integer of any length, of which 8 bytes are enough.
    fn long(&mut self) -> Step {
        let [len] = self.array()?;
        let bytes = self.slice(len.into())?;
        if bytes.len() > 8 {
            return self.fault("an integer of more than 64 bits");
        }
        let fill = if bytes.last().is_some_and(|&byte| byte >= 0x80) { 0xff } else { 0 };
        let mut value = [fill; 8];
        value[..bytes.len()].copy_from_slice(bytes);
        self.stack.push(Value::Int(i64::from_le_bytes(value)));
        Ok(())
    }

    fn text(&mut self, len: u64) -> Step {
        let bytes = self.slice(len)?;
        let text = self.as_text(bytes)?;
        let text = self.heap.add_text(text);
        self.stack.push(text);
        Ok(())
    }

    fn tuple(&mut self, items: Vec<Value>) {
        let tuple = self.heap.tuple(items);
        self.stack.push(tuple);
    }

    fn short_tuple(&mut self, len: usize) -> Step {
        if self.stack.len() - self.floor() < len {
            return self.fault("a value is missing");
        }
        let items = self.stack.split_off(self.stack.len() - len);
        self.tuple(items);
        Ok(())
    }

    /// Height below which values belong to what was begun before the last mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Step<Value> {
        match self.stack.last() {
            Some(&top) if self.stack.len() > self.floor() => Ok(top),
            _ => self.fault("a value is missing"),
        }
    }

    fn pop(&mut self) -> Step<Value> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_to_mark(&mut self) -> Step<Vec<Value>> {
        match self.marks.pop() {
            Some(mark) => Ok(self.stack.split_off(mark)),
            None => self.fault("a mark is missing"),
        }
    }

    fn put(&mut self, place: u32) -> Step {
        let top = self.top()?;
        self.memo.insert(place, top);
        Ok(())
    }

    fn get(&mut self, place: u32) -> Step {
        match self.memo.get(&place) {
            Some(&value) => self.stack.push(value),
            None => return self.fault(format!("place {place} of the memory is empty")),
        }
        Ok(())
    }

    fn append(&mut self, items: &[Value]) -> Step {
        match self.top()? {
            Value::List(list) => self.heap.list_mut(list).extend_from_slice(items),
            Value::Foreign => {}
            _ => return self.fault("items for something that is no list"),
        }
        Ok(())
    }

    fn set_items(&mut self, items: &[Value]) -> Step {
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return self.fault("a key without a value");
        }
        match self.top()? {
            Value::Dict(dict) => self.heap.dict_mut(dict).extend(pairs.iter().map(|&[key, value]| (key, value))),
            Value::Foreign => {}
            _ => return self.fault("keys for something that is no dictionary"),
        }
        Ok(())
    }

    fn global(&mut self, module: &str, name: &str) {
        let value = if let Some(callable) = Callable::of(module, name) {
            Value::Callable(callable)
        } else {
            let name = format!("{}.{}", shown(module), shown(name));
            if self.foreign.len() < FOREIGN_MAX && !self.foreign.contains(&name) {
                self.foreign.push(name);
            }
            Value::Foreign
        };
        self.stack.push(value);
    }

    fn reduce(&mut self) -> Step {
        let (arguments, callable) = (self.pop()?, self.pop()?);
        let Value::Tuple(arguments) = arguments else {
            return self.fault("arguments that are no tuple");
        };
        let made = match callable {
            Value::Foreign => Value::Foreign,
            Value::Callable(Callable::OrderedDict) if self.heap.items(arguments).is_empty() => {
                self.heap.dict(Vec::new())
            }
            Value::Callable(Callable::OrderedDict) => return self.fault("an ordered dictionary with arguments"),
            Value::Callable(Callable::RebuildTensor) => self.tensor(arguments)?,
            Value::Callable(Callable::RebuildParameter) => match *self.heap.items(arguments) {
                [tensor @ (Value::Tensor(_) | Value::Foreign), _, _] => tensor,
                _ => return self.fault("a parameter that is no tensor"),
            },
            Value::Callable(Callable::Storage(_)) => return self.fault("a call of a storage class"),
            _ => return self.fault("a call of something that cannot be called"),
        };
        self.stack.push(made);
        Ok(())
    }

    /// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata])`.
    fn tensor(&mut self, arguments: u32) -> Step<Value> {
        let (storage, offset, shape, strides) = match *self.heap.items(arguments) {
            [Value::Foreign, ..] => return Ok(Value::Foreign),
            [Value::Storage(storage), Value::Int(offset), Value::Tuple(shape), Value::Tuple(strides), _, _]
            | [Value::Storage(storage), Value::Int(offset), Value::Tuple(shape), Value::Tuple(strides), _, _, _] => {
                (storage, offset, shape, strides)
            }
            _ => return self.fault("a tensor with unknown arguments"),
        };
        let sizes = |tuple| -> Option<Vec<u64>> {
            let size = |&item: &Value| match item {
                Value::Int(size) => u64::try_from(size).ok(),
                _ => None,
            };
            self.heap.items(tuple).iter().map(size).collect()
        };
        let (Ok(offset), Some(shape), Some(strides)) = (u64::try_from(offset), sizes(shape), sizes(strides)) else {
            return self.fault("a tensor with a negative size, stride or offset");
        };
        let layout = Layout { offset, shape, strides };
        if let Err(what) = layout.check(self.heap.storage(storage).len) {
            return self.fault(format!("a tensor: {what}"));
        }
        Ok(self.heap.tensor(storage, layout))
    }

    /// Attributes of an object. Those of a dictionary are bookkeeping of torch.
    fn build(&mut self) -> Step {
        self.pop()?;
        match self.top()? {
            Value::Dict(_) | Value::Foreign => Ok(()),
            _ => self.fault("attributes for something that has none"),
        }
    }

    fn new_object(&mut self) -> Step {
        let (_, class) = (self.pop()?, self.pop()?);
        let Value::Foreign = class else {
            return self.fault("a new object that is no plain value");
        };
        self.stack.push(Value::Foreign);
        Ok(())
    }

    /// `('storage', class, key, location, number of elements)`.
    fn storage(&mut self) -> Step {
        let Value::Tuple(name) = self.pop()? else {
            return self.fault("the name of a storage is no tuple");
        };
        let (kind, element, key, len) = match *self.heap.items(name) {
            [_, Value::Foreign, ..] => {
                self.stack.push(Value::Foreign);
                return Ok(());
            }
            [
                Value::Text(kind),
                Value::Callable(Callable::Storage(element)),
                Value::Text(key),
                Value::Text(_),
                Value::Int(len),
            ] => (self.heap.text(kind), element, self.heap.text(key), len),
            _ => return self.fault("the name of a storage has unknown parts"),
        };
        if kind != "storage" || key.is_empty() || key.len() > 10 || !key.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.fault(format!("storage {:?} {:?}", shown(kind), shown(key)));
        }
        let Ok(len) = u64::try_from(len) else {
            return self.fault("a storage with a negative number of elements");
        };
        let storage = Storage { key, element, len };
        let number = match self.storages.get(key) {
            Some(&number) if *self.heap.storage(number) == storage => number,
            Some(_) => return self.fault(format!("storage {key} is named with two types or lengths")),
            None => {
                let number = self.heap.add_storage(storage);
                self.storages.insert(key, number);
                number
            }
        };
        self.stack.push(Value::Storage(number));
        Ok(())
    }
}

/// What an instruction that is not run does.
fn name_of(op: u8) -> &'static str {
    match op {
        b'i' | b'o' => " (make an object)",
        0x82..=0x84 => " (look up a registered class)",
        0x92 => " (make an object with keywords)",
        b'P' => " (persistent id as text)",
        b'S' | b'T' | b'U' | b'B' | b'C' | 0x8e => " (bytes)",
        b'I' | b'L' | b'F' | b'V' | b'p' | b'g' | b'l' | b'd' => " (of protocols 0 and 1)",
        0x8b => " (a long integer)",
        0x8f..=0x91 => " (sets)",
        0x96..=0x98 => " (buffers outside)",
        _ => "",
    }
}
