//! The rules that an unvalidated state can break.

use crate::{board::BoardKind, cell::Coord, phase::Phase, player::PlayerId};

/// One rule that a [`crate::Setup`] breaks.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// Something lies beside the board.
    #[error("{what} at {},{} is not on {board}", .at.x, .at.y)]
    OffBoard {
        /// What.
        what: &'static str,
        /// Where.
        at: Coord,
        /// The board.
        board: BoardKind,
    },
    /// A player number that the game does not have.
    #[error("{what}: there is no player {number} in a game of {players}")]
    NoSuchPlayer {
        /// What.
        what: String,
        /// The number.
        number: u64,
        /// Players in the game.
        players: usize,
    },
    /// A cell that holds two things.
    #[error("cell {cell} holds a {first} and a {second}")]
    CellTwice {
        /// Position key.
        cell: String,
        /// The first thing.
        first: &'static str,
        /// The second thing.
        second: &'static str,
    },
    /// A stack without rings.
    #[error("the stack at {cell} has no ring")]
    EmptyStack {
        /// Position key.
        cell: String,
    },
    /// More rings on the board than the board allows a player.
    #[error("player {player} has {rings} rings on the board, where {board} allows {most}")]
    TooManyRings {
        /// The player.
        player: PlayerId,
        /// Rings in stacks.
        rings: u64,
        /// The board.
        board: BoardKind,
        /// Most rings on the board.
        most: u16,
    },
    /// More rings on the board, or soon to be there, than a position has room for.
    #[error("there are {rings} rings on the board or to be placed, where {board} has room for {most}")]
    TooManyRingsInAll {
        /// Rings in stacks, and those in hand that may be placed.
        rings: u64,
        /// The board.
        board: BoardKind,
        /// Most rings that a position holds.
        most: u64,
    },
    /// A per-seat list of the wrong length.
    #[error("{what} has {found} entries for {players} players")]
    WrongSeatCount {
        /// Which list.
        what: &'static str,
        /// Its length.
        found: usize,
        /// Players in the game.
        players: usize,
    },
    /// A counter out of range.
    #[error("{what} is {value}; {most} is the most that is possible")]
    CounterTooLarge {
        /// Which counter.
        what: String,
        /// Its value.
        value: u64,
        /// The bound.
        most: u64,
    },
    /// A threshold of zero.
    #[error("{what} is 0; the game would be over before it began")]
    ZeroThreshold {
        /// Which threshold.
        what: &'static str,
    },
    /// Phase `game_over` without winner, or a winner in another phase.
    #[error("phase {phase} does not go with {}", if *.has_winner { "a winner" } else { "no winner" })]
    UnfinishedEnd {
        /// The phase.
        phase: Phase,
        /// Whether a winner is named.
        has_winner: bool,
    },
    /// A capture chain that no stack could have made.
    #[error("the capture chain {reason}")]
    BrokenChain {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A ring is due for a line, but it cannot be paid now.
    #[error("a line elimination is pending in phase {phase} for a player with {stacks} controlled stacks")]
    PendingElimination {
        /// The phase.
        phase: Phase,
        /// Controlled stacks.
        stacks: u16,
    },
    /// The game is not over, but no move is legal.
    #[error("phase {phase} leaves player {player} without any legal move")]
    NoLegalMove {
        /// The phase.
        phase: Phase,
        /// Player to move.
        player: PlayerId,
    },
}

/// Everything that is wrong with a [`crate::Setup`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", self.text())]
pub struct SetupError {
    /// The violated rules; at least one.
    pub violations: Vec<Violation>,
}

impl SetupError {
    fn text(&self) -> String {
        let mut out = format!("the state breaks {} rule(s)", self.violations.len());
        for violation in self.violations.iter().take(50) {
            out.push_str("\n  - ");
            out.push_str(&violation.to_string());
        }
        if self.violations.len() > 50 {
            out.push_str("\n  - ...");
        }
        out
    }
}
