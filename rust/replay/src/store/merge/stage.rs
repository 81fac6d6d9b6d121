//! Decides in order what becomes of each game of an input, and takes it into the work file.

use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::{
    super::{
        connection::BUSY_TIMEOUT,
        content::ContentDigest,
        encode::EncodedGame,
        error::{At, StoreError},
        insert::insert_game,
        migrate::migrate,
        schema::{self, Found},
        snapshot::StoreSnapshot,
    },
    MergeOptions, OnConflict,
    check::{Checked, Fault, Verdict},
    copy::{RowCopy, gzip, raw_rows},
    report::SourceCounts,
    work::{Work, has_merge_tables},
};

/// Takes the games of one input.
pub(super) struct Stager<'a> {
    work: &'a Work,
    options: &'a MergeOptions,
    number: usize,
    source: &'a str,
    copy: RowCopy,
    counts: SourceCounts,
    /// The last row that was decided.
    cursor: Option<i64>,
    find_content: String,
    find_id: String,
    /// Whether the output has all columns for what searches leave with moves.
    output_has_notes: bool,
}

/// What is decided of a game.
enum Decision<'a> {
    Take {
        name: String,
        encoded: Option<&'a EncodedGame>,
    },
    /// The name under which the game is there.
    Duplicate(String),
    Conflict(Fault),
    Reject(&'a Fault),
    Skip,
}

impl<'a> Stager<'a> {
    pub(super) fn begin(
        work: &'a mut Work,
        number: usize,
        source: &'a str,
        stamp: &str,
        snapshot: &StoreSnapshot,
        options: &'a MergeOptions,
    ) -> Result<Self, StoreError> {
        let at = At { path: snapshot.source(), waited_ms: BUSY_TIMEOUT.as_millis() as u64 };
        bring_up(snapshot).map_err(at.on("bringing a copy up to the present schema"))?;
        let (cursor, counts) = work.begin_source(number, source, stamp)?;
        let work = &*work;
        let attach = || -> Result<(RowCopy, bool, bool)> {
            work.connection.execute("ATTACH ?1 AS src", [snapshot.file().to_string_lossy()])?;
            let in_output = work.has_output && has_merge_tables(&work.connection)?;
            let of_moves = schema::columns_in(&work.connection, "out", "game_moves");
            let of_moves = if work.has_output { of_moves? } else { Vec::new() };
            // The last one that migrations add.
            let has_notes = of_moves.iter().any(|column| column == "heuristic_features");
            Ok((RowCopy::new(&work.connection, "src", false)?, in_output, has_notes))
        };
        let (copy, in_output, output_has_notes) = attach().map_err(at.on("opening the copy"))?;
        let mut find_content = "SELECT game_id FROM main.rr_merged_games WHERE content = ?1
                                UNION ALL SELECT game_id FROM main.rr_known WHERE content = ?1"
            .to_owned();
        let mut find_id = "SELECT 1 FROM main.games WHERE game_id = ?1".to_owned();
        if in_output {
            find_content += " UNION ALL SELECT game_id FROM out.rr_merged_games m WHERE content = ?1
                              AND EXISTS (SELECT 1 FROM out.games g WHERE g.game_id = m.game_id)";
        }
        if work.has_output {
            find_id += " UNION ALL SELECT 1 FROM out.games WHERE game_id = ?1";
        }
        Ok(Self { work, options, number, source, copy, counts, cursor, find_content, find_id, output_has_notes })
    }

    pub(super) fn left_behind(&self) -> Vec<String> {
        self.copy.left_behind.clone()
    }

    pub(super) fn counts(&self) -> &SourceCounts {
        &self.counts
    }

    /// The rows that were not decided before an interruption.
    pub(super) fn rows_to_come(&self, mut rows: Vec<i64>) -> Vec<i64> {
        rows.retain(|&row| self.cursor.is_none_or(|cursor| row > cursor));
        rows
    }

    /// Decides on a batch of games, in one transaction.
    pub(super) fn batch(&mut self, batch: Vec<Checked>) -> Result<(), StoreError> {
        let work = self.work;
        let at = work.at();
        let transaction = work.transaction()?;
        for game in batch {
            self.counts.plies += game.plies;
            self.cursor = Some(game.row);
            self.decide_and_take(&game).map_err(at.on("taking a game"))?;
        }
        let note = Work::note_source(&transaction, (&work.merge, self.number), self.cursor, &self.counts, false);
        note.and_then(|()| transaction.commit()).map_err(at.on("committing"))
    }

    fn decide_and_take(&mut self, game: &Checked) -> Result<()> {
        match self.decide(game)? {
            Decision::Skip => self.counts.skipped += 1,
            Decision::Duplicate(name) => {
                if name == game.id {
                    self.counts.duplicate += 1;
                } else {
                    self.counts.duplicate_content += 1;
                }
                if matches!(game.verdict, Verdict::Valid { encoded: None, .. }) {
                    self.counts.enriched += u64::from(self.enrich(&game.id, &name)?);
                }
            }
            Decision::Reject(fault) => self.reject(game, fault)?,
            Decision::Conflict(fault) => {
                self.counts.conflict += 1;
                self.quarantine(game, "conflict", &fault)?;
            }
            Decision::Take { name, encoded } => match self.take(game, &name, encoded) {
                Ok(()) => {
                    self.counts.new += 1;
                    self.counts.renamed += u64::from(name != game.id);
                }
                // Values that the present schema does not have where they are.
                Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
                    let (expected, got) = (error.to_string(), "rows of the present schema".to_owned());
                    self.reject(game, &Fault { ply: None, field: "rows".into(), expected, got, differences: 1 })?;
                }
                Err(error) => return Err(error),
            },
        }
        Ok(())
    }

    fn decide<'g>(&self, game: &'g Checked) -> Result<Decision<'g>> {
        let (content, encoded) = match &game.verdict {
            Verdict::Unfinished => return Ok(Decision::Skip),
            Verdict::Valid { content, encoded } => (content, encoded.as_deref()),
            Verdict::Invalid { content, fault } => {
                // The same game is there, and valid: what is wrong with this record of it matters to nobody.
                let known = content.as_ref().map(|content| self.known_as(content)).transpose()?.flatten();
                return Ok(match known {
                    Some(name) => Decision::Duplicate(name),
                    None => Decision::Reject(fault),
                });
            }
        };
        if let Some(name) = self.known_as(content)? {
            return Ok(Decision::Duplicate(name));
        }
        if !self.is_taken(&game.id)? {
            return Ok(Decision::Take { name: game.id.clone(), encoded });
        }
        let was_met = || {
            let sql = "SELECT 1 FROM main.games WHERE game_id = ?1";
            self.connection().prepare_cached(sql)?.exists([&game.id])
        };
        if self.options.on_conflict == OnConflict::Skip || (self.options.dedupe_by_game_id && was_met()?) {
            return Ok(Decision::Conflict(Fault {
                ply: None,
                field: "content".into(),
                expected: content.to_string(),
                got: "another game has this name".into(),
                differences: 1,
            }));
        }
        // As long a part of the content as makes the name new.
        let content = content.to_string();
        let mut name = String::new();
        for digits in 8..=content.len() {
            name = format!("{}-{}", game.id, &content[..digits]);
            if !self.is_taken(&name)? {
                break;
            }
        }
        Ok(Decision::Take { name, encoded })
    }

    fn connection(&self) -> &Connection {
        &self.work.connection
    }

    /// The name under which a game of this content is there.
    fn known_as(&self, content: &ContentDigest) -> Result<Option<String>> {
        let mut find = self.connection().prepare_cached(&self.find_content)?;
        find.query_row([content.as_bytes()], |row| row.get(0)).optional()
    }

    fn is_taken(&self, name: &str) -> Result<bool> {
        self.connection().prepare_cached(&self.find_id)?.exists([name])
    }

    /// Copies the rows of a game, or none of them.
    fn take(&self, game: &Checked, name: &str, encoded: Option<&EncodedGame>) -> Result<()> {
        let connection = self.connection();
        let Verdict::Valid { content, .. } = &game.verdict else { return Ok(()) };
        connection.prepare_cached("SAVEPOINT game")?.execute([])?;
        let take = || {
            match encoded {
                None => self.copy.copy(connection, &game.id, name)?,
                Some(encoded) => {
                    insert_game(connection, &encoded.renamed(name))?;
                    let marks = "UPDATE main.games SET (parity_status, parity_checked_at, parity_divergence_move) =
                        (SELECT parity_status, parity_checked_at, parity_divergence_move FROM src.games WHERE rowid = ?1)
                        WHERE game_id = ?2";
                    connection.prepare_cached(marks)?.execute(params![game.row, name])?;
                }
            }
            let mut note = connection.prepare_cached(
                "INSERT INTO main.rr_merged_games (game_id, content, source, source_game_id) VALUES (?1, ?2, ?3, ?4)",
            )?;
            note.execute(params![name, content.as_bytes(), self.source, game.id]).map(drop)
        };
        let taken = take();
        if taken.is_err() && !connection.is_autocommit() {
            connection.prepare_cached("ROLLBACK TO game")?.execute([])?;
        }
        if !connection.is_autocommit() {
            connection.prepare_cached("RELEASE game")?.execute([])?;
        }
        taken
    }

    /// Gives a game that is there what searches left with the moves of its duplicate, as far as it has none itself. Returns
    /// whether there was any.
    fn enrich(&self, id: &str, name: &str) -> Result<bool> {
        const MISSING: &str = "(m.move_probs IS NULL AND s.move_probs IS NOT NULL)
             OR (m.search_stats_json IS NULL AND s.search_stats_json IS NOT NULL)
             OR (m.heuristic_features IS NULL AND s.heuristic_features IS NOT NULL)";
        let connection = self.connection();
        if connection.prepare_cached("SELECT 1 FROM main.games WHERE game_id = ?1")?.exists([name])? {
            let sql = format!(
                "UPDATE main.game_moves AS m SET move_probs = COALESCE(m.move_probs, s.move_probs),
                     search_stats_json = COALESCE(m.search_stats_json, s.search_stats_json),
                     heuristic_features = COALESCE(m.heuristic_features, s.heuristic_features)
                 FROM src.game_moves s
                 WHERE m.game_id = ?2 AND s.game_id = ?1 AND s.move_number = m.move_number AND ({MISSING})"
            );
            return Ok(connection.prepare_cached(&sql)?.execute([id, name])? > 0);
        }
        // The output gets them at the end. One of an older schema has no such columns yet.
        let sql = if self.output_has_notes {
            format!(
                "INSERT OR IGNORE INTO main.rr_notes
                 SELECT ?2, s.move_number, s.move_probs, s.search_stats_json, s.heuristic_features
                 FROM src.game_moves s JOIN out.game_moves m ON m.game_id = ?2 AND m.move_number = s.move_number
                 WHERE s.game_id = ?1 AND ({MISSING})"
            )
        } else {
            "INSERT OR IGNORE INTO main.rr_notes
             SELECT ?2, move_number, move_probs, search_stats_json, heuristic_features FROM src.game_moves
             WHERE game_id = ?1
               AND (move_probs IS NOT NULL OR search_stats_json IS NOT NULL OR heuristic_features IS NOT NULL)"
                .to_owned()
        };
        Ok(connection.prepare_cached(&sql)?.execute([id, name])? > 0)
    }

    fn reject(&mut self, game: &Checked, fault: &Fault) -> Result<()> {
        self.counts.rejected += 1;
        self.quarantine(game, "reject", fault)
    }

    /// Keeps all rows of a game aside, with the reason.
    fn quarantine(&self, game: &Checked, kind: &str, fault: &Fault) -> Result<()> {
        let connection = self.connection();
        let rows = raw_rows(connection, "src", game.row)?;
        let Fault { ply, field, expected, got, differences } = fault;
        let place = ply.map_or_else(String::new, |ply| format!(", ply {ply}"));
        let reason = match kind {
            "conflict" => format!("game {}: {got}", game.id),
            _ => format!("game {}{place}: {field}: expected {expected}, got {got}", game.id),
        };
        let mut insert = connection.prepare_cached(
            "INSERT OR IGNORE INTO main.rr_quarantine (game_id, rows_digest, source, kind, ply, field, expected, got, reason,
                 differences, rows)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        let digest = ContentDigest::of_bytes(rows.as_bytes());
        let (differences, packed) = (*differences as i64, gzip(&rows));
        insert
            .execute(params![
                game.id,
                digest.as_bytes(),
                self.source,
                kind,
                ply,
                field,
                expected,
                got,
                reason,
                differences,
                packed
            ])
            .map(drop)
    }

    /// Ends the input: all its games are through, or the merge is being stopped.
    pub(super) fn finish(self, is_done: bool) -> Result<SourceCounts, StoreError> {
        let work = self.work;
        let finish = || -> Result<()> {
            let transaction = work.connection.unchecked_transaction()?;
            if is_done && !schema::columns_in(&transaction, "src", "rr_quarantine")?.is_empty() {
                // What earlier merges kept aside.
                transaction.execute("INSERT OR IGNORE INTO main.rr_quarantine SELECT * FROM src.rr_quarantine", [])?;
            }
            Work::note_source(&transaction, (&work.merge, self.number), self.cursor, &self.counts, is_done)?;
            transaction.commit()?;
            work.connection.flush_prepared_statement_cache();
            work.connection.execute("DETACH src", []).map(drop)
        };
        finish().map_err(work.at().on("ending an input"))?;
        Ok(self.counts)
    }
}

/// Brings the copy of an input up to the present schema; nobody needs it after a crash.
fn bring_up(snapshot: &StoreSnapshot) -> Result<()> {
    let connection = Connection::open(snapshot.file())?;
    connection.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;")?;
    let transaction = connection.unchecked_transaction()?;
    match schema::inspect(&transaction)? {
        Found::Store(version) if version < schema::VERSION => migrate(&transaction, version)?,
        _ => schema::create_tables(&transaction)?,
    }
    transaction.commit()
}
