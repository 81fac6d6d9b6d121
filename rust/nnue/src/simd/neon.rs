//! The forward pass for NEON, which every 64-bit ARM processor has. Untested: none is at hand. The check at load compares it
//! with the scalar path, and leaves it aside if it differs.

#[allow(clippy::wildcard_imports, reason = "a dozen intrinsics with long names")]
use std::arch::aarch64::*;
use std::ops::Range;

use crate::architecture::{ACTIVATION_SCALE, L1, OUTPUT_SHIFT};
use crate::blocks::{Block, Inputs, Rows, Sums, Tile};
use crate::changes::Change;
use crate::head::Head;

/// Vectors of a block.
const VECTORS: usize = Block::LEN / 8;

pub(super) fn is_available() -> bool {
    std::arch::is_aarch64_feature_detected!("neon")
}

#[inline]
#[target_feature(enable = "neon")]
fn load(block: &Block, vector: usize) -> int16x8_t {
    let numbers = &block.0.as_chunks::<8>().0[vector];
    // SAFETY: the chunk has 8 numbers.
    unsafe { vld1q_s16(numbers.as_ptr()) }
}

#[target_feature(enable = "neon")]
pub(super) fn update(rows: Rows<'_>, base: &[Block], change: &Change, out: &mut [Block]) {
    for first in (0..base.len()).step_by(2) {
        update_blocks(rows, base, change, out, first);
    }
}

/// Two blocks from `first` on stay in registers while all rows pass.
#[inline]
#[target_feature(enable = "neon")]
fn update_blocks(rows: Rows<'_>, base: &[Block], change: &Change, out: &mut [Block], first: usize) {
    let mut sums = [[vdupq_n_s16(0); VECTORS]; 2];
    for (sums, block) in sums.iter_mut().zip(&base[first..first + 2]) {
        for (vector, sum) in sums.iter_mut().enumerate() {
            *sum = load(block, vector);
        }
    }
    for &feature in &change.removed {
        for (sums, block) in sums.iter_mut().zip(&rows.of(feature)[first..first + 2]) {
            for (vector, sum) in sums.iter_mut().enumerate() {
                *sum = vsubq_s16(*sum, load(block, vector));
            }
        }
    }
    for &feature in &change.added {
        for (sums, block) in sums.iter_mut().zip(&rows.of(feature)[first..first + 2]) {
            for (vector, sum) in sums.iter_mut().enumerate() {
                *sum = vaddq_s16(*sum, load(block, vector));
            }
        }
    }
    for (sums, block) in sums.iter().zip(&mut out[first..first + 2]) {
        for (sum, numbers) in sums.iter().zip(block.0.as_chunks_mut::<8>().0) {
            // SAFETY: the chunk has 8 numbers.
            unsafe { vst1q_s16(numbers.as_mut_ptr(), *sum) };
        }
    }
}

#[target_feature(enable = "neon")]
pub(super) fn activate(accumulator: &[Block], out: &mut [u8]) {
    let (low, high) = accumulator.split_at(accumulator.len() / 2);
    let (least, most) = (vdupq_n_s16(0), vdupq_n_s16(ACTIVATION_SCALE as i16));
    for ((a, b), out) in low.iter().zip(high).zip(out.as_chunks_mut::<{ Block::LEN }>().0) {
        for (vector, out) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let clamp = |sums: int16x8_t| vreinterpretq_u16_s16(vminq_s16(vmaxq_s16(sums, least), most));
            let product = vmulq_u16(clamp(load(a, vector)), clamp(load(b, vector)));
            // SAFETY: the chunk has 8 bytes.
            unsafe { vst1_u8(out.as_mut_ptr(), vmovn_u16(vshrq_n_u16::<9>(product))) };
        }
    }
}

#[target_feature(enable = "neon")]
pub(super) fn logits(head: &Head, inputs: &Inputs, half: usize, seats: Range<usize>, logits: &mut [i32; 4]) {
    let count = 4 * head.l1.len();
    for seat in seats {
        logits[seat] = logit(head, &inputs.0[seat * half..][..count]);
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn logit(head: &Head, input: &[u8]) -> i32 {
    let mut first = sums(&head.l1_biases);
    for (tile, input) in head.l1.iter().zip(input.as_chunks::<4>().0) {
        multiply(tile, *input, &mut first);
    }
    let first = shift(first);
    let mut out = head.out_bias;
    for (side, biases) in head.l2_biases.iter().enumerate() {
        let mut second = sums(biases);
        for (tiles, input) in head.l2.iter().zip(first.as_chunks::<4>().0) {
            multiply(&tiles[side], *input, &mut second);
        }
        let weights = head.out.as_chunks::<L1>().0[side];
        let products = shift(second).into_iter().zip(weights).map(|(x, weight)| i32::from(x) * i32::from(weight));
        out += products.sum::<i32>();
    }
    out
}

/// Adds the products of four inputs with the weights of a tile to its sixteen sums.
#[inline]
#[target_feature(enable = "neon")]
fn multiply(tile: &Tile, input: [u8; 4], sums: &mut [int32x4_t; 4]) {
    // Inputs are at most 127: as good signed as unsigned.
    let input = vreinterpretq_s8_u32(vdupq_n_u32(u32::from_le_bytes(input)));
    for (sum, weights) in sums.iter_mut().zip(tile.0.as_chunks::<16>().0) {
        // SAFETY: the chunk has 16 bytes.
        let weights = unsafe { vld1q_s8(weights.as_ptr()) };
        // Two outputs each, four products side by side; then two sums each; then one.
        let low = vmull_s8(vget_low_s8(weights), vget_low_s8(input));
        let high = vmull_high_s8(weights, input);
        *sum = vaddq_s32(*sum, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn sums(sums: &Sums) -> [int32x4_t; 4] {
    let mut vectors = [vdupq_n_s32(0); 4];
    for (vector, numbers) in vectors.iter_mut().zip(sums.0.as_chunks::<4>().0) {
        // SAFETY: the chunk has 4 numbers.
        *vector = unsafe { vld1q_s32(numbers.as_ptr()) };
    }
    vectors
}

/// Outputs of a layer.
#[inline]
#[target_feature(enable = "neon")]
fn shift(sums: [int32x4_t; 4]) -> [u8; 16] {
    let mut numbers = [0; 16];
    for (vector, numbers) in sums.iter().zip(numbers.as_chunks_mut::<4>().0) {
        // SAFETY: the chunk has 4 numbers.
        unsafe { vst1q_s32(numbers.as_mut_ptr(), *vector) };
    }
    numbers.map(|sum: i32| (sum >> OUTPUT_SHIFT).clamp(0, 127) as u8)
}
