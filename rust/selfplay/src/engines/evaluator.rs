//! What engines look with: the heuristic evaluation or a network.

use ringrift_eval::{Evaluator, Scores, judge, zero_sum};
use ringrift_heuristic::Heuristic;
use ringrift_nnue::NnueEvaluator;
use ringrift_rules::{Board, Move, PlayerId, Position};

/// The evaluation of an engine.
#[derive(Clone, Debug)]
pub enum SeatEvaluator<B: Board> {
    /// The heuristic one.
    Heuristic(Box<Heuristic<B>>),
    /// That of a network.
    Network(Box<NnueEvaluator<B>>),
}

impl<B: Board> Evaluator<B> for SeatEvaluator<B> {
    fn describe(&self) -> String {
        match self {
            Self::Heuristic(heuristic) => heuristic.describe(),
            Self::Network(network) => network.describe(),
        }
    }

    #[inline]
    fn score(&mut self, position: &Position<B>, seat: PlayerId) -> f64 {
        match self {
            Self::Heuristic(heuristic) => heuristic.score(position, seat),
            Self::Network(network) => network.score(position, seat),
        }
    }

    #[inline]
    fn scores(&mut self, position: &Position<B>) -> Scores {
        match self {
            Self::Heuristic(heuristic) => heuristic.scores(position),
            Self::Network(network) => network.scores(position),
        }
    }

    fn score_moves(&mut self, position: &Position<B>, moves: &[Move], scores: &mut Vec<f64>) {
        match self {
            Self::Heuristic(heuristic) => heuristic.score_moves(position, moves, scores),
            // Scores of a network have a meaning beside those of the other seats only.
            Self::Network(network) => {
                let (players, mover) = (position.players(), position.to_move());
                scores.clear();
                scores.extend(moves.iter().map(|&mv| {
                    let mut child = *position;
                    child.make_move(mv);
                    let seen = network.scores(&child);
                    zero_sum(&seen, players, judge(mv, mover), child.outcome().is_some())
                }));
            }
        }
    }
}
