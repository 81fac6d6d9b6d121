//! Max-n against its plain definition.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use ringrift_eval::{Evaluator, GameRng, Scale, Scores, Values};
use ringrift_heuristic::EvalMode;
use ringrift_rules::{Board, Hex8, Hexagonal, MoveList, PlayerCount, Position, Square8, Square19};
use ringrift_search::{Limits, MaxN, MaxNOptions, Search, Stop};
use support::{heuristic, positions_wanted, random_position};

/// Most positions of a compared tree.
const TREE_MAX: u32 = 30_000;

/// Shares of a game's seats as the search counts them: 2^-24 each, rounded down, the rest to the first greatest.
fn whole_shares(values: &Values, players: PlayerCount) -> Vec<u32> {
    let mut shares: Vec<u32> = values.of(players).iter().map(|share| (share * 16_777_216.0) as u32).collect();
    let missing = 16_777_216 - i64::from(shares.iter().sum::<u32>());
    let most = *shares.iter().max().unwrap();
    let first = shares.iter().position(|&share| share == most).unwrap();
    shares[first] = (i64::from(shares[first]) + missing) as u32;
    shares
}

/// Shares of a position; none if the tree has more than `left` positions.
fn plain<B: Board, E: Evaluator<B>>(
    evaluator: &mut E,
    position: &Position<B>,
    depth: u32,
    left: &mut u32,
) -> Option<Vec<u32>> {
    let players = position.players();
    if let Some(values) = Values::terminal(position) {
        return Some(whole_shares(&values, players));
    }
    if depth == 0 {
        let mut scores = Scores::default();
        for seat in players.seats() {
            scores[seat] = evaluator.score(position, seat);
        }
        return Some(whole_shares(&Scale::HEURISTIC.values(&scores, players), players));
    }
    let mut moves = MoveList::new();
    position.legal_moves(&mut moves);
    *left = left.checked_sub(moves.len() as u32)?;
    let depth = if moves.len() == 1 { depth } else { depth - 1 };
    let mover = position.to_move().index();
    let mut best: Option<Vec<u32>> = None;
    for &mv in &moves {
        let mut child = *position;
        child.make_unlisted_move(mv);
        let shares = plain(evaluator, &child, depth, left)?;
        if best.as_ref().is_none_or(|best| shares[mover] > best[mover]) {
            best = Some(shares);
        }
    }
    best
}

fn equals_plain<B: Board>(players: PlayerCount, depth: u32, by_default: usize, roots_max: usize, seed: u64) {
    let wanted = positions_wanted::<B>(by_default);
    let mut rng = GameRng::new(seed, 0, 0);
    let mut evaluator = heuristic::<B>(EvalMode::Light);
    let options = MaxNOptions { quiescence: false, ..MaxNOptions::default() };
    let new = |options| MaxN::new(heuristic::<B>(EvalMode::Light), options).unwrap();
    let mut pruned = new(options);
    let mut unpruned = new(MaxNOptions { pruning: false, ..options });
    let mut threaded = new(MaxNOptions { threads: 2, ..options });
    let (mut moves, mut compared, mut nodes) = (MoveList::new(), 0, [0; 3]);
    while compared < wanted {
        let position = random_position::<B>(players, &mut rng);
        position.legal_moves(&mut moves);
        if moves.len() > roots_max || plain(&mut evaluator, &position, depth, &mut TREE_MAX.clone()).is_none() {
            continue;
        }
        for (engine, nodes) in [&mut pruned, &mut unpruned, &mut threaded].into_iter().zip(&mut nodes) {
            let limits = Limits::depth(depth).unwrap();
            let result = engine.search(&position, &moves, &limits, &Stop::new(), &mut GameRng::new(7, 0, 0)).unwrap();
            *nodes += result.nodes;
            // A win that is found earlier is not searched deeper.
            let expected = plain(&mut evaluator, &position, result.depth, &mut u32::MAX.clone()).unwrap();
            let mover = position.to_move();
            let found = whole_shares(&result.values, players);
            let name = B::into_any(position).to_string();
            assert_eq!(found[mover.index()], expected[mover.index()], "{name}");
            let mut child = position;
            child.make_move(result.best);
            let of_best = plain(&mut evaluator, &child, result.depth - 1, &mut u32::MAX.clone()).unwrap();
            assert_eq!(found, of_best, "the chosen move leads to the values; {name}");
        }
        compared += 1;
    }
    assert!(nodes[0] <= nodes[1] && (roots_max < 100 || nodes[0] < nodes[1]), "pruning saves nodes: {nodes:?}");
}

#[test]
fn equals_its_definition_on_square8() {
    equals_plain::<Square8>(PlayerCount::Three, 3, 60, usize::MAX, 1);
}

#[test]
fn equals_its_definition_on_hex8() {
    equals_plain::<Hex8>(PlayerCount::Four, 3, 60, usize::MAX, 2);
}

#[test]
fn equals_its_definition_on_large_boards() {
    for players in [PlayerCount::Three, PlayerCount::Four] {
        equals_plain::<Square19>(players, 2, 3, 40, 3);
        equals_plain::<Hexagonal>(players, 2, 3, 40, 4);
    }
}
