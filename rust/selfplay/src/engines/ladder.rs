//! The difficulty ladder: engines by number, for every board and number of players.

use std::sync::LazyLock;
use std::time::Duration;

use ringrift_rules::{BoardKind, PlayerCount};
use ringrift_search::Limits;
use serde::Deserialize;

use super::network::NamedNetwork;
use super::spec::{EngineKind, EngineSpec};

/// The highest rung.
pub const LADDER_MAX: u8 = 11;

/// A rung that does not exist.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no rung d{0} of the ladder\nhint: the rungs are d1 to d{LADDER_MAX}")]
pub struct LadderError(pub u8);

/// A step of the ladder.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Rung {
    /// Number, from 1.
    pub difficulty: u8,
    /// What plays.
    pub kind: EngineKind,
    /// Budget of a decision; none for engines that do not search, and where the caller decides.
    pub nodes: Option<u64>,
    /// Probability of a random move.
    pub randomness: f64,
    /// Upstream's think time for a decision.
    pub think_time: Duration,
    /// Whether it would use a network.
    pub wants_net: bool,
}

#[derive(Deserialize)]
struct File {
    ladder: Vec<Table>,
    mixed: Vec<Table>,
}

#[derive(Deserialize)]
struct Table {
    #[serde(default)]
    boards: Vec<String>,
    #[serde(default)]
    players: Vec<u8>,
    rungs: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    engine: String,
    nodes: Option<u64>,
    randomness: f64,
    think_ms: u64,
    #[serde(default)]
    net: bool,
}

static FILE: LazyLock<File> =
    LazyLock::new(|| toml::from_str(include_str!("ladder.toml")).expect("the built-in table is well-formed"));

impl Row {
    fn rung(&self, difficulty: u8) -> Rung {
        Rung {
            difficulty,
            kind: EngineKind::from_name(&self.engine).expect("the built-in table names engines"),
            nodes: self.nodes,
            randomness: self.randomness,
            think_time: Duration::from_millis(self.think_ms),
            wants_net: self.net,
        }
    }
}

fn row(table: &Table, difficulty: u8) -> Result<Rung, LadderError> {
    let index = usize::from(difficulty).checked_sub(1);
    let row = index.and_then(|index| table.rungs.get(index)).ok_or(LadderError(difficulty))?;
    Ok(row.rung(difficulty))
}

/// A rung of the ladder for a board and a number of players.
///
/// # Errors
/// [`LadderError`] unless it is one of 1 to [`LADDER_MAX`].
pub fn rung(difficulty: u8, board: BoardKind, players: PlayerCount) -> Result<Rung, LadderError> {
    let players = players.get() as u8;
    let is_for =
        |table: &&Table| table.boards.iter().any(|name| name == board.name()) && table.players.contains(&players);
    row(FILE.ladder.iter().find(is_for).ok_or(LadderError(difficulty))?, difficulty)
}

/// A rung that `mixed` self-play draws; its budget is the run's.
///
/// # Errors
/// [`LadderError`] unless it is one of 1 to 10.
pub fn soak_rung(difficulty: u8) -> Result<Rung, LadderError> {
    row(FILE.mixed.first().ok_or(LadderError(difficulty))?, difficulty)
}

impl Rung {
    /// Whether the rung plays with a network for evaluation (`.nnue`) where there is one. Rungs of tree searches want priors of
    /// moves as well, which such a network does not have.
    pub const fn takes_nnue(&self) -> bool {
        self.wants_net && self.kind.is_search() && !self.kind.is_tree_search()
    }

    /// The engine of the rung, with its nodes as the budget. It evaluates with `nnue` if it takes such a network; without
    /// one the heuristic evaluation stands in for a network that the rung would use.
    pub fn spec(&self, board: BoardKind, players: PlayerCount, nnue: Option<&NamedNetwork>) -> EngineSpec {
        let spec = EngineSpec::new(self.kind, board, players);
        let nodes = self.nodes.and_then(|nodes| Limits::nodes(nodes).ok());
        let nnue = nnue.filter(|_| self.takes_nnue()).cloned();
        EngineSpec {
            limits: nodes.filter(|_| self.kind.is_search()).or(spec.limits),
            randomness: self.randomness,
            difficulty: Some(self.difficulty),
            substitute_for: (self.wants_net && nnue.is_none()).then_some("network"),
            nnue,
            ..spec
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_and_number_of_players_has_every_rung() {
        for board in BoardKind::ALL {
            for players in PlayerCount::ALL {
                let mut nodes = 0;
                for difficulty in 1..=LADDER_MAX {
                    let rung = rung(difficulty, board, players).unwrap();
                    assert_eq!(rung.kind.is_search(), rung.nodes.is_some(), "{board} {players:?} d{difficulty}");
                    assert!(rung.nodes.is_none_or(|more| more > nodes), "{board} {players:?} d{difficulty}");
                    nodes = rung.nodes.unwrap_or(nodes);
                    assert_eq!(rung.spec(board, players, None).difficulty, Some(difficulty));
                }
                assert_eq!(rung(0, board, players), Err(LadderError(0)));
                assert_eq!(rung(LADDER_MAX + 1, board, players), Err(LadderError(LADDER_MAX + 1)));
            }
        }
        assert_eq!(soak_rung(10).unwrap().kind, EngineKind::Gumbel);
        assert!(soak_rung(11).is_err());
    }
}
