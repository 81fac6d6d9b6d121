//! Ring placement, the no-dead-placement rule, and skipping a placement.
//! Source: RR-CANON-R080..R082, rules.md section 5.

use crate::{
    bits::CellSet,
    board::Board,
    cell::Cell,
    moves::{Move, MoveList},
    player::PlayerId,
    position::Position,
};

impl<B: Board> Position<B> {
    /// Rings that the player may put on the board now.
    #[inline]
    fn placeable_rings(&self, player: PlayerId) -> u32 {
        let room = B::SPEC.rings_per_player.saturating_sub(self.rings_on_board[player]);
        u32::from(room.min(self.hand[player]))
    }

    /// Cells from which a new stack of `k` rings could step or move at least `k` cells, for `k` in 1, 2, 3.
    #[inline]
    fn mobile_cells(&self) -> [B::Cells; 3] {
        let free = B::MASK.without(self.stack_cells | self.collapsed_cells);
        let mut mobile = [B::Cells::EMPTY; 3];
        for &step in B::AXIS_STEPS {
            for step in [step, -step] {
                // `runs` holds the cells whose next 1, 2, 3 cells in this direction are free.
                let next = free.shifted(-step);
                let mut runs = next;
                mobile[0] |= runs;
                for cells in &mut mobile[1..] {
                    runs = next & runs.shifted(-step);
                    *cells |= runs;
                }
            }
        }
        mobile
    }

    /// Largest number of rings, up to `most`, whose stack on the empty cell `to` could move or capture; smaller
    /// numbers are then legal without a test of their own, as recorded games have it.
    fn largest_live_count(&self, to: Cell, most: u32, mobile: &[B::Cells; 3]) -> u32 {
        (1..=most)
            .rev()
            .find(|&count| mobile[count as usize - 1].contains(to) || self.can_capture_from(to, count, count))
            .unwrap_or(0)
    }

    /// Whether one more ring on the stack at `to` could move or capture from there.
    fn is_live_on_stack(&self, to: Cell, player: PlayerId) -> bool {
        let stack = self.stack_at(to);
        let height = stack.height() + 1;
        let cap = if stack.owner() == player { stack.cap_height() + 1 } else { 1 };
        self.any_ray(to, |ray| ray.distance > height) || self.can_capture_from(to, height, cap)
    }

    /// All `place_ring` moves.
    pub(crate) fn generate_placements(&self, player: PlayerId, list: &mut MoveList) {
        let most = self.placeable_rings(player).min(3);
        if most == 0 {
            return;
        }
        let mobile = self.mobile_cells();
        let empty = B::MASK.without(self.stack_cells | self.marker_cells | self.collapsed_cells);
        let sure = mobile[most as usize - 1] & empty;
        list.reserve(3 * B::SPEC.cells as usize);
        for to in sure.iter() {
            for count in 1..=most as u8 {
                list.push(Move::PlaceRing { to, count });
            }
        }
        for to in empty.without(sure).iter() {
            for count in 1..=self.largest_live_count(to, most, &mobile) as u8 {
                list.push(Move::PlaceRing { to, count });
            }
        }
        for to in self.stack_cells.iter() {
            if self.is_live_on_stack(to, player) {
                list.push(Move::PlaceRing { to, count: 1 });
            }
        }
    }

    /// Whether the player has a legal placement.
    pub(crate) fn has_any_placement(&self, player: PlayerId) -> bool {
        let most = self.placeable_rings(player).min(3);
        if most == 0 {
            return false;
        }
        let empty = B::MASK.without(self.stack_cells | self.marker_cells | self.collapsed_cells);
        if self.any_can_step(empty) {
            return true;
        }
        let mobile = self.mobile_cells();
        empty.iter().any(|to| self.largest_live_count(to, most, &mobile) > 0)
            || self.stack_cells.iter().any(|to| self.is_live_on_stack(to, player))
    }

    /// Whether a single ring could step from one of these cells.
    #[inline]
    pub(crate) fn any_can_step(&self, cells: B::Cells) -> bool {
        let free = B::MASK.without(self.stack_cells | self.collapsed_cells);
        B::AXIS_STEPS.iter().any(|&step| cells.intersects(free.shifted(-step)) || cells.intersects(free.shifted(step)))
    }

    /// Whether `skip_placement` is legal. A stack whose `height`-th cell along a clear ray holds another stack counts
    /// as able to move, although no such move exists any more (rules.md section 5).
    pub(crate) fn may_skip_placement(&self, player: PlayerId) -> bool {
        if self.hand[player] == 0 {
            return false;
        }
        if self.stacks_controlled[player] == 0 {
            return self.is_recovery_eligible(player);
        }
        let movers = self.stacks_of(player);
        movers.iter().any(|from| {
            let height = self.stack_at(from).height();
            self.any_ray(from, |ray| {
                ray.distance > height
                    || ray.distance == height && self.stack_cells.contains(from.offset(ray.step, ray.distance))
            })
        }) || movers.iter().any(|from| self.can_capture_at(from, player))
    }
}
