//! Reading JSON of unknown origin: a tree that keeps the order of keys, and typed access that collects every fault.

use std::cell::RefCell;

use ringrift_rules::{BoardShape, Cell, Coord, Geometry};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Most bytes of one document. The largest recorded state has less than 1 MB.
pub(crate) const DOCUMENT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Faults that are kept; a document with more is reported as having at least so many.
const FAULTS_MAX: usize = 1000;

/// One thing in a JSON document that is not as it must be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{path}: expected {expected}, got {got}")]
pub struct JsonFault {
    /// Where, as `$.board.stacks["0,0"].rings[2]`.
    pub path: String,
    /// What should stand there.
    pub expected: String,
    /// What stands there, shortened.
    pub got: String,
}

/// Lists faults and whatever else is wrong, one per line.
pub(crate) fn list(title: &str, items: &[impl std::fmt::Display]) -> String {
    use std::fmt::Write as _;

    const SHOWN: usize = 50;
    let count = items.len();
    let mut out = format!("{title}: {count} fault(s)");
    for item in items.iter().take(SHOWN) {
        let _ = write!(out, "\n  - {item}");
    }
    if count > SHOWN {
        let _ = write!(out, "\n  - and {} more", count - SHOWN);
    }
    out
}

/// A text that is not JSON.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonSyntaxError {
    /// Broken syntax, nesting beyond 128 levels, or a number that no double can hold.
    #[error("not JSON: {message}\nhint: the text must be one JSON value; NaN and Infinity are not JSON")]
    Syntax {
        /// What the parser says, with line and column.
        message: String,
    },
    /// Longer than any state.
    #[error(
        "the text has {bytes} bytes, more than the {DOCUMENT_BYTES_MAX} that a document may have\nhint: one state or move is expected; a list of games is read line by line"
    )]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// Parses a document; keys that stand twice are added to `faults`, and their first value is kept.
pub(crate) fn parse(text: &str, faults: &Faults) -> Result<Value, JsonSyntaxError> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(JsonSyntaxError::TooLong { bytes: text.len() });
    }
    let syntax = |error: serde_json::Error| JsonSyntaxError::Syntax { message: error.to_string() };
    let mut source = serde_json::Deserializer::from_str(text);
    let seed = Builder { faults, place: Place::Root };
    let value = seed.deserialize(&mut source).map_err(syntax)?;
    source.end().map_err(syntax)?;
    Ok(value)
}

/// Way to a value that is being parsed.
#[derive(Copy, Clone)]
enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn path(&self) -> String {
        match self {
            Self::Root => "$".into(),
            Self::Key(parent, key) => key_path(&parent.path(), key),
            Self::Index(parent, index) => format!("{}[{index}]", parent.path()),
        }
    }
}

/// Builds a tree; unlike the builder of `serde_json` it notices keys that stand twice.
struct Builder<'a> {
    faults: &'a Faults,
    place: Place<'a>,
}

impl<'de> DeserializeSeed<'de> for Builder<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Builder<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let place = Place::Index(&self.place, list.len());
            let seed = Builder { faults: self.faults, place };
            match items.next_element_seed(seed)? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let place = Place::Key(&self.place, &key);
            let value = entries.next_value_seed(Builder { faults: self.faults, place })?;
            if map.contains_key(&key) {
                self.faults.add(place.path(), "a key once", "the key twice");
            } else {
                map.insert(key, value);
            }
        }
        Ok(Value::Object(map))
    }
}

fn key_path(parent: &str, key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.len() <= 60
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain { format!("{parent}.{key}") } else { format!("{parent}[{:?}]", shorten(key)) }
}

/// The first characters of a text of unknown origin.
pub(crate) fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut out: String = text.chars().take(SHOWN).collect();
    if out.len() < text.len() {
        out.push_str("...");
    }
    out
}

/// Collects the faults of one document.
#[derive(Debug, Default)]
pub(crate) struct Faults(RefCell<Vec<JsonFault>>);

impl Faults {
    pub(crate) fn add(&self, path: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) {
        let mut list = self.0.borrow_mut();
        if list.len() < FAULTS_MAX {
            list.push(JsonFault { path: path.into(), expected: expected.into(), got: got.into() });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    pub(crate) fn into_list(self) -> Vec<JsonFault> {
        self.0.into_inner()
    }
}

#[derive(Copy, Clone)]
enum Step<'v> {
    Root,
    Key(&'v str),
    Index(usize),
}

/// A value of a document together with the way to it. Reading it as a type adds a fault when it has another.
#[derive(Copy, Clone)]
pub(crate) struct Node<'p, 'v> {
    pub(crate) value: &'v Value,
    parent: Option<&'p Node<'p, 'v>>,
    step: Step<'v>,
    faults: &'p Faults,
}

impl<'p, 'v> Node<'p, 'v> {
    pub(crate) fn root(value: &'v Value, faults: &'p Faults) -> Self {
        Self { value, parent: None, step: Step::Root, faults }
    }

    pub(crate) fn path(&self) -> String {
        let parent = || self.parent.map(Node::path).unwrap_or_default();
        match self.step {
            Step::Root => "$".into(),
            Step::Key(key) => key_path(&parent(), key),
            Step::Index(index) => format!("{}[{index}]", parent()),
        }
    }

    /// Adds a fault at this place.
    pub(crate) fn fault(&self, expected: impl Into<String>) {
        self.fault_got(expected, describe(self.value));
    }

    /// Adds a fault at this place, with words for what stands there.
    pub(crate) fn fault_got(&self, expected: impl Into<String>, got: impl Into<String>) {
        self.faults.add(self.path(), expected, got);
    }

    pub(crate) fn object(&self) -> Option<&'v Map<String, Value>> {
        let map = self.value.as_object();
        if map.is_none() {
            self.fault("an object");
        }
        map
    }

    /// The value of a key, spelt in camel case or snake case; none if it is missing or null.
    pub(crate) fn get(&'p self, key: &'static str) -> Option<Node<'p, 'v>> {
        let map = self.value.as_object()?;
        let (name, value) = match map.get_key_value(key) {
            Some(found) => found,
            None => map.get_key_value(snake_case(key)?.as_str())?,
        };
        (!value.is_null()).then_some(Node { value, parent: Some(self), step: Step::Key(name), faults: self.faults })
    }

    /// The same, where a missing value is a fault.
    pub(crate) fn require(&'p self, key: &'static str, expected: &str) -> Option<Node<'p, 'v>> {
        let found = self.get(key);
        if found.is_none() {
            self.object()?;
            let got = if self.value.get(key).is_some() { "null" } else { "nothing" };
            self.faults.add(key_path(&self.path(), key), expected, got);
        }
        found
    }

    /// The entries of an object in their order.
    pub(crate) fn entries(&'p self) -> impl Iterator<Item = (&'v str, Node<'p, 'v>)> {
        self.object().into_iter().flatten().map(|(key, value)| {
            let node = Node { value, parent: Some(self), step: Step::Key(key), faults: self.faults };
            (key.as_str(), node)
        })
    }

    /// The items of a list.
    pub(crate) fn items(&'p self) -> impl Iterator<Item = Node<'p, 'v>> {
        let list = self.value.as_array();
        if list.is_none() {
            self.fault("a list");
        }
        list.into_iter().flatten().enumerate().map(|(i, value)| Node {
            value,
            parent: Some(self),
            step: Step::Index(i),
            faults: self.faults,
        })
    }

    pub(crate) fn text(&self) -> Option<&'v str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.fault("a string");
        }
        text
    }

    pub(crate) fn flag(&self) -> Option<bool> {
        let flag = self.value.as_bool();
        if flag.is_none() {
            self.fault("true or false");
        }
        flag
    }

    /// An integer; a number like `18.0` counts as one, as upstream's reader has it.
    pub(crate) fn integer(&self) -> Option<i64> {
        let number = integer_of(self.value);
        if number.is_none() {
            self.fault("an integer of 64 bits");
        }
        number
    }

    /// An integer in a range.
    pub(crate) fn number(&self, least: u64, most: u64) -> Option<u64> {
        let number = integer_of(self.value)
            .and_then(|number| u64::try_from(number).ok())
            .filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.fault(format!("an integer from {least} to {most}"));
        }
        number
    }

    /// Coordinates: `x`, `y`, and on hex boards `z` with x+y+z = 0, which may be left out.
    pub(crate) fn coord(&'p self, geometry: &Geometry) -> Option<Coord> {
        self.object()?;
        let axis = |name| -> Option<i32> {
            let node = self.require(name, "a coordinate")?;
            let value = integer_of(node.value)
                .and_then(|value| i32::try_from(value).ok())
                .filter(|value| value.unsigned_abs() <= 1_000_000);
            if value.is_none() {
                node.fault("a coordinate");
            }
            value
        };
        let (x, y) = (axis("x"), axis("y"));
        let z = self.get("z");
        let coord = Coord { x: x?, y: y? };
        if let Some(z) = z {
            let fits = match geometry.kind().spec().shape {
                BoardShape::Hex => integer_of(z.value) == Some(i64::from(coord.z())),
                BoardShape::Square => false,
            };
            if !fits {
                z.fault(match geometry.kind().spec().shape {
                    BoardShape::Hex => format!("z = -x-y = {}", coord.z()),
                    BoardShape::Square => "no z on a square board".into(),
                });
                return None;
            }
        }
        Some(coord)
    }

    /// Coordinates of a cell of the board.
    pub(crate) fn cell(&'p self, geometry: &Geometry) -> Option<Cell> {
        let coord = self.coord(geometry)?;
        let cell = geometry.cell(coord);
        if cell.is_none() {
            self.fault_got(format!("a cell of {}", geometry.kind()), format!("x {}, y {}", coord.x, coord.y));
        }
        cell
    }
}

/// An integer, or a number like `18.0`; none for everything else.
pub(crate) fn integer_of(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
    })
}

/// The snake-case spelling of a camel-case key, if it differs.
pub(crate) fn snake_case(key: &str) -> Option<String> {
    if key == "from" {
        return Some("from_pos".into());
    }
    let mut out = String::with_capacity(key.len() + 4);
    for c in key.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    (out != key).then_some(out)
}

/// Words for a value in messages.
fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{:?}", shorten(text)),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(map) => format!("an object of {} entries", map.len()),
    }
}

/// Whether upstream's reader takes this for a time: `YYYY-MM-DDTHH:MM[:SS[.ffffff]]`, perhaps with a zone.
pub(crate) fn is_timestamp(text: &str) -> bool {
    fn number(bytes: &[u8], least: u32, most: u32) -> bool {
        bytes.iter().all(u8::is_ascii_digit)
            && std::str::from_utf8(bytes)
                .ok()
                .and_then(|text| text.parse::<u32>().ok())
                .is_some_and(|value| (least..=most).contains(&value))
    }
    let bytes = text.as_bytes();
    if bytes.len() < 16 || bytes.len() > 40 {
        return false;
    }
    let date = number(&bytes[..4], 1, 9999)
        && bytes[4] == b'-'
        && number(&bytes[5..7], 1, 12)
        && bytes[7] == b'-'
        && number(&bytes[8..10], 1, days_of_month(&bytes[..7]))
        && matches!(bytes[10], b'T' | b't' | b' ' | b'_')
        && number(&bytes[11..13], 0, 23)
        && bytes[13] == b':'
        && number(&bytes[14..16], 0, 59);
    let mut rest = &bytes[16..];
    if let [b':', tens, ones, more @ ..] = rest {
        if !number(&[*tens, *ones], 0, 59) {
            return false;
        }
        rest = more;
        if let [b'.' | b',', more @ ..] = rest {
            let digits = more.iter().take_while(|b| b.is_ascii_digit()).count();
            if !(1..=6).contains(&digits) {
                return false;
            }
            rest = &more[digits..];
        }
    }
    let zone = match rest {
        [] | [b'Z' | b'z'] => true,
        [b'+' | b'-', zone @ ..] => match zone {
            [h1, h2, b':', m1, m2] | [h1, h2, m1, m2] => number(&[*h1, *h2], 0, 23) && number(&[*m1, *m2], 0, 59),
            _ => false,
        },
        _ => false,
    };
    date && zone
}

fn days_of_month(year_and_month: &[u8]) -> u32 {
    let digits = |bytes: &[u8]| bytes.iter().fold(0, |n, b| n * 10 + u32::from(b.wrapping_sub(b'0')));
    let year = digits(&year_and_month[..4]);
    match digits(&year_and_month[5..7]) {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_that_upstream_reads() {
        for text in [
            "2026-11-22T11:18:26.627109",
            "2026-11-22T11:18:26",
            "2026-11-22 11:18",
            "2024-02-29T00:00:00Z",
            "2026-01-01T00:00:00.1+05:30",
            "2026-01-01T00:00:00-0800",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "",
            "2026-11-22",
            "2026-13-22T11:18:26",
            "2025-02-29T00:00:00",
            "2026-11-31T00:00:00",
            "0000-01-01T00:00:00",
            "2026-11-22T24:00:00",
            "2026-11-22T11:60:00",
            "2026-11-22T11:18:26.",
            "2026-11-22T11:18:26.1234567",
            "2026-11-22T11:18:26+25:00",
            "2026-11-22T11:18:26 ",
            "2026-11-22T11:18:2x",
            "２026-11-22T11:18:26",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }

    #[test]
    fn snake_case_spells_the_names_of_the_models() {
        assert_eq!(snake_case("lpsCurrentRoundActorMask").as_deref(), Some("lps_current_round_actor_mask"));
        assert_eq!(snake_case("from").as_deref(), Some("from_pos"));
        assert_eq!(snake_case("board"), None);
    }
}
