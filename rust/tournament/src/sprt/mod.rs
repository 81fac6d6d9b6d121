//! Sequential tests that decide whether a candidate is stronger than a champion, with stated error rates.
//!
//! A generalised sequential probability ratio test (GSPRT) on blocks of games, each of which plays every assignment of the
//! seats from one opening: the pentanomial test of pairs for two players, and its like for more. Results count in the order
//! of the schedule, whatever the order in which the games end.

mod forecast;
mod likelihood;
mod shape;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::fmt;

pub use forecast::Forecast;
use likelihood::Frequencies;
pub use shape::{BlockShape, LineUps};

/// Elo of a deviation of 1 of the score of a game: the unit of normalised Elo. Source: Van den Bergh, "Normalized Elo".
pub const NORMALISED_ELO: f64 = 800.0 / std::f64::consts::LN_10;

/// Which Elo hypotheses are stated in.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum EloModel {
    /// Elo of the expected score.
    Logistic,
    /// Expected score over the even one, in standard deviations of a game: what it costs to measure, whatever the share of
    /// undecided games.
    Normalised,
}

impl EloModel {
    /// Name on command lines and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logistic => "logistic",
            Self::Normalised => "normalised",
        }
    }
}

/// A sequential test.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Sprt {
    shape: BlockShape,
    model: EloModel,
    elo: [f64; 2],
    alpha: f64,
    beta: f64,
    blocks_max: u64,
}

/// A test that makes no sense.
#[derive(Copy, Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SprtError {
    /// Hypotheses that are not in order.
    #[error(
        "hypotheses of {elo0} and {elo1} Elo\nhint: the second one is the greater, and both lie between -1000 and 1000"
    )]
    Hypotheses {
        /// Of the first.
        elo0: f64,
        /// Of the second.
        elo1: f64,
    },
    /// Error rates that are none.
    #[error("error rates of {alpha} and {beta}\nhint: give rates above 0 whose sum is below 1, such as 0.05 and 0.05")]
    Rates {
        /// Of candidates that are no stronger.
        alpha: f64,
        /// Of candidates that are.
        beta: f64,
    },
    /// A cap of no games.
    #[error("a cap of {games} games\nhint: a block has {block} games; allow some hundred blocks at least")]
    Cap {
        /// The cap.
        games: u64,
        /// Games of a block.
        block: usize,
    },
}

/// How a test ended.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The candidate is stronger.
    Accept,
    /// It is not.
    Reject,
    /// The cap was reached without an answer: the candidate is not accepted.
    RejectAtCap,
}

impl Verdict {
    /// Whether the candidate is accepted.
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Accept)
    }

    /// Name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::RejectAtCap => "reject-at-cap",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Sprt {
    /// A test of `elo[0]` or less against `elo[1]` or more: a candidate of the first kind is accepted with probability
    /// `alpha` at most, one of the second kind with `1 - beta` at least, unless `games_max` end the test first.
    ///
    /// # Errors
    /// [`SprtError`] names what makes no sense.
    pub fn new(
        shape: BlockShape,
        model: EloModel,
        elo: [f64; 2],
        (alpha, beta): (f64, f64),
        games_max: u64,
    ) -> Result<Self, SprtError> {
        let bounded = elo.iter().all(|elo| elo.is_finite() && elo.abs() <= 1_000.0);
        if !bounded || elo[0] >= elo[1] {
            return Err(SprtError::Hypotheses { elo0: elo[0], elo1: elo[1] });
        }
        if !(alpha > 0.0 && beta > 0.0 && alpha + beta < 1.0) {
            return Err(SprtError::Rates { alpha, beta });
        }
        let blocks_max = games_max / shape.games() as u64;
        if blocks_max == 0 {
            return Err(SprtError::Cap { games: games_max, block: shape.games() });
        }
        Ok(Self { shape, model, elo, alpha, beta, blocks_max })
    }

    /// What its blocks are.
    pub const fn shape(&self) -> BlockShape {
        self.shape
    }

    /// Which Elo.
    pub const fn model(&self) -> EloModel {
        self.model
    }

    /// Both hypotheses.
    pub const fn elo(&self) -> [f64; 2] {
        self.elo
    }

    /// Error rates: of accepting a candidate that is no stronger, of rejecting one that is.
    pub const fn rates(&self) -> (f64, f64) {
        (self.alpha, self.beta)
    }

    /// Blocks after which it ends without an answer.
    pub const fn blocks_max(&self) -> u64 {
        self.blocks_max
    }

    /// Log-likelihood ratios at which it rejects and accepts. Source: Wald 1945.
    pub fn bounds(&self) -> (f64, f64) {
        ((self.beta / (1.0 - self.alpha)).ln(), ((1.0 - self.beta) / self.alpha).ln())
    }

    /// Log-likelihood ratio of the second hypothesis to the first, after so many blocks of every score.
    pub fn ratio(&self, counts: &ScoreCounts) -> f64 {
        if counts.blocks == 0 {
            return 0.0;
        }
        let frequencies = Frequencies::new(&counts.counts);
        match self.model {
            EloModel::Logistic => {
                let [score0, score1] = self.elo.map(|elo| self.shape.expected(elo));
                frequencies.ratio_of_means(score0, score1)
            }
            EloModel::Normalised => {
                let per_block = (self.shape.games() as f64).sqrt() / NORMALISED_ELO;
                let [t0, t1] = self.elo.map(|elo| elo * per_block);
                frequencies.ratio_of_t_values(self.shape.even(), t0, t1)
            }
        }
    }

    /// What the blocks so far come to; none if there have to be more.
    pub fn verdict(&self, counts: &ScoreCounts) -> Option<Verdict> {
        let (ratio, (lower, upper)) = (self.ratio(counts), self.bounds());
        if ratio >= upper {
            Some(Verdict::Accept)
        } else if ratio <= lower {
            Some(Verdict::Reject)
        } else {
            (counts.blocks >= self.blocks_max).then_some(Verdict::RejectAtCap)
        }
    }
}

/// How many blocks had which score.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScoreCounts {
    counts: Vec<u64>,
    blocks: u64,
}

impl ScoreCounts {
    /// No blocks yet.
    pub fn new(shape: BlockShape) -> Self {
        Self { counts: vec![0; shape.parts() + 1], blocks: 0 }
    }

    /// Counts a block whose score is `parts` of the [parts](BlockShape::parts) that it could be.
    ///
    /// # Panics
    /// If it is more than all.
    pub fn add(&mut self, parts: usize) {
        self.counts[parts] += 1;
        self.blocks += 1;
    }

    /// Number of blocks.
    pub const fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Number of blocks of every score, from 0 to 1 in equal steps; for two players, the pentanomial.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Mean score.
    pub fn mean(&self) -> f64 {
        let last = (self.counts.len() - 1) as f64;
        let sum: f64 = self.counts.iter().enumerate().map(|(part, &count)| part as f64 / last * count as f64).sum();
        sum / self.blocks.max(1) as f64
    }

    /// Variance of the score of a block.
    pub fn variance(&self) -> f64 {
        let (mean, last) = (self.mean(), (self.counts.len() - 1) as f64);
        let squares =
            self.counts.iter().enumerate().map(|(part, &count)| (part as f64 / last - mean).powi(2) * count as f64);
        squares.sum::<f64>() / self.blocks.max(1) as f64
    }
}
