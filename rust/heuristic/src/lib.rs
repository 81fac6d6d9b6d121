//! The heuristic evaluation: features of a position, weighted and added up, for one seat at a time.
//!
//! The features and their formulas are those of upstream's `HeuristicAI` (see [`Components`]), for two to four players
//! and all boards; with [`EvalGeometry::Compat`] and the markers in upstream's order the values are upstream's. What
//! play uses is [`EvalGeometry::True`], which has no such order and knows the neighbours on hex8.
//!
//! ```
//! use ringrift_eval::Evaluator;
//! use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
//! use ringrift_rules::{BoardKind, PlayerCount, PlayerId, Position, RuleOptions, Square8};
//!
//! let rules = RuleOptions::standard(BoardKind::Square8, PlayerCount::Two);
//! let position = Position::<Square8>::initial(PlayerCount::Two, rules);
//! let mut heuristic = Heuristic::new(Weights::default(), HeuristicOptions::default());
//! assert_eq!(heuristic.score(&position, PlayerId::ALL[0]), 0.0);
//! ```
#![forbid(unsafe_code)]

mod components;
mod evaluate;
mod facts;
mod features;
mod files;
mod heuristic;
mod profiles;
#[cfg(test)]
mod recorded;
mod tables;
mod vectors;
mod weights;

pub use components::{Component, Components};
pub use files::{FileProfile, ProfileFile, ProfileFileError};
pub use heuristic::{EvalGeometry, EvalMode, Heuristic, HeuristicOptions, UnknownSetting};
pub use profiles::board_profile_name;
pub use weights::Weights;
