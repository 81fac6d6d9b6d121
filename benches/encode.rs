//! Encoding of positions, by encoder and board: positions per second.
//!
//! `cargo bench --bench encode -- square8` measures one board. Positions come from random games of a fixed seed, so that
//! figures of one machine can be compared across versions.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ringrift_encode::{
    GLOBALS, GlobalsOptions, History, HistoryMode, PlaneGrid, PolicyLayout, Rr1Encoder, Rr1Layout, Rr1Policy, Symmetry,
    UpstreamEncoder,
};
use ringrift_eval::GameRng;
use ringrift_rules::{Board, Hex8, Hexagonal, Move, MoveList, PlayerCount, Position, RuleOptions, Square8, Square19};

const SEED: u64 = 2026;
/// Earlier positions in a row.
const EARLIER: usize = 3;

/// Positions of some random games, in order, with their legal moves.
fn positions<B: Board>() -> Vec<(Position<B>, MoveList)> {
    let mut found = Vec::new();
    for game in 0..3 {
        let mut rng = GameRng::new(SEED, game, GameRng::HOST);
        let rules = RuleOptions::standard(B::KIND, PlayerCount::Two);
        let mut position = Position::<B>::initial(PlayerCount::Two, rules);
        loop {
            let mut moves = MoveList::new();
            position.legal_moves(&mut moves);
            if moves.is_empty() {
                break;
            }
            let mv: Move = moves[rng.below(moves.len())];
            found.push((position, moves));
            position.make_move(mv);
        }
    }
    found
}

fn bench_board<B: Board>(criterion: &mut Criterion) {
    let name = B::KIND.name();
    let positions = positions::<B>();
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(positions.len() as u64));

    for encoder in UpstreamEncoder::ALL.into_iter().filter(|encoder| encoder.serves(B::KIND)) {
        let mut frame = vec![0.0; encoder.frame_len(B::KIND)];
        group.bench_function(BenchmarkId::new(format!("{encoder} frame"), name), |bencher| {
            bencher.iter(|| {
                for (position, _) in &positions {
                    encoder.encode_on(position, black_box(&mut frame)).expect("a frame");
                }
            });
        });
        let mut history = History::new(frame.len(), EARLIER, HistoryMode::Recorded);
        let (mut row, mut globals) = (vec![0.0; history.row_len()], [0.0; GLOBALS]);
        group.bench_function(BenchmarkId::new(format!("{encoder} row"), name), |bencher| {
            bencher.iter(|| {
                for (position, _) in &positions {
                    history.push(|frame| encoder.encode_on(position, frame)).expect("a frame");
                    history.write(black_box(&mut row)).expect("a row");
                    encoder.encode_globals_on(position, GlobalsOptions::default(), &mut globals).expect("globals");
                    black_box(&globals);
                }
            });
        });
    }

    let layout = Rr1Layout::new(B::KIND, PlayerCount::Two, EARLIER);
    let mut rr1 = Rr1Encoder::new(layout);
    let (mut packed, mut planes) = (vec![0; layout.packed_len()], vec![0.0; layout.planes_len()]);
    let mut globals = vec![0.0; layout.globals()];
    group.bench_function(BenchmarkId::new("rr1 packed row", name), |bencher| {
        bencher.iter(|| {
            for (position, _) in &positions {
                rr1.encode_packed_on(position, black_box(&mut packed), &mut globals).expect("a row");
                rr1.remember_on(position).expect("the same board");
            }
        });
    });
    group.bench_function(BenchmarkId::new("rr1 f32 row", name), |bencher| {
        bencher.iter(|| {
            for (position, _) in &positions {
                rr1.encode_on(position, black_box(&mut planes), &mut globals).expect("a row");
                rr1.remember_on(position).expect("the same board");
            }
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("policy index");
    group.throughput(Throughput::Elements(positions.iter().map(|(_, moves)| moves.len() as u64).sum()));
    let policy = Rr1Policy::of(B::KIND);
    group.bench_function(BenchmarkId::new("rr1", name), |bencher| {
        bencher.iter(|| {
            for (position, moves) in &positions {
                for &mv in moves {
                    black_box(policy.index_on(position, mv));
                }
            }
        });
    });
    group.bench_function(BenchmarkId::new("board_aware", name), |bencher| {
        bencher.iter(|| {
            for (position, moves) in &positions {
                for &mv in moves {
                    black_box(PolicyLayout::BoardAware.index_on(position, mv));
                }
            }
        });
    });
    group.finish();

    let symmetry = Symmetry::all(B::KIND).last().expect("boards have symmetries");
    let (mut turned, mut turned_packed) = (planes.clone(), packed.clone());
    let mut group = criterion.benchmark_group("symmetry");
    group.bench_function(BenchmarkId::new("rr1 packed row", name), |bencher| {
        bencher.iter(|| symmetry.packed(black_box(&packed), &mut turned_packed).expect("whole planes"));
    });
    group.bench_function(BenchmarkId::new("rr1 f32 row", name), |bencher| {
        bencher.iter(|| symmetry.planes(PlaneGrid::Rr1, black_box(&planes), &mut turned).expect("whole planes"));
    });
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    bench_board::<Square8>(criterion);
    bench_board::<Hex8>(criterion);
    bench_board::<Square19>(criterion);
    bench_board::<Hexagonal>(criterion);
}

criterion_group!(encode, benches);
criterion_main!(encode);
