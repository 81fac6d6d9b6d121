//! What a run plays.

use std::path::{Path, PathBuf};

use ringrift_heuristic::{ProfileFile, ProfileFileError, Weights};
use ringrift_rules::{AnyPosition, BoardKind, PlayerCount, RuleOptions};
use ringrift_search::Limits;
use serde_json::{Map, Value};

use crate::engines::{Models, NamedNetwork, NetworkFileError};
use crate::mode::{Band, EngineMode};
use crate::seats::default_budget;

/// The setting of a run that names its network by digest; runs without the setting had none.
pub(crate) const NNUE: &str = "nnue";

/// Its value without a network.
pub(crate) const NO_NNUE: &str = "none";

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

/// Which network the seats of a run that search evaluate with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum NetworkChoice {
    /// In `mixed` that of the models, for the rungs that take one; none in other modes.
    #[default]
    OfMode,
    /// None: the heuristic evaluation.
    None,
    /// This file: every seat that searches, in `mixed` the rungs that take one.
    File(PathBuf),
}

impl NetworkChoice {
    /// The choice of a text: a file, or `none`.
    pub fn of_text(text: Option<&Path>) -> Self {
        match text {
            None => Self::OfMode,
            Some(text) if text == "none" => Self::None,
            Some(file) => Self::File(file.to_owned()),
        }
    }
}

/// Why a run has no network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkChoiceError {
    /// Nobody searches.
    #[error(
        "engine mode {mode} has no seat that evaluates with a network\nhint: leave out nnue, or choose a mode that searches"
    )]
    Mode {
        /// The mode.
        mode: EngineMode,
    },
    /// The file or the folder of models.
    #[error(transparent)]
    File(#[from] NetworkFileError),
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
    /// Network of seats that search, in `mixed` of the rungs that take one.
    pub nnue: Option<NamedNetwork>,
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
            nnue: None,
            weights: NamedWeights::default(),
            seed,
            moves_max: board.spec().move_limit(players),
            opening_random_moves: 4,
            swap_probability: 0.5,
            band: Band::Canonical,
            limits: None,
        }
    }

    /// Takes the network that was chosen.
    ///
    /// # Errors
    /// [`NetworkChoiceError`]: a mode without searches, or a file that cannot be used.
    pub fn choose_network(&mut self, choice: &NetworkChoice, models: &Models) -> Result<(), NetworkChoiceError> {
        self.nnue = match choice {
            NetworkChoice::File(_) if !self.mode.searches() => {
                return Err(NetworkChoiceError::Mode { mode: self.mode });
            }
            NetworkChoice::File(path) => Some(NamedNetwork::load(path, self.board, self.players)?),
            NetworkChoice::OfMode if self.mode == EngineMode::Mixed => models.find(self.board, self.players)?,
            NetworkChoice::OfMode | NetworkChoice::None => None,
        };
        Ok(())
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
            set(NNUE, self.nnue.as_ref().map_or(NO_NNUE, NamedNetwork::sha256).into());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_choose_their_network() {
        let (board, players) = (BoardKind::Square8, PlayerCount::Two);
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("nnue")).unwrap();
        let file = folder.path().join("nnue/square8_2p.nnue");
        let network = ringrift_nnue::Network::random(board, players, 64, 1).unwrap();
        std::fs::write(&file, network.to_bytes()).unwrap();
        let models = Models::at(folder.path().to_owned());
        let chosen = |mode, choice: &NetworkChoice| {
            let mut settings = GameSettings::new(board, players, mode, 1);
            settings.choose_network(choice, &models).map(|()| settings.nnue.is_some())
        };
        let file = NetworkChoice::of_text(Some(&file));
        let none = NetworkChoice::of_text(Some(Path::new("none")));
        assert!(chosen(EngineMode::Mixed, &NetworkChoice::OfMode).unwrap());
        assert!(!chosen(EngineMode::Mixed, &none).unwrap() && chosen(EngineMode::Mixed, &file).unwrap());
        assert!(!chosen(EngineMode::DescentOnly, &NetworkChoice::OfMode).unwrap());
        assert!(chosen(EngineMode::DescentOnly, &file).unwrap());
        assert!(!chosen(EngineMode::HeuristicOnly, &NetworkChoice::OfMode).unwrap());
        assert!(chosen(EngineMode::HeuristicOnly, &file).unwrap_err().to_string().contains("heuristic-only"));
    }
}
