//! Private copies of databases: one committed state each, and the database untouched.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use ringrift_replay::{
    EncodedGame, GameFilter, Parts, StoreError, StoreReader, StoreSnapshot, StoreWriter, Stored, WriterOptions, game_id,
};
use ringrift_rules::{BoardKind, PlayerCount};
use rusqlite::Connection;

#[path = "support/play.rs"]
mod play;

const SEED: u64 = 60;

fn encoded(index: u64) -> EncodedGame {
    let game = play::random_game(BoardKind::Square8, PlayerCount::Two, SEED, index, false);
    game.encode(WriterOptions::default().form).expect("a game that can be stored")
}

fn ids(mut reader: StoreReader) -> Vec<String> {
    reader.ids(&GameFilter::default()).expect("a list")
}

fn prefix(games: u64) -> Vec<String> {
    (0..games).map(|index| game_id(&format!("run {SEED}"), index)).collect()
}

/// Names, sizes and contents of the files of a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a folder entry"));
    let file = |entry: std::fs::DirEntry| {
        (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).expect("a readable file"))
    };
    let mut files: Vec<_> = entries.map(file).collect();
    files.sort();
    files
}

#[test]
fn copy_taken_while_games_are_stored_has_those_that_were_committed() {
    const GAMES: u64 = 120;
    let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("games.db");
    let games: Vec<EncodedGame> = (0..GAMES).map(encoded).collect();
    let writer = StoreWriter::open(&path, WriterOptions::default()).unwrap();
    let (acknowledged, mut copies) = (AtomicU64::new(0), 0);
    std::thread::scope(|scope| {
        let storing = scope.spawn(|| {
            for game in games {
                assert_eq!(writer.submit(game).and_then(ringrift_replay::Ack::wait), Ok(Stored::New));
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
        });
        while !storing.is_finished() {
            let before = acknowledged.load(Ordering::SeqCst);
            let snapshot = StoreSnapshot::take(&path, place.path()).unwrap();
            let after = acknowledged.load(Ordering::SeqCst);
            let found = ids(snapshot.reader().unwrap());
            let count = found.len() as u64;
            assert_eq!(found, prefix(count));
            assert!((before..=after + 1).contains(&count), "{before} <= {count} <= {after} + 1");
            let mut reader = snapshot.reader().unwrap();
            assert_eq!(reader.integrity_faults(), Ok(Vec::new()));
            if let Some(last) = found.last() {
                assert!(reader.game(last).unwrap().end().unwrap().outcome().is_some());
            }
            copies += 1;
        }
    });
    eprintln!("{copies} copies while {GAMES} games were stored");
    assert!(copies > 3);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "copies vanish with their values");
}

#[test]
fn rows_committed_at_a_high_rate_are_a_prefix_in_every_copy() {
    for mode in ["WAL", "DELETE"] {
        let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = folder.path().join("games.db");
        StoreWriter::open(&path, WriterOptions::default()).unwrap().close().unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
        connection.execute_batch(&format!("PRAGMA journal_mode = {mode}; PRAGMA synchronous = OFF;")).unwrap();
        let committed = &AtomicU64::new(0);
        std::thread::scope(|scope| {
            let rows = scope.spawn(move || {
                let insert = "INSERT INTO games (game_id, board_type, num_players, created_at, game_status,
                              total_moves, total_turns, schema_version) VALUES (?1, 'hex8', 2, '', 'active', 0, 0, 18)";
                for row in 0..3000 {
                    connection.execute(insert, [format!("{row:06}")]).unwrap();
                    committed.store(row + 1, Ordering::SeqCst);
                }
            });
            let mut copies = 0;
            while !rows.is_finished() || copies == 0 {
                let before = committed.load(Ordering::SeqCst);
                let snapshot = StoreSnapshot::take(&path, place.path()).unwrap();
                let found = ids(snapshot.reader().unwrap());
                assert!(found.len() as u64 >= before);
                assert!(found.iter().enumerate().all(|(row, id)| *id == format!("{row:06}")));
                copies += 1;
            }
            eprintln!("{mode}: {copies} copies");
        });
    }
}

#[test]
fn log_that_its_writer_left_behind_is_read_and_left_alone() {
    let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let live = folder.path().join("live.db");
    let writer = StoreWriter::open(&live, WriterOptions::default()).unwrap();
    (0..5).for_each(|i| assert_eq!(writer.submit(encoded(i)).and_then(ringrift_replay::Ack::wait), Ok(Stored::New)));
    // Database and log as a power loss or a whole copy of the folder leaves them.
    let left = tempfile::tempdir().unwrap();
    for end in ["", "-wal"] {
        std::fs::copy(folder.path().join(format!("live.db{end}")), left.path().join(format!("live.db{end}"))).unwrap();
    }
    let before = files(left.path());
    let snapshot = StoreSnapshot::take(&left.path().join("live.db"), place.path()).unwrap();
    assert_eq!(ids(snapshot.reader().unwrap()), prefix(5));
    let mut after = files(left.path());
    after.retain(|(name, _)| name != "live.db-shm");
    assert!(before == after, "database and log are as they were");
    // Without its log, the file is an older state, whole in itself or refused.
    std::fs::remove_file(left.path().join("live.db-wal")).unwrap();
    match StoreSnapshot::take(&left.path().join("live.db"), place.path()) {
        Ok(snapshot) => assert_eq!(ids(snapshot.reader().unwrap()), prefix(0)),
        Err(error) => assert!(matches!(error, StoreError::NotAStore { .. }), "{error}"),
    }
}

#[test]
fn quiet_database_is_copied_without_a_trace() {
    let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("a b?#.db");
    let writer = StoreWriter::open(&path, WriterOptions::default()).unwrap();
    assert_eq!(writer.submit(encoded(0)).and_then(ringrift_replay::Ack::wait), Ok(Stored::New));
    drop(writer);
    let before = files(folder.path());
    let snapshot = StoreSnapshot::take(&path, place.path()).unwrap();
    assert_eq!(snapshot.source(), path);
    assert_eq!(ids(snapshot.reader().unwrap()), prefix(1));
    assert!(files(folder.path()) == before, "no byte is changed and no file appears");
    // Faults are those of the source.
    let error = snapshot.reader().unwrap().game("none").unwrap_err();
    assert_eq!(error, StoreError::NoSuchGame { path: path.clone(), game: "none".into() });
    for (bad, said) in [("none.db", "no database at"), ("", "it is a folder")] {
        let error = StoreSnapshot::take(&folder.path().join(bad), place.path()).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
    let nowhere = folder.path().join("no/such");
    assert!(matches!(StoreSnapshot::take(&path, &nowhere), Err(StoreError::Missing { path }) if path == nowhere));
    let games: Vec<_> = snapshot.reader().unwrap().games(&GameFilter::default(), Parts::All).unwrap().collect();
    assert_eq!(games.len(), 1);
}
