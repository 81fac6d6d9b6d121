//! Movements, and the captures that may replace them. Source: RR-CANON-R090..R092, rules.md section 6.

use crate::{
    bits::CellSet,
    board::Board,
    moves::{Move, MoveList},
    player::PlayerId,
    position::Position,
};

impl<B: Board> Position<B> {
    /// Movements and captures of all stacks that may move.
    pub(crate) fn generate_movements(&self, player: PlayerId, list: &mut MoveList) {
        let mut movers = self.stacks_of(player);
        if let Some(must) = self.must_move {
            movers &= B::Cells::single(must);
        }
        for from in movers.iter() {
            let stack = self.stack_at(from);
            let (height, cap) = (stack.height(), stack.cap_height());
            self.for_each_ray(from, |ray| {
                for distance in height..ray.distance {
                    list.push(Move::MoveStack { from, to: from.offset(ray.step, distance) });
                }
                let over = from.offset(ray.step, ray.distance);
                if self.stack_cells.contains(over) && self.stack_at(over).cap_height() <= cap {
                    let first = height.saturating_sub(ray.distance).max(1);
                    for beyond in first..ray.beyond() {
                        let to = over.offset(ray.step, beyond);
                        list.push(Move::OvertakingCapture { from, over, to });
                    }
                }
            });
        }
    }

    /// Whether any stack of the player can move or capture, whatever stack must move.
    pub(crate) fn has_any_movement(&self, player: PlayerId) -> bool {
        let movers = self.stacks_of(player);
        movers.iter().any(|from| {
            let height = self.stack_at(from).height();
            self.any_ray(from, |ray| ray.distance > height)
        }) || movers.iter().any(|from| self.can_capture_at(from, player))
    }
}
