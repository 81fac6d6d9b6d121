//! What a search found, as replay databases keep it.

use ringrift_eval::SearchResult;
use ringrift_replay::{MoveNotes, move_key};
use ringrift_rules::AnyPosition;
use serde_json::{Map, Value, json};

/// Least probability of a move that is kept by itself, and of a key of the policy.
const PROBABILITY_MIN: f64 = 1e-3;
const KEY_PROBABILITY_MIN: f64 = 1e-5;

/// The notes of a move: its search's policy under upstream's keys, and under `search_stats` each move by itself as
/// `[text, probability, visits, win share of the mover]`, win shares of the root, depth and nodes.
///
/// `evaluation` is what the engine evaluates with. Upstream's keys do not tell apart moves of the same kind between the same cells; their probabilities add up. Source:
/// npz.md section 6.3.
pub(crate) fn notes(position: &AnyPosition, found: &SearchResult, evaluation: &str, keeps_time: bool) -> MoveNotes {
    let mover = position.to_move();
    let players = position.players();
    let mut by_key: Map<String, Value> = Map::new();
    let mut moves = Vec::new();
    let mut likely: Vec<_> = found.lines.iter().filter(|line| line.policy >= KEY_PROBABILITY_MIN).collect();
    likely.sort_by(|a, b| b.policy.total_cmp(&a.policy));
    for line in likely {
        let key = move_key(position, line.mv);
        let before = by_key.get(&key).and_then(Value::as_f64).unwrap_or(0.0);
        by_key.insert(key, (before + (line.policy * 1e6).round() / 1e6).into());
        if line.policy >= PROBABILITY_MIN {
            let (probability, value) = (rounded(line.policy), rounded(line.values[mover]));
            moves.push(json!([position.format_move(line.mv), probability, line.visits, value]));
        }
    }
    let values: Vec<f64> = found.values.of(players).iter().map(|&share| rounded(share)).collect();
    let stats = json!({
        "moves": moves,
        "root_values": values,
        "nodes": found.nodes,
        "evaluations": found.evaluations,
        "depth": found.depth,
        "ended": found.ended.name(),
    });
    MoveNotes {
        move_probs: Some(Value::Object(by_key)),
        search_stats: Some(stats),
        engine_eval: Some(rounded(found.score)),
        engine_eval_type: Some(evaluation.into()),
        engine_depth: Some(found.depth.into()),
        engine_nodes: i64::try_from(found.nodes).ok(),
        engine_time_ms: keeps_time.then_some(found.elapsed.as_millis() as i64),
        ..MoveNotes::default()
    }
}

/// Four decimals say more than a search knows.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
