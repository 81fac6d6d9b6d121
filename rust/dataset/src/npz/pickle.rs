//! Arrays of Python objects: the pickle that NumPy writes and reads for them. Nothing here reads pickles.
//!
//! Source: Python's documentation of protocol 4, and npz.md section 3. The elements are those that training data has:
//! texts, integers, floats, arrays of numbers, and one dictionary.

use std::collections::HashMap;

/// Elements that are put into a list at once, as Python does; the reader's stack grows by as many.
const BATCH: usize = 1_000;

/// Texts that are remembered, so that a reader makes one object of each.
const TEXTS_MAX: usize = 256;

/// Places in the reader's memory of what every array is made of.
const RECONSTRUCT: u8 = 0;
const NDARRAY: u8 = 1;
const DTYPE: u8 = 2;
const INT32: u8 = 3;
const FLOAT32: u8 = 4;
/// First place that texts may take.
const FREE: u32 = 5;

/// Writes the pickle of an array of objects, element by element.
#[derive(Debug)]
pub(crate) struct ObjectPickle {
    /// What was written and not taken yet.
    out: Vec<u8>,
    in_batch: usize,
    texts: HashMap<String, u32>,
    next_place: u32,
}

impl ObjectPickle {
    /// Begins an array of this shape.
    pub fn new(shape: &[u64]) -> Self {
        let mut new = Self { out: Vec::new(), in_batch: 0, texts: HashMap::new(), next_place: FREE };
        new.out.extend(b"\x80\x04");
        // The three names, kept in the reader's memory under their places. MEMOIZE counts for itself.
        for (module, name) in [("numpy._core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")] {
            new.text(module);
            new.text(name);
            new.out.extend(b"\x93\x94");
            new.out.push(b'0');
        }
        // dtype('i4') and dtype('f4'), likewise.
        for name in ["i4", "f4"] {
            new.dtype(name, b'<', 0xFFFF_FFFF, 0);
            new.out.extend(b"\x940");
        }
        new.empty_array();
        new.out.extend(b"(K\x01");
        new.tuple_of(shape);
        new.dtype("O8", b'|', 0xFFFF_FFFF, 63);
        // Not in Fortran's order; the list of elements.
        new.out.extend(b"\x89]");
        new
    }

    /// Ends the array and gives the rest of the bytes.
    pub fn finish(mut self) -> Vec<u8> {
        self.close_batch();
        self.out.extend(b"tb.");
        self.out
    }

    /// The bytes since the last call.
    pub fn take(&mut self) -> impl Iterator<Item = u8> + '_ {
        self.out.drain(..)
    }

    /// How many bytes wait to be taken.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    fn element(&mut self) {
        if self.in_batch == BATCH {
            self.close_batch();
        }
        if self.in_batch == 0 {
            self.out.push(b'(');
        }
        self.in_batch += 1;
    }

    fn close_batch(&mut self) {
        if self.in_batch > 0 {
            self.out.push(b'e');
            self.in_batch = 0;
        }
    }

    /// Adds a text.
    pub fn push_text(&mut self, text: &str) {
        self.element();
        if let Some(&place) = self.texts.get(text) {
            self.out.push(b'j');
            self.out.extend(place.to_le_bytes());
            return;
        }
        self.text(text);
        if self.texts.len() == TEXTS_MAX {
            self.texts.clear();
        }
        self.out.push(0x94);
        self.texts.insert(text.to_owned(), self.next_place);
        self.next_place += 1;
    }

    /// Adds an integer.
    pub fn push_int(&mut self, value: i64) {
        self.element();
        self.int(value);
    }

    /// Adds a float.
    pub fn push_float(&mut self, value: f64) {
        self.element();
        self.out.push(b'G');
        self.out.extend(value.to_be_bytes());
    }

    /// Adds an array of `int32`.
    pub fn push_i32_array(&mut self, values: &[i32]) {
        self.array(INT32, values.len(), values.iter().map(|value| value.to_le_bytes()));
    }

    /// Adds an array of `float32`.
    pub fn push_f32_array(&mut self, values: &[f32]) {
        self.array(FLOAT32, values.len(), values.iter().map(|value| value.to_le_bytes()));
    }

    /// Adds a dictionary of texts, integers and nothing (null).
    pub fn push_dict(&mut self, entries: &[(&str, Scalar)]) {
        self.element();
        self.out.extend(b"}(");
        for (key, value) in entries {
            self.text(key);
            match value {
                Scalar::None => self.out.push(b'N'),
                Scalar::Int(value) => self.int(*value),
                Scalar::Text(text) => self.text(text),
            }
        }
        self.out.push(b'u');
    }

    fn array(&mut self, dtype: u8, len: usize, elements: impl Iterator<Item = [u8; 4]>) {
        self.element();
        self.empty_array();
        self.out.extend(b"(K\x01");
        self.tuple_of(&[len as u64]);
        self.out.extend([b'h', dtype, 0x89, b'B']);
        self.out.extend((4 * len as u32).to_le_bytes());
        for element in elements {
            self.out.extend(element);
        }
        self.out.extend(b"tb");
    }

    /// `_reconstruct(ndarray, (0,), b'b')`; its state must follow.
    fn empty_array(&mut self) {
        self.out.extend([b'h', RECONSTRUCT, b'h', NDARRAY]);
        self.out.extend(b"K\x00\x85C\x01b\x87R");
    }

    /// `dtype(name, False, True)` with its state.
    fn dtype(&mut self, name: &str, order: u8, unset: u32, flags: u8) {
        self.out.extend([b'h', DTYPE]);
        self.text(name);
        self.out.extend(b"\x89\x88\x87R(K\x03");
        self.out.extend([0x8C, 1, order, b'N', b'N', b'N', b'J']);
        self.out.extend(unset.to_le_bytes());
        self.out.push(b'J');
        self.out.extend(unset.to_le_bytes());
        self.out.extend([b'K', flags]);
        self.out.extend(b"tb");
    }

    fn tuple_of(&mut self, values: &[u64]) {
        self.out.push(b'(');
        for &value in values {
            self.int(value as i64);
        }
        self.out.push(b't');
    }

    fn int(&mut self, value: i64) {
        match (u8::try_from(value), u16::try_from(value), i32::try_from(value)) {
            (Ok(value), ..) => self.out.extend([b'K', value]),
            (_, Ok(value), _) => {
                self.out.push(b'M');
                self.out.extend(value.to_le_bytes());
            }
            (.., Ok(value)) => {
                self.out.push(b'J');
                self.out.extend(value.to_le_bytes());
            }
            _ => {
                self.out.extend([0x8A, 8]);
                self.out.extend(value.to_le_bytes());
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push(b'X');
        self.out.extend((text.len() as u32).to_le_bytes());
        self.out.extend(text.as_bytes());
    }
}

/// A value in a dictionary.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Scalar {
    /// Python's `None`.
    None,
    /// An integer.
    Int(i64),
    /// A text.
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes were read back by NumPy 2.2 as `[['a', 1.5], ['a', 70000]]`; `tests/python/test_export.py` reads all kinds
    /// of elements.
    #[test]
    fn equal_texts_are_written_once() {
        let mut pickle = ObjectPickle::new(&[2, 2]);
        pickle.take().for_each(drop);
        pickle.push_text("a");
        pickle.push_float(1.5);
        pickle.push_text("a");
        pickle.push_int(70_000);
        let bytes: Vec<u8> = pickle.take().collect();
        assert_eq!(bytes, b"(X\x01\0\0\0a\x94G\x3f\xf8\0\0\0\0\0\0j\x05\0\0\0J\x70\x11\x01\0");
        assert_eq!(pickle.finish(), b"etb.");
    }

    #[test]
    fn lists_grow_in_batches() {
        let mut pickle = ObjectPickle::new(&[2_500]);
        pickle.take().for_each(drop);
        for _ in 0..2_500 {
            pickle.push_int(7);
        }
        let bytes = pickle.finish();
        assert_eq!(bytes.split(|&byte| byte == b'(').count(), 4);
        assert_eq!(bytes.split(|&byte| byte == b'e').count(), 4);
    }
}
