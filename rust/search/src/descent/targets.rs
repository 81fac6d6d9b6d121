//! What a search teaches: positions with the values that the search found for them.

use ringrift_eval::{Evaluator, Values};
use ringrift_rules::{Board, Position};

use super::Descent;
use super::tree::Node;

/// A position of the tree and what it is worth.
#[derive(Copy, Clone)]
pub struct Target<B: Board> {
    /// The position; a choice, or the end of a game.
    pub position: Position<B>,
    /// `values: f64[players] in [0, 1], by seat`: win shares backed up from below, those of the result at ends.
    pub values: Values,
    /// Iterations that went through it.
    pub visits: u32,
    /// Whether the values are those of best play to the end, and not an estimate.
    pub is_solved: bool,
}

impl<B: Board, E: Evaluator<B>> Descent<B, E> {
    /// Calls `each` with every position of the last search that has values from below: nodes whose moves were looked at, and
    /// ends of games; parents come before their children. Source: Cohen-Solal 2020 (tree learning).
    pub fn for_each_target(&self, mut each: impl FnMut(&Target<B>)) {
        let (Some(root), Some(position)) = (self.tree.nodes.first(), &self.root) else { return };
        self.visit(root, position, &mut each);
    }

    fn visit(&self, node: &Node, position: &Position<B>, each: &mut impl FnMut(&Target<B>)) {
        let is_end = position.outcome().is_some();
        if node.count == 0 && !is_end {
            return;
        }
        let values = node.values(position.players());
        each(&Target { position: *position, values, visits: node.visits, is_solved: node.is_solved });
        for child in self.tree.children(node) {
            let mut next = *position;
            next.make_move(child.mv);
            for &mv in self.tree.forced(child) {
                next.make_move(mv);
            }
            self.visit(child, &next, each);
        }
    }
}
