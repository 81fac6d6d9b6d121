//! Engine modes: which engine sits in the seats.

use std::fmt;
use std::str::FromStr;

/// Who plays the games of a run.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum EngineMode {
    /// Every seat moves at random.
    RandomOnly,
    /// Every seat takes the move with the best heuristic score.
    HeuristicOnly,
}

/// Modes of upstream's self-play whose engines are not built yet.
const NOT_YET: [&str; 18] = [
    "descent-only",
    "mixed",
    "minimax-only",
    "mcts-only",
    "nn-only",
    "best-vs-pool",
    "diverse",
    "diverse-cpu",
    "gpu-minimax-only",
    "maxn-only",
    "brs-only",
    "policy-only",
    "gumbel-mcts-only",
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
    /// Upstream has it, this program does not.
    #[error(
        "engine mode {mode} is not available: its engine is not built yet\nhint: the modes are {}",
        EngineMode::names()
    )]
    NotYet {
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
    pub const ALL: [Self; 2] = [Self::RandomOnly, Self::HeuristicOnly];

    /// Spelling on the command line and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RandomOnly => "random-only",
            Self::HeuristicOnly => "heuristic-only",
        }
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
        Err(match NOT_YET.into_iter().find(|&known| known == name) {
            Some(mode) => ModeError::NotYet { mode },
            None => ModeError::Unknown { given: name.chars().take(40).collect() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_without_an_engine_are_named_with_those_that_have_one() {
        assert_eq!("random-only".parse(), Ok(EngineMode::RandomOnly));
        let error = "mixed".parse::<EngineMode>().unwrap_err().to_string();
        assert!(error.contains("mixed") && error.contains("random-only, heuristic-only"), "{error}");
        assert!(matches!("mixd".parse::<EngineMode>(), Err(ModeError::Unknown { .. })));
    }
}
