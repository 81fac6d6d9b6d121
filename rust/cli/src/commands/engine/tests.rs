use std::io::{self, BufReader, Cursor, Write as _};
use std::thread;

use clap::Parser as _;
use serde_json::{Value, json};

use super::{Args, serve};
use crate::output::Terminal;
use crate::testing::{FakeHost, Shared, finished_position, rrpipe};
use crate::{Context, exit};

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

/// What the engine writes for an input, with the numbers of the clock left out.
fn talk(options: &[&str], input: &str) -> Vec<String> {
    let out = Shared::default();
    let line = Line::parse_from(["engine"].iter().chain(options));
    let mut terminal = Terminal::captured(out.clone(), Shared::default());
    let mut context = Context { host: &FakeHost::default(), terminal: &mut terminal };
    let status = serve(&line.args, Cursor::new(input.to_owned()), &mut context).unwrap();
    assert_eq!(status, exit::OK);
    out.text().lines().map(str::to_owned).collect()
}

fn answers(options: &[&str], input: &str) -> Vec<Value> {
    let options = [&["--json"], options].concat();
    talk(&options, input).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A session with somebody who waits for answers: what to type, and what the output must hold before the next.
fn converse(options: &[&str], lines: &[(&'static str, &'static str)]) -> String {
    let (source, mut typist) = io::pipe().unwrap();
    let out = Shared::default();
    let (seen, lines) = (out.clone(), lines.to_vec());
    let typing = thread::spawn(move || {
        for (line, awaited) in lines {
            writeln!(typist, "{line}").unwrap();
            while !seen.text().contains(awaited) {
                thread::yield_now();
            }
        }
    });
    let line = Line::parse_from(["engine"].iter().chain(options));
    let mut terminal = Terminal::captured(out.clone(), Shared::default());
    let mut context = Context { host: &FakeHost::default(), terminal: &mut terminal };
    assert_eq!(serve(&line.args, BufReader::new(source), &mut context).unwrap(), exit::OK);
    typing.join().unwrap();
    out.text()
}

#[test]
fn game_is_searched_move_by_move() {
    let said = talk(
        &["--engine", "mcts:nodes=50"],
        "uci\nisready\nsetoption name Lines value 2\nposition start hex8 3 moves P0,0,0x2\ngo nodes 200\n",
    );
    assert!(said[0].starts_with("id name RingRift Core ") && said[5] == "uciok" && said[6] == "readyok", "{said:?}");
    let infos: Vec<&String> = said.iter().filter(|line| line.starts_with("info depth")).collect();
    assert_eq!(infos.len(), 2, "{said:?}");
    assert!(infos[0].contains(" nodes 200 ") && infos[0].contains(" line 1 "), "{}", infos[0]);
    let best = said.last().unwrap().strip_prefix("bestmove ").unwrap();
    assert!(infos[0].contains(&format!(" pv {best}")), "{said:?}");
}

#[test]
fn equal_sessions_have_equal_moves() {
    let play = || {
        let said = talk(&["--engine", "d4:nodes=300", "--seed", "3"], "position start square8 2 moves P3,3x2\ngo\n");
        said.into_iter().filter(|line| !line.starts_with("info depth")).collect::<Vec<_>>()
    };
    assert_eq!(play(), play());
}

#[test]
fn threads_are_for_engines_that_take_several() {
    let said = talk(&["--engine", "minimax"], "setoption name Threads value 2\ngo nodes 3000\n");
    assert!(said[0].starts_with("info depth ") && said.last().unwrap().starts_with("bestmove P"), "{said:?}");
    let said = talk(&["--engine", "descent"], "setoption name Threads value 2\ngo nodes 300\n");
    assert_eq!(said[0], "info string descent searches with one thread", "{said:?}");
    assert!(said.last().unwrap().starts_with("bestmove P"), "{said:?}");
}

#[test]
fn endless_search_ends_at_stop_and_at_quit() {
    let stopped = [
        ("position start square19 2", ""),
        ("go infinite", "info depth"),
        ("isready", "readyok"),
        ("go", "error go during a search; hint: type stop"),
        ("stop", "bestmove P"),
        ("quit", ""),
    ];
    let text = converse(&["--engine", "minimax"], &stopped);
    assert!(text.contains("info string ended by stopped"), "{text}");
    let quit = converse(&["--engine", "mcts"], &[("go infinite", "info depth"), ("quit", "")]);
    assert!(!quit.contains("bestmove"), "{quit}");
    let ended = converse(&["--engine", "mcts"], &[("go infinite", "info depth")]);
    assert!(ended.contains("bestmove P"), "{ended}");
}

#[test]
fn garbage_is_answered_and_forgotten() {
    let finished = format!("position {}\ngo", finished_position());
    for (input, says) in [
        ("posiiton start", "there is no command \"posiiton\"; hint: did you mean position?"),
        ("\u{1}\u{2}", "hint: the commands are uci, "),
        ("position", "hint: type position start square8 2"),
        ("position start chess 2", "error chess; hint: the boards are square8"),
        ("position start square8 9", "2, 3 or 4 players"),
        ("position start square8", "a start without board"),
        ("position square8:2 nonsense", "; hint: "),
        ("position start square8 2 moves P9,9", "\"P9,9\""),
        ("go nodes", "error go nodes"),
        ("go nodes -1", "error go nodes -1; hint: type go"),
        ("go nodes 0", "error a search with a budget of 0 nodes; hint: give at least 1"),
        ("go movetime 0", "budget of 0 milliseconds"),
        ("go nodes 99999999999999999999", "error go nodes 99999999999999999999"),
        ("go depth 99999999999999999999", "error go depth 99999999999999999999"),
        ("setoption name Engine value descent:threads=2", "descent uses one thread"),
        ("setoption name Seed value -1", "whole number from 0"),
        ("go fast", "error go fast; hint: "),
        ("go infinite nodes 5", "go infinite with a limit"),
        ("stop", "stop without a search"),
        ("setoption Engine d4", "hint: type setoption name Engine value d6"),
        ("setoption name Engine value minmax", "there is no engine \"minmax\""),
        ("setoption name Engine value mcts:nodes=0", "budget of 0 nodes"),
        ("setoption name Thread value 2", "did you mean Threads?"),
        ("setoption name Threads value 0", "1 to 256"),
        ("setoption name Lines value x", "give a number from 1 to"),
        (&finished, "error the game is over: player "),
    ] {
        let said = talk(&["--engine", "random"], &format!("{input}\nisready\n"));
        assert!(said.len() == 2 && said[0].starts_with("error ") && said[0].contains(says), "{input}: {said:?}");
        assert!(said[0].contains("; hint: ") && said[1] == "readyok", "{input}: {said:?}");
    }
    let said = talk(&["--engine", "random"], "position start hex8 2\nposition nonsense\nd\n");
    assert!(said.last().unwrap().starts_with("position hex8:2 "), "{said:?}");
}

#[test]
fn bad_default_is_told_before_anything_is_read() {
    let ran = rrpipe(&["engine", "--engine", "d99"]);
    assert_eq!((ran.exit, ran.out.as_str()), (exit::USAGE, ""));
    assert!(ran.err.contains("no rung d99"), "{}", ran.err);
}

#[test]
fn requests_are_answered_by_id_whatever_the_number_of_jobs() {
    let request = |id: u32, board: &str, nodes: u32| {
        let fields = json!({"id": format!("{id}-{nodes}"), "board": board, "players": 3, "nodes": nodes, "lines": 2});
        format!("{fields}\n")
    };
    let boards = [(1, "square8"), (2, "hex8"), (3, "square8"), (4, "hex8")];
    let input: String =
        boards.iter().flat_map(|&(id, board)| [40, 80].map(|nodes| request(id, board, nodes))).collect();
    let sorted = |jobs| {
        let mut found = answers(&["--engine", "mcts", "--jobs", jobs], &input);
        for answer in &mut found {
            answer["elapsed_ms"] = Value::Null;
        }
        found.sort_by_key(|answer| answer["id"].to_string());
        found
    };
    let found = sorted("1");
    assert_eq!(found, sorted("3"));
    assert_eq!(found.len(), 8);
    assert_eq!(found[0]["id"], "1-40");
    assert_eq!(found[0]["nodes"], 40);
    assert_eq!(found[0]["lines"].as_array().unwrap().len(), 2);
    assert_eq!(found[0]["values"].as_array().unwrap().len(), 3);
    assert!(found[0]["engine"].as_str().unwrap().starts_with("mcts:nodes=40,"), "{}", found[0]);
}

#[test]
fn bad_requests_are_errors_with_hints_and_the_rest_goes_on() {
    let finished = format!(r#"{{"id":5,"position":"{}"}}"#, finished_position());
    for (input, id, says) in [
        ("{", Value::Null, "no JSON: "),
        ("[1]", Value::Null, "no JSON object"),
        (r#"{"nodes":5}"#, Value::Null, "without an id"),
        (r#"{"id":5,"node":5}"#, 5.into(), "there is no field \"node\""),
        (r#"{"id":5,"nodes":0}"#, 5.into(), "budget of 0 nodes"),
        (r#"{"id":5,"nodes":-1}"#, 5.into(), "nodes: -1"),
        (r#"{"id":5,"lines":0}"#, 5.into(), "lines: 0"),
        (r#"{"id":5,"position":7}"#, 5.into(), "position of another kind"),
        (r#"{"id":5,"position":{}}"#, 5.into(), ""),
        (r#"{"id":5,"position":"x"}"#, 5.into(), "board and players"),
        (r#"{"id":5,"players":5}"#, 5.into(), "players: 5"),
        (r#"{"id":5,"board":"chess"}"#, 5.into(), "board \"chess\""),
        (r#"{"id":5,"moves":["P9,9"]}"#, 5.into(), "\"P9,9\""),
        (r#"{"id":5,"moves":[1]}"#, 5.into(), "moves of another kind"),
        (r#"{"id":5,"engine":"minmax"}"#, 5.into(), "there is no engine"),
        (r#"{"id":5,"action":"fly"}"#, 5.into(), "action \"fly\""),
        (r#"{"id":5,"action":"terminate"}"#, 5.into(), "no request 5 is in progress"),
        (&finished, 5.into(), "the game is over"),
    ] {
        let found = answers(&["--engine", "random"], &format!("{input}\n{{\"id\":9}}\n"));
        assert_eq!(found.len(), 2, "{input}: {found:?}");
        assert_eq!(found[0]["id"], id, "{input}");
        let error = found[0]["error"].as_str().unwrap();
        assert!(error.contains(says) && !found[0]["hint"].as_str().unwrap().is_empty(), "{input}: {}", found[0]);
        assert_eq!(found[1]["id"], 9);
        assert!(found[1]["best"].is_string(), "{}", found[1]);
    }
}

#[test]
fn terminated_requests_answer_with_what_they_found() {
    let said = converse(
        &["--json", "--engine", "mcts"],
        &[
            (r#"{"id":"long","time_ms":1000000}"#, ""),
            (r#"{"id":"next","nodes":10}"#, ""),
            (r#"{"id":"long","nodes":10}"#, "is in progress"),
            (r#"{"id":"long","action":"terminate"}"#, r#""ended":"stopped""#),
        ],
    );
    let found: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(found.len(), 3, "{said}");
    assert_eq!((&found[1]["id"], &found[1]["ended"]), (&"long".into(), &"stopped".into()));
    assert_eq!((&found[2]["id"], &found[2]["nodes"]), (&"next".into(), &10.into()));
}

/// The words of a line that are names: numbers, moves and positions differ between versions.
fn names(line: &str) -> Vec<String> {
    if let Ok(Value::Object(fields)) = serde_json::from_str(line) {
        return fields.keys().cloned().collect();
    }
    let line = line.split(" pv ").next().unwrap_or_default();
    line.split(' ').filter(|word| !word.contains(|c: char| c.is_ascii_digit())).map(str::to_owned).collect()
}

#[test]
fn documented_sessions_are_true() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/engine-protocol.md");
    let text = std::fs::read_to_string(path).unwrap();
    let blocks: Vec<&str> = text.split("```").skip(1).step_by(2).collect();
    let mut sessions = 0;
    for block in blocks.iter().filter_map(|block| block.trim().strip_prefix("$ rrpipe engine")) {
        let (command, session) = block.split_once('\n').unwrap();
        let input: String =
            session.lines().filter_map(|line| line.strip_prefix("> ")).flat_map(|l| [l, "\n"]).collect();
        let written: Vec<Vec<String>> = session.lines().filter(|line| !line.starts_with("> ")).map(names).collect();
        let options: Vec<&str> = command.split_ascii_whitespace().collect();
        let said = talk(&options, &input);
        assert_eq!(said.iter().map(|line| names(line)).collect::<Vec<_>>(), written, "{}", said.join("\n"));
        sessions += 1;
    }
    assert_eq!(sessions, 2);
}
