//! What scores positions and what chooses moves: the traits that evaluators and engines implement, scores and win shares by
//! seat and the way from one to the other, what searches report, and the random streams that decisions draw from.
//!
//! A score is always one number per seat ([`Scores`]), on the scale of the evaluator that made it; two players are the
//! case of two seats, not a case of their own. Nothing here knows a particular evaluator: the heuristic and the networks
//! live in crates of their own, and whoever builds an engine plugs one in.
#![forbid(unsafe_code)]

mod engine;
mod evaluator;
mod real;
mod rng;
mod score;
mod search_result;
mod values;

pub use engine::{Choice, Decision, Engine};
pub use evaluator::Evaluator;
pub use real::{exp, ln};
pub use rng::GameRng;
pub use score::{LOSS, Scores, WIN, judge, terminal_score, zero_sum};
pub use search_result::{Ended, RootLine, SearchResult};
pub use values::{InvalidScale, InvalidShare, RANK_SHARE, SHARE_MIN, Scale, Values, centi, from_centi, relative_centi};
