//! Copies the rows of games from one database to another, byte for byte, inside SQLite.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use rusqlite::{
    Connection, Result, params,
    types::{Value as SqlValue, ValueRef},
};
use serde_json::{Map, Value, json};

use super::super::{
    packed::base64,
    schema::{self, CHILD_TABLES, EXCLUDED, PARITY_HASHES},
};

/// How the rows of a game go from one attached database to another.
#[derive(Debug)]
pub(super) struct RowCopy {
    /// One statement per table; the first parameter is the name of the game, the second its new one.
    inserts: Vec<String>,
    /// Removes what a game that is gone may have left in the tables; the parameter is a name.
    clears: Vec<String>,
    /// Sets the status when everything else is there: the triggers want that.
    complete: Option<String>,
    /// Tables and columns that are left behind.
    pub(super) left_behind: Vec<String>,
}

/// A name as SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn tables(connection: &Connection, database: &str) -> Result<Vec<String>> {
    let sql = format!("SELECT name FROM {database}.sqlite_master WHERE type = 'table' ORDER BY name");
    let mut statement = connection.prepare(&sql)?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_>>()?;
    Ok(names.into_iter().filter(|name| !name.starts_with("sqlite_") && !name.starts_with("rr_")).collect())
}

impl RowCopy {
    /// Looks at both databases. Tables and columns that upstream's tools add are made in `main` where `from` has them.
    /// With `has_triggers`, games are completed only when their moves are there.
    pub(super) fn new(connection: &Connection, from: &str, has_triggers: bool) -> Result<Self> {
        let of_games = schema::columns_in(connection, from, "games")?;
        let there = tables(connection, from)?;
        let has = |name: &str| there.iter().any(|table| table == name);
        schema::create_extras(connection, of_games.iter().any(|name| name == EXCLUDED), has(PARITY_HASHES))?;
        let mut copy = Self { inserts: Vec::new(), clears: Vec::new(), complete: None, left_behind: Vec::new() };
        copy.add(connection, from, "games", has_triggers)?;
        for table in CHILD_TABLES.into_iter().filter(|table| has(table)) {
            copy.add(connection, from, table, false)?;
            if has_triggers {
                copy.clears.push(format!("DELETE FROM main.{table} WHERE game_id = ?1"));
            }
        }
        if has_triggers {
            copy.complete = Some(format!(
                "UPDATE main.games SET game_status = (SELECT game_status FROM {from}.games WHERE game_id = ?1)
                 WHERE game_id = ?2"
            ));
        }
        let known = |name: &&String| {
            CHILD_TABLES.contains(&name.as_str()) || ["games", "schema_metadata"].contains(&name.as_str())
        };
        copy.left_behind.extend(there.iter().filter(|name| !known(name)).map(|name| format!("table {name}")));
        Ok(copy)
    }

    fn add(&mut self, connection: &Connection, from: &str, table: &str, hides_status: bool) -> Result<()> {
        let target = schema::columns(connection, table)?;
        let mut names = Vec::new();
        let mut values = Vec::new();
        for column in schema::columns_in(connection, from, table)? {
            if !target.contains(&column) {
                // Moves of converted databases are made into rows.
                if (table, column.as_str()) != ("games", "moves") {
                    self.left_behind.push(format!("column {table}.{column}"));
                }
                continue;
            }
            values.push(match column.as_str() {
                "game_id" => "?2".to_owned(),
                "game_status" if hides_status => "'in_progress'".to_owned(),
                _ => quoted(&column),
            });
            names.push(quoted(&column));
        }
        let (names, values) = (names.join(", "), values.join(", "));
        self.inserts.push(format!(
            "INSERT INTO main.{table} ({names}) SELECT {values} FROM {from}.{table} WHERE game_id = ?1 ORDER BY rowid"
        ));
        Ok(())
    }

    /// Copies a game under a name.
    pub(super) fn copy(&self, connection: &Connection, id: &str, name: &str) -> Result<()> {
        for sql in &self.clears {
            connection.prepare_cached(sql)?.execute([name])?;
        }
        for sql in self.inserts.iter().chain(&self.complete) {
            connection.prepare_cached(sql)?.execute(params![id, name])?;
        }
        Ok(())
    }
}

/// All rows of a game in all tables that have them, as JSON; see `rr_quarantine` in `schema.rs`.
pub(super) fn raw_rows(connection: &Connection, from: &str, row: i64) -> Result<String> {
    let id: SqlValue =
        connection.query_row(&format!("SELECT game_id FROM {from}.games WHERE rowid = ?1"), [row], |row| row.get(0))?;
    let mut all = Map::new();
    for table in tables(connection, from)? {
        if !schema::columns_in(connection, from, &table)?.iter().any(|column| column == "game_id") {
            continue;
        }
        let quoted = quoted(&table);
        let rows = if table == "games" {
            rows_of(connection, &format!("SELECT * FROM {from}.games WHERE rowid = ?1"), &row.into())?
        } else {
            rows_of(connection, &format!("SELECT * FROM {from}.{quoted} WHERE game_id = ?1"), &id)?
        };
        if !rows.is_empty() {
            all.insert(table, rows.into());
        }
    }
    Ok(Value::Object(all).to_string())
}

fn rows_of(connection: &Connection, sql: &str, key: &SqlValue) -> Result<Vec<Value>> {
    let mut statement = connection.prepare(sql)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([key], |row| {
        let mut object = Map::new();
        for (i, name) in names.iter().enumerate() {
            object.insert(name.clone(), json_of(row.get_ref(i)?));
        }
        Ok(Value::Object(object))
    })?;
    rows.collect()
}

/// A field as JSON that it can be made from again.
fn json_of(field: ValueRef<'_>) -> Value {
    match field {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) if number.is_finite() => number.into(),
        ValueRef::Real(number) => json!({"real": number.to_string()}),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => json!({"base64": base64(bytes), "type": "text"}),
        },
        ValueRef::Blob(bytes) => json!({"base64": base64(bytes), "type": "blob"}),
    }
}

pub(super) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let bytes = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    bytes.expect("writing to memory cannot fail")
}
