//! State JSON that upstream wrote is read and written again without loss.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use ringrift_replay::{Nulls, RingOrder, StateDocument};
use serde_json::Value;

mod support;

/// Keys of an object in their order.
fn keys<'a>(value: &'a Value, pointer: &str) -> Vec<&'a String> {
    value.pointer(pointer).and_then(Value::as_object).map(|map| map.keys().collect()).unwrap_or_default()
}

/// Reads a state, writes it, and compares field by field; container orders must be kept.
fn round_trip(name: &str, state: &Value) {
    let text = state.to_string();
    let document =
        StateDocument::from_json(&text, RingOrder::BottomToTop).unwrap_or_else(|error| panic!("{name}: {error}"));
    let written = document.to_value(Nulls::Write);
    for (field, expected) in state.as_object().expect("an object") {
        let (got, expected) = (written[field].to_string(), expected.to_string());
        // Whole histories are too long to print.
        assert!(written[field] == state[field], "{name}, {field}: {:.300} instead of {:.300}", got, expected);
    }
    assert_eq!(keys(&written, ""), keys(state, ""), "{name}");
    for pointer in ["/board", "/board/stacks", "/board/markers", "/players/0"] {
        assert_eq!(keys(&written, pointer), keys(state, pointer), "{name}: {pointer}");
    }
    let again = StateDocument::from_json(&document.to_json(Nulls::Omit), RingOrder::BottomToTop);
    assert!(again.expect("what is written can be read") == document, "{name}: changed by writing and reading");
    document.position.check_validity().unwrap_or_else(|fault| panic!("{name}: {fault}"));
}

/// Checks every state of the files of a folder; returns how many there were.
fn check(folder: &Path) -> usize {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".jsonl.gz"))
        .collect();
    files.sort();
    let mut states = 0;
    for file in files {
        let lines = BufReader::new(MultiGzDecoder::new(std::fs::File::open(&file).expect("a readable file")));
        for (i, line) in lines.lines().enumerate() {
            let mut record: Value = serde_json::from_str(&line.expect("gzip text")).expect("JSON");
            let state = if record.get("boardType").is_some() { record } else { record["state"].take() };
            if state.is_object() {
                round_trip(&format!("{}, line {}", file.display(), i + 1), &state);
                states += 1;
            }
        }
    }
    states
}

#[test]
fn recorded_states_round_trip() {
    assert!(check(&support::repository().join("tests/data/states")) > 20);
}

#[test]
fn states_of_the_parity_data_round_trip() {
    for name in ["heuristic", "nnue", "neural-net"] {
        let Some(folder) = support::parity(name) else { return };
        let states = check(&folder);
        eprintln!("{name}: {states} states, no difference");
    }
}
