//! Numbers in blocks of a cache line, aligned to one: what vectors are loaded from.

/// 32 accumulators, or weights of as many.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(C, align(64))]
pub(crate) struct Block(pub [i16; Block::LEN]);

impl Block {
    pub const LEN: usize = 32;
    pub const ZERO: Self = Self([0; Self::LEN]);

    /// Blocks of these numbers, whose count is a multiple of the block's.
    pub fn all(numbers: &[i16]) -> Vec<Self> {
        let (blocks, rest) = numbers.as_chunks();
        debug_assert!(rest.is_empty(), "whole blocks");
        blocks.iter().map(|&block| Self(block)).collect()
    }
}

/// 64 weights of a head: 4 inputs of each of 16 outputs, inputs of one output side by side.
#[derive(Copy, Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Tile(pub [i8; 64]);

/// 16 sums or biases of a head.
#[derive(Copy, Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Sums(pub [i32; 16]);

/// Inputs of the heads of all seats: the activations seen from each seat in turn, and those of all but the last again, so
/// that every seat finds its own first.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Inputs(pub [u8; Inputs::LEN]);

impl Inputs {
    const LEN: usize = (2 * crate::architecture::SEATS - 1) * crate::architecture::WIDTH_MAX / 2;
    pub const ZERO: Self = Self([0; Self::LEN]);
}

/// The rows of weights of the features.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Rows<'a> {
    blocks: &'a [Block],
    stride: usize,
}

impl<'a> Rows<'a> {
    pub fn new(blocks: &'a [Block], stride: usize) -> Self {
        Self { blocks, stride }
    }

    /// Blocks of a row.
    #[inline]
    pub fn stride(self) -> usize {
        self.stride
    }

    /// The row of a feature.
    #[inline]
    pub fn of(self, feature: u16) -> &'a [Block] {
        let start = usize::from(feature) * self.stride;
        &self.blocks[start..start + self.stride]
    }
}
