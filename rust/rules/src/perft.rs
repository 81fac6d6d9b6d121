//! Move-path counts.

use crate::{
    board::Board,
    moves::{Move, MoveList},
    position::Position,
};

/// Number of paths of `depth` moves from `position`, every leaf made by a move of its own (no bulk counting). A
/// finished game has no moves, so paths through it that are too short do not count.
pub fn perft<B: Board>(position: &Position<B>, depth: u32) -> u64 {
    let mut lists = vec![MoveList::new(); depth as usize];
    count(position, &mut lists)
}

/// [`perft`] of every move of `position`, in the order of its legal moves.
pub fn divide<B: Board>(position: &Position<B>, depth: u32) -> Vec<(Move, u64)> {
    let mut moves = MoveList::new();
    position.legal_moves(&mut moves);
    let mut lists = vec![MoveList::new(); depth.saturating_sub(1) as usize];
    let below = |mv| {
        let mut child = *position;
        child.make_move(mv);
        (mv, count(&child, &mut lists))
    };
    if depth == 0 {
        Vec::new()
    } else {
        moves.into_iter().map(below).collect()
    }
}

fn count<B: Board>(position: &Position<B>, lists: &mut [MoveList]) -> u64 {
    let Some((list, deeper)) = lists.split_first_mut() else {
        return 1;
    };
    position.legal_moves(list);
    let mut nodes = 0;
    for &mv in list.iter() {
        let mut child = *position;
        child.make_move(mv);
        nodes += if deeper.is_empty() {
            // The leaf is made, not only counted.
            std::hint::black_box(&child);
            1
        } else {
            count(&child, deeper)
        };
    }
    nodes
}
