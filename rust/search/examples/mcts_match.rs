//! Games between settings of the tree searches, at fixed simulations, for tuning.
//!
//! `mcts_match square8 2 100 "c=1.0,nodes=400" "greedy"` plays pairs of games with the same random opening and the seats
//! exchanged, on all cores, and prints the first one's share of the wins. Settings: `c`, `fpu`, `nodes`, `priors` (`light`,
//! `uniform`, or a temperature of one-ply scores in points), `scale` in points, `full`, `gumbel` (considered moves),
//! `cscale`, `widen` (first moves).
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example")]

use std::sync::atomic::{AtomicU64, Ordering};

use ringrift_eval::{Engine, GameRng, Scale};
use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_rules::{AnyPosition, Board, BoardKind, MoveList, PlayerCount, Position, RuleOptions, with_position};
use ringrift_search::mcts::{
    EvaluatorLeaves, Gumbel, Mcts, MctsOptions, Priors, Puct, Selection, Widening, leaf_scale,
};
use ringrift_search::{Greedy, GreedyOptions, Limits, SearchEngine};

fn engine<B: Board>(text: &str) -> Box<dyn Engine<B>> {
    let mut mode = EvalMode::Light;
    let mut options = MctsOptions { memory_mib: 64, ..MctsOptions::default() };
    let (mut puct, mut gumbel, mut priors, mut nodes) = (Puct::default(), None::<Gumbel>, Priors::Light, 400);
    let (mut points, mut greedy, mut scale) = (leaf_scale().points(), false, None);
    for part in text.split(',') {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let number = || -> f64 { value.parse().unwrap() };
        match key {
            "c" => puct.exploration = number(),
            "fpu" => puct.fpu_reduction = number(),
            "nodes" => nodes = number() as u64,
            "priors" => {
                priors = match value {
                    "light" => Priors::Light,
                    "uniform" => Priors::Uniform,
                    points => Priors::OnePly(points.parse().unwrap()),
                }
            }
            "scale" => points = number(),
            "full" => mode = EvalMode::Full,
            "gumbel" => gumbel = Some(Gumbel { considered: number() as u32, ..Gumbel::default() }),
            "cscale" => scale = Some(number()),
            "widen" => options.widening = Some(Widening { first: number() as u32, factor: 2.0 }),
            "greedy" => greedy = true,
            _ => panic!("unknown setting {key}"),
        }
    }
    let heuristic = Heuristic::<B>::new(Weights::default(), HeuristicOptions { mode, ..HeuristicOptions::default() });
    if greedy {
        return Box::new(Greedy::new(heuristic, GreedyOptions::default()));
    }
    options.selection = match gumbel {
        Some(gumbel) => Selection::Gumbel(Gumbel { value_scale: scale.unwrap_or(gumbel.value_scale), ..gumbel }),
        None => Selection::Puct(puct),
    };
    let scale = Scale::new(points).unwrap();
    let leaves = EvaluatorLeaves::new(heuristic, scale, priors).unwrap();
    let search = Mcts::new(&leaves, scale, options).unwrap();
    Box::new(SearchEngine::new(search, Limits::nodes(nodes).unwrap(), 0.0).unwrap())
}

fn play<B: Board>(players: PlayerCount, specs: &[String; 2], game: u64) -> Option<bool> {
    let seats = players.get() as u64;
    let mut engines: Vec<_> = specs.iter().map(|spec| engine::<B>(spec)).collect();
    let mut rng = GameRng::new(77, game / seats, GameRng::HOST);
    let mut position = Position::<B>::initial(players, RuleOptions::standard(B::KIND, players));
    let mut moves = MoveList::new();
    loop {
        position.legal_moves(&mut moves);
        if moves.is_empty() || position.plies() > 2000 {
            // The first engine has one seat, the second one the others.
            return position.outcome().map(|outcome| outcome.winner.index() as u64 == game % seats);
        }
        let mv = if position.turn() <= 4 {
            moves[rng.below(moves.len())]
        } else {
            let first = position.to_move().index() as u64 == game % seats;
            engines[usize::from(!first)].choose(&position, &moves, &mut rng).unwrap().mv
        };
        position.make_move(mv);
    }
}

fn run<B: Board>(_: &Position<B>, players: PlayerCount, games: u64, specs: &[String; 2]) {
    let (next, won, played) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let game = next.fetch_add(1, Ordering::Relaxed);
                    if game >= games {
                        break;
                    }
                    if let Some(first) = play::<B>(players, specs, game) {
                        played.fetch_add(1, Ordering::Relaxed);
                        won.fetch_add(u64::from(first), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let (won, played) = (won.into_inner() as f64, played.into_inner() as f64);
    let share = won / played;
    let error = 1.96 * (share * (1.0 - share) / played).sqrt();
    println!(
        "{} {}p {:<30} against {:<30} {:.3} +- {:.3} of {}",
        B::KIND,
        players.get(),
        specs[0],
        specs[1],
        share,
        error,
        played
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [board, players, games, first, second] = &arguments[..] else { panic!("board, players, games, two settings") };
    let board: BoardKind = board.parse().unwrap();
    let players = PlayerCount::try_from(players.parse::<u64>().unwrap()).unwrap();
    let any = AnyPosition::initial(board, players, RuleOptions::standard(board, players));
    let specs = [first.clone(), second.clone()];
    with_position!(&any, position => run(position, players, games.parse().unwrap(), &specs));
}
