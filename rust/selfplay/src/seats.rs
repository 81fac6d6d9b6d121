//! The engines of a game's seats, and what records say of them.

use ringrift_eval::{Engine, GameRng};
use ringrift_heuristic::{EvalGeometry, Heuristic, HeuristicOptions};
use ringrift_replay::SeatRecord;
use ringrift_rules::Board;
use ringrift_search::{Greedy, GreedyOptions, RandomEngine};
use serde_json::Map;

use crate::mode::EngineMode;
use crate::settings::{GameSettings, NamedWeights};

/// Share of uniformly random moves of heuristic seats. Source: selfplay.md section 4.
const HEURISTIC_RANDOMNESS: f64 = 0.15;

/// Spread of the factors on the weights of heuristic seats. Source: selfplay.md section 4.
const WEIGHT_NOISE: f64 = 0.1;

/// An engine and the stream that it draws from.
pub(crate) struct Seat<B: Board> {
    pub engine: Box<dyn Engine<B>>,
    pub rng: GameRng,
}

/// The seats of game `index`.
pub(crate) fn seats<B: Board>(settings: &GameSettings, index: u64) -> Vec<Seat<B>> {
    let seat = |number: u64| {
        let mut rng = GameRng::new(settings.seed as u64, index, number);
        let engine: Box<dyn Engine<B>> = match settings.mode {
            EngineMode::RandomOnly => Box::new(RandomEngine),
            EngineMode::HeuristicOnly => {
                let weights = settings.weights.weights.with_noise(WEIGHT_NOISE, &mut rng);
                let options = HeuristicOptions {
                    mode: settings.eval_mode(),
                    geometry: EvalGeometry::True,
                    profile: settings.weights.name.clone(),
                };
                let greedy = GreedyOptions { randomness: HEURISTIC_RANDOMNESS, ..GreedyOptions::default() };
                Box::new(Greedy::new(Heuristic::<B>::new(weights, options), greedy))
            }
        };
        Seat { engine, rng }
    };
    (0..settings.players.get() as u64).map(seat).collect()
}

/// What records say of every seat; all are alike in the modes that there are.
pub(crate) fn seat_record(settings: &GameSettings) -> SeatRecord {
    let mut more = Map::new();
    match settings.mode {
        EngineMode::RandomOnly => SeatRecord {
            ai_type: "random".into(),
            difficulty: Some(1),
            budget: Some("none".into()),
            ..SeatRecord::default()
        },
        EngineMode::HeuristicOnly => {
            more.insert("heuristic_profile".into(), settings.weights.name.as_str().into());
            more.insert("weights_digest".into(), settings.weights.weights.digest().into());
            more.insert("weight_noise".into(), WEIGHT_NOISE.into());
            more.insert("randomness".into(), HEURISTIC_RANDOMNESS.into());
            more.insert("eval_mode".into(), settings.eval_mode().name().into());
            more.insert("eval_geometry".into(), EvalGeometry::True.name().into());
            SeatRecord {
                ai_type: "heuristic".into(),
                difficulty: Some(NamedWeights::DIFFICULTY),
                budget: Some("1 ply".into()),
                settings: more,
                ..SeatRecord::default()
            }
        }
    }
}
