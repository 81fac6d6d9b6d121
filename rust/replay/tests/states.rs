//! State JSON that upstream wrote is read and written again without loss.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use ringrift_replay::{Nulls, ReadOptions, StateDocument, StateJsonError};
use ringrift_rules::{Strictness, Violation};
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

#[test]
fn states_of_the_parity_data_round_trip() {
    for name in ["heuristic", "nnue", "neural-net"] {
        let Some(folder) = support::parity(name) else { return };
        let (kept, refused) = check(&folder);
        eprintln!("{name}: {kept} states without difference, {refused} with more rings than a position holds");
        assert!(kept > 10 * refused);
    }
}
