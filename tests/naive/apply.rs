//! What every move does to the board and the counters.

use super::board::{Cell, Direction};
use super::moves::{Jump, Move};
use super::state::{Chain, Played, Seat, Stack, State, cap_height};

impl State {
    /// Plays the move with this canonical string.
    pub fn apply(&mut self, text: &str) -> Result<(), String> {
        let mv = self.legal_moves().remove(text);
        let mv = mv.ok_or_else(|| format!("{text} is not legal"))?;
        self.play(&mv);
        Ok(())
    }

    /// Plays a legal move: its effect, then the turn, then the victory check.
    pub(super) fn play(&mut self, mv: &Move) {
        let player = self.player;
        self.take_effect(mv, player);
        self.note_ringless_players();
        self.history.push(Played { player, mv: mv.clone() });
        self.advance(mv);
        self.check_victory();
    }

    fn take_effect(&mut self, mv: &Move, player: Seat) {
        match mv {
            Move::PlaceRing { to, count } => self.place_rings(*to, *count, player),
            Move::SwapSides => {
                let id = self.players[0].id.clone();
                self.players[0].id = std::mem::replace(&mut self.players[1].id, id);
            }
            Move::Walk { from, to } => self.move_stack(*from, *to, player),
            Move::Capture(jump) | Move::Continue(jump) => self.capture(*jump, player),
            Move::RecoverLine { from, to } => {
                let line = self.line_completed_by(*from, *to, player);
                self.slide_marker(*from, *to, player);
                self.collapse_all(&line.expect("the slide completes a line"), player);
                let payment = self.recovery_payer(player);
                self.extract_lowest_ring(payment.expect("a buried ring"), player);
            }
            Move::RecoverSegment { from, to, segment } => {
                // A segment that misses the destination leaves everything as it was.
                if segment.contains(to) {
                    self.slide_marker(*from, *to, player);
                    self.collapse_all(segment, player);
                }
            }
            Move::RecoverSlide { from, to, payment } => {
                self.slide_marker(*from, *to, player);
                self.extract_lowest_ring(*payment, player);
            }
            Move::RecoverStrike { from, to, payment } => {
                self.markers.remove(from);
                self.eliminate_top_ring(*to, player);
                self.extract_lowest_ring(*payment, player);
            }
            Move::Line { line } => self.collapse_line(line, line.len(), player),
            Move::LineOption { line, segment } => self.collapse_line(segment, line.len(), player),
            Move::EliminateForLine(cell) => {
                self.eliminate_top_ring(*cell, player);
                self.pending_line = false;
            }
            Move::Region(region) => self.claim_region(region, player),
            Move::EliminateForRecovery(cell) => self.extract_lowest_ring(*cell, player),
            Move::EliminateForTerritory(cell) | Move::ForcedElimination(cell) => {
                self.eliminate_cap(*cell, player);
            }
            Move::SkipPlacement
            | Move::NoPlacement
            | Move::NoMovement
            | Move::SkipCapture
            | Move::SkipRecovery
            | Move::NoLine
            | Move::SkipTerritory
            | Move::NoTerritory => {}
        }
    }

    fn stack_index(&self, cell: Cell) -> usize {
        let mut stacks = self.stacks.iter();
        let index = stacks.position(|stack| stack.cell == cell);
        index.expect("a stack on the cell")
    }

    fn take_stack(&mut self, cell: Cell) -> Stack {
        self.stacks.remove(self.stack_index(cell))
    }

    fn credit_elimination(&mut self, player: Seat) {
        self.seat_mut(player).eliminated += 1;
        *self.eliminated_by.entry(player).or_insert(0) += 1;
        self.eliminated_total += 1;
    }

    /// Takes out the ring at `position` (0 is the lowest) of a stack.
    fn take_ring(&mut self, cell: Cell, position: usize) -> Seat {
        let index = self.stack_index(cell);
        let ring = self.stacks[index].rings.remove(position);
        if self.stacks[index].rings.is_empty() {
            self.stacks.remove(index);
        }
        ring
    }

    fn take_top_ring(&mut self, cell: Cell) -> Seat {
        let height = self.stacks[self.stack_index(cell)].rings.len();
        self.take_ring(cell, height - 1)
    }

    fn eliminate_top_ring(&mut self, cell: Cell, player: Seat) {
        self.take_top_ring(cell);
        self.credit_elimination(player);
    }

    fn eliminate_cap(&mut self, cell: Cell, player: Seat) {
        for _ in 0..cap_height(&self.stacks[self.stack_index(cell)].rings) {
            self.eliminate_top_ring(cell, player);
        }
    }

    /// Eliminates the player's lowest ring of a stack. Source: RR-CANON-R113.
    fn extract_lowest_ring(&mut self, cell: Cell, player: Seat) {
        let mut rings = self.stacks[self.stack_index(cell)].rings.iter();
        let position = rings.position(|&ring| ring == player);
        self.take_ring(cell, position.expect("a ring of the player"));
        self.credit_elimination(player);
    }

    fn collapse(&mut self, cell: Cell, player: Seat) {
        self.markers.remove(&cell);
        self.collapsed.insert(cell, player);
        self.seat_mut(player).territory += 1;
    }

    fn collapse_all<'a>(&mut self, cells: impl IntoIterator<Item = &'a Cell>, player: Seat) {
        for &cell in cells {
            self.collapse(cell, player);
        }
    }

    fn place_rings(&mut self, to: Cell, count: u32, player: Seat) {
        let rings = vec![player; count as usize];
        match self.stacks.iter_mut().find(|stack| stack.cell == to) {
            Some(stack) => stack.rings.extend(rings),
            None => self.stacks.push(Stack { cell: to, rings }),
        }
        self.seat_mut(player).hand -= count;
        self.must_move = Some(to);
    }

    /// Own markers strictly between two cells collapse, the others change owner.
    /// Source: RR-CANON-R092.
    fn pass_over(&mut self, from: Cell, to: Cell, player: Seat) {
        let direction: Direction = from.direction_to(to);
        let mut cell = from.step(direction, 1);
        while cell != to {
            match self.markers.get(&cell) {
                Some(&owner) if owner == player => self.collapse(cell, player),
                Some(_) => {
                    self.markers.insert(cell, player);
                }
                None => {}
            }
            cell = cell.step(direction, 1);
        }
    }

    /// Puts a departed stack down. A marker on the cell goes, and costs the top ring.
    fn land(&mut self, mut stack: Stack, to: Cell, player: Seat) {
        if self.must_move == Some(stack.cell) {
            self.must_move = Some(to);
        }
        stack.cell = to;
        self.stacks.push(stack);
        if self.markers.remove(&to).is_some() {
            self.eliminate_top_ring(to, player);
        }
    }

    /// Source: RR-CANON-R091, RR-CANON-R092.
    fn move_stack(&mut self, from: Cell, to: Cell, player: Seat) {
        let stack = self.take_stack(from);
        self.markers.insert(from, player);
        self.pass_over(from, to, player);
        self.land(stack, to, player);
    }

    /// Source: RR-CANON-R102.
    fn capture(&mut self, jump: Jump, player: Seat) {
        let Jump { from, target, to } = jump;
        let mut stack = self.take_stack(from);
        self.markers.insert(from, player);
        self.pass_over(from, target, player);
        self.pass_over(target, to, player);
        stack.rings.insert(0, self.take_top_ring(target));
        self.land(stack, to, player);
        let chain = self.chain.get_or_insert(Chain { player, start: from, current: to, visited: Vec::new() });
        chain.current = to;
        chain.visited.push(from);
    }

    fn slide_marker(&mut self, from: Cell, to: Cell, player: Seat) {
        self.markers.remove(&from);
        self.markers.insert(to, player);
    }

    /// A line collapsed whole has to be paid for, if there is a stack to pay with.
    /// Source: RR-CANON-R122.
    fn collapse_line(&mut self, cells: &[Cell], line_length: usize, player: Seat) {
        self.collapse_all(cells, player);
        if cells.len() == line_length && self.controls_a_stack(player) {
            self.pending_line = true;
        }
    }

    /// Source: RR-CANON-R145.
    fn claim_region(&mut self, region: &[Cell], player: Seat) {
        let border = self.border_markers(region);
        for &cell in region {
            while self.stack_at(cell).is_some() {
                self.eliminate_top_ring(cell, player);
            }
        }
        self.collapse_all(region, player);
        self.collapse_all(&border, player);
    }
}
