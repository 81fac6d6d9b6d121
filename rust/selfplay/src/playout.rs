//! Games of uniformly random moves.

use rayon::prelude::*;
use ringrift_eval::GameRng;
use ringrift_rules::{AnyPosition, Board, ByPlayer, Move, MoveList, Outcome, Position, with_position};

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

/// One game of a batch.
#[derive(Clone, PartialEq, Debug)]
pub struct PlayedGame {
    /// Moves made, bookkeeping included.
    pub plies: u32,
    /// How the game ended; none if the move limit stopped it.
    pub outcome: Option<Outcome>,
    /// Per-seat returns: see [`Position::returns`].
    pub returns: ByPlayer<f32>,
    /// Key of the final position: see [`Position::key`].
    pub key: u64,
}

/// Plays `count` random games from `start` on the current rayon pool; game `i` depends on `seed` and `i` alone.
/// `check` is called before every game and stops the rest when it returns false; the games played before that are
/// returned in order.
pub fn random_playouts(
    start: &AnyPosition,
    count: u64,
    seed: u64,
    plies_max: u32,
    check: impl Fn() -> bool + Sync,
) -> Vec<PlayedGame> {
    (0..count)
        .into_par_iter()
        .map_init(MoveList::new, |moves, game| {
            if !check() {
                return None;
            }
            let mut rng = GameRng::new(seed, game, GameRng::HOST);
            Some(with_position!(start, start => {
                let mut position = *start;
                let Playout { plies, outcome } = playout(&mut position, &mut rng, plies_max, moves);
                PlayedGame { plies, outcome, returns: position.returns(), key: position.key() }
            }))
        })
        .while_some()
        .collect()
}

#[cfg(test)]
mod tests {
    use ringrift_rules::{BoardKind, PlayerCount, RuleOptions};

    use super::*;

    #[test]
    fn batch_does_not_depend_on_the_number_of_threads() {
        let players = PlayerCount::Three;
        let start = AnyPosition::initial(BoardKind::Hex8, players, RuleOptions::standard(BoardKind::Hex8, players));
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be had");
            pool.install(|| random_playouts(&start, 20, 5, 10_000, || true))
        };
        let games = on(1);
        assert_eq!(games, on(3));
        assert!(games.iter().all(|game| game.outcome.is_some()));
        assert_ne!(games, random_playouts(&start, 20, 6, 10_000, || true));
    }

    #[test]
    fn batch_stops_when_told() {
        let players = PlayerCount::Two;
        let start =
            AnyPosition::initial(BoardKind::Square8, players, RuleOptions::standard(BoardKind::Square8, players));
        assert!(random_playouts(&start, 20, 5, 10_000, || false).is_empty());
    }
}
