//! Where a column of rings can go: movement, captures, and what they say about placements.

use super::board::{Cell, Direction};
use super::moves::Jump;
use super::state::{Seat, State, cap_height};

impl State {
    /// Neither a stack nor a collapsed cell, and on the board. Markers block nothing.
    fn is_open(&self, cell: Cell) -> bool {
        self.board.contains(cell) && !self.is_collapsed(cell) && self.stack_at(cell).is_none()
    }

    /// Cells a column of this height at `from` can move to, in one direction.
    /// Source: RR-CANON-R090.
    fn landings(&self, from: Cell, height: usize, direction: Direction) -> Vec<Cell> {
        let mut landings = Vec::new();
        let mut distance = 1;
        while self.is_open(from.step(direction, distance)) {
            if distance as usize >= height {
                landings.push(from.step(direction, distance));
            }
            distance += 1;
        }
        landings
    }

    /// Captures a column with these rings at `from` can make, in one direction.
    /// Source: RR-CANON-R101.
    fn jumps(&self, from: Cell, rings: &[Seat], direction: Direction) -> Vec<Jump> {
        let mut distance = 1;
        while self.is_open(from.step(direction, distance)) {
            distance += 1;
        }
        let target = from.step(direction, distance);
        let mut jumps = Vec::new();
        if let Some(stack) = self.stack_at(target)
            && cap_height(rings) >= cap_height(&stack.rings)
        {
            distance += 1;
            while self.is_open(from.step(direction, distance)) {
                if distance as usize >= rings.len() {
                    let to = from.step(direction, distance);
                    jumps.push(Jump { from, target, to });
                }
                distance += 1;
            }
        }
        jumps
    }

    /// All cells a column of this height at `from` can move to.
    pub(super) fn all_landings(&self, from: Cell, height: usize) -> Vec<Cell> {
        let directions = self.board.directions().iter();
        directions.flat_map(|&direction| self.landings(from, height, direction)).collect()
    }

    /// All captures a column with these rings at `from` can make.
    pub(super) fn all_jumps(&self, from: Cell, rings: &[Seat]) -> Vec<Jump> {
        let directions = self.board.directions().iter();
        directions.flat_map(|&direction| self.jumps(from, rings, direction)).collect()
    }

    /// Whether a column with these rings at `from` could move or capture. The rays from a cell
    /// never meet the cell itself, so the rings need not be on the board.
    pub(super) fn can_act(&self, from: Cell, rings: &[Seat]) -> bool {
        let mut directions = self.board.directions().iter();
        directions.any(|&direction| {
            !self.landings(from, rings.len(), direction).is_empty() || !self.jumps(from, rings, direction).is_empty()
        })
    }

    /// Whether a stack counts as able to act when a placement is skipped. A landing on another
    /// stack counts, although no such move exists.
    pub(super) fn seems_able_to_act(&self, from: Cell, rings: &[Seat]) -> bool {
        let mut directions = self.board.directions().iter();
        directions.any(|&direction| {
            let mut distance = 1;
            while (distance as usize) < rings.len() && self.is_open(from.step(direction, distance)) {
                distance += 1;
            }
            let landing = from.step(direction, distance);
            let reached = distance as usize == rings.len();
            reached && self.board.contains(landing) && !self.is_collapsed(landing)
                || !self.jumps(from, rings, direction).is_empty()
        })
    }

    /// Rings the player may place now. Source: RR-CANON-R080.
    fn placeable_rings(&self, player: Seat) -> u32 {
        let room = self.board.standard_rings().saturating_sub(self.rings_on_board(player));
        room.min(self.seat(player).hand)
    }

    /// The column at `cell` after `count` rings were placed there; none if the cell is not free
    /// for that.
    fn column_after_placement(&self, cell: Cell, player: Seat, count: u32) -> Option<Vec<Seat>> {
        if self.is_collapsed(cell) || self.markers.contains_key(&cell) {
            return None;
        }
        let mut rings = match self.stack_at(cell) {
            Some(_) if count > 1 => return None,
            Some(stack) => stack.rings.clone(),
            None => Vec::new(),
        };
        rings.extend(vec![player; count as usize]);
        Some(rings)
    }

    /// Largest number of rings the player may place at `cell`. Every smaller number is listed as
    /// legal with it, even if the shorter column could not act. Source: RR-CANON-R081.
    pub(super) fn most_rings_at(&self, cell: Cell, player: Seat) -> Option<u32> {
        let most = self.placeable_rings(player).min(3);
        (1..=most).rev().find(|&count| {
            self.column_after_placement(cell, player, count).is_some_and(|rings| self.can_act(cell, &rings))
        })
    }

    /// Whether the player could place a ring somewhere.
    pub(super) fn has_placement(&self, player: Seat) -> bool {
        let cells = self.board.cells();
        cells.into_iter().any(|cell| self.most_rings_at(cell, player).is_some())
    }

    /// Whether some stack of the player could move or capture.
    pub(super) fn has_movement(&self, player: Seat) -> bool {
        self.controlled(player).any(|stack| self.can_act(stack.cell, &stack.rings))
    }

    /// Whether the player could place, move or capture. Recovery does not count.
    /// Source: RR-CANON-R172.
    pub(super) fn has_real_action(&self, player: Seat) -> bool {
        self.has_movement(player) || self.has_placement(player)
    }
}
