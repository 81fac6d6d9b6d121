//! `rrpipe match`: games between engines, and how sure it is which one is stronger.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ringrift_rules::{BoardKind, PlayerCount};
use ringrift_selfplay::{EngineSpec, NetworkFileError, SpecError};
use ringrift_tournament::{Match, MatchError, MatchReport};
use serde_json::{Value, json};

use super::jobs::parse_jobs;
use super::position::{parse_board, parse_players};
use crate::output::write_file;
use crate::{Context, ExitCode, Failure, exit, interrupt};

/// Time between two lines of progress.
const LINE_INTERVAL: Duration = Duration::from_mins(1);

/// Play a match between two to four engines
///
/// Every opening is played with the engines in every rotation of the seats. Seats that are left over go to the last engine: in
/// a game of three or four, `A B` is one A against B on all other seats, and A is the stronger one if it wins more than its
/// part. An engine is a kind (random, heuristic, minimax, brs, maxn, descent, mcts, gumbel-mcts) or a rung of the ladder (d1 to
/// d11), with settings behind a colon: mcts:nodes=5000,randomness=0.1, d6:think, or minimax:nnue=FILE for a network. Game i of a seed is the same on any machine
/// and with any number of threads, unless an engine looks at the clock.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe match d6 d4 --board-type hex8 --num-games 200 --seed 1")]
pub(crate) struct Args {
    /// The engines
    #[arg(required = true, num_args = 2..=4, value_name = "ENGINE")]
    engines: Vec<String>,
    /// Board: square8, square19, hex8 or hexagonal
    #[arg(long, alias = "board", value_name = "BOARD", default_value = "square8", value_parser = parse_board)]
    board_type: BoardKind,
    /// Number of players, 2 to 4
    #[arg(long, alias = "players", value_name = "N", default_value = "2", value_parser = parse_players)]
    num_players: PlayerCount,
    /// Number of games; rounded up so that every opening is played in every rotation
    #[arg(long, value_name = "N", default_value_t = 100)]
    num_games: u64,
    /// Seed of openings and engines
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Decisions at the start of every game that are made at random
    #[arg(long, value_name = "N", default_value_t = 6)]
    opening_random_moves: u32,
    /// Moves after which a game is nobody's, bookkeeping included; the default is that of self-play
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_moves: Option<u32>,
    /// File for the result and the games, as JSON
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Threads; 0 = one per core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = parse_jobs, allow_negative_numbers = true)]
    jobs: usize,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let (board, players) = (args.board_type, args.num_players);
    let specs = args.engines.iter().map(|text| EngineSpec::parse(text, board, players)).collect::<Result<Vec<_>, _>>();
    let game = Match {
        board,
        players,
        engines: specs.map_err(spec_failure)?,
        games: args.num_games,
        seed: args.seed,
        opening_random_moves: args.opening_random_moves,
        moves_max: args.max_moves.unwrap_or_else(|| board.spec().move_limit(players)),
        jobs: args.jobs,
    };
    let began = Instant::now();
    let (host, terminal) = (context.host, &mut *context.terminal);
    let (mut done, mut line_at) = (0_u64, began);
    let played = interrupt::watch(host, |stop| {
        game.play(stop, |_| {
            done += 1;
            if line_at.elapsed() >= LINE_INTERVAL {
                line_at = Instant::now();
                let seconds = began.elapsed().as_secs_f64();
                let left = seconds / done as f64 * game.total().saturating_sub(done) as f64;
                // A line that cannot be shown is no reason to end a match.
                let _ = writeln!(terminal.err(), "{done}/{} games, ETA {left:.0} s", game.total());
            }
        })
    })?;
    let report = played.value.map_err(|error| {
        let class = match error {
            MatchError::Threads(_) => exit::UNEXPECTED,
            _ => exit::USAGE,
        };
        Failure::new(class, error)
    })?;
    let result = result_json(args, &game, &report, began.elapsed());
    if let Some(path) = &args.output {
        write_file(path, format!("{result:#}\n").as_bytes())?;
    }
    match args.format {
        Format::Json => writeln!(context.terminal.out(), "{result}")?,
        Format::Text => print(args, &report, context)?,
    }
    if report.is_complete {
        return Ok(exit::OK);
    }
    Err(Failure::interrupted().hint("the openings that were played in every rotation are counted above"))
}

/// An engine specification that was given on a command line and cannot be used.
pub(crate) fn spec_failure(error: SpecError) -> Failure {
    let class = match &error {
        SpecError::Weights { .. } => exit::BAD_INPUT,
        SpecError::Network { source, .. } => network_class(source),
        _ => exit::USAGE,
    };
    Failure::new(class, error)
}

/// The exit code for a network that cannot be used.
pub(crate) fn network_class(error: &NetworkFileError) -> ExitCode {
    if error.io().is_some() { exit::IO } else { exit::BAD_INPUT }
}

fn print(args: &Args, report: &MatchReport, context: &mut Context<'_>) -> Result<(), Failure> {
    let games = report.games.len();
    let undecided = report.games.iter().filter(|game| game.winner.is_none()).count();
    let plies: u64 = report.games.iter().map(|game| u64::from(game.plies)).sum();
    let mut out = context.terminal.out();
    writeln!(
        out,
        "{} {}p, {games} games, {undecided} undecided, {:.0} moves a game",
        args.board_type,
        args.num_players.get(),
        plies as f64 / games.max(1) as f64
    )?;
    for (name, standing) in args.engines.iter().zip(&report.standings) {
        let percent = |share: f64| share * 100.0;
        writeln!(
            out,
            "{name}: {:.1} % ({:.1} to {:.1} with 95 %; {:.1} if equal), {} wins",
            percent(standing.share),
            percent(standing.interval.low),
            percent(standing.interval.high),
            percent(standing.even),
            standing.wins
        )?;
    }
    Ok(())
}

fn result_json(args: &Args, game: &Match, report: &MatchReport, elapsed: Duration) -> Value {
    let engines: Vec<Value> = (args.engines.iter().zip(&game.engines).zip(&report.standings))
        .map(|((name, spec), standing)| {
            let record = spec.record();
            json!({
                "name": name,
                "spec": spec.to_string(),
                "ai_type": record.ai_type,
                "difficulty": record.difficulty,
                "nn_model_id": record.nn_model_id,
                "model_sha256": record.model_sha256,
                "budget": record.budget,
                "settings": record.settings,
                "wins": standing.wins,
                "share": standing.share,
                "share_low": standing.interval.low,
                "share_high": standing.interval.high,
                "share_if_equal": standing.even,
            })
        })
        .collect();
    let games: Vec<Value> = (report.games.iter())
        .map(|game| {
            json!({
                "opening": game.opening,
                "rotation": game.rotation,
                "winner": game.winner,
                "reason": game.reason,
                "plies": game.plies,
            })
        })
        .collect();
    json!({
        "board_type": game.board.name(),
        "num_players": game.players.get(),
        "seed": game.seed,
        "opening_random_moves": game.opening_random_moves,
        "max_moves": game.moves_max,
        "is_complete": report.is_complete,
        "is_deterministic": game.engines.iter().all(EngineSpec::is_deterministic),
        "elapsed_seconds": elapsed.as_secs_f64(),
        "engines": engines,
        "games": games,
    })
}

#[cfg(test)]
mod tests {
    use ringrift_rules::EndReason;
    use serde_json::Value;

    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn stronger_engine_is_told_with_its_interval() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("match.json").to_string_lossy().into_owned();
        let args = ["match", "heuristic", "random", "--board-type", "hex8", "--num-games", "30", "--seed", "2"];
        let ran = rrpipe(&[&args[..], &["--output", &path]].concat());
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        assert!(ran.out.starts_with("hex8 2p, 30 games, 0 undecided"), "{}", ran.out);
        let result: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(result["engines"][0]["share_low"].as_f64().unwrap() > 0.5, "{result}");
        assert_eq!(result["games"].as_array().unwrap().len(), 30);
        let reason = result["games"][0]["reason"].as_str().unwrap();
        assert!(EndReason::from_name(reason).is_some(), "{reason}");
        let json = rrpipe(&[&args[..], &["--format", "json", "--jobs", "1"]].concat());
        let again: Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!(again["games"], result["games"]);
    }

    #[test]
    fn wrong_matches_are_named() {
        for (args, class, says) in [
            (&["random", "minmax"][..], exit::USAGE, "there is no engine \"minmax\""),
            (&["random", "mcts:nodes=0"], exit::USAGE, "budget of 0 nodes"),
            (&["random", "d99"], exit::USAGE, "d99"),
            (&["random", "d1", "d2"], exit::USAGE, "3 engines in a game of 2"),
            (&["random", "d1", "--num-games", "0"], exit::USAGE, "0 games"),
            (&["random", "heuristic:weights=no.json#x"], exit::BAD_INPUT, "no.json"),
            (&["random", "minimax:nnue=no.nnue"], exit::IO, "no.nnue"),
            (&["random", "minimax:nnue=Cargo.toml"], exit::BAD_INPUT, "Cargo.toml"),
            (&["random"], exit::USAGE, "2 values required"),
        ] {
            let ran = rrpipe(&[&["match"], args].concat());
            assert_eq!(ran.exit, class, "{args:?}: {}", ran.err);
            assert!(ran.err.contains(says), "{args:?}: {}", ran.err);
        }
    }
}
