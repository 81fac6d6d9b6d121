//! Replays recorded games: a sample that the repository holds, and the whole collection where it is at hand.

use std::path::{Path, PathBuf};

use ringrift_replay::{TraceReader, verify_trace};

mod support;

/// Replays all trace files of a folder; returns files, games and plies.
fn replay(folder: &Path) -> (usize, usize, usize) {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".jsonl.gz"))
        .collect();
    files.sort();
    let (mut games, mut plies) = (0, 0);
    for file in &files {
        for trace in TraceReader::open(file).expect("a readable file") {
            let trace = trace.expect("a recorded game");
            let differences = verify_trace(&trace);
            assert!(differences.is_empty(), "{}: {:#?}", file.display(), &differences[..differences.len().min(3)]);
            games += 1;
            plies += trace.plies.len();
        }
    }
    (files.len(), games, plies)
}

#[test]
fn sample_of_recorded_games_replays_without_difference() {
    let (files, games, plies) = replay(&support::repository().join("tests/data/traces"));
    assert_eq!(files, 24, "one file per board, player count and kind of start");
    assert!(games > 300 && plies > 20_000, "{games} games, {plies} plies");
}

#[test]
fn all_recorded_games_replay_without_difference() {
    let Some(folder) = support::parity("traces") else { return };
    let (files, games, plies) = replay(&folder);
    support::say(&format!("{files} files, {games} games, {plies} plies: no difference"));
    assert!(games > 0);
}
