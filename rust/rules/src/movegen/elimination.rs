//! Eliminations from stacks: payments and forced elimination. Source: RR-CANON-R100, R122, R145; rules.md 9, 10.

use crate::{
    bits::CellSet,
    board::Board,
    moves::{EliminationContext, Move, MoveList},
    player::PlayerId,
    position::Position,
};

impl<B: Board> Position<B> {
    pub(crate) fn generate_eliminations(payers: B::Cells, context: EliminationContext, list: &mut MoveList) {
        for from in payers.iter() {
            list.push(Move::EliminateRingsFromStack { from, context });
        }
    }

    /// Every controlled stack if the player cannot act; else only the first in container order.
    pub(crate) fn generate_forced_eliminations(&self, player: PlayerId, list: &mut MoveList) {
        let stacks = self.stacks_of(player);
        if self.has_real_action(player) {
            let first = stacks.iter().min_by_key(|&cell| self.stamp(cell));
            list.extend(first.map(|from| Move::ForcedElimination { from }));
        } else {
            list.extend(stacks.iter().map(|from| Move::ForcedElimination { from }));
        }
    }
}
