//! Measures what recording costs: storing games, and runs of self-play with and without their files.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use cpu_time::ProcessTime;
use ringrift_replay::{
    Ack, NewGame, RecordForm, RecordedMove, StateDocument, StoreError, StoreWriter, WriterOptions, game_id,
};
use ringrift_rules::{AnyPosition, BoardKind, MoveList, PlayerCount, RuleOptions};
use ringrift_selfplay::{
    EngineMode, GameRecord, GameRng, GameSettings, Observer, Run, RunError, RunOptions, Summary, playout_moves,
};
use serde_json::Map;

use super::{Line, SEED};
use crate::Failure;
use crate::exit;

/// The rates of one board: ingest, and runs of each mode without and with files.
pub(super) fn measure(board: BoardKind, rounds: u32, stop: &AtomicBool) -> Result<Vec<Line>, Failure> {
    let is_small = board.spec().cells <= 100;
    let fail = |error: io::Error| Failure::new(exit::IO, error);
    let mut lines = Vec::new();
    let games = random_games(board, if is_small { 1000 } else { 60 });
    let rate = best(rounds, stop, || {
        let folder = tempfile::tempdir().map_err(fail)?;
        ingest(&folder.path().join("games.db"), &games).map_err(|error| Failure::new(exit::IO, error))?;
        Ok(games.len() as u64)
    })?;
    lines.push(line(board, "ingest", games.len() as u64, rate));
    for (mode, name, count) in [
        (EngineMode::RandomOnly, "random", if is_small { 2000 } else { 40 }),
        (EngineMode::HeuristicOnly, "heuristic", if is_small { 300 } else { 10 }),
    ] {
        for is_recorded in [false, true] {
            let rate = best(rounds, stop, || {
                let folder = tempfile::tempdir().map_err(fail)?;
                let (settings, options) = one_run(board, mode, count, is_recorded.then(|| folder.path()));
                let played = Run::open(settings, options).and_then(|run| run.play(stop, &mut Nobody));
                played.map(|report| report.summary.games()).map_err(|error: RunError| Failure::new(exit::IO, error))
            })?;
            let what = if is_recorded { format!("{name} rec") } else { name.to_owned() };
            lines.push(line(board, &what, count, rate));
        }
    }
    Ok(lines)
}

fn line(board: BoardKind, what: &str, count: u64, rate: f64) -> Line {
    Line { board, players: PlayerCount::Two, what: what.into(), count, unit: "games", rate, fingerprint: None }
}

/// The best rate, in CPU seconds of all threads of the process; `work` returns its count.
fn best(rounds: u32, stop: &AtomicBool, mut work: impl FnMut() -> Result<u64, Failure>) -> Result<f64, Failure> {
    let mut rate = 0.0;
    for _ in 0..rounds {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let began = ProcessTime::now();
        let count = work()?;
        rate = f64::max(rate, count as f64 / began.elapsed().as_secs_f64().max(1e-9));
    }
    Ok(rate)
}

fn random_games(board: BoardKind, count: u64) -> Vec<NewGame> {
    let start = AnyPosition::initial(board, PlayerCount::Two, RuleOptions::standard(board, PlayerCount::Two));
    let mut legal = MoveList::new();
    let game = |index| {
        let mut rng = GameRng::new(SEED, index, GameRng::HOST);
        let (_, moves) = playout_moves(&start, &mut rng, 100_000, &mut legal);
        let moves = moves.into_iter().map(RecordedMove::from).collect();
        NewGame::new(game_id("bench", index), StateDocument::new(start.clone()), moves, Map::new())
    };
    (0..count).map(game).collect()
}

/// Checks and stores games, and waits until all are on the disk.
fn ingest(path: &Path, games: &[NewGame]) -> Result<(), StoreError> {
    let writer = StoreWriter::open(path, WriterOptions::default())?;
    let mut acks: Vec<Ack> = Vec::with_capacity(games.len());
    for game in games {
        acks.push(writer.submit(game.encode(writer.form())?)?);
    }
    for ack in acks {
        ack.wait()?;
    }
    writer.close().map(drop)
}

fn one_run(board: BoardKind, mode: EngineMode, games: u64, files: Option<&Path>) -> (GameSettings, RunOptions) {
    let settings = GameSettings::new(board, PlayerCount::Two, mode, SEED as i64);
    let options = RunOptions {
        games,
        jobs: 1,
        jsonl: files.map(|folder| folder.join("games.jsonl")),
        resume: false,
        database: files.map(|folder| (folder.join("games.db"), RecordForm::LEAN)),
        pool: None,
        metadata: Map::new(),
        checkpoint_interval: 0,
        stops_at_skip: false,
        is_timed: false,
    };
    (settings, options)
}

/// Follows nothing.
struct Nobody;

impl Observer for Nobody {
    fn game(&mut self, _: &GameRecord, _: u64, _: &Summary) {}

    fn tick(&mut self, _: &Summary) {}
}
