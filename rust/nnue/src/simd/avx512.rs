//! The forward pass for AVX-512 with byte and word instructions and VNNI (Ice Lake, Zen 4, and later).

#[allow(clippy::wildcard_imports, reason = "a dozen intrinsics with long names")]
use std::arch::x86_64::*;

use crate::architecture::{ACTIVATION_SCALE, L1, OUTPUT_SHIFT, SEATS};
use crate::blocks::{Block, Inputs, Rows, Sums, Tile};
use crate::changes::Change;
use crate::head::{Head, L2_TILES};

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
pub(super) fn update(rows: &Rows, base: &[Block], change: &Change, out: &mut [Block], inputs: &mut Inputs) {
    let (stride, half) = (rows.stride(), rows.stride() / 2);
    let seats = base.chunks_exact(stride).zip(out.chunks_exact_mut(stride)).zip(inputs.0.chunks_exact_mut(rows.half()));
    for (seat, ((base, out), inputs)) in seats.enumerate() {
        let inputs = inputs.as_chunks_mut::<{ Block::LEN }>().0;
        let mut done = 0;
        while done + 4 <= half {
            update_blocks::<4>(rows, seat, base, change, out, inputs, done);
            done += 4;
        }
        while done < half {
            update_blocks::<1>(rows, seat, base, change, out, inputs, done);
            done += 1;
        }
    }
}

/// `N` blocks of the lower half from `first` on, and those of the upper half that go with them, stay in registers while all
/// rows pass.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn update_blocks<const N: usize>(
    rows: &Rows,
    seat: usize,
    base: &[Block],
    change: &Change,
    out: &mut [Block],
    inputs: &mut [[u8; Block::LEN]],
    first: usize,
) {
    let half = base.len() / 2;
    let (low, high) = (first..first + N, first + half..first + half + N);
    let (mut lows, mut highs) = ([_mm512_setzero_si512(); N], [_mm512_setzero_si512(); N]);
    for i in 0..N {
        lows[i] = load(&base[low.clone()][i]);
        highs[i] = load(&base[high.clone()][i]);
    }
    for &event in change.removed() {
        let row = rows.of(event, seat);
        let (row_low, row_high) = (&row[low.clone()], &row[high.clone()]);
        for i in 0..N {
            lows[i] = _mm512_sub_epi16(lows[i], load(&row_low[i]));
            highs[i] = _mm512_sub_epi16(highs[i], load(&row_high[i]));
        }
    }
    for &event in change.added() {
        let row = rows.of(event, seat);
        let (row_low, row_high) = (&row[low.clone()], &row[high.clone()]);
        for i in 0..N {
            lows[i] = _mm512_add_epi16(lows[i], load(&row_low[i]));
            highs[i] = _mm512_add_epi16(highs[i], load(&row_high[i]));
        }
    }
    let (out_low, out_high) = out.split_at_mut(half);
    for (i, index) in low.enumerate() {
        store(&mut out_low[index], lows[i]);
        store(&mut out_high[index], highs[i]);
        activate_block(lows[i], highs[i], &mut inputs[index]);
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn activate(rows: &Rows, accumulators: &[Block], inputs: &mut Inputs) {
    for (sums, inputs) in accumulators.chunks_exact(rows.stride()).zip(inputs.0.chunks_exact_mut(rows.half())) {
        let (low, high) = sums.split_at(rows.stride() / 2);
        for ((a, b), inputs) in low.iter().zip(high).zip(inputs.as_chunks_mut::<{ Block::LEN }>().0) {
            activate_block(load(a), load(b), inputs);
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn activate_block(a: __m512i, b: __m512i, out: &mut [u8; Block::LEN]) {
    let (least, most) = (_mm512_setzero_si512(), _mm512_set1_epi16(ACTIVATION_SCALE as i16));
    let a = _mm512_min_epi16(_mm512_max_epi16(a, least), most);
    let b = _mm512_min_epi16(_mm512_max_epi16(b, least), most);
    // The upper half of (128 a) b is a b >> 9.
    let product = _mm512_cvtepi16_epi8(_mm512_mulhi_epi16(_mm512_slli_epi16::<7>(a), b));
    // SAFETY: the chunk has 32 bytes.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), product) };
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) fn logits(rows: &Rows, head: &Head, inputs: &Inputs) -> [i32; SEATS] {
    let mut logits = [0; SEATS];
    // As many sums at a time as registers hold, so that few instructions wait for each other.
    match rows.players() {
        2 => logits[..2].copy_from_slice(&together::<2, 4>(rows, head, inputs)),
        3 => logits[..3].copy_from_slice(&together::<3, 2>(rows, head, inputs)),
        _ => logits = together::<4, 1>(rows, head, inputs),
    }
    logits
}

/// The logits of all `N` seats: each tile of weights and each four inputs are loaded once. `PARTS` tiles in a row have sums of
/// their own; the tiles of a seat are a multiple of them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn together<const N: usize, const PARTS: usize>(rows: &Rows, head: &Head, inputs: &Inputs) -> [i32; N] {
    let (half, groups) = (rows.half() / 4, rows.half() / 4 / PARTS);
    let mut tiles = [&head.l1.as_chunks::<PARTS>().0[..0]; N];
    let mut fours = [&inputs.0.as_chunks::<4>().0.as_chunks::<PARTS>().0[..0]; N];
    for seat in 0..N {
        tiles[seat] = &head.l1[seat * half..][..half].as_chunks::<PARTS>().0[..groups];
        fours[seat] = &inputs.0.as_chunks::<4>().0[seat * half..][..half].as_chunks::<PARTS>().0[..groups];
    }
    let mut first = [[[_mm512_setzero_si512(); PARTS]; N]; N];
    for group in 0..groups {
        for part in 0..PARTS {
            let mut weights = [_mm512_setzero_si512(); N];
            let mut x = [_mm512_setzero_si512(); N];
            for seat in 0..N {
                weights[seat] = tile(&tiles[seat][group][part]);
                x[seat] = _mm512_set1_epi32(i32::from_le_bytes(fours[seat][group][part]));
            }
            for seat in 0..N {
                for relative in 0..N {
                    let sum = &mut first[seat][relative][part];
                    *sum = _mm512_dpbusd_epi32(*sum, x[(seat + relative) % N], weights[relative]);
                }
            }
        }
    }
    let mut logits = [0; N];
    for seat in 0..N {
        let mut sum = sums(&head.l1_biases);
        for parts in first[seat] {
            sum = _mm512_add_epi32(sum, total(parts));
        }
        logits[seat] = finish(head, sum);
    }
    logits
}

#[inline]
#[target_feature(enable = "avx512f")]
fn total<const PARTS: usize>(parts: [__m512i; PARTS]) -> __m512i {
    let mut pairs = [_mm512_setzero_si512(); 2];
    for part in 0..PARTS {
        pairs[part % 2] = _mm512_add_epi32(pairs[part % 2], parts[part]);
    }
    _mm512_add_epi32(pairs[0], pairs[1])
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) fn logit(rows: &Rows, head: &Head, inputs: &Inputs, seat: usize) -> i32 {
    let half = rows.half();
    let mut parts = [_mm512_setzero_si512(); 4];
    for (relative, tiles) in head.l1.chunks_exact(half / 4).enumerate() {
        let input = &inputs.0[(seat + relative) % rows.players() * half..][..half];
        for (tiles, fours) in tiles.as_chunks::<4>().0.iter().zip(input.as_chunks::<16>().0) {
            let fours = fours.as_chunks::<4>().0;
            for part in 0..4 {
                let x = _mm512_set1_epi32(i32::from_le_bytes(fours[part]));
                parts[part] = _mm512_dpbusd_epi32(parts[part], x, tile(&tiles[part]));
            }
        }
    }
    finish(head, _mm512_add_epi32(sums(&head.l1_biases), total(parts)))
}

/// The logit of the sums of the first layer.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn finish(head: &Head, first: __m512i) -> i32 {
    let x = _mm512_broadcast_i32x4(_mm512_cvtepi32_epi8(clamp(first)));
    // Four inputs in every lane.
    let x = [
        _mm512_shuffle_epi32::<0x00>(x),
        _mm512_shuffle_epi32::<0x55>(x),
        _mm512_shuffle_epi32::<0xaa>(x),
        _mm512_shuffle_epi32::<0xff>(x),
    ];
    let mut products = _mm512_setzero_si512();
    for side in 0..L2_TILES {
        let mut parts = [sums(&head.l2_biases[side]), _mm512_setzero_si512()];
        for group in 0..4 {
            parts[group % 2] = _mm512_dpbusd_epi32(parts[group % 2], x[group], tile(&head.l2[group][side]));
        }
        let second = clamp(_mm512_add_epi32(parts[0], parts[1]));
        let weights = &head.out.as_chunks::<L1>().0[side];
        // SAFETY: the chunk has 16 bytes.
        let weights = unsafe { _mm_loadu_si128(weights.as_ptr().cast()) };
        // Words of which the upper halves are 0 on one side: the products of the lower ones remain.
        products = _mm512_add_epi32(products, _mm512_madd_epi16(second, _mm512_cvtepi8_epi32(weights)));
    }
    head.out_bias + _mm512_reduce_add_epi32(products)
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
