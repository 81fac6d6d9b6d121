//! JSON text with the spaces, escapes and numbers that Python's `json.dumps` writes by default.

use std::{fmt::Write as _, io};

use serde::Serialize;
use serde_json::{Map, Value, ser::Formatter};

struct PythonStyle;

impl Formatter for PythonStyle {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(python_float(value).as_bytes())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.is_ascii() {
            return writer.write_all(fragment.as_bytes());
        }
        let mut out = String::with_capacity(fragment.len());
        for c in fragment.chars() {
            // DEL needs no escape in JSON, and Python leaves it alone.
            if c.is_ascii() {
                out.push(c);
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
        writer.write_all(out.as_bytes())
    }
}

/// The text of a float as Python's `repr` has it: the shortest digits that read back, with an exponent below 1e-4 and
/// from 1e16 on.
pub fn python_float(value: f64) -> String {
    let plain = format!("{value:e}");
    let (digits, exponent) = plain.split_once('e').unwrap_or((&plain, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let text = format!("{value}");
        return if text.contains('.') { text } else { text + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// The value as `json.dumps(value)` writes it.
pub fn python_json<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = Vec::with_capacity(1024);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, PythonStyle);
    value.serialize(&mut serializer).expect("a JSON value can be written to memory");
    String::from_utf8(out).expect("JSON is written as ASCII")
}

/// The value as `json.dumps(value, sort_keys=True)` writes it.
pub fn python_json_sorted(value: &Value) -> String {
    python_json(&sorted(value))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(sorted).collect(),
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_unstable_by_key(|&(key, _)| key);
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect::<Map<_, _>>())
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Expected texts are those of `CPython` 3.11.
    #[test]
    fn text_is_that_of_python() {
        let value = json!({"b": [1, 2.5, null, true], "a": {"z": "\u{e9}\u{1f600}\n\"", "y": {}}, "c": []});
        assert_eq!(
            python_json_sorted(&value),
            r#"{"a": {"y": {}, "z": "\u00e9\ud83d\ude00\n\""}, "b": [1, 2.5, null, true], "c": []}"#
        );
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1e16, "1e+16"),
            (1_234_567_890_123_456.0, "1234567890123456.0"),
            (1.5e-5, "1.5e-05"),
            (0.0001, "0.0001"),
            (1e100, "1e+100"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            assert_eq!(python_float(value), text);
        }
    }
}
