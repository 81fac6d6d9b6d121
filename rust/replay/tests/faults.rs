//! Faults: killed writers, full and locked databases, damaged and foreign files, torn games.

use std::{
    collections::{BTreeSet, VecDeque},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use ringrift_replay::{
    Ack, GameFilter, NewGame, Parts, StoreError, StoreReader, StoreWriter, Stored, WriterOptions, game_id, verify_game,
};
use ringrift_rules::{BoardKind, PlayerCount};
use rusqlite::Connection;

#[path = "support/play.rs"]
mod play;

const SEED: u64 = 40;

/// Tells the child where to write; its value is the path of the database.
const CHILD_PATH: &str = "RINGRIFT_TEST_STORE_CHILD";
/// How many games the child has to complete.
const CHILD_GAMES: &str = "RINGRIFT_TEST_STORE_GAMES";

fn game(index: u64) -> NewGame {
    play::random_game(BoardKind::Square8, PlayerCount::Two, SEED, index, index.is_multiple_of(2))
}

fn id(index: u64) -> String {
    game_id(&format!("run {SEED}"), index)
}

fn open(path: &Path) -> StoreWriter {
    StoreWriter::open(path, WriterOptions::default()).expect("a database")
}

fn impatient() -> WriterOptions {
    WriterOptions { busy_timeout: Duration::from_millis(50), ..WriterOptions::default() }
}

fn ids(path: &Path) -> Vec<String> {
    StoreReader::open(path).expect("a database").ids(&GameFilter::default()).expect("a list")
}

/// Stores the games that are missing, and says which are acknowledged. Runs in a process of its own, which is killed.
#[test]
#[ignore = "started by other tests"]
fn child_that_stores_games() {
    let Some(path) = std::env::var_os(CHILD_PATH).map(PathBuf::from) else { return };
    let games: u64 = std::env::var(CHILD_GAMES).unwrap().parse().unwrap();
    let writer = open(&path);
    let present: BTreeSet<String> = ids(&path).into_iter().collect();
    let mut waiting: VecDeque<(String, Ack)> = VecDeque::new();
    let report = |(id, ack): (String, Ack)| {
        let line = match ack.wait() {
            Ok(_) => format!("ACK {id}\n"),
            Err(error) => format!("ERROR {}\n", error.to_string().replace('\n', " ")),
        };
        // Not through the test harness, which would keep the text back.
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_ok()
    };
    for index in (0..games).filter(|&index| !present.contains(&id(index))) {
        waiting.push_back((id(index), writer.submit(game(index).encode(writer.form()).unwrap()).unwrap()));
        if waiting.len() > 16 && !waiting.pop_front().is_none_or(&report) {
            return;
        }
    }
    for answer in waiting {
        report(answer);
    }
    writer.close().unwrap();
    println!("DONE");
}

/// The command that runs this test binary as the child.
fn child(path: &Path, games: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the path of this binary"));
    command.args(["--exact", "child_that_stores_games", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(CHILD_PATH, path).env(CHILD_GAMES, games.to_string());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn acknowledged(line: &str) -> Option<String> {
    line.split_once("ACK ").map(|(_, id)| id.to_owned())
}

#[test]
fn killed_writers_lose_no_acknowledged_game() {
    // 20 kills are quick; `RINGRIFT_KILLS=200` is the long test.
    let kills: u64 = std::env::var("RINGRIFT_KILLS").map_or(20, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    let mut safe = BTreeSet::new();
    let mut random = SEED;
    for kill in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (acks, micros) = (random >> 33 & 31, random >> 40 & 0x7fff);
        let mut process = child(&path, u64::MAX).spawn().unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (send, receive) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            out.lines().map_while(Result::ok).for_each(|line| drop(send.send(line)));
        });
        // Killed some microseconds after it acknowledged so many games, or before its first.
        let mut lines: Vec<String> = receive.iter().take(acks as usize).collect();
        lines.extend(receive.recv_timeout(Duration::from_micros(micros)));
        process.kill().unwrap();
        process.wait().unwrap();
        reader.join().unwrap();
        lines.extend(receive.try_iter());
        safe.extend(lines.iter().filter_map(|line| acknowledged(line)));
        assert!(!lines.iter().any(|line| line.contains("ERROR")), "{lines:?}");
        if !path.exists() {
            assert!(safe.is_empty());
            continue;
        }
        let mut reader = match StoreReader::open(&path) {
            Ok(reader) => reader,
            // Killed before the tables were there.
            Err(StoreError::NotAStore { .. }) if safe.is_empty() => continue,
            Err(error) => panic!("after kill {kill}: {error}"),
        };
        assert_eq!(reader.integrity_faults(), Ok(Vec::new()), "after kill {kill}");
        let stored = reader.ids(&GameFilter::default()).unwrap();
        let present: BTreeSet<String> = stored.iter().cloned().collect();
        assert_eq!(present.len(), stored.len(), "no game is there twice");
        assert!(safe.is_subset(&present), "after kill {kill}: lost {:?}", safe.difference(&present));
    }
    // A run that is left alone completes the set, and the games are those of a run that was never killed.
    let total = ids(&path).len() as u64 + 5;
    let output = child(&path, total).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("DONE"));
    let mut reader = StoreReader::open(&path).unwrap();
    let mut stored = ids(&path);
    stored.sort_unstable();
    assert_eq!(stored, (0..total).map(id).collect::<Vec<_>>());
    let smooth = folder.path().join("smooth.db");
    let writer = open(&smooth);
    let acks: Vec<Ack> = (0..total).map(|i| writer.submit(game(i).encode(writer.form()).unwrap()).unwrap()).collect();
    for ack in acks {
        assert_eq!(ack.wait(), Ok(Stored::New));
    }
    drop(writer);
    let mut expected = StoreReader::open(&smooth).unwrap();
    for id in &stored {
        let game = reader.game_with(id, Parts::All).unwrap();
        assert_eq!(game.content().unwrap(), expected.game(id).unwrap().content().unwrap());
        assert_eq!(verify_game(&game).differences, []);
    }
    eprintln!("{kills} kills, {} games acknowledged before them, {total} in the end", safe.len());
}

/// A limit on the size of files stands for a full device.
#[cfg(unix)]
#[test]
fn device_that_takes_no_more_loses_no_acknowledged_game() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    let command = child(&path, 400);
    let mut shell = Command::new("sh");
    // Files end at 4 MiB or 8 MiB, as the shell counts blocks; the signal that would end the process is ignored. The child
    // has at most 17 games in flight, 2 MB in the log: its first group fits however slow the device is, and 400 do not.
    shell.args(["-c", "trap '' XFSZ; ulimit -f 8192; exec \"$@\"", "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let safe: BTreeSet<String> = text.lines().filter_map(acknowledged).collect();
    assert!(text.contains("ERROR") && text.contains("hint:") && !safe.is_empty(), "{text}");
    let mut reader = StoreReader::open(&path).unwrap();
    assert_eq!(reader.integrity_faults(), Ok(Vec::new()));
    let present: BTreeSet<String> = reader.ids(&GameFilter::default()).unwrap().into_iter().collect();
    assert!(safe.is_subset(&present));
    // With room again, the run completes.
    assert!(String::from_utf8_lossy(&child(&path, 400).output().unwrap().stdout).contains("DONE"));
    assert_eq!(ids(&path).len(), 400);
}

#[test]
fn full_database_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    let writer = StoreWriter::open(&path, WriterOptions { pages_max: Some(300), ..WriterOptions::default() }).unwrap();
    let mut stored = 0;
    let error = loop {
        match writer.store(&game(stored)) {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, StoreError::Full { path: path.clone() });
    assert!(error.to_string().contains("games acknowledged before are safe"));
    assert!(writer.store(&game(stored)).is_err(), "it stays full, and says so again");
    assert_eq!(writer.close().unwrap().games, stored);
    assert_eq!(ids(&path), (0..stored).map(id).collect::<Vec<_>>());
    // Room is found.
    let writer = open(&path);
    assert_eq!(writer.store(&game(stored)), Ok(Stored::New));
}

#[test]
fn locked_database_is_an_error_after_the_wait_and_works_when_free() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    open(&path).store(&game(0)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = StoreError::Locked { path: path.clone(), waited_ms: 50 };
    assert_eq!(StoreWriter::open(&path, impatient()).unwrap_err(), locked);
    other.execute_batch("COMMIT").unwrap();
    let writer = StoreWriter::open(&path, impatient()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(writer.store(&game(1)), Err(locked));
    // Readers do not mind.
    assert_eq!(ids(&path), [id(0)]);
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(writer.store(&game(1)), Ok(Stored::New));
    assert_eq!(ids(&path), [id(0), id(1)]);
}

#[test]
fn reader_sees_games_that_are_added_while_it_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    open(&path).store(&game(0)).unwrap();
    let before = std::fs::read(&path).unwrap();
    let mut reader = StoreReader::open(&path).unwrap();
    assert_eq!(reader.info().unwrap().games, 1);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no file beside the database");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let writer = open(&path);
    writer.store(&game(1)).unwrap();
    assert_eq!(reader.info().unwrap().games, 2);
    writer.close().unwrap();
    assert_eq!(reader.info().unwrap().games, 2);
    open(&path).store(&game(2)).unwrap();
    assert_eq!(reader.game(&id(2)).unwrap().moves.len(), game(2).moves.len());
}

#[test]
fn foreign_files_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    std::fs::write(place("text"), "once upon a time\n").unwrap();
    std::fs::write(place("packed"), [0x1f, 0x8b, 8, 0]).unwrap();
    Connection::open(place("other")).unwrap().execute_batch("CREATE TABLE cats (name TEXT)").unwrap();
    Connection::open(place("half")).unwrap().execute_batch("CREATE TABLE games (game_id TEXT)").unwrap();
    for (name, version) in [("newer", "19"), ("odd", "eighteen"), ("zero", "0")] {
        drop(open(&place(name)));
        let set = "UPDATE schema_metadata SET value = ?1 WHERE key = 'schema_version'";
        Connection::open(place(name)).unwrap().execute(set, [version]).unwrap();
    }
    std::fs::create_dir(place("folder")).unwrap();
    let cases = [
        ("text", "is not an SQLite database"),
        ("packed", "is it still compressed"),
        ("other", "lacks table games, table game_moves"),
        ("half", "lacks table game_moves, column games.board_type"),
        ("newer", "schema version 19"),
        ("odd", "schema version eighteen"),
        ("zero", "schema version 0"),
        ("folder", "it is a folder"),
    ];
    for (name, said) in cases {
        let before = std::fs::read(place(name)).ok();
        let errors =
            [StoreReader::open(&place(name)).err(), StoreWriter::open(&place(name), WriterOptions::default()).err()];
        for error in errors {
            let text = error.unwrap_or_else(|| panic!("{name} was opened")).to_string();
            assert!(text.contains(said) && text.contains("\nhint: "), "{name}: {text}");
        }
        assert_eq!(std::fs::read(place(name)).ok(), before, "{name} was changed");
    }
    assert_eq!(StoreReader::open(&place("none")).unwrap_err(), StoreError::Missing { path: place("none") });
    let inside = place("text").join("games.db");
    assert!(matches!(StoreWriter::open(&inside, WriterOptions::default()), Err(StoreError::CannotOpen { .. })));
    // An empty file becomes a database, and a folder that is missing is made.
    std::fs::write(place("empty"), "").unwrap();
    assert!(matches!(StoreReader::open(&place("empty")), Err(StoreError::NotAStore { .. })));
    drop(open(&place("empty")));
    drop(open(&place("new").join("games.db")));
    assert_eq!(ids(&place("empty")), Vec::<String>::new());
}

#[test]
fn damaged_pages_are_reported_and_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    let writer = open(&path);
    (0..4).for_each(|index| assert_eq!(writer.store(&game(index)), Ok(Stored::New)));
    drop(writer);
    let whole = std::fs::read(&path).unwrap();
    let (mut reported, broken) = (0, folder.path().join("broken.db"));
    for page in 0..whole.len() / 4096 {
        let mut bytes = whole.clone();
        // The first page is that of the file header; what follows it holds the schema.
        let from = page * 4096 + if page == 0 { 100 } else { 0 };
        bytes[from..from + 600].iter_mut().enumerate().for_each(|(i, byte)| *byte = (i * 37 + page) as u8);
        std::fs::write(&broken, bytes).unwrap();
        let faults = StoreReader::open(&broken).and_then(|mut reader| {
            let faults = reader.integrity_faults()?;
            for id in reader.ids(&GameFilter::default())? {
                verify_game(&reader.game_with(&id, Parts::All)?);
            }
            Ok(faults.len())
        });
        match faults {
            Ok(count) => reported += usize::from(count > 0),
            Err(error) => {
                assert!(error.to_string().contains("\nhint: "), "{error}");
                reported += 1;
            }
        }
    }
    assert!(reported * 10 > whole.len() / 4096 * 9, "{reported} of {} pages", whole.len() / 4096);
    std::fs::write(&broken, &whole[..whole.len() / 2]).unwrap();
    let error = StoreReader::open(&broken).and_then(|mut reader| reader.game(&id(3))).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn torn_games_are_named_and_the_others_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    let writer = open(&path);
    (0..6).for_each(|index| assert_eq!(writer.store(&game(index)), Ok(Stored::New)));
    drop(writer);
    let connection = Connection::open(&path).unwrap();
    let damage = [
        "DELETE FROM game_moves WHERE game_id = ?1 AND move_number = 7",
        "DELETE FROM game_moves WHERE game_id = ?1 AND move_number > 50",
        "UPDATE game_moves SET move_json = substr(move_json, 1, 40) WHERE game_id = ?1 AND move_number = 3",
        "UPDATE game_initial_state SET initial_state_json = '{\"id\": 1}' WHERE game_id = ?1",
        "UPDATE game_initial_state SET compressed = 1 WHERE game_id = ?1",
    ];
    for (index, sql) in (0..).zip(damage) {
        assert!(connection.execute(sql, [id(index)]).unwrap() > 0);
    }
    drop(connection);
    let mut reader = StoreReader::open(&path).unwrap();
    let said = ["it should have", "it should have", "move 3: ", "initial state: ", "initial state: neither gzip"];
    for (index, said) in (0..).zip(said) {
        let error = reader.game(&id(index)).and_then(|game| game.replay_all()).unwrap_err();
        let text = error.to_string();
        assert!(
            matches!(error, StoreError::TornGame { .. }) && text.contains(said) && text.contains("\nhint: "),
            "{text}"
        );
        if let Ok(game) = reader.game_with(&id(index), Parts::All) {
            assert!(!verify_game(&game).differences.is_empty());
        }
    }
    assert_eq!(reader.game(&id(5)).unwrap().end().unwrap().state_hash().len(), 16);
    let error = reader.game("none").unwrap_err();
    assert_eq!(error, StoreError::NoSuchGame { path, game: "none".into() });
}

#[cfg(unix)]
#[test]
fn database_without_write_permission_can_be_read_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    open(&path).store(&game(0)).unwrap();
    let set = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    set(&path, 0o444);
    set(folder.path(), 0o555);
    if std::fs::write(folder.path().join("probe"), "").is_ok() {
        eprintln!("skipped: permissions do not bind this user");
        return;
    }
    let error = StoreWriter::open(&path, WriterOptions::default()).unwrap_err();
    assert!(error.is_environment(), "{error}");
    assert_eq!(ids(&path), [id(0)]);
    set(folder.path(), 0o755);
}
