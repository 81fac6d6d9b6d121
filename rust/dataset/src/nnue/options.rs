//! Which positions become samples.

use std::path::PathBuf;

use ringrift_nnue::FeatureSet;
use ringrift_rules::{BoardKind, PlayerCount};
use serde_json::{Value, json};

use crate::select::Selection;

/// Share of games that cannot be replayed above which there is something wrong with the databases.
pub const FAILED_SHARE_MAX: f64 = 0.001;

/// What to take samples of.
#[derive(Clone, PartialEq, Debug)]
pub struct SampleOptions {
    /// Replay databases, in the order in which their games are taken.
    pub databases: Vec<PathBuf>,
    /// Board of the games.
    pub board: BoardKind,
    /// Their number of players.
    pub players: PlayerCount,
    /// Which games.
    pub selection: Selection,
    /// Most games that give samples; the newest of each database come first.
    pub games_max: Option<u64>,
    /// Takes every position, also where there is one legal move only.
    pub with_forced: bool,
    /// Takes every so many of these positions of a game, from one on that the name of the game draws.
    pub every: u32,
    /// Takes no positions before so many moves.
    pub ply_min: Option<u32>,
    /// Takes no positions after so many moves.
    pub ply_max: Option<u32>,
    /// Greatest share of games that cannot be replayed.
    pub failed_share_max: f64,
    /// Threads; 0 = one per core.
    pub jobs: usize,
    /// A file that keeps the samples from call to call.
    pub cache: Option<PathBuf>,
}

impl SampleOptions {
    /// All positions with a choice of all games of this board and number of players.
    pub fn new(databases: Vec<PathBuf>, board: BoardKind, players: PlayerCount) -> Self {
        Self {
            databases,
            board,
            players,
            selection: Selection::default(),
            games_max: None,
            with_forced: false,
            every: 1,
            ply_min: None,
            ply_max: None,
            failed_share_max: FAILED_SHARE_MAX,
            jobs: 0,
            cache: None,
        }
    }

    /// The features of the samples.
    pub const fn features(&self) -> FeatureSet {
        FeatureSet::new(self.board, self.players)
    }

    /// Everything that decides about the samples beside the content of the databases.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "board_type": self.board.name(),
            "num_players": self.players.get(),
            "feature_hash": format!("{:016x}", self.features().hash()),
            "filters": self.selection.to_json(),
            "max_games": self.games_max,
            "with_forced": self.with_forced,
            "every": self.every,
            "min_ply": self.ply_min,
            "max_ply": self.ply_max,
            "failed_share_max": self.failed_share_max,
        })
    }
}
