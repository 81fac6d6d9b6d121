//! The end of the game: victory, the stalemate ladder, final ranks.

use std::cmp::Reverse;

use super::board::Cell;
use super::state::{Phase, Seat, State, Status};

/// How a game ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    RingElimination,
    Territory,
    LastPlayerStanding,
    Stalemate,
}

impl State {
    pub(super) fn finish(&mut self, winner: Seat, ending: Ending) {
        self.status = Status::Completed;
        self.phase = Phase::GameOver;
        self.winner = Some(winner);
        self.player = winner;
        self.ending = Some(ending);
    }

    /// Ends the game if somebody has won. Checked after every move. Source: RR-CANON-R170 to R173.
    pub(super) fn check_victory(&mut self) {
        if let Some((winner, ending)) = self.victory() {
            self.finish(winner, ending);
        }
    }

    fn victory(&self) -> Option<(Seat, Ending)> {
        let rings = |&seat: &Seat| self.seat(seat).eliminated >= self.rules.victory_threshold;
        let minimum = self.rules.territory_minimum;
        let minimum = minimum.unwrap_or(self.rules.territory_threshold);
        let territory = |&seat: &Seat| {
            let own = self.collapsed_of(seat);
            own >= minimum && 2 * own > self.territory().iter().sum()
        };
        None.or_else(|| Some((self.seats().find(rings)?, Ending::RingElimination)))
            .or_else(|| Some((self.seats().find(territory)?, Ending::Territory)))
            .or_else(|| Some((self.only_survivor()?, Ending::LastPlayerStanding)))
            .or_else(|| Some((self.stalemate_winner()?, Ending::Stalemate)))
    }

    /// The controller of every stack, if no other player has a ring anywhere.
    fn only_survivor(&self) -> Option<Seat> {
        let owner = self.stacks.first()?.controller();
        let alone = self.stacks.iter().all(|stack| stack.controller() == owner)
            && self.seats().all(|seat| seat == owner || !self.has_rings(seat));
        alone.then_some(owner)
    }

    /// Whether a single ring could be placed on the empty board and step away from its cell.
    fn bare_board_has_room(&self) -> bool {
        let free = |cell: Cell| self.board.contains(cell) && !self.is_collapsed(cell);
        self.board.cells().into_iter().any(|cell| {
            let mut directions = self.board.directions().iter();
            free(cell)
                && !self.markers.contains_key(&cell)
                && directions.any(|&direction| free(cell.step(direction, 1)))
        })
    }

    /// The winner when no stack is left and no ring can be placed any more. Rings in hand count
    /// as eliminated. Source: RR-CANON-R173.
    fn stalemate_winner(&self) -> Option<Seat> {
        let hands_empty = self.players.iter().all(|player| player.hand == 0);
        if !self.stacks.is_empty() || !hands_empty && self.bare_board_has_room() {
            return None;
        }
        let last_mover = self.history.last().map(|played| played.player);
        self.seats().max_by_key(|&seat| {
            (
                self.collapsed_of(seat),
                self.seat(seat).eliminated + self.seat(seat).hand,
                self.markers_of(seat),
                last_mover == Some(seat),
                Reverse(seat),
            )
        })
    }

    /// Notes the turn in which a player lost the last ring. Source: RR-CANON-R175.
    pub(super) fn note_ringless_players(&mut self) {
        for seat in self.seats() {
            let index = usize::from(seat) - 1;
            if self.ringless_since[index].is_none() && !self.has_rings(seat) {
                self.ringless_since[index] = Some(self.turn);
            }
        }
    }

    /// Final ranks by seat, 1 is best; none while the game goes on. The winner comes first. The
    /// others are compared by territory, eliminated rings (with those in hand at a stalemate),
    /// markers, and the turn in which they lost their last ring. Equal players share a rank, and
    /// the ranks they fill are left out after it. Source: RR-CANON-R176 to R178.
    pub fn ranks(&self) -> Option<Vec<u32>> {
        let winner = self.winner?;
        let score = |seat: Seat| {
            let player = self.seat(seat);
            let stalemate = self.ending == Some(Ending::Stalemate);
            let hand = if stalemate { player.hand } else { 0 };
            (
                seat == winner,
                self.collapsed_of(seat),
                player.eliminated + hand,
                self.markers_of(seat),
                self.ringless_since[usize::from(seat) - 1].unwrap_or(u32::MAX),
            )
        };
        let better = |seat: Seat| self.seats().filter(|&o| score(o) > score(seat)).count();
        Some(self.seats().map(|seat| 1 + better(seat) as u32).collect())
    }
}
