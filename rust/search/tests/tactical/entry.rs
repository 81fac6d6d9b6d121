//! One position of the suite, and its proof.

use std::collections::BTreeSet;

use ringrift_rules::{Board, EndReason, Move, Position};
use serde::{Deserialize, Serialize};

use super::solver::{Goal, Solver, Spent, legal};

/// What a position is about.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// A win by ring elimination.
    WinElimination,
    /// A win by territory.
    WinTerritory,
    /// A win by last player standing.
    WinLastPlayerStanding,
    /// A win by the stalemate ladder.
    WinStalemate,
    /// Nearly everything loses.
    MustBlock,
    /// Which way a capture chain goes on decides.
    ChainCapture,
    /// Which region is taken, or that none is, decides.
    TerritoryChoice,
    /// Which part of an overlong line collapses decides.
    LineOption,
}

impl Theme {
    pub const ALL: [Self; 8] = [
        Self::WinElimination,
        Self::WinTerritory,
        Self::WinLastPlayerStanding,
        Self::WinStalemate,
        Self::MustBlock,
        Self::ChainCapture,
        Self::TerritoryChoice,
        Self::LineOption,
    ];

    /// Spelling in the file.
    pub fn name(self) -> String {
        serde_json::to_value(self).unwrap().as_str().unwrap().to_owned()
    }

    /// The rule that the win is by, for themes that are named after it.
    pub fn reason(self) -> Option<EndReason> {
        match self {
            Self::WinElimination => Some(EndReason::RingElimination),
            Self::WinTerritory => Some(EndReason::Territory),
            Self::WinLastPlayerStanding => Some(EndReason::LastPlayerStanding),
            Self::WinStalemate => Some(EndReason::Stalemate),
            _ => None,
        }
    }

    /// The theme of a win by this rule.
    pub fn of_reason(reason: EndReason) -> Self {
        Self::ALL.into_iter().find(|theme| theme.reason() == Some(reason)).unwrap()
    }
}

/// What the seat to move has to do.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Force a win before its turn number `turns + 1`.
    Win,
    /// Leave the others no forced win before that.
    Hold,
}

impl Task {
    pub fn goal(self) -> Goal {
        match self {
            Self::Win => Goal::Win(None),
            Self::Hold => Goal::Loss,
        }
    }
}

/// A line of the file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: String,
    pub theme: Theme,
    pub task: Task,
    /// Turns of the seat to move, the one in progress included.
    pub turns: u32,
    /// One-line text.
    pub position: String,
    /// All first moves that do it, sorted.
    pub solutions: Vec<String>,
    /// Number of legal moves with different texts.
    pub legal: usize,
    /// Positions that the proof makes.
    pub nodes: u64,
    /// Where it comes from.
    pub source: String,
}

/// The moves that solve a task within so many turns, and the nodes that it took to know.
pub fn solve<B: Board>(
    position: &Position<B>,
    task: Task,
    turns: u32,
    nodes_max: u64,
) -> Result<(Vec<Move>, u64), Spent> {
    let mut solver = Solver::new(position.to_move(), task.goal(), nodes_max);
    let judged = solver.judge_moves(position, turns)?;
    let moves = judged.into_iter().filter(|&(_, holds)| holds == (task == Task::Win)).map(|(mv, _)| mv).collect();
    Ok((moves, solver.nodes()))
}

/// The texts of moves, each once, sorted.
pub fn texts<B: Board>(position: &Position<B>, moves: &[Move]) -> Vec<String> {
    let set: BTreeSet<String> = moves.iter().map(|&mv| position.format_move(mv)).collect();
    set.into_iter().collect()
}

/// Whether the win can be forced by this rule, with one of these moves.
pub fn wins_by<B: Board>(
    position: &Position<B>,
    moves: &[Move],
    reason: EndReason,
    turns: u32,
    nodes_max: u64,
) -> Result<bool, Spent> {
    let mut solver = Solver::new(position.to_move(), Goal::Win(Some(reason)), nodes_max);
    for &mv in moves {
        if solver.holds_after(position, mv, turns)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Entry {
    /// Proves everything that the entry says; panics otherwise. Returns the nodes that it took.
    pub fn prove<B: Board>(&self, position: &Position<B>) -> u64 {
        const NODES_MAX: u64 = 20_000_000;
        let id = &self.id;
        let moves = legal(position);
        let (solving, nodes) = solve(position, self.task, self.turns, NODES_MAX).unwrap();
        assert_eq!(texts(position, &solving), self.solutions, "{id}: solutions");
        let all = texts(position, &moves);
        assert_eq!(all.len(), self.legal, "{id}: legal moves");
        assert!(!self.solutions.is_empty() && self.solutions.len() < all.len(), "{id}: a choice that matters");
        if self.task == Task::Win && self.turns > 1 {
            let (sooner, _) = solve(position, self.task, self.turns - 1, NODES_MAX).unwrap();
            assert!(sooner.is_empty(), "{id}: a win in fewer turns");
        }
        if let Some(reason) = self.theme.reason() {
            assert!(wins_by(position, &solving, reason, self.turns, NODES_MAX).unwrap(), "{id}: not by {reason}");
        }
        nodes
    }
}

/// All entries, from the file.
pub fn load() -> Vec<Entry> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/tactics/positions.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}
