//! Engines: what chooses moves, given an evaluator.
//!
//! | engine | what it does |
//! |---|---|
//! | [`RandomEngine`] | every legal move is equally likely |
//! | [`Greedy`] | the move after which the mover's score is best, looking no further |
//! | [`SearchEngine`] | plays with a [`Search`], within [`Limits`] |
//!
//! | search | what it does |
//! |---|---|
//! | [`mcts::Mcts`] | Monte-Carlo tree search by PUCT or Gumbel selection, for any number of players |
//! | [`descent::Descent`] | unbounded best-first minimax with completion, for any number of players |
//!
//! Searches look at the real rules: one turn is several plies of one seat, and who moves next is read from the position,
//! never from the depth.
#![forbid(unsafe_code)]

mod alphabeta;
pub mod descent;
mod forced;
mod greedy;
mod limits;
mod maxn;
pub mod mcts;
mod random;
mod searcher;

pub use alphabeta::{AlphaBeta, AlphaBetaOptions, Opponents};
pub use greedy::{Greedy, GreedyOptions};
pub use limits::{InvalidLimits, Limits, Meter, Stop};
pub use maxn::{MaxN, MaxNOptions};
pub use random::RandomEngine;
pub use ringrift_eval::{Ended, RootLine, SearchResult};
pub use searcher::{InvalidSetting, Search, SearchEngine};
