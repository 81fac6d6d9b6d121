//! The tree: nodes, moves and edges in arenas.
//!
//! A node is a position at which somebody has a choice; the moves that the rules force after a move belong to the node that
//! they lead to. Nodes keep no position, but for those with many visits, from which the others are replayed. The moves of a
//! node are sorted by prior, and those with an edge are the first ones, so that a walk looks at no others.

use ringrift_eval::Values;
use ringrift_rules::{Board, Move, PlayerCount, PlayerId, Position};

/// No node, edge block or snapshot.
pub(super) const NONE: u32 = u32::MAX;

/// The share from which on a seat has won: see [`ringrift_eval::RANK_SHARE`].
pub(crate) const WON: f64 = 1.0 - ringrift_eval::RANK_SHARE - 1e-9;

/// Visits from which on a node keeps its position.
const SNAPSHOT_VISITS: u32 = 12;

/// A legal move with its prior.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Candidate {
    /// The move.
    pub mv: Move,
    /// Its probability in `[0, 1]`, before any search.
    pub prior: f32,
}

/// What the walk needs to know of a child.
#[derive(Copy, Clone, Debug)]
pub(super) struct Edge {
    pub child: u32,
    pub visits: u32,
    /// Mean share of the seat that chooses; exact when proven.
    pub value: f32,
    pub inflight: u16,
    pub proven: bool,
}

const NEW_EDGE: Edge = Edge { child: NONE, visits: 0, value: 0.0, inflight: 0, proven: false };

/// What is known of a node.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// Nothing yet.
    New,
    /// Its value.
    Valued,
    /// Its moves as well.
    Expanded,
    /// Its result under best play.
    Proven,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Sums of the shares over the visits, by seat.
    pub sums: [f64; 4],
    /// Key of the position; of expanded nodes.
    pub key: u64,
    pub visits: u32,
    pub inflight: u32,
    pub parent: u32,
    candidates: u32,
    edges: u32,
    forced: u32,
    snapshot: u32,
    /// Share of the mover in the node's own evaluation.
    pub own: f32,
    /// Sum of the priors of the moves with an edge.
    pub opened_prior: f32,
    forced_count: u16,
    /// Number of moves that are stored: the best of the legal ones.
    pub stored: u16,
    /// Number of legal moves.
    pub legal: u16,
    /// Number of moves with an edge.
    pub opened: u16,
    proven_children: u16,
    edge_class: u8,
    pub mover: PlayerId,
    pub state: State,
    /// A simulation in progress will evaluate or expand it.
    pub pending: bool,
}

/// One way down the tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    /// Nodes, the root first.
    pub nodes: Vec<u32>,
    /// Index of the edge that leaves each node but the last.
    pub edges: Vec<u16>,
    /// Moves from the base to the last node.
    pub moves: Vec<Move>,
    /// Number of those moves at which the position is wanted for a snapshot, and the node that wants it.
    pub snapshot: Option<(usize, u32)>,
}

/// Moves of a node, as the worker found them.
#[derive(Clone, Debug, Default)]
pub(super) struct Expansion {
    /// The best moves, by falling prior.
    pub candidates: Vec<Candidate>,
    /// Number of legal moves.
    pub legal: u16,
    pub key: u64,
}

/// The choice at a node.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Pick {
    /// Along this edge.
    Edge(u16),
    /// The first stored move that has no edge.
    Open,
    /// The first move that is not stored.
    Widen,
}

#[derive(Clone)]
pub(super) struct Tree<B: Board> {
    pub nodes: Vec<Node>,
    edges: Vec<Edge>,
    candidates: Vec<Candidate>,
    forced: Vec<Move>,
    snapshots: Vec<Position<B>>,
    /// Edge blocks to use again, by the logarithm of their size.
    free: Vec<Vec<u32>>,
    pub players: PlayerCount,
    /// Longest path so far, in nodes below the root.
    pub depth: u32,
}

impl<B: Board> Tree<B> {
    pub(super) fn new() -> Self {
        Self {
            nodes: Vec::new(),
            edges: Vec::new(),
            candidates: Vec::new(),
            forced: Vec::new(),
            snapshots: Vec::new(),
            free: vec![Vec::new(); 17],
            players: PlayerCount::Two,
            depth: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.edges.clear();
        self.candidates.clear();
        self.forced.clear();
        self.snapshots.clear();
        self.free.iter_mut().for_each(Vec::clear);
        self.depth = 0;
    }

    /// Bytes in use.
    pub(super) fn bytes(&self) -> usize {
        use std::mem::size_of;
        self.nodes.len() * size_of::<Node>()
            + self.edges.len() * size_of::<Edge>()
            + self.candidates.len() * size_of::<Candidate>()
            + self.forced.len() * size_of::<Move>()
            + self.snapshots.len() * size_of::<Position<B>>()
    }

    /// Adds a node that nothing is known of.
    pub(super) fn add_node(&mut self, parent: u32) -> u32 {
        self.nodes.push(Node {
            sums: [0.0; 4],
            key: 0,
            visits: 0,
            inflight: 0,
            parent,
            candidates: 0,
            edges: NONE,
            forced: 0,
            snapshot: NONE,
            own: 0.0,
            opened_prior: 0.0,
            forced_count: 0,
            stored: 0,
            legal: 0,
            opened: 0,
            proven_children: 0,
            edge_class: 0,
            mover: PlayerId::ALL[0],
            state: State::New,
            pending: false,
        });
        self.nodes.len() as u32 - 1
    }

    #[inline]
    pub(super) fn node(&self, node: u32) -> &Node {
        &self.nodes[node as usize]
    }

    #[inline]
    pub(super) fn edges(&self, node: &Node) -> &[Edge] {
        if node.opened == 0 { &[] } else { &self.edges[node.edges as usize..][..usize::from(node.opened)] }
    }

    #[inline]
    pub(super) fn candidates(&self, node: &Node) -> &[Candidate] {
        &self.candidates[node.candidates as usize..][..usize::from(node.stored)]
    }

    #[inline]
    pub(super) fn candidates_mut(&mut self, node: u32) -> &mut [Candidate] {
        let node = &self.nodes[node as usize];
        &mut self.candidates[node.candidates as usize..][..usize::from(node.stored)]
    }

    /// Sorts the moves without an edge again after their priors have changed.
    pub(super) fn sort_unopened(&mut self, node: u32) {
        let opened = usize::from(self.node(node).opened);
        let candidates = self.candidates_mut(node);
        candidates[opened..].sort_unstable_by(|a, b| b.prior.total_cmp(&a.prior).then(a.mv.cmp(&b.mv)));
        let prior = candidates[..opened].iter().map(|candidate| candidate.prior).sum();
        self.nodes[node as usize].opened_prior = prior;
    }

    /// The moves that the rules force on the way to a node.
    pub(super) fn forced(&self, node: &Node) -> &[Move] {
        &self.forced[node.forced as usize..][..usize::from(node.forced_count)]
    }

    /// Mean shares of a node; none without visits.
    pub(super) fn mean(&self, node: &Node) -> Option<Values> {
        let sums = ringrift_rules::ByPlayer::new(node.sums);
        if node.visits == 0 { None } else { Values::in_proportion(sums, self.players).ok() }
    }

    /// Gives the next stored move an edge, whose child is not there yet.
    pub(super) fn open(&mut self, node: u32) -> u16 {
        let at = &self.nodes[node as usize];
        let index = at.opened;
        let capacity = if at.edges == NONE { 0 } else { 1u16 << at.edge_class };
        if index >= capacity {
            let class = if capacity == 0 { 1 } else { at.edge_class + 1 };
            let (old, old_class) = (at.edges, at.edge_class);
            let block = match self.free[usize::from(class)].pop() {
                Some(block) => block,
                None => {
                    let block = self.edges.len() as u32;
                    self.edges.resize(self.edges.len() + (1 << class), NEW_EDGE);
                    block
                }
            };
            if capacity > 0 {
                let from = old as usize;
                self.edges.copy_within(from..from + usize::from(index), block as usize);
                self.free[usize::from(old_class)].push(old);
            }
            let at = &mut self.nodes[node as usize];
            (at.edges, at.edge_class) = (block, class);
        }
        let at = &mut self.nodes[node as usize];
        self.edges[at.edges as usize + usize::from(index)] = NEW_EDGE;
        at.opened_prior += self.candidates[at.candidates as usize + usize::from(index)].prior;
        at.opened += 1;
        index
    }

    #[inline]
    pub(super) fn edge_mut(&mut self, node: u32, index: u16) -> &mut Edge {
        let start = self.nodes[node as usize].edges;
        &mut self.edges[start as usize + usize::from(index)]
    }

    /// Notes forced moves that lead on from what a node has so far.
    pub(super) fn add_forced(&mut self, node: u32, moves: &[Move]) {
        if moves.is_empty() {
            return;
        }
        let at = &mut self.nodes[node as usize];
        let start = self.forced.len() as u32;
        let old = at.forced as usize..at.forced as usize + usize::from(at.forced_count);
        at.forced = start;
        at.forced_count += moves.len() as u16;
        self.forced.extend_from_within(old);
        self.forced.extend_from_slice(moves);
    }

    /// Stores the moves of a node, or more of them. Those that have an edge stay the first ones.
    pub(super) fn expand(&mut self, node: u32, expansion: &Expansion) {
        let start = self.candidates.len() as u32;
        self.candidates.extend_from_slice(&expansion.candidates);
        let at = &mut self.nodes[node as usize];
        debug_assert!(
            (0..usize::from(at.opened))
                .all(|i| self.candidates[at.candidates as usize + i] == self.candidates[start as usize + i]),
            "the opened moves stay the first ones"
        );
        at.candidates = start;
        at.stored = expansion.candidates.len() as u16;
        at.legal = expansion.legal;
        at.key = expansion.key;
        at.state = State::Expanded;
    }

    /// Marks a node's result, which best play leads to from there.
    pub(super) fn prove(&mut self, node: u32, values: &Values) {
        let at = &mut self.nodes[node as usize];
        at.state = State::Proven;
        let visits = f64::from(at.visits);
        for seat in PlayerId::ALL {
            at.sums[seat.index()] = values[seat] * visits;
        }
        at.own = values[at.mover] as f32;
    }

    /// The position to replay from: the deepest snapshot on the way, or the root's.
    #[inline]
    pub(super) fn base(&self, node: &Node) -> Option<&Position<B>> {
        self.snapshots.get(node.snapshot as usize)
    }

    #[inline]
    pub(super) fn wants_snapshot(node: &Node) -> bool {
        node.snapshot == NONE && node.visits >= SNAPSHOT_VISITS && node.state == State::Expanded
    }

    pub(super) fn set_snapshot(&mut self, node: u32, position: &Position<B>) {
        if self.nodes[node as usize].snapshot == NONE {
            self.nodes[node as usize].snapshot = self.snapshots.len() as u32;
            self.snapshots.push(*position);
        }
    }

    /// Adds one simulation's shares to the nodes of its path, and passes on what is proven.
    pub(super) fn back_up(&mut self, path: &Path, values: &Values) {
        self.depth = self.depth.max(path.nodes.len() as u32 - 1);
        for &index in &path.nodes {
            let node = &mut self.nodes[index as usize];
            node.visits += 1;
            node.inflight -= 1;
            for (sum, seat) in node.sums.iter_mut().zip(PlayerId::ALL) {
                *sum += values[seat];
            }
        }
        for level in (1..path.nodes.len()).rev() {
            let (parent, index) = (path.nodes[level - 1], path.nodes[level]);
            let mover = self.nodes[parent as usize].mover.index();
            let node = &self.nodes[index as usize];
            let (visits, proven) = (node.visits, node.state == State::Proven);
            let value = (node.sums[mover] / f64::from(visits)) as f32;
            let edge = self.edge_mut(parent, path.edges[level - 1]);
            edge.inflight -= 1;
            edge.visits = visits;
            edge.value = value;
            if proven && !edge.proven {
                edge.proven = true;
                self.nodes[parent as usize].proven_children += 1;
                self.pass_on_proof(parent, index);
            }
        }
    }

    /// Proves a node if its newly proven child decides it: by a win, or as the last of all.
    fn pass_on_proof(&mut self, node: u32, child: u32) {
        let (at, below) = (&self.nodes[node as usize], &self.nodes[child as usize]);
        if at.state == State::Proven {
            return;
        }
        let share = |node: &Node| node.sums[at.mover.index()] / f64::from(node.visits.max(1));
        let decides = if share(below) >= WON {
            self.mean(below)
        } else if at.proven_children == at.legal {
            let mut best = below;
            for edge in self.edges(at) {
                let other = self.node(edge.child);
                if share(other) > share(best) {
                    best = other;
                }
            }
            self.mean(best)
        } else {
            None
        };
        if let Some(values) = decides {
            self.prove(node, &values);
        }
    }

    /// Takes a simulation back that did not come to anything.
    pub(super) fn give_up(&mut self, path: &Path) {
        for &index in &path.nodes {
            self.nodes[index as usize].inflight -= 1;
        }
        for (&parent, &index) in path.nodes.iter().zip(&path.edges) {
            self.edge_mut(parent, index).inflight -= 1;
        }
    }

    /// The expanded nodes with this key.
    pub(super) fn with_key(&self, key: u64) -> impl Iterator<Item = u32> + '_ {
        let fits = move |node: &Node| node.state == State::Expanded && node.key == key;
        self.nodes.iter().enumerate().filter(move |(_, node)| fits(node)).map(|(index, _)| index as u32)
    }

    /// All moves from the root to a node.
    pub(super) fn moves_to(&self, node: u32) -> Vec<Move> {
        let mut way = vec![node];
        let mut at = node;
        while self.node(at).parent != NONE {
            at = self.node(at).parent;
            way.push(at);
        }
        way.reverse();
        let mut moves = Vec::new();
        for pair in way.windows(2) {
            let parent = self.node(pair[0]);
            let index = self.edges(parent).iter().position(|edge| edge.child == pair[1]);
            moves.extend(index.map(|index| self.candidates(parent)[index].mv));
            moves.extend_from_slice(self.forced(self.node(pair[1])));
        }
        moves
    }

    /// Copies what is below `node` into `out`, with `node` as the root.
    pub(super) fn copy_below(&self, node: u32, out: &mut Self) {
        out.clear();
        out.players = self.players;
        let mut queue = std::collections::VecDeque::from([(node, NONE, 0u16, 0u32)]);
        while let Some((from, parent, index, depth)) = queue.pop_front() {
            let old = self.node(from);
            let new = out.add_node(parent);
            if parent != NONE {
                out.edge_mut(parent, index).child = new;
                out.add_forced(new, self.forced(old));
            }
            out.depth = out.depth.max(depth);
            let candidates = out.candidates.len() as u32;
            out.candidates.extend_from_slice(self.candidates(old));
            let copy = &mut out.nodes[new as usize];
            let (forced, forced_count) = (copy.forced, copy.forced_count);
            *copy =
                Node { parent, candidates, edges: NONE, edge_class: 0, opened: 0, opened_prior: 0.0, ..old.clone() };
            (copy.forced, copy.forced_count, copy.snapshot) = (forced, forced_count, NONE);
            if let Some(position) = self.base(old) {
                out.set_snapshot(new, position);
            }
            for (i, edge) in self.edges(old).iter().enumerate() {
                out.open(new);
                *out.edge_mut(new, i as u16) = Edge { child: NONE, ..*edge };
                if edge.child != NONE {
                    queue.push_back((edge.child, new, i as u16, depth + 1));
                }
            }
        }
    }

    /// Checks what must hold between simulations; for tests.
    #[cfg(test)]
    pub(super) fn check(&self) {
        for (index, node) in self.nodes.iter().enumerate() {
            assert_eq!(node.inflight, 0, "node {index}");
            assert!(!node.pending, "node {index}");
            let below: u32 = self.edges(node).iter().map(|edge| edge.visits).sum();
            assert!(below <= node.visits, "node {index}: {below} of {}", node.visits);
            for edge in self.edges(node) {
                assert_eq!(edge.inflight, 0);
                if edge.child != NONE {
                    let child = self.node(edge.child);
                    assert_eq!((child.parent as usize, child.visits), (index, edge.visits));
                    assert_eq!(child.state == State::Proven, edge.proven);
                }
            }
            assert!(usize::from(node.opened) <= usize::from(node.stored) && node.stored <= node.legal);
            assert!(self.candidates(node).windows(2).skip(usize::from(node.opened)).all(|w| w[0].prior >= w[1].prior));
        }
    }
}
