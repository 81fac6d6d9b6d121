//! One-ply greedy choice.

use std::fmt::Write as _;
use std::num::NonZeroUsize;

use ringrift_eval::{Choice, Decision, Engine, Evaluator, GameRng};
use ringrift_rules::{Board, Move, Position};

/// Settings of [`Greedy`].
#[derive(Copy, Clone, PartialEq, Debug, Default)]
pub struct GreedyOptions {
    /// Probability of a uniformly random move instead of the best one, in `[0, 1]`.
    pub randomness: f64,
    /// Scores a random sample of so many moves when there are more of them.
    pub sample: Option<NonZeroUsize>,
    /// Standard deviation of the noise that is added to the score of a swap of sides, and of nothing else.
    pub swap_temperature: f64,
}

/// Makes every move in turn, scores the position after it from the mover's seat, and takes the best; equal scores are
/// decided by lot.
///
/// The score is always the mover's, even where the turn has passed to another player. Source of the semantics:
/// upstream's `HeuristicAI.select_move`.
#[derive(Clone, Debug)]
pub struct Greedy<E> {
    evaluator: E,
    options: GreedyOptions,
    scores: Vec<f64>,
    sampled: Vec<Move>,
}

impl<E> Greedy<E> {
    /// An engine with this evaluator.
    pub const fn new(evaluator: E, options: GreedyOptions) -> Self {
        Self { evaluator, options, scores: Vec::new(), sampled: Vec::new() }
    }

    /// The evaluator.
    pub const fn evaluator(&self) -> &E {
        &self.evaluator
    }

    /// The settings.
    pub const fn options(&self) -> &GreedyOptions {
        &self.options
    }

    /// Takes `count` moves without replacement into `sampled`: the first steps of a Fisher-Yates shuffle.
    fn draw_sample(&mut self, legal: &[Move], count: usize, rng: &mut GameRng) {
        self.sampled.clear();
        self.sampled.extend_from_slice(legal);
        for i in 0..count {
            let j = i + rng.below(legal.len() - i);
            self.sampled.swap(i, j);
        }
        self.sampled.truncate(count);
    }
}

/// Index of one of the greatest scores, each of them equally likely; none if there are no scores.
fn pick_best(scores: &[f64], rng: &mut GameRng) -> Option<usize> {
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let is_best = |score: &f64| *score >= best;
    let ties = scores.iter().filter(|score| is_best(score)).count();
    let skipped = if ties > 1 { rng.below(ties) } else { 0 };
    scores.iter().enumerate().filter(|(_, score)| is_best(score)).nth(skipped).map(|(index, _)| index)
}

impl<B: Board, E: Evaluator<B>> Engine<B> for Greedy<E> {
    fn describe(&self) -> String {
        let GreedyOptions { randomness, sample, swap_temperature } = self.options;
        let mut text = format!("greedy(randomness={randomness}");
        // Writing to a string cannot fail.
        if let Some(sample) = sample {
            let _ = write!(text, ", sample={sample}");
        }
        if swap_temperature > 0.0 {
            let _ = write!(text, ", swap_temperature={swap_temperature}");
        }
        let _ = write!(text, ", {})", self.evaluator.describe());
        text
    }

    fn choose(&mut self, position: &Position<B>, legal: &[Move], rng: &mut GameRng) -> Option<Decision> {
        match *legal {
            [] => return None,
            [only] => return Some(Decision::unscored(only, Choice::Forced)),
            _ => {}
        }
        if rng.chance(self.options.randomness) {
            return Some(Decision::unscored(legal[rng.below(legal.len())], Choice::Random));
        }
        let moves = match self.options.sample.map(NonZeroUsize::get) {
            Some(count) if count < legal.len() => {
                self.draw_sample(legal, count, rng);
                &self.sampled[..]
            }
            _ => legal,
        };
        self.evaluator.score_moves(position, moves, &mut self.scores);
        if self.options.swap_temperature > 0.0 {
            for (score, mv) in self.scores.iter_mut().zip(moves) {
                if *mv == Move::SwapSides {
                    *score += self.options.swap_temperature * rng.normal();
                }
            }
        }
        let best = pick_best(&self.scores, rng)?;
        Some(Decision {
            mv: moves[best],
            choice: Choice::Best,
            score: Some(self.scores[best]),
            evaluations: moves.len() as u64,
            search: None,
        })
    }
}
