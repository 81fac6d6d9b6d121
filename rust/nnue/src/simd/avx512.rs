//! The forward pass for AVX-512 with byte and word instructions and VNNI (Ice Lake, Zen 4, and later).

#[allow(clippy::wildcard_imports, reason = "a dozen intrinsics with long names")]
use std::arch::x86_64::*;
use std::ops::Range;

use crate::architecture::{ACTIVATION_SCALE, L1, OUTPUT_SHIFT};
use crate::blocks::{Block, Inputs, Rows, Sums, Tile};
use crate::changes::Change;
use crate::head::Head;

pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vnni")
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(block: &Block) -> __m512i {
    // SAFETY: a block is 64 bytes, aligned to them.
    unsafe { _mm512_load_si512(std::ptr::from_ref(block).cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(block: &mut Block, sums: __m512i) {
    // SAFETY: a block is 64 bytes, aligned to them.
    unsafe { _mm512_store_si512(std::ptr::from_mut(block).cast(), sums) }
}

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn update(rows: Rows<'_>, base: &[Block], change: &Change, out: &mut [Block]) {
    let mut done = 0;
    while done + 8 <= base.len() {
        update_blocks::<8>(rows, base, change, out, done);
        done += 8;
    }
    while done < base.len() {
        update_blocks::<2>(rows, base, change, out, done);
        done += 2;
    }
}

/// `N` blocks from `first` on stay in registers while all rows pass.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn update_blocks<const N: usize>(rows: Rows<'_>, base: &[Block], change: &Change, out: &mut [Block], first: usize) {
    let mut sums = [_mm512_setzero_si512(); N];
    for (sum, block) in sums.iter_mut().zip(&base[first..first + N]) {
        *sum = load(block);
    }
    for &feature in &change.removed {
        for (sum, block) in sums.iter_mut().zip(&rows.of(feature)[first..first + N]) {
            *sum = _mm512_sub_epi16(*sum, load(block));
        }
    }
    for &feature in &change.added {
        for (sum, block) in sums.iter_mut().zip(&rows.of(feature)[first..first + N]) {
            *sum = _mm512_add_epi16(*sum, load(block));
        }
    }
    for (sum, block) in sums.iter().zip(&mut out[first..first + N]) {
        store(block, *sum);
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn activate(accumulator: &[Block], out: &mut [u8]) {
    let (low, high) = accumulator.split_at(accumulator.len() / 2);
    let (least, most) = (_mm512_setzero_si512(), _mm512_set1_epi16(ACTIVATION_SCALE as i16));
    for ((a, b), out) in low.iter().zip(high).zip(out.as_chunks_mut::<{ Block::LEN }>().0) {
        let a = _mm512_min_epi16(_mm512_max_epi16(load(a), least), most);
        let b = _mm512_min_epi16(_mm512_max_epi16(load(b), least), most);
        // The upper half of (128 a) b is a b >> 9.
        let product = _mm512_cvtepi16_epi8(_mm512_mulhi_epi16(_mm512_slli_epi16::<7>(a), b));
        // SAFETY: the chunk has 32 bytes.
        unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), product) };
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) fn logits(head: &Head, inputs: &Inputs, half: usize, seats: Range<usize>, logits: &mut [i32; 4]) {
    let count = 4 * head.l1.len();
    let input = |seat: usize| &inputs.0[seat * half..][..count];
    let mut seat = seats.start;
    while seat + 1 < seats.end {
        let [a, b] = together(head, [input(seat), input(seat + 1)]);
        (logits[seat], logits[seat + 1]) = (a, b);
        seat += 2;
    }
    if seat < seats.end {
        [logits[seat]] = together(head, [input(seat)]);
    }
}

/// Parts of the sums of the first layer; its tiles are a multiple.
const PARTS: usize = 4;

/// Seats at the same time: each tile of weights is loaded once, and one seat works while the other waits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn together<const S: usize>(head: &Head, inputs: [&[u8]; S]) -> [i32; S] {
    // Sums in parts: fewer instructions wait for each other.
    let mut first = [[_mm512_setzero_si512(); PARTS]; S];
    let tiles = head.l1.as_chunks::<PARTS>().0;
    let inputs = inputs.map(|input| &input.as_chunks::<{ 4 * PARTS }>().0[..tiles.len()]);
    for (index, tiles) in tiles.iter().enumerate() {
        for (part, weights) in tiles.iter().enumerate() {
            let weights = tile(weights);
            for (sums, input) in first.iter_mut().zip(inputs) {
                let four = input[index].as_chunks::<4>().0[part];
                sums[part] = _mm512_dpbusd_epi32(sums[part], _mm512_set1_epi32(i32::from_le_bytes(four)), weights);
            }
        }
    }
    let mut out = [0; S];
    for (out, [a, b, c, d]) in out.iter_mut().zip(first) {
        let parts = _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d));
        let x = _mm512_broadcast_i32x4(shift(_mm512_add_epi32(parts, sums(&head.l1_biases))));
        // Four inputs in every lane.
        let x = [
            _mm512_shuffle_epi32::<0x00>(x),
            _mm512_shuffle_epi32::<0x55>(x),
            _mm512_shuffle_epi32::<0xaa>(x),
            _mm512_shuffle_epi32::<0xff>(x),
        ];
        let mut total = _mm512_setzero_si512();
        for (side, biases) in head.l2_biases.iter().enumerate() {
            let mut parts = [sums(biases), _mm512_setzero_si512()];
            for (group, &x) in x.iter().enumerate() {
                parts[group % 2] = _mm512_dpbusd_epi32(parts[group % 2], x, tile(&head.l2[group][side]));
            }
            let second = clamp(_mm512_add_epi32(parts[0], parts[1]));
            let weights = head.out.as_chunks::<L1>().0[side];
            // SAFETY: the chunk has 16 bytes.
            let weights = unsafe { _mm_loadu_si128(weights.as_ptr().cast()) };
            // Words of which the upper halves are 0 on one side: the products of the lower ones remain.
            total = _mm512_add_epi32(total, _mm512_madd_epi16(second, _mm512_cvtepi8_epi32(weights)));
        }
        *out = head.out_bias + _mm512_reduce_add_epi32(total);
    }
    out
}

#[inline]
#[target_feature(enable = "avx512f")]
fn tile(tile: &Tile) -> __m512i {
    // SAFETY: a tile is 64 bytes, aligned to them.
    unsafe { _mm512_load_si512(std::ptr::from_ref(tile).cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sums(sums: &Sums) -> __m512i {
    // SAFETY: sums are 64 bytes, aligned to them.
    unsafe { _mm512_load_si512(std::ptr::from_ref(sums).cast()) }
}

/// Outputs of a layer, as numbers of 32 bits.
#[inline]
#[target_feature(enable = "avx512f")]
fn clamp(sums: __m512i) -> __m512i {
    let shifted = _mm512_srai_epi32::<OUTPUT_SHIFT>(sums);
    _mm512_min_epi32(_mm512_max_epi32(shifted, _mm512_setzero_si512()), _mm512_set1_epi32(127))
}

/// Outputs of a layer, as inputs of the next.
#[inline]
#[target_feature(enable = "avx512f")]
fn shift(sums: __m512i) -> __m128i {
    _mm512_cvtepi32_epi8(clamp(sums))
}
