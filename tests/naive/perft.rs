//! Node counts: how many sequences of a given number of plies a position has.

use super::moves::Move;
use super::state::State;

/// Number of move sequences of exactly `depth` plies. Every distinct canonical string counts
/// once, bookkeeping moves included; a finished game has no moves.
pub fn perft(state: &State, depth: u32) -> u64 {
    let moves = match depth {
        0 => return 1,
        _ => state.legal_moves(),
    };
    if depth == 1 {
        return moves.len() as u64;
    }
    let nodes_after = |mv: &Move| perft(&after(state, mv), depth - 1);
    moves.values().map(nodes_after).sum()
}

/// The nodes below every legal move, in the order of the canonical strings.
pub fn divide(state: &State, depth: u32) -> Vec<(String, u64)> {
    let moves = state.legal_moves().into_iter();
    moves.map(|(text, mv)| (text, perft(&after(state, &mv), depth - 1))).collect()
}

fn after(state: &State, mv: &Move) -> State {
    let mut next = state.clone();
    next.play(mv);
    next
}
