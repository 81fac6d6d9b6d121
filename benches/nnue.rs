//! Networks: evaluations along games and of siblings, refreshes, and every instruction set that the machine has.
//!
//! `cargo bench --bench nnue -- square8` measures one board. Positions come from random games of a fixed seed, networks are
//! random ones of width 256; an evaluation is the logits of all seats.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ringrift_eval::{Evaluator, GameRng};
use ringrift_nnue::{Network, NnueEvaluator, SimdPath};
use ringrift_rules::{Board, Hex8, Hexagonal, MoveList, PlayerCount, Position, RuleOptions, Square8, Square19};

const SEED: u64 = 2026;
const WIDTH: usize = 256;

/// Positions of random games, line by line.
fn lines<B: Board>(players: PlayerCount) -> Vec<Vec<Position<B>>> {
    let rules = RuleOptions::standard(B::KIND, players);
    let mut moves = MoveList::new();
    let line = |game| {
        let mut rng = GameRng::new(SEED, game, GameRng::HOST);
        let mut line = vec![Position::<B>::initial(players, rules)];
        loop {
            let mut position = line[line.len() - 1];
            position.legal_moves(&mut moves);
            if moves.is_empty() {
                return line;
            }
            position.make_move(moves[rng.below(moves.len())]);
            line.push(position);
        }
    };
    (0..4).map(line).collect()
}

fn network<B: Board>(players: PlayerCount) -> Network {
    Network::random(B::KIND, players, WIDTH, 1).expect("a width that there is")
}

fn bench_board<B: Board>(criterion: &mut Criterion, players: PlayerCount) {
    let name = format!("{} {}p", B::KIND.name(), players.get());
    let lines = lines::<B>(players);
    let network = network::<B>(players);
    let paths: Vec<SimdPath> = if B::KIND == Square8::KIND && players == PlayerCount::Two {
        SimdPath::ALL.into_iter().filter(|path| path.is_available()).collect()
    } else {
        vec![network.simd()]
    };

    let mut group = criterion.benchmark_group("nnue ply");
    group.throughput(Throughput::Elements(lines.iter().map(Vec::len).sum::<usize>() as u64));
    for path in paths {
        let network = network.clone().with_simd(path).expect("a path that this machine has");
        let mut nnue = NnueEvaluator::<B>::new(Arc::new(network)).expect("a network of the board");
        group.bench_function(BenchmarkId::new(path.name(), &name), |bencher| {
            bencher.iter(|| lines.iter().flatten().map(|position| i64::from(nnue.logits(position)[0])).sum::<i64>());
        });
    }
    group.finish();

    let fresh = NnueEvaluator::<B>::new(Arc::new(network)).expect("a network of the board");
    let some: Vec<Position<B>> = lines.iter().flatten().step_by(7).copied().collect();
    let mut group = criterion.benchmark_group("nnue refresh");
    group.throughput(Throughput::Elements(some.len() as u64));
    let mut nnue = fresh.clone();
    group.bench_function(BenchmarkId::from_parameter(&name), |bencher| {
        bencher.iter(|| {
            let logits = some.iter().map(|position| {
                nnue.forget();
                i64::from(nnue.logits(position)[0])
            });
            logits.sum::<i64>()
        });
    });
    group.finish();

    let (mut moves, mut scores) = (MoveList::new(), Vec::new());
    let families: Vec<(Position<B>, Vec<Position<B>>)> = some
        .iter()
        .map(|position| {
            position.legal_moves(&mut moves);
            let child = |&mv| {
                let mut child = *position;
                child.make_move(mv);
                child
            };
            (*position, moves.iter().take(30).map(child).collect())
        })
        .collect();
    let mut group = criterion.benchmark_group("nnue siblings");
    group.throughput(Throughput::Elements(families.iter().map(|(_, children)| children.len() as u64).sum()));
    let mut nnue = fresh.clone();
    group.bench_function(BenchmarkId::from_parameter(&name), |bencher| {
        bencher.iter(|| {
            let children = families.iter().flat_map(|(_, children)| children);
            children.map(|child| i64::from(nnue.logits(child)[0])).sum::<i64>()
        });
    });
    group.finish();

    let mut nnue = fresh;
    let mut score = |position: &Position<B>| {
        position.legal_moves(&mut moves);
        nnue.score_moves(position, &moves, &mut scores);
        black_box(&scores).len() as u64
    };
    let mut group = criterion.benchmark_group("nnue children");
    group.throughput(Throughput::Elements(some.iter().map(&mut score).sum()));
    group.sample_size(20);
    group.bench_function(BenchmarkId::from_parameter(&name), |bencher| {
        bencher.iter(|| some.iter().map(&mut score).sum::<u64>());
    });
    group.finish();
}

fn bench_all(criterion: &mut Criterion) {
    bench_board::<Square8>(criterion, PlayerCount::Two);
    bench_board::<Square8>(criterion, PlayerCount::Four);
    bench_board::<Hex8>(criterion, PlayerCount::Two);
    bench_board::<Square19>(criterion, PlayerCount::Two);
    bench_board::<Hexagonal>(criterion, PlayerCount::Two);
}

criterion_group!(benches, bench_all);
criterion_main!(benches);
