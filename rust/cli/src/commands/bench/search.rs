//! The searches: how fast they are, how they keep the clock, and what a second thread brings.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use ringrift_eval::Scale;
use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_rules::{AnyPosition, Board, BoardKind, MoveList, PlayerCount, Position, RuleOptions, with_position};
use ringrift_search::descent::{Descent, DescentOptions};
use ringrift_search::mcts::{EvaluatorLeaves, Gumbel, Mcts, MctsOptions, Priors, leaf_scale};
use ringrift_search::{AlphaBeta, AlphaBetaOptions, Limits, MaxN, MaxNOptions, Opponents, Search, Stop};
use ringrift_selfplay::{EngineSpec, GameRng};

use super::{Line, SEED, best, greedy, mix, play_greedy};

/// Nodes of one benched search.
const NODES: u64 = 10_000;

/// Time of one benched search that the clock limits.
const TIME: Duration = Duration::from_millis(50);

/// The engines whose overrun is measured.
const TIMED: [&str; 6] = ["minimax", "brs", "maxn", "descent", "mcts", "gumbel_mcts"];

/// The searches, on positions of heuristic games.
pub(super) fn measure(board: BoardKind, rounds: u32, stop: &AtomicBool) -> Vec<Line> {
    let mut lines = Vec::new();
    for players in PlayerCount::ALL {
        let kinds = match players {
            PlayerCount::Two => &["alphabeta", "mcts", "gumbel", "descent"][..],
            PlayerCount::Three => &["paranoid", "best-reply", "maxn", "mcts"][..],
            PlayerCount::Four => &[],
        };
        let start = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
        with_position!(&start, start => {
            let positions = search_positions(start);
            lines.extend(kinds.iter().map(|kind| measure_search(kind, &positions, rounds, stop)));
            if players == PlayerCount::Two {
                lines.extend(measure_threads(&positions, rounds, stop));
            }
            // With two players, best-reply search is minimax, and max-n finds the same as that.
            let timed = TIMED.iter().filter(|&&kind| players != PlayerCount::Two || !["brs", "maxn"].contains(&kind));
            lines.extend(timed.map(|kind| measure_overrun(kind, &positions, rounds, stop)));
        });
    }
    lines
}

/// A few positions with a choice from the first half of a heuristic game.
pub(super) fn search_positions<B: Board>(start: &Position<B>) -> Vec<(Position<B>, MoveList)> {
    let options = HeuristicOptions { mode: EvalMode::of_self_play(B::KIND), ..HeuristicOptions::default() };
    let mut engine = greedy(Heuristic::new(Weights::default(), options));
    let mut positions = Vec::new();
    play_greedy(start, &mut engine, 0, |position| {
        let mut moves = MoveList::new();
        position.legal_moves(&mut moves);
        if moves.len() > 1 {
            positions.push((*position, moves));
        }
    });
    positions.truncate(positions.len() / 2);
    let every = positions.len().div_ceil(8).max(1);
    positions.into_iter().step_by(every).collect()
}

fn measure_search<B: Board>(kind: &str, positions: &[(Position<B>, MoveList)], rounds: u32, stop: &AtomicBool) -> Line {
    let alpha_beta = |opponents| AlphaBetaOptions { opponents, ..AlphaBetaOptions::default() };
    let mut search: Box<dyn Search<B>> = match kind {
        "mcts" => Box::new(tree_search(MctsOptions::default())),
        "gumbel" => Box::new(tree_search(MctsOptions::gumbel(Gumbel::default()))),
        "descent" => Box::new(
            Descent::new(heuristic(), Scale::HEURISTIC, DescentOptions::default()).expect("the settings are valid"),
        ),
        "maxn" => Box::new(MaxN::new(heuristic(), MaxNOptions::default()).expect("the settings are valid")),
        "best-reply" => {
            Box::new(AlphaBeta::new(heuristic(), alpha_beta(Opponents::BestReply)).expect("the settings are valid"))
        }
        _ => Box::new(AlphaBeta::new(heuristic(), alpha_beta(Opponents::Paranoid)).expect("the settings are valid")),
    };
    let (count, fingerprint, rate) = best(rounds, stop, || search_all(search.as_mut(), positions, stop));
    let fingerprint = Some(fingerprint);
    Line { board: B::KIND, players: players(positions), what: kind.into(), count, unit: "nodes", rate, fingerprint }
}

/// Searches all positions with the same budget; returns the nodes, and a number that depends on the chosen moves.
pub(super) fn search_all<B: Board>(
    search: &mut dyn Search<B>,
    positions: &[(Position<B>, MoveList)],
    stop: &AtomicBool,
) -> (u64, u64) {
    let limits = Limits::nodes(NODES).expect("the budget is not 0");
    search.forget();
    let mut rng = GameRng::new(SEED, 0, 0);
    let (mut nodes, mut sum) = (0, 0);
    for (position, moves) in positions.iter().take_while(|_| !stop.load(Ordering::Relaxed)) {
        if let Some(found) = search.search(position, moves, &limits, &Stop::new(), &mut rng) {
            let chosen = moves.iter().position(|&mv| mv == found.best).unwrap_or_default() as u64;
            sum = mix(mix(sum, chosen), found.nodes);
            nodes += found.nodes;
        }
    }
    (nodes, sum)
}

/// MCTS with two threads: the best rates by the clock and per CPU second of both.
fn measure_threads<B: Board>(positions: &[(Position<B>, MoveList)], rounds: u32, stop: &AtomicBool) -> [Line; 2] {
    let mut search = tree_search(MctsOptions { threads: 2, ..MctsOptions::default() });
    let (mut count, mut wall, mut cpu) = (0, 0.0, 0.0);
    for _ in 0..rounds {
        let (began, spent) = (Instant::now(), ProcessTime::now());
        count = search_all(&mut search, positions, stop).0;
        wall = f64::max(wall, count as f64 / began.elapsed().as_secs_f64().max(1e-9));
        cpu = f64::max(cpu, count as f64 / spent.elapsed().as_secs_f64().max(1e-9));
    }
    let line = |what: &str, rate| Line {
        board: B::KIND,
        players: players(positions),
        what: what.into(),
        count,
        unit: "nodes",
        rate,
        fingerprint: None,
    };
    [line("mcts x2 wall", wall), line("mcts x2 cpu", cpu)]
}

/// By how much an engine overruns its time at the worst of several positions, the best of the rounds at each, as other work
/// on the machine makes any search late.
fn measure_overrun<B: Board>(
    kind: &str,
    positions: &[(Position<B>, MoveList)],
    rounds: u32,
    stop: &AtomicBool,
) -> Line {
    let players = players(positions);
    let spec = EngineSpec::parse(kind, B::KIND, players).expect("the engine exists");
    let mut rng = GameRng::new(SEED, 0, 0);
    let mut search = spec.search::<B>(&mut rng).expect("the settings are valid").expect("the engine searches");
    let limits = Limits::time(TIME).expect("the time is not 0");
    let (mut worst, mut sum, mut count) = (Duration::ZERO, Duration::ZERO, 0);
    for (position, moves) in positions.iter().step_by(2).take_while(|_| !stop.load(Ordering::Relaxed)) {
        let mut least = Duration::MAX;
        for _ in 0..rounds {
            search.forget();
            let began = Instant::now();
            black_box(search.search(position, moves, &limits, &Stop::new(), &mut rng));
            least = least.min(began.elapsed());
        }
        worst = worst.max(least.saturating_sub(TIME));
        sum += least;
        count += 1;
    }
    let rate = f64::from(count) / sum.as_secs_f64().max(1e-9);
    let what = format!("{kind} {} ms", TIME.as_millis());
    Line { board: B::KIND, players, what, count: worst.as_micros() as u64, unit: "us", rate, fingerprint: None }
}

fn players<B: Board>(positions: &[(Position<B>, MoveList)]) -> PlayerCount {
    positions.first().map_or(PlayerCount::Two, |(position, _)| position.players())
}

fn heuristic<B: Board>() -> Heuristic<B> {
    let options = HeuristicOptions { mode: EvalMode::of_self_play(B::KIND), ..HeuristicOptions::default() };
    Heuristic::new(Weights::default(), options)
}

/// Monte-Carlo tree search with light priors.
fn tree_search<B: Board>(options: MctsOptions) -> Mcts<B, EvaluatorLeaves<Heuristic<B>>> {
    let leaves = EvaluatorLeaves::new(heuristic(), leaf_scale(), Priors::Light).expect("the settings are valid");
    Mcts::new(&leaves, leaf_scale(), options).expect("the settings are valid")
}
