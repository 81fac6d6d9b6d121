//! Games of uniformly random moves.

use rayon::prelude::*;
use ringrift_rules::{AnyPosition, Board, Move, MoveList, Outcome, Position, with_position};

use crate::rng::GameRng;

/// Result of one playout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Playout {
    /// Moves made, bookkeeping included.
    pub plies: u32,
    /// How the game ended; none if the move limit stopped it.
    pub outcome: Option<Outcome>,
}

/// Plays random moves on `position` until the game is over or `plies_max` moves have been made. Every legal move of a
/// ply is generated and equally likely. `moves` is scratch space: nothing is allocated once it has grown.
pub fn playout<B: Board>(
    position: &mut Position<B>,
    rng: &mut GameRng,
    plies_max: u32,
    moves: &mut MoveList,
) -> Playout {
    walk(position, rng, plies_max, moves, |_| {})
}

/// [`playout`] from a copy of `start`, with the moves it makes.
pub fn playout_moves(
    start: &AnyPosition,
    rng: &mut GameRng,
    plies_max: u32,
    moves: &mut MoveList,
) -> (AnyPosition, Vec<Move>) {
    let (mut end, mut made) = (start.clone(), Vec::new());
    with_position!(&mut end, position => walk(position, rng, plies_max, moves, |mv| made.push(mv)));
    (end, made)
}

#[inline]
fn walk<B: Board>(
    position: &mut Position<B>,
    rng: &mut GameRng,
    plies_max: u32,
    moves: &mut MoveList,
    mut each: impl FnMut(Move),
) -> Playout {
    let mut plies = 0;
    while plies < plies_max {
        position.legal_moves(moves);
        if moves.is_empty() {
            break;
        }
        let mv = if moves.len() == 1 { moves[0] } else { moves[rng.below(moves.len())] };
        position.make_move(mv);
        each(mv);
        plies += 1;
    }
    Playout { plies, outcome: position.outcome() }
}

/// Plays `count` random games from `start` on the current rayon pool; game `i` depends on `seed` and `i` alone.
/// `check` is called before every game and stops the rest when it returns false; the games played are returned, with
/// their final positions, in order.
pub fn random_playouts(
    start: &AnyPosition,
    count: u64,
    seed: u64,
    plies_max: u32,
    check: impl Fn() -> bool + Sync,
) -> Vec<(Playout, AnyPosition)> {
    (0..count)
        .into_par_iter()
        .map_init(MoveList::new, |moves, game| {
            if !check() {
                return None;
            }
            let mut rng = GameRng::new(seed, game, GameRng::HOST);
            let mut end = start.clone();
            let result = with_position!(&mut end, position => playout(position, &mut rng, plies_max, moves));
            Some((result, end))
        })
        .while_some()
        .collect()
}
