//! Moves that the rules force, which tree searches make along with the move before them.

use ringrift_rules::{Board, MoveList, Phase, Position};

/// Phases in which listing the legal moves is cheap, and mostly there is just one.
fn is_quick<B: Board>(position: &Position<B>) -> bool {
    match position.phase() {
        Phase::LineProcessing | Phase::TerritoryProcessing | Phase::ChainCapture | Phase::ForcedElimination => true,
        Phase::RingPlacement => position.hand(position.to_move()) == 0,
        Phase::Movement | Phase::Capture | Phase::GameOver => false,
    }
}

/// Makes forced moves as far as that is cheap to know.
pub(crate) fn settle<B: Board>(position: &mut Position<B>, moves: &mut MoveList, forced: &mut MoveList) {
    while is_quick(position) {
        position.legal_moves(moves);
        let [only] = moves[..] else { break };
        position.make_move(only);
        forced.push(only);
    }
}

/// Makes all forced moves; `moves` holds the legal ones then.
pub(crate) fn settle_fully<B: Board>(position: &mut Position<B>, moves: &mut MoveList, forced: &mut MoveList) {
    loop {
        position.legal_moves(moves);
        let [only] = moves[..] else { break };
        position.make_move(only);
        forced.push(only);
    }
}
