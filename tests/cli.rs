//! Streams and exit codes of `rrpipe`.

use std::io;

use crate::support::{Ran, rrpipe, run};

#[test]
fn version_names_this_build() {
    let ran = run(rrpipe().args(["version", "--format", "json"]));
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""));
    let fields: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(fields["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(fields["form"], if cfg!(feature = "embed") { "standalone+embed" } else { "standalone" });
    assert_eq!(fields["python"].is_string(), cfg!(feature = "embed"));
}

#[test]
fn wrong_usage_is_status_2_with_a_hint() {
    let ran = run(rrpipe().arg("complations"));
    assert_eq!((ran.status, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("hint: a similar subcommand exists: 'completions'"), "{}", ran.err);
}

#[test]
fn pipe_without_reader_ends_quietly() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let ran: Ran = rrpipe().args(["completions", "bash"]).stdout(writer).output().unwrap().into();
    assert_eq!((ran.status, ran.err.as_str()), (Some(141), ""));
}

#[test]
#[cfg(target_os = "linux")]
fn full_device_is_status_5() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran: Ran = rrpipe().args(["completions", "bash"]).stdout(full).output().unwrap().into();
    assert_eq!(ran.status, Some(5));
    assert!(ran.err.starts_with("error: cannot write to standard output\n  cause: "), "{}", ran.err);
}

#[test]
fn man_pages_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(rrpipe().arg("man").arg(folder.path()));
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""));
    for path in ran.out.lines() {
        assert!(std::fs::metadata(path).unwrap().len() > 0, "{path}");
    }
}

#[test]
#[cfg(not(feature = "embed"))]
fn python_is_refused_by_a_build_without_it() {
    let ran = run(rrpipe().args(["python", "-c", "print(1)"]));
    assert_eq!((ran.status, ran.out.as_str()), (Some(6), ""));
    assert!(ran.err.starts_with("error: this rrpipe has no Python inside\n  hint: "), "{}", ran.err);
}

#[test]
#[cfg(unix)]
fn ctrl_c_at_a_prompt_is_status_130() {
    use std::io::Read as _;
    use std::process::Stdio;

    let mut game =
        rrpipe().arg("play").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Held open: at the end of its input the game would end by itself.
    let keyboard = game.stdin.take();
    // The prompt says that the command waits for a line, and so for Ctrl-C too.
    let mut shown = Vec::new();
    let mut out = game.stdout.take().unwrap();
    while !shown.ends_with(b"moves> ") {
        let mut byte = [0];
        assert_eq!(out.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
        shown.push(byte[0]);
    }
    let killed = std::process::Command::new("kill").args(["-INT", &game.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ran: Ran = game.wait_with_output().unwrap().into();
    drop(keyboard);
    assert_eq!((ran.status, ran.err.as_str()), (Some(130), "error: interrupted\n"));
}

#[test]
fn a_game_is_played_recorded_verified_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let games = folder.path().join("games.jsonl");
    let played = run(rrpipe().args(["playout", "--num-games", "3", "--num-players", "4", "--output"]).arg(&games));
    assert_eq!(played.status, Some(0), "{}", played.err);
    let verified = run(rrpipe().arg("verify").arg(&games));
    assert_eq!(verified.status, Some(0), "{}{}", verified.out, verified.err);
    assert!(verified.out.ends_with(" 0 differences\n"), "{}", verified.out);
    let shown = run(rrpipe().args(["show", "--trace"]).arg(&games));
    assert!(shown.out.contains("square8, 4 players"), "{}", shown.out);
}
