//! Networks: how fast they are evaluated, and what alpha-beta does with them beside the heuristic evaluation.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ringrift_eval::Evaluator;
use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_nnue::{Network, NetworkError, NnueEvaluator};
use ringrift_rules::{AnyPosition, Board, BoardKind, MoveList, PlayerCount, Position, RuleOptions, with_position};
use ringrift_search::{Limits, Search, Stop};
use ringrift_selfplay::{EngineKind, EngineSpec, GameRng, NamedNetwork};

use super::search::{search_all, search_positions};
use super::{Line, SEED, best, greedy, play_greedy};
use crate::{Failure, exit};

/// Width of the network with random weights.
const WIDTH: usize = 256;

/// Most positions whose children are evaluated.
const PARENTS_MAX: usize = 64;

/// Depth to which both evaluations are searched; on the large boards a depth takes much longer.
const fn depth(board: BoardKind) -> u32 {
    match board {
        BoardKind::Square8 | BoardKind::Hex8 => 5,
        BoardKind::Square19 | BoardKind::Hexagonal => 3,
    }
}

/// The network of a file.
pub(super) fn load(path: &Path) -> Result<Arc<Network>, Failure> {
    Network::load(path).map(Arc::new).map_err(|error: NetworkError| {
        let class = if error.io().is_some() { exit::IO } else { exit::BAD_INPUT };
        Failure::new(class, error)
    })
}

/// The measurements of a board, with this network if it is of the board, or with random ones if none is given.
pub(super) fn measure(board: BoardKind, network: Option<&Arc<Network>>, rounds: u32, stop: &AtomicBool) -> Vec<Line> {
    let mut lines = Vec::new();
    for players in PlayerCount::ALL {
        let network = match network {
            Some(network) if (network.board(), network.players()) == (board, players) => Arc::clone(network),
            Some(_) => continue,
            None => match Network::random(board, players, WIDTH, SEED) {
                Ok(network) => Arc::new(network),
                Err(_) => continue,
            },
        };
        let start = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
        with_position!(&start, start => lines.extend(measure_network(start, &network, rounds, stop)));
    }
    lines
}

fn measure_network<B: Board>(start: &Position<B>, network: &Arc<Network>, rounds: u32, stop: &AtomicBool) -> Vec<Line> {
    let players = start.players();
    let mut evaluator = NnueEvaluator::<B>::new(Arc::clone(network)).expect("the network is of this board");
    let game = game_positions(start);
    let mut children = Vec::new();
    let every = game.len().div_ceil(PARENTS_MAX).max(1);
    for position in game.iter().step_by(every) {
        let mut moves = MoveList::new();
        position.legal_moves(&mut moves);
        children.extend(moves.iter().map(|&mv| {
            let mut child = *position;
            child.make_move(mv);
            child
        }));
    }
    let line =
        |what: String, count, unit, rate| Line { board: B::KIND, players, what, count, unit, rate, fingerprint: None };
    let mut lines = Vec::new();
    for (what, positions, times) in [("nnue game", &game, 20), ("nnue children", &children, 4)] {
        let (count, _, rate) = best(rounds, stop, || {
            for _ in 0..times {
                for position in positions {
                    black_box(evaluator.scores(black_box(position)));
                }
            }
            (times * positions.len() as u64, 0)
        });
        lines.push(line(what.into(), count, "values", rate));
    }
    if players != PlayerCount::Two {
        return lines;
    }
    let positions = search_positions(start);
    let depth = depth(B::KIND);
    let plain = EngineSpec::new(EngineKind::Minimax, B::KIND, players);
    let with_network = EngineSpec { nnue: Some(NamedNetwork::of_memory(Arc::clone(network))), ..plain.clone() };
    let search = |spec: &EngineSpec| {
        let built = spec.search::<B>(&mut GameRng::new(SEED, 0, 0));
        built.expect("the settings are valid").expect("the engine searches")
    };
    let mut alpha_beta = search(&with_network);
    let (count, _, rate) = best(rounds, stop, || search_all(alpha_beta.as_mut(), &positions, stop));
    lines.push(line("nnue alphabeta".into(), count, "nodes", rate));
    for (name, spec) in [("nnue", &with_network), ("heuristic", &plain)] {
        let mut alpha_beta = search(spec);
        let mut nodes = 0;
        let (_, _, rate) = best(rounds, stop, || {
            let searched = search_to_depth(alpha_beta.as_mut(), &positions, depth, stop);
            nodes = searched.1;
            (searched.0, 0)
        });
        lines.push(line(format!("depth {depth} {name}"), nodes, "nodes", rate));
    }
    lines
}

/// The positions of a heuristic game, in their order.
fn game_positions<B: Board>(start: &Position<B>) -> Vec<Position<B>> {
    let options = HeuristicOptions { mode: EvalMode::of_self_play(B::KIND), ..HeuristicOptions::default() };
    let mut engine = greedy(Heuristic::new(Weights::default(), options));
    let mut positions = Vec::new();
    play_greedy(start, &mut engine, 0, |position| {
        if position.outcome().is_none() {
            positions.push(*position);
        }
    });
    positions
}

/// Searches all positions to a depth; returns the numbers of searches and nodes.
fn search_to_depth<B: Board>(
    search: &mut dyn Search<B>,
    positions: &[(Position<B>, MoveList)],
    depth: u32,
    stop: &AtomicBool,
) -> (u64, u64) {
    let limits = Limits::depth(depth).expect("the depth is above 0");
    search.forget();
    let mut rng = GameRng::new(SEED, 0, 0);
    let (mut searches, mut nodes) = (0, 0);
    for (position, moves) in positions.iter().take_while(|_| !stop.load(Ordering::Relaxed)) {
        let found = search.search(position, moves, &limits, &Stop::new(), &mut rng);
        nodes += found.map_or(0, |found| found.nodes);
        searches += 1;
    }
    (searches, nodes)
}
