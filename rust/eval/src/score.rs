//! Scores by seat: the values of finished games, and conversions.

use ringrift_rules::{Board, ByPlayer, Move, PlayerCount, PlayerId, Position};

/// One score per seat, on the scale of the evaluator that made them; higher is better for the seat. Seats beyond the
/// player count hold 0.
pub type Scores = ByPlayer<f64>;

/// Score of the winner of a finished game. Source: upstream's `HeuristicAI.evaluate_position`.
pub const WIN: f64 = 100_000.0;

/// Score of everybody else in a finished game.
pub const LOSS: f64 = -WIN;

/// Score of a seat in a finished game; none while the game is in progress.
#[inline]
pub fn terminal_score<B: Board>(position: &Position<B>, seat: PlayerId) -> Option<f64> {
    position.outcome().map(|outcome| if outcome.winner == seat { WIN } else { LOSS })
}

/// The seat whose score says how good `mv` was for the player who makes it: that player's own, but for a swap of
/// sides, after which the player sits on the other side of the board.
#[inline]
pub fn judge(mv: Move, mover: PlayerId) -> PlayerId {
    match mv {
        Move::SwapSides => PlayerId::ALL[1 - mover.index().min(1)],
        _ => mover,
    }
}

/// Score of a seat relative to the best other one: half the difference, so that two players' values add up to 0.
/// Values of finished games ([`WIN`], [`LOSS`]) stay what they are. Source: upstream's `MinimaxAI.evaluate_position`.
pub fn zero_sum(scores: &Scores, players: PlayerCount, seat: PlayerId, finished: bool) -> f64 {
    if finished {
        return scores[seat];
    }
    let others = players.seats().filter(|&other| other != seat).map(|other| scores[other]);
    (scores[seat] - others.fold(f64::NEG_INFINITY, f64::max)) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_sum_compares_with_the_best_other_seat() {
        let scores = ByPlayer::new([10.0, 4.0, 7.0, 0.0]);
        let seat = |i: usize| PlayerId::ALL[i];
        assert!((zero_sum(&scores, PlayerCount::Three, seat(0), false) - 1.5).abs() < 1e-12);
        assert!((zero_sum(&scores, PlayerCount::Two, seat(1), false) + 3.0).abs() < 1e-12);
        assert!((zero_sum(&scores, PlayerCount::Two, seat(1), true) - 4.0).abs() < 1e-12);
    }

    #[test]
    fn swap_is_judged_from_the_other_side() {
        let second = PlayerId::ALL[1];
        assert_eq!(judge(Move::SwapSides, second), PlayerId::ALL[0]);
        assert_eq!(judge(Move::SkipPlacement, second), second);
    }
}
