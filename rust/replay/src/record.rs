//! Writes played games as traces, in the format that [`crate::TraceReader`] reads.

use std::collections::BTreeMap;

use ringrift_rules::{AnyPosition, Move, MoveList, PlayerId};

use crate::canonical::{canonical_digest, canonical_text};
use crate::trace::{Trace, TraceInitial, TracePly, TraceResult, TraceRules};

/// Plies between two plies that carry the full state.
const STATE_INTERVAL: usize = 20;

/// Plays `moves` from `start` and writes the game down: the number of legal moves and the hash of their list, the move,
/// and the state hash and digest of every ply; every 20 plies and at the end the whole state.
///
/// `truncated` says that a move limit stopped the game.
///
/// # Panics
/// If a move is not legal.
pub fn record_trace(id: String, start: &AnyPosition, moves: &[Move], truncated: bool) -> Trace {
    let rules = start.rules();
    let text = canonical_text(start);
    let initial = TraceInitial {
        hash: start.state_hash(),
        digest: canonical_digest(&text),
        state: text,
        order: Some(stack_order(start)).filter(|order| !order.is_empty()),
    };
    let mut position = start.clone();
    let mut list = MoveList::new();
    let mut plies = Vec::with_capacity(moves.len());
    for (i, &mv) in moves.iter().enumerate() {
        position.legal_moves(&mut list);
        assert!(list.contains(&mv), "the move {mv:?} of ply {i} is legal");
        let mut legal: Vec<String> = list.iter().map(|&mv| position.format_move(mv)).collect();
        legal.sort_unstable();
        let mut ply = TracePly {
            phase: position.phase().name().into(),
            player: position.to_move().number().into(),
            legal_count: Some(legal.len()),
            legal: None,
            legal_hash: Some(canonical_digest(&legal.join("\n"))),
            chosen: position.format_move(mv),
            upstream: None,
            hash: None,
            digest: None,
            state: None,
            order: None,
            zobrist: None,
        };
        position.make_move(mv);
        let text = canonical_text(&position);
        ply.hash = Some(position.state_hash());
        ply.digest = Some(canonical_digest(&text));
        if (i + 1) % STATE_INTERVAL == 0 || i + 1 == moves.len() {
            ply.state = Some(text);
            ply.order = Some(stack_order(&position));
            ply.zobrist = Some(format!("{:016x}", position.persisted_zobrist()));
        }
        plies.push(ply);
    }
    let by_player = |value: &dyn Fn(PlayerId) -> u16| -> BTreeMap<String, u64> {
        start.players().seats().map(|player| (player.to_string(), u64::from(value(player)))).collect()
    };
    let outcome = position.outcome();
    let reason = position.recorded_reason();
    let result = TraceResult {
        status: if outcome.is_some() { "completed" } else { "active" }.into(),
        winner: outcome.map(|outcome| u64::from(outcome.winner.number())),
        env_reason: reason.map(|reason| reason.environment.into()),
        soak_reason: reason.map(|reason| reason.termination()),
        victory_type: reason.map(|reason| (reason.victory_type.into(), reason.tiebreaker.map(Into::into))),
        truncated,
        plies: plies.len(),
        eliminated: by_player(&|player| position.eliminated(player)),
        territory: by_player(&|player| position.territory(player)),
        collapsed: by_player(&|player| position.collapsed_count(player)),
    };
    Trace {
        id,
        board: start.board().name().into(),
        players: start.players().get() as u64,
        rules: TraceRules {
            rings_per_player: rules.rings_per_player,
            lps_rounds_required: rules.lps_rounds,
            swap_rule_enabled: rules.swap_rule,
            victory_threshold: rules.victory_threshold,
            territory_victory_threshold: rules.territory_threshold,
            territory_victory_minimum: rules.territory_minimum,
            max_moves: None,
        },
        initial,
        plies,
        result,
    }
}

/// Stack keys in container order, separated by spaces.
pub(crate) fn stack_order(position: &AnyPosition) -> String {
    let geometry = position.geometry();
    let stacks = position.to_setup().stacks;
    let keys: Vec<String> =
        stacks.iter().filter_map(|stack| geometry.cell(stack.cell)).map(|cell| geometry.key(cell)).collect();
    keys.join(" ")
}
