//! Alpha-beta against plain minimax, and the promises of every search.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use ringrift_eval::{Evaluator, GameRng, Scores, WIN, centi, relative_centi};
use ringrift_heuristic::EvalMode;
use ringrift_rules::{Board, Hex8, Hexagonal, MoveList, PlayerCount, PlayerId, Position, Square8, Square19};
use ringrift_search::{AlphaBeta, AlphaBetaOptions, Ended, Limits, Margins, Opponents, Search, SearchResult, Stop};
use support::{heuristic, positions_wanted, random_position};

const WON: i32 = 10_000_000;
const PARANOID: Opponents = Opponents::Paranoid;

/// Who replies to the root seat in games of three and four.
#[derive(Copy, Clone, PartialEq)]
enum Reply {
    /// Everybody.
    All,
    /// One opponent, still to be found.
    Free,
    /// This one.
    By(PlayerId),
}

/// Value for the root seat of what all others, or one of them a round, play against; `None` if the tree has more than `left`
/// positions.
fn minimax<B: Board, E: Evaluator<B>>(
    evaluator: &mut E,
    position: &Position<B>,
    (root, plies, depth, mut reply): (PlayerId, u32, u32, Reply),
    left: &mut u32,
) -> Option<i32> {
    if let Some(outcome) = position.outcome() {
        let value = WON - (position.plies() - plies) as i32;
        return Some(if outcome.winner == root { value } else { -value });
    }
    if depth == 0 {
        let players = position.players();
        let mut scores = Scores::default();
        for seat in players.seats() {
            scores[seat] = evaluator.score(position, seat);
        }
        return Some(relative_centi(&scores, players, root));
    }
    let mut moves = MoveList::new();
    position.legal_moves(&mut moves);
    *left = left.checked_sub(moves.len() as u32)?;
    let (mover, seats) = (position.to_move(), position.players());
    let mut best = None;
    if mover == root && reply != Reply::All {
        reply = Reply::Free;
    } else if moves.len() > 1 && reply != Reply::All {
        let after = (1..4).map(|i| PlayerId::ALL[(mover.index() + i) % seats.get()]);
        let is_last = !after.take_while(|&seat| seat != root).any(|seat| position.has_any_ring(seat));
        if reply == Reply::Free && is_last {
            reply = Reply::By(mover);
        }
        if reply != Reply::By(mover) {
            *left = left.checked_sub(moves.len() as u32)?;
            let mut at_once = None;
            for &mv in &moves {
                let mut child = *position;
                child.make_unlisted_move(mv);
                let value = match child.outcome() {
                    Some(outcome) if outcome.winner == mover => WON,
                    Some(_) => -WON,
                    None => relative_centi(&evaluator.scores(&child), seats, mover),
                };
                if at_once.is_none_or(|(most, _)| value > most) {
                    at_once = Some((value, child));
                }
            }
            let value = minimax(evaluator, &at_once?.1, (root, plies, depth, reply), left)?;
            if reply != Reply::Free {
                return Some(value);
            }
            best = Some(value);
            reply = Reply::By(mover);
        }
    }
    let depth = if moves.len() == 1 { depth } else { depth - 1 };
    for &mv in &moves {
        let mut child = *position;
        child.make_unlisted_move(mv);
        let value = minimax(evaluator, &child, (root, plies, depth, reply), left)?;
        let is_better = best.is_none_or(|best| if position.to_move() == root { value > best } else { value < best });
        if is_better {
            best = Some(value);
        }
    }
    best
}

/// Most positions of a compared tree.
const TREE_MAX: u32 = 30_000;

fn plain() -> AlphaBetaOptions {
    AlphaBetaOptions { quiescence: false, reductions: false, tempo: 0.0, ..AlphaBetaOptions::default() }
}

fn search<B: Board>(engine: &mut impl Search<B>, position: &Position<B>, limits: &Limits) -> SearchResult {
    let mut moves = MoveList::new();
    position.legal_moves(&mut moves);
    engine.search(position, &moves, limits, &Stop::new(), &mut GameRng::new(7, 0, 0)).unwrap()
}

/// Value of a result as minimax counts it.
fn value_of(result: &SearchResult) -> i32 {
    if result.score.abs() > WIN / 2.0 {
        let plies = (WIN - result.score.abs()) as i32;
        return if result.score > 0.0 { WON - plies } else { plies - WON };
    }
    centi(result.score)
}

fn equals_minimax<B: Board>(
    opponents: Opponents,
    players: PlayerCount,
    depth: u32,
    by_default: usize,
    roots_max: usize,
    seed: u64,
) {
    let wanted = positions_wanted::<B>(by_default);
    let mut rng = GameRng::new(seed, 0, 0);
    let mut evaluator = heuristic::<B>(EvalMode::Light);
    // Every other position with two threads, which share a table and find the same values.
    let mut engines = [1, 2].map(|threads| {
        let options = AlphaBetaOptions { opponents, threads, ..plain() };
        AlphaBeta::new(heuristic::<B>(EvalMode::Light), options).unwrap()
    });
    let reply = if opponents == Opponents::Paranoid { Reply::All } else { Reply::Free };
    let (mut compared, mut decided) = (0, 0);
    let mut moves = MoveList::new();
    while compared < wanted {
        let position = random_position::<B>(players, &mut rng);
        position.legal_moves(&mut moves);
        let (root, plies) = (position.to_move(), position.plies());
        if moves.len() > roots_max {
            continue;
        }
        let minimax_to = |evaluator: &mut _, position: &_, depth: u32, mut left: u32| {
            minimax(evaluator, position, (root, plies, depth, reply), &mut left)
        };
        let Some(expected) = minimax_to(&mut evaluator, &position, depth, TREE_MAX) else { continue };
        let engine = &mut engines[compared % 2];
        if rng.chance(0.5) {
            Search::<B>::forget(engine);
        }
        let result = search(engine, &position, &Limits::depth(depth).unwrap());
        let name = || B::into_any(position).to_string();
        // A result that is found earlier is not searched deeper.
        let is_solved = result.ended == Ended::Solved;
        assert!(result.depth == depth || is_solved && expected.abs() > WON / 2, "{}", name());
        let expected =
            if is_solved { minimax_to(&mut evaluator, &position, result.depth, TREE_MAX).unwrap() } else { expected };
        assert_eq!(value_of(&result), expected, "{}", name());
        let mut child = position;
        child.make_move(result.best);
        let of_best = minimax_to(&mut evaluator, &child, result.depth - 1, TREE_MAX);
        assert_eq!(of_best, Some(expected), "the chosen move has the value; {}", name());
        decided += usize::from(is_solved);
        compared += 1;
    }
    assert!(decided < compared / 2, "{decided} of {compared} positions are decided");
}

#[test]
fn equals_minimax_on_square8() {
    equals_minimax::<Square8>(PARANOID, PlayerCount::Two, 3, 250, usize::MAX, 1);
}

#[test]
fn equals_minimax_on_hex8() {
    equals_minimax::<Hex8>(PARANOID, PlayerCount::Two, 3, 250, usize::MAX, 2);
}

#[test]
fn paranoid_equals_minimax_on_small_boards() {
    equals_minimax::<Square8>(PARANOID, PlayerCount::Three, 3, 50, usize::MAX, 3);
    equals_minimax::<Hex8>(PARANOID, PlayerCount::Four, 3, 50, usize::MAX, 4);
}

#[test]
fn equals_minimax_on_large_boards() {
    for players in PlayerCount::ALL {
        equals_minimax::<Square19>(PARANOID, players, 2, 5, 40, 5);
        equals_minimax::<Hexagonal>(PARANOID, players, 2, 5, 40, 6);
    }
}

/// The moves that the other opponents play at once look one ply beyond the compared depth, so the trees are larger.
#[test]
fn best_reply_equals_its_definition_on_small_boards() {
    equals_minimax::<Square8>(Opponents::BestReply, PlayerCount::Three, 3, 50, usize::MAX, 7);
    equals_minimax::<Hex8>(Opponents::BestReply, PlayerCount::Four, 3, 50, usize::MAX, 8);
}

#[test]
fn best_reply_equals_its_definition_on_large_boards() {
    equals_minimax::<Square19>(Opponents::BestReply, PlayerCount::Four, 2, 3, 40, 9);
    equals_minimax::<Hexagonal>(Opponents::BestReply, PlayerCount::Three, 2, 3, 40, 10);
}

#[test]
fn impossible_margins_are_refused() {
    let new = |options| AlphaBeta::new(heuristic::<Square8>(EvalMode::Light), options).map(drop);
    let margins = Margins::HEURISTIC;
    for (wrong, says) in [
        (Margins { window: -1.0, ..margins }, "window -1"),
        (Margins { futility: f64::NAN, ..margins }, "futility NaN"),
        (Margins { reverse_futility: [60.0, 20_000.0], ..margins }, "reverse_futility at depth 2 20000"),
        (Margins { promising: 0, ..margins }, "promising 0"),
    ] {
        let message = new(AlphaBetaOptions { margins: wrong, ..AlphaBetaOptions::default() }).unwrap_err().to_string();
        assert!(message.contains(says) && message.contains("hint: "), "{message}");
    }
    assert!(new(AlphaBetaOptions { margins: Margins::NETWORK, ..AlphaBetaOptions::default() }).is_ok());
    let other = Margins { window: 5.0, ..margins };
    let described = |margins| {
        let options = AlphaBetaOptions { margins, ..AlphaBetaOptions::default() };
        Search::<Square8>::describe(&AlphaBeta::new(heuristic::<Square8>(EvalMode::Light), options).unwrap())
    };
    assert!(described(other).contains("window=5") && !described(margins).contains("window"));
}
