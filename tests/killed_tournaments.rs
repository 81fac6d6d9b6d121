//! Tournaments that are killed at random moments and gone on with.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use ringrift_eval::GameRng;

use crate::support::{rrpipe, run};

/// The command of a small tournament with three players.
fn play(folder: &Path) -> Command {
    let mut command = rrpipe();
    command.args([
        "tournament",
        "random",
        "heuristic",
        "heuristic:randomness=0.5",
        "minimax:nodes=30",
        "--board-type",
        "hex8",
    ]);
    command.args(["--num-players", "3", "--num-games", "12", "--seed", "7", "--jobs", "2", "--output"]).arg(folder);
    command
}

/// 6 kills are quick; `RINGRIFT_KILLS=50` is the long test.
#[test]
#[cfg(unix)]
fn killed_tournament_comes_to_the_log_and_table_of_an_undisturbed_one() {
    let kills: u64 = std::env::var("RINGRIFT_KILLS").map_or(6, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().unwrap();
    let (smooth, killed) = (folder.path().join("smooth"), folder.path().join("killed"));
    let expected = run(&mut play(&smooth));
    assert_eq!(expected.status, Some(0), "{}", expected.err);
    let whole = fs::read(smooth.join("games.jsonl")).unwrap();
    let log = killed.join("games.jsonl");
    let mut random = GameRng::new(7, kills, GameRng::HOST);
    let (mut cut, mut safe) = (0, Vec::new());
    for kill in 0..kills {
        let mut process = play(&killed).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Somewhere between its start and its end, wherever the machine is by then.
        thread::sleep(Duration::from_micros(random.below(600_000) as u64));
        process.kill().unwrap();
        process.wait().unwrap();
        let now = fs::read(&log).unwrap_or_default();
        assert!(now.starts_with(&safe), "kill {kill}: whole lines that were there are gone");
        assert!(whole.starts_with(&now), "kill {kill}: the log is no beginning of the undisturbed one");
        cut += u64::from(now.len() < whole.len());
        let lines = now.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        safe = now[..lines].to_vec();
        if now.len() == whole.len() {
            // It came to its end: again from the beginning, or from the middle of a line.
            fs::write(&log, &whole[..random.below(whole.len())]).unwrap();
            safe.clear();
        }
    }
    let ran = run(&mut play(&killed));
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert_eq!(fs::read(&log).unwrap(), whole);
    let table = |text: &str| {
        text.lines().filter(|line| !line.starts_with("log, result")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(table(&ran.out), table(&expected.out));
    assert!(cut > 0, "no kill came before the end");
    eprintln!("{kills} kills, {cut} of them before the end");
}
