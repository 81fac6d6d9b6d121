//! The tactical suite in `tests/data/tactics`: every entry is proven again, and alpha-beta has to solve what is short.
#![allow(clippy::unwrap_used, reason = "tests")]

mod tactical;

use std::collections::BTreeSet;

use ringrift_eval::GameRng;
use ringrift_rules::{
    AnyPosition, Board, Hex8, Outcome, PlayerCount, PlayerId, Position, RuleOptions, Square8, with_position,
};
use tactical::engines::{Kind, solves};
use tactical::entry::{Task, Theme, load};
use tactical::solver::{Goal, Solver, legal};

/// Nodes that alpha-beta gets for entries of at most two turns.
const NODES: u64 = 200_000;

#[test]
fn suite_covers_all_themes() {
    let entries = load();
    assert!(entries.len() >= 60, "{}", entries.len());
    let ids: BTreeSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let positions: BTreeSet<&str> = entries.iter().map(|entry| entry.position.as_str()).collect();
    assert_eq!((ids.len(), positions.len()), (entries.len(), entries.len()));
    for theme in Theme::ALL {
        let count = entries.iter().filter(|entry| entry.theme == theme).count();
        assert!(count >= 4, "{}: {count}", theme.name());
    }
    for turns in 1..=3 {
        assert!(entries.iter().filter(|entry| entry.task == Task::Win && entry.turns == turns).count() >= 8);
    }
    for players in PlayerCount::ALL {
        let is_of = |text: &str| text.parse::<AnyPosition>().unwrap().players() == players;
        assert!(entries.iter().filter(|entry| is_of(&entry.position)).count() >= 10);
    }
}

#[test]
fn every_entry_is_proven_again() {
    for entry in load() {
        let any: AnyPosition = entry.position.parse().unwrap();
        assert_eq!(any.to_string(), entry.position, "{}", entry.id);
        let nodes = with_position!(&any, position => entry.prove(position));
        assert_eq!(nodes, entry.nodes, "{}: nodes of the proof", entry.id);
    }
}

#[test]
fn alpha_beta_solves_all_of_at_most_two_turns() {
    let missed: Vec<String> = load()
        .into_iter()
        .filter(|entry| entry.turns <= 2 && !solves(Kind::AlphaBeta, entry, NODES))
        .map(|entry| entry.id)
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
}

/// The definition, without memory and without an order of moves.
fn is_forced<B: Board>(position: &Position<B>, seat: PlayerId, goal: Goal, left: u32, nodes: &mut u32) -> Option<bool> {
    let wants = (position.to_move() == seat) == (goal != Goal::Loss);
    for mv in legal(position) {
        *nodes = nodes.checked_sub(1)?;
        let mut child = *position;
        child.make_unlisted_move(mv);
        let begins = u32::from(child.turn() != position.turn() && child.to_move() == seat);
        let value = match child.outcome() {
            Some(Outcome { winner, reason }) => match goal {
                Goal::Win(by) => winner == seat && by.is_none_or(|by| by == reason),
                Goal::Loss => winner != seat,
            },
            None if begins > left => false,
            None => is_forced(&child, seat, goal, left - begins, nodes)?,
        };
        if value == wants {
            return Some(wants);
        }
    }
    Some(!wants)
}

#[test]
fn solver_follows_the_definition() {
    fn on<B: Board>(players: PlayerCount, seed: u64) -> [u32; 2] {
        let mut seen = [0; 2];
        for game in 0..12 {
            let mut rng = GameRng::new(seed, game, 0);
            let rules = RuleOptions::standard(B::KIND, players).with_rings_per_player(4, players);
            let mut position = Position::<B>::initial(players, rules);
            let mut positions = Vec::new();
            while position.outcome().is_none() {
                let moves = legal(&position);
                positions.push(position);
                position.make_move(moves[rng.below(moves.len())]);
            }
            for position in positions.iter().rev().take(30).step_by(3) {
                let seat = position.to_move();
                for goal in [Goal::Win(None), Goal::Loss] {
                    for turns in 1..=2 {
                        let mut solver = Solver::new(seat, goal, 30_000);
                        let Ok(judged) = solver.judge_moves(position, turns) else { continue };
                        let holds = if goal == Goal::Loss {
                            judged.iter().all(|&(_, holds)| holds)
                        } else {
                            judged.iter().any(|&(_, holds)| holds)
                        };
                        let mut nodes = 200_000;
                        let Some(expected) = is_forced(position, seat, goal, turns - 1, &mut nodes) else { continue };
                        assert_eq!(holds, expected, "{goal:?} {turns} {}", B::into_any(*position));
                        seen[usize::from(holds)] += 1;
                    }
                }
            }
        }
        seen
    }
    let counts = [
        on::<Square8>(PlayerCount::Two, 1),
        on::<Hex8>(PlayerCount::Two, 2),
        on::<Square8>(PlayerCount::Three, 3),
        on::<Hex8>(PlayerCount::Four, 4),
    ];
    assert!(counts.iter().all(|&[no, yes]| no >= 20 && yes >= 20), "{counts:?}");
}
