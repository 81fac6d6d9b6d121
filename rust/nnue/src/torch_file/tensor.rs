//! Tensors of a checkpoint: which elements of which storage they are.

use super::error::{TorchFileError, shown};

/// Most dimensions of a tensor.
const DIMENSIONS_MAX: usize = 8;

/// Type of a tensor's elements.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum ElementType {
    /// 32-bit floats.
    F32,
    /// 64-bit floats.
    F64,
    /// 16-bit floats.
    F16,
    /// 16-bit floats with the exponent of 32-bit ones.
    BF16,
    /// 64-bit integers.
    I64,
    /// 32-bit integers.
    I32,
    /// 16-bit integers.
    I16,
    /// 8-bit integers.
    I8,
    /// Bytes.
    U8,
    /// Booleans.
    Bool,
}

impl ElementType {
    /// The type that torch's storage class is for, such as `FloatStorage`.
    pub(super) fn of_storage_class(name: &str) -> Option<Self> {
        Some(match name {
            "FloatStorage" => Self::F32,
            "DoubleStorage" => Self::F64,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::BF16,
            "LongStorage" => Self::I64,
            "IntStorage" => Self::I32,
            "ShortStorage" => Self::I16,
            "CharStorage" => Self::I8,
            "ByteStorage" => Self::U8,
            "BoolStorage" => Self::Bool,
            _ => return None,
        })
    }

    /// The name that torch has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::F16 => "float16",
            Self::BF16 => "bfloat16",
            Self::I64 => "int64",
            Self::I32 => "int32",
            Self::I16 => "int16",
            Self::I8 => "int8",
            Self::U8 => "uint8",
            Self::Bool => "bool",
        }
    }

    /// Bytes of an element.
    pub const fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::BF16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }
}

/// One entry `data/KEY` of the archive.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Storage<'a> {
    pub key: &'a str,
    pub element: ElementType,
    /// Number of elements.
    pub len: u64,
}

/// Which elements of its storage a tensor is. All of them lie inside, and there are not more of them than the storage has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Layout {
    pub offset: u64,
    pub shape: Vec<u64>,
    pub strides: Vec<u64>,
}

impl Layout {
    /// Checks that the elements lie inside a storage with `len` elements.
    pub fn check(&self, len: u64) -> Result<(), String> {
        if self.shape.len() != self.strides.len() {
            return Err(format!("{} dimensions, but {} strides", self.shape.len(), self.strides.len()));
        }
        if self.shape.len() > DIMENSIONS_MAX {
            return Err(format!("{} dimensions; at most {DIMENSIONS_MAX} are read", self.shape.len()));
        }
        let count = self.shape.iter().try_fold(1_u64, |count, &size| count.checked_mul(size));
        let count = count.ok_or("more elements than can be counted")?;
        if count == 0 {
            return Ok(());
        }
        let steps = self.shape.iter().zip(&self.strides);
        let last = steps.into_iter().try_fold(self.offset, |at, (&size, &stride)| {
            (size - 1).checked_mul(stride).and_then(|way| at.checked_add(way))
        });
        if last.is_none_or(|last| last >= len) || count > len {
            return Err(format!("its elements reach beyond the {len} of its storage"));
        }
        Ok(())
    }

    /// Number of elements.
    pub fn count(&self) -> usize {
        self.shape.iter().product::<u64>() as usize
    }

    /// Calls `each` with the place of every element in the storage, row by row.
    fn for_each(&self, mut each: impl FnMut(usize)) {
        let mut index = vec![0_u64; self.shape.len()];
        let mut at = self.offset;
        for _ in 0..self.count() {
            each(at as usize);
            for dimension in (0..index.len()).rev() {
                index[dimension] += 1;
                at += self.strides[dimension];
                if index[dimension] < self.shape[dimension] {
                    break;
                }
                at -= self.strides[dimension] * self.shape[dimension];
                index[dimension] = 0;
            }
        }
    }
}

/// A tensor that a file has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TensorInfo<'a> {
    pub(super) name: &'a str,
    pub(super) storage: Storage<'a>,
    pub(super) layout: Layout,
}

impl TensorInfo<'_> {
    /// Its name in the dictionary.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Sizes of its dimensions.
    pub fn shape(&self) -> Vec<usize> {
        self.layout.shape.iter().map(|&size| size as usize).collect()
    }

    /// Type of its elements.
    pub fn element_type(&self) -> ElementType {
        self.storage.element
    }

    /// The elements, row by row, out of the bytes of the storage.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<Vec<f32>, TorchFileError> {
        let element = self.storage.element;
        let fault = |what: String| TorchFileError::Tensor { name: shown(self.name), what };
        let wanted = self.storage.len.checked_mul(element.size() as u64);
        if wanted != Some(bytes.len() as u64) {
            let (len, type_name) = (self.storage.len, element.name());
            return Err(fault(format!("its storage has {} bytes, not those of {len} {type_name}", bytes.len())));
        }
        let mut out = Vec::with_capacity(self.layout.count());
        match element {
            ElementType::F32 => {
                let (all, _) = bytes.as_chunks::<4>();
                self.layout.for_each(|at| out.push(f32::from_le_bytes(all[at])));
            }
            ElementType::F64 => {
                let (all, _) = bytes.as_chunks::<8>();
                self.layout.for_each(|at| out.push(f64::from_le_bytes(all[at]) as f32));
            }
            ElementType::F16 => {
                let (all, _) = bytes.as_chunks::<2>();
                self.layout.for_each(|at| out.push(half(u16::from_le_bytes(all[at]))));
            }
            ElementType::BF16 => {
                let (all, _) = bytes.as_chunks::<2>();
                self.layout.for_each(|at| out.push(f32::from_bits(u32::from(u16::from_le_bytes(all[at])) << 16)));
            }
            _ => return Err(TorchFileError::ElementType { name: shown(self.name), got: element.name() }),
        }
        Ok(out)
    }
}

/// The value of a 16-bit float.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff) / 1024.0);
    match exponent {
        0 => sign * fraction * 2.0_f32.powi(-14),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction) * 2.0_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_floats_have_their_values() {
        for (bits, value) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8), (0x7bff, 65504.0)]
        {
            assert!((half(bits) - value).abs() <= value.abs() * 1e-6, "{bits:#x}");
        }
        assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan());
        assert_eq!(half(0x8000).to_bits(), (-0.0_f32).to_bits());
    }

    #[test]
    fn layouts_outside_of_the_storage_are_refused() {
        let layout = |offset, shape: &[u64], strides: &[u64]| Layout {
            offset,
            shape: shape.to_vec(),
            strides: strides.to_vec(),
        };
        assert!(layout(0, &[2, 3], &[3, 1]).check(6).is_ok());
        assert!(layout(0, &[3, 2], &[1, 3]).check(6).is_ok());
        assert!(layout(5, &[], &[]).check(6).is_ok());
        assert!(layout(9, &[0, 4], &[u64::MAX, 1]).check(0).is_ok());
        for bad in [
            layout(1, &[2, 3], &[3, 1]),
            layout(6, &[], &[]),
            layout(u64::MAX, &[2], &[1]),
            layout(0, &[2], &[u64::MAX]),
            layout(0, &[u64::MAX, 2], &[0, 0]),
            layout(0, &[1 << 40], &[0]),
            layout(0, &[2], &[1, 1]),
            layout(0, &[1; 9], &[1; 9]),
        ] {
            assert!(bad.check(6).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn strides_give_the_order_of_elements() {
        let layout = Layout { offset: 1, shape: vec![2, 3], strides: vec![1, 2] };
        let mut places = Vec::new();
        layout.for_each(|at| places.push(at));
        assert_eq!(places, [1, 3, 5, 2, 4, 6]);
    }
}
