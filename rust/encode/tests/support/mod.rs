//! Where the tests find their data, and the positions of recorded games.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use ringrift_replay::{Trace, TraceReader, start_of_trace};
use ringrift_rules::{AnyPosition, MoveList};

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder of the parity data, which is not part of the repository: `RINGRIFT_PARITY_DIR` names the place, else it is
/// looked for beside the repository. Says so and returns none where it is absent.
pub fn parity(name: &str) -> Option<PathBuf> {
    let root =
        std::env::var_os("RINGRIFT_PARITY_DIR").map_or_else(|| repository().join("../shared/parity"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("skipped: {} is absent (RINGRIFT_PARITY_DIR names the folder of the parity data)", folder.display()));
    None
}

/// Writes a line past the capture of test output, so that it is seen when the test passes.
pub fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error");
}

/// Calls `each` with every position of the recorded games in a folder and with its legal moves.
pub fn replay(folder: &Path, mut each: impl FnMut(&Trace, &AnyPosition, &MoveList)) {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    files.sort();
    assert!(!files.is_empty(), "{} has no recorded games", folder.display());
    let mut legal = MoveList::new();
    for file in files {
        for trace in TraceReader::open(&file).expect("a trace file") {
            let trace = trace.expect("a trace");
            let mut position = start_of_trace(&trace).expect("a start");
            for ply in &trace.plies {
                position.legal_moves(&mut legal);
                each(&trace, &position, &legal);
                position.make_move(position.parse_move(&ply.chosen).expect("a recorded move"));
            }
            position.legal_moves(&mut legal);
            each(&trace, &position, &legal);
        }
    }
}

/// The recorded games that belong to the project.
pub fn sample() -> PathBuf {
    repository().join("tests/data/traces")
}

/// How many positions to take: every `step`-th, or all if `RINGRIFT_ENCODE_ALL` is set.
pub fn every(step: usize) -> usize {
    if std::env::var_os("RINGRIFT_ENCODE_ALL").is_some() { 1 } else { step }
}
