//! Exports in process: limits, parts, faults, and that the number of threads does not matter.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use clap::Args as _;
use serde_json::Value;

use super::Args;
use crate::testing::{FakeHost, Ran, Shared, rrpipe};
use crate::{exit, output::Terminal, run_on};

/// A folder with databases of random games.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With `games.db`, which has this many games of two on square8.
    fn with_games(games: u32) -> Self {
        let files = Self::new();
        files.play("games.db", "7", games);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn play(&self, database: &str, seed: &str, games: u32) {
        let (database, games) = (self.text(database), games.to_string());
        let args = ["selfplay", "--no-log", "--engine-mode", "random-only", "--seed", seed, "--num-games", &games];
        let ran = rrpipe(&[&args[..], &["--record-db", &database]].concat());
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    }

    fn args(&self, output: &str, more: &[&str]) -> Vec<String> {
        let (database, output) = (self.text("games.db"), self.text(output));
        let own = ["export", "--board-type", "square8", "--num-players", "2", "--db", &database, "--output", &output];
        own.iter().chain(more).map(|&arg| arg.to_owned()).collect()
    }

    fn export(&self, output: &str, more: &[&str]) -> Ran {
        let args = self.args(output, more);
        rrpipe(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn exported(&self, output: &str, more: &[&str]) -> Value {
        let ran = self.export(output, more);
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        self.manifest(output)
    }

    fn manifest(&self, output: &str) -> Value {
        let path = self.path(output).with_extension("manifest.json");
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    fn names(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

#[test]
fn files_do_not_depend_on_the_number_of_threads() {
    let files = Files::with_games(12);
    let settings: [&[&str]; 4] = [
        &["--include-heuristics", "--max-samples", "700"],
        &["--encoder-version", "rr1", "--sample-rate", "0.5", "--seed", "3"],
        &["--encoder-version", "rr1", "--storage", "deflated", "--history-length", "1"],
        &["--sample-every", "3", "--history-mode", "repeat", "--legacy-max-n-encoding"],
    ];
    for more in settings {
        let file = |jobs: &str| {
            let output = format!("{jobs}.npz");
            let mut manifest = files.exported(&output, &[more, &["--jobs", jobs]].concat());
            let known = manifest.as_object_mut().unwrap();
            assert!(known.remove("created_at").is_some() && known["output"].take()["sha256"].is_string());
            (fs::read(files.path(&output)).unwrap(), manifest)
        };
        let (one, three) = (file("1"), file("3"));
        assert!(one.0 == three.0, "{more:?}");
        assert_eq!(one.1, three.1);
    }
}

#[test]
fn limits_are_exact() {
    let files = Files::with_games(6);
    let all = files.exported("all.npz", &[]);
    let rows = all["counts"]["rows"].as_u64().unwrap();
    assert_eq!(all["counts"]["games"], 6);
    for most in [1, 100, rows - 1, rows, rows + 1] {
        let manifest = files.exported("some.npz", &["--max-samples", &most.to_string()]);
        assert_eq!(manifest["counts"]["rows"], most.min(rows));
    }
    assert_eq!(files.exported("some.npz", &["--max-games", "2"])["counts"]["games"], 2);
    let half = files.exported("some.npz", &["--sample-rate", "0.5"])["counts"]["rows"].as_u64().unwrap();
    assert!((rows * 2 / 5..rows * 3 / 5).contains(&half), "{half} of {rows}");
    let third = files.exported("some.npz", &["--sample-every", "3"])["counts"]["rows"].as_u64().unwrap();
    assert!((rows / 3..=rows / 3 + 6).contains(&third));
}

#[test]
fn games_that_two_databases_have_are_exported_once() {
    let files = Files::with_games(4);
    fs::copy(files.path("games.db"), files.path("copy.db")).unwrap();
    files.play("more.db", "90", 2);
    let (copy, more) = (files.text("copy.db"), files.text("more.db"));
    let manifest = files.exported("a.npz", &["--db", &copy, "--db", &more]);
    assert_eq!(manifest["counts"]["games"], 6);
    assert_eq!(manifest["counts"]["games_dropped"]["duplicate"], 4);
    assert_eq!(manifest["inputs"][0]["sha256"], manifest["inputs"][1]["sha256"]);
}

#[test]
fn parts_have_all_games_between_them_and_none_twice() {
    let files = Files::with_games(24);
    let ran = files.export("a.npz", &["--split", "0.5,0.25,0.25"]);
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    let all = files.exported("all.npz", &[]);
    let parts = ["train", "validation", "holdout"];
    let count = |manifest: &Value, what: &str| manifest["counts"][what].as_u64().unwrap();
    for what in ["rows", "games"] {
        let sum: u64 = parts.iter().map(|part| count(&files.manifest(&format!("a.{part}.npz")), what)).sum();
        assert_eq!(sum, count(&all, what));
    }
    for part in parts {
        let alone = format!("only_{part}.npz");
        files.exported(&alone, &["--split", "0.5,0.25,0.25", "--split-part", part]);
        assert!(fs::read(files.path(&alone)).unwrap() == fs::read(files.path(&format!("a.{part}.npz"))).unwrap());
        assert_eq!(files.manifest(&alone)["settings"]["split"]["part"], part);
    }
}

#[test]
fn nothing_to_export_is_an_error_with_reasons() {
    let files = Files::with_games(3);
    let ran = files.export("a.npz", &["--min-moves", "100000"]);
    assert_eq!(ran.exit, exit::BAD_INPUT);
    assert!(ran.err.contains("none of 3 games") && ran.err.contains("(min_moves 3)\n  hint: "), "{}", ran.err);
    let ran = files.export("a.npz", &["--quality-tier", "ultimate"]);
    assert!(ran.err.contains("(quality_tier 3)"), "{}", ran.err);
    let ran = files.export("a.npz", &["--num-players", "3"]);
    assert!(ran.exit == exit::BAD_INPUT && ran.err.contains("no game of square8 with 3 players"), "{}", ran.err);
    let ran = files.export("a.npz", &["--db", &files.text("missing.db")]);
    assert!(ran.exit == exit::IO && ran.err.contains("no database at "), "{}", ran.err);
    fs::write(files.path("text.db"), "no database").unwrap();
    let ran = files.export("a.npz", &["--db", &files.text("text.db")]);
    assert!(ran.exit == exit::BAD_INPUT && ran.err.contains("is not an SQLite database"), "{}", ran.err);
    let ran = files.export("games.db/a.npz", &[]);
    assert!(ran.exit == exit::IO && ran.err.contains("cannot write "), "{}", ran.err);
    assert_eq!(files.names(), ["games.db", "text.db"].map(str::to_owned).into());
}

#[test]
fn flags_that_cannot_be_obeyed_are_refused() {
    let files = Files::with_games(1);
    for (flags, words) in [
        (&["--include-remote"][..], "local databases only"),
        (&["--fetch-target-dir", "x"], "local databases only"),
        (&["--canonical-model", "x.pth"], "hint: say --encoder-version"),
        (&["--sample-rate", "1.5"], "is no share"),
        (&["--encoder-version", "rr1", "--compat", "upstream"], "no encoder rr1"),
        (&["--encoder-version", "rr1", "--history-mode", "zeros"], "--history-length 0"),
        (&["--split", "1,1,1"], "add up to 1"),
        (&["--sources", "moon"], "the kinds of sources are"),
        (&["--feature-version", "3"], "1..=2"),
        (&["--all-configs"], "cannot be used with"),
    ] {
        let ran = files.export("a.npz", flags);
        assert!(ran.exit == exit::USAGE && ran.err.contains(words), "{flags:?}: {}", ran.err);
    }
    assert_eq!(files.export("a.npz", &["--append"]).exit, exit::OK);
    let ran = files.export("a.npz", &["--append"]);
    assert!(ran.exit == exit::USAGE && ran.err.contains("hint: give all databases in one command"), "{}", ran.err);
}

#[test]
fn file_that_was_there_stays_until_the_new_one_is_whole() {
    let files = Files::with_games(2);
    fs::write(files.path("a.npz"), "old").unwrap();
    assert_eq!(files.export("a.npz", &["--min-moves", "100000"]).exit, exit::BAD_INPUT);
    assert_eq!(fs::read(files.path("a.npz")).unwrap(), b"old");
    let args = files.args("a.npz", &[]);
    let command_line = ["rrpipe".to_owned()].into_iter().chain(args);
    let terminal = Terminal::captured(Shared::default(), Shared::default());
    assert_eq!(run_on(command_line, &FakeHost::interrupted_after(0), terminal), exit::INTERRUPTED);
    assert_eq!(fs::read(files.path("a.npz")).unwrap(), b"old");
    assert_eq!(files.names(), ["a.npz", "games.db"].map(str::to_owned).into());
    assert_eq!(files.export("a.npz", &[]).exit, exit::OK);
    assert!(fs::read(files.path("a.npz")).unwrap().starts_with(b"PK"));
    assert_eq!(files.names(), ["a.manifest.json", "a.npz", "games.db"].map(str::to_owned).into());
}

#[test]
fn nothing_is_done_twice_with_the_cache() {
    let files = Files::with_games(2);
    let is_cached = |more: &[&str]| {
        let ran = files.export("a.npz", &[&["--use-cache"], more].concat());
        assert_eq!(ran.exit, exit::OK, "{}", ran.err);
        ran.out.contains("up to date, nothing to do")
    };
    assert!(!is_cached(&[]) && is_cached(&[]));
    assert!(!is_cached(&["--sample-every", "2"]), "other settings");
    assert!(!is_cached(&["--sample-every", "2", "--force-export"]), "by force");
    assert!(is_cached(&["--sample-every", "2", "--jobs", "2"]));
    files.play("games.db", "50", 1);
    assert!(!is_cached(&["--sample-every", "2"]), "other games");
    fs::write(files.path("a.npz"), "x").unwrap();
    assert!(!is_cached(&["--sample-every", "2"]), "another file");
}

#[test]
fn all_configurations_are_written_and_missing_ones_named() {
    let files = Files::with_games(2);
    let folder = files.text("all");
    let ran = rrpipe(&["export", "--db", &files.text("games.db"), "--all-configs", "--output-dir", &folder]);
    assert_eq!(ran.exit, exit::BAD_INPUT);
    assert!(ran.err.contains("error: no rows for 8 of 9 configurations: square8_3p, "), "{}", ran.err);
    let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

/// The flags of upstream's exporter. Source: npz.md section 2.
const UPSTREAM_FLAGS: [&str; 43] = [
    "db",
    "board-type",
    "num-players",
    "output",
    "use-discovery",
    "skip-remote-check",
    "append",
    "history-length",
    "feature-version",
    "sample-every",
    "max-games",
    "max-samples",
    "require-completed",
    "min-moves",
    "max-moves",
    "min-elo",
    "min-quality",
    "quality-tier",
    "max-move-index",
    "no-rank-aware-values",
    "parity-fixtures-dir",
    "exclude-recovery",
    "board-aware-encoding",
    "legacy-max-n-encoding",
    "encoder-version",
    "canonical-model",
    "no-require-moves",
    "use-cache",
    "force-export",
    "single-threaded",
    "workers",
    "allow-noncanonical",
    "allow-pending-gate",
    "registry",
    "no-strict",
    "include-heuristics",
    "full-heuristics",
    "quality-weighted",
    "include-gauntlet",
    "include-tournaments",
    "include-human",
    "sources",
    "exclude-sources",
];

#[test]
fn every_flag_is_known_and_documented() {
    let command = Args::augment_args(clap::Command::new("export"));
    let known: BTreeSet<&str> = command.get_arguments().filter_map(|arg| arg.get_long()).collect();
    let remote = ["include-remote", "include-s3", "include-owc", "fetch-target-dir"];
    for flag in UPSTREAM_FLAGS.iter().chain(&remote) {
        assert!(known.contains(flag), "--{flag} is not known");
    }
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/data.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with("Export")).unwrap();
    for flag in known {
        assert!(section.contains(&format!("`--{flag}")), "--{flag} is not in docs/data.md");
    }
}

#[test]
fn board_and_players_are_those_of_the_games_if_there_is_only_one_kind() {
    let files = Files::with_games(2);
    let (database, output) = (files.text("games.db"), files.text("o.npz"));
    let args = ["export", "--db", &database, "--output", &output];
    let ran = rrpipe(&args);
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    assert!(ran.out.contains("The games are of --board-type square8 --num-players 2"), "{}", ran.out);
    let ran = rrpipe(&[&args[..], &["--num-players", "3"]].concat());
    assert_eq!(ran.exit, exit::BAD_INPUT);
    assert!(ran.err.contains("no games of such a board"), "{}", ran.err);
    let more = files.text("games.db");
    let play = ["selfplay", "--no-log", "--engine-mode", "random-only", "--num-games", "1", "--record-db", &more];
    let ran = rrpipe(&[&play[..], &["--board-type", "hex8", "--num-players", "3"]].concat());
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
    let ran = rrpipe(&args);
    assert_eq!(ran.exit, exit::USAGE);
    assert!(ran.err.contains("say which: --board-type square8 --num-players 2, --board-type hex8"), "{}", ran.err);
    let ran = rrpipe(&[&args[..], &["--board-type", "hex8"]].concat());
    assert_eq!(ran.exit, exit::OK, "{}", ran.err);
}
