//! The recursion of max-n, and shares as whole numbers.

use std::marker::PhantomData;

use ringrift_eval::{Evaluator, Values};
use ringrift_rules::{Board, Move, MoveList, Phase, PlayerId, Position};

use super::MaxNOptions;
use super::table::{Known, Table};
use crate::alphabeta::kind_bonus;
use crate::limits::Meter;

/// The sum of all shares.
pub(super) const ONE: u32 = 1 << 24;

/// Most nodes on a path; deeper ones are evaluated as they stand.
pub(super) const PLY_MAX: usize = 200;

/// Win shares as whole numbers that add up to [`ONE`] exactly, so that bounds are exact, too.
pub(super) type Shares = [u32; 4];

/// The shares of values: each rounded down, and what is left over goes to the greatest.
pub(super) fn to_shares(values: &Values, players: usize) -> Shares {
    let mut shares = [0; 4];
    let mut greatest = 0;
    for seat in 0..players {
        shares[seat] = ((values[PlayerId::ALL[seat]] * f64::from(ONE)) as u32).min(ONE);
        if shares[seat] > shares[greatest] {
            greatest = seat;
        }
    }
    let sum: u32 = shares.iter().sum();
    shares[greatest] = (shares[greatest] + ONE).saturating_sub(sum);
    shares
}

/// Per ply: lists that are filled again and again.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    moves: MoveList,
    order: Vec<(u32, u16)>,
    pub pv: Vec<Move>,
}

/// The share that the seat which decided last is sure of.
#[derive(Copy, Clone)]
pub(super) struct Sure {
    pub seat: usize,
    pub share: u32,
}

/// One thread's search.
pub(super) struct Worker<'s, B: Board, E> {
    pub evaluator: &'s mut E,
    pub options: MaxNOptions,
    pub table: &'s Table,
    pub frames: &'s mut [Frame],
    pub meter: Meter,
    pub evaluations: u64,
    pub board: PhantomData<B>,
}

impl<B: Board, E: Evaluator<B>> Worker<'_, B, E> {
    pub const fn is_over(&self) -> bool {
        self.meter.ended().is_some()
    }

    pub fn shares_now(&mut self, position: &Position<B>) -> Shares {
        let players = position.players();
        let values = Values::terminal(position).unwrap_or_else(|| {
            self.evaluations += players.get() as u64;
            self.options.scale.values(&self.evaluator.scores(position), players)
        });
        to_shares(&values, players.get())
    }

    /// Shares after a move, and whether they are exact and not just known to be of no use to the seat that is sure of more.
    pub fn child(
        &mut self,
        position: &Position<B>,
        mv: Move,
        (depth, ply): (i32, usize),
        sure: Sure,
    ) -> (Shares, bool) {
        self.frames[ply].pv.clear();
        if !self.meter.take() {
            return ([0; 4], false);
        }
        let mut child = *position;
        child.make_move(mv);
        if child.outcome().is_some() || depth <= 0 && !self.options.quiescence || ply + 1 >= PLY_MAX {
            return (self.shares_now(&child), true);
        }
        loop {
            if depth <= 0 && child.phase() == Phase::RingPlacement {
                return (self.shares_now(&child), true);
            }
            child.legal_moves(&mut self.frames[ply].moves);
            let [only] = self.frames[ply].moves[..] else { break };
            if !self.meter.take() {
                return ([0; 4], false);
            }
            self.frames[ply].pv.push(only);
            child.make_move(only);
            if child.outcome().is_some() {
                return (self.shares_now(&child), true);
            }
        }
        self.decide(&child, (depth, ply), sure)
    }

    fn decide(&mut self, position: &Position<B>, (depth, ply): (i32, usize), sure: Sure) -> (Shares, bool) {
        let mover = position.to_move().index();
        let key = position.key() ^ position.order_key().rotate_left(17) ^ elimination_key(position);
        let known = self.table.probe(key);
        if let Some(known) = known
            && i32::from(known.depth) == depth.max(0)
        {
            return (known.shares, true);
        }
        let forced = self.frames[ply].pv.len();
        let moves = std::mem::take(&mut self.frames[ply].moves);
        let mut order = std::mem::take(&mut self.frames[ply].order);
        let first = known.map(|known| known.best).filter(|&best| usize::from(best) < moves.len());
        self.order_moves(position, mover, &moves, &mut order, first, depth);
        let own = if sure.seat == mover { sure.share } else { 0 };
        // The seat before is sure of so much that it avoids this position if the mover gets more than the rest.
        let rest = if self.options.pruning && sure.seat != mover { ONE - sure.share } else { ONE };
        let (mut best, mut best_index, mut best_is_exact, mut any_inexact) = ([0; 4], u16::MAX, true, false);
        let mut is_cut = false;
        for &(_, index) in &order {
            let mv = moves[usize::from(index)];
            let best_share = if best_index == u16::MAX { 0 } else { best[mover] };
            let child_sure = Sure { seat: mover, share: best_share.max(own) };
            let (shares, is_exact) = self.child(position, mv, (depth - 1, ply + 1), child_sure);
            if self.is_over() {
                break;
            }
            any_inexact |= !is_exact;
            // Equal shares: the move that was generated first, whatever the order of the search.
            let is_better = best_index == u16::MAX
                || shares[mover] > best[mover]
                || shares[mover] == best[mover] && index < best_index;
            if is_better {
                (best, best_index, best_is_exact) = (shares, index, is_exact);
                let (upper, lower) = self.frames.split_at_mut(ply + 1);
                let pv = &mut upper[ply].pv;
                pv.truncate(forced);
                pv.push(mv);
                pv.extend_from_slice(&lower[0].pv);
                if best[mover] > rest {
                    is_cut = true;
                    break;
                }
            }
        }
        self.frames[ply].moves = moves;
        self.frames[ply].order = order;
        // Moves that were cut off are worth less to the mover than what it is sure of, here or one decision earlier.
        let is_exact = !is_cut && best_is_exact && (best[mover] >= own || !any_inexact);
        if is_exact && !self.is_over() {
            let depth = depth.max(0) as u8;
            self.table.store(key, Known { shares: best, depth, best: best_index });
        }
        (best, is_exact)
    }

    /// Sorts the moves: the known best one, then by the mover's share right after the move where that is worth a look.
    fn order_moves(
        &mut self,
        position: &Position<B>,
        mover: usize,
        moves: &[Move],
        order: &mut Vec<(u32, u16)>,
        first: Option<u16>,
        depth: i32,
    ) {
        order.clear();
        for (index, &mv) in moves.iter().enumerate() {
            let index = index as u16;
            let score = if first == Some(index) {
                u32::MAX
            } else if depth >= 2 {
                if !self.meter.take() {
                    return;
                }
                let mut child = *position;
                child.make_move(mv);
                self.shares_now(&child)[mover]
            } else {
                kind_bonus(mv.kind()) as u32
            };
            order.push((score, index));
        }
        order.sort_unstable_by_key(|&(score, index)| (std::cmp::Reverse(score), index));
    }
}

/// Hash of the order in which seats lost their last rings: final ranks depend on it, and the position's key lacks it.
fn elimination_key<B: Board>(position: &Position<B>) -> u64 {
    position.players().seats().fold(0, |key: u64, seat| {
        let turn = position.eliminated_in_turn(seat).map_or(0, |turn| u64::from(turn) + 1);
        key.rotate_left(16).wrapping_add(turn).wrapping_mul(0xd6e8_feb8_6659_fd93)
    })
}

#[cfg(test)]
mod tests {
    use ringrift_rules::ByPlayer;

    use super::*;

    #[test]
    fn shares_add_up() {
        for numbers in [[1.0, 1.0, 1.0, 0.0], [0.3, 0.1, 0.6, 0.0], [1.0, 0.0, 0.0, 0.0], [0.123, 1e-9, 7.0, 0.0]] {
            let players = ringrift_rules::PlayerCount::Three;
            let values = Values::in_proportion(ByPlayer::new(numbers), players).unwrap();
            let shares = to_shares(&values, 3);
            assert_eq!(shares.iter().sum::<u32>(), ONE);
            for (share, value) in shares.iter().zip(values.of(players)) {
                assert!((f64::from(*share) - value * f64::from(ONE)).abs() <= 4.0);
            }
        }
    }
}
