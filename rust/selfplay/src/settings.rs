//! What a run plays.

use std::path::Path;

use ringrift_heuristic::{ProfileFile, ProfileFileError, Weights};
use ringrift_rules::{AnyPosition, BoardKind, PlayerCount, RuleOptions};
use ringrift_search::Limits;
use serde_json::{Map, Value};

use crate::mode::{Band, EngineMode};
use crate::seats::default_budget;

/// Weights and the name that records call them by.
#[derive(Clone, PartialEq, Debug)]
pub struct NamedWeights {
    /// Name of the profile.
    pub name: String,
    /// The weights.
    pub weights: Weights,
}

impl NamedWeights {
    /// Difficulty of the heuristic seats. Source: selfplay.md section 4.
    pub const DIFFICULTY: u8 = 2;

    /// The weights of a profile in a file.
    ///
    /// # Errors
    /// The file cannot be read, or lacks the profile.
    pub fn load(path: &Path, name: &str) -> Result<Self, ProfileFileError> {
        let weights = ProfileFile::load(path)?.get(name)?.weights;
        Ok(Self { name: name.to_owned(), weights })
    }
}

impl Default for NamedWeights {
    /// What upstream's heuristic player has at its difficulty.
    fn default() -> Self {
        Self { name: format!("v1-heuristic-{}", Self::DIFFICULTY), weights: Weights::of_difficulty(Self::DIFFICULTY) }
    }
}

/// How to collect positions of the games.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Sampling {
    /// A position after every so many host decisions; at least 1.
    pub interval: u32,
    /// Most positions of a run.
    pub states_max: u64,
}

/// What decides the content of the games of a run; with the index of a game, all of it.
#[derive(Clone, PartialEq, Debug)]
pub struct GameSettings {
    /// The board.
    pub board: BoardKind,
    /// Number of players.
    pub players: PlayerCount,
    /// Whether player 2 may swap sides.
    pub swap_rule: bool,
    /// Engines.
    pub mode: EngineMode,
    /// Weights of heuristic seats.
    pub weights: NamedWeights,
    /// Seed of the run.
    pub seed: i64,
    /// Moves after which a game is cut off, bookkeeping included. It is looked at before decisions, so that the
    /// bookkeeping after the last one is still made.
    pub moves_max: u32,
    /// So many decisions of each game are made at random.
    pub opening_random_moves: u32,
    /// Probability that an offered swap of sides is taken outright.
    pub swap_probability: f64,
    /// Rungs of the ladder that `mixed` draws from.
    pub band: Band,
    /// Budget of seats that search, if it is not the default; with a time, games do not repeat.
    pub limits: Option<Limits>,
}

impl GameSettings {
    /// Settings with upstream's defaults.
    pub fn new(board: BoardKind, players: PlayerCount, mode: EngineMode, seed: i64) -> Self {
        Self {
            board,
            players,
            swap_rule: false,
            mode,
            weights: NamedWeights::default(),
            seed,
            moves_max: board.spec().move_limit(players),
            opening_random_moves: 4,
            swap_probability: 0.5,
            band: Band::Canonical,
            limits: None,
        }
    }

    /// Budget of the decisions of seats that search.
    pub fn budget(&self) -> Limits {
        self.limits.unwrap_or_else(|| default_budget(self.board))
    }

    /// Start of the games.
    pub fn start(&self) -> AnyPosition {
        let mut rules = RuleOptions::standard(self.board, self.players);
        rules.swap_rule = self.swap_rule && self.players == PlayerCount::Two;
        AnyPosition::initial(self.board, self.players, rules)
    }

    /// Seed that records give to a game.
    pub fn seed_of(&self, index: u64) -> i64 {
        self.seed.wrapping_add(index as i64)
    }

    /// Board and number of players, as `square8_2p`.
    pub fn configuration(&self) -> String {
        format!("{}_{}p", self.board, self.players.get())
    }

    /// The settings by name; two runs with the same ones play the same games.
    pub fn identity(&self) -> Map<String, Value> {
        let mut out = Map::new();
        let mut set = |name: &str, value: Value| out.insert(name.into(), value);
        set("board_type", self.board.name().into());
        set("num_players", self.players.get().into());
        set("engine_mode", self.mode.name().into());
        set("seed", self.seed.into());
        set("max_moves", self.moves_max.into());
        set("opening_random_moves", self.opening_random_moves.into());
        set("swap_rule", self.swap_rule.into());
        set("swap_sides_probability", self.swap_probability.into());
        if self.mode.searches() {
            set("budget", self.budget().to_string().into());
        }
        if self.mode == EngineMode::Mixed {
            set("difficulty_band", self.band.name().into());
        }
        if matches!(self.mode, EngineMode::HeuristicOnly | EngineMode::Mixed) {
            set("heuristic_weights", format!("{}#{}", self.weights.name, self.weights.weights.digest()).into());
        }
        out
    }
}
