//! What a sequential test will cost, and how likely it accepts, before it is run.

use super::{EloModel, NORMALISED_ELO, Sprt};

/// What to expect of a test with a candidate of a certain strength.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Forecast {
    /// The candidate's strength above the champion's, in the Elo of the test.
    pub elo: f64,
    /// Probability that it is accepted, had the test no cap.
    pub acceptance: f64,
    /// Expected games, had the test no cap.
    pub games: f64,
}

impl Sprt {
    /// What to expect with a candidate of this strength, if the score of a block has this variance (see
    /// [`variance_even`](super::BlockShape::variance_even)). The ratio is taken for a Brownian motion between its bounds, so
    /// that real tests take a little longer. Source: Wald 1945, sections 3.4 and 3.6.
    pub fn forecast(&self, elo: f64, variance: f64) -> Forecast {
        let score = |elo: f64| match self.model {
            EloModel::Logistic => self.shape.expected(elo),
            EloModel::Normalised => {
                let deviation_of_game = (variance * self.shape.games() as f64).sqrt();
                self.shape.even() + elo / NORMALISED_ELO * deviation_of_game
            }
        };
        let ([score0, score1], (lower, upper)) = (self.elo.map(score), self.bounds());
        // Mean and variance of what a block adds to the ratio. Hypotheses see their own distance in the variance, too.
        let variance = variance + (score1 - score0).powi(2) / 4.0;
        let drift = (score1 - score0) * (score(elo) - f64::midpoint(score0, score1)) / variance;
        let spread = (score1 - score0).powi(2) / variance;
        let (acceptance, blocks) = if drift.abs() < 1e-9 * spread {
            (-lower / (upper - lower), -lower * upper / spread)
        } else {
            let pull = -2.0 * drift / spread;
            let acceptance = ((pull * lower).exp() - 1.0) / ((pull * lower).exp() - (pull * upper).exp());
            (acceptance, (acceptance * upper + (1.0 - acceptance) * lower) / drift)
        };
        Forecast { elo, acceptance, games: blocks * self.shape.games() as f64 }
    }

    /// Forecasts at the first hypothesis, between the two, and at the second.
    pub fn forecasts(&self, variance: f64) -> [Forecast; 3] {
        let [elo0, elo1] = self.elo;
        [elo0, f64::midpoint(elo0, elo1), elo1].map(|elo| self.forecast(elo, variance))
    }
}
