//! Blocks of games, the unit that a sequential test looks at: line-ups, scores, and what Elo makes of them.

use ringrift_rules::PlayerCount;

/// Which line-ups of a candidate and a champion a block plays when there are more than two seats.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum LineUps {
    /// One candidate against champions, and one champion against candidates.
    Both,
    /// One candidate against champions.
    OneCandidate,
    /// One champion against candidates.
    OneChampion,
}

impl LineUps {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Both, Self::OneCandidate, Self::OneChampion];

    /// Name on command lines and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::OneCandidate => "one-candidate",
            Self::OneChampion => "one-champion",
        }
    }
}

/// What a block is made of: every line-up in every assignment of its seats, all from one opening.
///
/// Its score is the mean over its games of the candidates' share of the win, as a number of equal parts.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct BlockShape {
    players: PlayerCount,
    line_ups: LineUps,
}

impl BlockShape {
    /// The block of a number of players. With two there is one line-up only.
    pub const fn new(players: PlayerCount, line_ups: LineUps) -> Self {
        Self { players, line_ups }
    }

    /// Number of players.
    pub const fn players(self) -> PlayerCount {
        self.players
    }

    /// The line-ups.
    pub const fn line_ups(self) -> LineUps {
        self.line_ups
    }

    /// Number of candidates in each line-up.
    pub fn candidates(self) -> Vec<usize> {
        let seats = self.players.get();
        match self.line_ups {
            _ if seats == 2 => vec![1],
            LineUps::Both => vec![1, seats - 1],
            LineUps::OneCandidate => vec![1],
            LineUps::OneChampion => vec![seats - 1],
        }
    }

    /// Games of a block: one for every seat that the odd one out can have.
    pub fn games(self) -> usize {
        self.candidates().len() * self.players.get()
    }

    /// In how many equal parts the score of a block comes: a game that nobody wins is worth the candidates' part of the seats.
    pub fn parts(self) -> usize {
        self.games() * self.players.get()
    }

    /// Score of a block in a world of equals.
    pub fn even(self) -> f64 {
        self.expected(0.0)
    }

    /// Expected score of a block if the candidate is so many Elo stronger: of `k` candidates with strength `r = 10^(elo/400)`
    /// among `n` seats one wins with probability `k r / (k r + n - k)`. Source: Plackett 1975; for two players, Elo's formula.
    pub fn expected(self, elo: f64) -> f64 {
        let (seats, strength) = (self.players.get() as f64, 10_f64.powf(elo / 400.0));
        let candidates = self.candidates();
        let share = |&count: &usize| {
            let count = count as f64;
            count * strength / (count * strength + seats - count)
        };
        candidates.iter().map(share).sum::<f64>() / candidates.len() as f64
    }

    /// The difference in Elo at which this is the expected score; infinite at the ends.
    pub fn elo(self, score: f64) -> f64 {
        if score <= 0.0 {
            return f64::NEG_INFINITY;
        }
        if score >= 1.0 {
            return f64::INFINITY;
        }
        let (mut low, mut high) = (-8_000.0, 8_000.0);
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if self.expected(middle) < score {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    }

    /// Variance of the score of a block whose games are independent and whose players are equals.
    pub fn variance_even(self) -> f64 {
        let seats = self.players.get() as f64;
        let candidates = self.candidates();
        let game = |&count: &usize| {
            let share = count as f64 / seats;
            share * (1.0 - share)
        };
        candidates.iter().map(game).sum::<f64>() / candidates.len() as f64 / self.games() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_even_at_equality_and_grow_with_strength() {
        for players in PlayerCount::ALL {
            for line_ups in LineUps::ALL {
                let shape = BlockShape::new(players, line_ups);
                let seats = players.get() as f64;
                let even = match line_ups {
                    _ if players.get() == 2 => 0.5,
                    LineUps::Both => 0.5,
                    LineUps::OneCandidate => 1.0 / seats,
                    LineUps::OneChampion => 1.0 - 1.0 / seats,
                };
                assert!((shape.even() - even).abs() < 1e-12);
                for elo in [-300.0, -5.0, 0.0, 20.0, 400.0] {
                    assert!((shape.elo(shape.expected(elo)) - elo).abs() < 1e-6);
                }
            }
        }
        let pair = BlockShape::new(PlayerCount::Two, LineUps::Both);
        // 10/11 is what 400 Elo are worth by definition.
        assert!((pair.expected(400.0) - 10.0 / 11.0).abs() < 1e-12);
        assert_eq!((pair.games(), pair.parts()), (2, 4));
        let block = BlockShape::new(PlayerCount::Three, LineUps::Both);
        assert_eq!((block.games(), block.parts()), (6, 18));
    }
}
