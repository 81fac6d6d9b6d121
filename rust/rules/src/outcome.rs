//! Victory, final ranks, and the names that recorded games give to endings.
//! Source: RR-CANON-R170..R178, rules.md section 12.

use crate::{
    bits::CellSet,
    board::Board,
    player::{ByPlayer, PlayerId},
    position::Position,
};

/// A finished game. There are no draws; a game stopped at a move limit has no outcome.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Outcome {
    /// Who won.
    pub winner: PlayerId,
    /// Which rule ended the game.
    pub reason: EndReason,
}

/// The rule that ended a game.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum EndReason {
    /// Enough rings eliminated (R170).
    RingElimination,
    /// Enough territory, and more than all others together (R171).
    Territory,
    /// Only one player could act for the required rounds, or only one has any ring left (R172).
    LastPlayerStanding,
    /// Nobody can move or place (R173).
    Stalemate,
}

impl EndReason {
    /// All reasons.
    pub const ALL: [Self; 4] = [Self::RingElimination, Self::Territory, Self::LastPlayerStanding, Self::Stalemate];

    /// The reason of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// Name of the reason.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RingElimination => "ring_elimination",
            Self::Territory => "territory",
            Self::LastPlayerStanding => "last_player_standing",
            Self::Stalemate => "stalemate",
        }
    }
}

impl std::fmt::Display for EndReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Names that recorded games carry for an ending; all derived from the final state alone.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct RecordedReason {
    /// `victory_reason` of the training environment.
    pub environment: &'static str,
    /// Victory type of game records.
    pub victory_type: &'static str,
    /// Rung of the stalemate ladder that game records name, for type `stalemate`.
    pub tiebreaker: Option<&'static str>,
}

impl RecordedReason {
    /// Termination reason that the self-play runner writes for a game that was played to its end.
    pub fn termination(&self) -> String {
        let kind = if self.victory_type == "ring_elimination" { "elimination" } else { self.victory_type };
        format!("status:completed:{kind}")
    }
}

impl<B: Board> Position<B> {
    /// Ends the game if a victory condition holds.
    #[inline]
    pub(crate) fn check_victory(&mut self) {
        let seats = &PlayerId::ALL[..self.players.get()];
        let needed = self.rules.territory_needed();
        let total: u16 = seats.iter().map(|&player| self.collapsed_count[player]).sum();
        let mut winner = None;
        for &player in seats.iter().rev() {
            if self.eliminated[player] >= self.rules.victory_threshold {
                winner = Some((player, EndReason::RingElimination));
            }
        }
        if winner.is_none() && total >= needed {
            winner = seats
                .iter()
                .find(|&&player| {
                    let own = self.collapsed_count[player];
                    own >= needed && own > total - own
                })
                .map(|&player| (player, EndReason::Territory));
        }
        if winner.is_none() {
            winner = self.sole_survivor().map(|player| (player, EndReason::LastPlayerStanding));
        }
        if winner.is_none() && self.stack_cells.is_empty() {
            winner = self.stalemate_winner().map(|player| (player, EndReason::Stalemate));
        }
        if let Some((player, reason)) = winner {
            self.end(player, reason);
        }
    }

    /// The reason that a finished position with this winner must have had; states in files do not name it.
    pub(crate) fn infer_reason(&self, winner: PlayerId) -> EndReason {
        if self.eliminated[winner] >= self.rules.victory_threshold {
            EndReason::RingElimination
        } else if self.collapsed_count[winner] >= self.rules.territory_needed() {
            EndReason::Territory
        } else if self.stack_cells.is_empty() {
            EndReason::Stalemate
        } else {
            EndReason::LastPlayerStanding
        }
    }

    /// The player who controls all stacks while no other player has any ring.
    #[inline]
    fn sole_survivor(&self) -> Option<PlayerId> {
        let mut seats = self.players.seats().filter(|&player| self.has_any_ring(player));
        match (seats.next(), seats.next()) {
            (Some(only), None) if !self.stack_cells.is_empty() => Some(only),
            _ => None,
        }
    }

    /// Winner of the stalemate ladder, if no stack is left and nobody can place.
    fn stalemate_winner(&self) -> Option<PlayerId> {
        let hands = self.players.seats().any(|player| self.hand[player] > 0);
        if hands && self.any_can_step(B::MASK.without(self.marker_cells | self.collapsed_cells)) {
            return None;
        }
        let last = self.history.last.map(|last| last.player);
        self.players.seats().rev().max_by_key(|&player| (self.ladder_score(player, true), last == Some(player)))
    }

    /// Territory, eliminated rings, markers.
    fn ladder_score(&self, player: PlayerId, hand_counts: bool) -> (u16, u16, u32) {
        let hand = if hand_counts { self.hand[player] } else { 0 };
        (self.collapsed_count[player], self.eliminated[player] + hand, self.markers_of(player).count())
    }

    /// Final ranks, 1 = winner, by standard competition ranking; none while the game is in progress.
    ///
    /// The others are ordered by territory, eliminated rings (with the rings in hand at a stalemate), markers, and
    /// turn of permanent elimination (later is better, never is best). Equal players share a rank.
    ///
    /// Source: RR-CANON-R175..R178.
    pub fn ranks(&self) -> Option<ByPlayer<u8>> {
        let outcome = self.outcome?;
        let stalemate = outcome.reason == EndReason::Stalemate;
        let score = |player: PlayerId| {
            (
                player == outcome.winner,
                self.ladder_score(player, stalemate),
                self.eliminated_in_turn(player).unwrap_or(u32::MAX),
            )
        };
        let mut ranks = ByPlayer::default();
        for player in self.players.seats() {
            let better = self.players.seats().filter(|&other| score(other) > score(player)).count();
            ranks[player] = better as u8 + 1;
        }
        Some(ranks)
    }

    /// Per-seat returns of a finished game, in `[-1, 1]` and summing to 0: rank 1 is worth 1, the last rank -1, and
    /// players who share ranks share their worth; all 0 while the game is in progress.
    pub fn returns(&self) -> ByPlayer<f32> {
        let mut returns = ByPlayer::default();
        let Some(ranks) = self.ranks() else {
            return returns;
        };
        let last = self.players.get() as f32 - 1.0;
        for player in self.players.seats() {
            let rank = ranks[player];
            let sharing = self.players.seats().filter(|&other| ranks[other] == rank).count() as f32;
            let mean_place = f32::from(rank - 1) + (sharing - 1.0) / 2.0;
            returns[player] = 1.0 - 2.0 * mean_place / last;
        }
        returns
    }

    /// The names that recorded games carry for this ending; none while the game is in progress.
    pub fn recorded_reason(&self) -> Option<RecordedReason> {
        let winner = self.outcome?.winner;
        let environment = if self.board_eliminated[winner] >= self.rules.victory_threshold {
            "ring_elimination"
        } else if self.collapsed_count[winner] >= self.rules.territory_threshold {
            "territory_control"
        } else if self.lps.exclusive == Some(winner) {
            "last_player_standing"
        } else if self.stack_cells.is_empty() {
            "structural_stalemate"
        } else {
            "unknown"
        };
        let mut tiebreaker = None;
        let victory_type = if self.eliminated[winner] >= self.rules.victory_threshold {
            "ring_elimination"
        } else if self.collapsed_count[winner] >= self.rules.territory_threshold {
            "territory"
        } else if self.players.seats().any(|p| p != winner && !self.has_any_ring(p)) {
            "lps"
        } else {
            tiebreaker = Some(self.recorded_tiebreaker(winner));
            "stalemate"
        };
        Some(RecordedReason { environment, victory_type, tiebreaker })
    }

    /// The first rung on which the winner has the only maximum.
    fn recorded_tiebreaker(&self, winner: PlayerId) -> &'static str {
        let leads = |value: &dyn Fn(PlayerId) -> u32| {
            self.players.seats().all(|other| other == winner || value(other) < value(winner))
        };
        if leads(&|player| u32::from(self.territory[player])) {
            "territory"
        } else if leads(&|player| u32::from(self.eliminated[player])) {
            "eliminated_rings"
        } else if leads(&|player| self.markers_of(player).count()) {
            "markers"
        } else if self.history.last.is_some_and(|last| last.player == winner) {
            "last_actor"
        } else {
            "unknown"
        }
    }
}
