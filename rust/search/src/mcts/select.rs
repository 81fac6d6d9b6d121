//! Which way a simulation goes at a node. All arithmetic is the same on every machine.

use ringrift_rules::Board;

use super::options::{Gumbel, MctsOptions, Puct, Selection, Widening};
use super::tree::{Edge, Node, Pick, Tree};

/// The rule of selection with its numbers at hand.
#[derive(Copy, Clone, Debug)]
pub(super) struct Rule {
    kind: Kind,
    widening: Option<Widening>,
    virtual_loss: f32,
}

#[derive(Copy, Clone, Debug)]
enum Kind {
    Puct { exploration: f32, fpu_reduction: f32 },
    Gumbel { visit_offset: f32, value_scale: f32 },
}

impl Rule {
    pub(super) fn new(options: &MctsOptions) -> Self {
        let kind = match options.selection {
            Selection::Puct(Puct { exploration, fpu_reduction, .. }) => {
                Kind::Puct { exploration: exploration as f32, fpu_reduction: fpu_reduction as f32 }
            }
            Selection::Gumbel(Gumbel { visit_offset, value_scale, .. }) => {
                Kind::Gumbel { visit_offset: visit_offset as f32, value_scale: value_scale as f32 }
            }
        };
        Self { kind, widening: options.widening, virtual_loss: options.virtual_loss as f32 }
    }

    /// Chooses at an expanded node that is not proven.
    #[inline]
    pub(super) fn pick<B: Board>(&self, tree: &Tree<B>, node: &Node) -> Pick {
        match self.kind {
            Kind::Puct { exploration, fpu_reduction } => self.pick_puct(tree, node, exploration, fpu_reduction),
            Kind::Gumbel { visit_offset, value_scale } => self.pick_gumbel(tree, node, visit_offset, value_scale),
        }
    }

    /// Whether a node may have one more edge, and of which kind the next move is.
    #[inline]
    fn next<B: Board>(&self, tree: &Tree<B>, node: &Node) -> Option<(Pick, f32)> {
        if node.opened >= node.legal {
            return None;
        }
        if let Some(Widening { first, factor }) = self.widening {
            let allowed = f64::from(first).max((factor * f64::from(node.visits).sqrt()).floor());
            if f64::from(node.opened) >= allowed {
                return None;
            }
        }
        let candidates = tree.candidates(node);
        Some(match candidates.get(usize::from(node.opened)) {
            Some(next) => (Pick::Open, next.prior),
            // Its prior is at most that of the last one that is stored.
            None => (Pick::Widen, candidates.last().map_or(0.0, |last| last.prior)),
        })
    }

    /// Mean share of the mover along an edge, simulations in progress counted as losses.
    #[inline]
    fn value(&self, edge: &Edge) -> Option<f32> {
        if edge.inflight == 0 {
            return (edge.visits > 0).then_some(edge.value);
        }
        let losses = self.virtual_loss * f32::from(edge.inflight);
        let visits = edge.visits as f32;
        (visits + losses > 0.0).then(|| edge.value * visits / (visits + losses))
    }

    fn pick_puct<B: Board>(&self, tree: &Tree<B>, node: &Node, exploration: f32, fpu_reduction: f32) -> Pick {
        let visits = (node.visits + node.inflight) as f32;
        let weight = exploration * visits.sqrt();
        let own =
            if node.visits > 0 { (node.sums[node.mover.index()] / f64::from(node.visits)) as f32 } else { node.own };
        let unvisited = own - fpu_reduction * node.opened_prior.max(0.0).sqrt();
        let (mut best, mut pick) = (f32::NEG_INFINITY, None);
        for (index, (edge, candidate)) in tree.edges(node).iter().zip(tree.candidates(node)).enumerate() {
            if edge.proven {
                continue;
            }
            let count = (edge.visits + u32::from(edge.inflight)) as f32;
            let score = self.value(edge).unwrap_or(unvisited) + weight * candidate.prior / (1.0 + count);
            if score > best {
                (best, pick) = (score, Some(Pick::Edge(index as u16)));
            }
        }
        if let Some((next, prior)) = self.next(tree, node)
            && unvisited + weight * prior > best
        {
            pick = Some(next);
        }
        pick.unwrap_or_else(|| beyond_widening(tree, node))
    }

    fn pick_gumbel<B: Board>(&self, tree: &Tree<B>, node: &Node, visit_offset: f32, value_scale: f32) -> Pick {
        let edges = tree.edges(node);
        let candidates = tree.candidates(node);
        let count = |edge: &Edge| edge.visits + u32::from(edge.inflight);
        let (mut visits, mut most, mut mass, mut weighted, mut top) = (0, 0, 0.0, 0.0, f32::NEG_INFINITY);
        for (edge, candidate) in edges.iter().zip(candidates) {
            visits += count(edge);
            most = most.max(count(edge));
            if let Some(value) = self.value(edge) {
                mass += candidate.prior;
                weighted += candidate.prior * value;
                top = top.max(value);
            }
        }
        let scale = (visit_offset + most as f32) * value_scale;
        let mixed = mixed_value(node.own, visits as f32, mass, weighted);
        let top = top.max(mixed);
        let completed = |edge: &Edge| exp_of((self.value(edge).unwrap_or(mixed) - top) * scale);
        let rest = exp_of((mixed - top) * scale);
        let mut total = (1.0 - node.opened_prior).max(0.0) * rest;
        for (edge, candidate) in edges.iter().zip(candidates) {
            total += candidate.prior * completed(edge);
        }
        let per_weight = 1.0 / total.max(f32::MIN_POSITIVE);
        let per_visit = 1.0 / (1.0 + visits as f32);
        let (mut best, mut pick) = (f32::NEG_INFINITY, None);
        for (index, (edge, candidate)) in edges.iter().zip(candidates).enumerate() {
            if edge.proven {
                continue;
            }
            let score = candidate.prior * completed(edge) * per_weight - count(edge) as f32 * per_visit;
            if score > best {
                (best, pick) = (score, Some(Pick::Edge(index as u16)));
            }
        }
        if let Some((next, prior)) = self.next(tree, node)
            && prior * rest * per_weight > best
        {
            pick = Some(next);
        }
        pick.unwrap_or_else(|| beyond_widening(tree, node))
    }
}

/// Where all open moves are proven, the next one has to be opened, whatever the widening allows.
fn beyond_widening<B: Board>(tree: &Tree<B>, node: &Node) -> Pick {
    if node.opened < node.stored {
        Pick::Open
    } else if node.legal > node.stored {
        Pick::Widen
    } else {
        // Only nodes with priors that are no numbers come here: any move will do.
        debug_assert!(tree.edges(node).iter().all(|edge| !edge.proven), "a node whose moves are all proven is proven");
        Pick::Edge(0)
    }
}

/// Value of a node in which moves without visits count as much as those with visits do on average. Source: Danihelka et al.
/// 2022, appendix D.
pub(super) fn mixed_value(own: f32, visits: f32, mass: f32, weighted: f32) -> f32 {
    if mass > 0.0 { (own + visits * weighted / mass) / (1.0 + visits) } else { own }
}

/// `e` to the power `x` for `x <= 0`, to within 1e-6 of 1, and 0 below -80.
#[inline]
fn exp_of(x: f32) -> f32 {
    let power = x * std::f32::consts::LOG2_E;
    // Written so that numbers that are none give 0 too.
    if !(-115.0..=1.0).contains(&power) {
        return 0.0;
    }
    let whole = power.floor();
    let rest = (power - whole) * std::f32::consts::LN_2;
    let series = 1.0
        + rest
            * (1.0
                + rest
                    * (0.5
                        + rest
                            * (1.0 / 6.0
                                + rest * (1.0 / 24.0 + rest * (1.0 / 120.0 + rest * (1.0 / 720.0 + rest / 5040.0))))));
    f32::from_bits(((whole as i32 + 127) as u32) << 23) * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_is_near_enough() {
        for i in 0..4000 {
            let x = -f64::from(i) * 0.01;
            assert!((f64::from(exp_of(x as f32)) - x.exp()).abs() < 2e-6 * x.exp().max(0.01), "{x}");
        }
        assert_eq!((exp_of(-1e9), exp_of(f32::NAN), exp_of(f32::NEG_INFINITY)), (0.0, 0.0, 0.0));
    }

    #[test]
    fn mixed_value_lies_between_own_and_visited() {
        assert!((mixed_value(0.4, 0.0, 0.0, 0.0) - 0.4).abs() < 1e-9);
        let mixed = mixed_value(0.4, 3.0, 0.5, 0.5 * 0.8);
        assert!((mixed - (0.4 + 3.0 * 0.8) / 4.0).abs() < 1e-6, "{mixed}");
    }
}
