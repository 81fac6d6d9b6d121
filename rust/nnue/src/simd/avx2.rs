//! The forward pass for AVX2 (Haswell, Zen, and later).

#[allow(clippy::wildcard_imports, reason = "a dozen intrinsics with long names")]
use std::arch::x86_64::*;
use std::ops::Range;

use crate::architecture::{ACTIVATION_SCALE, L1, OUTPUT_SHIFT};
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
pub(super) fn update(rows: Rows<'_>, base: &[Block], change: &Change, out: &mut [Block]) {
    let mut done = 0;
    while done + 4 <= base.len() {
        update_blocks::<4>(rows, base, change, out, done);
        done += 4;
    }
    while done < base.len() {
        update_blocks::<2>(rows, base, change, out, done);
        done += 2;
    }
}

/// `N` blocks from `first` on stay in registers while all rows pass.
#[inline]
#[target_feature(enable = "avx2")]
fn update_blocks<const N: usize>(rows: Rows<'_>, base: &[Block], change: &Change, out: &mut [Block], first: usize) {
    let mut sums = [[_mm256_setzero_si256(); 2]; N];
    for (sum, block) in sums.iter_mut().zip(&base[first..first + N]) {
        *sum = load(block);
    }
    for &feature in &change.removed {
        for (sum, block) in sums.iter_mut().zip(&rows.of(feature)[first..first + N]) {
            let row = load(block);
            *sum = [_mm256_sub_epi16(sum[0], row[0]), _mm256_sub_epi16(sum[1], row[1])];
        }
    }
    for &feature in &change.added {
        for (sum, block) in sums.iter_mut().zip(&rows.of(feature)[first..first + N]) {
            let row = load(block);
            *sum = [_mm256_add_epi16(sum[0], row[0]), _mm256_add_epi16(sum[1], row[1])];
        }
    }
    for (sum, block) in sums.iter().zip(&mut out[first..first + N]) {
        store(block, *sum);
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn activate(accumulator: &[Block], out: &mut [u8]) {
    let (low, high) = accumulator.split_at(accumulator.len() / 2);
    for ((a, b), out) in low.iter().zip(high).zip(out.as_chunks_mut::<{ Block::LEN }>().0) {
        let ([a0, a1], [b0, b1]) = (load(a), load(b));
        // Packing goes by halves of 128 bits; the permutation puts them in order.
        let packed = _mm256_packus_epi16(product(a0, b0), product(a1, b1));
        let ordered = _mm256_permute4x64_epi64::<0b11_01_10_00>(packed);
        // SAFETY: the chunk has 32 bytes.
        unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), ordered) };
    }
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
pub(super) fn logits(head: &Head, inputs: &Inputs, half: usize, seats: Range<usize>, logits: &mut [i32; 4]) {
    let count = 4 * head.l1.len();
    for seat in seats {
        logits[seat] = logit(head, &inputs.0[seat * half..][..count]);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn logit(head: &Head, input: &[u8]) -> i32 {
    let mut parts = [sums(&head.l1_biases), [_mm256_setzero_si256(); 2]];
    for (tiles, inputs) in head.l1.as_chunks::<2>().0.iter().zip(input.as_chunks::<8>().0) {
        for ((tile, input), sums) in tiles.iter().zip(inputs.as_chunks::<4>().0).zip(&mut parts) {
            multiply(tile, *input, sums);
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
