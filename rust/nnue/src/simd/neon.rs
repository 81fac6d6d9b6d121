//! The forward pass for NEON, which every 64-bit ARM processor has. Untested: none is at hand. The check at load compares it
//! with the scalar path, and leaves it aside if it differs.

#[allow(clippy::wildcard_imports, reason = "a dozen intrinsics with long names")]
use std::arch::aarch64::*;

use crate::architecture::{ACTIVATION_SCALE, L1, OUTPUT_SHIFT, SEATS};
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
fn load(block: &Block) -> [int16x8_t; VECTORS] {
    let mut vectors = [vdupq_n_s16(0); VECTORS];
    for (vector, numbers) in vectors.iter_mut().zip(block.0.as_chunks::<8>().0) {
        // SAFETY: the chunk has 8 numbers.
        *vector = unsafe { vld1q_s16(numbers.as_ptr()) };
    }
    vectors
}

#[target_feature(enable = "neon")]
pub(super) fn update(rows: &Rows, base: &[Block], change: &Change, out: &mut [Block], inputs: &mut Inputs) {
    let stride = rows.stride();
    let seats = base.chunks_exact(stride).zip(out.chunks_exact_mut(stride)).zip(inputs.0.chunks_exact_mut(rows.half()));
    for (seat, ((base, out), inputs)) in seats.enumerate() {
        for (index, inputs) in inputs.as_chunks_mut::<{ Block::LEN }>().0.iter_mut().enumerate() {
            let low = update_block(rows, seat, base, change, out, index);
            let high = update_block(rows, seat, base, change, out, index + stride / 2);
            activate_block(low, high, inputs);
        }
    }
}

/// A block stays in registers while all rows pass.
#[inline]
#[target_feature(enable = "neon")]
fn update_block(
    rows: &Rows,
    seat: usize,
    base: &[Block],
    change: &Change,
    out: &mut [Block],
    index: usize,
) -> [int16x8_t; VECTORS] {
    let mut sums = load(&base[index]);
    for &event in change.removed() {
        let row = load(&rows.of(event, seat)[index]);
        for i in 0..VECTORS {
            sums[i] = vsubq_s16(sums[i], row[i]);
        }
    }
    for &event in change.added() {
        let row = load(&rows.of(event, seat)[index]);
        for i in 0..VECTORS {
            sums[i] = vaddq_s16(sums[i], row[i]);
        }
    }
    for (sum, numbers) in sums.iter().zip(out[index].0.as_chunks_mut::<8>().0) {
        // SAFETY: the chunk has 8 numbers.
        unsafe { vst1q_s16(numbers.as_mut_ptr(), *sum) };
    }
    sums
}

#[target_feature(enable = "neon")]
pub(super) fn activate(rows: &Rows, accumulators: &[Block], inputs: &mut Inputs) {
    for (sums, inputs) in accumulators.chunks_exact(rows.stride()).zip(inputs.0.chunks_exact_mut(rows.half())) {
        let (low, high) = sums.split_at(rows.stride() / 2);
        for ((a, b), inputs) in low.iter().zip(high).zip(inputs.as_chunks_mut::<{ Block::LEN }>().0) {
            activate_block(load(a), load(b), inputs);
        }
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn activate_block(a: [int16x8_t; VECTORS], b: [int16x8_t; VECTORS], out: &mut [u8; Block::LEN]) {
    for (i, out) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let product = vmulq_u16(clamp(a[i]), clamp(b[i]));
        // SAFETY: the chunk has 8 bytes.
        unsafe { vst1_u8(out.as_mut_ptr(), vmovn_u16(vshrq_n_u16::<9>(product))) };
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn clamp(sums: int16x8_t) -> uint16x8_t {
    vreinterpretq_u16_s16(vminq_s16(vmaxq_s16(sums, vdupq_n_s16(0)), vdupq_n_s16(ACTIVATION_SCALE as i16)))
}

#[target_feature(enable = "neon")]
pub(super) fn logits(rows: &Rows, head: &Head, inputs: &Inputs) -> [i32; SEATS] {
    let mut logits = [0; SEATS];
    for (seat, out) in logits[..rows.players()].iter_mut().enumerate() {
        *out = logit(rows, head, inputs, seat);
    }
    logits
}

#[target_feature(enable = "neon")]
pub(super) fn logit(rows: &Rows, head: &Head, inputs: &Inputs, seat: usize) -> i32 {
    let half = rows.half();
    let mut first = sums(&head.l1_biases);
    for (relative, tiles) in head.l1.chunks_exact(half / 4).enumerate() {
        let input = &inputs.0[(seat + relative) % rows.players() * half..][..half];
        for (tile, input) in tiles.iter().zip(input.as_chunks::<4>().0) {
            multiply(tile, *input, &mut first);
        }
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
