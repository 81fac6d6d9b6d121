//! The forward pass in plain Rust: what the other paths must equal.

use crate::architecture::{ACTIVATION_SCALE, ACTIVATION_SHIFT, L1, L2, OUTPUT_SHIFT, SEATS};
use crate::blocks::{Block, Inputs, Rows, Tile};
use crate::changes::Change;
use crate::head::Head;

pub(super) fn update(rows: &Rows, base: &[Block], change: &Change, out: &mut [Block], inputs: &mut Inputs) {
    out.copy_from_slice(base);
    for (seat, out) in out.chunks_exact_mut(rows.stride()).enumerate() {
        for &event in change.removed() {
            for (sum, row) in out.iter_mut().zip(rows.of(event, seat)) {
                for (sum, weight) in sum.0.iter_mut().zip(row.0) {
                    *sum = sum.wrapping_sub(weight);
                }
            }
        }
        for &event in change.added() {
            for (sum, row) in out.iter_mut().zip(rows.of(event, seat)) {
                for (sum, weight) in sum.0.iter_mut().zip(row.0) {
                    *sum = sum.wrapping_add(weight);
                }
            }
        }
    }
    activate(rows, out, inputs);
}

pub(super) fn activate(rows: &Rows, accumulators: &[Block], inputs: &mut Inputs) {
    for (sums, out) in accumulators.chunks_exact(rows.stride()).zip(inputs.0.chunks_exact_mut(rows.half())) {
        let (low, high) = sums.split_at(rows.stride() / 2);
        for ((low, high), out) in low.iter().zip(high).zip(out.as_chunks_mut::<{ Block::LEN }>().0) {
            for ((a, b), out) in low.0.iter().zip(high.0).zip(out) {
                let clamp = |sum: i16| i32::from(sum).clamp(0, ACTIVATION_SCALE);
                *out = ((clamp(*a) * clamp(b)) >> ACTIVATION_SHIFT) as u8;
            }
        }
    }
}

pub(super) fn logits(rows: &Rows, head: &Head, inputs: &Inputs) -> [i32; SEATS] {
    let mut logits = [0; SEATS];
    for (seat, out) in logits[..rows.players()].iter_mut().enumerate() {
        *out = logit(rows, head, inputs, seat);
    }
    logits
}

pub(super) fn logit(rows: &Rows, head: &Head, inputs: &Inputs, seat: usize) -> i32 {
    let mut first = head.l1_biases.0;
    for (relative, tiles) in head.l1.chunks_exact(rows.half() / 4).enumerate() {
        let input = &inputs.0[(seat + relative) % rows.players() * rows.half()..][..rows.half()];
        for (tile, input) in tiles.iter().zip(input.as_chunks::<4>().0) {
            multiply(tile, *input, &mut first);
        }
    }
    let first: [u8; L1] = first.map(shift);
    let mut second = head.l2_biases.map(|biases| biases.0);
    for (tiles, input) in head.l2.iter().zip(first.as_chunks::<4>().0) {
        for (tile, sums) in tiles.iter().zip(&mut second) {
            multiply(tile, *input, sums);
        }
    }
    let second = second.as_flattened();
    debug_assert_eq!(second.len(), L2);
    let products = second.iter().zip(head.out).map(|(&sum, weight)| i32::from(shift(sum)) * i32::from(weight));
    head.out_bias + products.sum::<i32>()
}

/// Adds the products of four inputs with the weights of a tile to its sixteen sums.
fn multiply(tile: &Tile, input: [u8; 4], sums: &mut [i32; 16]) {
    for (sum, weights) in sums.iter_mut().zip(tile.0.as_chunks::<4>().0) {
        *sum += weights.iter().zip(input).map(|(&weight, input)| i32::from(weight) * i32::from(input)).sum::<i32>();
    }
}

fn shift(sum: i32) -> u8 {
    (sum >> OUTPUT_SHIFT).clamp(0, 127) as u8
}
