//! Move-path counts.

use crate::{
    board::Board,
    moves::{Move, MoveList},
    position::Position,
};

/// Remaining depth from which on a count asks whether to stop: rarely enough not to cost, often enough to be quick.
const STOP_DEPTH: usize = 3;

/// Number of paths of `depth` moves from `position`, every leaf made by a move of its own (no bulk counting). A
/// finished game has no moves, so paths through it that are too short do not count.
pub fn perft<B: Board>(position: &Position<B>, depth: u32) -> u64 {
    count(position, &mut lists(depth), &|| false).unwrap_or_default()
}

/// [`perft()`] of every move of `position`, in the order of its legal moves; calls `each` with a move as soon as it is
/// counted. `stop` is asked now and then, and ends the count when it returns true; the result is then `None`.
pub fn divide<B: Board>(
    position: &Position<B>,
    depth: u32,
    stop: &impl Fn() -> bool,
    mut each: impl FnMut(Move, u64),
) -> Option<u64> {
    let Some(below) = depth.checked_sub(1) else { return Some(1) };
    let mut moves = MoveList::new();
    position.legal_moves(&mut moves);
    let mut lists = lists(below);
    let mut nodes = 0;
    for mv in moves {
        let mut child = *position;
        child.make_move(mv);
        let paths = count(&child, &mut lists, stop)?;
        each(mv, paths);
        nodes += paths;
    }
    Some(nodes)
}

fn lists(depth: u32) -> Vec<MoveList> {
    vec![MoveList::new(); depth as usize]
}

fn count<B: Board>(position: &Position<B>, lists: &mut [MoveList], stop: &impl Fn() -> bool) -> Option<u64> {
    if lists.len() >= STOP_DEPTH && stop() {
        return None;
    }
    let Some((list, deeper)) = lists.split_first_mut() else { return Some(1) };
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
            count(&child, deeper, stop)?
        };
    }
    Some(nodes)
}
