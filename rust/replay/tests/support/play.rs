//! Games of random moves for tests and measurements.
#![allow(dead_code, reason = "each binary uses a part")]

use ringrift_replay::{NewGame, RecordedMove, SeatRecord, StateDocument, format_timestamp, game_id};
use ringrift_rules::{AnyPosition, BoardKind, Move, MoveList, PlayerCount, RuleOptions};
use serde_json::{Map, json};

/// Start and moves of game `index` of a seed; every game ends by the rules or after `limit` moves.
pub fn random_moves(
    board: BoardKind,
    players: PlayerCount,
    seed: u64,
    index: u64,
    limit: usize,
) -> (AnyPosition, Vec<Move>) {
    let rules = RuleOptions { swap_rule: players == PlayerCount::Two, ..RuleOptions::standard(board, players) };
    let start = AnyPosition::initial(board, players, rules);
    let (mut position, mut legal, mut moves) = (start.clone(), MoveList::new(), Vec::new());
    // SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ index.wrapping_mul(0xd1b5_4a32_d192_ed03);
    while moves.len() < limit {
        position.legal_moves(&mut legal);
        if legal.is_empty() {
            break;
        }
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mv = legal[((z ^ (z >> 31)) % legal.len() as u64) as usize];
        position.make_move(mv);
        moves.push(mv);
    }
    (start, moves)
}

/// A game as the runner of self-play would store it, with or without a time for each move.
pub fn random_game(board: BoardKind, players: PlayerCount, seed: u64, index: u64, timed: bool) -> NewGame {
    let (start, moves) = random_moves(board, players, seed, index, 5000);
    let micros = |ply: usize| 1_767_225_600_000_000 + index as i64 * 60_000_000 + ply as i64 * 12_345;
    let mut end = start.clone();
    for &mv in &moves {
        end.make_move(mv);
    }
    let mut document = StateDocument::new(start);
    document.envelope.created_at = format_timestamp(micros(0));
    document.envelope.last_move_at = format_timestamp(micros(0));
    let mut metadata = Map::new();
    let mut note = |name: &str, value| metadata.insert(name.to_owned(), value);
    note("source", json!("soak_test"));
    note("engine_mode", json!("random-only"));
    note("difficulty_band", json!("canonical"));
    note("rng_seed", json!(seed + index));
    note("invariant_violations_by_type", json!({}));
    note("swap_sides_moves", json!(moves.iter().filter(|&&mv| mv == Move::SwapSides).count()));
    note("used_pie_rule", json!(moves.contains(&Move::SwapSides)));
    if let Some(reason) = end.recorded_reason() {
        note("termination_reason", json!(reason.termination()));
    }
    let seat = SeatRecord { ai_type: "random".into(), difficulty: Some(1), ..SeatRecord::default() };
    players.seats().for_each(|player| seat.note(player, &mut metadata));
    let recorded = |(ply, &mv): (usize, &Move)| RecordedMove {
        timestamp: timed.then(|| format_timestamp(micros(ply + 1))),
        ..RecordedMove::from(mv)
    };
    let plies = moves.len();
    let recorded = moves.iter().enumerate().map(recorded).collect();
    let mut game = NewGame::new(game_id(&format!("run {seed}"), index), document, recorded, metadata);
    if !timed {
        game.completed_at = Some(format_timestamp(micros(plies)));
    }
    game
}
