//! Numbers in blocks of a cache line, aligned to one: what vectors are loaded from.

use crate::architecture::INPUTS_MAX;
use crate::changes::{Event, Offsets};
use crate::features::FeatureSet;

/// 32 accumulators, or weights of as many.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(C, align(64))]
pub(crate) struct Block(pub [i16; Block::LEN]);

impl Block {
    pub const LEN: usize = 32;

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

/// Inputs of the heads: the activations seen from each seat in turn.
#[derive(Clone, PartialEq, Eq, Debug)]
#[repr(C, align(64))]
pub(crate) struct Inputs(pub [u8; Inputs::LEN]);

impl Inputs {
    const LEN: usize = INPUTS_MAX;
    pub const ZERO: Self = Self([0; Self::LEN]);
}

/// The rows of weights of the features.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    blocks: Vec<Block>,
    offsets: Offsets,
    players: usize,
    stride: usize,
}

impl Rows {
    /// The rows of these weights, in the order of the features.
    pub fn new(features: FeatureSet, width: usize, weights: &[i16]) -> Self {
        Self {
            blocks: Block::all(weights),
            offsets: Offsets::new(features),
            players: features.players().get(),
            stride: width / Block::LEN,
        }
    }

    /// All weights, row by row.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Number of seats.
    #[inline]
    pub fn players(&self) -> usize {
        self.players
    }

    /// Blocks of a row, and of the accumulator of one seat: an even number.
    #[inline]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Inputs of a head from one seat.
    #[inline]
    pub fn half(&self) -> usize {
        self.stride * Block::LEN / 2
    }

    /// The row of what an event is, seen from a seat.
    #[inline]
    pub fn of(&self, event: Event, seat: usize) -> &[Block] {
        let start = self.offsets.feature(event, seat) * self.stride;
        &self.blocks[start..start + self.stride]
    }
}
