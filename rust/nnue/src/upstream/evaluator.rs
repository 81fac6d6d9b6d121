//! One of upstream's networks as an evaluator of searches.

use std::sync::Arc;

use ringrift_eval::{Evaluator, terminal_score};
use ringrift_rules::{Board, PlayerCount, PlayerId, Position};

use super::error::UpstreamError;
use super::network::{SCORE_SCALE, Scratch, UpstreamNetwork};

/// Scores positions as upstream's `NNUEEvaluator` does, 10,000 times the network's value; every evaluation starts afresh.
#[derive(Clone, Debug)]
pub struct UpstreamEvaluator {
    network: Arc<UpstreamNetwork>,
    scratch: Scratch,
}

impl UpstreamEvaluator {
    /// An evaluator for games of `players` on board `B`.
    ///
    /// # Errors
    /// The network is for another board or number of players.
    pub fn new<B: Board>(network: Arc<UpstreamNetwork>, players: PlayerCount) -> Result<Self, UpstreamError> {
        network.check(B::KIND, players)?;
        Ok(Self { network, scratch: Scratch::default() })
    }
}

impl<B: Board> Evaluator<B> for UpstreamEvaluator {
    fn describe(&self) -> String {
        let class = self.network.architecture().kind.class_name();
        format!("upstream-nnue:{class}:{}", self.network.sha256().unwrap_or("unsaved"))
    }

    fn score(&mut self, position: &Position<B>, seat: PlayerId) -> f64 {
        terminal_score(position, seat).unwrap_or_else(|| {
            let value = self.network.value(position, seat, &mut self.scratch);
            SCORE_SCALE * f64::from(value.expect("the network was checked against board and players"))
        })
    }
}
