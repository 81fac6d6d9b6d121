//! One field of a recorded game is changed, and the database is merged: the game is rejected with its ply and the reason,
//! or what was changed is proven to make no difference, or it is a fact that nothing else in the record tells.
//!
//! `RINGRIFT_MUTANTS=2500` is the long test.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use flate2::read::MultiGzDecoder;
use ringrift_replay::{
    ContentDigest, MergeOptions, MoveNotes, Parts, ReadOptions, StateDocument, StoreReader, StoredGame, canonical_text,
};
use ringrift_rules::{BoardKind, PlayerCount};
use rusqlite::{Connection, types::Value as SqlValue};
use serde_json::{Value, json};

#[path = "support/merge.rs"]
mod helpers;
#[path = "support/play.rs"]
mod play;
mod support;

use helpers::{run, store};

/// Whether a change to a column is a fact that nothing else tells.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Free {
    /// Any value.
    Any,
    /// Only its absence: a fact that is left out says nothing wrong.
    Absent,
}

/// What is not part of the content of a game, and cannot be told from the rest of the record. Everything else is checked.
const NOT_CONTENT: &[(&str, &str, Free, &str)] = &[
    ("games", "completed_at", Free::Any, "the end of lean records is in no state"),
    ("games", "duration_ms", Free::Absent, "older records have none"),
    ("games", "source", Free::Absent, "records without metadata have none"),
    ("games", "schema_version", Free::Any, "the version of the writer"),
    ("games", "time_control_type", Free::Any, "clocks"),
    ("games", "initial_time_ms", Free::Any, "clocks"),
    ("games", "time_increment_ms", Free::Any, "clocks"),
    ("games", "metadata_json", Free::Any, "what metadata say beside the columns"),
    ("games", "quality_score", Free::Absent, "older records have none"),
    ("games", "quality_category", Free::Absent, "older records have none"),
    ("games", "engine_mode", Free::Absent, "older records have none"),
    ("games", "parity_status", Free::Any, "marks of later tools"),
    ("games", "parity_checked_at", Free::Any, "marks of later tools"),
    ("games", "parity_divergence_move", Free::Any, "marks of later tools"),
    ("game_moves", "time_remaining_ms", Free::Any, "clocks"),
    ("game_moves", "engine_eval", Free::Any, "what the engine thought"),
    ("game_moves", "engine_eval_type", Free::Any, "what the engine thought"),
    ("game_moves", "engine_depth", Free::Any, "what the engine thought"),
    ("game_moves", "engine_nodes", Free::Any, "what the engine thought"),
    ("game_moves", "engine_pv", Free::Any, "what the engine thought"),
    ("game_moves", "engine_time_ms", Free::Any, "what the engine thought"),
    ("game_moves", "move_probs", Free::Any, "what the engine thought; must be readable"),
    ("game_moves", "search_stats_json", Free::Any, "what the engine thought; must be readable"),
    ("game_moves", "heuristic_features", Free::Any, "what the engine thought; must be readable"),
    ("game_players", "final_eliminated_rings", Free::Absent, "follows from the moves"),
    ("game_players", "final_territory_spaces", Free::Absent, "follows from the moves"),
    ("game_players", "final_rings_in_hand", Free::Absent, "follows from the moves"),
    ("game_state_snapshots", "game_id", Free::Any, "a state of another game, or of none: the game has one less"),
    ("game_state_snapshots", "state_hash", Free::Absent, "older records have none"),
];

/// Columns whose changes may make no difference, which is proven by reading the merged game.
const PROVEN: &[(&str, &str)] = &[
    ("game_moves", "move_json"),
    ("game_initial_state", "initial_state_json"),
    ("game_initial_state", "compressed"),
    ("game_state_snapshots", "state_json"),
    ("game_state_snapshots", "compressed"),
];

/// Counter-based stream of numbers (`SplitMix64`; Steele, Lea, Flood 2014).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }

    fn choose<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// A database of one game, its bytes, and what it says.
struct Base {
    name: &'static str,
    bytes: Vec<u8>,
    id: String,
    game: StoredGame,
    content: ContentDigest,
}

impl Base {
    fn of(name: &'static str, path: &Path) -> Self {
        let mut reader = StoreReader::open(path).expect("a database");
        let id = reader.ids(&ringrift_replay::GameFilter::default()).expect("a list").remove(0);
        let game = reader.game_with(&id, Parts::All).expect("a game");
        let content = game.content().expect("a whole game");
        Self { name, bytes: std::fs::read(path).expect("a file"), id, game, content }
    }
}

/// A game in our lean form with all notes, and one each of upstream's on two boards.
fn bases(folder: &Path) -> Vec<Base> {
    let mut game = helpers::game(3, 0);
    game.moves[7].notes = Some(Box::new(MoveNotes {
        move_probs: Some(json!({"a": 0.5, "b": 0.25})),
        search_stats: Some(json!({"visits": [3, 4]})),
        heuristic_features: Some(vec![0; 196]),
        engine_eval: Some(0.5),
        ..MoveNotes::default()
    }));
    let lean = store(&folder.join("lean.db"), [game]);
    let three = play::random_game(BoardKind::Hex8, PlayerCount::Three, 4, 1, false);
    let hex = store(&folder.join("hex.db"), [three]);
    let upstream = folder.join("upstream.db");
    let packed = support::repository().join("tests/data/dbs/square8_2p_swap.db.gz");
    let mut bytes = Vec::new();
    MultiGzDecoder::new(std::fs::File::open(packed).expect("a file")).read_to_end(&mut bytes).expect("gzip");
    std::fs::write(&upstream, bytes).expect("room");
    let connection = Connection::open(&upstream).expect("a database");
    connection
        .execute_batch(
            "PRAGMA foreign_keys = ON; DELETE FROM games WHERE rowid > (SELECT MIN(rowid) FROM games);
             DELETE FROM game_state_snapshots WHERE move_number > 60; PRAGMA journal_mode = DELETE; VACUUM;",
        )
        .expect("a writable database");
    drop(connection);
    vec![Base::of("lean", &lean), Base::of("hex8, three players", &hex), Base::of("upstream", &upstream)]
}

/// The columns to change; those with much in them come up more often.
fn columns(connection: &Connection) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for table in ["games", "game_moves", "game_players", "game_initial_state", "game_state_snapshots"] {
        let sql = format!("SELECT name FROM pragma_table_info('{table}')");
        let mut statement = connection.prepare(&sql).expect("a table");
        let names = statement.query_map([], |row| row.get::<_, String>(0)).expect("columns");
        all.extend(names.map(|name| (table.to_owned(), name.expect("a name"))));
    }
    for (table, column, times) in [
        ("game_moves", "move_json", 25),
        ("game_initial_state", "initial_state_json", 15),
        ("game_state_snapshots", "state_json", 15),
    ] {
        all.extend(vec![(table.to_owned(), column.to_owned()); times]);
    }
    all
}

/// Another value for a field.
fn mutate(random: &mut Numbers, value: &SqlValue, others: &[SqlValue]) -> (SqlValue, String) {
    let other = others.iter().filter(|other| *other != value).collect::<Vec<_>>();
    if random.below(6) == 0 && *value != SqlValue::Null {
        return (SqlValue::Null, "null".into());
    }
    if !other.is_empty() && random.below(4) == 0 {
        return ((*random.choose(&other)).clone(), "of another row".into());
    }
    match value {
        SqlValue::Null => random.choose(&[(1.into(), "1".into()), ("x".to_owned().into(), "x".into())]).clone(),
        SqlValue::Integer(number) => {
            let changed = *random.choose(&[number + 1, number - 1, number + 7, -number - 1, number ^ 1 << 20]);
            (changed.into(), changed.to_string())
        }
        SqlValue::Real(number) => ((number + 0.015_625).into(), "a little more".into()),
        SqlValue::Blob(bytes) => (SqlValue::Blob(bytes[1..].to_vec()), "without the first byte".into()),
        SqlValue::Text(text) => match serde_json::from_str::<Value>(text) {
            Ok(mut json) if json.is_object() => {
                let what = mutate_json(random, &mut json);
                (json.to_string().into(), what)
            }
            _ => {
                let mut chars: Vec<char> = text.chars().collect();
                match random.below(3) {
                    0 => chars.truncate(chars.len() / 2),
                    1 => chars.push('x'),
                    _ if chars.is_empty() => chars.push('y'),
                    _ => {
                        let at = random.below(chars.len());
                        chars[at] = if chars[at] == '7' { '8' } else { '7' };
                    }
                }
                let changed: String = chars.into_iter().collect();
                (changed.clone().into(), changed)
            }
        },
    }
}

/// Paths to all values inside.
fn paths(json: &Value, path: &str, out: &mut Vec<String>) {
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match json {
        Value::Object(map) => map.iter().for_each(|(key, value)| paths(value, &format!("{path}/{}", escape(key)), out)),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, value)| paths(value, &format!("{path}/{i}"), out)),
        _ => {}
    }
    if !path.is_empty() {
        out.push(path.to_owned());
    }
}

/// Changes one value inside, removes one, or adds one.
fn mutate_json(random: &mut Numbers, json: &mut Value) -> String {
    let mut all = Vec::new();
    paths(json, "", &mut all);
    let path = random.choose(&all).clone();
    let (parent, key) = path.rsplit_once('/').unwrap_or_default();
    let (key, is_removed) = (key.replace("~1", "/").replace("~0", "~"), random.below(5) == 0);
    if is_removed {
        match json.pointer_mut(parent) {
            Some(Value::Object(map)) => drop(map.shift_remove(&key)),
            Some(Value::Array(list)) => drop(list.remove(key.parse().expect("an index"))),
            _ => unreachable!("the path leads to a value"),
        }
        return format!("{path} removed");
    }
    let value = json.pointer_mut(&path).expect("the path leads to a value");
    *value = match &*value {
        Value::Null => random.choose(&[json!(1), json!("x"), json!({"x": 1, "y": 1}), json!(true)]).clone(),
        Value::Bool(flag) => json!(!flag),
        Value::Number(number) => {
            let number = number.as_i64().unwrap_or(0);
            json!(*random.choose(&[number + 1, number - 1, number + 5, -number - 1]))
        }
        Value::String(text) if text.is_empty() => json!("x"),
        Value::String(text) => random.choose(&[json!(format!("{text}x")), json!(text[1..]), Value::Null]).clone(),
        Value::Array(list) if list.is_empty() => json!([{"x": 0, "y": 0}]),
        Value::Array(_) => json!([]),
        Value::Object(_) => random.choose(&[json!({}), Value::Null, json!([1])]).clone(),
    };
    format!("{path} = {value}")
}

/// The states of the snapshots, as far as the rules see them.
fn states(game: &StoredGame) -> Vec<(i64, String)> {
    let text = |json: &str| {
        let document = StateDocument::from_json(json, ReadOptions::default()).expect("a state that was accepted");
        // Upstream's states share this with later ones.
        let lines = canonical_text(&document.position);
        let line = |line: &str| match line.rsplit_once(' ') {
            Some((head, _)) if head.starts_with("lps ") => head.to_owned(),
            _ => line.to_owned(),
        };
        lines.lines().map(line).collect::<Vec<_>>().join("\n") + &format!("{:?}", document.position.rules())
    };
    game.snapshots.iter().map(|row| (row.number, text(&row.json))).collect()
}

#[test]
fn every_changed_field_is_rejected_or_makes_no_difference() {
    let mutants: usize = std::env::var("RINGRIFT_MUTANTS").map_or(150, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder");
    let (bases, mut random) = (bases(folder.path()), Numbers(11));
    let input = folder.path().join("mutant.db");
    let output = folder.path().join("merged.db");
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut free = BTreeSet::new();
    let mut number = 0;
    let mut made = 0;
    while made < mutants {
        let base = &bases[number % bases.len()];
        std::fs::write(&input, &base.bytes).expect("room");
        let connection = Connection::open(&input).expect("a database");
        connection
            .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE")
            .expect("settings");
        let all = columns(&connection);
        let (table, column) = &all[number / bases.len() % all.len()];
        number += 1;
        let select = format!("SELECT rowid, {column} FROM {table} ORDER BY rowid");
        let mut statement = connection.prepare(&select).expect("a column");
        let rows =
            statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, SqlValue>(1)?))).expect("rows");
        let rows: Vec<(i64, SqlValue)> = rows.collect::<Result<_, _>>().expect("rows");
        drop(statement);
        let (row, value) = random.choose(&rows).clone();
        let others: Vec<SqlValue> = rows.iter().map(|(_, value)| value.clone()).collect();
        let (changed, what) = mutate(&mut random, &value, &others);
        let update = format!("UPDATE {table} SET {column} = ?1 WHERE rowid = ?2");
        if changed == value || connection.execute(&update, rusqlite::params![changed, row]).is_err() {
            // No change, or one that the schema does not allow.
            continue;
        }
        let stored: SqlValue = connection
            .query_row(&format!("SELECT {column} FROM {table} WHERE rowid = ?1"), [row], |row| row.get(0))
            .expect("a row");
        drop(connection);
        if stored == value {
            continue;
        }
        made += 1;
        let is_null = stored == SqlValue::Null;
        let what = format!("{}: {table}.{column} of row {row}: {what}", base.name);
        let options =
            MergeOptions { max_reject_share: 1.0, jobs: 1, ..MergeOptions::new(vec![input.clone()], output.clone()) };
        let report = run(&options).unwrap_or_else(|error| panic!("{what}: {error}"));
        let judged = catch_unwind(AssertUnwindSafe(|| judge(base, &output, &report, (table, column, is_null), &what)));
        // The message of the panic is in the output; the others are looked at before the test fails.
        let outcome = judged.unwrap_or("wrongly taken");
        if outcome == "not part of content" {
            free.insert(format!("{table}.{column}{}", if is_null { " absent" } else { "" }));
        }
        *outcomes.entry(outcome).or_default() += 1;
        std::fs::remove_file(&output).expect("an output");
    }
    support::say(&format!("{mutants} mutants: {outcomes:?}; not part of content: {free:?}"));
    for (table, column, kind, why) in NOT_CONTENT {
        support::say(&format!("  {table}.{column} ({kind:?}): {why}"));
    }
    assert_eq!(outcomes.get("wrongly taken"), None, "{outcomes:?}");
    assert!(outcomes["rejected"] > mutants / 3, "{outcomes:?}");
}

/// What became of a mutant; panics if it was taken and should not have been.
fn judge(
    base: &Base,
    output: &Path,
    report: &ringrift_replay::MergeReport,
    (table, column, is_null): (&str, &str, bool),
    what: &str,
) -> &'static str {
    if report.total.rejected == 1 {
        let fault = &report.faults[0];
        assert!(!fault.reason.is_empty() && fault.reason.contains(&fault.field), "{what}: {fault:?}");
        // What cannot be read is named in words, everything else with its ply.
        let of_move = table == "game_moves" && fault.field != "rows" && fault.field != "total_moves";
        assert!(!of_move || column == "game_id" || fault.ply.is_some(), "{what}: {fault:?}");
        return "rejected";
    }
    assert_eq!(report.total.new, 1, "{what}: {report:?}");
    let mut reader = StoreReader::open(output).expect("an output");
    let taken = reader.game_with(&base.id, Parts::All).unwrap_or_else(|error| panic!("{what}: {error}"));
    let is_free = NOT_CONTENT
        .iter()
        .any(|(of, name, free, _)| (*of, *name) == (table, column) && (*free == Free::Any || is_null));
    if is_free {
        let same = taken.replay_all().expect("a game that was accepted") == base.game.replay_all().expect("a game");
        assert!(same, "{what}: it is another game");
        return "not part of content";
    }
    assert!(PROVEN.contains(&(table, column)), "{what}: taken, and nothing proves that it makes no difference");
    assert_eq!(taken.content().expect("a whole game"), base.content, "{what}: another content was taken");
    assert_eq!(states(&taken), states(&base.game), "{what}: another state was taken");
    "makes no difference"
}
