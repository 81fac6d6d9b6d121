//! Positions for tests of searches, and a plain solver to check forced wins with.
#![allow(dead_code, clippy::unwrap_used, reason = "every test binary uses a part of it")]

use ringrift_eval::GameRng;
use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_rules::{Board, Move, MoveList, PlayerCount, PlayerId, Position, RuleOptions};

/// The evaluator of the tests: the heuristic in light mode.
pub fn light<B: Board>() -> Heuristic<B> {
    Heuristic::new(Weights::default(), HeuristicOptions { mode: EvalMode::Light, ..HeuristicOptions::default() })
}

/// Legal moves.
pub fn legal<B: Board>(position: &Position<B>) -> MoveList {
    let mut moves = MoveList::new();
    position.legal_moves(&mut moves);
    moves
}

/// The positions of a random game at which there is a choice.
pub fn game<B: Board>(players: PlayerCount, seed: u64) -> Vec<Position<B>> {
    let mut rng = GameRng::new(seed, 0, GameRng::HOST);
    let mut position = Position::initial(players, RuleOptions::standard(B::KIND, players));
    let mut found = Vec::new();
    loop {
        let moves = legal(&position);
        if moves.is_empty() {
            return found;
        }
        if moves.len() > 1 {
            found.push(position);
        }
        position.make_move(moves[rng.below(moves.len())]);
    }
}

/// Whether `seat` can force a win within so many turns of its own, whatever the others do; none when `nodes` are spent.
pub fn wins_within<B: Board>(position: &Position<B>, seat: PlayerId, turns: u32, nodes: &mut u32) -> Option<bool> {
    if let Some(outcome) = position.outcome() {
        return Some(outcome.winner == seat);
    }
    if turns == 0 {
        return Some(false);
    }
    let moves = legal(position);
    let mover = position.to_move();
    for mv in moves {
        *nodes = nodes.checked_sub(1)?;
        let mut child = *position;
        child.make_move(mv);
        let passed = mover == seat && (child.to_move() != seat || child.turn() != position.turn());
        let won = wins_within(&child, seat, turns - u32::from(passed), nodes)?;
        if won == (mover == seat) {
            return Some(won);
        }
    }
    Some(mover != seat)
}

/// Whether `mv` keeps a forced win within so many turns.
pub fn keeps_win<B: Board>(position: &Position<B>, mv: Move, turns: u32) -> bool {
    let (seat, mut child) = (position.to_move(), *position);
    child.make_move(mv);
    let passed = child.outcome().is_none() && (child.to_move() != seat || child.turn() != position.turn());
    wins_within(&child, seat, turns - u32::from(passed), &mut 100_000_000).unwrap()
}

/// Positions in which the seat to move can force a win within so many turns, and not within fewer, and in which not every
/// move does; taken from the ends of random games.
pub fn forced_wins<B: Board>(players: PlayerCount, turns: u32, count: usize, nodes: u32) -> Vec<Position<B>> {
    let mut found = Vec::new();
    for seed in 0..4000 {
        let positions = game::<B>(players, seed);
        for position in positions.iter().rev().take(10).rev() {
            let seat = position.to_move();
            if turns > 1 && wins_within(position, seat, turns - 1, &mut nodes.clone()) != Some(false) {
                continue;
            }
            if wins_within(position, seat, turns, &mut nodes.clone()) == Some(true)
                && legal(position).iter().any(|&mv| !keeps_win(position, mv, turns))
            {
                found.push(*position);
                break;
            }
        }
        if found.len() == count {
            break;
        }
    }
    found
}
