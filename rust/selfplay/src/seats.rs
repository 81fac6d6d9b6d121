//! The engines of a game's seats.

use ringrift_eval::{Engine, GameRng};
use ringrift_rules::{Board, BoardKind};
use ringrift_search::{Limits, Stop};

use crate::engines::{EngineKind, EngineSpec, soak_rung};
use crate::mode::{Band, EngineMode};
use crate::settings::{GameSettings, NamedWeights};

/// Share of uniformly random moves of heuristic seats. Source: selfplay.md section 4.
const HEURISTIC_RANDOMNESS: f64 = 0.15;

/// Spread of the factors on the weights of heuristic seats. Source: selfplay.md section 4.
const WEIGHT_NOISE: f64 = 0.1;

/// Stream of the draws of engines, beside those of the seats and the host.
const DRAWS: u64 = GameRng::HOST - 1;

/// Parts of the kinds of engines in `diverse` and `diverse-cpu`. Source: upstream's `diverse_ai_config.py`, kinds that need a
/// network left out, and its two tree searches with PUCT counted as one.
const DIVERSE: [(EngineKind, u32, u32); 8] = [
    (EngineKind::Gumbel, 18, 3),
    (EngineKind::Mcts, 11, 12),
    (EngineKind::Minimax, 8, 15),
    (EngineKind::Descent, 4, 10),
    (EngineKind::MaxN, 4, 15),
    (EngineKind::BestReply, 3, 8),
    (EngineKind::Heuristic, 4, 8),
    (EngineKind::Random, 1, 5),
];

/// An engine and the stream that it draws from.
pub(crate) struct Seat<B: Board> {
    pub engine: Box<dyn Engine<B>>,
    pub rng: GameRng,
}

/// The seats of game `index`; `stop` ends their searches.
pub(crate) fn seats<B: Board>(settings: &GameSettings, index: u64, stop: &Stop) -> Vec<Seat<B>> {
    let seat = |(number, spec): (u64, EngineSpec)| {
        let mut rng = GameRng::new(settings.seed as u64, index, number);
        let engine = spec.engine(&mut rng, stop).expect("the settings of self-play are possible");
        Seat { engine, rng }
    };
    (0..).zip(seat_specs(settings, index)).map(seat).collect()
}

/// What plays the seats of game `index`, in their order.
pub(crate) fn seat_specs(settings: &GameSettings, index: u64) -> Vec<EngineSpec> {
    let mut draws = GameRng::new(settings.seed as u64, index, DRAWS);
    settings.players.seats().map(|_| seat_spec(settings, &mut draws)).collect()
}

fn seat_spec(settings: &GameSettings, draws: &mut GameRng) -> EngineSpec {
    let plain = |kind, difficulty, randomness| EngineSpec {
        difficulty: Some(difficulty),
        randomness,
        limits: Some(settings.budget()).filter(|_| EngineKind::is_search(kind)),
        nnue: settings.nnue.clone().filter(|_| EngineKind::is_search(kind)),
        ..EngineSpec::new(kind, settings.board, settings.players)
    };
    let exploring = |spec: EngineSpec| EngineSpec { explores: true, ..spec };
    match settings.mode {
        EngineMode::RandomOnly => plain(EngineKind::Random, 1, 0.0),
        EngineMode::HeuristicOnly => {
            with_noise(plain(EngineKind::Heuristic, NamedWeights::DIFFICULTY, HEURISTIC_RANDOMNESS), settings)
        }
        EngineMode::DescentOnly => plain(EngineKind::Descent, 5, 0.1),
        EngineMode::MinimaxOnly => plain(EngineKind::Minimax, 5, 0.1),
        EngineMode::GpuMinimaxOnly => {
            EngineSpec { substitute_for: Some("gpu_minimax"), ..plain(EngineKind::Minimax, 5, 0.05) }
        }
        EngineMode::MctsOnly => exploring(plain(EngineKind::Mcts, 8, 0.1)),
        EngineMode::GumbelMctsOnly => exploring(plain(EngineKind::Gumbel, 5, 0.05)),
        EngineMode::MaxnOnly => plain(EngineKind::MaxN, 5, 0.05),
        EngineMode::BrsOnly => plain(EngineKind::BestReply, 5, 0.05),
        EngineMode::Mixed => {
            let choices = rungs(settings.band, settings.board);
            let rung = soak_rung(choices[draws.below(choices.len())]).expect("the rungs are in the table");
            let nnue = settings.nnue.clone().filter(|_| rung.takes_nnue());
            let spec = EngineSpec {
                substitute_for: (rung.wants_net && nnue.is_none()).then_some("network"),
                nnue,
                ..plain(rung.kind, rung.difficulty, rung.randomness)
            };
            if rung.kind == EngineKind::Heuristic { with_noise(spec, settings) } else { spec }
        }
        EngineMode::Diverse | EngineMode::DiverseCpu => {
            let part = |&(_, first, second): &(EngineKind, u32, u32)| {
                if settings.mode == EngineMode::Diverse { first } else { second }
            };
            let total: u32 = DIVERSE.iter().map(part).sum();
            let mut drawn = draws.below(total as usize) as u32;
            let found = DIVERSE.iter().find(|entry| {
                let here = drawn < part(entry);
                drawn = drawn.saturating_sub(part(entry));
                here
            });
            plain(found.map_or(EngineKind::Random, |entry| entry.0), 5, 0.05)
        }
    }
}

fn with_noise(mut spec: EngineSpec, settings: &GameSettings) -> EngineSpec {
    spec.weights.clone_from(&settings.weights);
    spec.weight_noise = WEIGHT_NOISE;
    spec
}

/// Source: selfplay.md section 4.1.
const fn rungs(band: Band, board: BoardKind) -> &'static [u8] {
    match (band, board) {
        (Band::Canonical, _) => &[1, 2, 4, 5, 6, 7, 8, 9, 10],
        (Band::Light, BoardKind::Square8 | BoardKind::Hex8) => &[1, 2, 4, 5],
        (Band::Light, _) => &[1, 2],
    }
}

/// Nodes of a decision where the run names no budget.
pub(crate) fn default_budget(board: BoardKind) -> Limits {
    let nodes = match board {
        BoardKind::Square8 | BoardKind::Hex8 => 1_000,
        BoardKind::Square19 | BoardKind::Hexagonal => 2_000,
    };
    Limits::nodes(nodes).expect("a budget above 0")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use ringrift_rules::PlayerCount;

    use super::*;
    use crate::engines::NamedNetwork;

    #[test]
    fn seats_are_drawn_by_seed_and_game() {
        for (mode, kinds) in [(EngineMode::Mixed, 6), (EngineMode::Diverse, 8), (EngineMode::DiverseCpu, 8)] {
            let settings = GameSettings::new(BoardKind::Hex8, PlayerCount::Four, mode, 3);
            let all: Vec<_> = (0..200).map(|index| seat_specs(&settings, index)).collect();
            assert_eq!(all[7], seat_specs(&settings, 7));
            let found: BTreeSet<EngineKind> = all.iter().flatten().map(|spec| spec.kind).collect();
            assert_eq!(found.len(), kinds, "{mode}: {found:?}");
        }
        let light = GameSettings {
            band: Band::Light,
            ..GameSettings::new(BoardKind::Hexagonal, PlayerCount::Two, EngineMode::Mixed, 3)
        };
        assert!((0..50).flat_map(|index| seat_specs(&light, index)).all(|spec| !spec.kind.is_search()));
    }

    #[test]
    fn rungs_of_mixed_take_the_network_that_they_name() {
        let network = ringrift_nnue::Network::random(BoardKind::Square8, PlayerCount::Two, 64, 1).unwrap();
        let settings = GameSettings {
            nnue: Some(NamedNetwork::of_memory(Arc::new(network))),
            ..GameSettings::new(BoardKind::Square8, PlayerCount::Two, EngineMode::Mixed, 3)
        };
        let mut rungs = BTreeSet::new();
        for spec in (0..100).flat_map(|index| seat_specs(&settings, index)) {
            let with_network = matches!(spec.difficulty, Some(4..=6));
            assert_eq!(spec.nnue.is_some(), with_network, "{spec}");
            assert_eq!(spec.substitute_for.is_some(), matches!(spec.difficulty, Some(8..=10)), "{spec}");
            rungs.insert(spec.difficulty);
        }
        assert_eq!(rungs.len(), 9);
        let without = GameSettings { nnue: None, ..settings };
        for spec in (0..100).flat_map(|index| seat_specs(&without, index)) {
            let wanted = matches!(spec.difficulty, Some(4..=6 | 8..=10));
            assert_eq!((spec.nnue.is_some(), spec.substitute_for.is_some()), (false, wanted), "{spec}");
        }
    }
}
