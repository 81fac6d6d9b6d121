//! What values leaves and gives priors: an evaluator, or later a network that takes many positions at once.

use std::num::NonZeroUsize;

use ringrift_eval::{Evaluator, Scale, Values, exp};
use ringrift_rules::{Board, Move, MoveList, Position};

use super::light::{self, LightPriors};
use super::tree::Candidate;
use crate::searcher::InvalidSetting;

/// A position to be valued.
#[derive(Clone)]
pub struct Leaf<B: Board> {
    /// An unfinished position.
    pub position: Position<B>,
    /// Its legal moves; only for [`Leaves`] that give priors with the values, otherwise empty.
    pub moves: MoveList,
    /// To be filled in: win shares.
    pub values: Values,
    /// To be filled in by those that give priors with the values: one number from 0 per move, in proportion to its probability.
    pub priors: Vec<f32>,
}

/// Values the leaves of a tree search, and gives the moves of its nodes their priors.
///
/// Equal positions get equal answers, whatever was asked before. Clones serve the other threads of a search.
pub trait Leaves<B: Board>: Clone + Send {
    /// What this is, exactly enough to build it again.
    fn describe(&self) -> String;

    /// Number of leaves that are collected before they are valued together.
    fn batch(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    /// Whether [`Leaves::value`] fills in priors as well, as networks do; then every leaf is expanded when it is valued.
    fn gives_priors(&self) -> bool {
        false
    }

    /// Fills in the values of the leaves, and the priors if it gives them.
    fn value(&mut self, leaves: &mut [Leaf<B>]);

    /// Fills in the priors of a node's moves when it is expanded, at least those of the `keep` best, in an order of falling
    /// prior that depends on the position alone, so that more of them begin with the same ones. Priors of all moves sum to 1.
    fn rank(&mut self, position: &Position<B>, moves: &[Move], keep: usize, ranked: &mut Vec<Candidate>);

    /// Seats' evaluations so far.
    fn evaluations(&self) -> u64;
}

/// Where the priors of moves come from, if not from a network.
#[derive(Copy, Clone, PartialEq, Debug, Default)]
pub enum Priors {
    /// The kind of the move and what it visibly does; nothing is evaluated, no child is made.
    #[default]
    Light,
    /// The scores one ply ahead (see [`Evaluator::score_moves`]), as a softmax with this temperature in points; above 0.
    OnePly(f64),
    /// The same for every move.
    Uniform,
}

/// The scale on which tree search compares leaves of the heuristic evaluation best: flatter than
/// [`Scale::HEURISTIC`], so that moves that look a little worse are looked at as well.
///
/// Tuned: matches (`rrpipe match`, settings `scale` and `priors`) on square8 and hex8 with two players, 400 simulations a move.
pub fn leaf_scale() -> Scale {
    Scale::new(LEAF_POINTS).unwrap_or(Scale::HEURISTIC)
}

/// Points of [`leaf_scale`].
const LEAF_POINTS: f64 = 300.0;

/// Leaves valued by an evaluator, one at a time.
#[derive(Clone, Debug)]
pub struct EvaluatorLeaves<E> {
    evaluator: E,
    scale: Scale,
    priors: Priors,
    light: LightPriors,
    scores: Vec<f64>,
    evaluations: u64,
}

impl<E> EvaluatorLeaves<E> {
    /// Leaves with this evaluator, whose points mean wins according to `scale`.
    ///
    /// # Errors
    /// [`InvalidSetting`] for a temperature that is not positive.
    pub fn new(evaluator: E, scale: Scale, priors: Priors) -> Result<Self, InvalidSetting> {
        if let Priors::OnePly(points) = priors {
            InvalidSetting::check("prior temperature", points, points > 0.0, "a number of points above 0")?;
        }
        let light = LightPriors::default();
        Ok(Self { evaluator, scale, priors, light, scores: Vec::new(), evaluations: 0 })
    }

    /// The evaluator.
    pub const fn evaluator(&self) -> &E {
        &self.evaluator
    }
}

impl<B: Board, E: Evaluator<B> + Clone> Leaves<B> for EvaluatorLeaves<E> {
    fn describe(&self) -> String {
        let priors = match self.priors {
            Priors::Light => "light".to_string(),
            Priors::OnePly(points) => format!("one_ply({points})"),
            Priors::Uniform => "uniform".to_string(),
        };
        format!("priors={priors}, scale={}, {}", self.scale.points(), self.evaluator.describe())
    }

    #[inline]
    fn value(&mut self, leaves: &mut [Leaf<B>]) {
        for leaf in leaves {
            let players = leaf.position.players();
            let scores = self.evaluator.scores(&leaf.position);
            self.evaluations += players.get() as u64;
            leaf.values = self.scale.values(&scores, players);
        }
    }

    fn rank(&mut self, position: &Position<B>, moves: &[Move], keep: usize, ranked: &mut Vec<Candidate>) {
        match self.priors {
            Priors::Light => self.light.rank(position, moves, keep, ranked),
            Priors::OnePly(points) => {
                self.evaluator.score_moves(position, moves, &mut self.scores);
                self.evaluations += moves.len() as u64;
                let best = self.scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let weights = self.scores.iter().map(|score| exp((score - best) / points) as f32);
                fill(moves, weights, ranked);
            }
            Priors::Uniform => fill(moves, moves.iter().map(|_| 1.0), ranked),
        }
    }

    fn evaluations(&self) -> u64 {
        self.evaluations
    }
}

/// All moves with priors in proportion to their weights, sorted.
pub(super) fn fill(moves: &[Move], weights: impl Iterator<Item = f32>, ranked: &mut Vec<Candidate>) {
    ranked.clear();
    ranked.extend(moves.iter().zip(weights).map(|(&mv, weight)| Candidate {
        mv,
        prior: if weight.is_finite() { weight.clamp(0.0, light::WEIGHT_MAX) } else { 0.0 },
    }));
    let sum: f32 = ranked.iter().map(|candidate| candidate.prior).sum();
    let even = 1.0 / ranked.len().max(1) as f32;
    for candidate in ranked.iter_mut() {
        candidate.prior = if sum > 0.0 { candidate.prior / sum } else { even };
    }
    ranked.sort_unstable_by(|a, b| b.prior.total_cmp(&a.prior).then(a.mv.cmp(&b.mv)));
}
