//! `rrpipe bench`: the engine's fingerprints and its speed.

mod nnue;
mod record;
mod search;

use std::hint::black_box;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use cpu_time::ThreadTime;
use ringrift_eval::{Engine, Evaluator};
use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_rules::{
    AnyPosition, Board, BoardKind, MoveList, PlayerCount, PlayerId, Position, RuleOptions, with_position,
};
use ringrift_search::{Greedy, GreedyOptions};
use ringrift_selfplay::{GameRng, playout};
use serde_json::json;

use super::position::parse_board;
use crate::{Context, ExitCode, Failure, exit, interrupt};

/// Seed of the benched playouts; part of the fingerprint.
const SEED: u64 = 2026;

/// Measure the engine: playouts, path counts, evaluations, heuristic games, searches and recording per board, on one core
///
/// The fingerprint is a number that depends on the rules alone: a change of the engine that keeps the rules keeps it. The
/// heuristic fingerprint depends on the evaluation and the one-ply choice as well. Rates are in CPU seconds of one thread,
/// the best of the rounds. Moves are counted with bookkeeping moves, and every ply generates the full list of legal moves.
/// An evaluation is one seat's score; heuristic games are one-ply games of self-play, nothing recorded. A node of a search is
/// a position made by a move, or a simulation of mcts and gumbel; the search fingerprint depends on every move that the
/// searches choose with one thread. The lines of two threads give the simulations of mcts per second by the clock (wall)
/// and per CPU second of both threads (cpu). A line with a time is about searches that the clock limits: the count is the
/// overrun in microseconds at the worst of several positions, the best of the rounds at each; the rate is in searches.
///
/// The part `nnue` is about a network, that of --nnue or random weights of width 256: `nnue game` evaluates the positions of games
/// one after the other, `nnue children` those after every move of each; a value is the scores of all seats, which an
/// `eval` is for one. `nnue alphabeta` is alpha-beta with it, and `depth N` compares the engine minimax with it and with the
/// heuristic evaluation on the same positions: the count is the nodes of all searches to that depth, the rate is in searches.
///
/// The part `record` counts games: `ingest` checks and stores random games, each acknowledged when it is on the disk; `random`
/// and `heuristic` are runs of self-play without files, and with `rec` into a log and a database in a temporary folder. Its
/// rates are in CPU seconds of all threads.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe bench --board-type square8 --rounds 5")]
pub(crate) struct Args {
    /// Board to measure; may be given again; the default is all four
    #[arg(long, alias = "board", value_name = "BOARD", value_parser = parse_board)]
    board_type: Vec<BoardKind>,
    /// Part to measure; may be given again; the default is all of them
    #[arg(long, value_enum, value_name = "PART")]
    part: Vec<Part>,
    /// Network (.nnue) of the part nnue, which then measures its board and number of players [default: random weights]
    #[arg(long, value_name = "FILE")]
    nnue: Option<PathBuf>,
    /// Rounds, of which the best counts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Part {
    Rules,
    Heuristic,
    Search,
    Nnue,
    Record,
}

/// One measurement.
struct Line {
    board: BoardKind,
    players: PlayerCount,
    what: String,
    count: u64,
    unit: &'static str,
    rate: f64,
    /// None where the numbers do not repeat.
    fingerprint: Option<u64>,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let boards = if args.board_type.is_empty() { BoardKind::ALL.to_vec() } else { args.board_type.clone() };
    let wanted = |part| args.part.is_empty() || args.part.contains(&part);
    let network = args.nnue.as_deref().map(nnue::load).transpose()?;
    let (rules, heuristic, search, nnue, record) = interrupt::watch(context.host, |stop| {
        let (mut rules, mut heuristic, mut search) = (Vec::new(), Vec::new(), Vec::new());
        for &board in boards.iter().filter(|_| wanted(Part::Rules)) {
            for players in PlayerCount::ALL {
                rules.push(measure_playouts(board, players, args.rounds, stop));
            }
            for depth in [5, 6] {
                rules.push(measure_perft(board, depth, args.rounds, stop));
            }
        }
        for &board in boards.iter().filter(|_| wanted(Part::Heuristic)) {
            for mode in [EvalMode::Full, EvalMode::Light] {
                heuristic.extend(measure_heuristic(board, mode, args.rounds, stop));
            }
        }
        for &board in boards.iter().filter(|_| wanted(Part::Search)) {
            search.extend(search::measure(board, args.rounds, stop));
        }
        let mut nnue = Vec::new();
        for &board in boards.iter().filter(|_| wanted(Part::Nnue)) {
            nnue.extend(nnue::measure(board, network.as_ref(), args.rounds, stop));
        }
        let mut record = Vec::new();
        for &board in boards.iter().filter(|_| wanted(Part::Record)) {
            record.push(record::measure(board, args.rounds, stop));
        }
        (rules, heuristic, search, nnue, record)
    })?
    .complete()?;
    let mut fingerprints = Vec::new();
    for (name, lines) in
        [("fingerprint", &rules), ("heuristic_fingerprint", &heuristic), ("search_fingerprint", &search)]
    {
        if !lines.is_empty() {
            fingerprints.push((name, lines.iter().filter_map(|line| line.fingerprint).fold(0, mix)));
        }
    }
    let record: Vec<Vec<Line>> = record.into_iter().collect::<Result<_, _>>()?;
    let lines: Vec<Line> =
        rules.into_iter().chain(heuristic).chain(search).chain(nnue).chain(record.into_iter().flatten()).collect();
    let mut out = context.terminal.out();
    match args.format {
        Format::Text => {
            for line in &lines {
                let name = format!("{} {}p", line.board, line.players.get());
                let (rate, scale) = if line.rate < 1e4 { (line.rate, "") } else { (line.rate / 1e6, "M") };
                writeln!(
                    out,
                    "{name:<13} {:<17} {:>10} {:<6} {rate:>8.3} {scale:>1}/s",
                    line.what, line.count, line.unit
                )?;
            }
            for (name, fingerprint) in fingerprints {
                writeln!(out, "{} {fingerprint}", name.replace('_', " "))?;
            }
        }
        Format::Json => {
            let objects: Vec<_> = lines
                .iter()
                .map(|line| {
                    json!({
                        "board": line.board.name(),
                        "players": line.players.get(),
                        "what": line.what,
                        "count": line.count,
                        "unit": line.unit,
                        "per_cpu_second": line.rate,
                    })
                })
                .collect();
            let mut all = json!({"measurements": objects, "rounds": args.rounds});
            for (name, fingerprint) in fingerprints {
                all[name] = fingerprint.into();
            }
            writeln!(out, "{all}")?;
        }
    }
    Ok(exit::OK)
}

/// Order-dependent combination of counts; small enough to survive JSON readers that know doubles only.
fn mix(sum: u64, value: u64) -> u64 {
    (sum.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ value.wrapping_mul(0xd6e8_feb8_6659_fd93))
        & ((1 << 53) - 1)
}

/// The best rate of `rounds` runs of `work`, which returns its count and fingerprint.
fn best(rounds: u32, stop: &AtomicBool, mut work: impl FnMut() -> (u64, u64)) -> (u64, u64, f64) {
    let (mut count, mut fingerprint, mut rate) = (0, 0, 0.0);
    for _ in 0..rounds {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let began = ThreadTime::now();
        (count, fingerprint) = work();
        rate = f64::max(rate, count as f64 / began.elapsed().as_secs_f64().max(1e-9));
    }
    (count, fingerprint, rate)
}

fn measure_playouts(board: BoardKind, players: PlayerCount, rounds: u32, stop: &AtomicBool) -> Line {
    let games = match board {
        BoardKind::Square8 | BoardKind::Hex8 => 1000,
        BoardKind::Square19 => 100,
        BoardKind::Hexagonal => 60,
    };
    let start = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
    let (count, fingerprint, rate) =
        with_position!(&start, position => best(rounds, stop, || play(position, games, stop)));
    Line { board, players, what: "playouts".into(), count, unit: "plies", rate, fingerprint: Some(fingerprint) }
}

fn play<B: Board>(start: &Position<B>, games: u64, stop: &AtomicBool) -> (u64, u64) {
    let (mut plies, mut fingerprint) = (0, 0);
    let mut moves = MoveList::new();
    for game in 0..games {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let mut position = *start;
        let played = playout(&mut position, &mut GameRng::new(SEED, game, GameRng::HOST), 100_000, &mut moves);
        plies += u64::from(played.plies);
        let winner = played.outcome.map_or(0, |outcome| u64::from(outcome.winner.number()));
        fingerprint = mix(fingerprint, u64::from(played.plies) << 3 | winner);
    }
    (plies, fingerprint)
}

fn measure_perft(board: BoardKind, depth: u32, rounds: u32, stop: &AtomicBool) -> Line {
    let players = PlayerCount::Two;
    let start = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
    // Big boards have a thousand placements: one ply less takes as long.
    let depth = if board.spec().cells > 100 { depth - 2 } else { depth };
    let (count, fingerprint, rate) = best(rounds, stop, || {
        let nodes = start.divide(depth, &|| stop.load(Ordering::Relaxed), |_, _| {}).unwrap_or_default();
        (nodes, nodes)
    });
    Line { board, players, what: format!("perft {depth}"), count, unit: "nodes", rate, fingerprint: Some(fingerprint) }
}

/// One-ply play with the settings of upstream's heuristic self-play.
fn greedy<B: Board>(heuristic: Heuristic<B>) -> Greedy<Heuristic<B>> {
    Greedy::new(heuristic, GreedyOptions { randomness: 0.15, ..GreedyOptions::default() })
}

/// Plays a game, and shows every position of it; returns the numbers of plies and evaluations.
fn play_greedy<B: Board>(
    start: &Position<B>,
    engine: &mut impl Engine<B>,
    game: u64,
    mut each: impl FnMut(&Position<B>),
) -> (u64, u64) {
    let mut streams = PlayerId::ALL.map(|seat| GameRng::new(SEED, game, seat.index() as u64));
    let (mut position, mut moves, mut evaluations) = (*start, MoveList::new(), 0);
    loop {
        each(&position);
        position.legal_moves(&mut moves);
        let rng = &mut streams[position.to_move().index()];
        let Some(decision) = engine.choose(&position, &moves, rng) else {
            return (position.plies().into(), evaluations);
        };
        evaluations += decision.evaluations;
        position.make_move(decision.mv);
    }
}

/// The evaluation alone, on positions of heuristic games, and such games.
fn measure_heuristic(board: BoardKind, mode: EvalMode, rounds: u32, stop: &AtomicBool) -> [Line; 2] {
    let players = PlayerCount::Two;
    let start = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
    let games = if board.spec().cells > 100 { 2 } else { 40 };
    with_position!(&start, start => {
        let options = HeuristicOptions { mode, ..HeuristicOptions::default() };
        let mut heuristic = Heuristic::new(Weights::default(), options);
        let mut engine = greedy(heuristic.clone());
        let mut positions = Vec::new();
        for game in 0..games.min(5) {
            play_greedy(start, &mut engine, game, |position| positions.push(*position));
        }
        let (evaluated, _, eval_rate) = best(rounds, stop, || {
            for seat in (0..10).map(|round| PlayerId::ALL[round % 2]) {
                black_box(positions.iter().map(|position| heuristic.score(position, seat)).sum::<f64>());
            }
            (10 * positions.len() as u64, 0)
        });
        let (played, fingerprint, game_rate) = best(rounds, stop, || {
            let games = 0..if stop.load(Ordering::Relaxed) { 0 } else { games };
            games.fold((0, 0), |(count, sum), game| {
                let (plies, evaluations) = play_greedy(start, &mut engine, game, |_| {});
                (count + 1, mix(mix(sum, plies), evaluations))
            })
        });
        let line = |what: &str, count, unit, rate, fingerprint| {
            Line { board, players, what: format!("{what} {}", mode.name()), count, unit, rate, fingerprint: Some(fingerprint) }
        };
        [line("eval", evaluated, "evals", eval_rate, 0), line("play", played, "games", game_rate, fingerprint)]
    })
}

#[cfg(test)]
mod tests {
    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn fingerprint_is_that_of_the_rules() {
        let ran = rrpipe(&["bench", "--part", "rules", "--board-type", "hex8", "--rounds", "1", "--format", "json"]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(json["measurements"].as_array().unwrap().len(), 5);
        // A change here means that the rules changed: verify the traces, and say so in the commit.
        assert_eq!(json["fingerprint"].as_u64(), Some(1_832_523_888_849_489));
    }

    #[test]
    fn heuristic_fingerprint_is_that_of_the_evaluation() {
        let ran =
            rrpipe(&["bench", "--part", "heuristic", "--board-type", "hex8", "--rounds", "1", "--format", "json"]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(json["measurements"].as_array().unwrap().len(), 4);
        assert!(json.get("fingerprint").is_none());
        // A change here means that the evaluation or the choice of moves changed: say so in the commit.
        assert_eq!(json["heuristic_fingerprint"].as_u64(), Some(2_600_942_978_018_818));
    }

    #[test]
    fn recording_is_measured() {
        let ran = rrpipe(&["bench", "--part", "record", "--board-type", "hex8", "--rounds", "1", "--format", "json"]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let rates =
            json["measurements"].as_array().unwrap().iter().map(|line| line["per_cpu_second"].as_f64().unwrap());
        let rates: Vec<f64> = rates.collect();
        assert!(rates.len() == 5 && rates.iter().all(|&rate| rate > 0.0), "{rates:?}");
    }

    #[test]
    fn search_fingerprint_is_that_of_the_searches() {
        let ran = rrpipe(&["bench", "--part", "search", "--board-type", "hex8", "--rounds", "1", "--format", "json"]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(json["measurements"].as_array().unwrap().len(), 26);
        // A change here means that the searches choose other moves: say so in the commit, and show that they are stronger.
        assert_eq!(json["search_fingerprint"].as_u64(), Some(5_187_460_032_214_696));
    }
}
