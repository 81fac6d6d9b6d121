//! Simulations per second of the tree searches, on positions of random games.
//!
//! `cargo run --release -p ringrift-search --example mcts_speed -- square8 2 4000 thread` takes board, players, simulations per
//! position, and a part of the names of what is to be measured. Seconds are wall-clock seconds, the best of three rounds.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example")]

use std::time::Instant;

use ringrift_eval::GameRng;
use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_rules::{AnyPosition, Board, BoardKind, MoveList, PlayerCount, Position, RuleOptions, with_position};
use ringrift_search::mcts::{EvaluatorLeaves, Gumbel, Mcts, MctsOptions, Priors, leaf_scale};
use ringrift_search::{Limits, Search, Stop};

/// Some positions with a choice, from random games.
fn positions<B: Board>(players: PlayerCount, count: usize) -> Vec<(Position<B>, MoveList)> {
    let mut found = Vec::new();
    let mut moves = MoveList::new();
    for game in 0.. {
        let mut rng = GameRng::new(2026, game, GameRng::HOST);
        let mut position = Position::<B>::initial(players, RuleOptions::standard(B::KIND, players));
        let wanted = 5 + 10 * (game as u32 % 10);
        loop {
            position.legal_moves(&mut moves);
            if moves.is_empty() {
                break;
            }
            if position.plies() >= wanted && moves.len() > 3 {
                found.push((position, moves.clone()));
                break;
            }
            position.make_move(moves[rng.below(moves.len())]);
        }
        if found.len() == count {
            return found;
        }
    }
    found
}

fn measure<B: Board>(players: PlayerCount, nodes: u64, part: &str) {
    let positions = positions::<B>(players, 20);
    let limits = Limits::nodes(nodes).unwrap();
    let gumbel = || MctsOptions::gumbel(Gumbel::default());
    let threads = |threads| MctsOptions { threads, ..MctsOptions::default() };
    for (name, mode, priors, options) in [
        ("puct light, 1 thread", EvalMode::Light, Priors::Light, threads(1)),
        ("puct light, full evaluation", EvalMode::Full, Priors::Light, threads(1)),
        ("puct uniform", EvalMode::Light, Priors::Uniform, threads(1)),
        ("puct one ply", EvalMode::Light, Priors::OnePly(30.0), threads(1)),
        ("puct light, 2 threads", EvalMode::Light, Priors::Light, threads(2)),
        ("gumbel light", EvalMode::Light, Priors::Light, gumbel()),
    ] {
        if !name.contains(part) {
            continue;
        }
        let heuristic =
            Heuristic::<B>::new(Weights::default(), HeuristicOptions { mode, ..HeuristicOptions::default() });
        let leaves = EvaluatorLeaves::new(heuristic, leaf_scale(), priors).unwrap();
        let mut search = Mcts::new(&leaves, leaf_scale(), options).unwrap();
        let (mut best, mut simulations, mut depth, mut bytes) = (f64::INFINITY, 0, 0, 0);
        for _ in 0..3 {
            let began = Instant::now();
            (simulations, depth, bytes) = (0, 0, 0);
            for (position, legal) in &positions {
                search.forget();
                let mut rng = GameRng::new(1, 0, 0);
                let found = search.search(position, legal, &limits, &Stop::new(), &mut rng).unwrap();
                simulations += found.nodes;
                depth += found.depth;
                bytes += search.tree_bytes() as u64;
            }
            best = best.min(began.elapsed().as_secs_f64());
        }
        println!(
            "{:<28} {:>9.0} simulations/s, depth {:>4.1}, {:>4} bytes per simulation",
            name,
            simulations as f64 / best,
            f64::from(depth) / positions.len() as f64,
            bytes / simulations,
        );
    }
}

fn measure_as<B: Board>(_: &Position<B>, players: PlayerCount, nodes: u64, part: &str) {
    measure::<B>(players, nodes, part);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let board: BoardKind = arguments.first().map_or(BoardKind::Square8, |name| name.parse().unwrap());
    let players = arguments.get(1).map_or(2, |count| count.parse().unwrap());
    let players = PlayerCount::try_from(players).unwrap();
    let nodes = arguments.get(2).map_or(4000, |count| count.parse().unwrap());
    let part = arguments.get(3).map_or("", String::as_str);
    let any = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
    with_position!(&any, position => measure_as(position, players, nodes, part));
}
