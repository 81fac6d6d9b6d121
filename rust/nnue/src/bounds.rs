//! The proof that no accumulator leaves 16 bits, whatever the position.

use crate::codes::{BURIED, CAPS, COUNTS, LPS, PHASES, STACK, UNDER};
use crate::error::NetworkError;
use crate::features::FeatureSet;

/// The largest and the smallest value of something, for every accumulator.
#[derive(Clone)]
struct Range {
    high: Vec<i32>,
    low: Vec<i32>,
}

impl Range {
    fn new(width: usize, value: i32) -> Self {
        Self { high: vec![value; width], low: vec![value; width] }
    }

    /// Nothing yet: the next [`Range::or`] decides.
    fn impossible(width: usize) -> Self {
        Self { high: vec![i32::MIN / 2; width], low: vec![i32::MAX / 2; width] }
    }

    /// Either what there is, or this row.
    fn or_row(&mut self, row: &[i16]) {
        for ((high, low), &weight) in self.high.iter_mut().zip(&mut self.low).zip(row) {
            *high = (*high).max(i32::from(weight));
            *low = (*low).min(i32::from(weight));
        }
    }

    fn or(&mut self, other: &Self) {
        for (a, &b) in self.high.iter_mut().zip(&other.high) {
            *a = (*a).max(b);
        }
        for (a, &b) in self.low.iter_mut().zip(&other.low) {
            *a = (*a).min(b);
        }
    }

    fn add(&mut self, other: &Self) {
        for (a, &b) in self.high.iter_mut().zip(&other.high) {
            *a += b;
        }
        for (a, &b) in self.low.iter_mut().zip(&other.low) {
            *a += b;
        }
    }
}

/// Checks that every sum that any position can have fits in 16 bits.
///
/// Of each cell at most one content counts, of each group of classes exactly one class: the sum of the extremes over all
/// cells and groups bounds every accumulator. Where the stack to be moved and the chain stand is one cell each.
pub(crate) fn check(features: FeatureSet, width: usize, weights: &[i16], biases: &[i16]) -> Result<(), NetworkError> {
    let n = features.players().get();
    let row = |index: usize| &weights[index * width..][..width];
    let any_of = |range: std::ops::Range<usize>| {
        let mut any = Range::impossible(width);
        range.for_each(|index| any.or_row(row(index)));
        any
    };
    let mut sum = Range::new(width, 0);
    for (range, &bias) in sum.high.iter_mut().zip(biases) {
        *range = i32::from(bias);
    }
    sum.low.clone_from(&sum.high);

    let (mut must_move, mut chain) = (Range::new(width, 0), Range::new(width, 0));
    for base in (0..features.hand_at()).step_by(features.per_cell()) {
        let mut cell = Range::new(width, 0);
        for index in base..base + features.stack_at() {
            cell.or_row(row(index));
        }
        let buried = |seat: usize, level: usize| base + features.buried_at() + BURIED * seat + level - 1;
        for under in 0..UNDER {
            let mut stack = Range::impossible(width);
            for cap in 0..n * CAPS {
                stack.or_row(row(base + features.stack_at() + cap * UNDER + under));
            }
            if under == 1 {
                let mut one = Range::impossible(width);
                (0..n).for_each(|seat| one.or_row(row(buried(seat, 1))));
                stack.add(&one);
            }
            if under == 2 {
                for seat in 0..n {
                    let mut some = Range::new(width, 0);
                    some.or_row(row(buried(seat, 1)));
                    some.or_row(row(buried(seat, 2)));
                    stack.add(&some);
                }
            }
            if under > 0 && n > 2 {
                stack.add(&any_of(base + features.next_at()..base + features.next_at() + n));
            }
            cell.or(&stack);
        }
        sum.add(&cell);
        must_move.or_row(row(base + features.must_move_at()));
        chain.or_row(row(base + features.chain_at()));
    }
    sum.add(&must_move);
    sum.add(&chain);
    for seat in 0..n {
        for (at, classes) in (0..COUNTS).map(|count| features.count_at(count)) {
            sum.add(&any_of(at + classes * seat..at + classes * (seat + 1)));
        }
    }
    let mut streak = Range::new(width, 0);
    streak.or(&any_of(features.lps_at()..features.lps_at() + LPS * n));
    sum.add(&streak);
    sum.add(&any_of(features.turn_at()..features.turn_at() + PHASES * n));
    let mut due = Range::new(width, 0);
    due.or_row(row(features.due_at()));
    sum.add(&due);

    let overflow = |index: usize, reach: i32, limit: i16| NetworkError::AccumulatorOverflow {
        index,
        reach: reach.into(),
        limit: limit.into(),
    };
    for (index, (&high, &low)) in sum.high.iter().zip(&sum.low).enumerate() {
        if high > i32::from(i16::MAX) {
            return Err(overflow(index, high, i16::MAX));
        }
        if low < i32::from(i16::MIN) {
            return Err(overflow(index, low, i16::MIN));
        }
    }
    Ok(())
}

const _: () = assert!(STACK == CAPS * UNDER && UNDER == 3 && BURIED == 2);
