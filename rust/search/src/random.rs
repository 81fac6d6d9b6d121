//! The engine that moves at random.

use ringrift_eval::{Choice, Decision, Engine, GameRng};
use ringrift_rules::{Board, Move, Position};

/// Plays every legal move with the same probability.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct RandomEngine;

impl<B: Board> Engine<B> for RandomEngine {
    fn describe(&self) -> String {
        "random".into()
    }

    fn choose(&mut self, _: &Position<B>, legal: &[Move], rng: &mut GameRng) -> Option<Decision> {
        match *legal {
            [] => None,
            [only] => Some(Decision::unscored(only, Choice::Forced)),
            _ => Some(Decision::unscored(legal[rng.below(legal.len())], Choice::Random)),
        }
    }
}
