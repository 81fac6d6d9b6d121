//! What every network has in common: sizes, scales, and the arithmetic between them.
//!
//! With `n` seats and width `H`, seen from seat `p` the accumulator is `acc[j] = bias[j] + sum of rows of active features`
//! (i16, real numbers times [`ACTIVATION_SCALE`]), and its activation `x[j] = (clamp(acc[j], 0, 255) * clamp(acc[j + H/2], 0,
//! 255)) >> 9` for `j < H/2` (0 to 127). The head of the position's bucket is applied once per seat `s` to the activations
//! of seats `s, s + 1, ...` in turn: [`L1`] outputs `clamp((bias + weights * x) >> 6, 0, 127)`, then [`L2`] in the same way,
//! then one output in units of `1 / OUTPUT_SCALE`: the logit of the seat. Win shares are the softmax of the logits.

use ringrift_rules::PlayerCount;
use sha2::{Digest as _, Sha256};

/// Units of an accumulator that are 1.
pub const ACTIVATION_SCALE: i32 = 255;
/// Units of a weight of the head that are 1.
pub const WEIGHT_SCALE: i32 = 64;
/// Units of a bias of the head, and of a logit, that are 1.
pub const OUTPUT_SCALE: i32 = 127 * WEIGHT_SCALE;
/// Outputs of the first layer of a head.
pub const L1: usize = 16;
/// Outputs of the second layer of a head.
pub const L2: usize = 32;
/// Widths of accumulators are multiples of this.
pub const WIDTH_STEP: usize = 64;
/// Largest width of accumulators.
pub const WIDTH_MAX: usize = 1024;
/// Width of accumulators unless something else is asked for.
pub const WIDTH_DEFAULT: usize = 256;

/// Largest absolute bias of a head: with it, no sum of a head leaves 32 bits.
pub const BIAS_MAX: i32 = 1 << 30;

pub(crate) const ACTIVATION_SHIFT: u32 = 9;
pub(crate) const OUTPUT_SHIFT: u32 = 6;
/// Seats at most.
pub(crate) const SEATS: usize = 4;
/// Largest number of inputs of a head.
pub(crate) const INPUTS_MAX: usize = SEATS * WIDTH_MAX / 2;

const _: () = {
    assert!((ACTIVATION_SCALE * ACTIVATION_SCALE) >> ACTIVATION_SHIFT == 127);
    assert!(WEIGHT_SCALE == 1 << OUTPUT_SHIFT);
    assert!(BIAS_MAX as i64 + (INPUTS_MAX as i64) * 127 * 128 <= i32::MAX as i64);
};

/// The arithmetic of networks of a width and number of players, in words.
fn definition(players: PlayerCount, width: usize) -> String {
    format!(
        "ringrift nnue: {n} perspectives of {width} i16 at {ACTIVATION_SCALE}, pairs j and j + {half} clamped to 0..{ACTIVATION_SCALE} \
         multiplied >> {ACTIVATION_SHIFT}; per seat {n} x {half} -> {L1} -> {L2} -> 1, i8 at {WEIGHT_SCALE}, i32 at {OUTPUT_SCALE}, \
         clamped to 0..127 after >> {OUTPUT_SHIFT}; softmax over seats",
        n = players.get(),
        half = width / 2,
    )
}

/// Tells architectures apart: the first eight bytes, lowest first, of the SHA-256 of a description.
pub(crate) fn hash(players: PlayerCount, width: usize) -> u64 {
    let digest = Sha256::digest(definition(players, width));
    digest[..8].iter().rev().fold(0, |hash, &byte| hash << 8 | u64::from(byte))
}
