//! The heuristic evaluation: one seat's score in full and light mode, and one-ply decisions, per board.
//!
//! `cargo bench --bench heuristic -- square8` measures one board. Positions come from random games of a fixed seed.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ringrift_eval::{Evaluator, GameRng};
use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_rules::{
    Board, Hex8, Hexagonal, MoveList, PlayerCount, PlayerId, Position, RuleOptions, Square8, Square19,
};

const SEED: u64 = 2026;

/// Every 7th position of some random games.
fn positions<B: Board>() -> Vec<Position<B>> {
    let mut found = Vec::new();
    let mut moves = MoveList::new();
    let rules = RuleOptions::standard(B::KIND, PlayerCount::Two);
    for game in 0..20 {
        let mut rng = GameRng::new(SEED, game, GameRng::HOST);
        let mut position = Position::<B>::initial(PlayerCount::Two, rules);
        loop {
            position.legal_moves(&mut moves);
            if moves.is_empty() {
                break;
            }
            if position.plies().is_multiple_of(7) {
                found.push(position);
            }
            position.make_move(moves[rng.below(moves.len())]);
        }
    }
    found
}

fn bench_board<B: Board>(criterion: &mut Criterion) {
    let name = B::KIND.name();
    let all = positions::<B>();
    let (mut moves, mut scores) = (MoveList::new(), Vec::new());
    for mode in [EvalMode::Full, EvalMode::Light] {
        let options = HeuristicOptions { mode, ..HeuristicOptions::default() };
        let mut heuristic = Heuristic::<B>::new(Weights::default(), options);

        let mut group = criterion.benchmark_group(format!("score {}", mode.name()));
        group.throughput(Throughput::Elements(all.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| all.iter().map(|position| heuristic.score(position, PlayerId::ALL[0])).sum::<f64>());
        });
        group.finish();

        let mut children = |position: &Position<B>| {
            position.legal_moves(&mut moves);
            heuristic.score_moves(position, &moves, &mut scores);
            black_box(&scores).len() as u64
        };
        let mut group = criterion.benchmark_group(format!("children {}", mode.name()));
        group.throughput(Throughput::Elements(all.iter().map(&mut children).sum()));
        group.sample_size(20);
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| all.iter().map(&mut children).sum::<u64>());
        });
        group.finish();
    }
}

fn bench_all(criterion: &mut Criterion) {
    bench_board::<Square8>(criterion);
    bench_board::<Hex8>(criterion);
    bench_board::<Square19>(criterion);
    bench_board::<Hexagonal>(criterion);
}

criterion_group!(benches, bench_all);
criterion_main!(benches);
