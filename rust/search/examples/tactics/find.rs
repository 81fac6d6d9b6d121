//! Plays games of many kinds, and looks for proven tactics near their ends.

use std::ops::Range;

use ringrift_eval::{Engine, GameRng};
use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_rules::{
    Board, EndReason, Hex8, Hexagonal, Move, Outcome, Phase, PlayerCount, Position, RuleOptions, Square8, Square19,
};
use ringrift_search::{Greedy, GreedyOptions};
use serde::{Deserialize, Serialize};

use crate::tactical::entry::{Entry, Task, Theme, solve, texts, wins_by};
use crate::tactical::solver::legal;

/// Seed of all games.
const SEED: u64 = 4;

/// Most nodes of a proof, by number of turns.
const NODES_MAX: [u64; 4] = [0, 15_000, 50_000, 120_000];

/// Most moves at the root, by number of turns.
const MOVES_MAX: [usize; 4] = [0, 400, 120, 60];

/// Most candidates of one theme that are looked for in one kind of game, where the theme shows before the proof.
const COMMON_MAX: usize = 8;

/// Further games that are looked through for rare themes only, per game.
const RARE_FACTOR: u64 = 8;

/// A proven position that may become an entry.
#[derive(Debug, Serialize, Deserialize)]
pub struct Candidate {
    /// Whether the best move of the heuristic over one ply solves it.
    pub is_obvious: bool,
    pub entry: Entry,
}

/// A kind of game.
#[derive(Copy, Clone)]
struct Setting {
    players: PlayerCount,
    /// Rings per player; none for the usual number.
    rings: Option<u16>,
    /// Probability of a random move instead of the heuristic's.
    randomness: f64,
}

/// Passes on the candidates of so many games per kind of game with these seat counts, in the order of the games.
pub fn find(games: u64, counts: &[PlayerCount], each: &mut dyn FnMut(&Candidate)) {
    for &players in counts {
        for rings in [Some(3), Some(5), Some(8), None] {
            let setting = Setting { players, rings, randomness: 1.0 };
            search_games::<Square8>(setting, (games..games * RARE_FACTOR, true), each);
            search_games::<Hex8>(setting, (games..games * RARE_FACTOR, true), each);
        }
        for randomness in [0.1, 0.4, 1.0] {
            for rings in [Some(3), Some(5), Some(8), None] {
                let setting = Setting { players, rings, randomness };
                // Heuristic games take longer, and so do games on large boards.
                let games = if randomness < 1.0 { games / 4 } else { games };
                search_games::<Square8>(setting, (0..games, false), each);
                search_games::<Hex8>(setting, (0..games, false), each);
                if rings.is_some_and(|rings| rings < 8) {
                    search_games::<Square19>(setting, (0..games / 8, false), each);
                    search_games::<Hexagonal>(setting, (0..games / 8, false), each);
                }
            }
        }
    }
}

/// Looks through some games, perhaps for rare themes only.
fn search_games<B: Board>(setting: Setting, (games, rare): (Range<u64>, bool), each: &mut dyn FnMut(&Candidate)) {
    let mut found = Vec::new();
    for game in games {
        search_game::<B>(setting, (game, rare), &mut found);
    }
    let Setting { players, rings, randomness } = setting;
    found.iter().for_each(each);
    let counts: Vec<String> = Theme::ALL
        .iter()
        .map(|&theme| (theme, found.iter().filter(|candidate| candidate.entry.theme == theme).count()))
        .filter(|&(_, count)| count > 0)
        .map(|(theme, count)| format!("{} {count}", theme.name()))
        .collect();
    eprintln!("{} {}p rings {rings:?} random {randomness}: {}", B::KIND, players.get(), counts.join(", "));
}

fn light<B: Board>(mode: EvalMode) -> Heuristic<B> {
    Heuristic::new(Weights::default(), HeuristicOptions { mode, ..HeuristicOptions::default() })
}

/// The positions with a choice of one game, and how it ended.
fn play<B: Board>(setting: Setting, game: u64) -> (Vec<Position<B>>, Option<Outcome>) {
    let Setting { players, rings, randomness } = setting;
    let standard = RuleOptions::standard(B::KIND, players);
    let rules = rings.map_or(standard, |rings| standard.with_rings_per_player(rings, players));
    let mut greedy = Greedy::new(light::<B>(EvalMode::Light), GreedyOptions { randomness, ..GreedyOptions::default() });
    let mut rng = GameRng::new(SEED, game, 0);
    let mut position = Position::<B>::initial(players, rules);
    let mut positions = Vec::new();
    while position.outcome().is_none() && position.plies() < 1500 {
        let moves = legal(&position);
        if moves.len() > 1 {
            positions.push(position);
        }
        let mv = greedy.choose(&position, &moves, &mut rng).unwrap().mv;
        position.make_move(mv);
    }
    (positions, position.outcome())
}

fn search_game<B: Board>(setting: Setting, (game, rare): (u64, bool), found: &mut Vec<Candidate>) {
    let (positions, outcome) = play::<B>(setting, game);
    let Some(Outcome { winner, reason }) = outcome else { return };
    let mut themes: Vec<(Theme, u32)> = Vec::new();
    // Turns of the mover from the position on, to the end of the game.
    let mut turns_begun: [Vec<u32>; 4] = Default::default();
    for position in positions.iter().rev().take(80) {
        let seat = position.to_move();
        let begun = &mut turns_begun[seat.index()];
        if begun.last() != Some(&position.turn()) {
            begun.push(position.turn());
        }
        let turns = begun.len() as u32;
        let (task, most) = if seat == winner { (Task::Win, 3) } else { (Task::Hold, 2) };
        if turns > most || legal(position).len() > MOVES_MAX[turns as usize] {
            continue;
        }
        if rare && reason != EndReason::Stalemate && position.phase() != Phase::LineProcessing {
            continue;
        }
        let likely = match (position.phase(), task) {
            (Phase::TerritoryProcessing, _) => Some(Theme::TerritoryChoice),
            (Phase::RingPlacement | Phase::Movement, Task::Hold) => Some(Theme::MustBlock),
            _ => None,
        };
        let count = |theme| found.iter().filter(|candidate| candidate.entry.theme == theme).count();
        if likely.is_some_and(|theme| count(theme) >= COMMON_MAX) {
            continue;
        }
        for turns in 1..=turns {
            let Some((theme, solving, nodes)) = examine(position, task, turns) else { continue };
            if themes.contains(&(theme, turns)) {
                break;
            }
            themes.push((theme, turns));
            let solutions = texts(position, &solving);
            let moves = legal(position);
            let mut full = Greedy::new(light::<B>(EvalMode::Full), GreedyOptions::default());
            let obvious = full.choose(position, &moves, &mut GameRng::new(1, 0, 0)).unwrap().mv;
            let Setting { rings, randomness, .. } = setting;
            let rings = rings.map_or_else(|| "standard".into(), |rings| rings.to_string());
            found.push(Candidate {
                is_obvious: solving.contains(&obvious),
                entry: Entry {
                    id: String::new(),
                    theme,
                    task,
                    turns,
                    position: B::into_any(*position).to_string(),
                    legal: texts(position, &moves).len(),
                    solutions,
                    nodes,
                    source: format!(
                        "seed {SEED}, game {game}, ply {}, rings {rings}, randomness {randomness}",
                        position.plies()
                    ),
                },
            });
            break;
        }
    }
}

/// What a position is about, its solutions and the size of the proof; none if it is no tactic, or not a provable one.
fn examine<B: Board>(position: &Position<B>, task: Task, turns: u32) -> Option<(Theme, Vec<Move>, u64)> {
    let nodes_max = NODES_MAX[turns as usize];
    let (solving, nodes) = solve(position, task, turns, nodes_max).ok()?;
    let moves = legal(position);
    let (good, all) = (texts(position, &solving).len(), texts(position, &moves).len());
    if good == 0 || good == all {
        return None;
    }
    let special = special_theme(position, &moves, &solving, task, turns);
    if let Some(theme) = special {
        let is_rare = theme != Theme::ChainCapture || good * 2 <= all;
        return is_rare.then_some((theme, solving, nodes));
    }
    let is_start = matches!(position.phase(), Phase::RingPlacement | Phase::Movement | Phase::Capture);
    if !is_start || good * 3 > all {
        return None;
    }
    if task == Task::Hold {
        return Some((Theme::MustBlock, solving, nodes));
    }
    let reasons =
        [EndReason::Stalemate, EndReason::LastPlayerStanding, EndReason::Territory, EndReason::RingElimination];
    for reason in reasons {
        if wins_by(position, &solving, reason, turns, nodes_max).ok()? {
            return Some((Theme::of_reason(reason), solving, nodes));
        }
    }
    None
}

/// Chains, regions and overlong lines, if it is they that decide.
fn special_theme<B: Board>(
    position: &Position<B>,
    moves: &[Move],
    solving: &[Move],
    task: Task,
    turns: u32,
) -> Option<Theme> {
    let decides = |is_option: fn(&Move) -> bool| {
        let options = || moves.iter().filter(|mv| is_option(mv));
        options().any(|mv| solving.contains(mv)) && options().any(|mv| !solving.contains(mv))
    };
    match position.phase() {
        Phase::ChainCapture => Some(Theme::ChainCapture),
        Phase::LineProcessing => {
            let has_window =
                moves.iter().any(|mv| matches!(mv, Move::ChooseLineOption { window, .. } if window.start().is_some()));
            let decides = decides(|mv| matches!(mv, Move::ChooseLineOption { .. }));
            (has_window && decides).then_some(Theme::LineOption)
        }
        Phase::TerritoryProcessing => {
            decides(|mv| matches!(mv, Move::ChooseTerritoryOption { .. } | Move::SkipTerritoryProcessing))
                .then_some(Theme::TerritoryChoice)
        }
        Phase::Movement | Phase::Capture => {
            let captures = solving.iter().all(|mv| matches!(mv, Move::OvertakingCapture { .. }));
            if !captures {
                return None;
            }
            let mut child = *position;
            child.make_move(solving[0]);
            if child.phase() != Phase::ChainCapture || child.to_move() != position.to_move() {
                return None;
            }
            let next = legal(&child);
            let (good, _) = solve(&child, task, turns, NODES_MAX[turns as usize]).ok()?;
            (good.len() < next.len()).then_some(Theme::ChainCapture)
        }
        _ => None,
    }
}
