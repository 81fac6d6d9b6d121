//! Runs of the command in process: files, determinism, resuming, faults.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ringrift_replay::{GameFilter, Parts, StoreReader, verify_game};
use ringrift_rules::{BoardKind, PlayerCount};
use serde_json::Value;

use crate::testing::{FakeHost, Ran, Shared, rrpipe};
use crate::{exit, output::Terminal, run_on};

/// A folder with the files of a run.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn args(&self, more: &[&str]) -> Vec<String> {
        let file = |name: &str| self.path(name).to_string_lossy().into_owned();
        let own = ["--log-jsonl", &file("g.jsonl"), "--record-db", &file("g.db"), "--summary-json", &file("s.json")];
        let all = ["selfplay", "--seed", "7"].iter().chain(&own).chain(more);
        all.map(|&arg| arg.to_owned()).collect()
    }

    fn run(&self, more: &[&str]) -> Ran {
        let args = self.args(more);
        rrpipe(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The games without names and times.
    fn games(&self) -> Vec<Value> {
        self.text("g.jsonl").lines().map(canonical).collect()
    }
}

fn canonical(line: &str) -> Value {
    let mut game: Value = serde_json::from_str(line).unwrap();
    let fields = game.as_object_mut().unwrap();
    fields.remove("run_id");
    fields.remove("db_game_id");
    for mv in fields["moves"].as_array_mut().unwrap() {
        mv.as_object_mut().unwrap().remove("timestamp");
    }
    let state = fields["initial_state"].as_object_mut().unwrap();
    state.remove("created_at");
    state.remove("last_move_at");
    game
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Checks that an object has the recorded keys in their order, each of a recorded type, and at most these beside them.
fn check(what: &str, schema: &Value, object: &Value, more: &[&str]) {
    let (schema, object) = (schema.as_object().unwrap(), object.as_object().unwrap());
    for (key, types) in schema {
        let value = object.get(key).unwrap_or_else(|| panic!("{what} lacks {key}"));
        assert!(types.as_array().unwrap().contains(&type_of(value).into()), "{what}, {key}: {value} is not of {types}");
    }
    let known: Vec<&String> = object.keys().filter(|key| schema.contains_key(*key)).collect();
    assert_eq!(known, schema.keys().collect::<Vec<_>>(), "order of {what}");
    let extra: BTreeSet<&str> = object.keys().map(String::as_str).filter(|key| !schema.contains_key(*key)).collect();
    assert_eq!(extra, more.iter().copied().collect(), "additions to {what}");
}

#[test]
fn files_have_the_fields_of_recorded_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/soak/schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for (board, players, mode, limit) in [
        ("square8", "2", "heuristic-only", "600"),
        ("hex8", "3", "random-only", "900"),
        ("square8", "4", "random-only", "40"),
    ] {
        let files = Files::new();
        let more = ["--board-type", board, "--num-players", players, "--engine-mode", mode, "--max-moves", limit];
        let ran = files.run(&[&more[..], &["--num-games", "3"]].concat());
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        for line in files.text("g.jsonl").lines() {
            let game: Value = serde_json::from_str(line).unwrap();
            check("record", &schema["record"], &game, &["host_decisions", "run_id", "seats"]);
            let state = &game["initial_state"];
            check("state", &schema["state"], state, &[]);
            check("board", &schema["board"], &state["board"], &[]);
            state["players"].as_array().unwrap().iter().for_each(|seat| check("player", &schema["player"], seat, &[]));
            for mv in game["moves"].as_array().unwrap() {
                check("move", &schema["move"], mv, &[]);
            }
            assert_eq!(game["seats"].as_array().unwrap().len().to_string(), players);
            let is_completed = game["status"] == "completed";
            assert_eq!(is_completed, game["db_recorded"].as_bool().unwrap());
            assert_ne!(is_completed, line.contains("\"termination_reason\": \"env_done_flag\""));
            let failure = format!("failures/failure_{}_env_done_flag.json", game["index"]);
            assert_ne!(is_completed, files.path(&failure).exists());
        }
        let summary: Value = serde_json::from_str(&files.text("s.json")).unwrap();
        let more = [
            "completion_share",
            "elapsed_seconds",
            "runs",
            "stopped_early",
            "total_host_decisions",
            "total_recorded_moves",
        ];
        check("summary", &schema["summary"], &summary, &more);
        check("config", &schema["config"], &summary["config"], &[]);
        assert_eq!(ran.err.contains("--max-moves 1400"), limit == "40", "{}", ran.err);
        assert!(ran.out.contains("\n=== Self-play soak summary ===\n{\n"), "{}", ran.out);
    }
}

#[test]
fn games_do_not_depend_on_the_number_of_threads() {
    for (mode, games, budget) in [
        ("random-only", "8", &[][..]),
        ("heuristic-only", "8", &[]),
        ("mixed", "4", &["--nodes", "40"]),
        ("diverse", "4", &["--nodes", "40"]),
    ] {
        let of = |jobs| {
            let files = Files::new();
            let ran = files.run(&[&["--engine-mode", mode, "--num-games", games, "--jobs", jobs], budget].concat());
            assert_eq!(ran.exit, exit::OK, "{}", ran.err);
            files.games()
        };
        let games = of("1");
        assert_eq!(games, of("2"));
        assert!(games.windows(2).all(|pair| pair[0]["moves"] != pair[1]["moves"]));
    }
}

#[test]
fn searching_modes_record_what_they_find() {
    for (mode, kind) in [
        ("descent-only", "descent"),
        ("minimax-only", "minimax"),
        ("gpu-minimax-only", "minimax"),
        ("mcts-only", "mcts"),
        ("gumbel-mcts-only", "gumbel_mcts"),
        ("maxn-only", "maxn"),
        ("brs-only", "brs"),
    ] {
        let files = Files::new();
        let args = ["--engine-mode", mode, "--num-games", "1", "--nodes", "30", "--num-players", "3"];
        let ran = files.run(&[&args[..], &["--board-type", "hex8"]].concat());
        assert_eq!(ran.exit, exit::OK, "{mode}: {}", ran.err);
        let game: Value = serde_json::from_str(files.text("g.jsonl").trim()).unwrap();
        for seat in game["seats"].as_array().unwrap() {
            assert_eq!((seat["ai_type"].as_str(), seat["budget"].as_str()), (Some(kind), Some("nodes=30")), "{seat}");
        }
        let mut reader = StoreReader::open(&files.path("g.db")).unwrap();
        let ids = reader.ids(&GameFilter::default()).unwrap();
        let stored = reader.game_with(&ids[0], Parts::All).unwrap();
        assert_eq!(verify_game(&stored).differences, []);
        let searched: Vec<_> = stored.moves.iter().filter(|mv| mv.move_probs.is_some()).collect();
        assert!(searched.len() > 5, "{mode}: {} searched moves", searched.len());
        for mv in searched {
            let probabilities: Value = serde_json::from_str(mv.move_probs.as_ref().unwrap()).unwrap();
            let sum: f64 = probabilities.as_object().unwrap().values().map(|p| p.as_f64().unwrap()).sum();
            assert!((sum - 1.0).abs() < 0.01, "{mode}: {probabilities}");
            let stats: Value = serde_json::from_str(mv.search_stats.as_ref().unwrap()).unwrap();
            assert!(stats["nodes"].as_u64().unwrap() <= 30, "{mode}: {stats}");
            assert_eq!(stats["root_values"].as_array().unwrap().len(), 3);
        }
    }
}

/// Writes a network of square8 for two with random weights; returns its path.
fn write_network(files: &Files, name: &str, seed: u64) -> String {
    let network = ringrift_nnue::Network::random(BoardKind::Square8, PlayerCount::Two, 64, seed).unwrap();
    fs::write(files.path(name), network.to_bytes()).unwrap();
    files.path(name).to_string_lossy().into_owned()
}

#[test]
fn networks_are_recorded_with_what_they_find() {
    let files = Files::new();
    let network = write_network(&files, "a.nnue", 1);
    for mode in ["descent-only", "minimax-only"] {
        let ran = files.run(&["--engine-mode", mode, "--num-games", "1", "--nodes", "40", "--nnue", &network]);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        assert!(ran.out.contains("[nnue] square8_2p: ") && ran.out.contains("a.nnue (SHA-256 "), "{}", ran.out);
        let game: Value = serde_json::from_str(files.text("g.jsonl").trim()).unwrap();
        for seat in game["seats"].as_array().unwrap() {
            assert_eq!((&seat["nn_model_id"], &seat["nnue_file"]), (&"a".into(), &"a.nnue".into()), "{seat}");
            assert_eq!(seat["model_sha256"].as_str().map(str::len), Some(64), "{seat}");
            assert!(seat.get("substitute_for").is_none() && seat.get("heuristic_profile").is_none(), "{seat}");
        }
        let summary: Value = serde_json::from_str(&files.text("s.json")).unwrap();
        assert_eq!(summary["runs"][0]["nnue"]["sha256"], game["seats"][0]["model_sha256"]);
        let mut reader = StoreReader::open(&files.path("g.db")).unwrap();
        let ids = reader.ids(&GameFilter::default()).unwrap();
        let stored = reader.game_with(&ids[0], Parts::All).unwrap();
        let mut found = 0;
        for mv in stored.moves.iter().filter(|mv| mv.search_stats.is_some()) {
            let stats: Value = serde_json::from_str(mv.search_stats.as_ref().unwrap()).unwrap();
            let shares: Vec<f64> =
                stats["root_values"].as_array().unwrap().iter().map(|share| share.as_f64().unwrap()).collect();
            assert!(shares.len() == 2 && (shares[0] + shares[1] - 1.0).abs() < 1e-3, "{mode}: {stats}");
            found += 1;
        }
        assert!(found > 5, "{mode}: {found} searched moves");
        fs::remove_file(files.path("g.db")).unwrap();
    }
}

#[test]
fn run_is_resumed_with_its_own_network_only() {
    let files = Files::new();
    let (first, same) = (write_network(&files, "a.nnue", 1), write_network(&files, "same.nnue", 1));
    let other = write_network(&files, "b.nnue", 2);
    let run = |more: &[&str]| {
        files.run(&[&["--engine-mode", "minimax-only", "--nodes", "20", "--max-moves", "30"], more].concat())
    };
    assert_eq!(run(&["--num-games", "1", "--nnue", &first]).exit, exit::OK);
    for more in [&["--nnue", &other[..]][..], &["--nnue", "none"], &[]] {
        let ran = run(&[&["--num-games", "2", "--resume-from-jsonl"], more].concat());
        assert_eq!(ran.exit, exit::USAGE, "{more:?}: {}", ran.err);
        assert!(ran.err.contains("the run to be resumed has nnue "), "{more:?}: {}", ran.err);
    }
    let ran = run(&["--num-games", "2", "--resume-from-jsonl", "--nnue", &same]);
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    // A run of a version that knew no networks had none.
    let known = files.text("g.jsonl.run.json");
    let mut known: Value = serde_json::from_str(&known).unwrap();
    known.as_object_mut().unwrap().remove("nnue");
    fs::write(files.path("g.jsonl.run.json"), known.to_string()).unwrap();
    assert_eq!(run(&["--num-games", "3", "--resume-from-jsonl", "--nnue", &same]).exit, exit::USAGE);
    assert_eq!(run(&["--num-games", "3", "--resume-from-jsonl"]).exit, exit::OK);
}

#[test]
fn networks_that_cannot_play_are_named_before_anything_is_written() {
    let files = Files::new();
    let network = write_network(&files, "a.nnue", 1);
    fs::write(files.path("x.pt"), "PK").unwrap();
    let checkpoint = files.path("x.pt").to_string_lossy().into_owned();
    for (args, class, says) in [
        (&["--engine-mode", "random-only", "--nnue", &network[..]][..], exit::USAGE, "has no seat that evaluates"),
        (&["--engine-mode", "minimax-only", "--nnue", "no.nnue"], exit::IO, "no.nnue"),
        (&["--engine-mode", "minimax-only", "--nnue", &checkpoint], exit::BAD_INPUT, "checkpoint of torch"),
        (&["--board-type", "hex8", "--nnue", &network], exit::BAD_INPUT, "the game is hex8"),
        (&["--nnue", &network, "--summary-json", &network], exit::USAGE, "are the same file"),
    ] {
        let ran = files.run(&[&["--num-games", "1"], args].concat());
        assert_eq!(ran.exit, class, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(says), "{args:?}: {}", ran.err);
        assert!(!files.path("g.jsonl").exists());
    }
}

#[test]
fn without_a_log_the_database_has_the_same_games() {
    let (files, path) = (Files::new(), |files: &Files, name: &str| files.path(name).to_string_lossy().into_owned());
    let with_log = ["--engine-mode", "random-only", "--num-games", "5"];
    assert_eq!(files.run(&with_log).exit, exit::OK);
    let unlogged = Files::new();
    let (database, summary) = (path(&unlogged, "g.db"), path(&unlogged, "s.json"));
    let mut command = vec!["selfplay", "--seed", "7", "--no-log", "--summary-json", &summary];
    command.extend(with_log);
    let ran = rrpipe(&[&command[..], &["--record-db", &database]].concat());
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    let digests = |path: &Path| {
        let mut reader = StoreReader::open(path).unwrap();
        let games = reader.ids(&GameFilter::default()).unwrap();
        let digests = games.iter().map(|id| reader.game(id).unwrap().content().unwrap());
        digests.collect::<BTreeSet<_>>()
    };
    assert_eq!(digests(&unlogged.path("g.db")).len(), 5);
    assert_eq!(digests(&unlogged.path("g.db")), digests(&files.path("g.db")));
    let summaries = [&files, &unlogged].map(|files| {
        let summary: Value = serde_json::from_str(&files.text("s.json")).unwrap();
        (summary["total_recorded_moves"].clone(), summary["config"]["log_jsonl"].clone())
    });
    assert_eq!(summaries[0].0, summaries[1].0);
    assert!(summaries[0].1.is_string() && summaries[1].1.is_null());
    // Nowhere at all.
    let ran = rrpipe(&[&command[..], &["--no-record-db"]].concat());
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    let mut left: Vec<_> =
        fs::read_dir(unlogged.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    left.sort_unstable();
    assert_eq!(left, ["g.db", "s.json"]);
    let contradictory = rrpipe(&[&command[..], &["--resume-from-jsonl"]].concat());
    assert_eq!(contradictory.exit, exit::USAGE);
}

#[test]
fn resumed_run_is_the_uninterrupted_one() {
    let whole = Files::new();
    assert_eq!(whole.run(&["--engine-mode", "random-only", "--num-games", "9"]).exit, exit::OK);
    let files = Files::new();
    assert_eq!(files.run(&["--engine-mode", "random-only", "--num-games", "4"]).exit, exit::OK);
    let text = files.text("g.jsonl");
    let third = text.match_indices('\n').nth(2).unwrap().0;
    // Game 3 is in the database already, and its line is torn.
    fs::write(files.path("g.jsonl"), &text[..third + 101]).unwrap();
    let ran = files.run(&["--engine-mode", "random-only", "--num-games", "9", "--resume-from-jsonl"]);
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    assert!(ran.err.contains("[resume] removed a torn last line of 100 bytes"), "{}", ran.err);
    assert!(ran.out.contains("[resume] 3 games are there; 6 to play"), "{}", ran.out);
    assert_eq!(files.games(), whole.games());
    let reader = ringrift_replay::StoreReader::open(&files.path("g.db")).unwrap();
    drop(reader);
    let ran = files.run(&["--engine-mode", "random-only", "--num-games", "9", "--resume-from-jsonl"]);
    let summary: Value = serde_json::from_str(&files.text("s.json")).unwrap();
    assert_eq!((ran.exit, summary["total_games"].as_u64()), (exit::OK, Some(0)));
}

#[test]
fn run_is_resumed_with_its_own_settings_only() {
    let files = Files::new();
    assert_eq!(files.run(&["--engine-mode", "random-only", "--num-games", "2"]).exit, exit::OK);
    let before = files.text("g.jsonl");
    let ran =
        files.run(&["--engine-mode", "random-only", "--num-games", "4", "--resume-from-jsonl", "--max-moves", "9"]);
    assert_eq!(ran.exit, exit::USAGE);
    assert!(ran.err.contains("the run to be resumed has max_moves 600, this command 9"), "{}", ran.err);
    assert_eq!(files.text("g.jsonl"), before);
}

#[test]
fn flags_may_be_cut_short_and_repeated() {
    let files = Files::new();
    let ran =
        files.run(&["--num-g", "1", "--num-g", "2", "--engine=random-only", "--lean-db", "--include", "--streaming"]);
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    assert_eq!(files.games().len(), 2);
}

#[test]
fn wrong_flags_are_named() {
    let files = Files::new();
    let missing = files.path("no.json").to_string_lossy().into_owned();
    for (more, exit, words) in [
        (&["--engine-mode", "nn-only"][..], exit::UNAVAILABLE, "engine mode nn-only is not available"),
        (&["--nodes", "0"], exit::USAGE, "--nodes"),
        (&["--nodes", "5", "--think-time-ms", "5"], exit::USAGE, "cannot be used with"),
        (&["--engine-mode", "mixt"], exit::USAGE, "hint: the modes are random-only, heuristic-only"),
        (&["--gpu"], exit::UNAVAILABLE, "no self-play on the GPU"),
        (&["--num-players", "5"], exit::USAGE, "2, 3 or 4 players"),
        (&["--board-type", "square9"], exit::USAGE, "the boards are"),
        (&["--engine-mode", "random-only", "--swap-sides-probability", "2"], exit::USAGE, "is no probability"),
        (&["--heuristic-profile", "x"], exit::USAGE, "--heuristic-weights-file"),
        (
            &["--engine-mode", "heuristic-only", "--heuristic-weights-file", &missing, "--heuristic-profile", "x"],
            exit::IO,
            "no.json",
        ),
        (&["--engine-mode", "random-only", "--record-db", "/dev/null/x.db"], exit::IO, "/dev/null"),
        (&["--engine-mode", "random-only", "--summary-json", "/dev/null/x"], exit::IO, "cannot write /dev/null/x"),
    ] {
        let ran = files.run(more);
        assert_eq!(ran.exit, exit, "{more:?}: {}", ran.err);
        assert!(ran.err.contains(words), "{more:?}: {}", ran.err);
    }
    assert!(fs::metadata(files.path("g.jsonl")).map_or(true, |file| file.len() == 0));
}

#[test]
fn outputs_that_are_one_file_are_refused() {
    let files = Files::new();
    fs::write(files.path("g.db"), "not to be lost").unwrap();
    fs::create_dir(files.path("sub")).unwrap();
    let path = |name: &str| files.path(name).to_string_lossy().into_owned();
    for (flag, other, words) in [
        ("--log-jsonl", path("g.db"), "--log-jsonl and --record-db are the same file"),
        ("--summary-json", path("sub/../g.db"), "--record-db and --summary-json are the same file"),
        ("--summary-json", path("g.jsonl"), "--log-jsonl and --summary-json"),
        ("--summary-json", path("g.jsonl.run.json"), "the settings of the run and --summary-json"),
        ("--square8-state-pool-output", path("g.jsonl"), "--log-jsonl and the file of positions"),
    ] {
        let ran = files.run(&["--engine-mode", "random-only", "--num-games", "1", flag, &other]);
        assert_eq!(ran.exit, exit::USAGE, "{flag} {other}: {}", ran.err);
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    assert_eq!(files.text("g.db"), "not to be lost");
    assert!(!files.path("g.jsonl").exists());
}

#[test]
fn values_out_of_range_are_named() {
    let files = Files::new();
    for (flag, value, words) in [
        ("--num-games", "-3", "invalid value '-3' for '--num-games <N>'"),
        ("--jobs", "100000", "give a number of threads from 1 to 1024"),
        ("--jobs", "-1", "give a number of threads from 1 to 1024"),
        ("--max-moves", "0", "0 is not in 1.."),
        ("--swap-sides-probability", "-0.5", "-0.5 is no probability"),
        ("--seed", "9223372036854775807", "leaves no room for 100 games"),
        #[cfg(unix)]
        ("--log-jsonl", "/dev/null", "is no regular file\n  hint: --no-log plays without a log"),
    ] {
        let ran = files.run(&["--engine-mode", "random-only", flag, value]);
        assert_eq!(ran.exit, exit::USAGE, "{flag} {value}: {}", ran.err);
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}

#[test]
fn database_of_something_else_costs_no_game() {
    let files = Files::new();
    fs::write(files.path("g.jsonl"), "{\"index\": 0}\n").unwrap();
    fs::write(files.path("g.db"), "no database").unwrap();
    let ran = files.run(&["--engine-mode", "random-only"]);
    assert_eq!(ran.exit, exit::BAD_INPUT);
    assert!(ran.err.contains("is not an SQLite database"), "{}", ran.err);
    assert_eq!(files.text("g.jsonl"), "{\"index\": 0}\n");
    assert_eq!(files.text("g.db"), "no database");
}

#[test]
fn ctrl_c_keeps_whole_games() {
    let files = Files::new();
    let args = files.args(&["--engine-mode", "heuristic-only", "--num-games", "2000", "--board-type", "square19"]);
    let (out, err) = (Shared::default(), Shared::default());
    let host = FakeHost::interrupted_after(20);
    let command_line = ["rrpipe".to_owned()].into_iter().chain(args);
    let exit = run_on(command_line, &host, Terminal::captured(out.clone(), err.clone()));
    assert_eq!(exit, exit::INTERRUPTED, "{}", err.text());
    assert!(err.text().contains("--resume-from-jsonl plays the rest"), "{}", err.text());
    let summary: Value = serde_json::from_str(&files.text("s.json")).unwrap();
    assert_eq!(summary["stopped_early"], "interrupted");
    assert_eq!(summary["total_games"].as_u64(), Some(files.games().len() as u64));
}

#[test]
fn profiles_and_pools_and_checkpoints_write_their_files() {
    let files = Files::new();
    let pool = files.path("pool.jsonl").to_string_lossy().into_owned();
    let ran = files.run(&[
        "--profile",
        "python-strict",
        "--engine-mode",
        "random-only",
        "--checkpoint-interval",
        "4",
        "--square8-state-pool-output",
        &pool,
        "--square8-state-pool-max-states",
        "10",
        "--profile-timing",
        "--no-lean-db",
    ]);
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    assert_eq!(files.games().len(), 6);
    let checkpoint: Value = serde_json::from_str(&files.text("g.jsonl.checkpoint.json")).unwrap();
    assert_eq!((&checkpoint["games_completed"], &checkpoint["seed"]), (&4.into(), &7.into()));
    let states = files.text("pool.jsonl");
    assert_eq!(states.lines().count(), 10);
    let state: Value = serde_json::from_str(states.lines().next().unwrap()).unwrap();
    assert!(state["move_history"].as_array().is_some_and(|moves| moves.len() >= 4));
    assert!(state["game_status"] == "active" && state["rules_options"]["swapRuleEnabled"] == false);
    let summary: Value = serde_json::from_str(&files.text("s.json")).unwrap();
    assert!(summary["timing_profile"]["move_select"]["total_sec"].is_f64());

    let ran = files.run(&["--profile", "ai-healthcheck", "--engine-mode", "random-only", "--max-moves", "60"]);
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    for board in ["square8", "square19", "hexagonal"] {
        assert_eq!(files.text(&format!("g.{board}.jsonl")).lines().count(), 2);
    }
    let summary: Value = serde_json::from_str(&files.text("s.json")).unwrap();
    assert_eq!(summary["board_types"], serde_json::json!(["hexagonal", "square19", "square8"]));
    assert_eq!(summary["total_games"], 6);
}

#[test]
fn first_skipped_game_ends_a_strict_run() {
    let files = Files::new();
    let ran =
        files.run(&["--engine-mode", "random-only", "--max-moves", "20", "--fail-on-anomaly", "--num-games", "50"]);
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    assert_eq!(files.games().len(), 1);
    assert!(ran.err.contains("[soak-skip] game 0 skipped: reason=env_done_flag"), "{}", ran.err);
}
