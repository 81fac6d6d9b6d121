//! The tree of descent: every move of a node that is looked at becomes a child at once.

use ringrift_eval::Values;
use ringrift_rules::{ByPlayer, Move, PlayerCount, PlayerId};

use crate::mcts::WON;

/// A position after a move and the moves that it forces.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The move that leads here.
    pub mv: Move,
    /// Win shares by seat: those of the evaluation, or those of the best child.
    pub shares: [f32; 4],
    /// Iterations that went through here.
    pub visits: u32,
    /// Children `children..children + count`; none while its moves were not looked at.
    pub children: u32,
    pub count: u32,
    /// Forced moves `forced..forced + forced_count`.
    pub forced: u32,
    pub forced_count: u16,
    /// Choices to the end along best play; of solved nodes.
    pub distance: u16,
    /// The seat that chooses; known once its moves were looked at.
    pub mover: PlayerId,
    /// Its shares are those of best play.
    pub is_solved: bool,
    /// Some legal moves have no child.
    pub is_cut: bool,
}

impl Node {
    pub(super) fn new(mv: Move, values: &Values) -> Self {
        Self {
            mv,
            shares: PlayerId::ALL.map(|seat| values[seat] as f32),
            visits: 0,
            children: 0,
            count: 0,
            forced: 0,
            forced_count: 0,
            distance: 0,
            mover: PlayerId::ALL[0],
            is_solved: false,
            is_cut: false,
        }
    }

    /// Share of a seat.
    #[inline]
    pub(super) fn share(&self, seat: PlayerId) -> f32 {
        self.shares[seat.index()]
    }

    /// Solved and won by the seat.
    #[inline]
    pub(super) fn is_won_by(&self, seat: PlayerId) -> bool {
        self.is_solved && f64::from(self.share(seat)) >= WON - 1e-6
    }

    /// Solved and not won by the seat.
    #[inline]
    fn is_lost_by(&self, seat: PlayerId) -> bool {
        self.is_solved && !self.is_won_by(seat)
    }

    pub(super) fn values(&self, players: PlayerCount) -> Values {
        let shares = ByPlayer::new(self.shares.map(f64::from));
        Values::in_proportion(shares, players).unwrap_or_else(|_| Values::even(players))
    }
}

/// Nodes and forced moves in arenas; the root is node 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub nodes: Vec<Node>,
    pub forced: Vec<Move>,
}

impl Tree {
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.forced.clear();
    }

    /// Bytes in use.
    pub(super) fn bytes(&self) -> usize {
        self.nodes.len() * size_of::<Node>() + self.forced.len() * size_of::<Move>()
    }

    pub(super) fn forced(&self, node: &Node) -> &[Move] {
        &self.forced[node.forced as usize..][..usize::from(node.forced_count)]
    }

    /// Notes forced moves that lead on from what a node has so far.
    pub(super) fn add_forced(&mut self, node: u32, moves: &[Move]) {
        if moves.is_empty() {
            return;
        }
        let at = &mut self.nodes[node as usize];
        let old = at.forced as usize..at.forced as usize + usize::from(at.forced_count);
        at.forced = self.forced.len() as u32;
        at.forced_count += moves.len() as u16;
        self.forced.extend_from_within(old);
        self.forced.extend_from_slice(moves);
    }

    pub(super) fn children(&self, node: &Node) -> &[Node] {
        &self.nodes[node.children as usize..][..node.count as usize]
    }

    /// The child that an iteration goes on to: of those that are not solved the one with the greatest share for the seat that
    /// chooses, the least visited of equals.
    pub(super) fn next(&self, node: &Node) -> Option<u32> {
        let children = self.children(node);
        (0..children.len())
            .filter(|&index| !children[index].is_solved)
            .max_by(|&a, &b| {
                let (x, y) = (&children[a], &children[b]);
                x.share(node.mover).total_cmp(&y.share(node.mover)).then(y.visits.cmp(&x.visits)).then(b.cmp(&a))
            })
            .map(|index| node.children + index as u32)
    }

    /// The child whose value is the node's: the nearest solved win, else the greatest share.
    fn best_value(&self, node: &Node) -> Option<&Node> {
        let seat = node.mover;
        self.children(node).iter().reduce(|best, child| {
            let better = match (best.is_won_by(seat), child.is_won_by(seat)) {
                (true, true) => child.distance < best.distance,
                (won, wins) => wins || (!won && child.share(seat) > best.share(seat)),
            };
            if better { child } else { best }
        })
    }

    /// Takes a node's value from its children, and notes whether it is solved.
    pub(super) fn back_up(&mut self, node: u32) {
        let at = &self.nodes[node as usize];
        let Some(best) = self.best_value(at) else { return };
        let (shares, won, nearest) = (best.shares, best.is_won_by(at.mover), best.distance);
        let children = self.children(at);
        let all_solved = !at.is_cut && children.iter().all(|child| child.is_solved);
        let farthest = children.iter().map(|child| child.distance).max().unwrap_or(0);
        let at = &mut self.nodes[node as usize];
        at.shares = shares;
        if won || all_solved {
            at.is_solved = true;
            at.distance = if won { nearest } else { farthest }.saturating_add(1);
        }
    }

    /// The child to play, by safety: a solved win, then the most visits among what is not lost, then the share. When all is
    /// lost, the best share, and the longest way. Source: Cohen-Solal 2020 (`UBFM_s`).
    pub(super) fn safest(&self, node: &Node) -> Option<usize> {
        let children = self.children(node);
        let seat = node.mover;
        let key = |child: &Node| {
            let (won, open) = (child.is_won_by(seat), !child.is_lost_by(seat));
            let weight = match (won, open) {
                (true, _) => u32::from(u16::MAX - child.distance),
                (false, true) => child.visits,
                (false, false) => 0,
            };
            (won, open, weight)
        };
        (0..children.len()).max_by(|&a, &b| {
            let (x, y) = (&children[a], &children[b]);
            let share = x.share(seat).total_cmp(&y.share(seat));
            key(x).cmp(&key(y)).then(share).then(x.distance.cmp(&y.distance)).then(b.cmp(&a))
        })
    }
}
