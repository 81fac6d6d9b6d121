//! What a tree search reports.

use ringrift_eval::{RootLine, Scale, Values, WIN};
use ringrift_rules::{Board, Move, PlayerCount, PlayerId};

use super::tree::{NONE, Node, State, Tree, WON};

/// Most moves of a principal variation.
const PV_MAX: usize = 64;

/// Score of a seat from win shares, relative to the best opponent, in points of the scale; a proven result scores
/// [`WIN`] less the plies to the end, or the opposite.
pub(crate) fn score_of(
    values: &Values,
    players: PlayerCount,
    seat: PlayerId,
    scale: Scale,
    proven: Option<usize>,
) -> f64 {
    if let Some(plies) = proven {
        let score = WIN - plies.min(10_000) as f64;
        return if values[seat] >= WON { score } else { -score };
    }
    let others = players.seats().filter(|&other| other != seat).map(|other| values[other]);
    let best = others.fold(0.0, f64::max);
    scale.relative_score(values[seat] / (values[seat] + best).max(f64::MIN_POSITIVE))
}

impl<B: Board> Tree<B> {
    /// The moves that the search expects after edge `index` of `node`, the edge's own first.
    fn principal_variation(&self, node: &Node, index: usize) -> Vec<Move> {
        let mut pv = Vec::new();
        let (mut at, mut index) = (node, index);
        while let Some(candidate) = self.candidates(at).get(index) {
            pv.push(candidate.mv);
            let Some(edge) = self.edges(at).get(index).filter(|edge| edge.child != NONE && edge.visits > 0) else {
                break;
            };
            let child = self.node(edge.child);
            pv.extend_from_slice(self.forced(child));
            let Some(next) = self.best_edge(child).filter(|_| pv.len() < PV_MAX) else { break };
            (at, index) = (child, next);
        }
        pv
    }

    /// The edge that play follows: a proven win, else the most visits that are not a proven loss, else the best share.
    pub(super) fn best_edge(&self, node: &Node) -> Option<usize> {
        let edges = self.edges(node);
        let rank = |index: usize| {
            let edge = &edges[index];
            let won = edge.proven && f64::from(edge.value) >= WON - 1e-6;
            let open = node.state == State::Proven || !edge.proven;
            (won, open, if node.state == State::Proven { 0 } else { edge.visits })
        };
        (0..edges.len())
            .filter(|&index| edges[index].visits > 0)
            .max_by(|&a, &b| rank(a).cmp(&rank(b)).then(edges[a].value.total_cmp(&edges[b].value)).then(b.cmp(&a)))
    }

    /// One line per legal move, in their order; `policy` is in the order of the root's candidates.
    pub(super) fn lines(&self, root: &Node, legal: &[Move], policy: &[f64], fallback: &Values) -> Vec<RootLine> {
        let candidates = self.candidates(root);
        let mut by_move: Vec<usize> = (0..candidates.len()).collect();
        by_move.sort_unstable_by_key(|&index| candidates[index].mv);
        let edges = self.edges(root);
        legal
            .iter()
            .map(|&mv| {
                let found = by_move.binary_search_by_key(&mv, |&index| candidates[index].mv).ok().map(|i| by_move[i]);
                let edge = found.and_then(|index| edges.get(index)).filter(|edge| edge.visits > 0);
                RootLine {
                    mv,
                    visits: edge.map_or(0, |edge| u64::from(edge.visits)),
                    values: edge.and_then(|edge| self.mean(self.node(edge.child))).unwrap_or(*fallback),
                    is_exact: edge.is_some(),
                    pv: match (found, edge) {
                        (Some(index), Some(_)) => self.principal_variation(root, index),
                        _ => vec![mv],
                    },
                    policy: found.and_then(|index| policy.get(index)).copied().unwrap_or(0.0),
                }
            })
            .collect()
    }
}
