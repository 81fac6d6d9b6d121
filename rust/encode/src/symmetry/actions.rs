//! Where the indices of upstream's layouts go.

use ringrift_rules::{
    Board, BoardKind, CellSet as _, EliminationContext, Hex8, Hexagonal, Move, PlayerCount, Position, RuleOptions,
    Square8, Square19,
};

use super::Symmetry;
use crate::policy::PolicyLayout;

/// Marks indices without image.
pub(super) const NONE: u32 = u32::MAX;

pub(super) fn table(symmetry: Symmetry, layout: PolicyLayout) -> Vec<u32> {
    match symmetry.board() {
        BoardKind::Square8 => table_on::<Square8>(symmetry, layout),
        BoardKind::Square19 => table_on::<Square19>(symmetry, layout),
        BoardKind::Hex8 => table_on::<Hex8>(symmetry, layout),
        BoardKind::Hexagonal => table_on::<Hexagonal>(symmetry, layout),
    }
}

fn table_on<B: Board>(symmetry: Symmetry, layout: PolicyLayout) -> Vec<u32> {
    let mut table = vec![NONE; layout.size(B::KIND) as usize];
    // The moves below have indices that no position changes.
    let position = Position::<B>::initial(PlayerCount::Two, RuleOptions::standard(B::KIND, PlayerCount::Two));
    let mut map = |mv: Move, image: Move| {
        if let (Some(from), Some(to)) = (layout.index_on(&position, mv), layout.index_on(&position, image)) {
            table[from.get() as usize] = to.get();
        }
    };
    for from in B::geometry().cells() {
        let image = symmetry.cell(from);
        for count in 1..=3 {
            map(Move::PlaceRing { to: from, count }, Move::PlaceRing { to: image, count });
        }
        let context = EliminationContext::Line;
        map(Move::EliminateRingsFromStack { from, context }, Move::EliminateRingsFromStack { from: image, context });
        for &step in B::AXIS_STEPS {
            for step in [step, -step] {
                let mut to = from.offset(step, 1);
                while B::MASK.contains(to) {
                    map(Move::MoveStack { from, to }, Move::MoveStack { from: image, to: symmetry.cell(to) });
                    to = to.offset(step, 1);
                }
            }
        }
        map(Move::ForcedElimination { from }, Move::ForcedElimination { from: image });
    }
    for mv in [
        Move::SkipPlacement,
        Move::SwapSides,
        Move::SkipRecovery,
        Move::NoPlacementAction,
        Move::NoMovementAction,
        Move::SkipCapture,
        Move::NoLineAction,
        Move::NoTerritoryAction,
        Move::SkipTerritoryProcessing,
    ] {
        map(mv, mv);
    }
    if let Some(index) = layout.line_options(B::KIND) {
        table[index.get() as usize] = index.get();
    }
    table
}
