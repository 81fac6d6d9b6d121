//! The forward pass for AVX2 (Haswell, Zen, and later).

#[allow(clippy::wildcard_imports, reason = "a dozen intrinsics with long names")]
use std::arch::x86_64::*;

use crate::architecture::{ACTIVATION_SCALE, L1, OUTPUT_SHIFT, SEATS};
use crate::blocks::{Block, Inputs, Rows, Sums, Tile};
use crate::changes::Change;
use crate::head::Head;

pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx2")
}

/// Both halves of a block.
#[inline]
#[target_feature(enable = "avx2")]
fn load(block: &Block) -> [__m256i; 2] {
    let halves: *const __m256i = std::ptr::from_ref(block).cast();
    // SAFETY: a block is 64 bytes, aligned to them.
    unsafe { [_mm256_load_si256(halves), _mm256_load_si256(halves.add(1))] }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(block: &mut Block, sums: [__m256i; 2]) {
    let halves: *mut __m256i = std::ptr::from_mut(block).cast();
    // SAFETY: a block is 64 bytes, aligned to them.
    unsafe {
        _mm256_store_si256(halves, sums[0]);
        _mm256_store_si256(halves.add(1), sums[1]);
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn update(rows: &Rows, base: &[Block], change: &Change, out: &mut [Block], inputs: &mut Inputs) {
    let (stride, half) = (rows.stride(), rows.stride() / 2);
    let seats = base.chunks_exact(stride).zip(out.chunks_exact_mut(stride)).zip(inputs.0.chunks_exact_mut(rows.half()));
    for (seat, ((base, out), inputs)) in seats.enumerate() {
        let inputs = inputs.as_chunks_mut::<{ Block::LEN }>().0;
        let mut done = 0;
        while done + 2 <= half {
            update_blocks::<2>(rows, seat, base, change, out, inputs, done);
            done += 2;
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
#[target_feature(enable = "avx2")]
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
    let (mut lows, mut highs) = ([[_mm256_setzero_si256(); 2]; N], [[_mm256_setzero_si256(); 2]; N]);
    for i in 0..N {
        lows[i] = load(&base[low.clone()][i]);
        highs[i] = load(&base[high.clone()][i]);
    }
    for &event in change.removed() {
        let row = rows.of(event, seat);
        let (row_low, row_high) = (&row[low.clone()], &row[high.clone()]);
        for i in 0..N {
            lows[i] = sub(lows[i], load(&row_low[i]));
            highs[i] = sub(highs[i], load(&row_high[i]));
        }
    }
    for &event in change.added() {
        let row = rows.of(event, seat);
        let (row_low, row_high) = (&row[low.clone()], &row[high.clone()]);
        for i in 0..N {
            lows[i] = add(lows[i], load(&row_low[i]));
            highs[i] = add(highs[i], load(&row_high[i]));
        }
    }
    let (out_low, out_high) = out.split_at_mut(half);
    for (i, index) in low.enumerate() {
        store(&mut out_low[index], lows[i]);
        store(&mut out_high[index], highs[i]);
        activate_block(lows[i], highs[i], &mut inputs[index]);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
    [_mm256_add_epi16(a[0], b[0]), _mm256_add_epi16(a[1], b[1])]
}

#[inline]
#[target_feature(enable = "avx2")]
fn sub(a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
    [_mm256_sub_epi16(a[0], b[0]), _mm256_sub_epi16(a[1], b[1])]
}

#[target_feature(enable = "avx2")]
pub(super) fn activate(rows: &Rows, accumulators: &[Block], inputs: &mut Inputs) {
    for (sums, inputs) in accumulators.chunks_exact(rows.stride()).zip(inputs.0.chunks_exact_mut(rows.half())) {
        let (low, high) = sums.split_at(rows.stride() / 2);
        for ((a, b), inputs) in low.iter().zip(high).zip(inputs.as_chunks_mut::<{ Block::LEN }>().0) {
            activate_block(load(a), load(b), inputs);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn activate_block(a: [__m256i; 2], b: [__m256i; 2], out: &mut [u8; Block::LEN]) {
    // Packing goes by halves of 128 bits; the permutation puts them in order.
    let packed = _mm256_packus_epi16(product(a[0], b[0]), product(a[1], b[1]));
    let ordered = _mm256_permute4x64_epi64::<0b11_01_10_00>(packed);
    // SAFETY: the chunk has 32 bytes.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), ordered) };
}

#[inline]
#[target_feature(enable = "avx2")]
fn product(a: __m256i, b: __m256i) -> __m256i {
    let (least, most) = (_mm256_setzero_si256(), _mm256_set1_epi16(ACTIVATION_SCALE as i16));
    let a = _mm256_min_epi16(_mm256_max_epi16(a, least), most);
    let b = _mm256_min_epi16(_mm256_max_epi16(b, least), most);
    // The upper half of (128 a) b is a b >> 9.
    _mm256_mulhi_epi16(_mm256_slli_epi16::<7>(a), b)
}

#[target_feature(enable = "avx2")]
pub(super) fn logits(rows: &Rows, head: &Head, inputs: &Inputs) -> [i32; SEATS] {
    let mut logits = [0; SEATS];
    for (seat, out) in logits[..rows.players()].iter_mut().enumerate() {
        *out = logit(rows, head, inputs, seat);
    }
    logits
}

#[target_feature(enable = "avx2")]
pub(super) fn logit(rows: &Rows, head: &Head, inputs: &Inputs, seat: usize) -> i32 {
    let half = rows.half();
    let mut parts = [sums(&head.l1_biases), [_mm256_setzero_si256(); 2]];
    for (relative, tiles) in head.l1.chunks_exact(half / 4).enumerate() {
        let input = &inputs.0[(seat + relative) % rows.players() * half..][..half];
        for (tiles, inputs) in tiles.as_chunks::<2>().0.iter().zip(input.as_chunks::<8>().0) {
            for ((tile, input), sums) in tiles.iter().zip(inputs.as_chunks::<4>().0).zip(&mut parts) {
                multiply(tile, *input, sums);
            }
        }
    }
    let first = [_mm256_add_epi32(parts[0][0], parts[1][0]), _mm256_add_epi32(parts[0][1], parts[1][1])];
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
#[target_feature(enable = "avx2")]
fn multiply(tile: &Tile, input: [u8; 4], sums: &mut [__m256i; 2]) {
    let input = _mm256_set1_epi32(i32::from_le_bytes(input));
    let halves: *const __m256i = std::ptr::from_ref(tile).cast();
    // SAFETY: a tile is 64 bytes, aligned to them.
    let weights = unsafe { [_mm256_load_si256(halves), _mm256_load_si256(halves.add(1))] };
    for (sum, weights) in sums.iter_mut().zip(weights) {
        // Pairs stay within 16 bits, since inputs are at most 127.
        let pairs = _mm256_maddubs_epi16(input, weights);
        *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn sums(sums: &Sums) -> [__m256i; 2] {
    let halves: *const __m256i = std::ptr::from_ref(sums).cast();
    // SAFETY: sums are 64 bytes, aligned to them.
    unsafe { [_mm256_load_si256(halves), _mm256_load_si256(halves.add(1))] }
}

/// Outputs of a layer.
#[inline]
#[target_feature(enable = "avx2")]
fn shift(sums: [__m256i; 2]) -> [u8; 16] {
    let mut numbers = Sums([0; 16]);
    let halves: *mut __m256i = std::ptr::from_mut(&mut numbers).cast();
    // SAFETY: sums are 64 bytes, aligned to them.
    unsafe {
        _mm256_store_si256(halves, sums[0]);
        _mm256_store_si256(halves.add(1), sums[1]);
    }
    numbers.0.map(|sum| (sum >> OUTPUT_SHIFT).clamp(0, 127) as u8)
}
