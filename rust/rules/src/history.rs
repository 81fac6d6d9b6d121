//! What a position knows of the past: capture chain, rounds, and marks of the moves so far.

use crate::{cell::Cell, moves::MoveKind, player::PlayerId};

/// A capture chain in progress.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Chain {
    /// Who captures.
    pub player: PlayerId,
    /// Where the first segment began.
    pub start: Cell,
    /// Where the stack stands.
    pub current: Cell,
    /// Number of segments so far.
    pub segments: u16,
}

/// Round tracking for last player standing. Source: RR-CANON-R172, rules.md section 11.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct LpsState {
    /// Rounds begun.
    pub round: u32,
    /// Player who opened the current round.
    pub first: Option<PlayerId>,
    /// Bit per seat: has been noted in the current round.
    pub noted: u8,
    /// Bit per seat: had a real action when noted.
    pub able: u8,
    /// The only player who could act in the last completed round.
    pub exclusive: Option<PlayerId>,
    /// Player of the running streak of exclusive rounds.
    pub streak_player: Option<PlayerId>,
    /// Length of that streak.
    pub streak_rounds: u32,
}

/// What the rules need to know of the moves so far.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct HistoryMarks {
    /// Recorded moves, bookkeeping included.
    pub plies: u32,
    /// The last move.
    pub last: Option<LastMove>,
    /// Whether the mover of the last move changed the board in the unbroken run of moves that it ends.
    pub run_changed: bool,
    /// Whether that run has a recovery slide.
    pub run_recovered: bool,
    /// Bit per seat: has moved.
    pub moved: u8,
    /// Whether sides were swapped.
    pub swapped: bool,
}

/// The last recorded move, as far as the rules look at it.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct LastMove {
    /// Who made it.
    pub player: PlayerId,
    /// Its kind.
    pub kind: MoveKind,
    /// Where it landed.
    pub landing: Option<Cell>,
}

impl HistoryMarks {
    /// Notes a move.
    #[inline]
    pub fn record(&mut self, player: PlayerId, kind: MoveKind, landing: Option<Cell>) {
        if self.last.is_none_or(|last| last.player != player) {
            self.run_changed = false;
            self.run_recovered = false;
        }
        self.plies += 1;
        self.run_changed |= kind.changes_board();
        self.run_recovered |= kind == MoveKind::RecoverySlide;
        self.moved |= 1 << player.index();
        self.swapped |= kind == MoveKind::SwapSides;
        self.last = Some(LastMove { player, kind, landing });
    }

    /// Whether `player` made the last move and satisfies `test` on the run that it ends.
    #[inline]
    pub(crate) fn run_of(&self, player: PlayerId, flag: bool) -> bool {
        flag && self.last.is_some_and(|last| last.player == player)
    }
}
