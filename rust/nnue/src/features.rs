//! The features of a position, seen from each seat.

use ringrift_rules::{BoardKind, PlayerCount};

/// The features of one board and number of players.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct FeatureSet {
    board: BoardKind,
    players: PlayerCount,
}

impl FeatureSet {
    /// The features of a board and a number of players.
    pub const fn new(board: BoardKind, players: PlayerCount) -> Self {
        Self { board, players }
    }

    /// The board.
    pub const fn board(&self) -> BoardKind {
        self.board
    }

    /// The number of players.
    pub const fn players(&self) -> PlayerCount {
        self.players
    }
}
