//! Builds engines from their specifications.

use std::num::NonZeroUsize;
use std::sync::Arc;

use ringrift_eval::{Engine, GameRng, Scale};
use ringrift_heuristic::{EvalGeometry, Heuristic, HeuristicOptions};
use ringrift_nnue::NnueEvaluator;
use ringrift_replay::SeatRecord;
use ringrift_rules::{Board, BoardKind};
use ringrift_search::descent::{Descent, DescentOptions};
use ringrift_search::mcts::{EvaluatorLeaves, Mcts};
use ringrift_search::{
    AlphaBeta, AlphaBetaOptions, Greedy, GreedyOptions, InvalidSetting, Limits, Margins, MaxN, MaxNOptions, Opponents,
    RandomEngine, Search, SearchEngine, Stop, WithTempo,
};
use serde_json::Map;

use super::evaluator::SeatEvaluator;
use super::spec::{EngineKind, EngineSpec};
use super::tree::TreeSettings;

/// Moves that descent looks at below the root: on the large boards a position may have a thousand placements.
const fn moves_max(board: BoardKind) -> Option<NonZeroUsize> {
    match board {
        BoardKind::Square8 | BoardKind::Hex8 => None,
        BoardKind::Square19 | BoardKind::Hexagonal => NonZeroUsize::new(32),
    }
}

impl EngineSpec {
    /// What the engine looks with: its network if it has one, or else the heuristic evaluation. `rng` draws the noise on
    /// weights, if there is any.
    ///
    /// # Errors
    /// [`InvalidSetting`] for a network of another board.
    pub fn evaluator<B: Board>(&self, rng: &mut GameRng) -> Result<SeatEvaluator<B>, InvalidSetting> {
        let Some(network) = &self.nnue else {
            return Ok(SeatEvaluator::Heuristic(Box::new(self.heuristic(rng))));
        };
        let evaluator = NnueEvaluator::new(Arc::clone(network.network()));
        let cells = f64::from(network.network().board().spec().cells);
        let evaluator = evaluator.map_err(|_| InvalidSetting {
            what: "cells of the network's board",
            given: cells,
            range: "as many as those of the game's board",
        })?;
        Ok(SeatEvaluator::Network(Box::new(evaluator)))
    }

    fn heuristic<B: Board>(&self, rng: &mut GameRng) -> Heuristic<B> {
        let mut weights = match self.weight_noise {
            noise if noise > 0.0 => self.weights.weights.with_noise(noise, rng),
            _ => self.weights.weights,
        };
        weights.rings_in_hand += self.reserve;
        let options =
            HeuristicOptions { mode: self.mode, geometry: EvalGeometry::True, profile: self.weights.name.clone() };
        Heuristic::new(weights, options)
    }

    /// The search of the engine; none if it does not search. `rng` draws the noise on its weights.
    ///
    /// # Errors
    /// [`InvalidSetting`] for settings that the search refuses.
    pub fn search<B: Board>(&self, rng: &mut GameRng) -> Result<Option<Box<dyn Search<B>>>, InvalidSetting> {
        let scale = Scale::HEURISTIC;
        let opponents = if self.kind == EngineKind::BestReply { Opponents::BestReply } else { Opponents::Paranoid };
        Ok(Some(match self.kind {
            EngineKind::Random | EngineKind::Heuristic => return Ok(None),
            EngineKind::Minimax | EngineKind::BestReply => {
                let options = AlphaBetaOptions { opponents, threads: self.threads, ..self.alpha_beta() };
                Box::new(AlphaBeta::new(self.evaluator::<B>(rng)?, options)?)
            }
            EngineKind::MaxN => {
                let options = MaxNOptions { threads: self.threads, ..MaxNOptions::default() };
                Box::new(MaxN::new(self.evaluator::<B>(rng)?, options)?)
            }
            EngineKind::Descent => {
                let evaluator = WithTempo::new(self.evaluator::<B>(rng)?, self.tempo());
                let options = DescentOptions { moves_max: moves_max(B::KIND), ..DescentOptions::default() };
                Box::new(Descent::new(evaluator, scale, options)?)
            }
            EngineKind::Mcts | EngineKind::Gumbel => {
                let evaluator = WithTempo::new(self.evaluator::<B>(rng)?, self.tempo());
                let scale = self.tree.leaf_scale(self.nnue.is_some());
                let leaves = EvaluatorLeaves::new(evaluator, scale, self.tree.priors())?;
                let options = self.tree.options(self.kind, B::KIND, self.explores, self.threads);
                Box::new(Mcts::new(&leaves, scale, options)?)
            }
        }))
    }

    /// What having the move is worth to descent and tree searches: networks know who is to move.
    fn tempo(&self) -> f64 {
        if self.nnue.is_some() { 0.0 } else { self.tempo }
    }

    /// Alpha-beta's settings for the evaluation of the engine.
    fn alpha_beta(&self) -> AlphaBetaOptions {
        let heuristic = AlphaBetaOptions::default();
        match self.nnue {
            Some(_) => AlphaBetaOptions { tempo: 0.0, margins: Margins::NETWORK, ..heuristic },
            None => heuristic,
        }
    }

    /// The engine. `rng` draws the noise on its weights, `stop` ends its searches.
    ///
    /// # Errors
    /// [`InvalidSetting`] for settings that the engine refuses.
    pub fn engine<B: Board>(&self, rng: &mut GameRng, stop: &Stop) -> Result<Box<dyn Engine<B>>, InvalidSetting> {
        let Some(search) = self.search::<B>(rng)? else {
            return Ok(match self.kind {
                EngineKind::Heuristic => {
                    let options = GreedyOptions { randomness: self.randomness, ..GreedyOptions::default() };
                    Box::new(Greedy::new(self.evaluator::<B>(rng)?, options))
                }
                _ => Box::new(RandomEngine),
            });
        };
        let limits = self.limits.unwrap_or_else(|| Limits::nodes(1).expect("a budget above 0"));
        Ok(Box::new(SearchEngine::new(search, limits, self.randomness)?.with_stop(stop.clone())))
    }

    /// What records say of a seat with this engine.
    pub fn record(&self) -> SeatRecord {
        let budget = match self.kind {
            EngineKind::Random => "none".to_owned(),
            EngineKind::Heuristic => "1 ply".to_owned(),
            _ => self.limits.map_or_else(|| "none".to_owned(), |limits| limits.to_string()),
        };
        let mut settings = Map::new();
        let mut network = (None, None);
        if let Some(nnue) = &self.nnue {
            network = (Some(nnue.name()), Some(nnue.sha256().to_owned()));
            let file = nnue.path().file_name().unwrap_or_default().to_string_lossy();
            settings.insert("nnue_file".into(), file.into());
            if let Some(run) = nnue.run() {
                settings.insert("nnue_run".into(), run.into());
            }
            settings.insert("randomness".into(), self.randomness.into());
        } else if self.kind != EngineKind::Random {
            settings.insert("heuristic_profile".into(), self.weights.name.as_str().into());
            settings.insert("weights_digest".into(), self.weights.weights.digest().into());
            settings.insert("weight_noise".into(), self.weight_noise.into());
            settings.insert("randomness".into(), self.randomness.into());
            settings.insert("eval_mode".into(), self.mode.name().into());
            settings.insert("eval_geometry".into(), EvalGeometry::True.name().into());
        }
        if self.kind.is_search() {
            settings.insert("threads".into(), self.threads.into());
            settings.insert("explores".into(), self.explores.into());
            settings.insert("tempo".into(), self.tempo().into());
            if self.nnue.is_none() {
                settings.insert("reserve".into(), self.reserve.into());
            }
        }
        if self.tree != TreeSettings::default() {
            settings.insert("tree".into(), self.tree.to_string().trim_start_matches(',').into());
        }
        if let Some(missing) = self.substitute_for {
            settings.insert("substitute_for".into(), missing.into());
        }
        SeatRecord {
            ai_type: self.kind.name().into(),
            difficulty: self.difficulty,
            nn_model_id: network.0,
            model_sha256: network.1,
            budget: Some(budget),
            settings,
            ..SeatRecord::default()
        }
    }
}
