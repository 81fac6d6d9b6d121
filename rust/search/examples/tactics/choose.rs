//! Chooses a balanced suite from the candidates.

use std::collections::BTreeMap;

use ringrift_rules::{AnyPosition, PlayerCount, with_position};

use crate::find::Candidate;
use crate::tactical::entry::{Entry, Task, Theme, solve};
use crate::tactical::solver::{Solver, legal};

/// Most entries of a theme, by number of turns.
fn quota(theme: Theme) -> [usize; 4] {
    match theme {
        Theme::WinElimination => [0, 4, 6, 4],
        Theme::WinTerritory | Theme::WinLastPlayerStanding => [0, 4, 5, 3],
        Theme::WinStalemate => [0, 4, 4, 2],
        Theme::MustBlock => [0, 8, 6, 0],
        Theme::ChainCapture | Theme::TerritoryChoice => [0, 6, 4, 0],
        Theme::LineOption => [0, 5, 4, 0],
    }
}

/// Most nodes to find out whether there is another win.
const NODES_MAX: u64 = 400_000;

/// In every theme and number of turns, boards and seat counts take turns; what the heuristic alone does not solve goes first,
/// then what few moves solve.
pub fn choose(candidates: Vec<Candidate>) -> Vec<Entry> {
    let mut buckets: BTreeMap<_, BTreeMap<_, Vec<Candidate>>> = BTreeMap::new();
    for candidate in candidates {
        let entry = &candidate.entry;
        let any: AnyPosition = entry.position.parse().unwrap();
        let bucket = buckets.entry((entry.theme, entry.turns)).or_default();
        bucket.entry((any.board(), any.players())).or_default().push(candidate);
    }
    let mut chosen = Vec::new();
    for ((theme, turns), bucket) in buckets {
        let mut ranked: Vec<_> = Vec::new();
        for ((board, players), mut group) in bucket {
            group.sort_by(|a, b| {
                let share = |c: &Candidate| c.entry.solutions.len() as f64 / c.entry.legal as f64;
                a.is_obvious.cmp(&b.is_obvious).then(share(a).total_cmp(&share(b)))
            });
            let rounds = group.into_iter().enumerate();
            ranked.extend(rounds.map(|(round, candidate)| (round, players, board, candidate)));
        }
        ranked
            .sort_by_key(|(round, players, _, candidate)| (candidate.is_obvious, *round, *players != PlayerCount::Two));
        let clear = ranked.into_iter().filter(|(.., candidate)| !has_other_win(&candidate.entry));
        for (number, (_, players, board, candidate)) in clear.take(quota(theme)[turns as usize]).enumerate() {
            let id = format!("{}-{turns}-{}-{board}-{}p", theme.name(), number + 1, players.get());
            chosen.push(Entry { id, ..candidate.entry });
        }
    }
    chosen
}

/// Whether there may be a win in fewer turns, or some other move is known to win, too, only one turn later: an engine that plays
/// it has missed nothing.
fn has_other_win(entry: &Entry) -> bool {
    let any: AnyPosition = entry.position.parse().unwrap();
    with_position!(&any, position => {
        let is_first = || entry.turns == 1
            || solve(position, Task::Win, entry.turns - 1, NODES_MAX).is_ok_and(|(moves, _)| moves.is_empty());
        let mut solver = Solver::new(position.to_move(), Task::Win.goal(), NODES_MAX);
        entry.task == Task::Win
            && (!is_first()
                || legal(position).into_iter().any(|mv| {
                    !entry.solutions.contains(&position.format_move(mv))
                        && solver.holds_after(position, mv, entry.turns + 1) == Ok(true)
                }))
    })
}
