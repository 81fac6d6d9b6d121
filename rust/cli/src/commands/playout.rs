//! `rrpipe playout`: plays random games.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use ringrift_replay::record_trace;
use ringrift_rules::{EndReason, MoveList};
use ringrift_selfplay::{GameRng, playout_moves};
use serde_json::json;

use super::jobs::parse_jobs;
use super::position::GameArgs;
use crate::output::write_file;
use crate::{Context, ExitCode, Failure, OrFail as _, exit, interrupt};

/// Play games of uniformly random moves
///
/// Game i of a seed is the same on any machine and with any number of threads.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe playout --num-games 300 --output games.jsonl && rrpipe verify games.jsonl")]
pub(crate) struct Args {
    /// Number of games
    #[arg(long, value_name = "N", default_value_t = 100)]
    num_games: u64,
    /// Seed of the run
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Moves after which a game is stopped, bookkeeping included; the default is the training environment's limit
    #[arg(long, value_name = "N")]
    max_moves: Option<u32>,
    /// Trace file to write the games to; it appears when all are played
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Threads; 0 = one per core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = parse_jobs, allow_negative_numbers = true)]
    jobs: usize,
    #[command(flatten)]
    game: GameArgs,
}

struct Played {
    plies: u32,
    reason: Option<EndReason>,
    winner: Option<u8>,
    line: Option<String>,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let start = args.game.start();
    let limit = args.max_moves.unwrap_or_else(|| start.board().spec().move_limit(start.players()));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.jobs).build().or_fail(exit::UNEXPECTED)?;
    let play = |game: u64, moves: &mut MoveList| {
        let mut rng = GameRng::new(args.seed, game, GameRng::HOST);
        let (end, made) = playout_moves(&start, &mut rng, limit, moves);
        let outcome = end.outcome();
        let line = args.output.is_some().then(|| {
            let id = format!("{}_{}p_random_{}_{game}", start.board(), start.players().get(), args.seed);
            serde_json::to_string(&record_trace(id, &start, &made, outcome.is_none()))
        });
        Ok(Played {
            plies: made.len() as u32,
            reason: outcome.map(|outcome| outcome.reason),
            winner: outcome.map(|outcome| outcome.winner.number()),
            line: line.transpose()?,
        })
    };
    let began = Instant::now();
    let games: Vec<Played> = interrupt::watch(context.host, |stop| {
        pool.install(|| {
            (0..args.num_games)
                .into_par_iter()
                .map_init(MoveList::new, |moves, game| (!stop.load(Ordering::Relaxed)).then(|| play(game, moves)))
                .while_some()
                .collect::<Result<_, serde_json::Error>>()
        })
    })?
    .complete()?
    .or_fail(exit::UNEXPECTED)?;
    let seconds = began.elapsed().as_secs_f64();
    if let Some(path) = &args.output {
        let mut text = String::new();
        for line in games.iter().filter_map(|game| game.line.as_deref()) {
            text.push_str(line);
            text.push('\n');
        }
        write_file(path, text.as_bytes())?;
    }
    let plies: u64 = games.iter().map(|game| u64::from(game.plies)).sum();
    let count = |test: &dyn Fn(&Played) -> bool| games.iter().filter(|game| test(game)).count();
    let wins: Vec<usize> =
        start.players().seats().map(|player| count(&|game| game.winner == Some(player.number()))).collect();
    let reasons: serde_json::Map<String, serde_json::Value> = EndReason::ALL
        .iter()
        .map(|&reason| (reason.name().to_owned(), count(&|game| game.reason == Some(reason)).into()))
        .collect();
    let stopped = count(&|game| game.reason.is_none());
    let summary = json!({
        "board": start.board().name(),
        "players": start.players().get(),
        "seed": args.seed,
        "games": games.len(),
        "plies": plies,
        "wins_by_seat": wins,
        "endings": reasons,
        "stopped_at_limit": stopped,
        "max_moves": limit,
    });
    writeln!(context.terminal.out(), "{summary:#}")?;
    writeln!(context.terminal.err(), "{} games in {seconds:.2} s, {:.0} plies/s", games.len(), plies as f64 / seconds)?;
    Ok(exit::OK)
}

#[cfg(test)]
mod tests {
    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn games_do_not_depend_on_the_number_of_threads() {
        let folder = tempfile::tempdir().unwrap();
        let texts = ["1", "2"].map(|jobs| {
            let path = folder.path().join(jobs);
            let ran = rrpipe(&["playout", "--num-games", "8", "--jobs", jobs, "--output", path.to_str().unwrap()]);
            assert_eq!(ran.exit, exit::OK, "{}", ran.err);
            (ran.out, std::fs::read_to_string(path).unwrap())
        });
        assert_eq!(texts[0], texts[1]);
        assert_eq!(texts[0].1.lines().count(), 8);
    }

    #[test]
    fn games_at_the_limit_are_counted_as_stopped() {
        let ran = rrpipe(&["playout", "--num-games", "3", "--max-moves", "10", "--num-players", "4"]);
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((json["stopped_at_limit"].as_u64(), json["plies"].as_u64()), (Some(3), Some(30)));
    }

    #[test]
    fn output_that_cannot_be_written_is_named() {
        let ran = rrpipe(&["playout", "--num-games", "1", "--output", "no/such/folder/games.jsonl"]);
        assert_eq!(ran.exit, exit::IO);
        assert!(ran.err.contains("cannot write no/such/folder/games.jsonl"), "{}", ran.err);
    }
}
