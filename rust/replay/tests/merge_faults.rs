//! Merging under faults: torn, live, foreign and old inputs, outputs that cannot be written, kills, full devices.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use ringrift_replay::{
    Ack, GameFilter, MergeError, MergeOptions, MergeOutcome, Parts, SourceState, StoreError, StoreReader, StoreWriter,
    Stored, WriterOptions, merge, verify_game,
};
use ringrift_rules::{BoardKind, PlayerCount};
use rusqlite::Connection;

#[path = "support/merge.rs"]
mod helpers;
#[path = "support/play.rs"]
mod play;

use helpers::{change, counts, game, id, ids, merged, query, rows, run, store};

/// Tells the child what to merge and where to; paths, the output last.
const CHILD_PATHS: &str = "RINGRIFT_TEST_MERGE_CHILD";

fn options(inputs: &[&Path], output: &Path) -> MergeOptions {
    MergeOptions::new(inputs.iter().map(|path| path.to_path_buf()).collect(), output.to_owned())
}

/// Merges in a process of its own, which is killed.
#[test]
#[ignore = "started by other tests"]
fn child_that_merges() {
    let Some(paths) = std::env::var_os(CHILD_PATHS) else { return };
    let mut inputs: Vec<PathBuf> = std::env::split_paths(&paths).collect();
    let output = inputs.pop().unwrap();
    match run(&MergeOptions::new(inputs, output)) {
        Ok(report) => println!("DONE {} {}", report.games_in_output, report.resumed),
        Err(error) => println!("ERROR {}", error.to_string().replace('\n', " ")),
    }
}

/// The command that runs this test binary as the child.
fn child(inputs: &[&Path], output: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the path of this binary"));
    command.args(["--exact", "child_that_merges", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(CHILD_PATHS, std::env::join_paths(inputs.iter().chain([&output])).expect("paths without colons"));
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn finish_child(inputs: &[&Path], output: &Path) -> String {
    let output = child(inputs, output).output().expect("a child");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The rows of merging that do not name the run.
fn notes(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).expect("a database");
    let sql = "SELECT game_id || hex(content) || coalesce(source, '-') || source_game_id FROM rr_merged_games
               UNION ALL SELECT game_id || source || kind || reason || hex(rows_digest) FROM rr_quarantine ORDER BY 1";
    let mut statement = connection.prepare(sql).expect("a statement");
    statement.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("rows")
}

#[test]
fn killed_merges_go_on_and_end_with_the_same_content() {
    // 12 kills are quick; `RINGRIFT_KILLS=200` is the long test.
    let kills: u64 = std::env::var("RINGRIFT_KILLS").map_or(12, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let a = store(&place("a.db"), (0..90).map(|i| game(1, i)));
    let b = store(&place("b.db"), (80..140).map(|i| game(1, i)));
    let (mut random, mut killed_at_work) = (7_u64, 0);
    for has_output in [false, true] {
        let make = |name: &str| {
            let output = place(name);
            if has_output {
                store(&output, (0..5).chain(135..145).map(|i| game(1, i)));
            }
            output
        };
        let (smooth, output) = (make(&format!("smooth {has_output}.db")), make(&format!("killed {has_output}.db")));
        let before = has_output.then(|| rows(&output));
        merged(&[&a, &b], &smooth);
        for kill in 0..kills / 2 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mut process = child(&[&a, &b], &output).spawn().unwrap();
            // Late enough to begin, and never so late that a slow machine decides what is tested.
            std::thread::sleep(Duration::from_millis(random >> 33 & 0x1ff));
            process.kill().unwrap();
            killed_at_work += u64::from(process.wait().unwrap().code().is_none());
            match &before {
                // Nothing stands under the final name before it is complete.
                None if !output.exists() => continue,
                None => assert_eq!(rows(&output), rows(&smooth), "kill {kill}"),
                Some(before) => {
                    let now: BTreeSet<String> = rows(&output).into_iter().collect();
                    assert!(before.iter().all(|row| now.contains(row)), "kill {kill}: the output lost something");
                }
            }
            let mut reader = StoreReader::open(&output).unwrap();
            assert_eq!(reader.integrity_faults(), Ok(Vec::new()), "kill {kill}");
        }
        let said = finish_child(&[&a, &b], &output);
        assert!(said.contains(&format!("DONE {}", if has_output { 145 } else { 140 })), "{said}");
        assert_eq!(rows(&output), rows(&smooth));
        assert_eq!(ids(&output), ids(&smooth));
        if !has_output {
            assert_eq!(notes(&output), notes(&smooth));
        }
        assert!(!place(&format!("killed {has_output}.db.merging")).exists());
    }
    assert!(killed_at_work > kills / 4, "{killed_at_work} of {kills} kills met a merge at work");
    eprintln!("{killed_at_work} of {kills} kills met a merge at work");
}

#[test]
fn stopped_merge_leaves_the_output_alone_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let a = store(&place("a.db"), (0..70).map(|i| game(1, i)));
    let b = store(&place("b.db"), (70..80).map(|i| game(1, i)));
    let output = place("merged.db");
    let stop = AtomicBool::new(false);
    let report = merge(&options(&[&a, &b], &output), &stop, &mut |progress| {
        assert_eq!(progress.games_total, 80);
        stop.store(true, Ordering::Relaxed);
    })
    .unwrap();
    assert!(
        report.outcome == MergeOutcome::Interrupted
            && report.total.new > 0
            && report.total.new < 80
            && !output.exists()
    );
    // Another merge of other inputs into it begins anew.
    let other = place("other.db");
    let report = merged(&[&a, &b], &other);
    assert_eq!((report.resumed, report.total.new), (false, 80));
    let report = run(&options(&[&a, &b], &output)).unwrap();
    assert_eq!((report.resumed, counts(&report)), (true, [80, 0, 0, 0, 0, 0]));
    assert_eq!((rows(&output), ids(&output)), (rows(&other), ids(&other)));
}

#[test]
fn input_that_changed_after_an_interruption_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let inputs = [("a.db", 0..40), ("b.db", 40..110), ("c.db", 110..115)];
    let inputs = inputs.map(|(name, games)| store(&place(name), games.map(|i| game(1, i))));
    let [a, b, c] = inputs.each_ref().map(PathBuf::as_path);
    let output = place("merged.db");
    let stop = AtomicBool::new(false);
    let report = merge(&options(&[a, b, c], &output), &stop, &mut |progress| {
        stop.store(progress.games() > 50, Ordering::Relaxed);
    });
    assert_eq!(report.unwrap().outcome, MergeOutcome::Interrupted);
    store(b, [game(1, 400)]);
    let report = run(&options(&[a, b, c], &output)).unwrap();
    assert_eq!((report.resumed, counts(&report)), (true, [116, 0, 0, 0, 0, 0]));
    let fresh = place("fresh.db");
    merged(&[a, b, c], &fresh);
    assert_eq!((rows(&output), ids(&output), notes(&output)), (rows(&fresh), ids(&fresh), notes(&fresh)));
}

#[test]
fn output_is_the_same_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let all = BoardKind::ALL.into_iter().flat_map(|board| PlayerCount::ALL.map(|players| (board, players)));
    let mixed = (0..).zip(all).map(|(i, (board, players))| play::random_game(board, players, 5, i, i % 2 == 0));
    let a = store(&place("mixed.db"), mixed);
    let b = store(&place("b.db"), (0..30).map(|i| game(1, i)));
    change(&b, &format!("UPDATE games SET total_turns = 7 WHERE game_id = '{}'", id(1, 3)));
    let outputs = [1, 2, 7].map(|jobs| {
        let output = place(&format!("{jobs}.db"));
        let report = run(&MergeOptions { jobs, max_reject_share: 0.1, ..options(&[&a, &b], &output) }).unwrap();
        assert_eq!(counts(&report), [41, 0, 0, 0, 1, 0]);
        (rows(&output), ids(&output), notes(&output))
    });
    assert!(outputs[0] == outputs[1] && outputs[0] == outputs[2]);
    let expected: Vec<String> = ids(&a).into_iter().chain(ids(&b)).filter(|name| *name != id(1, 3)).collect();
    assert_eq!(outputs[0].1, expected, "inputs as given, games as stored");
}

#[test]
fn live_input_gives_the_games_that_were_committed() {
    const GAMES: u64 = 100;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.db");
    let games: Vec<_> = (0..GAMES).map(|i| game(1, i).encode(WriterOptions::default().form).unwrap()).collect();
    let writer = StoreWriter::open(&path, WriterOptions::default()).unwrap();
    let (acknowledged, mut merges) = (AtomicU64::new(0), 0);
    std::thread::scope(|scope| {
        let storing = scope.spawn(|| {
            for game in games {
                assert_eq!(writer.submit(game).and_then(Ack::wait), Ok(Stored::New));
                acknowledged.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        while !storing.is_finished() {
            let before = acknowledged.load(Ordering::SeqCst);
            let output = folder.path().join(format!("{merges}.db"));
            let report = run(&options(&[&path], &output)).unwrap();
            assert!(report.total.new >= before && report.total.rejected == 0);
            assert_eq!(ids(&output), (0..report.total.new).map(|i| id(1, i)).collect::<Vec<_>>());
            merges += 1;
        }
    });
    eprintln!("{merges} merges while {GAMES} games were stored");
    assert!(merges > 1);
}

#[test]
fn torn_copies_give_whole_games_or_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let whole = store(&place("whole.db"), (0..12).map(|i| game(1, i)));
    let bytes = std::fs::read(&whole).unwrap();
    let (torn, output) = (place("torn.db"), place("merged.db"));
    let (mut random, mut refused) = (3_u64, 0);
    for round in 0..24 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (random >> 16) as usize % bytes.len();
        let mut copy = bytes.clone();
        if round % 2 == 0 {
            copy.truncate(at);
        } else {
            copy[at] ^= 1 << (random >> 8 & 7);
        }
        std::fs::write(&torn, copy).unwrap();
        // One accepted reject of twelve: bit flips inside a game are found by replaying it.
        let merge = run(&MergeOptions { max_reject_share: 0.1, ..options(&[&torn], &output) });
        match merge {
            Ok(report) => {
                assert!(round % 2 == 1, "round {round}: cut at {at} of {} and accepted", bytes.len());
                let mut reader = StoreReader::open(&output).unwrap();
                for game in reader.games(&GameFilter::default(), Parts::All).unwrap() {
                    let game = game.unwrap();
                    assert_eq!(verify_game(&game).differences, [], "round {round}");
                    let original = StoreReader::open(&whole).and_then(|mut reader| reader.game(&game.row.id));
                    if let Ok(original) = original {
                        assert_eq!(game.replay_all().unwrap().moves, original.replay_all().unwrap().moves);
                    }
                }
                assert!(report.total.new >= 11);
                std::fs::remove_file(&output).unwrap();
            }
            Err(error) => {
                assert!(error.to_string().contains("\nhint: ") && !output.exists(), "round {round}: {error}");
                refused += 1;
            }
        }
        let _ = std::fs::remove_dir_all(place("merged.db.merging"));
    }
    assert!(refused >= 12, "{refused}");
}

#[test]
fn foreign_new_and_missing_inputs_are_refused_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let good = store(&place("good.db"), [game(1, 0)]);
    std::fs::write(place("text"), "once upon a time\n").unwrap();
    std::fs::write(place("empty"), "").unwrap();
    std::fs::create_dir(place("folder")).unwrap();
    change(&place("other"), "CREATE TABLE cats (name TEXT)");
    change(&store(&place("newer"), []), "UPDATE schema_metadata SET value = '19' WHERE key = 'schema_version'");
    let output = place("merged.db");
    for (name, said) in [
        ("text", "is not an SQLite database"),
        ("empty", "lacks every table"),
        ("folder", "it is a folder"),
        ("other", "lacks table games"),
        ("newer", "schema version 19"),
        ("none", "no database at"),
    ] {
        let bad = place(name);
        let before = std::fs::read(&bad).ok();
        let error = run(&options(&[&good, &bad], &output)).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, MergeError::Inputs { inputs: 2, .. }) && text.contains(said), "{name}: {text}");
        assert!(!output.exists() && !place("merged.db.merging").exists());
        let skipping = MergeOptions { skip_unreadable: true, ..options(&[&good, &bad], &output) };
        let report = run(&skipping).unwrap();
        assert!(matches!(&report.sources[1].state, SourceState::Unreadable(why) if why.contains(said)));
        assert_eq!(ids(&output), [id(1, 0)]);
        assert_eq!(std::fs::read(&bad).ok(), before, "{name} was changed");
        std::fs::remove_file(&output).unwrap();
        // As outputs they are refused too, and left alone.
        if !["empty", "none"].contains(&name) {
            let error = run(&options(&[&good], &bad)).unwrap_err();
            assert!(error.to_string().contains(said), "{name}: {error}");
            assert_eq!(std::fs::read(&bad).ok(), before, "{name} was changed");
        }
    }
    assert_eq!(run(&options(&[], &output)).unwrap_err(), MergeError::NoInputs);
    // A database without games makes one.
    let nothing = store(&place("nothing.db"), []);
    assert_eq!(counts(&merged(&[&nothing], &output)), [0; 6]);
    assert_eq!(ids(&output), Vec::<String>::new());
}

#[test]
fn output_is_never_an_input() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let a = store(&place("a.db"), [game(1, 0)]);
    let before = std::fs::read(&a).unwrap();
    std::fs::hard_link(&a, place("hard.db")).unwrap();
    let mut names = vec![a.clone(), place("hard.db"), folder.path().join(".").join("a.db")];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&a, place("soft.db")).unwrap();
        names.push(place("soft.db"));
    }
    for name in names {
        let error = run(&options(&[&name], &a)).unwrap_err();
        assert_eq!(error, MergeError::OutputIsInput { path: name });
    }
    assert_eq!(std::fs::read(&a).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn links_to_outputs_stay_links() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let (a, b) = (store(&place("a.db"), [game(1, 0)]), store(&place("b.db"), [game(1, 1)]));
    std::os::unix::fs::symlink(&b, place("link.db")).unwrap();
    assert_eq!(merged(&[&a], &place("link.db")).games_in_output, 2);
    assert!(place("link.db").is_symlink() && ids(&b).len() == 2);
    std::os::unix::fs::symlink(place("nowhere/x.db"), place("dangling.db")).unwrap();
    let error = run(&options(&[&a], &place("dangling.db"))).unwrap_err();
    assert!(matches!(error, MergeError::Store(StoreError::Missing { .. })), "{error}");
}

#[test]
fn two_merges_into_one_output_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let a = store(&place("a.db"), (0..3).map(|i| game(1, i)));
    let output = place("merged.db");
    let report = merge(&options(&[&a], &output), &AtomicBool::new(false), &mut |_| {
        let error = run(&options(&[&a], &output)).unwrap_err();
        assert!(matches!(error, MergeError::AtWork { .. }), "{error}");
    });
    assert_eq!(report.unwrap().games_in_output, 3);
}

#[test]
fn old_and_converted_inputs_are_brought_up_to_the_present_schema() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    // As version 9 had it.
    let old = store(&place("old.db"), [game(1, 0)]);
    change(
        &old,
        "DROP TRIGGER enforce_moves_on_complete; DROP TRIGGER enforce_moves_on_insert; DROP INDEX idx_games_engine_mode;
         DROP INDEX idx_games_board_engine; DROP INDEX idx_games_opponent_type; DROP INDEX idx_games_board_opponent;
         ALTER TABLE games DROP COLUMN engine_mode; ALTER TABLE games DROP COLUMN opponent_type;
         ALTER TABLE games DROP COLUMN opponent_model_id; ALTER TABLE game_moves DROP COLUMN move_probs;
         ALTER TABLE game_moves DROP COLUMN heuristic_features; DROP TABLE orphaned_games; DROP TABLE game_choices;
         UPDATE schema_metadata SET value = '9' WHERE key = 'schema_version'",
    );
    // Moves in a list, no move rows.
    let inline = store(&place("inline.db"), [game(1, 1)]);
    change(
        &inline,
        "PRAGMA foreign_keys = OFF; DROP TRIGGER enforce_moves_on_insert; ALTER TABLE games ADD COLUMN moves TEXT;
         UPDATE games SET moves = (SELECT json_group_array(json(move_json)) FROM game_moves), parity_status = 'passed';
         DROP TABLE game_moves; DROP TABLE schema_metadata",
    );
    // Marks and tables of other tools.
    let marked = store(&place("marked.db"), [game(1, 2), game(1, 3)]);
    change(
        &marked,
        &format!(
            "ALTER TABLE games ADD COLUMN excluded_from_training INTEGER DEFAULT 0;
             UPDATE games SET excluded_from_training = 1, parity_status = 'failed' WHERE game_id = '{0}';
             ALTER TABLE games ADD COLUMN mood TEXT; CREATE TABLE cats (name TEXT);
             CREATE TABLE ts_parity_hashes (game_id TEXT NOT NULL, move_number INTEGER NOT NULL,
             ts_state_hash TEXT NOT NULL, ts_current_player INTEGER, ts_current_phase TEXT, ts_game_status TEXT,
             validated_at TEXT NOT NULL, PRIMARY KEY (game_id, move_number));
             INSERT INTO ts_parity_hashes VALUES ('{0}', 3, 'ab', 1, 'movement', 'active', '2026');
             INSERT INTO game_choices VALUES ('{0}', 3, 'line', 1, '[]', '1', 'why not');
             INSERT INTO game_nnue_features VALUES ('{0}', 3, 1, x'00', 0.5, 'square8', 7);
             UPDATE game_moves SET move_probs = '{{\"a\": 0.5}}', search_stats_json = '{{}}', engine_nodes = 9,
             heuristic_features = zeroblob(196) WHERE move_number = 5",
            id(1, 2)
        ),
    );
    let output = store(&place("merged.db"), [game(2, 0)]);
    let before = [&old, &inline, &marked].map(|path| std::fs::read(path).unwrap());
    let report = merged(&[&old, &inline, &marked], &output);
    assert_eq!(counts(&report), [4, 0, 0, 0, 0, 0], "{:#?}", report.faults);
    assert!([&old, &inline, &marked].map(|path| std::fs::read(path).unwrap()) == before);
    assert_eq!(report.sources[2].left_behind, ["column games.mood", "table cats"]);
    let mut reader = StoreReader::open(&output).unwrap();
    assert_eq!(reader.info().unwrap().schema_version, 18);
    for index in 0..4 {
        let taken = reader.game_with(&id(1, index), Parts::All).unwrap();
        assert_eq!(verify_game(&taken).differences, []);
        assert_eq!(taken.row.engine_mode.as_deref(), Some("random-only"));
        let parity = ["pending", "passed", "failed", "pending"][index as usize];
        assert_eq!(taken.row.parity_status.as_deref(), Some(parity));
    }
    let of_marked = |sql: &str| query::<i64>(&output, &format!("{sql} WHERE game_id = '{}'", id(1, 2)));
    assert_eq!(of_marked("SELECT excluded_from_training FROM games"), 1);
    for table in ["ts_parity_hashes", "game_choices", "game_nnue_features"] {
        assert_eq!(of_marked(&format!("SELECT COUNT(*) FROM {table}")), 1, "{table}");
    }
    assert_eq!(
        query::<i64>(
            &output,
            "SELECT COUNT(*) FROM game_moves WHERE move_probs IS NOT NULL AND engine_nodes = 9 AND search_stats_json = '{}' AND length(heuristic_features) = 196"
        ),
        2
    );
    let trainable = GameFilter { trainable: true, ..GameFilter::default() };
    assert_eq!(reader.ids(&trainable).unwrap().len(), 4);
}

#[test]
fn games_that_are_still_played_are_left_for_a_later_merge() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let live = store(&place("live.db"), [game(1, 0), game(1, 1)]);
    let unfinished = format!(
        "UPDATE games SET game_status = 'active', completed_at = NULL, winner = NULL, total_moves = 0
         WHERE game_id = '{}'",
        id(1, 1)
    );
    change(&live, &unfinished);
    let output = place("merged.db");
    let report = run(&options(&[&live], &output)).unwrap();
    assert_eq!(counts(&report), [1, 0, 0, 0, 0, 1]);
    std::fs::remove_file(&live).unwrap();
    store(&live, [game(1, 0), game(1, 1)]);
    assert_eq!(counts(&run(&options(&[&live], &output)).unwrap()), [1, 1, 0, 0, 0, 0]);
}

/// A limit on the size of files stands for a full device.
#[cfg(unix)]
#[test]
fn device_that_takes_no_more_leaves_the_output_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let inputs = [0..60, 60..120].map(|games| store(&place(&format!("{}.db", games.start)), games.map(|i| game(1, i))));
    let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    let output = place("merged.db");
    let command = child(&inputs, &output);
    let largest = inputs.iter().map(|path| path.metadata().unwrap().len()).max().unwrap();
    let mut shell = Command::new("sh");
    // In blocks of 512 bytes: room for a copy of each input, and not for all games.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", largest * 5 / 4 / 512);
    shell.args(["-c", &script, "sh"]).arg(command.get_program()).args(command.get_args());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let said = String::from_utf8_lossy(&shell.output().unwrap().stdout).into_owned();
    assert!(said.contains("ERROR") && said.contains("hint:"), "{said}");
    assert!(!output.exists());
    // With room again, it completes.
    let said = finish_child(&inputs, &output);
    assert!(said.contains("DONE 120"), "{said}");
}

#[cfg(unix)]
#[test]
fn folder_that_cannot_be_written_is_said() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let a = store(&folder.path().join("a.db"), [game(1, 0)]);
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(closed.join("probe"), "").is_ok() {
        eprintln!("skipped: permissions do not bind this user");
        return;
    }
    let error = run(&options(&[&a], &closed.join("merged.db"))).unwrap_err();
    assert!(error.is_environment(), "{error}");
}
