//! State JSON that upstream wrote is read and written again without loss.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use ringrift_replay::{
    MoveJsonOptions, MoveNumbering, Nulls, ReadOptions, StateDocument, StateJsonError, move_from_json, move_to_json,
};
use ringrift_rules::{AnyPosition, LpsState, MoveKind, Setup, Strictness, Violation};
use serde_json::Value;

mod support;

/// Keys of an object in their order.
fn keys<'a>(value: &'a Value, pointer: &str) -> Vec<&'a String> {
    value.pointer(pointer).and_then(Value::as_object).map(|map| map.keys().collect()).unwrap_or_default()
}

/// The first place where two values differ, with both.
fn difference(expected: &Value, got: &Value) -> Option<String> {
    match (expected, got) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => a.iter().find_map(|(key, value)| {
            difference(value, b.get(key).unwrap_or(&Value::Null)).map(|below| format!(".{key}{below}"))
        }),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(i, (a, b))| difference(a, b).map(|below| format!("[{i}]{below}")))
        }
        _ => (expected != got).then(|| format!(": expected {expected}, got {got}")),
    }
}

/// Reads a state, writes it, and compares field by field; container orders must be kept.
fn round_trip(name: &str, state: &Value) -> Trip {
    // Some of the states that test evaluations have more rings than any game.
    let options = ReadOptions { strictness: Strictness::Storable, ..ReadOptions::default() };
    let document = match StateDocument::from_json(&state.to_string(), options) {
        Ok(document) => document,
        Err(StateJsonError::Invalid { faults, violations, .. })
            if faults.is_empty() && matches!(violations[..], [Violation::TooManyRingsInAll { .. }]) =>
        {
            return Trip::Refused;
        }
        Err(error) => panic!("{name}: {error}"),
    };
    let written = document.to_value(Nulls::Write);
    for (field, expected) in state.as_object().expect("an object") {
        if let Some(difference) = difference(expected, &written[field]) {
            panic!("{name}: {field}{difference}");
        }
    }
    assert_eq!(keys(&written, ""), keys(state, ""), "{name}");
    for pointer in ["/board", "/board/stacks", "/board/markers", "/players/0"] {
        assert_eq!(keys(&written, pointer), keys(state, pointer), "{name}: {pointer}");
    }
    let again = StateDocument::from_json(&document.to_json(Nulls::Omit), options);
    assert!(again.expect("what is written can be read") == document, "{name}: changed by writing and reading");
    document.position.check_validity().unwrap_or_else(|fault| panic!("{name}: {fault}"));
    Trip::Kept
}

#[derive(Copy, Clone, PartialEq)]
enum Trip {
    Kept,
    /// No position has room for so many rings.
    Refused,
}

/// Checks every state of the files of a folder; returns how many were kept and refused.
fn check(folder: &Path) -> (usize, usize) {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".jsonl.gz"))
        .collect();
    files.sort();
    let (mut kept, mut refused) = (0, 0);
    for file in files {
        let lines = BufReader::new(MultiGzDecoder::new(std::fs::File::open(&file).expect("a readable file")));
        for (i, line) in lines.lines().enumerate() {
            let mut record: Value = serde_json::from_str(&line.expect("gzip text")).expect("JSON");
            let mut state = if record.get("boardType").is_some() { record } else { record["state"].take() };
            if state.is_object() {
                // Entries of zero say nothing, and are not written.
                if let Some(map) = state.pointer_mut("/board/eliminatedRings").and_then(Value::as_object_mut) {
                    map.retain(|_, count| *count != 0);
                }
                match round_trip(&format!("{}, line {}", file.display(), i + 1), &state) {
                    Trip::Kept => kept += 1,
                    Trip::Refused => refused += 1,
                }
            }
        }
    }
    (kept, refused)
}

#[test]
fn recorded_states_round_trip() {
    let (kept, refused) = check(&support::repository().join("tests/data/states"));
    assert!(kept > 20 && refused == 0, "{kept} kept, {refused} refused");
}

/// Replays the history of a state from the start of the game, and compares the JSON of every move with the recorded one.
/// Returns the number of moves.
fn replay_history(name: &str, state: &Value) -> u64 {
    let recorded = StateDocument::from_value(state.clone(), ReadOptions::default()).expect("a state");
    let position = &recorded.position;
    let start = AnyPosition::initial(position.board(), position.players(), *position.rules());
    let mut document = StateDocument::new(start);
    let mut number = 0;
    for json in &recorded.moves {
        number += 1;
        let mv = move_from_json(&document.position, json).unwrap_or_else(|error| panic!("{name}, {number}: {error}"));
        let mut options = MoveJsonOptions {
            nulls: Nulls::Write,
            timestamp: json["timestamp"].as_str().map(str::to_owned),
            ..MoveJsonOptions::default()
        };
        // States that upstream kept in memory number line eliminations as its generator does, others as stored.
        if json["moveNumber"] != number {
            options.numbering = MoveNumbering::Generated;
        }
        let mut written = move_to_json(&document.position, mv, number, &options);
        if mv.kind() == MoveKind::ChooseTerritoryOption {
            // The id holds the place in upstream's list, which may have the same region twice.
            written["id"] = json["id"].clone();
        }
        assert_eq!(&written, json, "{name}");
        assert_eq!(keys(&written, ""), keys(json, ""), "{name}");
        document.play(mv, &options).expect("a legal move");
    }
    // Searches of upstream leave traces of other states in the notes of a round and in the chain.
    let comparable = |position: &AnyPosition| {
        let setup = position.to_setup();
        Setup { chain: None, lps: LpsState { noted: 0, able: 0, ..setup.lps }, ..setup }
    };
    assert_eq!(comparable(&document.position), comparable(&recorded.position), "{name}");
    assert_eq!(document.position.ranks(), recorded.position.ranks());
    number
}

#[test]
fn moves_of_recorded_states_are_written_alike() {
    let path = support::repository().join("tests/data/states/recorded.jsonl.gz");
    let lines = BufReader::new(MultiGzDecoder::new(std::fs::File::open(path).expect("the sample")));
    let moves: u64 = lines
        .lines()
        .enumerate()
        .map(|(i, line)| {
            let state: Value = serde_json::from_str(&line.expect("gzip text")).expect("JSON");
            replay_history(&format!("line {}", i + 1), &state)
        })
        .sum();
    assert!(moves > 3000, "{moves}");
}

#[test]
fn states_of_the_parity_data_round_trip() {
    for name in ["heuristic", "nnue", "neural-net"] {
        let Some(folder) = support::parity(name) else { return };
        let (kept, refused) = check(&folder);
        support::say(&format!(
            "{name}: {kept} states without difference, {refused} with more rings than a position holds"
        ));
        assert!(kept > 10 * refused);
    }
}
