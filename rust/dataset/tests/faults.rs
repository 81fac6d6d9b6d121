//! Databases that are torn, wrong or in use, and what exports make of them.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs::{self, File};
use std::ops::Deref;
use std::sync::atomic::AtomicBool;

use ringrift_dataset::{ExportError, ExportOptions, Output, Part, Report, RowPlan, Selection, export};
use ringrift_rules::{BoardKind, PlayerCount};
use rusqlite::Connection;
use support::Silent;

/// A copy of a recorded database with two games of three on square8.
struct Copy(support::Copy);

impl Deref for Copy {
    type Target = support::Copy;
    fn deref(&self) -> &support::Copy {
        &self.0
    }
}

impl Copy {
    fn new() -> Self {
        Self(support::Copy::of("square8_3p_random"))
    }

    fn options(&self) -> ExportOptions {
        ExportOptions {
            databases: vec![self.path("games.db")],
            outputs: vec![Output { path: self.path("a.npz"), part: Part::Train }],
            plan: RowPlan::new(BoardKind::Square8, PlayerCount::Three),
            selection: Selection::default(),
            split: None,
            games_max: None,
            rows_max: None,
            is_strict: true,
            jobs: 2,
        }
    }
}

fn run(options: &ExportOptions) -> Result<Report, ExportError> {
    export(options, &AtomicBool::new(false), &mut Silent).map(|mut reports| reports.remove(0))
}

/// The first game in the order of names.
const FIRST: &str = "(SELECT MIN(game_id) FROM games)";

#[test]
fn games_that_cannot_be_replayed_are_an_error_unless_nobody_minds() {
    let first = |sql: &str| format!("{sql} game_id = {FIRST}");
    for (sql, what) in [
        (first("DELETE FROM game_moves WHERE move_number = 7 AND"), "moves and has"),
        (first("UPDATE game_moves SET move_json = '{}' WHERE move_number = 7 AND"), "move 7: "),
        (
            first(
                "UPDATE game_moves SET move_json = replace(move_json, 'place_ring', 'move_stack') WHERE move_number = 0 AND",
            ),
            "move 0: ",
        ),
        (first("UPDATE games SET winner = 1 + winner % 3 WHERE"), "by its moves"),
        (first("UPDATE game_initial_state SET initial_state_json = 'torn' WHERE"), "initial state"),
        (
            first(
                "UPDATE game_initial_state SET initial_state_json = replace(initial_state_json, 'square8', 'square19') WHERE",
            ),
            "",
        ),
    ] {
        let copy = Copy::new();
        copy.change(&sql);
        let before = fs::read(copy.path("games.db")).unwrap();
        let error = run(&copy.options()).unwrap_err();
        assert!(matches!(error, ExportError::TooManyFailed { failed: 1, considered: 2, .. }), "{sql}: {error}");
        assert!(error.to_string().contains(what) && error.to_string().contains("hint: "), "{sql}: {error}");
        assert_eq!(copy.files(), ["games.db"]);
        let report = run(&ExportOptions { is_strict: false, ..copy.options() }).unwrap();
        assert_eq!((report.tally.games, report.tally.failed), (1, 1));
        assert_eq!(report.tally.failures.len(), 1);
        assert_eq!(copy.files(), ["a.manifest.json", "a.npz", "games.db"]);
        assert!(fs::read(copy.path("games.db")).unwrap() == before, "the database is untouched");
    }
}

#[test]
fn games_without_moves_or_winner_are_dropped_by_name() {
    let copy = Copy::new();
    copy.change(&format!(
        "UPDATE games SET total_moves = 20 WHERE game_id = {FIRST};
         DELETE FROM game_moves WHERE move_number >= 20 AND game_id = {FIRST};"
    ));
    let report = run(&copy.options()).unwrap();
    assert_eq!(report.tally.reasons(), "no_winner 1");
    let copy = Copy::new();
    copy.change(&format!("UPDATE games SET parity_status = 'non_canonical_history' WHERE game_id = {FIRST}"));
    assert_eq!(run(&copy.options()).unwrap().tally.reasons(), "unfit_for_training 1");
}

#[test]
fn database_in_use_is_copied_and_left_alone() {
    let copy = Copy::new();
    let quiet = run(&copy.options()).unwrap();
    let writer = Connection::open(copy.path("games.db")).unwrap();
    writer.pragma_update(None, "journal_mode", "WAL").unwrap();
    writer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    writer.execute_batch("CREATE TABLE other (x); INSERT INTO other VALUES (1)").unwrap();
    let files = ["games.db", "games.db-wal"].map(|name| fs::read(copy.path(name)).unwrap());
    let live = run(&copy.options()).unwrap();
    assert_eq!(live.finished, quiet.finished);
    assert!(["games.db", "games.db-wal"].map(|name| fs::read(copy.path(name)).unwrap()) == files);
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(copy.path("a.manifest.json")).unwrap()).unwrap();
    assert!(manifest["inputs"][0]["sha256"].is_null());
    drop(writer);
    assert_eq!(copy.files(), ["a.manifest.json", "a.npz", "games.db"]);
}

#[test]
fn torn_database_is_an_error() {
    let copy = Copy::new();
    let mut bytes = fs::read(copy.path("games.db")).unwrap();
    let middle = bytes.len() / 8;
    let end = bytes.len();
    bytes[middle..end].fill(0xA5);
    fs::write(copy.path("games.db"), bytes).unwrap();
    let error = run(&copy.options()).unwrap_err();
    assert!(error.to_string().contains("hint: ") && !error.is_environment(), "{error}");
    assert_eq!(copy.files(), ["games.db"]);
}

#[test]
fn file_that_another_export_is_writing_is_left_to_it() {
    let copy = Copy::new();
    let lock = File::create(copy.path("a.npz.lock")).unwrap();
    lock.lock().unwrap();
    let error = run(&copy.options()).unwrap_err();
    assert!(matches!(error, ExportError::Busy { .. }) && error.is_environment(), "{error}");
    lock.unlock().unwrap();
    run(&copy.options()).unwrap();
}

#[test]
fn export_that_is_stopped_leaves_nothing() {
    let copy = Copy::new();
    let error = export(&copy.options(), &AtomicBool::new(true), &mut Silent).unwrap_err();
    assert!(matches!(error, ExportError::Interrupted));
    assert_eq!(copy.files(), ["games.db"]);
}

#[test]
fn full_device_is_said_to_be_full() {
    let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let error = ExportError::Write { path: "a.npz".into(), source };
    assert!(error.is_environment() && error.to_string().contains("hint: free some space"), "{error}");
}
