//! Values that a pickle builds, and what is read out of them.

use std::collections::HashSet;

use serde_json::{Map, Value as Json, json};

use super::error::{TorchFileError, shown};
use super::pickle::Callable;
use super::tensor::{Layout, Storage, TensorInfo};

/// Deepest nesting of metadata.
const DEPTH_MAX: usize = 32;

/// Most of metadata: bytes of its texts, and [`VALUE_COST`] for every value. A value can be named many times.
const METADATA_COST_MAX: usize = 4 << 20;
const VALUE_COST: usize = 64;

/// A value; numbers are places in the [`Heap`].
#[derive(Copy, Clone, Debug)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(u32),
    Tuple(u32),
    List(u32),
    Dict(u32),
    Callable(Callable),
    Storage(u32),
    Tensor(u32),
    /// Something that was not made.
    Foreign,
}

impl Value {
    fn kind(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::Tuple(_) => "a tuple",
            Self::List(_) => "a list",
            Self::Dict(_) => "a dictionary",
            Self::Tensor(_) => "a tensor",
            Self::Callable(_) | Self::Storage(_) | Self::Foreign => "a part of a tensor",
        }
    }
}

/// Where values live.
#[derive(Debug, Default)]
pub(super) struct Heap<'a> {
    texts: Vec<&'a str>,
    tuples: Vec<Vec<Value>>,
    lists: Vec<Vec<Value>>,
    dicts: Vec<Vec<(Value, Value)>>,
    storages: Vec<Storage<'a>>,
    tensors: Vec<(u32, Layout)>,
}

fn add<T>(to: &mut Vec<T>, item: T) -> u32 {
    to.push(item);
    // A pickle has fewer bytes than that, and adds at most one value for each.
    to.len() as u32 - 1
}

impl<'a> Heap<'a> {
    pub fn add_text(&mut self, text: &'a str) -> Value {
        Value::Text(add(&mut self.texts, text))
    }

    pub fn tuple(&mut self, items: Vec<Value>) -> Value {
        Value::Tuple(add(&mut self.tuples, items))
    }

    pub fn list(&mut self, items: Vec<Value>) -> Value {
        Value::List(add(&mut self.lists, items))
    }

    pub fn dict(&mut self, pairs: Vec<(Value, Value)>) -> Value {
        Value::Dict(add(&mut self.dicts, pairs))
    }

    pub fn add_storage(&mut self, storage: Storage<'a>) -> u32 {
        add(&mut self.storages, storage)
    }

    pub fn tensor(&mut self, storage: u32, layout: Layout) -> Value {
        Value::Tensor(add(&mut self.tensors, (storage, layout)))
    }

    pub fn text(&self, text: u32) -> &'a str {
        self.texts[text as usize]
    }

    /// Items of a tuple.
    pub fn items(&self, tuple: u32) -> &[Value] {
        &self.tuples[tuple as usize]
    }

    pub fn list_items(&self, list: u32) -> &[Value] {
        &self.lists[list as usize]
    }

    pub fn list_mut(&mut self, list: u32) -> &mut Vec<Value> {
        &mut self.lists[list as usize]
    }

    pub fn dict_mut(&mut self, dict: u32) -> &mut Vec<(Value, Value)> {
        &mut self.dicts[dict as usize]
    }

    pub fn storage(&self, storage: u32) -> &Storage<'a> {
        &self.storages[storage as usize]
    }

    /// The pairs of a dictionary whose keys are texts, none twice.
    fn named(&self, dict: u32, what: &str) -> Result<Vec<(&'a str, Value)>, TorchFileError> {
        let fault = |got, expected| TorchFileError::Structure { what: what.to_owned(), got, expected };
        let mut seen = HashSet::new();
        let mut named = Vec::new();
        for &(key, value) in &self.dicts[dict as usize] {
            let Value::Text(name) = key else {
                return Err(fault("a dictionary with other keys", "a dictionary with texts as keys"));
            };
            let name = self.text(name);
            if !seen.insert(name) {
                return Err(fault("a dictionary with a key twice", "a dictionary with each key once"));
            }
            named.push((name, value));
        }
        Ok(named)
    }

    /// Names of the tensors that `top` has under `model_state_dict`, whatever else it has.
    pub fn weight_names(&self, top: Value) -> Vec<String> {
        const NAMES_MAX: usize = 64;
        let pairs = |value| match value {
            Value::Dict(dict) => self.dicts[dict as usize].as_slice(),
            _ => &[],
        };
        let is_weights = |key: &Value| matches!(key, Value::Text(text) if self.text(*text) == "model_state_dict");
        let weights = pairs(top).iter().find(|(key, _)| is_weights(key)).map_or(Value::None, |pair| pair.1);
        let name = |(key, value): &(Value, Value)| match (key, value) {
            (Value::Text(name), Value::Tensor(_)) => Some(shown(self.text(*name))),
            _ => None,
        };
        pairs(weights).iter().filter_map(name).take(NAMES_MAX).collect()
    }
}

/// The outermost dictionary of a file.
#[derive(Debug)]
pub(super) struct Root<'a> {
    heap: Heap<'a>,
    named: Vec<(&'a str, Value)>,
}

impl<'a> Root<'a> {
    pub fn new(heap: Heap<'a>, top: Value) -> Result<Self, TorchFileError> {
        let what = "the outermost object";
        let Value::Dict(dict) = top else {
            let what = what.to_owned();
            return Err(TorchFileError::Structure { what, got: top.kind(), expected: "a dictionary" });
        };
        let named = heap.named(dict, what)?;
        Ok(Self { heap, named })
    }

    /// See [`super::TorchFile::tensors`].
    pub fn tensors(&self, key: Option<&str>) -> Result<Option<Vec<TensorInfo<'a>>>, TorchFileError> {
        let what = key.unwrap_or("the outermost object");
        let fault =
            |value: Value, expected| TorchFileError::Structure { what: shown(what), got: value.kind(), expected };
        let named = match key {
            None => self.named.clone(),
            Some(key) => match self.named.iter().find(|(name, _)| *name == key) {
                None => return Ok(None),
                Some(&(_, Value::Dict(dict))) => self.heap.named(dict, key)?,
                Some(&(_, other)) => return Err(fault(other, "a dictionary of tensors")),
            },
        };
        let tensor = |(name, value): (&'a str, Value)| match value {
            Value::Tensor(tensor) => {
                let (storage, layout) = &self.heap.tensors[tensor as usize];
                Ok(TensorInfo { name, storage: *self.heap.storage(*storage), layout: layout.clone() })
            }
            other => Err(TorchFileError::Structure { what: shown(name), got: other.kind(), expected: "a tensor" }),
        };
        named.into_iter().map(tensor).collect::<Result<_, _>>().map(Some)
    }

    /// See [`super::TorchFile::metadata`].
    pub fn metadata(&self) -> Result<Map<String, Json>, TorchFileError> {
        let mut left = METADATA_COST_MAX;
        let mut metadata = Map::new();
        for &(name, value) in &self.named {
            if !name.ends_with("_state_dict") && !matches!(value, Value::Tensor(_)) {
                metadata.insert(name.to_owned(), self.json(value, 0, &mut left)?);
            }
        }
        Ok(metadata)
    }

    fn json(&self, value: Value, depth: usize, left: &mut usize) -> Result<Json, TorchFileError> {
        let cost = VALUE_COST + if let Value::Text(text) = value { self.heap.text(text).len() } else { 0 };
        if depth == DEPTH_MAX || cost > *left {
            let what = "a value contains itself, or is nested too deep or too large".to_owned();
            return Err(TorchFileError::Pickle { at: 0, what });
        }
        *left -= cost;
        let mut items = |items: &[Value]| -> Result<Json, TorchFileError> {
            items.iter().map(|&item| self.json(item, depth + 1, left)).collect::<Result<Vec<_>, _>>().map(Json::Array)
        };
        Ok(match value {
            Value::None => Json::Null,
            Value::Bool(value) => value.into(),
            Value::Int(value) => value.into(),
            Value::Float(value) => float(value),
            Value::Text(text) => self.heap.text(text).into(),
            Value::Tuple(tuple) => items(self.heap.items(tuple))?,
            Value::List(list) => items(self.heap.list_items(list))?,
            Value::Dict(dict) => {
                let mut object = Map::new();
                for &(key, value) in &self.heap.dicts[dict as usize] {
                    let key = match self.json(key, depth + 1, left)? {
                        Json::String(text) => text,
                        other => other.to_string(),
                    };
                    object.insert(key, self.json(value, depth + 1, left)?);
                }
                Json::Object(object)
            }
            Value::Tensor(tensor) => json!({"tensor": self.heap.tensors[tensor as usize].1.shape}),
            Value::Callable(_) | Value::Storage(_) | Value::Foreign => value.kind().into(),
        })
    }
}

/// A number of JSON, or a text for those that it does not have.
fn float(value: f64) -> Json {
    let finite = serde_json::Number::from_f64(value).map(Json::Number);
    finite.unwrap_or_else(|| if value.is_nan() { "NaN".into() } else { format!("{value}").into() })
}
