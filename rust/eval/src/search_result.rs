//! What a search found.

use std::time::Duration;

use ringrift_rules::{Move, PlayerId};

use crate::values::Values;

/// Why a search ended.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ended {
    /// Its nodes were spent.
    Nodes,
    /// Its time was up.
    Time,
    /// It reached its depth.
    Depth,
    /// More search could not change the move: the result is proven, or there is nothing left to search.
    Solved,
    /// It was told to stop.
    Stopped,
    /// Its memory was full.
    Memory,
}

impl Ended {
    /// Spelling in outputs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::Time => "time",
            Self::Depth => "depth",
            Self::Solved => "solved",
            Self::Stopped => "stopped",
            Self::Memory => "memory",
        }
    }
}

/// What a search knows of one move of the root.
#[derive(Clone, PartialEq, Debug)]
pub struct RootLine {
    /// The move.
    pub mv: Move,
    /// Work that went into it: simulations of a tree search, nodes of a depth-first one.
    pub visits: u64,
    /// Win shares after the move. For moves that a depth-first search refuted, those of the bound that refuted them.
    pub values: Values,
    /// Whether `values` are an estimate of the move itself and not a bound.
    pub is_exact: bool,
    /// The moves that are expected from here on, `mv` first.
    pub pv: Vec<Move>,
    /// Probability with which the search would play the move, summing to 1 over the root: the policy target of training.
    pub policy: f64,
}

/// What a search found: the answer of every search engine, and what records keep of it.
#[derive(Clone, PartialEq, Debug)]
pub struct SearchResult {
    /// The chosen move.
    pub best: Move,
    /// Score of the root for the seat to move, in points of the evaluator, relative to the best opponent (see
    /// [`crate::zero_sum`]); [`crate::WIN`] less the plies to the end for a proven win.
    pub score: f64,
    /// Win shares of the root.
    pub values: Values,
    /// One line for every legal move, in the order in which they were given.
    pub lines: Vec<RootLine>,
    /// Positions that were made by a move.
    pub nodes: u64,
    /// Seats' evaluations.
    pub evaluations: u64,
    /// Depth that was completed, in the engine's own measure.
    pub depth: u32,
    /// Time from start to end.
    pub elapsed: Duration,
    /// Why it ended.
    pub ended: Ended,
}

impl SearchResult {
    /// The line of the chosen move.
    pub fn best_line(&self) -> Option<&RootLine> {
        self.lines.iter().find(|line| line.mv == self.best)
    }

    /// The lines, best first: the chosen move, then by policy, win share of the player to move, and visits.
    pub fn best_first(&self, to_move: PlayerId) -> Vec<&RootLine> {
        let mut lines: Vec<&RootLine> = self.lines.iter().collect();
        lines.sort_by(|a, b| {
            (b.mv == self.best)
                .cmp(&(a.mv == self.best))
                .then_with(|| b.policy.total_cmp(&a.policy))
                .then_with(|| b.values[to_move].total_cmp(&a.values[to_move]))
                .then_with(|| b.visits.cmp(&a.visits))
        });
        lines
    }
}
