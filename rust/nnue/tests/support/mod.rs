//! Random games for the tests of this crate.
#![allow(dead_code, reason = "no test uses all of it")]

use ringrift_eval::GameRng;
use ringrift_rules::{Board, MoveList, PlayerCount, Position, RuleOptions};

/// A number of plies or files that is set from outside, or the default.
pub fn wanted(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Calls `each` with every position of random games, `plies` of them in all; games with few rings every other time, so that
/// ends and rare phases come up.
pub fn walk<B: Board>(players: PlayerCount, plies: usize, seed: u64, mut each: impl FnMut(&Position<B>)) {
    let (mut moves, mut rest) = (MoveList::new(), plies);
    for game in 0.. {
        let mut rng = GameRng::new(seed, game, GameRng::HOST);
        let mut rules = RuleOptions::standard(B::KIND, players);
        if rng.chance(0.5) {
            rules = rules.with_rings_per_player(3 + rng.below(6) as u16, players);
        }
        let mut position = Position::<B>::initial(players, rules);
        loop {
            if rest == 0 {
                return;
            }
            rest -= 1;
            each(&position);
            position.legal_moves(&mut moves);
            if moves.is_empty() {
                break;
            }
            position.make_move(moves[rng.below(moves.len())]);
        }
    }
}

/// Runs a test on all boards, with any number of players.
#[macro_export]
macro_rules! on_all_boards {
    ($test:ident) => {
        for players in ringrift_rules::PlayerCount::ALL {
            $test::<ringrift_rules::Square8>(players);
            $test::<ringrift_rules::Hex8>(players);
            $test::<ringrift_rules::Square19>(players);
            $test::<ringrift_rules::Hexagonal>(players);
        }
    };
}
