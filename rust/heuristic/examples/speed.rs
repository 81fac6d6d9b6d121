//! Speed of the evaluation and of heuristic-only play, in CPU seconds of one thread, the best of five rounds.
//!
//! `cargo run --release -p ringrift-heuristic --example speed -- square8 2`
#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::hint::black_box;

use cpu_time::ThreadTime;
use ringrift_eval::{Engine, Evaluator, GameRng};
use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_rules::{
    AnyPosition, Board, BoardKind, MoveList, PlayerCount, PlayerId, Position, RuleOptions, with_position,
};
use ringrift_search::{Greedy, GreedyOptions, RandomEngine};

const ROUNDS: u32 = 5;
const SEED: u64 = 2026;

fn best(mut work: impl FnMut() -> u64) -> (u64, f64) {
    let (mut count, mut rate) = (0, 0.0);
    for _ in 0..ROUNDS {
        let began = ThreadTime::now();
        count = work();
        rate = f64::max(rate, count as f64 / began.elapsed().as_secs_f64().max(1e-9));
    }
    (count, rate)
}

fn engine<B: Board>(mode: EvalMode) -> Greedy<Heuristic<B>> {
    let options = HeuristicOptions { mode, ..HeuristicOptions::default() };
    let greedy = GreedyOptions { randomness: 0.15, ..GreedyOptions::default() };
    Greedy::new(Heuristic::new(Weights::default(), options), greedy)
}

/// Plays one game; returns plies and evaluations.
fn play<B: Board>(
    start: &Position<B>,
    engine: &mut impl Engine<B>,
    game: u64,
    mut each: impl FnMut(&Position<B>),
) -> (u64, u64) {
    let mut streams: Vec<GameRng> = (0..4).map(|seat| GameRng::new(SEED, game, seat)).collect();
    let (mut position, mut moves, mut plies, mut evaluations) = (*start, MoveList::new(), 0, 0);
    loop {
        each(&position);
        position.legal_moves(&mut moves);
        let rng = &mut streams[position.to_move().index()];
        let Some(decision) = engine.choose(&position, &moves, rng) else { return (plies, evaluations) };
        evaluations += decision.evaluations;
        position.make_move(decision.mv);
        plies += 1;
    }
}

fn measure<B: Board>(start: &Position<B>, games: u64) {
    let name = format!("{} {}p", B::KIND, start.players().get());
    let mut sets = [Vec::new(), Vec::new()];
    for game in 0..games.min(20) {
        play(start, &mut RandomEngine, game, |position| sets[0].push(*position));
        play(start, &mut engine(EvalMode::Full), game, |position| sets[1].push(*position));
    }
    for (set, from) in sets.iter().zip(["random", "heuristic"]) {
        for mode in [EvalMode::Full, EvalMode::Light] {
            let options = HeuristicOptions { mode, ..HeuristicOptions::default() };
            let mut heuristic = Heuristic::<B>::new(Weights::default(), options);
            let (count, rate) = best(|| {
                let mut sum = 0.0;
                for round in 0..10 {
                    for position in set {
                        let seat = PlayerId::ALL[round % start.players().get()];
                        sum += heuristic.score(position, seat);
                    }
                }
                black_box(sum);
                10 * set.len() as u64
            });
            let rate = rate / 1e6;
            println!("{name:<14} {:<5} {count:>8} evaluations of {from} games {rate:>7.3} M/s", mode.name());
        }
    }
    for mode in [EvalMode::Full, EvalMode::Light] {
        let mut engine = engine::<B>(mode);
        let (mut plies, mut evaluations) = (0, 0);
        let (count, rate) = best(|| {
            (plies, evaluations) = (0, 0);
            for game in 0..games {
                let (more_plies, more_evaluations) = play(start, &mut engine, game, |_| {});
                plies += more_plies;
                evaluations += more_evaluations;
            }
            games
        });
        let per_game = |total: u64| total / count;
        println!(
            "{name:<14} {:<5} {count:>8} games {rate:>8.1} games/s, {} plies and {} evaluations a game, {:.3} M evaluations/s",
            mode.name(),
            per_game(plies),
            per_game(evaluations),
            evaluations as f64 / count as f64 * rate / 1e6,
        );
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let board: BoardKind = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(BoardKind::Square8);
    let players = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(2u64);
    let games = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(40);
    let players = PlayerCount::try_from(players).unwrap_or(PlayerCount::Two);
    let start = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
    with_position!(&start, position => {
        println!("a position has {} bytes", size_of_val(position));
        measure(position, games);
    });
}
