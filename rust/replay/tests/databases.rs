//! Databases that upstream wrote are read, replay without difference, and can be told apart by their content.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use ringrift_replay::{GameFilter, Parts, StoreReader, python_json, soak_record, verify_game};
use serde_json::{Value, json};

mod support;

/// Unpacks a database into a folder.
fn unpack(file: &Path, folder: &Path) -> PathBuf {
    let path = folder.join(file.file_stem().expect("a name"));
    let mut bytes = Vec::new();
    let packed = std::fs::File::open(file).expect("a readable file");
    MultiGzDecoder::new(packed).read_to_end(&mut bytes).expect("gzip");
    std::fs::write(&path, bytes).expect("room for a database");
    path
}

fn databases(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".db.gz"))
        .collect();
    files.sort();
    files
}

/// Verifies every game of every database; returns files, games, plies and states.
fn verify(folder: &Path) -> (usize, usize, usize, usize) {
    let place = tempfile::tempdir().expect("a folder");
    let (files, mut games, mut plies, mut states) = (databases(folder), 0, 0, 0);
    for file in &files {
        let path = unpack(file, place.path());
        let mut reader = StoreReader::open(&path).expect("a replay database");
        assert_eq!(reader.integrity_faults(), Ok(Vec::new()));
        for game in reader.games(&GameFilter::default(), Parts::All).expect("a list of games") {
            let game = game.expect("a game");
            let verified = verify_game(&game);
            let shown = &verified.differences[..verified.differences.len().min(5)];
            assert!(shown.is_empty(), "{}: {shown:#?}", file.display());
            games += 1;
            plies += verified.plies;
            states += verified.states;
        }
        let beside = std::fs::read_dir(place.path()).expect("a folder").count();
        assert_eq!(beside, 1, "reading leaves no file behind");
        std::fs::remove_file(&path).expect("a file that can be removed");
    }
    (files.len(), games, plies, states)
}

/// Keys whose values differ, with both values.
fn differences(expected: &Value, got: &Value) -> Vec<String> {
    let (expected, got) = (expected.as_object().expect("an object"), got.as_object().expect("an object"));
    assert_eq!(expected.keys().collect::<Vec<_>>(), got.keys().collect::<Vec<_>>());
    let differ = expected.iter().filter(|&(key, value)| got[key] != *value);
    differ.map(|(key, value)| format!("{key}: expected {value}, got {}", got[key])).collect()
}

#[test]
fn exported_games_equal_the_log_of_upstream() {
    let Some(folder) = support::parity("dbs") else { return };
    let place = tempfile::tempdir().expect("a folder");
    let mut games = 0;
    for file in databases(&folder) {
        let log = folder.join(file.file_name().expect("a name").to_string_lossy().replace(".db.gz", ".jsonl.gz"));
        let Ok(log) = std::fs::File::open(log) else { continue };
        let path = unpack(&file, place.path());
        let mut reader = StoreReader::open(&path).expect("a replay database");
        let stored = reader.games(&GameFilter::default(), Parts::Moves).expect("a list of games");
        for (index, (game, line)) in (0..).zip(stored.zip(BufReader::new(MultiGzDecoder::new(log)).lines())) {
            let line = line.expect("text");
            let expected: Value = serde_json::from_str(&line).expect("a record");
            // The state that upstream stores shares the map with later ones; the one that it logs does not.
            let mut got = soak_record(&game.expect("a game"), index).expect("a whole game");
            got["initial_state"]["lps_current_round_actor_mask"] = json!({});
            assert_eq!(differences(&expected["initial_state"], &got["initial_state"]), Vec::<String>::new());
            for (expected, got) in
                expected["moves"].as_array().expect("moves").iter().zip(got["moves"].as_array().expect("moves"))
            {
                assert_eq!(differences(expected, got), Vec::<String>::new());
            }
            assert_eq!(differences(&expected, &got), Vec::<String>::new(), "{}", file.display());
            assert_eq!(python_json(&got), line, "{}", file.display());
            games += 1;
        }
    }
    eprintln!("{games} games equal the lines of the log");
    assert!(games > 15);
}

#[test]
fn sample_of_databases_verifies_without_difference() {
    let (files, games, plies, states) = verify(&support::repository().join("tests/data/dbs"));
    assert!(files >= 3 && games >= 6 && plies > 500 && states > 20, "{files} {games} {plies} {states}");
}

#[test]
fn all_databases_verify_without_difference() {
    let Some(folder) = support::parity("dbs") else { return };
    let (files, games, plies, states) = verify(&folder);
    eprintln!("{files} databases, {games} games, {plies} plies, {states} states: no difference");
    assert!(games > 20);
}
