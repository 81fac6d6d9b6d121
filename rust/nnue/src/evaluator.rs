//! The evaluator: positions of any order, each from the nearest one that is still known.

use std::sync::Arc;

use ringrift_eval::{Evaluator, LOSS, Scale, Scores, WIN, judge, terminal_score};
use ringrift_rules::{Board, Move, PlayerId, Position, RuleOptions};

use crate::architecture::OUTPUT_SCALE;
use crate::blocks::{Block, Inputs};
use crate::changes::Change;
use crate::codes::GlobalCode;
use crate::error::NetworkError;
use crate::network::Network;

/// Positions that are remembered with their accumulators.
const SLOTS: usize = 4;
/// A distance that is worth no comparison with a start from nothing.
const NEAR: u32 = 4;

/// A position and its accumulators, by seat one after the other.
#[derive(Clone)]
struct Slot<B: Board> {
    position: Position<B>,
    globals: GlobalCode,
    accumulators: Vec<Block>,
    /// When it was used last; 0 if it holds nothing yet.
    used: u64,
}

impl<B: Board> Slot<B> {
    #[inline]
    fn hold(&mut self, position: &Position<B>, globals: GlobalCode, clock: u64) {
        self.position = *position;
        self.globals = globals;
        self.used = clock;
    }
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
    change: Change,
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
        let slot = Slot {
            position: Position::initial(network.players(), RuleOptions::standard(B::KIND, network.players())),
            globals: GlobalCode::default(),
            accumulators: network.biases().to_vec(),
            used: 0,
        };
        Ok(Self {
            change: Change::new(network.features()),
            slots: vec![slot; SLOTS],
            clock: 0,
            inputs: Inputs::ZERO,
            passing: network.biases().to_vec(),
            network,
        })
    }

    /// The network.
    pub const fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// Logits of the seats in units of [`OUTPUT_SCALE`]; 0 for positions of another number of players.
    pub fn logits(&mut self, position: &Position<B>) -> [i32; 4] {
        let features = self.network.features();
        if !features.fits(position) {
            return [0; 4];
        }
        self.locate(position);
        let head = self.network.head(features.bucket(position));
        self.network.kernels().logits(self.network.rows(), head, &self.inputs)
    }

    /// Forgets the positions that are remembered: the next one is evaluated from nothing. Scores stay the same.
    pub fn forget(&mut self) {
        for slot in &mut self.slots {
            slot.used = 0;
        }
    }

    /// The slot that holds the accumulators of a position, which fits the network. Its activations are in `inputs`.
    fn locate(&mut self, position: &Position<B>) -> usize {
        self.clock += 1;
        let globals = GlobalCode::of(position);
        let (kernels, rows) = (self.network.kernels(), self.network.rows());
        let Some(base) = self.nearest(position) else {
            self.change.start(position, &globals);
            let target = oldest(&self.slots, usize::MAX);
            let slot = &mut self.slots[target];
            kernels.update(rows, self.network.biases(), &self.change, &mut slot.accumulators, &mut self.inputs);
            slot.hold(position, globals, self.clock);
            return target;
        };
        let slot = &mut self.slots[base];
        slot.used = self.clock;
        self.change.between((&slot.position, &slot.globals), (position, &globals));
        if self.change.is_empty() {
            kernels.activate(rows, &slot.accumulators, &mut self.inputs);
            return base;
        }
        let target = oldest(&self.slots, base);
        let (base, slot) = two(&mut self.slots, base, target);
        kernels.update(rows, &base.accumulators, &self.change, &mut slot.accumulators, &mut self.inputs);
        slot.hold(position, globals, self.clock);
        target
    }

    /// The slot of the most similar position; none if a start from nothing is nearer.
    #[inline]
    fn nearest(&self, position: &Position<B>) -> Option<usize> {
        let (mut least, mut nearest) = (u32::MAX, None);
        for (index, slot) in self.slots.iter().enumerate() {
            let distance = position.distance(&slot.position);
            if distance < least && slot.used > 0 {
                (least, nearest) = (distance, Some(index));
            }
        }
        nearest.filter(|_| least <= NEAR || least <= position.occupied())
    }
}

/// The slot that was used longest ago, and is not `base`.
#[inline]
fn oldest<B: Board>(slots: &[Slot<B>], base: usize) -> usize {
    let (mut least, mut found) = (u64::MAX, 0);
    for (index, slot) in slots.iter().enumerate() {
        if index != base && slot.used < least {
            (least, found) = (slot.used, index);
        }
    }
    found
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
        let (kernels, rows) = (self.network.kernels(), self.network.rows());
        for &mv in moves {
            let mut child = *position;
            child.make_move(mv);
            let seat = judge(mv, mover);
            let score = terminal_score(&child, seat).unwrap_or_else(|| {
                let globals = GlobalCode::of(&child);
                self.change.between((&slot.position, &slot.globals), (&child, &globals));
                kernels.update(rows, &slot.accumulators, &self.change, &mut self.passing, &mut self.inputs);
                let head = self.network.head(self.network.features().bucket(&child));
                points(kernels.logit(rows, head, &self.inputs, seat.index()))
            });
            scores.push(score);
        }
    }
}
