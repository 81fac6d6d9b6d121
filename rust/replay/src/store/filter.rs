//! Which games to read, which of their rows, and in which order.

/// In which order to read games.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum GameOrder {
    /// As they were stored.
    #[default]
    Stored,
    /// Latest start first, by the text of `created_at`, as upstream's readers do; of equal ones the one stored last.
    NewestFirst,
}

/// Which games to read, and in which order; an empty filter takes all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GameFilter {
    /// Board.
    pub board: Option<String>,
    /// Number of players.
    pub num_players: Option<u64>,
    /// Status; `completed` also finds the old spelling `finished`.
    pub status: Option<String>,
    /// Number of the winner.
    pub winner: Option<u64>,
    /// What recorded the game.
    pub source: Option<String>,
    /// Engine mode.
    pub engine_mode: Option<String>,
    /// How the game ended; a part of the text is enough.
    pub reason: Option<String>,
    /// Least number of moves.
    pub moves_min: Option<u64>,
    /// Greatest number of moves.
    pub moves_max: Option<u64>,
    /// Names of games; any of them.
    pub ids: Vec<String>,
    /// Leave out games that are marked as unfit for training.
    pub trainable: bool,
    /// In which order; a limit takes the first ones of it.
    pub order: GameOrder,
    /// Most games.
    pub limit: Option<u64>,
}

/// Which rows of a game to read.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Parts {
    /// What is needed to replay it.
    #[default]
    Moves,
    /// The same without policies, features, phases and times of the moves, for those who want the statistics of searches.
    Searches,
    /// Snapshots and history too.
    All,
}
