//! What scores positions and what chooses moves: the traits that evaluators and engines implement, score vectors by
//! seat, and the random streams that decisions draw from.
//!
//! A score is always one number per seat ([`Scores`]), on the scale of the evaluator that made it; two players are the
//! case of two seats, not a case of their own. Nothing here knows a particular evaluator: the heuristic and the networks
//! live in crates of their own, and whoever builds an engine plugs one in.
#![forbid(unsafe_code)]

mod engine;
mod evaluator;
mod rng;
mod score;

pub use engine::{Choice, Decision, Engine};
pub use evaluator::Evaluator;
pub use rng::GameRng;
pub use score::{LOSS, Scores, WIN, judge, terminal_score, zero_sum};
