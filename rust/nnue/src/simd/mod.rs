//! The kernels of the forward pass, one file per instruction set, and the choice between them at run time.
//!
//! All of them compute the same numbers: everything is integer, and [`scalar`] says what is right. [`sparse`] is the first
//! layer in training, in floats.

pub(crate) mod check;
mod scalar;
pub mod sparse;

use std::ops::Range;

use crate::blocks::{Block, Inputs, Rows};
use crate::changes::Change;
use crate::error::NetworkError;
use crate::head::Head;

/// An instruction set that the forward pass is written for.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum SimdPath {
    /// None in particular.
    Scalar,
}

impl SimdPath {
    /// All of them, best first.
    pub const ALL: [Self; 1] = [Self::Scalar];

    /// Spelling in `RINGRIFT_NNUE_SIMD` and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
        }
    }

    /// Whether this machine has the instructions.
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
        }
    }

    /// The path that `RINGRIFT_NNUE_SIMD` asks for, if it asks for one.
    pub(crate) fn forced() -> Result<Option<Self>, NetworkError> {
        let Some(name) = std::env::var_os("RINGRIFT_NNUE_SIMD").filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        let name = name.to_string_lossy();
        let path = Self::ALL.into_iter().find(|path| path.name() == name);
        let path = path.ok_or_else(|| NetworkError::UnknownPath(name.chars().take(40).collect()))?;
        if path.is_available() { Ok(Some(path)) } else { Err(NetworkError::MissingPath(path.name())) }
    }

    /// Writes the accumulator `base` with the rows of a change taken off and added.
    #[inline]
    pub(crate) fn update(self, rows: Rows<'_>, base: &[Block], change: &Change, out: &mut [Block]) {
        match self {
            Self::Scalar => scalar::update(rows, base, change, out),
        }
    }

    /// Writes the activations of an accumulator: half as many numbers.
    #[inline]
    pub(crate) fn activate(self, accumulator: &[Block], out: &mut [u8]) {
        match self {
            Self::Scalar => scalar::activate(accumulator, out),
        }
    }

    /// Writes the logits of some seats, in units of [`crate::OUTPUT_SCALE`]. `half` is the number of inputs from one seat.
    #[inline]
    pub(crate) fn logits(self, head: &Head, inputs: &Inputs, half: usize, seats: Range<usize>, logits: &mut [i32; 4]) {
        match self {
            Self::Scalar => scalar::logits(head, inputs, half, seats, logits),
        }
    }
}
