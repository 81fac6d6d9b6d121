//! `rrpipe merge` as a user starts it: self-play of two runs into one database, killed and gone on with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use ringrift_replay::{GameFilter, StoreReader};
use serde_json::Value;

use crate::support::{rrpipe, run};

/// A database of recorded self-play.
fn play(folder: &Path, name: &str, seed: u64, games: u64) -> PathBuf {
    let path = folder.join(name);
    let mut command = rrpipe();
    command.args(["selfplay", "--engine-mode", "random-only", "--no-log", "--num-games"]).arg(games.to_string());
    command.arg("--seed").arg(seed.to_string()).arg("--record-db").arg(&path);
    let ran = run(&mut command);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    path
}

#[test]
fn merged_database_verifies_and_has_the_games_of_all_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = [play(folder.path(), "a.db", 1, 40), play(folder.path(), "b.db", 1000, 30)];
    let before = inputs.each_ref().map(|path| fs::read(path).unwrap());
    let output = folder.path().join("data/merged.db");
    let merge = || {
        let mut command = rrpipe();
        command.arg("merge").arg("--output").arg(&output).arg("--json");
        for input in &inputs {
            command.arg("--db").arg(input);
        }
        command
    };
    for _ in 0..4 {
        let mut process = merge().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(25));
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let ran = run(&mut merge());
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""));
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["games_in_output"], 70);
    // All of them are new, unless a kill came after the output had its name.
    let total = &report["total"];
    assert_eq!(total["new"].as_u64().unwrap() + total["duplicate"].as_u64().unwrap(), 70, "{report}");
    let ids = |path: &Path| StoreReader::open(path).unwrap().ids(&GameFilter::default()).unwrap();
    assert_eq!(ids(&output), [ids(&inputs[0]), ids(&inputs[1])].concat());
    let verified = run(rrpipe().arg("verify").arg(&output));
    assert_eq!(verified.status, Some(0), "{}{}", verified.out, verified.err);
    assert!(inputs.each_ref().map(|path| fs::read(path).unwrap()) == before, "inputs are not written to");
    assert_eq!(fs::read_dir(output.parent().unwrap()).unwrap().count(), 1, "nothing is left beside the output");
    // A second merge finds everything there.
    let report: Value = serde_json::from_str(&run(&mut merge()).out).unwrap();
    assert_eq!((&report["total"]["duplicate"], &report["games_in_output"]), (&70.into(), &70.into()));
}
