//! Engines: what chooses moves, given an evaluator.
//!
//! | engine | what it does |
//! |---|---|
//! | [`RandomEngine`] | every legal move is equally likely |
//! | [`Greedy`] | the move after which the mover's score is best, looking no further |
#![forbid(unsafe_code)]

mod greedy;
mod random;

pub use greedy::{Greedy, GreedyOptions};
pub use random::RandomEngine;
