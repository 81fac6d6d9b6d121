//! Databases to merge, and what came of it.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use ringrift_replay::{
    Ack, GameFilter, MergeError, MergeOptions, MergeReport, NewGame, RecordForm, StoreReader, StoreWriter, Stored,
    WriterOptions, game_id, merge,
};
use ringrift_rules::{BoardKind, PlayerCount};
use rusqlite::Connection;

use crate::play;

/// Game `index` of a run, with times in every second one.
pub fn game(seed: u64, index: u64) -> NewGame {
    play::random_game(BoardKind::Square8, PlayerCount::Two, seed, index, index.is_multiple_of(2))
}

pub fn id(seed: u64, index: u64) -> String {
    game_id(&format!("run {seed}"), index)
}

/// A database with these games.
pub fn store(path: &Path, games: impl IntoIterator<Item = NewGame>) -> PathBuf {
    let writer = StoreWriter::open(path, WriterOptions::default()).expect("a database");
    let acks: Vec<Ack> = games
        .into_iter()
        .map(|game| game.encode(RecordForm::LEAN).and_then(|game| writer.submit(game)).expect("a game"))
        .collect();
    for ack in acks {
        assert_eq!(ack.wait(), Ok(Stored::New));
    }
    writer.close().expect("a clean end");
    path.to_owned()
}

pub fn change(path: &Path, sql: &str) {
    let connection = Connection::open(path).expect("a database");
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

pub fn run(options: &MergeOptions) -> Result<MergeReport, MergeError> {
    merge(options, &AtomicBool::new(false), &mut |_| {})
}

/// Merges with the defaults, and any share of rejects.
pub fn merged(inputs: &[&Path], output: &Path) -> MergeReport {
    let inputs = inputs.iter().map(|path| path.to_path_buf()).collect();
    let options = MergeOptions { max_reject_share: 1.0, ..MergeOptions::new(inputs, output.to_owned()) };
    run(&options).unwrap_or_else(|error| panic!("{error}"))
}

pub fn ids(path: &Path) -> Vec<String> {
    StoreReader::open(path).expect("a database").ids(&GameFilter::default()).expect("a list")
}

/// New, duplicate, duplicate by content, conflict, rejected, skipped.
pub fn counts(report: &MergeReport) -> [u64; 6] {
    let total = &report.total;
    [total.new, total.duplicate, total.duplicate_content, total.conflict, total.rejected, total.skipped]
}

pub fn query<T: rusqlite::types::FromSql>(path: &Path, sql: &str) -> T {
    let connection = Connection::open(path).expect("a database");
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Every row of every table of replay databases, as text, but for those that merging adds.
pub fn rows(path: &Path) -> Vec<String> {
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
