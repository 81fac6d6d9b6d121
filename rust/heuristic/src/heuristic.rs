//! The evaluator: weights and settings put together.

use ringrift_eval::{Evaluator, terminal_score};
use ringrift_rules::{Board, BoardKind, Cell, PlayerId, Position};

use crate::{components::Components, evaluate::Task, tables::Tables, weights::Weights};

/// Which features are computed.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum EvalMode {
    /// All of them.
    #[default]
    Full,
    /// Those before [`crate::Component::LinePotential`].
    Light,
}

impl EvalMode {
    /// Spelling in settings and records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Light => "light",
        }
    }

    /// The mode in which upstream's self-play evaluates a board. Source: selfplay.md section 4.
    pub const fn of_self_play(board: BoardKind) -> Self {
        match board {
            BoardKind::Square8 | BoardKind::Hex8 => Self::Full,
            BoardKind::Square19 | BoardKind::Hexagonal => Self::Light,
        }
    }
}

/// Which cells count as neighbours.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum EvalGeometry {
    /// Those of the board.
    #[default]
    True,
    /// Upstream's: those of the board, but none at all on hex8. For proofs of equality, and for profiles that upstream is
    /// to play with.
    Compat,
}

impl EvalGeometry {
    /// Spelling in settings, profile files and records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::Compat => "compat",
        }
    }
}

/// A setting with a value that it does not have.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown {what} {given:?}\nhint: {what} is {choices}")]
pub struct UnknownSetting {
    /// Which setting.
    pub what: &'static str,
    /// The value that was given.
    pub given: String,
    /// The values that there are.
    pub choices: &'static str,
}

impl std::str::FromStr for EvalMode {
    type Err = UnknownSetting;

    fn from_str(name: &str) -> Result<Self, UnknownSetting> {
        match name {
            "full" => Ok(Self::Full),
            "light" => Ok(Self::Light),
            _ => Err(UnknownSetting {
                what: "evaluation mode",
                given: name.chars().take(40).collect(),
                choices: "full or light",
            }),
        }
    }
}

impl std::str::FromStr for EvalGeometry {
    type Err = UnknownSetting;

    fn from_str(name: &str) -> Result<Self, UnknownSetting> {
        match name {
            "true" => Ok(Self::True),
            "compat" => Ok(Self::Compat),
            _ => Err(UnknownSetting {
                what: "evaluation geometry",
                given: name.chars().take(40).collect(),
                choices: "true or compat",
            }),
        }
    }
}

/// Settings of a [`Heuristic`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HeuristicOptions {
    /// Which features.
    pub mode: EvalMode,
    /// Which neighbours.
    pub geometry: EvalGeometry,
    /// What to call the weights in records; their digest is added.
    pub profile: String,
}

/// Evaluates positions of board `B` by weighted features. Scores are unbounded; a finished game is worth
/// [`ringrift_eval::WIN`] or [`ringrift_eval::LOSS`].
#[derive(Clone, Debug)]
pub struct Heuristic<B: Board> {
    weights: Weights,
    options: HeuristicOptions,
    tables: Tables<B>,
}

impl<B: Board> Heuristic<B> {
    /// An evaluator with these weights.
    pub fn new(weights: Weights, options: HeuristicOptions) -> Self {
        Self { weights, options, tables: Tables::new() }
    }

    /// The weights.
    pub const fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The settings.
    pub const fn options(&self) -> &HeuristicOptions {
        &self.options
    }

    /// The parts of a seat's score.
    pub fn components(&self, position: &Position<B>, seat: PlayerId) -> Components {
        self.task(None).components(position, seat)
    }

    /// The same with the cells of the markers in the order in which upstream's state lists them; it decides which ten of
    /// a seat's markers one feature looks at. Markers that the order leaves out are not looked at.
    pub fn components_in_order(&self, position: &Position<B>, seat: PlayerId, marker_order: &[Cell]) -> Components {
        self.task(Some(marker_order)).components(position, seat)
    }

    /// Score of a seat with the markers in upstream's order: see [`Heuristic::components_in_order`].
    pub fn score_in_order(&self, position: &Position<B>, seat: PlayerId, marker_order: &[Cell]) -> f64 {
        terminal_score(position, seat).unwrap_or_else(|| self.components_in_order(position, seat, marker_order).total())
    }

    fn task<'t>(&'t self, marker_order: Option<&'t [Cell]>) -> Task<'t, B> {
        Task {
            weights: &self.weights,
            tables: &self.tables,
            geometry: self.options.geometry,
            full: self.options.mode == EvalMode::Full,
            marker_order,
        }
    }
}

impl<B: Board> Evaluator<B> for Heuristic<B> {
    fn describe(&self) -> String {
        let HeuristicOptions { mode, geometry, profile } = &self.options;
        let name = if profile.is_empty() { "weights" } else { profile };
        let (mode, geometry, digest) = (mode.name(), geometry.name(), self.weights.digest());
        format!("heuristic(profile={name}#{digest}, mode={mode}, geometry={geometry})")
    }

    #[inline]
    fn score(&mut self, position: &Position<B>, seat: PlayerId) -> f64 {
        terminal_score(position, seat).unwrap_or_else(|| self.task(None).components(position, seat).total())
    }
}
