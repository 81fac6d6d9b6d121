//! Descent: what it proves, what it teaches, and that it repeats.
#![allow(clippy::unwrap_used, reason = "tests")]

mod forced;

use std::num::NonZeroUsize;

use forced::{forced_wins, game, keeps_win, legal, light};
use ringrift_eval::{GameRng, Scale, SearchResult, Values};
use ringrift_heuristic::Heuristic;
use ringrift_rules::{Board, Hex8, PlayerCount, Position, Square8, Square19};
use ringrift_search::descent::{Descent, DescentOptions, Strategy};
use ringrift_search::{Ended, Limits, Search, Stop};

fn descent<B: Board>(options: DescentOptions) -> Descent<B, Heuristic<B>> {
    Descent::new(light(), Scale::HEURISTIC, options).unwrap()
}

fn search<B: Board>(search: &mut impl Search<B>, position: &Position<B>, nodes: u64) -> SearchResult {
    let limits = Limits::nodes(nodes).unwrap();
    search.search(position, &legal(position), &limits, &Stop::new(), &mut GameRng::new(7, 0, 0)).unwrap()
}

fn to_the_end() -> DescentOptions {
    DescentOptions { strategy: Strategy::ToTheEnd, ..DescentOptions::default() }
}

/// What holds of every result.
fn check<B: Board>(position: &Position<B>, found: &SearchResult) {
    let moves = legal(position);
    assert!(found.lines.iter().map(|line| line.mv).eq(moves.iter().copied()), "the lines are the legal moves");
    assert!(moves.contains(&found.best));
    assert!((found.lines.iter().map(|line| line.policy).sum::<f64>() - 1.0).abs() < 1e-6);
    for line in &found.lines {
        assert!((line.values.of(position.players()).iter().sum::<f64>() - 1.0).abs() < 1e-5);
        let mut at = *position;
        for &mv in &line.pv {
            at.play(mv).unwrap();
        }
    }
}

#[test]
fn budget_is_kept_to_the_node() {
    fn on<B: Board>(players: PlayerCount) {
        for position in game::<B>(players, 3).iter().step_by(9) {
            for options in [DescentOptions::default(), to_the_end()] {
                for nodes in [1, 7, 100, 700] {
                    let found = search(&mut descent(options.clone()), position, nodes);
                    check(position, &found);
                    assert!(found.ended == Ended::Solved || (found.nodes, found.ended) == (nodes, Ended::Nodes));
                    assert!(found.nodes <= nodes);
                }
            }
        }
    }
    on::<Square8>(PlayerCount::Two);
    on::<Square8>(PlayerCount::Three);
    on::<Hex8>(PlayerCount::Four);
}

fn proves_wins<B: Board>(players: PlayerCount, turns: u32, count: usize, nodes: u64, least: [usize; 2]) {
    let positions = forced_wins::<B>(players, turns, count, 20_000);
    assert_eq!(positions.len(), count);
    for (options, least) in [DescentOptions::default(), to_the_end()].into_iter().zip(least) {
        let (mut solved, mut kept) = (0, 0);
        for position in &positions {
            let found = search(&mut descent(options.clone()), position, nodes);
            check(position, &found);
            let seat = position.to_move();
            if found.ended == Ended::Solved {
                assert!(found.values[seat] > 0.98 && found.score > 0.0, "a forced win is no loss");
                assert!(found.nodes < nodes, "it stops early");
                solved += 1;
            }
            kept += usize::from(found.ended == Ended::Solved || keeps_win(position, found.best, turns));
        }
        assert!(solved >= least && kept >= least, "{solved}, {kept} of {count}: {options:?}");
    }
}

#[test]
fn wins_of_one_turn_are_proven() {
    proves_wins::<Square8>(PlayerCount::Two, 1, 12, 20_000, [11, 8]);
    proves_wins::<Hex8>(PlayerCount::Three, 1, 8, 20_000, [7, 6]);
}

#[test]
fn wins_of_two_turns_are_proven() {
    proves_wins::<Square8>(PlayerCount::Two, 2, 6, 60_000, [5, 4]);
    proves_wins::<Square8>(PlayerCount::Three, 2, 4, 60_000, [4, 3]);
}

#[test]
fn solved_values_are_those_of_exhaustive_search() {
    /// Values of best play, by looking at everything; none when there is too much of it.
    fn exhaust(position: &Position<Square8>, nodes: &mut u32) -> Option<f64> {
        if let Some(values) = Values::terminal(position) {
            return Some(values[ringrift_rules::PlayerId::ALL[0]]);
        }
        let first = position.to_move().index() == 0;
        let mut best = None;
        for mv in legal(position) {
            *nodes = nodes.checked_sub(1)?;
            let mut child = *position;
            child.make_move(mv);
            let value = exhaust(&child, nodes)?;
            best = Some(best.map_or(value, |best: f64| if first { best.max(value) } else { best.min(value) }));
        }
        best
    }
    let mut compared = 0;
    for seed in 0..400 {
        let positions = game::<Square8>(PlayerCount::Two, seed);
        for position in positions.iter().rev().take(3) {
            let Some(value) = exhaust(position, &mut 3000) else { continue };
            for options in [DescentOptions::default(), to_the_end()] {
                let found = search(&mut descent(options), position, 50_000);
                assert_eq!(found.ended, Ended::Solved);
                let share = found.values[ringrift_rules::PlayerId::ALL[0]];
                assert!((share - value).abs() < 1e-6, "{share} {value}");
            }
            compared += 1;
        }
    }
    assert!(compared >= 10, "{compared}");
}

#[test]
fn targets_are_the_looked_at_positions_with_their_values() {
    let position = game::<Square8>(PlayerCount::Three, 5)[20];
    let mut engine = descent(to_the_end());
    let found = search(&mut engine, &position, 5000);
    let (mut count, mut ends, mut first) = (0, 0, None);
    engine.for_each_target(|target| {
        first = first.or(Some(target.values));
        let sum: f64 = target.values.of(PlayerCount::Three).iter().sum();
        assert!((sum - 1.0).abs() < 1e-5);
        if let Some(values) = Values::terminal(&target.position) {
            assert!(target.is_solved);
            for seat in PlayerCount::Three.seats() {
                assert!((values[seat] - target.values[seat]).abs() < 1e-6);
            }
            ends += 1;
        }
        count += 1;
    });
    assert_eq!(first, Some(found.values), "the root comes first");
    assert!(count > 20 && ends > 0, "{count} {ends}");
    engine.forget();
    engine.for_each_target(|_| panic!("nothing is left"));
}

#[test]
fn equal_budgets_repeat_on_any_machine() {
    let mut digest = 0_u64;
    let mut add = |value: u64| digest = (digest.rotate_left(13) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for players in PlayerCount::ALL {
        for position in game::<Square8>(players, 5).iter().step_by(9).take(5) {
            for options in [DescentOptions::default(), to_the_end()] {
                let found = search(&mut descent(options), position, 1500);
                add(found.lines.iter().position(|line| line.mv == found.best).unwrap() as u64);
                add(found.score.to_bits());
                found.lines.iter().for_each(|line| add(line.visits));
            }
        }
    }
    assert_eq!(digest, 2_801_533_865_064_904_429);
}

#[test]
fn limits_end_the_search() {
    let position = game::<Square8>(PlayerCount::Two, 1)[8];
    let mut rng = GameRng::new(1, 0, 0);
    let stop = Stop::new();
    stop.stop();
    let limits = Limits::nodes(1_000_000).unwrap();
    let moves = legal(&position);
    let found = descent(DescentOptions::default()).search(&position, &moves, &limits, &stop, &mut rng).unwrap();
    assert_eq!((found.nodes, found.ended, found.best), (0, Ended::Stopped, moves[0]));
    check(&position, &found);

    let limits = Limits::depth(3).unwrap();
    let mut engine = descent(DescentOptions::default());
    let found = engine.search(&position, &moves, &limits, &Stop::new(), &mut rng).unwrap();
    assert_eq!((found.depth, found.ended), (3, Ended::Depth));

    let mut engine = descent(DescentOptions { memory_mib: 1, ..DescentOptions::default() });
    assert_eq!(search(&mut engine, &position, 10_000_000).ended, Ended::Memory);
    assert!((1 << 20..1 << 21).contains(&engine.tree_bytes()));

    let moves_max = NonZeroUsize::new(5);
    let position = game::<Square19>(PlayerCount::Two, 8)[4];
    let mut engine = descent(DescentOptions { moves_max, ..DescentOptions::default() });
    let found = search(&mut engine, &position, 3000);
    check(&position, &found);
    assert!(found.depth > 3, "{}", found.depth);
}

#[test]
fn settings_are_checked_and_described() {
    let options = DescentOptions { memory_mib: 0, ..DescentOptions::default() };
    let error = Descent::new(light::<Square8>(), Scale::HEURISTIC, options).err().unwrap();
    assert!(error.to_string().contains("\nhint: tree memory is"), "{error}");
    let text = descent::<Square8>(to_the_end()).describe();
    assert!(text.starts_with("descent(strategy=to_the_end, scale=") && text.contains("heuristic("), "{text}");
}

/// Nodes whose few moves are all settled open up; a search that did not would never spend its nodes.
#[test]
fn searches_with_few_moves_end() {
    for width in [1, 2, 4] {
        for seed in 0..12 {
            let (options, positions) = (
                DescentOptions { moves_max: NonZeroUsize::new(width), ..DescentOptions::default() },
                game::<Hex8>(PlayerCount::Two, seed),
            );
            for position in positions.iter().rev().filter(|position| legal(position).len() > 1).take(8) {
                let found = search(&mut descent(options.clone()), position, 2_000);
                check(position, &found);
                assert!(found.nodes <= 2_000 && (found.nodes == 2_000 || found.ended == Ended::Solved), "{found:?}");
            }
        }
    }
}
