//! Recovery of a player without stacks. Source: RR-CANON-R110..R115, rules.md section 8.

use crate::{
    bits::CellSet,
    board::Board,
    cell::Cell,
    moves::{LineSpan, Move, MoveList, RecoveryMode},
    player::PlayerId,
    position::Position,
};

impl<B: Board> Position<B> {
    /// Whether the player may recover: no stack, a marker, and a buried ring. Source: RR-CANON-R110.
    #[inline]
    pub fn is_recovery_eligible(&self, player: PlayerId) -> bool {
        self.stacks_controlled[player] == 0 && self.rings_on_board[player] > 0 && !self.markers_of(player).is_empty()
    }

    /// The line through `to` after the player's marker has slid there from `from`: along the first axis on which the
    /// run is long enough.
    pub(crate) fn recovery_line(&self, player: PlayerId, from: Cell, to: Cell) -> Option<LineSpan> {
        let mut markers = self.markers_of(player);
        markers.remove(from);
        for (axis, &step) in B::AXIS_STEPS.iter().enumerate() {
            let reach = |step: i32| {
                let mut count = 0;
                while markers.contains(to.offset(step, count + 1)) {
                    count += 1;
                }
                count
            };
            let (before, after) = (reach(-step), reach(step));
            if before + 1 + after >= self.line_length() {
                let first = to.offset(-step, before);
                return Some(LineSpan { first, axis: axis as u8, len: (before + 1 + after) as u8 });
            }
        }
        None
    }

    /// The stack that pays for a recovery: the first in container order whose lowest ring of the player is not its
    /// top ring.
    pub fn recovery_payer(&self, player: PlayerId) -> Option<Cell> {
        self.buried_stacks(player).iter().min_by_key(|&cell| self.stamp(cell))
    }

    /// Stacks in which the player has a ring below the top.
    pub(crate) fn buried_stacks(&self, player: PlayerId) -> B::Cells {
        let mut cells = B::Cells::EMPTY;
        for cell in self.stack_cells.iter() {
            if self.rings.lowest(self.stack_at(cell), player).is_some_and(|depth| depth > 0) {
                cells.insert(cell);
            }
        }
        cells
    }

    /// `recovery_slide` moves and `skip_recovery`, which is offered even when no slide is possible; nothing for a player
    /// who may not recover.
    pub(crate) fn generate_recoveries(&self, player: PlayerId, list: &mut MoveList) {
        if !self.is_recovery_eligible(player) {
            return;
        }
        let begin = list.len();
        for (from, to) in self.recovery_slides(player) {
            if !self.stack_cells.contains(to)
                && let Some(line) = self.recovery_line(player, from, to)
            {
                list.push(Move::RecoverySlide { from, to, mode: RecoveryMode::LineAll });
                if line.len() > self.line_length() {
                    list.push(Move::RecoverySlide { from, to, mode: RecoveryMode::LineSegment });
                }
            }
        }
        if list.len() == begin {
            for (from, to) in self.recovery_slides(player) {
                let mode =
                    if self.stack_cells.contains(to) { RecoveryMode::StackStrike } else { RecoveryMode::Fallback };
                list.push(Move::RecoverySlide { from, to, mode });
            }
        }
        list.push(Move::SkipRecovery);
    }

    /// Own markers and the neighbouring cells that they could slide or strike to.
    fn recovery_slides(&self, player: PlayerId) -> impl Iterator<Item = (Cell, Cell)> + '_ {
        let open = B::MASK.without(self.marker_cells | self.collapsed_cells);
        self.markers_of(player).iter().flat_map(move |from| {
            B::AXIS_STEPS
                .iter()
                .flat_map(|&step| [step, -step])
                .map(move |step| (from, from.offset(step, 1)))
                .filter(move |&(_, to)| open.contains(to))
        })
    }
}
