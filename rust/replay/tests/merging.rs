//! Merging: what is taken, what is not, and that nothing is lost either way.

use std::{
    collections::HashSet,
    io::Read as _,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use flate2::read::MultiGzDecoder;
use ringrift_replay::{
    Ack, GameFilter, MergeError, MergeOptions, MergeReport, NewGame, OnConflict, Parts, RecordForm, StoreError,
    StoreReader, StoreWriter, Stored, WriterOptions, game_id, merge, verify_game,
};
use ringrift_rules::{BoardKind, PlayerCount};
use rusqlite::Connection;
use serde_json::Value;

#[path = "support/play.rs"]
mod play;
mod support;

fn game(seed: u64, index: u64) -> NewGame {
    play::random_game(BoardKind::Square8, PlayerCount::Two, seed, index, index.is_multiple_of(2))
}

fn id(seed: u64, index: u64) -> String {
    game_id(&format!("run {seed}"), index)
}

/// A database with these games.
fn store(path: &Path, games: impl IntoIterator<Item = NewGame>) -> PathBuf {
    let writer = StoreWriter::open(path, WriterOptions::default()).expect("a database");
    let acks: Vec<Ack> = games
        .into_iter()
        .map(|game| game.encode(RecordForm::LEAN).and_then(|game| writer.submit(game)).expect("a game"))
        .collect();
    acks.into_iter().for_each(|ack| assert_eq!(ack.wait(), Ok(Stored::New)));
    writer.close().expect("a clean end");
    path.to_owned()
}

fn change(path: &Path, sql: &str) {
    let connection = Connection::open(path).expect("a database");
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn run(options: &MergeOptions) -> Result<MergeReport, MergeError> {
    merge(options, &AtomicBool::new(false), &mut |_| {})
}

/// Merges with the defaults, and any share of rejects.
fn merged(inputs: &[&Path], output: &Path) -> MergeReport {
    let inputs = inputs.iter().map(|path| path.to_path_buf()).collect();
    let options = MergeOptions { max_reject_share: 1.0, ..MergeOptions::new(inputs, output.to_owned()) };
    run(&options).unwrap_or_else(|error| panic!("{error}"))
}

fn ids(path: &Path) -> Vec<String> {
    StoreReader::open(path).expect("a database").ids(&GameFilter::default()).expect("a list")
}

/// New, duplicate, duplicate by content, conflict, rejected, skipped.
fn counts(report: &MergeReport) -> [u64; 6] {
    let total = &report.total;
    [total.new, total.duplicate, total.duplicate_content, total.conflict, total.rejected, total.skipped]
}

fn query<T: rusqlite::types::FromSql>(path: &Path, sql: &str) -> T {
    let connection = Connection::open(path).expect("a database");
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Every row of every table of replay databases, as text, but for those that merging adds.
fn rows(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).expect("a database");
    let list = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).expect("a statement");
        let columns = statement.column_count();
        let text = |row: &rusqlite::Row<'_>| {
            (0..columns).map(|i| row.get_ref(i).map(|value| format!("{value:?}"))).collect::<Result<Vec<_>, _>>()
        };
        let rows = statement.query_map([], |row| text(row).map(|fields| fields.join("|"))).expect("rows");
        rows.collect::<Result<_, _>>().expect("rows")
    };
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'rr_%' ORDER BY name";
    let mut statement = connection.prepare(tables).expect("a statement");
    let names: Vec<String> =
        statement.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("rows");
    let mut all = Vec::new();
    for table in names {
        let mut rows = list(&format!("SELECT * FROM {table}"));
        rows.sort();
        all.extend(rows.into_iter().map(|row| format!("{table}|{row}")));
    }
    all
}

/// Unpacks a database that upstream wrote.
fn unpack(file: &Path, folder: &Path) -> PathBuf {
    let path = folder.join(file.file_stem().expect("a name"));
    let mut bytes = Vec::new();
    let packed = std::fs::File::open(file).expect("a readable file");
    MultiGzDecoder::new(packed).read_to_end(&mut bytes).expect("gzip");
    std::fs::write(&path, bytes).expect("room for a database");
    path
}

fn databases(folder: &Path, place: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a folder entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(".db.gz")).collect();
    files.sort();
    files.iter().map(|file| unpack(file, place)).collect()
}

/// Merges all databases of upstream in a folder, and compares every row.
fn merge_databases(folder: &Path) -> MergeReport {
    let place = tempfile::tempdir().expect("a folder");
    let inputs = databases(folder, place.path());
    let before: Vec<Vec<u8>> = inputs.iter().map(|path| std::fs::read(path).expect("a file")).collect();
    let output = place.path().join("merged.db");
    let report = merged(&inputs.iter().map(PathBuf::as_path).collect::<Vec<_>>(), &output);
    assert_eq!(report.total.rejected, 0, "{:#?}", report.faults);
    for (path, before) in inputs.iter().zip(&before) {
        assert!(std::fs::read(path).expect("a file") == *before, "{} was written to", path.display());
    }
    assert_eq!(std::fs::read_dir(place.path()).expect("a folder").count(), inputs.len() + 1, "no file is left over");
    let mut reader = StoreReader::open(&output).expect("a database");
    assert_eq!(reader.integrity_faults(), Ok(Vec::new()));
    // Every row of every input is there as it was, unless its game was there already.
    let taken: HashSet<String> = rows(&output).into_iter().collect();
    let mut missing = 0;
    for input in &inputs {
        let rows = rows(input);
        missing += rows.iter().filter(|row| !taken.contains(*row)).count();
    }
    assert!(missing == 0 || report.total.duplicate > 0, "{missing} rows are missing");
    assert_eq!(report.games_in_output, report.total.new);
    report
}

#[test]
fn sample_of_databases_is_merged_row_by_row() {
    let report = merge_databases(&support::repository().join("tests/data/dbs"));
    assert_eq!(counts(&report), [7, 0, 0, 0, 0, 0]);
}

#[test]
fn all_databases_are_merged() {
    let Some(folder) = support::parity("dbs") else { return };
    let report = merge_databases(&folder);
    // One of them is a copy of another, with probabilities of moves.
    assert_eq!((report.total.new, report.total.duplicate), (20, 3));
}

#[test]
fn duplicates_are_dropped_by_name_and_by_content() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let a = store(&place("a.db"), (0..4).map(|i| game(1, i)));
    let other_form = WriterOptions { form: RecordForm::UPSTREAM_LEAN, ..WriterOptions::default() };
    let writer = StoreWriter::open(&place("b.db"), other_form).unwrap();
    // The same games in another form, one of them under another name.
    for index in 2..6 {
        let mut again = game(1, index);
        if index == 3 {
            again.id = "another name".into();
        }
        assert_eq!(writer.store(&again), Ok(Stored::New));
    }
    drop(writer);
    let output = place("merged.db");
    let report = merged(&[&a, &place("b.db")], &output);
    assert_eq!(counts(&report), [6, 1, 1, 0, 0, 0]);
    assert_eq!(ids(&output), (0..6).map(|i| id(1, i)).collect::<Vec<_>>());
    let per_source: Vec<u64> = report.sources.iter().map(|source| source.counts.new).collect();
    assert_eq!(per_source, [4, 2]);
    // Merging again adds nothing, whether into a new output or the same.
    let before = rows(&output);
    let report = merged(&[&a, &place("b.db")], &output);
    assert_eq!((counts(&report), report.created, report.games_in_output), ([0, 7, 1, 0, 0, 0], false, 6));
    assert_eq!(rows(&output), before);
}

#[test]
fn merge_adds_to_an_output_that_self_play_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let output = store(&place("games.db"), (0..3).map(|i| game(1, i)));
    let mut renamed = game(1, 2);
    renamed.id = "another name".into();
    let input = store(&place("b.db"), [renamed, game(1, 1), game(1, 7)]);
    let before = rows(&output);
    let report = merged(&[&input], &output);
    assert_eq!((counts(&report), report.created, report.games_in_output), ([1, 1, 1, 0, 0, 0], false, 4));
    let after = rows(&output);
    assert!(before.iter().all(|row| after.contains(row)));
    assert!(rows(&input).iter().filter(|row| row.contains(&id(1, 7))).all(|row| after.contains(row)));
    assert_eq!(StoreReader::open(&output).unwrap().integrity_faults(), Ok(Vec::new()));
    assert_eq!(query::<i64>(&output, "SELECT COUNT(*) FROM rr_merged_games WHERE source IS NULL"), 3);
    // Stragglers of a game that is gone do not stand in the way.
    change(&output, &format!("PRAGMA foreign_keys = OFF; DELETE FROM games WHERE game_id = '{}'", id(1, 7)));
    assert_eq!(counts(&merged(&[&input], &output)), [1, 1, 1, 0, 0, 0]);
    assert_eq!(rows(&output), after);
}

#[test]
fn other_game_of_a_name_is_kept_aside_or_renamed() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let a = store(&place("a.db"), [game(1, 0), game(1, 1)]);
    let impostor = NewGame { id: id(1, 0), ..game(2, 0) };
    let b = store(&place("b.db"), [impostor]);
    let output = place("skip.db");
    let report = merged(&[&a, &b], &output);
    assert_eq!(counts(&report), [2, 0, 0, 1, 0, 0]);
    assert_eq!((report.faults[0].kind.as_str(), report.faults[0].game_id.as_str()), ("conflict", id(1, 0).as_str()));
    assert_eq!(query::<String>(&output, "SELECT kind FROM rr_quarantine"), "conflict");
    // All rows are there, and say the same again.
    let packed: Vec<u8> = query(&output, "SELECT rows FROM rr_quarantine");
    let mut text = String::new();
    MultiGzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    let kept: Value = serde_json::from_str(&text).unwrap();
    let moves = kept["game_moves"].as_array().unwrap();
    assert_eq!(moves.len(), game(2, 0).moves.len());
    assert_eq!(
        moves[3]["move_json"].as_str().unwrap(),
        query::<String>(&b, "SELECT move_json FROM game_moves WHERE move_number = 3")
    );
    assert!(kept["games"][0]["metadata_json"].is_string() && kept["game_players"].as_array().unwrap().len() == 2);

    let output = place("rename.db");
    let rename = |inputs: Vec<PathBuf>, dedupe| MergeOptions {
        on_conflict: OnConflict::Rename,
        dedupe_by_game_id: dedupe,
        ..MergeOptions::new(inputs, output.clone())
    };
    let report = run(&rename(vec![a.clone(), b.clone()], false)).unwrap();
    assert_eq!((counts(&report), report.total.renamed), ([3, 0, 0, 0, 0, 0], 1));
    let name = ids(&output).pop().unwrap();
    assert!(name.starts_with(&format!("{}-", id(1, 0))), "{name}");
    let mut reader = StoreReader::open(&output).unwrap();
    let taken = reader.game_with(&name, Parts::All).unwrap();
    assert_eq!(verify_game(&taken).differences, []);
    assert_eq!(Ok(&taken.content().unwrap()), reader_content(&b, &id(1, 0)).as_ref());
    // A second time it is a duplicate.
    assert_eq!(counts(&run(&rename(vec![b.clone()], false)).unwrap()), [0, 0, 1, 0, 0, 0]);
    // With the flag, a name that was met in this merge is not given to two games.
    std::fs::remove_file(&output).unwrap();
    assert_eq!(counts(&run(&rename(vec![a, b], true)).unwrap()), [2, 0, 0, 1, 0, 0]);
}

fn reader_content(path: &Path, id: &str) -> Result<ringrift_replay::ContentDigest, StoreError> {
    StoreReader::open(path)?.game(id)?.content()
}

#[test]
fn rejects_stop_the_merge_unless_their_share_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let bad = store(&place("bad.db"), (0..10).map(|i| game(1, i)));
    let sql = format!(
        "UPDATE game_moves SET move_json = json_set(move_json, '$.to.x', 7, '$.to.y', 7, '$.type', 'move_stack',
         '$.from', json('{{\"x\":0,\"y\":0}}')) WHERE game_id = '{}' AND move_number = 9",
        id(1, 4)
    );
    change(&bad, &sql);
    let output = store(&place("output.db"), [game(2, 0)]);
    let before = std::fs::read(&output).unwrap();
    for target in [&output, &place("new.db")] {
        let error = run(&MergeOptions::new(vec![bad.clone()], target.clone())).unwrap_err();
        let MergeError::TooManyRejects { rejected: 1, considered, faults, .. } = &error else { panic!("{error}") };
        assert!((5..=10).contains(considered), "stopped as soon as it is clear: {considered}");
        assert_eq!((faults[0].ply, faults[0].field.as_str()), (Some(9), "move"));
        let text = error.to_string();
        assert!(
            text.contains("ply 9: move") && text.contains("\nhint: ") && text.contains("--max-reject-share"),
            "{text}"
        );
    }
    assert!(std::fs::read(&output).unwrap() == before && !place("new.db").exists());
    // The share is accepted: the work of before is used, and the game is kept aside.
    let options = MergeOptions { max_reject_share: 0.1, ..MergeOptions::new(vec![bad.clone()], output.clone()) };
    let report = run(&options).unwrap();
    assert_eq!((counts(&report), report.resumed), ([9, 0, 0, 0, 1, 0], true));
    assert_eq!(ids(&output).len(), 10);
    assert_eq!(query::<i64>(&output, "SELECT ply FROM rr_quarantine WHERE kind = 'reject'"), 9);
    // Again: the game is rejected again, and kept aside once.
    assert_eq!(counts(&run(&options).unwrap()), [0, 9, 0, 0, 1, 0]);
    assert_eq!(query::<i64>(&output, "SELECT COUNT(*) FROM rr_quarantine"), 1);
    // A valid record of the same game in another input is taken.
    let good = store(&place("good.db"), [game(1, 4)]);
    assert_eq!(counts(&run(&MergeOptions { inputs: vec![good], ..options }).unwrap()), [1, 0, 0, 0, 0, 0]);
    // What was kept aside travels on.
    let onward = place("onward.db");
    merged(&[&output], &onward);
    assert_eq!(query::<i64>(&onward, "SELECT COUNT(*) FROM rr_quarantine"), 1);
}
