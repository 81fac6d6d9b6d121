//! Priors from what a move visibly does: nothing is evaluated, and no child is made.
//!
//! A move's weight is 2 to the power of a sum of small whole numbers, so that a table gives it and sorting is counting.

use ringrift_rules::{Board, Cell, CellSet, EliminationContext, Move, PlayerId, Position, RecoveryMode, Stack};

use super::tree::Candidate;

/// Units per doubling of the weight.
const UNITS: i32 = 4;

/// Number of different weights.
const STEPS: usize = 64;

/// Greatest weight that priors are made from; keeps sums of thousands of them finite.
pub(super) const WEIGHT_MAX: f32 = 1e30;

/// What a move can be seen to do.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(usize)]
pub(super) enum Feature {
    PlaceTwo,
    PlaceThree,
    PlaceOnOwn,
    PlaceOnForeign,
    PlaceByForeign,
    PlaceByOwn,
    PlaceByMarker,
    SkipPlacement,
    Move,
    FinishesLine,
    LandsOnOwnMarker,
    LandsOnForeignMarker,
    CrossesOwn,
    CrossesForeign,
    LandsByForeign,
    LeavesForeign,
    LeavesMarkers,
    Tall,
    Capture,
    CapturesForeign,
    CapturedCap,
    ContinuesOwn,
    SkipCapture,
    RecoveryLine,
    RecoveryStrike,
    SkipRecovery,
    LineAll,
    PaysTall,
    PaysSingle,
    Territory,
    SkipTerritory,
    GivesCap,
    Swap,
}

/// Number of features.
pub(super) const FEATURES: usize = Feature::Swap as usize + 1;

/// Units per feature.
///
/// Tuned: `fit_weights` below, times 2.5, as visits spread more than moves differ. Against uniform priors at 300 simulations,
/// matches with two players: 0.69 of the wins on square8, 0.81 on hex8.
const WEIGHTS: [i8; FEATURES] = [
    9,  // PlaceTwo
    21, // PlaceThree
    5,  // PlaceOnOwn
    30, // PlaceOnForeign
    2,  // PlaceByForeign
    -2, // PlaceByOwn
    3,  // PlaceByMarker
    -3, // SkipPlacement
    1,  // Move
    2,  // FinishesLine
    -6, // LandsOnOwnMarker
    -6, // LandsOnForeignMarker
    2,  // CrossesOwn
    3,  // CrossesForeign
    3,  // LandsByForeign
    2,  // LeavesForeign
    1,  // LeavesMarkers
    4,  // Tall
    -1, // Capture
    11, // CapturesForeign
    2,  // CapturedCap
    -6, // ContinuesOwn
    0,  // SkipCapture
    1,  // RecoveryLine
    9,  // RecoveryStrike
    2,  // SkipRecovery
    3,  // LineAll
    4,  // PaysTall
    4,  // PaysSingle
    9,  // Territory
    -9, // SkipTerritory
    4,  // GivesCap
    0,  // Swap
];

/// Sets of cells of one position that the features look at.
pub(super) struct Scene<'p, B: Board> {
    position: &'p Position<B>,
    mover: PlayerId,
    own_markers: B::Cells,
    markers: B::Cells,
    /// Cells where a marker of the mover would complete a line.
    finishers: B::Cells,
    by_own: B::Cells,
    by_foreign: B::Cells,
    by_marker: B::Cells,
}

/// The cells next to these.
fn around<B: Board>(cells: B::Cells) -> B::Cells {
    B::AXIS_STEPS.iter().fold(B::Cells::EMPTY, |all, &step| all | cells.shifted(step) | cells.shifted(-step))
}

/// Cells where one more marker makes a run of `length` of these.
fn finishers<B: Board>(markers: B::Cells, length: usize) -> B::Cells {
    let mut found = B::Cells::EMPTY;
    for &step in B::AXIS_STEPS {
        // At `i`: cells with at least `i` markers right before them, and right after them.
        let (mut before, mut after) = ([!B::Cells::EMPTY; 4], [!B::Cells::EMPTY; 4]);
        (before[1], after[1]) = (markers.shifted(step), markers.shifted(-step));
        for i in 2..4 {
            before[i] = before[i - 1].shifted(step) & before[1];
            after[i] = after[i - 1].shifted(-step) & after[1];
        }
        for i in 0..length.min(4) {
            found |= before[i] & after[length.min(4) - 1 - i];
        }
    }
    found
}

impl<'p, B: Board> Scene<'p, B> {
    pub(super) fn new(position: &'p Position<B>) -> Self {
        let mover = position.to_move();
        let own_markers = position.markers_of(mover);
        let own = position.stacks_of(mover);
        let length = B::SPEC.line_length(position.players()) as usize;
        Self {
            position,
            mover,
            own_markers,
            markers: position.marker_cells(),
            finishers: if own_markers.is_empty() { B::Cells::EMPTY } else { finishers::<B>(own_markers, length) },
            by_own: around::<B>(own),
            by_foreign: around::<B>(position.stack_cells().without(own)),
            by_marker: around::<B>(own_markers),
        }
    }

    /// Own and foreign markers strictly between two cells of a straight line.
    #[inline]
    fn crossed(&self, from: Cell, to: Cell) -> (i32, i32) {
        let geometry = B::geometry();
        let (mut own, mut foreign) = (0, 0);
        for (axis, &step) in B::AXIS_STEPS.iter().enumerate() {
            if geometry.line(from, axis) == geometry.line(to, axis) {
                let gap = to.index() as i32 - from.index() as i32;
                let step = if (gap > 0) == (step > 0) { step } else { -step };
                for i in 1..gap / step {
                    let cell = from.offset(step, i as u32);
                    if self.markers.contains(cell) {
                        if self.own_markers.contains(cell) { own += 1 } else { foreign += 1 }
                    }
                }
                break;
            }
        }
        (own, foreign)
    }

    #[inline]
    fn journey(&self, from: Cell, over: Option<Cell>, to: Cell, add: &mut impl FnMut(Feature, i32)) {
        let flag = |set: &B::Cells, cell: Cell| i32::from(set.contains(cell));
        add(Feature::FinishesLine, flag(&self.finishers, from));
        if self.markers.contains(to) {
            let own = self.own_markers.contains(to);
            add(if own { Feature::LandsOnOwnMarker } else { Feature::LandsOnForeignMarker }, 1);
        }
        if !self.markers.is_empty() {
            let (mut own, mut foreign) = self.crossed(from, over.unwrap_or(to));
            if let Some(over) = over {
                let more = self.crossed(over, to);
                (own, foreign) = (own + more.0, foreign + more.1);
            }
            add(Feature::CrossesOwn, own.min(3));
            add(Feature::CrossesForeign, foreign.min(3));
            add(Feature::LeavesMarkers, flag(&self.by_marker, from));
        }
        add(Feature::LandsByForeign, flag(&self.by_foreign, to));
        add(Feature::LeavesForeign, flag(&self.by_foreign, from));
        add(Feature::Tall, i32::from(self.position.stack(from).is_some_and(|stack| stack.height() > 2)));
    }

    /// Calls `add` with what a move does, and how much.
    #[inline]
    pub(super) fn features(&self, mv: Move, mut add: impl FnMut(Feature, i32)) {
        let cap = |stack: Option<Stack>| stack.map_or(0, |stack| stack.cap_height().min(4) as i32 - 1);
        let flag = |set: &B::Cells, cell: Cell| i32::from(set.contains(cell));
        match mv {
            Move::PlaceRing { to, count } => {
                match self.position.stack(to) {
                    Some(stack) if stack.owner() == self.mover => add(Feature::PlaceOnOwn, 1),
                    Some(_) => add(Feature::PlaceOnForeign, 1),
                    None if count == 2 => add(Feature::PlaceTwo, 1),
                    None if count >= 3 => add(Feature::PlaceThree, 1),
                    None => {}
                }
                add(Feature::PlaceByForeign, flag(&self.by_foreign, to));
                add(Feature::PlaceByOwn, flag(&self.by_own, to));
                add(Feature::PlaceByMarker, flag(&self.by_marker, to));
            }
            Move::SkipPlacement => add(Feature::SkipPlacement, 1),
            Move::SwapSides => add(Feature::Swap, 1),
            Move::MoveStack { from, to } => {
                add(Feature::Move, 1);
                self.journey(from, None, to, &mut add);
            }
            Move::OvertakingCapture { from, over, to } | Move::ContinueCaptureSegment { from, over, to } => {
                let target = self.position.stack(over);
                let foreign = target.is_some_and(|stack| stack.owner() != self.mover);
                add(Feature::Capture, 1);
                add(Feature::CapturesForeign, i32::from(foreign));
                add(Feature::CapturedCap, if foreign { cap(target) } else { 0 });
                add(Feature::ContinuesOwn, i32::from(!foreign && self.position.chain().is_some()));
                self.journey(from, Some(over), to, &mut add);
            }
            Move::SkipCapture => add(Feature::SkipCapture, 1),
            Move::RecoverySlide { mode, .. } => match mode {
                RecoveryMode::LineAll | RecoveryMode::LineSegment => add(Feature::RecoveryLine, 1),
                RecoveryMode::StackStrike => add(Feature::RecoveryStrike, 1),
                RecoveryMode::Fallback => {}
            },
            Move::SkipRecovery => add(Feature::SkipRecovery, 1),
            Move::ProcessLine { .. } => add(Feature::LineAll, 1),
            Move::ChooseLineOption { window, .. } => add(Feature::LineAll, i32::from(window.start().is_none())),
            Move::EliminateRingsFromStack { from, context } => {
                let stack = self.position.stack(from);
                let height = stack.map_or(0, Stack::height);
                add(Feature::PaysSingle, i32::from(height == 1));
                match context {
                    EliminationContext::Line => add(Feature::PaysTall, i32::from(height > 2)),
                    EliminationContext::Territory | EliminationContext::Recovery => add(Feature::GivesCap, cap(stack)),
                }
            }
            Move::ChooseTerritoryOption { .. } => add(Feature::Territory, 1),
            Move::SkipTerritoryProcessing => add(Feature::SkipTerritory, 1),
            Move::ForcedElimination { from } => add(Feature::GivesCap, cap(self.position.stack(from))),
            Move::NoPlacementAction | Move::NoMovementAction | Move::NoLineAction | Move::NoTerritoryAction => {}
        }
    }
}

/// Ranks moves by their features.
#[derive(Clone, Debug)]
pub(crate) struct LightPriors {
    weights: [f32; STEPS],
    steps: Vec<u8>,
}

impl Default for LightPriors {
    fn default() -> Self {
        // The fourth roots of 2, and exact powers of it.
        const ROOTS: [f32; UNITS as usize] = [1.0, 1.189_207_1, std::f32::consts::SQRT_2, 1.681_792_8];
        let weights = std::array::from_fn(|step| {
            let units = step as i32 - STEPS as i32 / 2;
            ROOTS[units.rem_euclid(UNITS) as usize] * f32::from_bits(((units.div_euclid(UNITS) + 127) as u32) << 23)
        });
        Self { weights, steps: Vec::new() }
    }
}

impl LightPriors {
    /// See [`super::Leaves::rank`].
    pub(crate) fn rank<B: Board>(
        &mut self,
        position: &Position<B>,
        moves: &[Move],
        keep: usize,
        ranked: &mut Vec<Candidate>,
    ) {
        let scene = Scene::new(position);
        let mut counts = [0u16; STEPS];
        self.steps.clear();
        self.steps.extend(moves.iter().map(|&mv| {
            let mut units = STEPS as i32 / 2;
            scene.features(mv, |feature, amount| units += i32::from(WEIGHTS[feature as usize]) * amount);
            let step = units.clamp(0, STEPS as i32 - 1) as u8;
            counts[usize::from(step)] += 1;
            step
        }));
        let sum: f32 = counts.iter().zip(&self.weights).map(|(&count, weight)| f32::from(count) * weight).sum();
        let per_weight = 1.0 / sum;
        // Counting sort from the greatest weight down; `counts` becomes the place of the next move of each weight.
        let mut place = 0;
        for count in counts.iter_mut().rev() {
            place += std::mem::replace(count, place);
        }
        let kept = keep.min(moves.len());
        ranked.clear();
        ranked.resize(kept, Candidate { mv: Move::SkipPlacement, prior: 0.0 });
        for (&mv, &step) in moves.iter().zip(&self.steps) {
            let place = &mut counts[usize::from(step)];
            if let Some(slot) = ranked.get_mut(usize::from(*place)) {
                *slot = Candidate { mv, prior: self.weights[usize::from(step)] * per_weight };
            }
            *place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use ringrift_rules::{BoardKind, Hex8, Hexagonal, MoveList, PlayerCount, RuleOptions, Square8};

    use super::*;

    fn ranks_of<B: Board>() {
        let players = PlayerCount::Two;
        let mut position = Position::<B>::initial(players, RuleOptions::standard(B::KIND, players));
        let (mut moves, mut all, mut some) = (MoveList::new(), Vec::new(), Vec::new());
        let mut light = LightPriors::default();
        let mut rng = ringrift_eval::GameRng::new(5, 0, 0);
        for _ in 0..150 {
            position.legal_moves(&mut moves);
            if moves.is_empty() {
                break;
            }
            light.rank(&position, &moves, moves.len(), &mut all);
            light.rank(&position, &moves, 8, &mut some);
            assert_eq!(all[..some.len()], some[..], "fewer are the first ones of all");
            assert!((all.iter().map(|c| c.prior).sum::<f32>() - 1.0).abs() < 1e-4);
            assert!(all.windows(2).all(|pair| pair[0].prior >= pair[1].prior));
            let mut ranked: Vec<Move> = all.iter().map(|c| c.mv).collect();
            let mut listed = moves.clone();
            ranked.sort_unstable();
            listed.sort_unstable();
            assert_eq!(ranked, listed);
            position.make_move(moves[rng.below(moves.len())]);
        }
    }

    #[test]
    fn ranking_is_a_sorted_distribution_over_all_moves() {
        ranks_of::<Square8>();
        ranks_of::<Hexagonal>();
    }

    #[test]
    fn finishers_complete_runs_by_hand_count() {
        let geometry = BoardKind::Square8.geometry();
        let cell = |x: i32, y: i32| geometry.cells().find(|&c| geometry.coord(c) == ringrift_rules::Coord { x, y });
        let mut markers = <Square8 as Board>::Cells::EMPTY;
        for x in [1, 2, 4] {
            markers.insert(cell(x, 3).expect("on the board"));
        }
        let four: Vec<Cell> = (finishers::<Square8>(markers, 4) & Square8::MASK).iter().collect();
        assert_eq!(four, [cell(3, 3).expect("on the board")]);
        let three = finishers::<Square8>(markers, 3) & Square8::MASK;
        assert_eq!(three.count(), 2, "0,3 and 3,3");
    }

    /// Fits the weights to the visits of searches with uniform priors, and prints them: how `WEIGHTS` were made.
    ///
    /// `cargo test --release -p ringrift-search fit_weights -- --ignored --nocapture`
    #[test]
    #[ignore = "a tool, which takes minutes"]
    #[allow(clippy::print_stdout, reason = "a tool")]
    fn fit_weights() {
        let mut samples = Vec::new();
        for players in PlayerCount::ALL {
            collect::<Square8>(players, if players == PlayerCount::Two { 150 } else { 50 }, &mut samples);
            collect::<Hex8>(players, if players == PlayerCount::Two { 150 } else { 50 }, &mut samples);
        }
        let mut weights = [0.0; FEATURES];
        let count = samples.len() as f64;
        for round in 0..3000 {
            let mut slope = [0.0; FEATURES];
            let mut loss = 0.0;
            for sample in &samples {
                let logits: Vec<f64> =
                    sample.iter().map(|(row, _)| row.iter().map(|&(i, n)| weights[i] * n).sum::<f64>()).collect();
                let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = logits.iter().map(|logit| (logit - top).exp()).sum();
                for ((row, share), logit) in sample.iter().zip(&logits) {
                    let probability = (logit - top).exp() / sum;
                    loss -= share * probability.ln() / count;
                    for &(i, n) in row {
                        slope[i] += (share - probability) * n / count;
                    }
                }
            }
            for (weight, slope) in weights.iter_mut().zip(slope) {
                *weight += 1.5 * (slope - 1e-4 * *weight);
            }
            if round % 500 == 0 || round == 2999 {
                println!("round {round}: loss {loss:.4} nats over {count} positions");
            }
        }
        for (index, weight) in weights.iter().enumerate() {
            let units = (weight * f64::from(UNITS) * std::f64::consts::LOG2_E).round();
            println!("    {index:>2}: {units:>3}  ({weight:.3} nats)");
        }
    }

    type Sample = Vec<(Vec<(usize, f64)>, f64)>;

    fn collect<B: Board>(players: PlayerCount, games: u64, samples: &mut Vec<Sample>) {
        use ringrift_eval::{GameRng, Scale};
        use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};

        use crate::mcts::{EvaluatorLeaves, Mcts, MctsOptions, Priors, Temperature};
        use crate::{Limits, Search, Stop};

        let options = HeuristicOptions { mode: EvalMode::Light, ..HeuristicOptions::default() };
        let heuristic = Heuristic::<B>::new(Weights::default(), options);
        let scale = Scale::new(300.0).expect("a scale");
        let leaves = EvaluatorLeaves::new(heuristic, scale, Priors::Uniform).expect("valid");
        let temperature = Some(Temperature { opening: 1.0, plies: 10_000, later: 1.0 });
        let options = MctsOptions { temperature, reuse: false, ..MctsOptions::default() };
        let mut search = Mcts::new(&leaves, scale, options).expect("valid");
        let limits = Limits::nodes(1000).expect("a budget");
        let mut moves = MoveList::new();
        for game in 0..games {
            let mut rng = GameRng::new(31, game, 0);
            let mut position = Position::<B>::initial(players, RuleOptions::standard(B::KIND, players));
            loop {
                position.legal_moves(&mut moves);
                let mv = match moves[..] {
                    [] => break,
                    [only] => only,
                    _ if rng.chance(0.3) => {
                        let found = search.search(&position, &moves, &limits, &Stop::new(), &mut rng).expect("moves");
                        let scene = Scene::new(&position);
                        let sample = found
                            .lines
                            .iter()
                            .map(|line| {
                                let mut row = Vec::new();
                                scene.features(line.mv, |feature, amount| {
                                    if amount != 0 {
                                        row.push((feature as usize, f64::from(amount)));
                                    }
                                });
                                (row, line.policy)
                            })
                            .collect();
                        samples.push(sample);
                        found.best
                    }
                    _ => moves[rng.below(moves.len())],
                };
                position.make_move(mv);
            }
        }
    }
}
