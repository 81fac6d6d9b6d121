//! Games as lines of upstream's self-play log. Source: selfplay.md section 8.

use ringrift_rules::Move;
use serde_json::{Map, Value, json};

use super::{error::StoreError, rows::StoredGame};
use crate::json::{FieldNames, MoveJsonOptions, Nulls, StateDocument, move_to_json, snake_case};

/// What the log calls its writer.
const SOURCE: &str = "run_self_play_soak.py";

/// The value with its keys in snake case, as the log has them. What `rulesOptions` holds is left alone, as there.
fn to_snake_case(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(to_snake_case).collect(),
        Value::Object(map) => {
            let rename = |(key, value): (String, Value)| match key.as_str() {
                "rulesOptions" => ("rules_options".into(), value),
                _ => (snake_case(&key).unwrap_or(key), to_snake_case(value)),
            };
            Value::Object(map.into_iter().map(rename).collect())
        }
        value => value,
    }
}

/// The state as the log has it: every field, in snake case.
pub fn soak_state(state: &StateDocument) -> Value {
    to_snake_case(state.to_value(Nulls::Write))
}

/// A stored game as the record that upstream's self-play would have written; [`python_json`](super::python_json()) makes
/// its line.
///
/// # Errors
/// [`StoreError::TornGame`] if the game cannot be replayed.
pub fn soak_record(game: &StoredGame, index: u64) -> Result<Value, StoreError> {
    let replayed = game.replay_all()?;
    let row = &game.row;
    let metadata = row.metadata().unwrap_or_default();
    let mut position = replayed.start.position.clone();
    let mut moves = Vec::with_capacity(replayed.moves.len());
    let mut decisions: u64 = 0;
    for (&mv, stored) in replayed.moves.iter().zip(&game.moves) {
        let options = MoveJsonOptions {
            nulls: Nulls::Write,
            names: FieldNames::Snake,
            timestamp: stored.timestamp.clone(),
            think_time: stored.think_time_ms.and_then(|time| u64::try_from(time).ok()).unwrap_or(0),
            ..MoveJsonOptions::default()
        };
        let mut json = move_to_json(&position, mv, moves.len() as u64 + 1, &options);
        // The running number of lines and regions in an id is the recorder's.
        let id = serde_json::from_str::<Map<String, Value>>(&stored.json).ok().and_then(|mut json| json.remove("id"));
        if let Some(id) = id.filter(Value::is_string) {
            json["id"] = id;
        }
        decisions += u64::from(is_decision(mv, &json));
        moves.push(json);
        position.make_move(mv);
    }
    let reason = position.recorded_reason();
    let swaps = replayed.moves.iter().filter(|&&mv| mv == Move::SwapSides).count();
    let of_metadata = |name: &str, default: Value| metadata.get(name).cloned().unwrap_or(default);
    let decisions = metadata.get("host_decisions").and_then(Value::as_u64).unwrap_or(decisions);
    Ok(json!({
        "index": index,
        "num_players": row.num_players,
        "board_type": row.board,
        "engine_mode": row.engine_mode,
        "seed": of_metadata("rng_seed", row.rng_seed.into()),
        // Upstream counts after the check for the end, hence one less.
        "length": decisions.saturating_sub(1),
        "status": row.status,
        "winner": row.winner,
        "termination_reason": row.termination_reason,
        "skipped": false,
        "invariant_violations_by_type": of_metadata("invariant_violations_by_type", json!({})),
        "swap_sides_moves": of_metadata("swap_sides_moves", swaps.into()),
        "used_pie_rule": of_metadata("used_pie_rule", (swaps > 0).into()),
        "victory_type": reason.map(|reason| reason.victory_type),
        "stalemate_tiebreaker": reason.and_then(|reason| reason.tiebreaker),
        "moves": moves,
        "initial_state": soak_state(&replayed.start),
        "failure_debug": null,
        "source": SOURCE,
        "db_recorded": true,
        "db_game_id": row.id,
        "db_record_error": null,
    }))
}

/// Whether a player chose the move; the others the environment adds by itself.
fn is_decision(mv: Move, json: &Value) -> bool {
    match mv {
        Move::NoPlacementAction | Move::NoMovementAction | Move::NoLineAction | Move::NoTerritoryAction => false,
        Move::ForcedElimination { .. } => json["id"].as_str().is_none_or(|id| !id.starts_with("forced-elimination")),
        _ => true,
    }
}
