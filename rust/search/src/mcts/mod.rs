//! Monte-Carlo tree search on the real rules, for two to four players.
//!
//! Every node backs up win shares by seat, and the seat to move there goes for its own: one turn is several plies of one
//! seat, and needs no care. A simulation values one new position, or a finished game; there are no rollouts. Moves that
//! the rules force are made along with the move before them. Results that are proven (a win that the seat to move can take,
//! or moves that all have a known result) are passed up, and end the search when they reach the root. Source of that:
//! Winands, Björnsson, Saito 2008 (MCTS-Solver); of max-n backups in trees: Sturtevant 2008.

mod leaves;
mod light;
mod noise;
mod options;
mod report;
mod root;
mod select;
mod tree;
mod worker;

use std::sync::{Mutex, PoisonError};

use ringrift_eval::{Ended, GameRng, Scale, SearchResult, exp, ln};
use ringrift_rules::{Board, Move, Position};

pub use leaves::{EvaluatorLeaves, Leaf, Leaves, Priors, leaf_scale};
pub(crate) use light::LightPriors;
pub use options::{Gumbel, MctsOptions, Puct, RootNoise, Selection, Temperature, Widening};
pub(crate) use report::score_of;
pub use tree::Candidate;
pub(crate) use tree::WON;

use crate::limits::{Limits, Meter, Stop};
use crate::searcher::{InvalidSetting, Search};
use crate::threads;
use root::RootPlan;
use select::Rule;
use tree::{NONE, State, Tree};
use worker::{Shared, Worker};

/// Monte-Carlo tree search. The node limit of [`Limits`] counts simulations, as [`SearchResult::nodes`] does; the depth limit
/// ends the search when a simulation has gone through so many choices.
#[derive(Clone)]
pub struct Mcts<B: Board, L> {
    options: MctsOptions,
    scale: Scale,
    tree: Tree<B>,
    spare: Tree<B>,
    /// The position of the tree's root.
    root: Option<Position<B>>,
    workers: Vec<Worker<B, L>>,
}

impl<B: Board, L: Leaves<B>> Mcts<B, L> {
    /// A search that values leaves with `leaves`. `scale` turns win shares into the points that are reported.
    ///
    /// # Errors
    /// [`InvalidSetting`]: see [`MctsOptions::check`].
    pub fn new(leaves: &L, scale: Scale, options: MctsOptions) -> Result<Self, InvalidSetting> {
        options.check()?;
        let workers = (1..=options.threads).map(|_| Worker::new(leaves.clone())).collect();
        Ok(Self { options, scale, tree: Tree::new(), spare: Tree::new(), root: None, workers })
    }

    /// The settings.
    pub const fn options(&self) -> &MctsOptions {
        &self.options
    }

    /// Bytes that the tree has in use.
    pub fn tree_bytes(&self) -> usize {
        self.tree.bytes()
    }

    /// Makes `position` the root: what is known of it is kept.
    fn take_root(&mut self, position: &Position<B>, legal: &[Move]) {
        let keeps = self.options.reuse && matches!(self.options.selection, Selection::Puct(_));
        let found = if keeps { self.find(position) } else { None };
        match found {
            Some(0) => {}
            Some(node) => {
                self.tree.copy_below(node, &mut self.spare);
                std::mem::swap(&mut self.tree, &mut self.spare);
            }
            None => {
                self.tree.clear();
                self.tree.add_node(NONE);
            }
        }
        self.root = Some(*position);
        self.tree.players = position.players();
        let root = self.tree.node(0);
        if self.tree.candidates(root).len() < legal.len() || root.state != State::Expanded {
            let (values, expansion) = self.workers[0].look_at(position, legal);
            let root = &mut self.tree.nodes[0];
            root.mover = position.to_move();
            root.own = values[root.mover] as f32;
            self.tree.expand(0, &expansion);
        }
    }

    /// The node of a position, if the tree has it and has looked further.
    fn find(&self, position: &Position<B>) -> Option<u32> {
        let root = self.root.as_ref()?;
        self.tree.with_key(position.key()).find(|&node| {
            let mut reached = *root;
            for mv in self.tree.moves_to(node) {
                reached.make_move(mv);
            }
            reached.plies() == position.plies() && reached == *position
        })
    }

    /// Mixes noise into the priors of the root; returns the priors as they were.
    fn add_noise(&mut self, rng: &mut GameRng) -> Option<Vec<Candidate>> {
        let Selection::Puct(Puct { noise: Some(RootNoise { alpha, fraction }), .. }) = self.options.selection else {
            return None;
        };
        let clean = self.tree.candidates(self.tree.node(0)).to_vec();
        let draws = noise::dirichlet(clean.len(), alpha, rng);
        let candidates = self.tree.candidates_mut(0);
        // The order of the candidates depends on earlier searches; that of the moves does not.
        let mut by_move: Vec<usize> = (0..candidates.len()).collect();
        by_move.sort_unstable_by_key(|&index| candidates[index].mv);
        for (index, draw) in by_move.into_iter().zip(draws) {
            let candidate = &mut candidates[index];
            candidate.prior = ((1.0 - fraction) * f64::from(candidate.prior) + fraction * draw) as f32;
        }
        self.tree.sort_unopened(0);
        Some(clean)
    }

    /// Takes the noise out of the priors again.
    fn remove_noise(&mut self, mut clean: Vec<Candidate>) {
        clean.sort_unstable_by_key(|candidate| candidate.mv);
        for candidate in self.tree.candidates_mut(0) {
            if let Ok(index) = clean.binary_search_by_key(&candidate.mv, |clean| clean.mv) {
                *candidate = clean[index];
            }
        }
        self.tree.sort_unopened(0);
    }

    /// Index of the edge to play, drawn with the temperature; none without visits.
    fn choose(&self, plies: u32, rng: &mut GameRng) -> Option<usize> {
        let root = self.tree.node(0);
        let best = self.tree.best_edge(root)?;
        let edges = self.tree.edges(root);
        let temperature = self.options.temperature.map_or(0.0, |temperature| temperature.at(plies));
        if temperature <= 0.0 || root.state == State::Proven {
            return Some(best);
        }
        let most = edges.iter().filter(|edge| !edge.proven).map(|edge| edge.visits).max().filter(|&most| most > 0)?;
        let weights: Vec<f64> = edges
            .iter()
            .map(|edge| {
                let is_lost = edge.proven && f64::from(edge.value) < WON;
                if edge.visits == 0 || is_lost {
                    0.0
                } else {
                    exp(ln(f64::from(edge.visits) / f64::from(most)) / temperature)
                }
            })
            .collect();
        let mut rest = rng.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            rest -= weight;
            if rest < 0.0 {
                return Some(index);
            }
        }
        Some(best)
    }

    /// Probability of every candidate of the root: shares of the visits, all for a proven win, the priors without visits.
    fn visit_policy(&self) -> Vec<f64> {
        let root = self.tree.node(0);
        let (edges, candidates) = (self.tree.edges(root), self.tree.candidates(root));
        let sum: u64 = edges.iter().map(|edge| u64::from(edge.visits)).sum();
        let won = self.tree.best_edge(root).filter(|&index| {
            root.state == State::Proven && edges[index].proven && f64::from(edges[index].value) >= WON - 1e-6
        });
        if sum == 0 {
            let priors: f64 = candidates.iter().map(|candidate| f64::from(candidate.prior)).sum();
            return candidates.iter().map(|candidate| f64::from(candidate.prior) / priors).collect();
        }
        (0..candidates.len())
            .map(|index| match won {
                Some(won) => f64::from(u8::from(won == index)),
                None => edges.get(index).map_or(0.0, |edge| f64::from(edge.visits) / sum as f64),
            })
            .collect()
    }

    fn evaluations(&self) -> u64 {
        self.workers.iter().map(|worker| worker.leaves.evaluations()).sum()
    }
}

impl<B: Board, L: Leaves<B>> Search<B> for Mcts<B, L> {
    fn describe(&self) -> String {
        format!("mcts({}, {})", self.options, self.workers[0].leaves.describe())
    }

    fn search(
        &mut self,
        position: &Position<B>,
        legal: &[Move],
        limits: &Limits,
        stop: &Stop,
        rng: &mut GameRng,
    ) -> Option<SearchResult> {
        let &first = legal.first()?;
        let meter = Meter::start(limits, stop);
        let evaluated = self.evaluations();
        self.take_root(position, legal);
        let clean = self.add_noise(rng);
        let plan = match &self.options.selection {
            Selection::Gumbel(gumbel) => Some(RootPlan::new(gumbel, limits.nodes_max(), &mut self.tree, 0, rng)),
            Selection::Puct(_) => None,
        };
        let shared = Mutex::new(Shared {
            tree: &mut self.tree,
            root: position,
            rule: Rule::new(&self.options),
            plan,
            meter,
            bytes_max: self.options.memory_mib as usize * (1 << 20),
            depth_max: limits.depth_max().unwrap_or(u32::MAX),
            owed: 0,
            // The first simulation looks already.
            since_look: u32::MAX,
            // With one move there is nothing to find.
            ended: (legal.len() == 1).then_some(Ended::Solved),
            simulations: 0,
        });
        let is_alone = self.options.threads == 1;
        threads::on_each(&mut self.workers, |worker| worker.run(&shared, is_alone));
        let Shared { plan, meter, ended, simulations, .. } =
            shared.into_inner().unwrap_or_else(PoisonError::into_inner);

        let root = self.tree.node(0);
        let mover = root.mover;
        let values = self.tree.mean(root).unwrap_or_else(|| {
            let alone = self.scale.relative_score(f64::from(root.own));
            self.scale.values_of_relative(alone, position.players(), mover)
        });
        let (chosen, policy) = match &plan {
            Some(plan) if root.state != State::Proven => {
                let chosen = plan.best(&self.tree, 0);
                (Some(chosen), plan.policy(&self.tree, 0))
            }
            _ => (self.choose(position.plies(), rng), self.visit_policy()),
        };
        let best = self.tree.candidates(root).get(chosen.unwrap_or(0)).map_or(first, |candidate| candidate.mv);
        let lines = self.tree.lines(root, legal, &policy, &values);
        let pv = lines.iter().find(|line| line.mv == best).map_or(1, |line| line.pv.len());
        let proven = (root.state == State::Proven).then_some(pv);
        let score = score_of(&values, position.players(), mover, self.scale, proven);
        let result = SearchResult {
            best,
            score,
            values,
            lines,
            nodes: simulations,
            evaluations: self.evaluations() - evaluated,
            depth: self.tree.depth,
            elapsed: meter.elapsed(),
            ended: ended.or(meter.ended()).unwrap_or(Ended::Nodes),
        };
        if let Some(clean) = clean {
            self.remove_noise(clean);
        }
        Some(result)
    }

    fn forget(&mut self) {
        self.tree.clear();
        self.spare.clear();
        self.root = None;
    }
}

#[cfg(test)]
mod tests {
    use ringrift_heuristic::{EvalMode, Heuristic, HeuristicOptions, Weights};
    use ringrift_rules::{MoveList, PlayerCount, RuleOptions, Square8};

    use super::*;

    #[test]
    fn tree_stays_consistent_through_a_game() {
        let options = HeuristicOptions { mode: EvalMode::Light, ..HeuristicOptions::default() };
        let heuristic = Heuristic::<Square8>::new(Weights::default(), options);
        let leaves = EvaluatorLeaves::new(heuristic, Scale::HEURISTIC, Priors::Light);
        let leaves = leaves.expect("the settings are valid");
        let widening = Some(Widening { first: 3, factor: 1.0 });
        let gumbel = Selection::Gumbel(Gumbel { noise: true, ..Gumbel::default() });
        for (players, options) in [
            (PlayerCount::Two, MctsOptions::default()),
            (PlayerCount::Three, MctsOptions { widening, ..MctsOptions::self_play(Square8::KIND) }),
            (PlayerCount::Two, MctsOptions { threads: 2, ..MctsOptions::default() }),
            (PlayerCount::Four, MctsOptions { selection: gumbel, ..MctsOptions::default() }),
        ] {
            let mut search = Mcts::new(&leaves, Scale::HEURISTIC, options).expect("the settings are valid");
            let rules = RuleOptions::standard(Square8::KIND, players);
            let (mut position, mut legal) = (Position::<Square8>::initial(players, rules), MoveList::new());
            let limits = Limits::nodes(150).expect("a budget");
            let mut rng = GameRng::new(4, 0, 0);
            loop {
                position.legal_moves(&mut legal);
                let Some(found) = search.search(&position, &legal, &limits, &Stop::new(), &mut rng) else { break };
                search.tree.check();
                position.make_move(found.best);
            }
        }
    }
}
