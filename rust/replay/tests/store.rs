//! What the store writes: schema, forms, derived columns, duplicates, and reading back.

use std::{collections::BTreeMap, io::Read as _, path::Path};

use flate2::read::MultiGzDecoder;
use ringrift_replay::{
    GameFilter, GameOrder, History, MoveNotes, NewGame, Parts, RecordForm, SCHEMA_VERSION, Snapshots, StateDocument,
    StoreError, StoreReader, StoreWriter, Stored, StoredGame, WriterOptions, verify_game,
};
use ringrift_rules::{BoardKind, Move, PlayerCount};
use rusqlite::Connection;
use serde_json::{Value, json};

#[path = "support/play.rs"]
mod play;
mod support;

use play::random_game;

fn writer(path: &Path, form: RecordForm) -> StoreWriter {
    StoreWriter::open(path, WriterOptions { form, ..WriterOptions::default() }).expect("a database")
}

fn read_all(path: &Path) -> Vec<StoredGame> {
    let mut reader = StoreReader::open(path).expect("a database");
    let games = reader.games(&GameFilter::default(), Parts::All).expect("a list").collect::<Result<Vec<_>, _>>();
    games.expect("whole games")
}

/// One game per board and number of players.
fn games() -> Vec<NewGame> {
    let all = BoardKind::ALL.into_iter().flat_map(|board| PlayerCount::ALL.map(|players| (board, players)));
    (0..).zip(all).map(|(i, (board, players))| random_game(board, players, 11, i, i % 2 == 0)).collect()
}

const COMPRESSED: RecordForm = RecordForm { snapshots: Snapshots::Every(0), history: History::Compressed };

#[test]
fn games_of_every_form_verify_and_have_equal_content() {
    let folder = tempfile::tempdir().unwrap();
    let (all, mut digests) = (games(), BTreeMap::new());
    let small: Vec<NewGame> = all.iter().filter(|game| game.moves.len() < 200).take(3).cloned().collect();
    let forms = [
        ("lean", RecordForm::LEAN, &all),
        ("upstream", RecordForm::UPSTREAM_LEAN, &all),
        ("full", RecordForm::FULL, &small),
        ("compressed", COMPRESSED, &small),
    ];
    for (name, form, games) in forms {
        let path = folder.path().join(name);
        let writer = writer(&path, form);
        for game in games {
            assert_eq!(writer.store(game), Ok(Stored::New));
        }
        assert_eq!(writer.close().unwrap().games, games.len() as u64);
        let stored = read_all(&path);
        assert_eq!(stored.len(), games.len());
        for (game, stored) in games.iter().zip(&stored) {
            let verified = verify_game(stored);
            assert!(verified.differences.is_empty(), "{name} {}: {:#?}", game.id, verified.differences);
            assert_eq!(verified.plies, game.moves.len());
            let replayed = stored.replay_all().unwrap();
            let moves: Vec<Move> = game.moves.iter().map(|mv| mv.mv).collect();
            assert_eq!((&replayed.moves, &replayed.start.position), (&moves, &game.start.position));
            let digest = digests.entry(game.id.clone()).or_insert_with(|| stored.content().unwrap());
            assert_eq!(*digest, stored.content().unwrap(), "{name}");
        }
    }
    assert_eq!(digests.values().collect::<std::collections::BTreeSet<_>>().len(), all.len());
}

#[test]
fn lean_game_has_one_state_after_the_first_move() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lean.db");
    let game = random_game(BoardKind::Square8, PlayerCount::Two, 3, 0, true);
    writer(&path, RecordForm::LEAN).store(&game).unwrap();
    let stored = &read_all(&path)[0];
    assert!(stored.history.is_empty() && stored.snapshots.len() == 1);
    let snapshot = &stored.snapshots[0];
    assert_eq!(snapshot.number, 0);
    let state: Value = serde_json::from_str(&snapshot.json).unwrap();
    assert_eq!((&state["moveHistory"], &state["rngSeed"]), (&json!([]), &json!(3)));
    let mut position = game.start.position.clone();
    position.make_move(game.moves[0].mv);
    assert_eq!(snapshot.hash.as_deref(), Some(position.state_hash().as_str()));
    for text in stored.moves.iter().map(|row| &row.json).chain([&snapshot.json, stored.initial_json.as_ref().unwrap()])
    {
        assert!(!text.contains("null"), "{text}");
    }
}

#[test]
fn upstream_form_has_its_snapshots_with_all_moves_so_far() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.db");
    let game = random_game(BoardKind::Hex8, PlayerCount::Three, 5, 0, true);
    writer(&path, RecordForm::FULL).store(&game).unwrap();
    let stored = &read_all(&path)[0];
    let last = game.moves.len() as i64 - 1;
    let mut expected: Vec<i64> = (19..=last).step_by(20).collect();
    if expected.last() != Some(&last) {
        expected.push(last);
    }
    assert_eq!(stored.snapshots.iter().map(|row| row.number).collect::<Vec<_>>(), expected);
    assert_eq!(stored.history.len(), game.moves.len());
    for snapshot in &stored.snapshots {
        let state: Value = serde_json::from_str(&snapshot.json).unwrap();
        let moves: Vec<String> = state["moveHistory"].as_array().unwrap().iter().map(Value::to_string).collect();
        assert!(moves.iter().eq(stored.moves[..=snapshot.number as usize].iter().map(|row| &row.json)));
        assert_eq!(state.as_object().unwrap().len(), 33);
    }
}

#[test]
fn columns_are_derived_from_the_game() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    let mut game = random_game(BoardKind::Square8, PlayerCount::Two, 21, 0, true);
    game.moves[1].notes = Some(Box::new(MoveNotes {
        move_probs: Some(json!({"a": 0.5})),
        heuristic_features: Some(vec![0; 196]),
        engine_depth: Some(3),
        ..MoveNotes::default()
    }));
    writer(&path, RecordForm::LEAN).store(&game).unwrap();
    let stored = &read_all(&path)[0];
    let row = &stored.row;
    assert_eq!((row.id.as_str(), row.board.as_str(), row.num_players), (game.id.as_str(), "square8", 2));
    assert_eq!((row.rng_seed, row.status.as_str(), row.schema_version), (Some(21), "completed", Some(18)));
    assert_eq!((row.source.as_deref(), row.engine_mode.as_deref()), (Some("soak_test"), Some("random-only")));
    assert_eq!(row.parity_status.as_deref(), Some("pending"));
    assert_eq!(row.completed_at, game.moves.last().unwrap().timestamp);
    assert_eq!(row.duration_ms, Some((game.moves.len() as i64 * 12_345) / 1000));
    assert!(row.metadata_json.as_ref().unwrap().starts_with("{\"difficulty_band\": \"canonical\", \"engine_mode\": "));
    for player in &stored.players {
        assert_eq!((player.ai_type.as_deref(), player.ai_difficulty), (Some("random"), Some(1)));
    }
    assert_eq!(stored.moves[1].move_probs.as_deref(), Some("{\"a\": 0.5}"));
    assert_eq!(stored.moves[1].heuristic_features.as_ref().unwrap().len(), 196);
    assert_eq!(stored.moves[0].move_probs, None);
}

#[test]
fn same_game_is_stored_once_and_another_of_its_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    let game = random_game(BoardKind::Square8, PlayerCount::Two, 1, 0, true);
    let mut later = random_game(BoardKind::Square8, PlayerCount::Two, 1, 0, false);
    later.start.envelope.created_at = "2030-01-01T00:00:00".into();
    let other = NewGame { id: game.id.clone(), ..random_game(BoardKind::Square8, PlayerCount::Two, 1, 1, true) };
    let first = writer(&path, RecordForm::LEAN);
    assert_eq!(first.store(&game), Ok(Stored::New));
    assert_eq!(first.store(&later), Ok(Stored::AlreadyThere));
    drop(first);
    let second = writer(&path, RecordForm::UPSTREAM_LEAN);
    assert_eq!(second.store(&game), Ok(Stored::AlreadyThere));
    let error = second.store(&other).unwrap_err();
    assert!(matches!(&error, StoreError::Duplicate { game: name, .. } if *name == game.id), "{error}");
    // The writer goes on after a game that it refused.
    assert_eq!(second.store(&random_game(BoardKind::Square8, PlayerCount::Two, 1, 2, true)), Ok(Stored::New));
    let summary = second.close().unwrap();
    assert_eq!((summary.games, summary.already_there), (1, 1));
    assert_eq!(read_all(&path).len(), 2);
}

#[test]
fn unstorable_games_are_refused_with_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder.path().join("games.db"), RecordForm::LEAN);
    let game = random_game(BoardKind::Square8, PlayerCount::Two, 1, 0, true);
    let short = NewGame { moves: game.moves[..4].to_vec(), ..game.clone() };
    let mut illegal = game.clone();
    illegal.moves.swap(0, 1);
    let mut timeless = game.clone();
    timeless.moves[3].timestamp = Some("yesterday".into());
    let nameless = NewGame { id: String::new(), ..game };
    for (game, said) in
        [(&short, "4 moves"), (&illegal, "ply 0: illegal move"), (&timeless, "yesterday"), (&nameless, "name")]
    {
        let text = writer.store(game).unwrap_err().to_string();
        assert!(text.contains(said) && text.contains("\nhint: "), "{text}");
    }
    assert_eq!(writer.close().unwrap().games, 0);
}

#[test]
fn unfinished_game_keeps_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    let mut game = random_game(BoardKind::Square8, PlayerCount::Two, 1, 0, true);
    game.moves.truncate(30);
    game.metadata.remove("termination_reason");
    writer(&path, RecordForm::LEAN).store(&game).unwrap();
    let stored = &read_all(&path)[0];
    assert_eq!((stored.row.status.as_str(), stored.row.winner, stored.moves.len()), ("active", None, 30));
    assert_eq!(verify_game(stored).differences, []);
    let mut reader = StoreReader::open(&path).unwrap();
    let completed = GameFilter { status: Some("completed".into()), ..GameFilter::default() };
    assert_eq!(reader.ids(&completed), Ok(Vec::new()));
}

#[test]
fn many_threads_share_a_writer_and_its_commits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    let writer = writer(&path, RecordForm::LEAN);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let writer = &writer;
            scope.spawn(move || {
                let games =
                    (0..25).map(|i| random_game(BoardKind::Square8, PlayerCount::Two, 9, 4 * i + thread, false));
                let acks: Vec<_> =
                    games.map(|game| writer.submit(game.encode(writer.form()).unwrap()).unwrap()).collect();
                for ack in acks {
                    assert_eq!(ack.wait(), Ok(Stored::New));
                }
            });
        }
    });
    let summary = writer.close().unwrap();
    assert_eq!(summary.games, 100);
    let mut reader = StoreReader::open(&path).unwrap();
    let mut ids = reader.ids(&GameFilter::default()).unwrap();
    ids.sort_unstable();
    let expected: Vec<String> = (0..100).map(|i| ringrift_replay::game_id("run 9", i)).collect();
    assert_eq!(ids, expected);
    assert!(!path.with_file_name("games.db-wal").exists(), "closing empties the log");
}

#[test]
fn filters_choose_games() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    let writer = writer(&path, RecordForm::LEAN);
    let all = games();
    for game in &all {
        assert_eq!(writer.store(game), Ok(Stored::New));
    }
    drop(writer);
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE games SET parity_status = 'non_canonical_history' WHERE rowid = 1", [])
        .unwrap();
    let mut reader = StoreReader::open(&path).unwrap();
    let mut count = |filter: GameFilter| reader.ids(&filter).unwrap().len();
    let any = GameFilter::default();
    assert_eq!(count(any.clone()), 12);
    assert_eq!(count(GameFilter { board: Some("hex8".into()), ..any.clone() }), 3);
    assert_eq!(count(GameFilter { num_players: Some(3), ..any.clone() }), 4);
    assert_eq!(count(GameFilter { limit: Some(5), ..any.clone() }), 5);
    assert_eq!(count(GameFilter { trainable: true, ..any.clone() }), 11);
    assert_eq!(count(GameFilter { moves_min: Some(5), moves_max: Some(100_000), ..any.clone() }), 12);
    assert_eq!(count(GameFilter { ids: vec![all[3].id.clone(), "no".into()], ..any.clone() }), 1);
    assert_eq!(count(GameFilter { source: Some("soak_test".into()), winner: Some(9), ..any.clone() }), 0);
    assert_eq!(count(GameFilter { engine_mode: Some("random-only".into()), ..any.clone() }), 12);
    let ended = ["elimination", "territory", "lps", "stalemate"]
        .map(|reason| count(GameFilter { reason: Some(reason.into()), ..any.clone() }));
    assert_eq!(ended.iter().sum::<usize>(), 12);
}

#[test]
fn games_come_in_the_order_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    let writer = writer(&path, RecordForm::LEAN);
    let mut all: Vec<NewGame> =
        (0..5).map(|i| random_game(BoardKind::Square8, PlayerCount::Two, 3, i, false)).collect();
    for (game, day) in all.iter_mut().zip([2, 9, 4, 9, 1]) {
        game.start.envelope.created_at = format!("2026-01-0{day}T00:00:00");
        assert_eq!(writer.store(game), Ok(Stored::New));
    }
    drop(writer);
    let mut reader = StoreReader::open(&path).unwrap();
    let mut order = |order, limit| {
        let filter = GameFilter { order, limit, ..GameFilter::default() };
        let read = reader.games(&filter, Parts::Moves).unwrap().map(|game| game.unwrap().row.id);
        let read: Vec<usize> = read.map(|id| all.iter().position(|game| game.id == id).unwrap()).collect();
        let ids: Vec<String> = read.iter().map(|&i| all[i].id.clone()).collect();
        assert_eq!(reader.ids(&filter), Ok(ids));
        read
    };
    assert_eq!(order(GameOrder::Stored, None), [0, 1, 2, 3, 4]);
    assert_eq!(order(GameOrder::NewestFirst, None), [3, 1, 2, 0, 4]);
    assert_eq!(order(GameOrder::NewestFirst, Some(3)), [3, 1, 2]);
}

/// Everything that SQLite knows of a table or index, but for the text of its definition.
fn schema(connection: &Connection) -> BTreeMap<String, Vec<Vec<String>>> {
    let list = |sql: &str| -> Vec<Vec<String>> {
        let mut statement = connection.prepare(sql).expect("a readable schema");
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            (0..columns).map(|i| row.get_ref(i).map(|value| format!("{value:?}"))).collect::<Result<Vec<_>, _>>()
        };
        statement.query_map([], row).expect("a readable schema").collect::<Result<_, _>>().expect("a readable schema")
    };
    let mut objects: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    let names: Vec<(String, String)> = connection
        .prepare("SELECT type, name FROM sqlite_master")
        .expect("a readable schema")
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("a readable schema")
        .collect::<Result<_, _>>()
        .expect("a readable schema");
    for (kind, name) in names {
        let facts = match kind.as_str() {
            "table" => {
                let mut facts = list(&format!("PRAGMA table_xinfo({name})"));
                facts.extend(list(&format!("PRAGMA foreign_key_list({name})")));
                let mut indexes =
                    list(&format!("SELECT name, \"unique\", origin, partial FROM pragma_index_list('{name}')"));
                indexes.sort();
                facts.extend(indexes);
                facts
            }
            "index" => list(&format!("PRAGMA index_xinfo({name})")),
            _ => Vec::new(),
        };
        objects.insert(format!("{kind} {name}"), facts);
    }
    objects
}

#[test]
fn schema_is_that_of_upstream() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours.db"), folder.path().join("theirs.db"));
    drop(writer(&ours, RecordForm::LEAN));
    let file = std::fs::File::open(support::repository().join("tests/data/dbs/hex8_3p_random.db.gz")).unwrap();
    let mut bytes = Vec::new();
    MultiGzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    std::fs::write(&theirs, bytes).unwrap();
    let [ours, theirs] = [ours, theirs].map(|path| Connection::open(path).unwrap());
    let (expected, got) = (schema(&theirs), schema(&ours));
    assert_eq!(got.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    assert_eq!(got, expected);
    for pragma in ["page_size", "auto_vacuum", "encoding", "user_version", "application_id", "journal_mode"] {
        let value = |connection: &Connection| {
            connection
                .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get_ref(0).map(|value| format!("{value:?}")))
        };
        assert_eq!(value(&ours), value(&theirs), "{pragma}");
    }
    // The triggers act alike.
    for connection in [&ours, &theirs] {
        let insert = "INSERT INTO games (game_id, board_type, num_players, created_at, game_status, total_moves,
                      total_turns, schema_version) VALUES (?1, 'hex8', 2, '', ?2, ?3, 0, 18)";
        assert!(connection.execute(insert, rusqlite::params!["a", "completed", 9]).is_err());
        assert!(connection.execute(insert, rusqlite::params!["b", "in_progress", 4]).is_ok());
        assert!(connection.execute("UPDATE games SET game_status = 'finished' WHERE game_id = 'b'", []).is_err());
        let update = "UPDATE games SET game_status = 'completed', total_moves = 5 WHERE game_id = 'b'";
        assert!(connection.execute(update, []).is_ok());
    }
}

#[test]
fn initial_state_may_be_absent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.db");
    let mut game = random_game(BoardKind::Square8, PlayerCount::Three, 1, 0, true);
    game.start = StateDocument { envelope: game.start.envelope, ..StateDocument::new(game.start.position.clone()) };
    writer(&path, RecordForm::LEAN).store(&game).unwrap();
    Connection::open(&path).unwrap().execute("DELETE FROM game_initial_state", []).unwrap();
    let stored = &read_all(&path)[0];
    assert_eq!(stored.replay_all().unwrap().moves.len(), game.moves.len());
    let verified = verify_game(stored);
    assert_eq!(verified.differences.len(), 1);
    assert_eq!(verified.differences[0].field, "initial state");
    assert_eq!(SCHEMA_VERSION, 18);
}
