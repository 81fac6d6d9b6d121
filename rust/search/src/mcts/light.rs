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
const WEIGHTS: [i8; FEATURES] = [
    1,  // PlaceTwo
    2,  // PlaceThree
    -2, // PlaceOnOwn
    1,  // PlaceOnForeign
    1,  // PlaceByForeign
    0,  // PlaceByOwn
    0,  // PlaceByMarker
    -4, // SkipPlacement
    0,  // Move
    10, // FinishesLine
    -2, // LandsOnOwnMarker
    -1, // LandsOnForeignMarker
    2,  // CrossesOwn
    2,  // CrossesForeign
    -1, // LandsByForeign
    1,  // LeavesForeign
    1,  // LeavesMarkers
    0,  // Tall
    4,  // Capture
    4,  // CapturesForeign
    2,  // CapturedCap
    -2, // ContinuesOwn
    2,  // SkipCapture
    8,  // RecoveryLine
    1,  // RecoveryStrike
    -2, // SkipRecovery
    0,  // LineAll
    -1, // PaysTall
    1,  // PaysSingle
    8,  // Territory
    -8, // SkipTerritory
    -1, // GivesCap
    2,  // Swap
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
    use ringrift_rules::{BoardKind, Hexagonal, MoveList, PlayerCount, RuleOptions, Square8};

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
            (ranked.sort_unstable(), listed.sort_unstable());
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
}
