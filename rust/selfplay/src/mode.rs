//! Engine modes: which engine sits in the seats.

use std::fmt;
use std::str::FromStr;

/// Who plays the games of a run. Source: selfplay.md section 4.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum EngineMode {
    /// Every seat moves at random.
    RandomOnly,
    /// Every seat takes the move with the best heuristic score.
    HeuristicOnly,
    /// Best-first minimax.
    DescentOnly,
    /// Alpha-beta; paranoid with three and four players.
    MinimaxOnly,
    /// The same: the search of this name runs on the processor here.
    GpuMinimaxOnly,
    /// Monte-Carlo tree search that explores.
    MctsOnly,
    /// Gumbel tree search that explores.
    GumbelMctsOnly,
    /// Max-n.
    MaxnOnly,
    /// Best-reply search.
    BrsOnly,
    /// Every seat of every game draws a rung of the ladder.
    Mixed,
    /// Every seat of every game draws a kind of engine, mostly tree searches.
    Diverse,
    /// The same, mostly cheaper searches.
    DiverseCpu,
}

/// Modes of upstream's self-play that need a policy network.
const NEED_NETWORK: [&str; 8] = [
    "nn-only",
    "best-vs-pool",
    "policy-only",
    "neural-demo-only",
    "nn-vs-mcts",
    "nn-vs-minimax",
    "nn-vs-descent",
    "tournament-varied",
];

/// A mode that cannot be played.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModeError {
    /// It needs a policy network, and there are none yet.
    #[error(
        "engine mode {mode} is not available: it plays with a policy network\nhint: the modes without one are {}",
        EngineMode::names()
    )]
    NeedsNetwork {
        /// The mode.
        mode: &'static str,
    },
    /// Nobody has it.
    #[error("there is no engine mode {given:?}\nhint: the modes are {}", EngineMode::names())]
    Unknown {
        /// What was given.
        given: String,
    },
}

impl EngineMode {
    /// All modes.
    pub const ALL: [Self; 12] = [
        Self::RandomOnly,
        Self::HeuristicOnly,
        Self::DescentOnly,
        Self::MinimaxOnly,
        Self::GpuMinimaxOnly,
        Self::MctsOnly,
        Self::GumbelMctsOnly,
        Self::MaxnOnly,
        Self::BrsOnly,
        Self::Mixed,
        Self::Diverse,
        Self::DiverseCpu,
    ];

    /// Spelling on the command line and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RandomOnly => "random-only",
            Self::HeuristicOnly => "heuristic-only",
            Self::DescentOnly => "descent-only",
            Self::MinimaxOnly => "minimax-only",
            Self::GpuMinimaxOnly => "gpu-minimax-only",
            Self::MctsOnly => "mcts-only",
            Self::GumbelMctsOnly => "gumbel-mcts-only",
            Self::MaxnOnly => "maxn-only",
            Self::BrsOnly => "brs-only",
            Self::Mixed => "mixed",
            Self::Diverse => "diverse",
            Self::DiverseCpu => "diverse-cpu",
        }
    }

    /// Whether some seat may search, and so has a budget.
    pub const fn searches(self) -> bool {
        !matches!(self, Self::RandomOnly | Self::HeuristicOnly)
    }

    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for EngineMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for EngineMode {
    type Err = ModeError;

    fn from_str(name: &str) -> Result<Self, ModeError> {
        if let Some(mode) = Self::ALL.into_iter().find(|mode| mode.name() == name) {
            return Ok(mode);
        }
        Err(match NEED_NETWORK.into_iter().find(|&known| known == name) {
            Some(mode) => ModeError::NeedsNetwork { mode },
            None => ModeError::Unknown { given: name.chars().take(40).collect() },
        })
    }
}

/// Range of strengths that `mixed` draws from.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Band {
    /// All but rung 3, which upstream leaves out.
    #[default]
    Canonical,
    /// The cheap ones.
    Light,
}

impl Band {
    /// Spelling on the command line and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Canonical => "canonical",
            Self::Light => "light",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_without_an_engine_are_named_with_those_that_have_one() {
        for mode in EngineMode::ALL {
            assert_eq!(mode.name().parse(), Ok(mode));
        }
        let error = "nn-only".parse::<EngineMode>().unwrap_err().to_string();
        assert!(error.contains("nn-only") && error.contains("random-only, heuristic-only"), "{error}");
        assert!(matches!("mixd".parse::<EngineMode>(), Err(ModeError::Unknown { .. })));
    }
}
