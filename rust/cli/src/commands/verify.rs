//! `rrpipe verify`: replays recorded games on the engine.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use rayon::iter::{ParallelBridge as _, ParallelIterator as _};
use ringrift_replay::{
    Difference, GameFilter, Parts, StoreError, StoreReader, TraceReader, is_database, verify_game, verify_trace,
};
use serde_json::json;

use super::jobs::parse_jobs;
use super::position::trace_failure;
use super::replay::store_failure;
use crate::{Context, ExitCode, Failure, OrFail as _, exit, interrupt};

/// Replay recorded games and list every difference from the engine
///
/// Compared are, as far as a record holds them: legal moves, phase, player, state hash, canonical state, container order
/// of stacks, zobrist hash, and the result; in replay databases every column that follows from the moves. Exit status 0
/// means no difference, 3 differences, 4 a file that cannot be read to its end.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: rrpipe verify tests/data/traces\n          rrpipe verify data/games/selfplay.db")]
pub(crate) struct Args {
    /// Replay databases, trace files (JSON lines, plain or gzip), or folders with *.db, *.jsonl and *.jsonl.gz files
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Most differences to print per file; all are counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    differences_max: usize,
    /// Threads; 0 = one per core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = parse_jobs, allow_negative_numbers = true)]
    jobs: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What came of one file.
#[derive(Default)]
struct Report {
    games: u64,
    plies: u64,
    differences: Vec<Difference>,
    fault: Option<Failure>,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let files = expand(&args.paths)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.jobs).build().or_fail(exit::UNEXPECTED)?;
    let mut status = exit::OK;
    let mut total = Report::default();
    let mut objects = Vec::new();
    for path in &files {
        let report = interrupt::watch(context.host, |stop| pool.install(|| verify_file(path, stop)))?.complete()?;
        if let Some(fault) = &report.fault {
            status = fault.exit();
            context.terminal.print_failure(fault);
        } else if !report.differences.is_empty() && status == exit::OK {
            status = exit::DIFFERENCES;
        }
        match args.format {
            Format::Text => print(args, context, path, &report)?,
            Format::Json => objects.push(object(args, path, &report)),
        }
        total.games += report.games;
        total.plies += report.plies;
        total.differences.extend(report.differences);
    }
    let mut out = context.terminal.out();
    let (count, games, plies, differences) = (files.len(), total.games, total.plies, total.differences.len());
    match args.format {
        Format::Text => {
            writeln!(out, "total: {count} files, {games} games, {plies} plies, {differences} differences")?;
        }
        Format::Json => {
            let totals = json!({"files": count, "games": games, "plies": plies, "differences": differences});
            writeln!(out, "{}", json!({"files": objects, "total": totals}))?;
        }
    }
    Ok(status)
}

/// The files meant: those named, and the databases and traces inside folders.
fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let cannot = |error| Failure::cannot("read", path, error);
        if !path.metadata().map_err(cannot)?.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        for entry in path.read_dir().map_err(cannot)? {
            let file = entry.map_err(cannot)?.path();
            if file.file_name().is_some_and(|name| is_record_name(&name.to_string_lossy())) {
                files.push(file);
            }
        }
        files[before..].sort_unstable();
        if files.len() == before {
            let text = format!("the folder {} holds no recorded games", path.display());
            let hint = "databases are *.db files, traces *.jsonl or *.jsonl.gz files";
            return Err(Failure::message(exit::BAD_INPUT, text).hint(hint));
        }
    }
    Ok(files)
}

fn is_record_name(name: &str) -> bool {
    [".db", ".jsonl", ".jsonl.gz"].iter().any(|end| name.ends_with(end))
}

fn verify_file(path: &Path, stop: &AtomicBool) -> Report {
    let has_its_name = path.extension().is_some_and(|end| end == "db");
    let mut report =
        if has_its_name || is_database(path) { verify_database(path, stop) } else { verify_traces(path, stop) };
    // Games of a file are verified side by side; the report does not depend on which was first.
    report.differences.sort_unstable_by(|a, b| (&a.game, a.ply).cmp(&(&b.game, b.ply)));
    report
}

fn verify_database(path: &Path, stop: &AtomicBool) -> Report {
    let failed = |error: StoreError| Report { fault: Some(store_failure(error)), ..Report::default() };
    let mut reader = match StoreReader::open(path) {
        Ok(reader) => reader,
        Err(error) => return failed(error),
    };
    let mut broken = Report::default();
    match reader.integrity_faults() {
        Ok(faults) => {
            if let Some(first) = faults.first() {
                let text = format!("{} is damaged: {first}", path.display());
                broken.fault =
                    Some(Failure::message(exit::BAD_INPUT, text).hint("the games that can be read are verified"));
            }
        }
        Err(error) => return failed(error),
    }
    let games = match reader.games(&GameFilter::default(), Parts::All) {
        Ok(games) => games,
        Err(error) => return failed(error),
    };
    let report = games
        .take_while(|_| !stop.load(Ordering::Relaxed))
        .par_bridge()
        .map(|game| match game {
            Ok(game) => {
                let verified = verify_game(&game);
                Report { games: 1, plies: verified.plies as u64, differences: verified.differences, fault: None }
            }
            Err(StoreError::TornGame { game, what, .. }) => {
                let difference =
                    Difference { game, ply: None, field: "rows".into(), expected: what, got: "a whole game".into() };
                Report { games: 1, differences: vec![difference], ..Report::default() }
            }
            Err(error) => failed(error),
        })
        .reduce(Report::default, Report::join);
    broken.join(report)
}

fn verify_traces(path: &Path, stop: &AtomicBool) -> Report {
    let reader = match TraceReader::open(path) {
        Ok(reader) => reader,
        Err(error) => return Report { fault: Some(trace_failure(error)), ..Report::default() },
    };
    reader
        .take_while(|_| !stop.load(Ordering::Relaxed))
        .par_bridge()
        .map(|trace| match trace {
            Ok(trace) => {
                Report { games: 1, plies: trace.plies.len() as u64, differences: verify_trace(&trace), fault: None }
            }
            Err(error) => Report { fault: Some(trace_failure(error)), ..Report::default() },
        })
        .reduce(Report::default, Report::join)
}

impl Report {
    fn join(mut self, other: Self) -> Self {
        self.games += other.games;
        self.plies += other.plies;
        self.differences.extend(other.differences);
        self.fault = self.fault.or(other.fault);
        self
    }
}

fn print(args: &Args, context: &mut Context<'_>, path: &Path, report: &Report) -> Result<(), Failure> {
    let mut out = context.terminal.out();
    let (games, plies, count) = (report.games, report.plies, report.differences.len());
    writeln!(out, "{}: {games} games, {plies} plies, {count} differences", path.display())?;
    for difference in report.differences.iter().take(args.differences_max) {
        let Difference { game, ply, field, expected, got } = difference;
        let ply = ply.map_or("end".to_owned(), |ply| format!("ply {ply}"));
        writeln!(out, "  {game}, {ply}, {field}: expected {expected}, got {got}")?;
    }
    if count > args.differences_max {
        writeln!(out, "  ... and {} more", count - args.differences_max)?;
    }
    Ok(())
}

fn object(args: &Args, path: &Path, report: &Report) -> serde_json::Value {
    let listed: Vec<_> = report.differences.iter().take(args.differences_max).collect();
    json!({
        "path": path.to_string_lossy(),
        "games": report.games,
        "plies": report.plies,
        "differences": report.differences.len(),
        "listed": listed,
        "fault": report.fault.as_ref().map(|fault| fault.lines().join("; ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rrpipe;

    /// A trace file with two games.
    fn played(folder: &Path) -> String {
        let path = folder.join("games.jsonl").to_string_lossy().into_owned();
        let ran = rrpipe(&["playout", "--num-games", "2", "--output", &path, "--board-type", "hex8"]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        path
    }

    #[test]
    fn our_own_games_have_no_difference() {
        let folder = tempfile::tempdir().unwrap();
        let path = played(folder.path());
        for jobs in ["1", "2"] {
            let ran = rrpipe(&["verify", &path, "--jobs", jobs]);
            assert_eq!(ran.exit, exit::OK, "{}{}", ran.out, ran.err);
            assert!(ran.out.contains(": 2 games, ") && ran.out.ends_with(" 0 differences\n"), "{}", ran.out);
        }
        let ran = rrpipe(&["verify", folder.path().to_str().unwrap(), "--format", "json"]);
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((json["total"]["games"].as_u64(), json["total"]["differences"].as_u64()), (Some(2), Some(0)));
    }

    #[test]
    fn changed_hash_is_a_difference_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = played(folder.path());
        let text = std::fs::read_to_string(&path).unwrap();
        let mut game: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        game["plies"][3]["h"] = "0123456789abcdef".into();
        std::fs::write(&path, game.to_string()).unwrap();
        let ran = rrpipe(&["verify", &path]);
        assert_eq!(ran.exit, exit::DIFFERENCES);
        assert!(ran.out.contains(", ply 3, hash: expected 0123456789abcdef, got "), "{}", ran.out);
    }

    #[test]
    fn damaged_and_missing_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = played(folder.path());
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1000]).unwrap();
        let ran = rrpipe(&["verify", &path]);
        assert_eq!(ran.exit, exit::BAD_INPUT);
        assert!(ran.err.contains("games.jsonl, line 2: not a recorded game"), "{}", ran.err);
        assert!(ran.out.contains(": 1 games, "), "{}", ran.out);
        assert_eq!(rrpipe(&["verify", "no/such.jsonl"]).exit, exit::IO);
        let empty = tempfile::tempdir().unwrap();
        let ran = rrpipe(&["verify", empty.path().to_str().unwrap()]);
        assert_eq!(ran.exit, exit::BAD_INPUT);
        assert!(ran.err.contains("holds no recorded games"), "{}", ran.err);
    }
}
