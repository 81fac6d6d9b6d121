//! The evaluator: positions of any order, each from the nearest one that is still known.

use std::sync::Arc;

use ringrift_eval::{Evaluator, LOSS, Scale, Scores, WIN, judge, terminal_score};
use ringrift_rules::{Board, Move, PlayerId, Position};

use crate::architecture::OUTPUT_SCALE;
use crate::blocks::{Block, Inputs};
use crate::changes::Changes;
use crate::codes::GlobalCode;
use crate::error::NetworkError;
use crate::network::Network;

/// Positions that are remembered with their accumulators.
const SLOTS: usize = 4;

/// A position and its accumulators, by seat one after the other.
#[derive(Clone)]
struct Slot<B: Board> {
    position: Position<B>,
    globals: GlobalCode,
    accumulators: Vec<Block>,
    used: u64,
}

/// Evaluates positions by a network, each from the accumulators of a similar position.
///
/// The score of a seat is twice [`Scale::HEURISTIC`] times its logit, so that [`Scale::values`] of that scale gives the
/// softmax that networks are trained with. Positions of another number of players than the network's score 0: builders of
/// engines call [`Network::check_game`].
#[derive(Clone)]
pub struct NnueEvaluator<B: Board> {
    network: Arc<Network>,
    slots: Vec<Slot<B>>,
    clock: u64,
    changes: Changes,
    inputs: Inputs,
    /// Accumulators of positions that are not remembered.
    passing: Vec<Block>,
}

impl<B: Board> std::fmt::Debug for NnueEvaluator<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NnueEvaluator").field("network", &self.network).finish_non_exhaustive()
    }
}

impl<B: Board> NnueEvaluator<B> {
    /// An evaluator with this network.
    ///
    /// # Errors
    /// The network is for another board.
    pub fn new(network: Arc<Network>) -> Result<Self, NetworkError> {
        network.check_game(B::KIND, network.players())?;
        let blocks = network.players().get() * network.rows().stride();
        Ok(Self {
            changes: Changes::new(network.features()),
            slots: Vec::with_capacity(SLOTS),
            clock: 0,
            inputs: Inputs::ZERO,
            passing: vec![Block::ZERO; blocks],
            network,
        })
    }

    /// The network.
    pub const fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// Logits of the seats in units of [`OUTPUT_SCALE`]; 0 for positions of another number of players.
    pub fn logits(&mut self, position: &Position<B>) -> [i32; 4] {
        let mut logits = [0; 4];
        if self.network.features().fits(position) {
            let slot = self.locate(position);
            let players = self.network.players().get();
            activate(&self.network, &self.slots[slot].accumulators, &mut self.inputs);
            let bucket = self.network.features().bucket(position);
            let (head, half) = (self.network.head(bucket), self.network.width() / 2);
            self.network.kernels().logits(head, &self.inputs, half, 0..players, &mut logits);
        }
        logits
    }

    /// The slot that holds the accumulators of a position that fits the network.
    fn locate(&mut self, position: &Position<B>) -> usize {
        self.clock += 1;
        let occupied = position.occupied();
        let globals = GlobalCode::of(position);
        let nearest = self
            .slots
            .iter()
            .enumerate()
            .map(|(index, slot)| (position.distance(&slot.position), index))
            .min_by_key(|&(distance, index)| (distance, u64::MAX - self.slots[index].used));
        if let Some((distance, base)) = nearest
            && distance <= occupied
        {
            let slot = &mut self.slots[base];
            slot.used = self.clock;
            self.changes.between((&slot.position, &slot.globals), (position, &globals));
            if self.changes.is_empty() {
                return base;
            }
            let target = self.target(base);
            let (base, target_slot) = two(&mut self.slots, base, target);
            update(&self.network, &self.changes, &base.accumulators, &mut target_slot.accumulators);
            target_slot.position = *position;
            target_slot.globals = globals;
            return target;
        }
        self.changes.start(position, &globals);
        let target = self.target(usize::MAX);
        let slot = &mut self.slots[target];
        refresh(&self.network, &self.changes, &mut slot.accumulators);
        slot.position = *position;
        slot.globals = globals;
        target
    }

    /// The slot to write into, which is not `base`.
    fn target(&mut self, base: usize) -> usize {
        if self.slots.len() < SLOTS {
            let blocks = self.passing.len();
            self.slots.push(Slot {
                position: Position::initial(
                    self.network.players(),
                    ringrift_rules::RuleOptions::standard(B::KIND, self.network.players()),
                ),
                globals: GlobalCode::default(),
                accumulators: vec![Block::ZERO; blocks],
                used: self.clock,
            });
            return self.slots.len() - 1;
        }
        let oldest = (0..SLOTS).filter(|&index| index != base).min_by_key(|&index| self.slots[index].used).unwrap_or(0);
        self.slots[oldest].used = self.clock;
        oldest
    }
}

fn two<T>(slots: &mut [T], a: usize, b: usize) -> (&T, &mut T) {
    if a < b {
        let (left, right) = slots.split_at_mut(b);
        (&left[a], &mut right[0])
    } else {
        let (left, right) = slots.split_at_mut(a);
        (&right[0], &mut left[b])
    }
}

#[inline]
fn update(network: &Network, changes: &Changes, base: &[Block], out: &mut [Block]) {
    let stride = network.rows().stride();
    for ((change, base), out) in changes.of().iter().zip(base.chunks_exact(stride)).zip(out.chunks_exact_mut(stride)) {
        network.kernels().update(network.rows(), base, change, out);
    }
}

fn refresh(network: &Network, changes: &Changes, out: &mut [Block]) {
    let stride = network.rows().stride();
    for (change, out) in changes.of().iter().zip(out.chunks_exact_mut(stride)) {
        network.kernels().update(network.rows(), network.biases(), change, out);
    }
}

#[inline]
fn activate(network: &Network, accumulators: &[Block], inputs: &mut Inputs) {
    let (stride, half, players) = (network.rows().stride(), network.width() / 2, network.players().get());
    for (accumulator, out) in accumulators.chunks_exact(stride).zip(inputs.0.chunks_exact_mut(half)) {
        network.kernels().activate(accumulator, out);
    }
    inputs.0.copy_within(0..(players - 1) * half, players * half);
}

/// Points of a logit: within what scores of unfinished games may be.
fn points(logit: i32) -> f64 {
    let points = f64::from(logit) * (2.0 * Scale::HEURISTIC.points() / f64::from(OUTPUT_SCALE));
    points.clamp(0.5 * LOSS, 0.5 * WIN)
}

impl<B: Board> Evaluator<B> for NnueEvaluator<B> {
    fn describe(&self) -> String {
        let digest = self.network.sha256_hex();
        format!("nnue({}, width={})", &digest[..16], self.network.width())
    }

    fn score(&mut self, position: &Position<B>, seat: PlayerId) -> f64 {
        terminal_score(position, seat).unwrap_or_else(|| points(self.logits(position)[seat.index()]))
    }

    fn scores(&mut self, position: &Position<B>) -> Scores {
        let mut scores = Scores::default();
        if position.outcome().is_some() {
            for seat in position.players().seats() {
                scores[seat] = terminal_score(position, seat).unwrap_or(0.0);
            }
            return scores;
        }
        let logits = self.logits(position);
        for seat in position.players().seats() {
            scores[seat] = points(logits[seat.index()]);
        }
        scores
    }

    fn score_moves(&mut self, position: &Position<B>, moves: &[Move], scores: &mut Vec<f64>) {
        scores.clear();
        let mover = position.to_move();
        if !self.network.features().fits(position) {
            scores.resize(moves.len(), 0.0);
            return;
        }
        let slot = self.locate(position);
        let slot = &self.slots[slot];
        for &mv in moves {
            let mut child = *position;
            child.make_move(mv);
            let seat = judge(mv, mover);
            let score = terminal_score(&child, seat).unwrap_or_else(|| {
                let globals = GlobalCode::of(&child);
                self.changes.between((&slot.position, &slot.globals), (&child, &globals));
                update(&self.network, &self.changes, &slot.accumulators, &mut self.passing);
                activate(&self.network, &self.passing, &mut self.inputs);
                let head = self.network.head(self.network.features().bucket(&child));
                let (half, mut logits) = (self.network.width() / 2, [0; 4]);
                let seats = seat.index()..seat.index() + 1;
                self.network.kernels().logits(head, &self.inputs, half, seats, &mut logits);
                points(logits[seat.index()])
            });
            scores.push(score);
        }
    }
}
