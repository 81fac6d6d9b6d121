//! Arrays of Python objects as columns, and texts as NumPy's fixed-width arrays have them.

use std::fs::File;
use std::io;

use ringrift_replay::python_float;
use sha2::{Digest as _, Sha256};

use super::column::{Column, Entry, checksum_of, hex};
use super::deflate::Method;
use super::npy::DType;
use super::pickle::{ObjectPickle, Scalar};

/// Bytes of a pickle that are kept before they go to the column.
const KEPT_LEN: usize = 1 << 16;

/// An array of Python objects whose shape is known before its elements.
#[derive(Debug)]
pub(crate) struct ObjectColumn {
    column: Column,
    pickle: ObjectPickle,
    shape: Vec<u64>,
    hasher: Sha256,
}

impl ObjectColumn {
    /// An array of this shape.
    pub fn new(name: &str, shape: Vec<u64>, spool: File) -> Self {
        Self {
            column: Column::new(name, DType::Object, Method::Deflated, spool),
            pickle: ObjectPickle::new(&shape),
            hasher: checksum_of(DType::Object, &shape),
            shape,
        }
    }

    /// Adds a text.
    pub fn push_text(&mut self, text: &str) -> io::Result<()> {
        self.hasher.update(text);
        self.pickle.push_text(text);
        self.drain()
    }

    /// Adds an integer.
    pub fn push_int(&mut self, value: i64) -> io::Result<()> {
        self.hasher.update(value.to_string());
        self.pickle.push_int(value);
        self.drain()
    }

    /// Adds a float.
    pub fn push_float(&mut self, value: f64) -> io::Result<()> {
        self.hasher.update(python_float(value));
        self.pickle.push_float(value);
        self.drain()
    }

    /// Adds an array of `int32`.
    pub fn push_i32_array(&mut self, values: &[i32]) -> io::Result<()> {
        for value in values {
            self.hasher.update(value.to_le_bytes());
        }
        self.pickle.push_i32_array(values);
        self.drain()
    }

    /// Adds an array of `float32`.
    pub fn push_f32_array(&mut self, values: &[f32]) -> io::Result<()> {
        for value in values {
            self.hasher.update(value.to_le_bytes());
        }
        self.pickle.push_f32_array(values);
        self.drain()
    }

    /// Adds a dictionary.
    pub fn push_dict(&mut self, entries: &[(&str, Scalar)]) -> io::Result<()> {
        self.hasher.update(python_dict(entries));
        self.pickle.push_dict(entries);
        self.drain()
    }

    fn drain(&mut self) -> io::Result<()> {
        if self.pickle.len() >= KEPT_LEN {
            let bytes: Vec<u8> = self.pickle.take().collect();
            self.column.push(&bytes)?;
        }
        Ok(())
    }

    /// Ends the array.
    pub fn finish(mut self) -> io::Result<Entry> {
        self.column.push(&self.pickle.finish())?;
        Ok(self.column.finish(self.shape)?.with_checksum(Some(hex(self.hasher))))
    }
}

/// A dictionary as Python prints it; the texts have no quotes or control characters in them.
fn python_dict(entries: &[(&str, Scalar)]) -> String {
    let values: Vec<String> = entries
        .iter()
        .map(|(key, value)| match value {
            Scalar::None => format!("'{key}': None"),
            Scalar::Int(value) => format!("'{key}': {value}"),
            Scalar::Text(text) => format!("'{key}': '{text}'"),
        })
        .collect();
    format!("{{{}}}", values.join(", "))
}

/// A text as an element of `width` characters; what is longer is cut.
pub(crate) fn text_bytes(text: &str, width: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.chars().take(width).flat_map(|char| u32::from(char).to_le_bytes()).collect();
    bytes.resize(4 * width, 0);
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn checksum_counts_elements_as_python_prints_them() {
        let mut column = ObjectColumn::new("a", vec![3], tempfile::tempfile().unwrap());
        column.push_text("x").unwrap();
        column.push_int(12).unwrap();
        column.push_float(1.0).unwrap();
        let mut expected = Sha256::new();
        expected.update("(3,)objectx121.0");
        assert_eq!(column.finish().unwrap().checksum(&AtomicBool::new(false)).unwrap(), hex(expected));
    }

    #[test]
    fn texts_are_padded_and_count_characters() {
        assert_eq!(text_bytes("aé", 3), [97, 0, 0, 0, 233, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(text_bytes("abc", 1), [97, 0, 0, 0]);
    }
}
