//! The engines that are asked, and how many positions they solve.

use ringrift_eval::{Engine, GameRng, Scale};
use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
use ringrift_rules::{AnyPosition, Board, Move, Position, with_position};
use ringrift_search::descent::{Descent, DescentOptions};
use ringrift_search::mcts::{EvaluatorLeaves, Gumbel, Mcts, MctsOptions, Priors, Selection};
use ringrift_search::{
    AlphaBeta, AlphaBetaOptions, Greedy, GreedyOptions, Limits, MaxN, MaxNOptions, Opponents, RandomEngine, Search,
    SearchEngine,
};

use super::entry::{Entry, Task};
use super::solver::{Solver, legal};

/// Engines of the table.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    Random,
    Greedy,
    AlphaBeta,
    BestReply,
    MaxN,
    Mcts,
    GumbelMcts,
    Descent,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::Random,
        Self::Greedy,
        Self::AlphaBeta,
        Self::BestReply,
        Self::MaxN,
        Self::Mcts,
        Self::GumbelMcts,
        Self::Descent,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Greedy => "heuristic, one ply",
            Self::AlphaBeta => "alpha-beta (paranoid)",
            Self::BestReply => "best-reply",
            Self::MaxN => "max-n",
            Self::Mcts => "MCTS (PUCT)",
            Self::GumbelMcts => "Gumbel MCTS",
            Self::Descent => "descent",
        }
    }

    fn build<B: Board>(self, nodes: u64) -> Box<dyn Engine<B>> {
        let light = || {
            let options = HeuristicOptions { mode: EvalMode::Light, ..HeuristicOptions::default() };
            Heuristic::<B>::new(Weights::default(), options)
        };
        let alpha_beta =
            |opponents| AlphaBeta::new(light(), AlphaBetaOptions { opponents, ..AlphaBetaOptions::default() }).unwrap();
        let mcts = |selection: Option<Selection>| {
            let leaves = EvaluatorLeaves::new(light(), Scale::HEURISTIC, Priors::Light).unwrap();
            let plain = MctsOptions { memory_mib: 256, ..MctsOptions::default() };
            let options = match selection {
                Some(selection) => MctsOptions { selection, ..plain },
                None => plain,
            };
            Mcts::new(&leaves, Scale::HEURISTIC, options).unwrap()
        };
        match self {
            Self::Random => Box::new(RandomEngine),
            Self::Greedy => {
                let full = Heuristic::<B>::new(Weights::default(), HeuristicOptions::default());
                Box::new(Greedy::new(full, GreedyOptions::default()))
            }
            Self::AlphaBeta => within(alpha_beta(Opponents::Paranoid), nodes),
            Self::BestReply => within(alpha_beta(Opponents::BestReply), nodes),
            Self::MaxN => within(MaxN::new(light(), MaxNOptions::default()).unwrap(), nodes),
            Self::Mcts => within(mcts(None), nodes),
            Self::GumbelMcts => {
                let gumbel = Gumbel { noise: false, ..Gumbel::default() };
                within(mcts(Some(Selection::Gumbel(gumbel))), nodes)
            }
            Self::Descent => within(Descent::new(light(), Scale::HEURISTIC, DescentOptions::default()).unwrap(), nodes),
        }
    }
}

fn within<B: Board>(search: impl Search<B> + 'static, nodes: u64) -> Box<dyn Engine<B>> {
    Box::new(SearchEngine::new(search, Limits::nodes(nodes).unwrap(), 0.0).unwrap())
}

/// What an engine plays in a position; it knows nothing of other positions.
fn answer<B: Board>(kind: Kind, position: &Position<B>, nodes: u64) -> Move {
    let mut rng = GameRng::new(1, 0, 0);
    kind.build::<B>(nodes).choose(position, &legal(position), &mut rng).unwrap().mv
}

/// More turns that a win may take.
const TURNS_MORE: u32 = 2;

/// Most nodes to prove such a win.
const NODES_MAX: u64 = 300_000;

/// Whether an engine finds a solution. A move that wins later than it could is one, too, if the solver can prove it: searches
/// that stop at the first proof do not look for the shortest.
pub fn solves(kind: Kind, entry: &Entry, nodes: u64) -> bool {
    let any: AnyPosition = entry.position.parse().unwrap();
    with_position!(&any, position => {
        let mv = answer(kind, position, nodes);
        let wins_later = || {
            let mut solver = Solver::new(position.to_move(), entry.task.goal(), NODES_MAX);
            let mut turns = entry.turns + 1..=entry.turns + TURNS_MORE;
            turns.any(|turns| solver.holds_after(position, mv, turns) == Ok(true))
        };
        entry.solutions.contains(&position.format_move(mv)) || entry.task == Task::Win && wins_later()
    })
}
