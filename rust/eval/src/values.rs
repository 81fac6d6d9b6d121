//! Win shares by seat, and how scores turn into them.

use ringrift_rules::{Board, ByPlayer, PlayerCount, PlayerId, Position};

use crate::real::{exp, ln};
use crate::score::{LOSS, Scores, WIN, zero_sum};

/// Part of a finished game's values that goes by rank; the rest is the winner's.
///
/// Small, so that winning comes first, but a seat that cannot win still prefers the second place to the last.
pub const RANK_SHARE: f64 = 0.01;

/// Least share that a seat gets in an unfinished game. With [`RANK_SHARE`] it keeps every share of an unfinished game
/// below that of a winner and above that of a sole last.
pub const SHARE_MIN: f64 = 0.002;

/// Win share of every seat: in `[0, 1]`, summing to 1 over the seats of the game (up to rounding); seats beyond the player
/// count hold 0.
///
/// What searches for any number of players back up, and what records keep as the value of a position.
#[derive(Copy, Clone, PartialEq, Debug, Default)]
pub struct Values(ByPlayer<f64>);

/// Numbers that are no win shares.
#[derive(Copy, Clone, PartialEq, Debug, thiserror::Error)]
#[error("{share} is no win share of seat {seat}\nhint: shares are finite, not negative, and not all 0")]
pub struct InvalidShare {
    /// Number of the seat, from 1.
    pub seat: u8,
    /// Its share.
    pub share: f64,
}

impl Values {
    /// The same share for everybody.
    pub fn even(players: PlayerCount) -> Self {
        let mut shares = ByPlayer::default();
        for seat in players.seats() {
            shares[seat] = 1.0 / players.get() as f64;
        }
        Self(shares)
    }

    /// Shares in proportion to these numbers, as sums over visits are; seats beyond the player count are ignored.
    ///
    /// # Errors
    /// [`InvalidShare`] if one is negative or not finite, or if all are 0.
    pub fn in_proportion(numbers: ByPlayer<f64>, players: PlayerCount) -> Result<Self, InvalidShare> {
        let sum: f64 = numbers.of(players).iter().sum();
        let mut shares = ByPlayer::default();
        for seat in players.seats() {
            let share = numbers[seat];
            if !(share.is_finite() && share >= 0.0 && sum > 0.0 && sum.is_finite()) {
                return Err(InvalidShare { seat: seat.number(), share });
            }
            shares[seat] = share / sum;
        }
        Ok(Self(shares))
    }

    /// Values of final ranks (1 = first, shared ranks by standard competition ranking): the winner has 1 less
    /// [`RANK_SHARE`]; that part falls linearly from the first rank to the last, where it is 0, and equal ranks share.
    pub fn of_ranks(ranks: &ByPlayer<u8>, players: PlayerCount) -> Self {
        let seats = players.get() as f64;
        let count = |rank: u8| players.seats().filter(|&seat| ranks[seat] == rank).count() as f64;
        let mut shares = ByPlayer::default();
        for seat in players.seats() {
            let equal = count(ranks[seat]);
            let place = f64::from(ranks[seat]) - 1.0 + (equal - 1.0) / 2.0;
            let by_rank = 2.0 * (seats - 1.0 - place) / (seats * (seats - 1.0));
            let won = if ranks[seat] == 1 { 1.0 / equal } else { 0.0 };
            shares[seat] = (1.0 - RANK_SHARE) * won + RANK_SHARE * by_rank;
        }
        Self(shares)
    }

    /// Values of a finished game; none while it is in progress. Two players: 1 and 0.
    pub fn terminal<B: Board>(position: &Position<B>) -> Option<Self> {
        position.ranks().map(|ranks| Self::of_ranks(&ranks, position.players()))
    }

    /// Share of every seat.
    pub const fn shares(&self) -> &ByPlayer<f64> {
        &self.0
    }

    /// Shares of the seats of the game.
    pub fn of(&self, players: PlayerCount) -> &[f64] {
        self.0.of(players)
    }
}

impl std::ops::Index<PlayerId> for Values {
    type Output = f64;
    #[inline]
    fn index(&self, seat: PlayerId) -> &f64 {
        &self.0[seat]
    }
}

/// How many points of an evaluator make a win likely: the relative score (see [`zero_sum`]) at which the odds of winning
/// are e to 1, about 73 %.
#[derive(Copy, Clone, PartialEq, PartialOrd, Debug)]
pub struct Scale(f64);

/// A scale that is none.
#[derive(Copy, Clone, PartialEq, Debug, thiserror::Error)]
#[error("a scale of {0} points\nhint: a scale is a positive number of points, such as {default}", default = Scale::HEURISTIC.points())]
pub struct InvalidScale(pub f64);

impl Scale {
    /// The scale of the heuristic evaluation with its built-in weights, all features.
    ///
    /// Between the best fits to games of alpha-beta with itself on the four boards, which are 90 to 480 points after the opening.
    /// Before that, and in light mode, scores tell next to nothing about the result.
    pub const HEURISTIC: Self = Self(200.0);

    /// A scale of so many points.
    ///
    /// # Errors
    /// [`InvalidScale`] unless the number is positive and finite.
    pub fn new(points: f64) -> Result<Self, InvalidScale> {
        if points.is_finite() && points > 0.0 { Ok(Self(points)) } else { Err(InvalidScale(points)) }
    }

    /// Its points.
    pub const fn points(self) -> f64 {
        self.0
    }

    /// Probability in `(0, 1)` that a seat with this relative score wins against one opponent: the logistic function.
    pub fn win_probability(self, relative: f64) -> f64 {
        1.0 / (1.0 + exp(-(relative / self.0).clamp(-30.0, 30.0)))
    }

    /// The relative score of a probability of winning: inverse of [`Scale::win_probability`], within 30 scales of 0.
    pub fn relative_score(self, probability: f64) -> f64 {
        let odds = probability / (1.0 - probability);
        if odds.is_nan() || odds < 0.0 { 0.0 } else { ln(odds).clamp(-30.0, 30.0) * self.0 }
    }

    /// Win shares of an unfinished game from the seats' scores: their softmax, with a floor of [`SHARE_MIN`]. With two
    /// players that is the win probability of the relative score, but for the floor.
    pub fn values(self, scores: &Scores, players: PlayerCount) -> Values {
        let seats = players.get() as f64;
        let best = scores.of(players).iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut shares, mut sum) = (ByPlayer::default(), 0.0);
        for seat in players.seats() {
            // Half, as the relative score is half the difference.
            shares[seat] = exp((scores[seat] - best) / (2.0 * self.0));
            sum += shares[seat];
        }
        for seat in players.seats() {
            shares[seat] = (1.0 - seats * SHARE_MIN) * shares[seat] / sum + SHARE_MIN;
        }
        Values(shares)
    }

    /// Win shares of any position from the seats' scores: those of the result if there is one.
    pub fn values_at<B: Board>(self, position: &Position<B>, scores: &Scores) -> Values {
        Values::terminal(position).unwrap_or_else(|| self.values(scores, position.players()))
    }

    /// Win shares from the relative score of one seat (see [`zero_sum`]); the others share what is left evenly. Scores
    /// beyond half of [`WIN`] are those of finished games, or of games that are decided within the search.
    pub fn values_of_relative(self, relative: f64, players: PlayerCount, seat: PlayerId) -> Values {
        let mut scores = Scores::default();
        for other in players.seats() {
            scores[other] = if other == seat { relative } else { -relative };
        }
        if relative.abs() < WIN / 2.0 {
            return self.values(&scores, players);
        }
        let others = players.get() as f64 - 1.0;
        let mut shares = ByPlayer::default();
        for other in players.seats() {
            shares[other] = match (relative > 0.0, other == seat) {
                (true, true) | (false, false) => 1.0,
                _ => 0.0,
            };
            if other != seat {
                shares[other] /= others;
            }
        }
        Values(shares)
    }
}

/// A score in hundredths of a point, rounded; scores of finished games keep theirs ([`WIN`] is 10,000,000).
pub fn centi(score: f64) -> i32 {
    (score * 100.0).round().clamp(LOSS * 100.0, WIN * 100.0) as i32
}

/// The score of so many hundredths of a point.
pub fn from_centi(centi: i32) -> f64 {
    f64::from(centi) / 100.0
}

/// Relative score of a seat in hundredths of a point, for an unfinished game: always nearer to 0 than 90 % of [`WIN`], so
/// that no evaluation looks like a result.
pub fn relative_centi(scores: &Scores, players: PlayerCount, seat: PlayerId) -> i32 {
    centi(zero_sum(scores, players, seat, false).clamp(0.9 * LOSS, 0.9 * WIN))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_players() -> impl Strategy<Value = PlayerCount> {
        (0..3usize).prop_map(|i| PlayerCount::ALL[i])
    }

    fn any_scores() -> impl Strategy<Value = Scores> {
        prop::array::uniform4(-2000.0..2000.0f64).prop_map(ByPlayer::new)
    }

    fn is_a_vector_of_shares(values: &Values, players: PlayerCount) {
        let shares = values.of(players);
        assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{values:?}");
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{values:?}");
        assert!(PlayerId::ALL[players.get()..].iter().all(|&seat| values[seat] == 0.0), "{values:?}");
    }

    proptest! {
        #[test]
        fn scores_make_shares_in_their_order(scores in any_scores(), players in any_players()) {
            let values = Scale::HEURISTIC.values(&scores, players);
            is_a_vector_of_shares(&values, players);
            let ranks = ByPlayer::new([1, 2, 3, 4]);
            let won = Values::of_ranks(&ranks, players);
            for a in players.seats() {
                prop_assert!(values[a] < won[PlayerId::ALL[0]] && values[a] > won[PlayerId::ALL[players.get() - 1]]);
                for b in players.seats() {
                    prop_assert!(scores[a] < scores[b] || values[a] >= values[b]);
                }
            }
        }

        #[test]
        fn ranks_make_shares_with_the_winner_first(raw in prop::array::uniform4(0..4u8), players in any_players()) {
            // Standard competition ranks of arbitrary results with one winner.
            let winner = players.seats().max_by_key(|&seat| raw[seat.index()]).unwrap();
            let result = |seat: PlayerId| if seat == winner { 9 } else { raw[seat.index()] };
            let mut ranks = ByPlayer::default();
            for seat in players.seats() {
                ranks[seat] = 1 + players.seats().filter(|&other| result(other) > result(seat)).count() as u8;
            }
            let values = Values::of_ranks(&ranks, players);
            is_a_vector_of_shares(&values, players);
            prop_assert!(values[winner] >= 1.0 - RANK_SHARE);
            for a in players.seats() {
                for b in players.seats() {
                    prop_assert!((ranks[a] < ranks[b]) == (values[a] > values[b] + 1e-12));
                }
            }
        }

        #[test]
        fn probability_and_score_are_inverse(relative in -900.0..900.0f64, points in 1.0..500.0f64) {
            let scale = Scale::new(points).unwrap();
            let probability = scale.win_probability(relative);
            prop_assert!((probability + scale.win_probability(-relative) - 1.0).abs() < 1e-12);
            if (relative / points).abs() < 12.0 {
                prop_assert!((scale.relative_score(probability) - relative).abs() < 1e-6 * points.max(relative.abs()));
            }
        }

        #[test]
        fn two_players_have_the_probability_of_the_relative_score(scores in any_scores()) {
            let (scale, players) = (Scale::HEURISTIC, PlayerCount::Two);
            for seat in players.seats() {
                let relative = zero_sum(&scores, players, seat, false);
                let floored = (1.0 - 2.0 * SHARE_MIN) * scale.win_probability(relative) + SHARE_MIN;
                prop_assert!((scale.values(&scores, players)[seat] - floored).abs() < 1e-12);
                let alone = scale.values_of_relative(relative, players, seat);
                prop_assert!((alone[seat] - floored).abs() < 1e-12);
                is_a_vector_of_shares(&alone, players);
            }
        }

        #[test]
        fn centi_keeps_a_score_to_half_a_hundredth(score in -1e5..1e5f64) {
            prop_assert!((from_centi(centi(score)) - score).abs() <= 0.005 + 1e-9);
        }
    }

    #[test]
    fn finished_games_of_two_are_won_and_lost() {
        let seats = PlayerCount::Two;
        assert_eq!(Values::of_ranks(&ByPlayer::new([2, 1, 0, 0]), seats).of(seats), [0.0, 1.0]);
        let lost = Scale::HEURISTIC.values_of_relative(LOSS + 0.5, PlayerCount::Three, PlayerId::ALL[1]);
        assert_eq!(lost.of(PlayerCount::Three), [0.5, 0.0, 0.5]);
        assert_eq!(centi(WIN), 10_000_000);
    }

    #[test]
    fn proportions_are_checked() {
        let seats = PlayerCount::Three;
        let values = Values::in_proportion(ByPlayer::new([3.0, 1.0, 0.0, 7.0]), seats).unwrap();
        assert_eq!(values.of(seats), [0.75, 0.25, 0.0]);
        for bad in [[0.0; 4], [1.0, -1.0, 1.0, 0.0], [f64::NAN, 1.0, 1.0, 0.0], [1.0, f64::INFINITY, 0.0, 0.0]] {
            assert!(Values::in_proportion(ByPlayer::new(bad), seats).is_err(), "{bad:?}");
        }
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = Scale::new(bad).unwrap_err();
            assert!(error.to_string().contains("hint: "), "{error}");
        }
    }
}
