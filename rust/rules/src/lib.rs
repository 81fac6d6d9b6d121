//! The rules of RingRift: boards, positions, legal moves, outcomes.
//!
//! This crate knows the game and nothing else: no files, threads, clock or randomness. Positions are plain values,
//! generic over the [`Board`] so that the compiler sees every width; [`AnyPosition`] is the one place where the board
//! is chosen at run time.
//!
//! ```
//! use ringrift_rules::{BoardKind, MoveList, PlayerCount, Position, RuleOptions, Square8};
//!
//! let rules = RuleOptions::standard(BoardKind::Square8, PlayerCount::Two);
//! let mut position = Position::<Square8>::initial(PlayerCount::Two, rules);
//! let mut moves = MoveList::new();
//! position.legal_moves(&mut moves);
//! assert_eq!(moves.len(), 64 * 3);
//! position.make_move(moves[0]);
//! assert_eq!(position.phase().name(), "movement");
//! ```
#![forbid(unsafe_code)]

mod any;
mod bits;
mod board;
mod cell;
mod compare;
mod details;
mod fingerprint;
mod geometry;
mod history;
mod make_move;
mod movegen;
mod moves;
mod notation;
mod options;
mod outcome;
mod perft;
mod phase;
mod player;
mod position;
mod setup;
mod stack;
mod turn;
mod validity;
mod violation;
mod zobrist;

pub use any::AnyPosition;
pub use bits::{Bits, CellIter, CellSet};
pub use board::{Board, BoardKind, BoardShape, BoardSpec, Hex8, Hexagonal, Square8, Square19, Table, UnknownBoard};
pub use cell::{Cell, Coord};
pub use compare::CellSummary;
pub use geometry::Geometry;
pub use history::{Chain, HistoryMarks, LastMove, LpsState};
pub use make_move::IllegalMove;
pub use moves::{
    EliminationContext, LineSpan, LineWindow, Move, MoveKind, MoveList, RecoveryMode, RegionBorder, RegionId,
};
pub use notation::{ParseMoveError, ParsePositionError};
pub use options::RuleOptions;
pub use outcome::{EndReason, Outcome, RecordedReason};
pub use perft::{divide, perft};
pub use phase::Phase;
pub use player::{ByPlayer, PlayerCount, PlayerId, UnknownPlayerCount};
pub use position::{CellContent, Position};
pub use setup::{Setup, SetupStack, Strictness};
pub use stack::Stack;
pub use violation::{SetupError, Violation};
