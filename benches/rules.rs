//! The rules engine: playouts, path counts, legal moves, moves, region detection, per board.
//!
//! `cargo bench --bench rules -- square8` measures one board. Positions come from random games of a fixed seed, so that
//! figures of one machine can be compared across versions.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ringrift_rules::{
    Board, Hex8, Hexagonal, MoveList, Phase, PlayerCount, Position, RuleOptions, Square8, Square19, perft,
};
use ringrift_selfplay::{GameRng, playout};

const SEED: u64 = 2026;

fn start<B: Board>() -> Position<B> {
    Position::initial(PlayerCount::Two, RuleOptions::standard(B::KIND, PlayerCount::Two))
}

/// Every 7th position of some random games, in phases that satisfy `wanted`.
fn positions<B: Board>(wanted: impl Fn(Phase) -> bool) -> Vec<Position<B>> {
    let mut found = Vec::new();
    let mut moves = MoveList::new();
    for game in 0..20 {
        let mut rng = GameRng::new(SEED, game, GameRng::HOST);
        let mut position = start::<B>();
        loop {
            position.legal_moves(&mut moves);
            if moves.is_empty() {
                break;
            }
            if position.plies().is_multiple_of(7) && wanted(position.phase()) {
                found.push(position);
            }
            position.make_move(moves[rng.below(moves.len())]);
        }
    }
    found
}

fn bench_board<B: Board>(criterion: &mut Criterion) {
    let name = B::KIND.name();
    let mut moves = MoveList::new();

    let mut group = criterion.benchmark_group("playout");
    let mut plies = |game: u64| {
        let mut position = start::<B>();
        playout(&mut position, &mut GameRng::new(SEED, game, GameRng::HOST), 100_000, &mut moves).plies
    };
    group.throughput(Throughput::Elements(u64::from(plies(0))));
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| bencher.iter(|| plies(black_box(0))));
    group.finish();

    let depth = if B::SPEC.cells > 100 { 3 } else { 5 };
    let root = start::<B>();
    let mut group = criterion.benchmark_group("perft");
    group.throughput(Throughput::Elements(perft(&root, depth)));
    group.sample_size(20);
    group.bench_function(BenchmarkId::new(name, depth), |bencher| bencher.iter(|| perft(black_box(&root), depth)));
    group.finish();

    let all = positions::<B>(|_| true);
    let mut group = criterion.benchmark_group("legal_moves");
    group.throughput(Throughput::Elements(all.len() as u64));
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter(|| {
            for position in &all {
                position.legal_moves(&mut moves);
                black_box(&moves);
            }
        });
    });
    group.finish();

    let pairs: Vec<_> = all
        .iter()
        .map(|position| {
            position.legal_moves(&mut moves);
            (*position, moves[moves.len() / 2])
        })
        .collect();
    let mut group = criterion.benchmark_group("copy_and_make_move");
    group.throughput(Throughput::Elements(pairs.len() as u64));
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter(|| {
            for (position, mv) in &pairs {
                let mut child = *position;
                child.make_move(*mv);
                black_box(&child);
            }
        });
    });
    group.finish();

    // In this phase the legal moves are the disconnected regions.
    let territory = positions::<B>(|phase| phase == Phase::TerritoryProcessing);
    let mut group = criterion.benchmark_group("regions");
    group.throughput(Throughput::Elements(territory.len() as u64));
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter(|| {
            for position in &territory {
                position.legal_moves(&mut moves);
                black_box(&moves);
            }
        });
    });
    group.finish();
}

criterion_group!(rules, bench_board::<Square8>, bench_board::<Square19>, bench_board::<Hex8>, bench_board::<Hexagonal>);
criterion_main!(rules);
