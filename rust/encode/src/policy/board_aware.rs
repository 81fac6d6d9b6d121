//! The layouts made for each board.

use ringrift_rules::{Board, BoardShape, Cell, Move, Position};

use super::slots::{Grid, SquarePlan};

#[inline]
pub(super) fn slot<B: Board>(position: &Position<B>, mv: Move) -> Option<u32> {
    match B::SPEC.shape {
        BoardShape::Square => square(position, mv),
        BoardShape::Hex => hex::<B>(mv),
    }
}

#[inline]
fn square<B: Board>(position: &Position<B>, mv: Move) -> Option<u32> {
    let plan = const { SquarePlan::new(B::SPEC.size as u32) };
    let after = match mv {
        Move::NoPlacementAction => 0,
        Move::NoMovementAction => 1,
        Move::SkipCapture => 2,
        Move::NoLineAction => 3,
        Move::NoTerritoryAction => 4,
        Move::SkipTerritoryProcessing => 5,
        Move::ForcedElimination { .. } => 6,
        _ => return plan.slot(position, mv),
    };
    Some(plan.end + after)
}

#[inline]
fn hex<B: Board>(mv: Move) -> Option<u32> {
    let side = u32::from(B::SPEC.size);
    let grid = Grid { side };
    let movements = 3 * side * side;
    match mv {
        Move::PlaceRing { to, count } => Some(grid.cell::<B>(to)? * 3 + u32::from(count) - 1),
        Move::MoveStack { from, to }
        | Move::OvertakingCapture { from, to, .. }
        | Move::ContinueCaptureSegment { from, to, .. }
        | Move::RecoverySlide { from, to, .. } => movement::<B>(grid, from, to).map(|slot| movements + slot),
        Move::SwapSides => None,
        _ => Some(movements + side * side * 6 * (side - 1)),
    }
}

#[inline]
fn movement<B: Board>(grid: Grid, from: Cell, to: Cell) -> Option<u32> {
    let (direction, distance) = Grid::step::<B>(from, to);
    let direction = match direction {
        (1, 0) => 0,
        (0, 1) => 1,
        (-1, 1) => 2,
        (-1, 0) => 3,
        (0, -1) => 4,
        (1, -1) => 5,
        _ => return None,
    };
    Some((grid.cell::<B>(from)? * 6 + direction) * (grid.side - 1) + distance - 1)
}
