//! What engines that do not search know of a position, in the form of a search.

use ringrift_eval::{Evaluator, GameRng, Scale, Values, judge, zero_sum};
use ringrift_rules::{Board, Move, Position};
use ringrift_search::{Ended, Limits, Meter, RootLine, Search, SearchResult, Stop};

use super::evaluator::SeatEvaluator;

/// One ply ahead with an evaluator, or nowhere without one: then all moves are alike.
pub(super) struct OnePly<B: Board>(pub(super) Option<SeatEvaluator<B>>);

impl<B: Board> Search<B> for OnePly<B> {
    fn describe(&self) -> String {
        self.0.as_ref().map_or("random".to_owned(), |evaluator| format!("one_ply({})", evaluator.describe()))
    }

    fn search(
        &mut self,
        position: &Position<B>,
        legal: &[Move],
        limits: &Limits,
        stop: &Stop,
        rng: &mut GameRng,
    ) -> Option<SearchResult> {
        let mut meter = Meter::start(limits, stop);
        let players = position.players();
        let even = 1.0 / legal.len().max(1) as f64;
        let mut scores = vec![0.0; legal.len()];
        let mut lines: Vec<RootLine> = legal
            .iter()
            .map(|&mv| RootLine {
                mv,
                visits: 0,
                values: Values::even(players),
                is_exact: false,
                pv: vec![mv],
                policy: even,
            })
            .collect();
        let mut evaluations = 0;
        if let Some(evaluator) = &mut self.0 {
            for (line, score) in lines.iter_mut().zip(&mut scores) {
                *score = f64::NEG_INFINITY;
                if !meter.take() {
                    continue;
                }
                let mut child = *position;
                child.make_move(line.mv);
                let seen = evaluator.scores(&child);
                evaluations += players.get() as u64;
                let seat = judge(line.mv, position.to_move());
                *score = zero_sum(&seen, players, seat, child.outcome().is_some());
                line.values = Scale::HEURISTIC.values_at(&child, &seen);
                (line.visits, line.is_exact) = (1, true);
            }
        }
        let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let equals: Vec<usize> = (0..scores.len()).filter(|&i| scores[i] >= best).collect();
        let &chosen = equals.get(if equals.len() > 1 { rng.below(equals.len()) } else { 0 })?;
        if self.0.is_some() {
            for (i, line) in lines.iter_mut().enumerate() {
                line.policy = if i == chosen { 1.0 } else { 0.0 };
            }
        }
        Some(SearchResult {
            best: legal[chosen],
            score: if best.is_finite() { best } else { 0.0 },
            values: lines[chosen].values,
            lines,
            nodes: meter.nodes(),
            evaluations,
            depth: u32::from(self.0.is_some()),
            elapsed: meter.elapsed(),
            ended: meter.ended().unwrap_or(Ended::Depth),
        })
    }

    fn forget(&mut self) {}
}
