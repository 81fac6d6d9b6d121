//! What having the move is worth.

use ringrift_eval::{Evaluator, Scores};
use ringrift_rules::{Board, PlayerId, Position};

/// An evaluator with a bonus for the seat to move.
///
/// The heuristic evaluation knows nothing of the move: in games the side that has just moved is ahead by some 140 points on
/// average, so that searches which compare positions with different sides to move would favour lines by who ends them.
/// Alpha-beta has a setting of its own for it.
#[derive(Clone, Debug)]
pub struct WithTempo<E> {
    evaluator: E,
    points: f64,
}

impl<E> WithTempo<E> {
    /// The evaluator, with this bonus on the relative score of the seat to move, in points.
    pub const fn new(evaluator: E, points: f64) -> Self {
        Self { evaluator, points }
    }

    /// Relative scores are half of a difference (see [`ringrift_eval::zero_sum`]).
    fn bonus<B: Board>(&self, position: &Position<B>) -> f64 {
        if position.outcome().is_none() { 2.0 * self.points } else { 0.0 }
    }
}

impl<B: Board, E: Evaluator<B>> Evaluator<B> for WithTempo<E> {
    fn describe(&self) -> String {
        format!("{} with tempo={}", self.evaluator.describe(), self.points)
    }

    fn score(&mut self, position: &Position<B>, seat: PlayerId) -> f64 {
        let bonus = if seat == position.to_move() { self.bonus(position) } else { 0.0 };
        self.evaluator.score(position, seat) + bonus
    }

    fn scores(&mut self, position: &Position<B>) -> Scores {
        let mut scores = self.evaluator.scores(position);
        scores[position.to_move()] += self.bonus(position);
        scores
    }
}
