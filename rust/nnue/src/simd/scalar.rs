//! The forward pass in plain Rust: what the other paths must equal.

use std::ops::Range;

use crate::architecture::{ACTIVATION_SCALE, ACTIVATION_SHIFT, L1, L2, OUTPUT_SHIFT};
use crate::blocks::{Block, Inputs, Rows, Tile};
use crate::changes::Change;
use crate::head::Head;

pub(super) fn update(rows: Rows<'_>, base: &[Block], change: &Change, out: &mut [Block]) {
    out.copy_from_slice(base);
    for &feature in &change.removed {
        for (sum, row) in out.iter_mut().zip(rows.of(feature)) {
            for (sum, weight) in sum.0.iter_mut().zip(row.0) {
                *sum = sum.wrapping_sub(weight);
            }
        }
    }
    for &feature in &change.added {
        for (sum, row) in out.iter_mut().zip(rows.of(feature)) {
            for (sum, weight) in sum.0.iter_mut().zip(row.0) {
                *sum = sum.wrapping_add(weight);
            }
        }
    }
}

pub(super) fn activate(accumulator: &[Block], out: &mut [u8]) {
    let half = out.len();
    let sum =
        |index: usize| i32::from(accumulator[index / Block::LEN].0[index % Block::LEN]).clamp(0, ACTIVATION_SCALE);
    for (index, out) in out.iter_mut().enumerate() {
        *out = ((sum(index) * sum(index + half)) >> ACTIVATION_SHIFT) as u8;
    }
}

pub(super) fn logits(head: &Head, inputs: &Inputs, half: usize, seats: Range<usize>, logits: &mut [i32; 4]) {
    let count = 4 * head.l1.len();
    for seat in seats {
        let input = &inputs.0[seat * half..][..count];
        logits[seat] = logit(head, input);
    }
}

fn logit(head: &Head, input: &[u8]) -> i32 {
    let mut first = head.l1_biases.0;
    for (tile, input) in head.l1.iter().zip(input.chunks_exact(4)) {
        multiply(tile, input, &mut first);
    }
    let first: [u8; L1] = first.map(shift);
    let mut second = head.l2_biases.map(|biases| biases.0);
    for (tiles, input) in head.l2.iter().zip(first.chunks_exact(4)) {
        for (tile, sums) in tiles.iter().zip(&mut second) {
            multiply(tile, input, sums);
        }
    }
    let second = second.as_flattened();
    debug_assert_eq!(second.len(), L2);
    let products = second.iter().zip(head.out).map(|(&sum, weight)| i32::from(shift(sum)) * i32::from(weight));
    head.out_bias + products.sum::<i32>()
}

/// Adds the products of four inputs with the weights of a tile to its sixteen sums.
fn multiply(tile: &Tile, input: &[u8], sums: &mut [i32; 16]) {
    for (sum, weights) in sums.iter_mut().zip(tile.0.chunks_exact(4)) {
        *sum += weights.iter().zip(input).map(|(&weight, &input)| i32::from(weight) * i32::from(input)).sum::<i32>();
    }
}

fn shift(sum: i32) -> u8 {
    (sum >> OUTPUT_SHIFT).clamp(0, 127) as u8
}
