//! Random positions for tests of searches, and what the tests are told from outside.
#![allow(dead_code, reason = "no test uses all of it")]

use ringrift_eval::GameRng;
use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_rules::{Board, MoveList, PlayerCount, Position, RuleOptions};

/// Positions to compare per configuration of a board: `RINGRIFT_TEST_POSITIONS` on a small one and a tenth of that on a large
/// one, or the default.
pub fn positions_wanted<B: Board>(default: usize) -> usize {
    let wanted: Option<usize> = std::env::var("RINGRIFT_TEST_POSITIONS").ok().and_then(|text| text.parse().ok());
    let part = if B::SPEC.cells > 100 { 10 } else { 1 };
    wanted.map_or(default, |wanted| wanted / part)
}

pub fn heuristic<B: Board>(mode: EvalMode) -> Heuristic<B> {
    Heuristic::new(Weights::default(), HeuristicOptions { mode, ..HeuristicOptions::default() })
}

/// An unfinished position with a choice, somewhere in a random game; games with few rings every other time, so that ends and
/// rare phases come up. Fewer plies on average than a game has.
pub fn random_position<B: Board>(players: PlayerCount, rng: &mut GameRng) -> Position<B> {
    let mut moves = MoveList::new();
    loop {
        let mut rules = RuleOptions::standard(B::KIND, players);
        if rng.chance(0.5) {
            rules = rules.with_rings_per_player(3 + rng.below(6) as u16, players);
        }
        let mut position = Position::<B>::initial(players, rules);
        let plies = rng.below(if B::SPEC.cells > 100 { 600 } else { 300 });
        for _ in 0..plies {
            position.legal_moves(&mut moves);
            if moves.is_empty() {
                break;
            }
            position.make_unlisted_move(moves[rng.below(moves.len())]);
        }
        position.legal_moves(&mut moves);
        if moves.len() > 1 {
            return position;
        }
    }
}
