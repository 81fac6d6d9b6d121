//! Reads games from a database, of any schema version, without changing it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row, params_from_iter, types::Value as SqlValue, types::ValueRef};

use super::{
    connection::{BUSY_TIMEOUT, ReadConnection, Stamp, open_for_reading},
    error::{At, StoreError},
    filter::{GameFilter, GameOrder, Parts},
    packed::unpack,
    rows::{GameRow, HistoryRow, HistorySide, MoveRow, MoveSource, PlayerRow, SnapshotRow, StoredGame},
    schema::{self, Found},
};

/// How often a read is begun again because the file was changed under it.
const RETRIES: usize = 5;

/// What a file holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreInfo {
    /// Schema version.
    pub schema_version: u32,
    /// Number of games.
    pub games: u64,
}

/// Reads a database; see [`StoreWriter`](super::StoreWriter) for an example.
#[derive(Debug)]
pub struct StoreReader {
    /// The name in messages.
    path: PathBuf,
    /// The file that is read.
    file: PathBuf,
    read: ReadConnection,
    layout: Layout,
}

/// Which tables and columns the file has.
#[derive(Clone, Debug)]
struct Layout {
    version: u32,
    games: Vec<String>,
    players: Vec<String>,
    initial: Vec<String>,
    moves: Vec<String>,
    snapshots: Vec<String>,
    history: Vec<String>,
}

impl StoreReader {
    /// Opens a database. It is never changed, and no file appears beside it.
    ///
    /// # Errors
    /// [`StoreError`] says what the file is instead.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_copy(path, path)
    }

    /// Opens a copy of the database `path`, by whose name it goes in messages.
    pub(crate) fn open_copy(file: &Path, path: &Path) -> Result<Self, StoreError> {
        let read = open_for_reading(file, BUSY_TIMEOUT)?;
        let layout = Layout::of(path, &read.connection)?;
        Ok(Self { path: path.to_owned(), file: file.to_owned(), read, layout })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Schema version and number of games.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn info(&mut self) -> Result<StoreInfo, StoreError> {
        let games = self.steady(|reader| {
            let count = reader.read.connection.query_row("SELECT COUNT(*) FROM games", [], |row| row.get::<_, i64>(0));
            count.map_err(reader.at().on("counting games"))
        })?;
        Ok(StoreInfo { schema_version: self.layout.version, games: games as u64 })
    }

    /// Names of the games.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn ids(&mut self, filter: &GameFilter) -> Result<Vec<String>, StoreError> {
        let (sql, values) = self.select("game_id", filter);
        self.steady(|reader| reader.collect(&sql, &values, |row| row.get(0)))
    }

    /// Rows of the games.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn rows(&mut self, filter: &GameFilter) -> Result<Vec<GameRow>, StoreError> {
        let columns = self.layout.game_columns();
        let (sql, values) = self.select(&columns, filter);
        self.steady(|reader| reader.collect(&sql, &values, game_row))
    }

    /// A game with what is needed to replay it.
    ///
    /// # Errors
    /// [`StoreError::NoSuchGame`], or the file cannot be read.
    pub fn game(&mut self, id: &str) -> Result<StoredGame, StoreError> {
        self.game_with(id, Parts::Moves)
    }

    /// A game with more or less of its rows.
    ///
    /// # Errors
    /// [`StoreError::NoSuchGame`], or the file cannot be read.
    pub fn game_with(&mut self, id: &str, parts: Parts) -> Result<StoredGame, StoreError> {
        self.steady(|reader| reader.load("game_id", id.to_owned().into(), parts))
    }

    /// The games that pass a filter, one after the other: one is in memory at a time, and eight bytes for each that is
    /// to come. To read one state of a file that is being written, take a [`StoreSnapshot`](super::StoreSnapshot).
    ///
    /// # Errors
    /// The list of games cannot be read; later faults come with their games.
    pub fn games<'a>(
        &'a mut self,
        filter: &GameFilter,
        parts: Parts,
    ) -> Result<impl ExactSizeIterator<Item = Result<StoredGame, StoreError>> + use<'a>, StoreError> {
        let rows = self.row_numbers(filter)?;
        Ok(rows.into_iter().map(move |row| self.game_of_row(row, parts)))
    }

    /// Where the games are in the table, in the order of the filter.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn row_numbers(&mut self, filter: &GameFilter) -> Result<Vec<i64>, StoreError> {
        let (sql, values) = self.select("rowid", filter);
        self.steady(|reader| reader.collect(&sql, &values, |row| row.get(0)))
    }

    /// What can be read of the name of a game.
    pub(crate) fn id_of_row(&mut self, row: i64) -> String {
        let sql = "SELECT game_id FROM games WHERE rowid = ?";
        let id = |row: &Row<'_>| {
            row.get_ref(0).map(|id| String::from_utf8_lossy(id.as_bytes().unwrap_or_default()).into_owned())
        };
        let found = self.steady(|reader| reader.collect(sql, &[row.into()], id));
        found.ok().and_then(|mut ids| ids.pop()).unwrap_or_default()
    }

    /// The game at a place that [`StoreReader::row_numbers`] named.
    ///
    /// # Errors
    /// [`StoreError::NoSuchGame`], or the file cannot be read.
    pub fn game_of_row(&mut self, row: i64, parts: Parts) -> Result<StoredGame, StoreError> {
        self.steady(|reader| reader.load("rowid", row.into(), parts))
    }

    /// What is broken in the pages of the file; empty if nothing is.
    ///
    /// # Errors
    /// The file cannot be read at all.
    pub fn integrity_faults(&mut self) -> Result<Vec<String>, StoreError> {
        let mut faults: Vec<String> =
            self.steady(|reader| reader.collect("PRAGMA integrity_check", &[], |row| row.get(0)))?;
        faults.retain(|fault| fault != "ok");
        Ok(faults)
    }

    fn at(&self) -> At<'_> {
        At { path: &self.path, waited_ms: BUSY_TIMEOUT.as_millis() as u64 }
    }

    /// Runs a query so that it sees one state of the file, also when a writer turns up while the file is read as
    /// immutable: the result counts only if the file is still as it was.
    fn steady<T>(&mut self, query: impl Fn(&Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        for _ in 0..RETRIES {
            let Some(before) = &self.read.frozen else { return query(self) };
            if Stamp::of(&self.file)? == *before {
                let result = query(self);
                if Stamp::of(&self.file)? == *before {
                    return result;
                }
            }
            self.read = open_for_reading(&self.file, BUSY_TIMEOUT)?;
            self.layout = Layout::of(&self.path, &self.read.connection)?;
        }
        if self.read.frozen.is_none() { query(self) } else { Err(StoreError::Changing { path: self.path.clone() }) }
    }

    fn collect<T>(
        &self,
        sql: &str,
        values: &[SqlValue],
        each: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let read = || -> rusqlite::Result<Vec<T>> {
            let mut statement = self.read.connection.prepare_cached(sql)?;
            statement.query_map(params_from_iter(values), |row| each(row))?.collect()
        };
        read().map_err(self.at().on("reading"))
    }

    fn select(&self, columns: &str, filter: &GameFilter) -> (String, Vec<SqlValue>) {
        let mut query = Query::default();
        let has = |name: &str| self.layout.games.iter().any(|column| column == name);
        let texts = [("board_type", &filter.board), ("source", &filter.source), ("engine_mode", &filter.engine_mode)];
        for (column, wanted) in texts {
            if let Some(text) = wanted {
                query.require(has(column), &format!("{column} = ?"), text.clone().into());
            }
        }
        if let Some(status) = &filter.status {
            let test = "CASE game_status WHEN 'finished' THEN 'completed' ELSE game_status END = ?";
            query.require(true, test, status.clone().into());
        }
        if let Some(reason) = &filter.reason {
            query.require(has("termination_reason"), "instr(termination_reason, ?) > 0", reason.clone().into());
        }
        let numbers = [
            ("num_players = ?", "num_players", filter.num_players),
            ("winner = ?", "winner", filter.winner),
            ("total_moves >= ?", "total_moves", filter.moves_min),
            ("total_moves <= ?", "total_moves", filter.moves_max),
        ];
        for (test, column, wanted) in numbers {
            if let Some(number) = wanted {
                query.require(has(column), test, i64::try_from(number).unwrap_or(i64::MAX).into());
            }
        }
        if !filter.ids.is_empty() {
            let marks = vec!["?"; filter.ids.len()].join(", ");
            query.tests.push(format!("game_id IN ({marks})"));
            query.values.extend(filter.ids.iter().map(|id| SqlValue::from(id.clone())));
        }
        // Source: replay-db.md section 7, what upstream's readers leave out.
        if filter.trainable && has("parity_status") {
            query.tests.push("COALESCE(parity_status, '') <> 'non_canonical_history'".into());
        }
        if filter.trainable && has("excluded_from_training") {
            query.tests.push("COALESCE(excluded_from_training, 0) <> 1".into());
        }
        let mut sql = format!("SELECT {columns} FROM games");
        if !query.tests.is_empty() {
            sql += " WHERE ";
            sql += &query.tests.join(" AND ");
        }
        sql += match filter.order {
            GameOrder::Stored => " ORDER BY rowid",
            GameOrder::NewestFirst => " ORDER BY created_at DESC, rowid DESC",
        };
        if let Some(limit) = filter.limit {
            sql += " LIMIT ";
            sql += &i64::try_from(limit).unwrap_or(i64::MAX).to_string();
        }
        (sql, query.values)
    }

    /// The game whose `column` has the value.
    fn load(&self, column: &str, value: SqlValue, parts: Parts) -> Result<StoredGame, StoreError> {
        let sql = format!("SELECT {} FROM games WHERE {column} = ?", self.layout.game_columns());
        let row = self.collect(&sql, std::slice::from_ref(&value), game_row)?.pop();
        let Some(row) = row else {
            let game = match value {
                SqlValue::Text(id) => id,
                other => format!("of {column} {other:?}"),
            };
            return Err(StoreError::NoSuchGame { path: self.path.clone(), game });
        };
        let id = row.id.as_str();
        let key = [SqlValue::from(id.to_owned())];
        let (move_source, moves) = self.moves(id, &row, &key, parts)?;
        let (mut snapshots, mut history) = (Vec::new(), Vec::new());
        if parts == Parts::All {
            snapshots = self.snapshots(id, &key)?;
            history = self.history(id, &key)?;
        }
        let (players, initial_json) = (self.players(&key)?, self.initial(id, &key)?);
        let path = self.path.clone();
        Ok(StoredGame { path, row, players, initial_json, moves, move_source, snapshots, history })
    }

    fn players(&self, key: &[SqlValue]) -> Result<Vec<PlayerRow>, StoreError> {
        if self.layout.players.is_empty() {
            return Ok(Vec::new());
        }
        let columns = present(
            &self.layout.players,
            &[
                "player_number",
                "player_type",
                "ai_type",
                "ai_difficulty",
                "ai_profile_id",
                "final_eliminated_rings",
                "final_territory_spaces",
                "final_rings_in_hand",
            ],
        );
        let sql = format!("SELECT {columns} FROM game_players WHERE game_id = ? ORDER BY player_number");
        self.collect(&sql, key, |row| {
            Ok(PlayerRow {
                number: row.get(0)?,
                kind: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                ai_type: row.get(2)?,
                ai_difficulty: row.get(3)?,
                ai_profile_id: row.get(4)?,
                eliminated: row.get(5)?,
                territory: row.get(6)?,
                hand: row.get(7)?,
            })
        })
    }

    fn initial(&self, id: &str, key: &[SqlValue]) -> Result<Option<String>, StoreError> {
        if self.layout.initial.is_empty() {
            return Ok(None);
        }
        let columns = present(&self.layout.initial, &["initial_state_json", "compressed"]);
        let sql = format!("SELECT {columns} FROM game_initial_state WHERE game_id = ?");
        let rows = self.collect(&sql, key, |row| field(row, 0, 1))?;
        let Some(field) = rows.into_iter().next() else { return Ok(None) };
        field.map_err(|what| StoreError::torn(&self.path, id, format!("initial state: {what}")))
    }

    fn moves(
        &self,
        id: &str,
        row: &GameRow,
        key: &[SqlValue],
        parts: Parts,
    ) -> Result<(MoveSource, Vec<MoveRow>), StoreError> {
        let has = |name: &str| self.layout.moves.iter().any(|column| column == name);
        let source = if has("move_json") { MoveSource::Rows } else { MoveSource::Columns };
        let mut columns = [
            "move_number",
            "turn_number",
            "player",
            "phase",
            "move_type",
            "move_json",
            "timestamp",
            "think_time_ms",
            "move_probs",
            "search_stats_json",
            "heuristic_features",
            "position_q",
            "position_r",
        ];
        if parts == Parts::Searches {
            // A name that no table has.
            let unread = ["turn_number", "phase", "timestamp", "think_time_ms", "move_probs", "heuristic_features"];
            columns.iter_mut().filter(|name| unread.contains(name)).for_each(|name| *name = "");
        }
        let columns = present(&self.layout.moves, &columns);
        let mut moves = Vec::new();
        if !self.layout.moves.is_empty() {
            let sql = format!("SELECT {columns} FROM game_moves WHERE game_id = ? ORDER BY move_number");
            moves = self.collect(&sql, key, move_row)?;
        }
        match &row.inline_moves {
            Some(text) if moves.is_empty() => {
                let moves = inline_moves(text)
                    .ok_or_else(|| StoreError::torn(&self.path, id, "its list of moves is no JSON list"))?;
                Ok((MoveSource::Inline, moves))
            }
            _ => Ok((source, moves)),
        }
    }

    fn snapshots(&self, id: &str, key: &[SqlValue]) -> Result<Vec<SnapshotRow>, StoreError> {
        if self.layout.snapshots.is_empty() {
            return Ok(Vec::new());
        }
        let columns = present(&self.layout.snapshots, &["move_number", "state_json", "compressed", "state_hash"]);
        let sql = format!("SELECT {columns} FROM game_state_snapshots WHERE game_id = ? ORDER BY move_number");
        let rows = self.collect(&sql, key, |row| Ok((row.get::<_, i64>(0)?, field(row, 1, 2)?, row.get(3)?)))?;
        let torn = |number, what: &str| StoreError::torn(&self.path, id, format!("snapshot {number}: {what}"));
        rows.into_iter()
            .map(|(number, json, hash)| {
                let json = json.map_err(|what| torn(number, what))?.ok_or_else(|| torn(number, "no state"))?;
                Ok(SnapshotRow { number, json, hash })
            })
            .collect()
    }

    fn history(&self, id: &str, key: &[SqlValue]) -> Result<Vec<HistoryRow>, StoreError> {
        if self.layout.history.is_empty() {
            return Ok(Vec::new());
        }
        let columns = present(
            &self.layout.history,
            &[
                "move_number",
                "player",
                "compressed_states",
                "phase_before",
                "status_before",
                "progress_before_json",
                "state_hash_before",
                "state_before_json",
                "phase_after",
                "status_after",
                "progress_after_json",
                "state_hash_after",
                "state_after_json",
            ],
        );
        let sql = format!("SELECT {columns} FROM game_history_entries WHERE game_id = ? ORDER BY move_number");
        let side = |row: &Row<'_>, at: usize| -> rusqlite::Result<Result<HistorySide, &'static str>> {
            let json = match field(row, at + 4, 2)? {
                Ok(json) => json,
                Err(what) => return Ok(Err(what)),
            };
            Ok(Ok(HistorySide {
                phase: row.get(at)?,
                status: row.get(at + 1)?,
                progress: row.get(at + 2)?,
                hash: row.get(at + 3)?,
                json,
            }))
        };
        let rows = self.collect(&sql, key, |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, side(row, 3)?, side(row, 8)?))
        })?;
        rows.into_iter()
            .map(|(number, player, before, after)| {
                let torn = |what: &str| StoreError::torn(&self.path, id, format!("history row {number}: {what}"));
                Ok(HistoryRow { number, player, before: before.map_err(torn)?, after: after.map_err(torn)? })
            })
            .collect()
    }
}

/// Conditions and their values.
#[derive(Default)]
struct Query {
    tests: Vec<String>,
    values: Vec<SqlValue>,
}

impl Query {
    /// A test of a column; a file without the column has no game that passes it.
    fn require(&mut self, present: bool, test: &str, value: SqlValue) {
        if present {
            self.tests.push(test.to_owned());
            self.values.push(value);
        } else {
            self.tests.push("0".into());
        }
    }
}

impl Layout {
    fn of(path: &Path, connection: &Connection) -> Result<Self, StoreError> {
        let at = At { path, waited_ms: BUSY_TIMEOUT.as_millis() as u64 };
        let on = at.on("reading the schema");
        let path = path.to_owned();
        let version = match schema::inspect(connection).map_err(&on)? {
            Found::Store(version) => version,
            Found::Empty => return Err(StoreError::NotAStore { path, missing: "every table".into() }),
            Found::Other(missing) => return Err(StoreError::NotAStore { path, missing }),
            Found::UnknownVersion(found) => return Err(StoreError::NewerSchema { path, found }),
        };
        let columns = |table| schema::columns(connection, table).map_err(&on);
        Ok(Self {
            version,
            games: columns("games")?,
            players: columns("game_players")?,
            initial: columns("game_initial_state")?,
            moves: columns("game_moves")?,
            snapshots: columns("game_state_snapshots")?,
            history: columns("game_history_entries")?,
        })
    }

    fn game_columns(&self) -> String {
        present(
            &self.games,
            &[
                "game_id",
                "board_type",
                "num_players",
                "rng_seed",
                "created_at",
                "completed_at",
                "game_status",
                "winner",
                "termination_reason",
                "total_moves",
                "total_turns",
                "duration_ms",
                "source",
                "schema_version",
                "metadata_json",
                "quality_score",
                "quality_category",
                "engine_mode",
                "parity_status",
                "opponent_type",
                "opponent_model_id",
                "moves",
            ],
        )
    }
}

/// The columns for a query, with NULL for those that the table lacks.
fn present(columns: &[String], wanted: &[&str]) -> String {
    let named: Vec<&str> =
        wanted.iter().map(|&name| if columns.iter().any(|column| column == name) { name } else { "NULL" }).collect();
    named.join(", ")
}

fn game_row(row: &Row<'_>) -> rusqlite::Result<GameRow> {
    Ok(GameRow {
        id: row.get(0)?,
        board: row.get(1)?,
        num_players: row.get(2)?,
        rng_seed: row.get(3)?,
        created_at: row.get(4)?,
        completed_at: row.get(5)?,
        status: row.get(6)?,
        winner: row.get(7)?,
        termination_reason: row.get(8)?,
        total_moves: row.get(9)?,
        total_turns: row.get::<_, Option<i64>>(10)?.unwrap_or(0),
        duration_ms: row.get(11)?,
        source: row.get(12)?,
        schema_version: row.get(13)?,
        metadata_json: row.get(14)?,
        quality_score: row.get(15)?,
        quality_category: row.get(16)?,
        engine_mode: row.get(17)?,
        parity_status: row.get(18)?,
        opponent_type: row.get(19)?,
        opponent_model_id: row.get(20)?,
        inline_moves: row.get(21)?,
    })
}

fn move_row(row: &Row<'_>) -> rusqlite::Result<MoveRow> {
    let (number, player, kind): (i64, Option<i64>, Option<String>) = (row.get(0)?, row.get(2)?, row.get(4)?);
    let json = match row.get::<_, Option<String>>(5)? {
        Some(json) => json,
        None => column_move(player, kind.as_deref(), row.get(11)?, row.get(12)?),
    };
    Ok(MoveRow {
        number,
        turn: row.get(1)?,
        player,
        phase: row.get(3)?,
        kind,
        json,
        timestamp: row.get(6)?,
        think_time_ms: row.get(7)?,
        move_probs: row.get(8)?,
        search_stats: row.get(9)?,
        heuristic_features: row.get(10)?,
    })
}

/// A move of a file that has target cells in columns, as JSON. Source: replay-db.md section 7.
fn column_move(player: Option<i64>, kind: Option<&str>, q: Option<i64>, r: Option<i64>) -> String {
    let mut json = serde_json::json!({"type": kind, "player": player});
    if let (Some(q), Some(r)) = (q, r) {
        json["to"] = serde_json::json!({"x": q, "y": r});
    }
    json.to_string()
}

/// The moves of a JSON list, whose items are objects or texts of objects.
fn inline_moves(text: &str) -> Option<Vec<MoveRow>> {
    let list: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
    let row = |(number, item): (usize, serde_json::Value)| {
        let item = match item {
            serde_json::Value::String(text) => serde_json::from_str(&text).ok()?,
            item => item,
        };
        let text = |name: &str| item[name].as_str().map(str::to_owned);
        Some(MoveRow {
            number: number as i64,
            turn: None,
            player: item["player"].as_i64(),
            phase: text("phase"),
            kind: text("type"),
            timestamp: text("timestamp"),
            json: item.to_string(),
            think_time_ms: None,
            move_probs: None,
            search_stats: None,
            heuristic_features: None,
        })
    };
    list.into_iter().enumerate().map(row).collect()
}

/// A text that may be packed, as column `flag` says; none if it is null.
fn field(row: &Row<'_>, column: usize, flag: usize) -> rusqlite::Result<Result<Option<String>, &'static str>> {
    let packed = row.get::<_, Option<i64>>(flag)?.unwrap_or(0) != 0;
    let bytes = match row.get_ref(column)? {
        ValueRef::Null => return Ok(Ok(None)),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        _ => return Ok(Err("neither text nor bytes")),
    };
    if packed {
        return Ok(unpack(bytes).map(Some));
    }
    Ok(std::str::from_utf8(bytes).map(|text| Some(text.to_owned())).map_err(|_| "no text"))
}
