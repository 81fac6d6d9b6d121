//! The layout of old checkpoints: one 19 x 19 grid for all boards.

use ringrift_rules::{Board, Move, Position};

use super::slots::SquarePlan;

const PLAN: SquarePlan = SquarePlan::new(19);

#[inline]
pub(super) fn slot<B: Board>(position: &Position<B>, mv: Move) -> Option<u32> {
    PLAN.slot(position, mv)
}
