//! Max-n: every seat maximises its own win share. For any number of players; meant for three and four.
//!
//! Iterative deepening with shallow pruning and a table of exact values. Depth counts decisions, as in [`crate::AlphaBeta`], and
//! the turn in progress is finished before a position is evaluated.
//! Source: Luckhardt and Irani 1986 (max-n), Korf 1991 (shallow pruning; it needs shares that are not negative and have a
//! known sum).

use std::marker::PhantomData;

use ringrift_eval::{Ended, Evaluator, GameRng, RANK_SHARE, RootLine, SHARE_MIN, Scale, SearchResult, Values};
use ringrift_rules::{Board, ByPlayer, Move, MoveList, Phase, PlayerId, Position};

use crate::limits::{Limits, Meter, Stop};
use crate::searcher::{InvalidSetting, Search};

/// Settings of [`MaxN`].
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct MaxNOptions {
    /// Whether the turn in progress is finished before a position is evaluated.
    pub quiescence: bool,
    /// Whether branches that the previous seat would avoid are cut off. The result is the same without.
    pub pruning: bool,
    /// Binary logarithm of the number of entries of the table of exact values, 40 bytes each; 2 to 30.
    pub table_bits: u32,
    /// Scale of the evaluator's points.
    pub scale: Scale,
}

impl Default for MaxNOptions {
    fn default() -> Self {
        Self { quiescence: true, pruning: true, table_bits: 15, scale: Scale::HEURISTIC }
    }
}

/// The sum of all shares.
const ONE: u32 = 1 << 24;

/// Greatest depth of the iterative deepening.
const DEPTH_MAX: u32 = 64;

/// Most nodes on a path; deeper ones are evaluated as they stand.
const PLY_MAX: usize = 200;

/// Win shares as whole numbers that add up to [`ONE`] exactly, so that bounds are exact, too.
type Shares = [u32; 4];

/// The shares of values: each rounded down, and what is left over goes to the greatest.
fn to_shares(values: &Values, players: usize) -> Shares {
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

/// What is known of a position: its exact shares at a depth, and the best move.
#[derive(Copy, Clone, Debug, Default)]
struct Known {
    key: u64,
    shares: Shares,
    depth: u8,
    best: u16,
}

#[derive(Clone, Debug, Default)]
struct Frame {
    moves: MoveList,
    order: Vec<(u32, u16)>,
    pv: Vec<Move>,
}

/// Max-n search with any evaluator.
#[derive(Debug)]
pub struct MaxN<E> {
    evaluator: E,
    options: MaxNOptions,
    table: Box<[Known]>,
    frames: Vec<Frame>,
}

impl<E> MaxN<E> {
    /// A search with this evaluator.
    ///
    /// # Errors
    /// [`InvalidSetting`] if the table has an impossible size.
    pub fn new(evaluator: E, options: MaxNOptions) -> Result<Self, InvalidSetting> {
        let bits = options.table_bits;
        InvalidSetting::check("table_bits", bits.into(), (2..=30).contains(&bits), "2 to 30")?;
        let table = vec![Known::default(); 1 << bits].into();
        Ok(Self { evaluator, options, table, frames: vec![Frame::default(); PLY_MAX + 1] })
    }

    /// The evaluator.
    pub const fn evaluator(&self) -> &E {
        &self.evaluator
    }

    /// The settings.
    pub const fn options(&self) -> &MaxNOptions {
        &self.options
    }
}

/// A move of the root, and its place in the list that was given.
struct RootMove {
    mv: Move,
    index: usize,
    shares: Shares,
    is_exact: bool,
    nodes: u64,
    pv: Vec<Move>,
}

/// The share that the seat which decided last is sure of.
#[derive(Copy, Clone)]
struct Sure {
    seat: usize,
    share: u32,
}

struct Worker<'s, B: Board, E> {
    evaluator: &'s mut E,
    options: MaxNOptions,
    table: &'s mut [Known],
    frames: &'s mut [Frame],
    meter: Meter,
    evaluations: u64,
    board: PhantomData<B>,
}

impl<B: Board, E: Evaluator<B>> Worker<'_, B, E> {
    const fn is_over(&self) -> bool {
        self.meter.ended().is_some()
    }

    fn shares_now(&mut self, position: &Position<B>) -> Shares {
        let players = position.players();
        let values = Values::terminal(position).unwrap_or_else(|| {
            self.evaluations += players.get() as u64;
            self.options.scale.values(&self.evaluator.scores(position), players)
        });
        to_shares(&values, players.get())
    }

    /// Shares after a move, and whether they are exact and not just known to be of no use to the seat that is sure of more.
    fn child(&mut self, position: &Position<B>, mv: Move, (depth, ply): (i32, usize), sure: Sure) -> (Shares, bool) {
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
        let place = key as usize & (self.table.len() - 1);
        let known = self.table[place];
        let is_known = known.key == key && known.key != 0;
        if is_known && i32::from(known.depth) == depth.max(0) {
            return (known.shares, true);
        }
        let forced = self.frames[ply].pv.len();
        let moves = std::mem::take(&mut self.frames[ply].moves);
        let mut order = std::mem::take(&mut self.frames[ply].order);
        let first = (is_known && usize::from(known.best) < moves.len()).then_some(known.best);
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
            self.table[place] = Known { key, shares: best, depth, best: best_index };
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
                super::alphabeta::kind_bonus(mv.kind()) as u32
            };
            order.push((score, index));
        }
        order.sort_unstable_by_key(|&(score, index)| (std::cmp::Reverse(score), index));
    }

    /// Deepens until a limit; returns the depth that was completed, and why it ended. The best move comes first.
    fn deepen(&mut self, position: &Position<B>, roots: &mut [RootMove], depth_max: u32) -> (u32, Ended) {
        let seats = position.players().get();
        let mover = position.to_move().index();
        for root in &mut *roots {
            if !self.meter.take() {
                break;
            }
            let mut child = *position;
            child.make_move(root.mv);
            root.shares = self.shares_now(&child);
            root.is_exact = true;
            root.nodes += 1;
        }
        roots.sort_by_key(|root| std::cmp::Reverse(root.shares[mover]));
        // No evaluation reaches the share of a winner.
        let unfinished_max = 1.0 - (seats as f64 - 1.0) * SHARE_MIN;
        debug_assert!(unfinished_max < 1.0 - RANK_SHARE * (1.0 - 2.0 / seats as f64));
        let won = ((unfinished_max + 1e-4) * f64::from(ONE)) as u32;
        let mut done = 0;
        while !self.is_over() {
            if done >= depth_max.min(DEPTH_MAX) {
                return (done, Ended::Depth);
            }
            if done > 0 && roots[0].shares[mover] > won {
                return (done, Ended::Solved);
            }
            let mut best = 0;
            for i in 0..roots.len() {
                let before = self.meter.nodes();
                let sure = Sure { seat: mover, share: best };
                let (shares, is_exact) = self.child(position, roots[i].mv, (done as i32, 0), sure);
                roots[i].nodes += self.meter.nodes() - before;
                if self.is_over() {
                    break;
                }
                (roots[i].shares, roots[i].is_exact) = (shares, is_exact);
                if i == 0 || shares[mover] > best {
                    best = shares[mover];
                    roots[i].pv.truncate(1);
                    roots[i].pv.extend_from_slice(&self.frames[0].pv);
                    roots[..=i].rotate_right(1);
                }
            }
            if !self.is_over() {
                done += 1;
            }
        }
        (done, self.meter.ended().unwrap_or(Ended::Depth))
    }
}

/// Hash of the order in which seats lost their last rings: final ranks depend on it, and the position's key lacks it.
fn elimination_key<B: Board>(position: &Position<B>) -> u64 {
    position.players().seats().fold(0, |key: u64, seat| {
        let turn = position.eliminated_in_turn(seat).map_or(0, |turn| u64::from(turn) + 1);
        key.rotate_left(16).wrapping_add(turn).wrapping_mul(0xd6e8_feb8_6659_fd93)
    })
}

impl<B: Board, E: Evaluator<B>> Search<B> for MaxN<E> {
    fn describe(&self) -> String {
        let MaxNOptions { quiescence, pruning, table_bits, scale } = self.options;
        let off = |name: &str, is_on: bool| if is_on { String::new() } else { format!("{name}=off, ") };
        let (quiescence, pruning) = (off("quiescence", quiescence), off("pruning", pruning));
        let (scale, evaluator) = (scale.points(), self.evaluator.describe());
        format!("maxn({quiescence}{pruning}table_bits={table_bits}, scale={scale}, {evaluator})")
    }

    fn search(
        &mut self,
        position: &Position<B>,
        legal: &[Move],
        limits: &Limits,
        stop: &Stop,
        rng: &mut GameRng,
    ) -> Option<SearchResult> {
        legal.first()?;
        let players = position.players();
        let even = to_shares(&Values::even(players), players.get());
        let root_move = |(index, &mv)| RootMove { mv, index, shares: even, is_exact: false, nodes: 0, pv: vec![mv] };
        let mut roots: Vec<RootMove> = legal.iter().enumerate().map(root_move).collect();
        // Equal moves are taken in random order.
        for i in (1..roots.len()).rev() {
            roots.swap(i, rng.below(i + 1));
        }
        let mut worker = Worker {
            evaluator: &mut self.evaluator,
            options: self.options,
            table: &mut self.table,
            frames: &mut self.frames,
            meter: Meter::start(limits, stop),
            evaluations: 0,
            board: PhantomData::<B>,
        };
        let (depth, ended) = worker.deepen(position, &mut roots, limits.depth_max().unwrap_or(DEPTH_MAX));
        let (meter, evaluations) = (worker.meter, worker.evaluations);
        let values = |shares: Shares| {
            let numbers = ByPlayer::new(shares.map(f64::from));
            Values::in_proportion(numbers, players).unwrap_or_else(|_| Values::even(players))
        };
        let best = &roots[0];
        let (best, root_values) = (best.mv, values(best.shares));
        let mover = position.to_move();
        roots.sort_by_key(|root| root.index);
        let line = |root: RootMove| RootLine {
            mv: root.mv,
            visits: root.nodes,
            values: values(root.shares),
            is_exact: root.is_exact,
            pv: root.pv,
            policy: if root.mv == best { 1.0 } else { 0.0 },
        };
        Some(SearchResult {
            best,
            score: self.options.scale.relative_score(root_values[mover]),
            values: root_values,
            lines: roots.into_iter().map(line).collect(),
            nodes: meter.nodes(),
            evaluations,
            depth,
            elapsed: meter.elapsed(),
            ended,
        })
    }

    fn forget(&mut self) {
        self.table.fill(Known::default());
    }
}

#[cfg(test)]
mod tests {
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
