//! Puts the rows of a game into the tables.

use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::{
    bare::bare_move_text,
    encode::{EncodedGame, HistoryColumns},
    game::MoveNotes,
    schema,
};

/// What became of the rows.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Inserted,
    /// The same game is there already.
    Same,
    /// Another game has the name.
    Different,
}

/// Inserts a game. Its row says `in_progress` until the moves are there: the triggers want that.
pub(crate) fn insert_game(connection: &Connection, game: &EncodedGame) -> Result<Outcome> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO games (game_id, board_type, num_players, rng_seed, created_at, game_status, total_moves,
             total_turns, source, schema_version)
         VALUES (?1, ?2, ?3, ?4, ?5, 'in_progress', 0, 0, ?6, ?7) ON CONFLICT (game_id) DO NOTHING",
    )?;
    let inserted = insert.execute(params![
        game.id,
        game.board,
        game.players.len() as i64,
        game.rng_seed,
        game.created_at,
        game.source,
        schema::VERSION,
    ])?;
    if inserted == 0 {
        return Ok(if is_same(connection, game)? { Outcome::Same } else { Outcome::Different });
    }
    let mut initial = connection.prepare_cached(
        "INSERT INTO game_initial_state (game_id, initial_state_json, compressed) VALUES (?1, ?2, 0)",
    )?;
    initial.execute(params![game.id, game.initial_json])?;
    insert_moves(connection, game)?;
    insert_states(connection, game)?;
    let mut update = connection.prepare_cached(
        "UPDATE games SET completed_at = ?2, game_status = ?3, winner = ?4, termination_reason = ?5, total_moves = ?6,
             total_turns = ?7, duration_ms = ?8, metadata_json = ?9, quality_score = ?10, quality_category = ?11,
             engine_mode = ?12, opponent_type = ?13, opponent_model_id = ?14
         WHERE game_id = ?1",
    )?;
    update.execute(params![
        game.id,
        game.completed_at,
        game.status,
        game.winner,
        game.reason,
        game.moves.len() as i64,
        game.turns as i64,
        game.duration_ms,
        game.metadata_json,
        game.quality.0,
        game.quality.1,
        game.engine_mode,
        game.opponent_type,
        game.opponent_model_id,
    ])?;
    let mut seat = connection.prepare_cached(
        "INSERT INTO game_players (game_id, player_number, player_type, ai_type, ai_difficulty, ai_profile_id,
             final_eliminated_rings, final_territory_spaces, final_rings_in_hand)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for player in &game.players {
        seat.execute(params![
            game.id,
            player.number,
            player.kind,
            player.ai_type,
            player.difficulty,
            player.profile_id,
            player.eliminated,
            player.territory,
            player.hand,
        ])?;
    }
    Ok(Outcome::Inserted)
}

fn insert_moves(connection: &Connection, game: &EncodedGame) -> Result<()> {
    let mut plain = connection.prepare_cached(
        "INSERT INTO game_moves (game_id, move_number, turn_number, player, phase, move_type, move_json, timestamp,
             think_time_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let mut noted = connection.prepare_cached(
        "UPDATE game_moves SET engine_eval = ?3, engine_eval_type = ?4, engine_depth = ?5, engine_nodes = ?6,
             engine_time_ms = ?7, move_probs = ?8, search_stats_json = ?9, heuristic_features = ?10
         WHERE game_id = ?1 AND move_number = ?2",
    )?;
    for (number, mv) in game.moves.iter().enumerate() {
        plain.execute(params![
            game.id,
            number as i64,
            mv.turn as i64,
            mv.player,
            mv.phase,
            mv.kind,
            mv.json,
            mv.timestamp,
            mv.think_time_ms as i64,
        ])?;
        if let Some(columns) = &mv.notes {
            let notes: &MoveNotes = &columns.notes;
            noted.execute(params![
                game.id,
                number as i64,
                notes.engine_eval,
                notes.engine_eval_type,
                notes.engine_depth,
                notes.engine_nodes,
                notes.engine_time_ms,
                columns.move_probs,
                columns.search_stats,
                notes.heuristic_features,
            ])?;
        }
    }
    Ok(())
}

fn insert_states(connection: &Connection, game: &EncodedGame) -> Result<()> {
    let mut snapshot = connection.prepare_cached(
        "INSERT INTO game_state_snapshots (game_id, move_number, state_json, compressed, state_hash)
         VALUES (?1, ?2, ?3, 0, ?4)",
    )?;
    for row in &game.snapshots {
        snapshot.execute(params![game.id, row.number as i64, row.json, row.hash])?;
    }
    let mut history = connection.prepare_cached(
        "INSERT INTO game_history_entries (game_id, move_number, player, phase_before, phase_after, status_before,
             status_after, progress_before_json, progress_after_json, state_hash_before, state_hash_after,
             state_before_json, state_after_json, compressed_states)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    for (number, HistoryColumns { player, before, after, compressed }) in game.history.iter().enumerate() {
        history.execute(params![
            game.id,
            number as i64,
            player,
            before.phase,
            after.phase,
            before.status,
            after.status,
            before.progress,
            after.progress,
            before.hash,
            after.hash,
            before.json,
            after.json,
            compressed,
        ])?;
    }
    Ok(())
}

/// Whether the database has this game already: the same result and the same moves, whatever their times.
fn is_same(connection: &Connection, game: &EncodedGame) -> Result<bool> {
    let mut row = connection.prepare_cached(
        "SELECT board_type, num_players, game_status, winner, total_moves FROM games WHERE game_id = ?1",
    )?;
    let found = row
        .query_row([&game.id], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, Option<i64>>(3)?,
                row.get::<_, i64>(4)?,
            ))
        })
        .optional()?;
    let expected = (
        game.board.to_owned(),
        game.players.len() as i64,
        game.status.to_owned(),
        game.winner.map(i64::from),
        game.moves.len() as i64,
    );
    if found != Some(expected) {
        return Ok(false);
    }
    let mut moves =
        connection.prepare_cached("SELECT move_json FROM game_moves WHERE game_id = ?1 ORDER BY move_number")?;
    let stored: Vec<String> = moves.query_map([&game.id], |row| row.get(0))?.collect::<Result<_>>()?;
    let same = stored.len() == game.moves.len()
        && stored.iter().zip(&game.moves).all(|(stored, mv)| {
            let stored = bare_move_text(stored);
            stored.is_some() && stored == bare_move_text(&mv.json)
        });
    Ok(same)
}
