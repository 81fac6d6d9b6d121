//! Runs of markers: lines to be scored, and recovery slides that may complete one.

use super::board::{Cell, Direction};
use super::moves::Move;
use super::state::{Seat, State, has_buried_ring};

impl State {
    /// The run of the player's markers through `cell`, in the order of the direction. The cell
    /// itself is taken for a marker, the cell `without` is not.
    fn run_through(&self, cell: Cell, direction: Direction, player: Seat, without: Option<Cell>) -> Vec<Cell> {
        let is_own = |c: Cell| self.markers.get(&c) == Some(&player) && Some(c) != without;
        let mut start = cell;
        while is_own(start.step(direction.reversed(), 1)) {
            start = start.step(direction.reversed(), 1);
        }
        let mut run = vec![start];
        let mut end = start;
        while end.step(direction, 1) == cell || is_own(end.step(direction, 1)) {
            end = end.step(direction, 1);
            run.push(end);
        }
        run
    }

    /// The lines the player can score. Source: RR-CANON-R120.
    pub(super) fn lines(&self, player: Seat) -> Vec<Vec<Cell>> {
        let mut lines = Vec::new();
        for (&cell, _) in self.markers.iter().filter(|&(_, &owner)| owner == player) {
            for &direction in self.board.line_directions() {
                let run = self.run_through(cell, direction, player, None);
                // A run is listed once, when its first marker is looked at.
                if run[0] == cell && run.len() >= self.line_length() {
                    lines.push(run);
                }
            }
        }
        lines
    }

    /// The line that a slide would complete: the first direction that reaches the required
    /// length. Longer runs in later directions do not count.
    pub(super) fn line_completed_by(&self, from: Cell, to: Cell, player: Seat) -> Option<Vec<Cell>> {
        let directions = self.board.line_directions().iter();
        directions
            .map(|&direction| self.run_through(to, direction, player, Some(from)))
            .find(|run| run.len() >= self.line_length())
    }

    /// Whether the player controls no stack, but has a marker and a buried ring.
    /// Source: RR-CANON-R110.
    pub(super) fn can_recover(&self, player: Seat) -> bool {
        !self.controls_a_stack(player)
            && self.markers_of(player) > 0
            && self.stacks.iter().any(|stack| has_buried_ring(&stack.rings, player))
    }

    /// The stack that pays for a recovery: the first, in container order, in which the player's
    /// lowest ring is not the top ring.
    pub(super) fn recovery_payer(&self, player: Seat) -> Option<Cell> {
        let mut stacks = self.stacks.iter();
        stacks.find(|stack| has_buried_ring(&stack.rings, player)).map(|stack| stack.cell)
    }

    /// The recovery moves of a player who can recover. Source: RR-CANON-R112.
    pub(super) fn recovery_moves(&self, player: Seat) -> Vec<Move> {
        let mut lines = Vec::new();
        let mut others = Vec::new();
        let payment = self.recovery_payer(player).expect("a buried ring");
        for (&from, _) in self.markers.iter().filter(|&(_, &owner)| owner == player) {
            for &direction in self.board.directions() {
                let to = from.step(direction, 1);
                if !self.board.contains(to) || self.is_collapsed(to) || self.markers.contains_key(&to) {
                    continue;
                }
                if self.stack_at(to).is_some() {
                    others.push(Move::RecoverStrike { from, to, payment });
                    continue;
                }
                others.push(Move::RecoverSlide { from, to, payment });
                if let Some(line) = self.line_completed_by(from, to, player) {
                    lines.push(Move::RecoverLine { from, to });
                    if line.len() > self.line_length() {
                        let segment = line[..self.line_length()].to_vec();
                        lines.push(Move::RecoverSegment { from, to, segment });
                    }
                }
            }
        }
        let mut moves = if lines.is_empty() { others } else { lines };
        moves.push(Move::SkipRecovery);
        moves
    }
}
