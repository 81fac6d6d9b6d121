//! The root of Gumbel search: which moves are looked at, and how often. Source: Danihelka et al. 2022.

use ringrift_eval::{GameRng, exp, ln};
use ringrift_rules::Board;

use super::noise::gumbel;
use super::options::Gumbel;
use super::select::mixed_value;
use super::tree::{Candidate, Edge, Tree};

/// Least prior that a logarithm is taken of.
const PRIOR_MIN: f64 = 1e-12;

/// Sequential halving as a sequence: the number of visits that the move of the next simulation must have so far.
///
/// Half of the moves drop out after every phase, and every phase gets the same part of the budget; two moves are left in
/// the end. Whoever follows the sequence spends exactly one simulation per number.
#[derive(Clone, Debug)]
pub(super) struct Halving {
    budget: u64,
    phases: u64,
    width: u64,
    level: u32,
    in_level: u64,
    levels_left: u64,
}

impl Halving {
    pub(super) fn new(considered: usize, budget: u64) -> Self {
        let width = considered.max(1) as u64;
        let phases = u64::from(width.next_power_of_two().trailing_zeros()).max(1);
        let mut halving = Self { budget, phases, width, level: 0, in_level: 0, levels_left: 0 };
        halving.levels_left = halving.levels();
        halving
    }

    /// Visits that every move of the phase gets.
    fn levels(&self) -> u64 {
        (self.budget / (self.phases * self.width)).max(1)
    }
}

impl Iterator for Halving {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if self.in_level == self.width {
            self.in_level = 0;
            self.level += 1;
            self.levels_left -= 1;
            if self.levels_left == 0 {
                self.width = (self.width / 2).max(self.width.min(2));
                self.levels_left = self.levels();
            }
        }
        self.in_level += 1;
        Some(self.level)
    }
}

/// The plan of a search.
#[derive(Clone, Debug)]
pub(super) struct RootPlan {
    halving: Halving,
    /// A number of the sequence that was not used.
    returned: Vec<u32>,
    visit_offset: f64,
    value_scale: f64,
    /// Noise plus logarithm of the prior of the considered moves, in the order of their edges.
    starts: Vec<f64>,
    /// Those of all moves without the noise, in the order of the candidates.
    logits: Vec<f64>,
}

impl RootPlan {
    /// Draws the moves that are looked at, puts them first, and gives them edges. The root is expanded, without edges.
    pub(super) fn new<B: Board>(
        options: &Gumbel,
        budget: Option<u64>,
        tree: &mut Tree<B>,
        root: u32,
        rng: &mut GameRng,
    ) -> Self {
        let logit = |candidate: &Candidate| ln(f64::from(candidate.prior).max(PRIOR_MIN));
        let mut drawn: Vec<(f64, Candidate)> = tree
            .candidates(tree.node(root))
            .iter()
            .map(|candidate| (logit(candidate) + if options.noise { gumbel(rng) } else { 0.0 }, *candidate))
            .collect();
        drawn.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.mv.cmp(&b.1.mv)));
        let considered = drawn.len().min(options.considered as usize);
        drawn[considered..].sort_by(|a, b| b.1.prior.total_cmp(&a.1.prior).then(a.1.mv.cmp(&b.1.mv)));
        for (place, (_, candidate)) in tree.candidates_mut(root).iter_mut().zip(&drawn) {
            *place = *candidate;
        }
        for _ in 0..considered {
            tree.open(root);
        }
        Self {
            halving: Halving::new(considered, budget.unwrap_or_else(|| u64::from(options.planned))),
            returned: Vec::new(),
            visit_offset: options.visit_offset,
            value_scale: options.value_scale,
            starts: drawn[..considered].iter().map(|(start, _)| *start).collect(),
            logits: drawn.iter().map(|(_, candidate)| logit(candidate)).collect(),
        }
    }

    fn scale(&self, edges: &[Edge]) -> f64 {
        let most = edges.iter().map(|edge| edge.visits).max().unwrap_or(0);
        (self.visit_offset + f64::from(most)) * self.value_scale
    }

    /// The edge of the next simulation, and the number of the sequence that it uses.
    pub(super) fn pick<B: Board>(&mut self, tree: &Tree<B>, root: u32) -> (u16, u32) {
        let node = tree.node(root);
        let edges = tree.edges(node);
        let wanted = self.returned.pop().or_else(|| self.halving.next()).unwrap_or(0);
        let scale = self.scale(edges);
        let mixed = Self::mixed(tree, root);
        let count = |edge: &Edge| edge.visits + u32::from(edge.inflight);
        let mut best = None;
        for (index, (edge, start)) in edges.iter().zip(&self.starts).enumerate() {
            if count(edge) == wanted {
                let value = if edge.visits > 0 { f64::from(edge.value) } else { mixed };
                let score = start + scale * value;
                if best.is_none_or(|(top, _)| score > top) {
                    best = Some((score, index));
                }
            }
        }
        // A level that batches have run ahead of: the least visited move is the next best.
        let index = best.map_or_else(
            || edges.iter().enumerate().min_by_key(|(_, edge)| count(edge)).map_or(0, |(index, _)| index),
            |(_, index)| index,
        );
        (index as u16, wanted)
    }

    /// Takes back a number of the sequence whose simulation did not take place.
    pub(super) fn give_back(&mut self, wanted: u32) {
        self.returned.push(wanted);
    }

    fn mixed<B: Board>(tree: &Tree<B>, root: u32) -> f64 {
        let node = tree.node(root);
        let (mut visits, mut mass, mut weighted) = (0, 0.0, 0.0);
        for (edge, candidate) in tree.edges(node).iter().zip(tree.candidates(node)) {
            if edge.visits > 0 {
                visits += edge.visits;
                mass += candidate.prior;
                weighted += candidate.prior * edge.value;
            }
        }
        f64::from(mixed_value(node.own, visits as f32, mass, weighted))
    }

    /// Index of the move to play: of those with the most visits the one with the best sum of noise, prior and value.
    pub(super) fn best<B: Board>(&self, tree: &Tree<B>, root: u32) -> usize {
        let edges = tree.edges(tree.node(root));
        let scale = self.scale(edges);
        let score = |index: usize| self.starts[index] + scale * f64::from(edges[index].value);
        (0..edges.len())
            .max_by(|&a, &b| edges[a].visits.cmp(&edges[b].visits).then(score(a).total_cmp(&score(b))).then(b.cmp(&a)))
            .unwrap_or(0)
    }

    /// The improved policy, in the order of the candidates: softmax of the logarithms of the priors and the completed values.
    pub(super) fn policy<B: Board>(&self, tree: &Tree<B>, root: u32) -> Vec<f64> {
        let edges = tree.edges(tree.node(root));
        let (scale, mixed) = (self.scale(edges), Self::mixed(tree, root));
        let mut policy: Vec<f64> = self
            .logits
            .iter()
            .enumerate()
            .map(|(index, logit)| {
                let value = edges.get(index).filter(|edge| edge.visits > 0).map_or(mixed, |edge| f64::from(edge.value));
                logit + scale * value
            })
            .collect();
        let top = policy.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for logit in &mut policy {
            *logit = exp(*logit - top);
        }
        let sum: f64 = policy.iter().sum();
        for share in &mut policy {
            *share /= sum;
        }
        policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Visits of every move when the moves of the lowest numbers are the best ones.
    fn visits(considered: usize, budget: u64) -> Vec<u32> {
        let mut visits = vec![0; considered];
        for wanted in Halving::new(considered, budget).take(budget as usize) {
            let index = visits.iter().position(|&count| count == wanted).expect("a move has so many visits");
            visits[index] += 1;
        }
        visits
    }

    #[test]
    fn halving_halves() {
        // By hand: 3 phases of 24/3 simulations: 8 x 1, 4 x 2, 2 x 4.
        assert_eq!(visits(8, 24), [7, 7, 3, 3, 1, 1, 1, 1]);
        assert_eq!(visits(4, 16), [6, 6, 2, 2]);
        assert_eq!(visits(1, 5), [5]);
        assert_eq!(visits(2, 7), [4, 3]);
        assert_eq!(visits(16, 4), [[1; 4].as_slice(), &[0; 12]].concat());
    }

    #[test]
    fn halving_spends_any_budget() {
        for considered in 1..=20 {
            for budget in [1, 2, 17, 64, 100, 801] {
                let visits = visits(considered, budget);
                assert_eq!(visits.iter().map(|&n| u64::from(n)).sum::<u64>(), budget);
                assert!(visits.windows(2).all(|pair| pair[0] >= pair[1]), "{considered} {budget}: {visits:?}");
            }
        }
    }
}
