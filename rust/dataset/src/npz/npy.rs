//! The head of a `.npy` file: element type and shape. Source: NumPy's format 1.0.

use std::fmt::Write as _;

/// Bytes of every head that is written. It leaves room for any shape, so that what follows can be made before the number
/// of rows is known, and keeps the elements aligned as the head is.
pub const HEAD_LEN: usize = 128;

/// Type of the elements.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are those of NumPy")]
pub enum DType {
    Bool,
    U8,
    I32,
    I64,
    U64,
    F32,
    F64,
    /// Text of so many characters, padded with zeros, four bytes each.
    Text(usize),
    /// Python objects, as a pickle.
    Object,
}

impl DType {
    /// Bytes of an element; 0 for objects, whose length varies.
    pub const fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 => 1,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
            Self::Text(characters) => 4 * characters,
            Self::Object => 0,
        }
    }

    /// The type in heads.
    fn descr(self) -> String {
        match self {
            Self::Bool => "|b1".into(),
            Self::U8 => "|u1".into(),
            Self::I32 => "<i4".into(),
            Self::I64 => "<i8".into(),
            Self::U64 => "<u8".into(),
            Self::F32 => "<f4".into(),
            Self::F64 => "<f8".into(),
            Self::Text(characters) => format!("<U{characters}"),
            Self::Object => "|O".into(),
        }
    }

    /// The type as Python prints it.
    pub(crate) fn python(self) -> String {
        match self {
            Self::Bool => "bool".into(),
            Self::U8 => "uint8".into(),
            Self::I32 => "int32".into(),
            Self::I64 => "int64".into(),
            Self::U64 => "uint64".into(),
            Self::F32 => "float32".into(),
            Self::F64 => "float64".into(),
            Self::Text(characters) => format!("<U{characters}"),
            Self::Object => "object".into(),
        }
    }
}

/// A shape as Python prints it.
pub(crate) fn python_shape(shape: &[u64]) -> String {
    let mut text = String::from("(");
    for (i, length) in shape.iter().enumerate() {
        let _ = write!(text, "{}{length}", if i > 0 { ", " } else { "" });
    }
    text + if shape.len() == 1 { ",)" } else { ")" }
}

/// The head of an array: [`HEAD_LEN`] bytes.
///
/// # Panics
/// The shape has so many dimensions that its text does not fit; five of 20 digits do.
pub(crate) fn head(dtype: DType, shape: &[u64]) -> [u8; HEAD_LEN] {
    const FIXED: usize = 10;
    let dictionary =
        format!("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", dtype.descr(), python_shape(shape));
    assert!(FIXED + dictionary.len() < HEAD_LEN, "the shape {shape:?} fits into the head");
    let mut head = [b' '; HEAD_LEN];
    head[..8].copy_from_slice(b"\x93NUMPY\x01\x00");
    head[8..FIXED].copy_from_slice(&((HEAD_LEN - FIXED) as u16).to_le_bytes());
    head[FIXED..FIXED + dictionary.len()].copy_from_slice(dictionary.as_bytes());
    head[HEAD_LEN - 1] = b'\n';
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_what_numpy_writes() {
        let expected = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (410,), }";
        let head = head(DType::Object, &[410]);
        assert!(head.starts_with(expected) && head.ends_with(b" \n"));
    }

    #[test]
    fn shapes_print_as_in_python() {
        assert_eq!([&[][..], &[3], &[410, 56, 8, 8]].map(python_shape), ["()", "(3,)", "(410, 56, 8, 8)"]);
        head(DType::Text(2_000), &[u64::MAX, 10_000, 25, 25]);
    }
}
