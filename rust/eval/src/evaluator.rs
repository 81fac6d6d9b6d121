//! The evaluator trait.

use ringrift_rules::{Board, Move, PlayerId, Position};

use crate::score::{Scores, judge};

/// Scores positions of board `B`.
///
/// Methods take `&mut self` for scratch space and caches only: equal positions get equal scores, whatever was scored
/// before. Finished games score [`crate::WIN`] and [`crate::LOSS`] unless the evaluator says otherwise.
pub trait Evaluator<B: Board>: Send {
    /// What this evaluator is, exactly enough to build it again: kind, weights by name and digest, settings. Goes into
    /// the records of games that it played in.
    fn describe(&self) -> String;

    /// Score of one seat.
    fn score(&mut self, position: &Position<B>, seat: PlayerId) -> f64;

    /// Scores of all seats.
    fn scores(&mut self, position: &Position<B>) -> Scores {
        let mut scores = Scores::default();
        for seat in position.players().seats() {
            scores[seat] = self.score(position, seat);
        }
        scores
    }

    /// Fills `scores` with one score per move: that of the position after it, from the seat of the player to move (see
    /// [`judge`]). `moves` are legal in `position`.
    ///
    /// Evaluators that can score a child by what the move changed replace this; the scores are the same.
    fn score_moves(&mut self, position: &Position<B>, moves: &[Move], scores: &mut Vec<f64>) {
        let mover = position.to_move();
        scores.clear();
        scores.extend(moves.iter().map(|&mv| {
            let mut child = *position;
            child.make_move(mv);
            self.score(&child, judge(mv, mover))
        }));
    }
}
