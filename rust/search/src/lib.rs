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
//! | [`AlphaBeta`] | two players; three and four as paranoid or best-reply search (see [`Opponents`]) |
//! | [`MaxN`] | any number of players, each for itself |
//! | [`mcts::Mcts`] | Monte-Carlo tree search by PUCT or Gumbel selection, for any number of players |
//! | [`descent::Descent`] | unbounded best-first minimax with completion, for any number of players |
//!
//! Searches look at the real rules: one turn is several plies of one seat, and who moves next is read from the position,
//! never from the depth. A win that is found ends the search.
//!
//! ```
//! use ringrift_eval::GameRng;
//! use ringrift_heuristic::{Heuristic, HeuristicOptions, Weights};
//! use ringrift_rules::{BoardKind, MoveList, PlayerCount, Position, RuleOptions, Square8};
//! use ringrift_search::{AlphaBeta, AlphaBetaOptions, Limits, Search, Stop};
//!
//! let rules = RuleOptions::standard(BoardKind::Square8, PlayerCount::Two);
//! let position = Position::<Square8>::initial(PlayerCount::Two, rules);
//! let mut moves = MoveList::new();
//! position.legal_moves(&mut moves);
//! let heuristic = Heuristic::new(Weights::default(), HeuristicOptions::default());
//! let mut search = AlphaBeta::new(heuristic, AlphaBetaOptions::default())?;
//! let limits = Limits::nodes(500)?;
//! let found = search.search(&position, &moves, &limits, &Stop::new(), &mut GameRng::new(1, 0, 0));
//! assert!(found.is_some_and(|found| found.nodes <= 500 && moves.contains(&found.best)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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
mod tempo;
mod threads;

pub use alphabeta::{AlphaBeta, AlphaBetaOptions, Margins, Opponents};
pub use greedy::{Greedy, GreedyOptions};
pub use limits::{InvalidLimits, Limits, Meter, Stop};
pub use maxn::{MaxN, MaxNOptions};
pub use random::RandomEngine;
pub use ringrift_eval::{Ended, RootLine, SearchResult};
pub use searcher::{InvalidSetting, Search, SearchEngine};
pub use tempo::WithTempo;
