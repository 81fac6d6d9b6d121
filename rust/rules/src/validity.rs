//! Invariants of positions, and when two positions are equal.

use crate::{
    bits::CellSet,
    board::{Board, Table},
    cell::Cell,
    history::{Chain, HistoryMarks, LpsState},
    options::RuleOptions,
    outcome::Outcome,
    phase::Phase,
    player::{ByPlayer, PlayerCount, PlayerId},
    position::{CellContent, Position, line_pos},
};

impl<B: Board> Position<B> {
    /// Checks the invariants that every legal move keeps; the first broken one is named.
    pub fn check_validity(&self) -> Result<(), String> {
        let geometry = B::geometry();
        let mut rings_on_board = ByPlayer::<u16>::default();
        let mut controlled = ByPlayer::<u16>::default();
        let mut collapsed = ByPlayer::<u16>::default();
        let (mut stamps, mut total) = (Vec::new(), 0);
        for cell in geometry.cells() {
            let kinds = u8::from(self.stack_cells.contains(cell))
                + u8::from(self.marker_cells.contains(cell))
                + u8::from(self.collapsed_cells.contains(cell));
            if kinds > 1 {
                return Err(format!("cell {} holds two things", geometry.key(cell)));
            }
            for axis in 0..B::AXIS_STEPS.len() {
                let at = line_pos::<B>(cell, axis);
                let blocked = self.blocked[at.line as usize] >> at.pos & 1 != 0;
                if blocked != (self.stack_cells | self.collapsed_cells).contains(cell) {
                    return Err(format!("line words disagree at {}", geometry.key(cell)));
                }
            }
            match self.content(cell) {
                CellContent::Stack(stack) => {
                    let rings: Vec<PlayerId> = self.rings.rings_down(stack).collect();
                    let cap = rings.iter().take_while(|&&ring| ring == rings[0]).count();
                    if rings[0] != stack.owner() || cap != stack.cap_height() as usize {
                        return Err(format!("summary of stack {} is wrong", geometry.key(cell)));
                    }
                    total += rings.len();
                    controlled[stack.owner()] += 1;
                    stamps.push(self.stamp(cell));
                    for ring in rings {
                        rings_on_board[ring] += 1;
                    }
                }
                CellContent::Collapsed(owner) => collapsed[owner] += 1,
                CellContent::Empty | CellContent::Marker(_) => {}
            }
        }
        stamps.sort_unstable();
        stamps.dedup();
        if stamps.len() != self.stack_cells.count() as usize {
            return Err("two stacks share a place in the container order".into());
        }
        if !(self.stack_cells | self.marker_cells | self.collapsed_cells).without(B::MASK).is_empty() {
            return Err("something lies beside the board".into());
        }
        if (rings_on_board, controlled, collapsed)
            != (self.rings_on_board, self.stacks_controlled, self.collapsed_count)
        {
            return Err("kept counts differ from the board".into());
        }
        if self.rings.free_count() + total != B::Rings::LEN {
            return Err("ring nodes were lost or doubled".into());
        }
        if self.key() != self.key_from_scratch() {
            return Err("the incremental key differs from the key from scratch".into());
        }
        if (self.phase == Phase::GameOver) != self.outcome.is_some() {
            return Err("phase and outcome disagree on whether the game is over".into());
        }
        Ok(())
    }

    /// Everything that tells positions apart, besides the cells.
    #[allow(clippy::type_complexity, reason = "a list of fields to compare")]
    fn compared_fields(
        &self,
    ) -> (
        (PlayerCount, Phase, PlayerId, Option<Outcome>, Option<(Phase, PlayerId)>),
        (Option<Cell>, Option<Chain>, bool),
        [ByPlayer<u16>; 4],
        (u16, LpsState, HistoryMarks, u32, ByPlayer<u32>, RuleOptions),
    ) {
        (
            (self.players, self.phase, self.to_move, self.outcome, self.before_end),
            (self.must_move, self.chain, self.pending_line_elimination),
            [self.hand, self.eliminated, self.board_eliminated, self.territory],
            (self.total_eliminated, self.lps, self.history, self.turn, self.eliminated_in_turn, self.rules),
        )
    }
}

/// Positions are equal when every later game from them is: same board, rings, container order, counters, history marks.
impl<B: Board> PartialEq for Position<B> {
    fn eq(&self, other: &Self) -> bool {
        let occupied = self.stack_cells | self.marker_cells | self.collapsed_cells;
        self.stack_cells == other.stack_cells
            && self.marker_cells == other.marker_cells
            && self.collapsed_cells == other.collapsed_cells
            && self.compared_fields() == other.compared_fields()
            && self.chain_visited() == other.chain_visited()
            && occupied.iter().all(|cell| self.owner(cell) == other.owner(cell))
            && self
                .stack_cells
                .iter()
                .all(|cell| self.rings.rings_down(self.stack_at(cell)).eq(other.rings.rings_down(other.stack_at(cell))))
            && self.stacks_in_order() == other.stacks_in_order()
    }
}

impl<B: Board> Eq for Position<B> {}

impl<B: Board> std::hash::Hash for Position<B> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u64(self.key());
    }
}
