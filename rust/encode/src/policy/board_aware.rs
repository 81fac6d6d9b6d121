//! The layouts made for each board.

use ringrift_rules::{Board, BoardShape, Move, Position};

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
        Move::PlaceRing { to, count } => grid.placement::<B>(to, count),
        Move::MoveStack { from, to }
        | Move::OvertakingCapture { from, to, .. }
        | Move::ContinueCaptureSegment { from, to, .. }
        | Move::RecoverySlide { from, to, .. } => Some(movements + grid.movement::<B>(from, to, 6, hex_direction)?),
        Move::SwapSides => None,
        _ => Some(movements + side * side * 6 * (side - 1)),
    }
}

/// Number of a direction in the order of the hex layouts.
#[inline]
const fn hex_direction(signs: (i32, i32)) -> Option<u32> {
    Some(match signs {
        (1, 0) => 0,
        (0, 1) => 1,
        (-1, 1) => 2,
        (-1, 0) => 3,
        (0, -1) => 4,
        (1, -1) => 5,
        _ => return None,
    })
}
