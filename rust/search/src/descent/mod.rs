//! Descent: unbounded best-first minimax with completion, for two to four players.
//!
//! Every iteration goes down the moves that look best to the seats that make them, looks at all moves of the node where it
//! ends, and hands the value of the best child up, node by node; values are win shares by seat, and every seat goes for its
//! own, which for two players is minimax. Nodes whose result is certain are solved and not entered again; the search ends when
//! the root is. Source: Cohen-Solal 2020, "Learning to play two-player perfect-information games without knowledge", and 2021,
//! "Completeness of unbounded best-first game search".
//!
//! Positions are kept in a tree, not in a table by key: two ways to the same position have different histories, which decide
//! about last player standing and about who pays.

mod options;
mod targets;
mod tree;

use std::num::NonZeroUsize;

use ringrift_eval::{Ended, Evaluator, GameRng, RootLine, Scale, SearchResult, Values};
use ringrift_rules::{Board, Move, MoveList, Position};

pub use options::{DescentOptions, Strategy};
pub use targets::Target;

use crate::forced::{settle, settle_fully};
use crate::limits::{Limits, Meter, Stop};
use crate::mcts::{Candidate, LightPriors, score_of};
use crate::searcher::{InvalidSetting, Search};
use tree::{Node, Tree};

/// Most moves of a principal variation.
const PV_MAX: usize = 64;

/// Descent. The node limit of [`Limits`] counts positions that were made and evaluated; the depth limit is that of the tree, in
/// choices.
#[derive(Clone)]
pub struct Descent<B: Board, E> {
    evaluator: E,
    scale: Scale,
    options: DescentOptions,
    tree: Tree,
    /// Where the last search began.
    root: Option<Position<B>>,
    light: LightPriors,
    moves: MoveList,
    forced: MoveList,
    ranked: Vec<Candidate>,
    path: Vec<u32>,
    evaluations: u64,
}

/// How looking at the moves of a node came out.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Looked {
    /// All of them have children.
    Done,
    /// The game ends here.
    Finished,
    /// The search was over before.
    Cut,
}

impl<B: Board, E: Evaluator<B>> Descent<B, E> {
    /// A search with this evaluator, whose points mean wins according to `scale`.
    ///
    /// # Errors
    /// [`InvalidSetting`]: see [`DescentOptions::check`].
    pub fn new(evaluator: E, scale: Scale, options: DescentOptions) -> Result<Self, InvalidSetting> {
        options.check()?;
        Ok(Self {
            evaluator,
            scale,
            options,
            tree: Tree::default(),
            root: None,
            light: LightPriors::default(),
            moves: MoveList::new(),
            forced: MoveList::new(),
            ranked: Vec::new(),
            path: Vec::new(),
            evaluations: 0,
        })
    }

    /// The settings.
    pub const fn options(&self) -> &DescentOptions {
        &self.options
    }

    /// Bytes that the tree has in use.
    pub fn tree_bytes(&self) -> usize {
        self.tree.bytes()
    }

    /// Evaluates a position as the node after `mv`.
    fn evaluate(&mut self, mv: Move, position: &Position<B>) -> Node {
        if let Some(values) = Values::terminal(position) {
            return Node { is_solved: true, ..Node::new(mv, &values) };
        }
        let scores = self.evaluator.scores(position);
        self.evaluations += position.players().get() as u64;
        Node::new(mv, &self.scale.values(&scores, position.players()))
    }

    /// Makes and evaluates the moves of a node, or the likeliest `moves_max` of them. Its position is `position`; forced
    /// moves are made first. If the search ends meanwhile, only the root keeps the children that it has.
    fn look(
        &mut self,
        node: u32,
        position: &mut Position<B>,
        meter: &mut Meter,
        moves_max: Option<NonZeroUsize>,
    ) -> Looked {
        self.forced.clear();
        settle_fully(position, &mut self.moves, &mut self.forced);
        let forced = std::mem::take(&mut self.forced);
        self.tree.add_forced(node, &forced);
        self.forced = forced;
        if let Some(values) = Values::terminal(position) {
            let at = &mut self.tree.nodes[node as usize];
            *at = Node { is_solved: true, shares: Node::new(at.mv, &values).shares, ..at.clone() };
            return Looked::Finished;
        }
        let legal = self.moves.len();
        if let Some(most) = moves_max.filter(|most| most.get() < legal) {
            self.light.rank(position, &self.moves, most.get(), &mut self.ranked);
            self.moves.clear();
            self.moves.extend(self.ranked.iter().map(|candidate| candidate.mv));
        }
        let moves = std::mem::take(&mut self.moves);
        let (children, forced_start) = (self.tree.nodes.len(), self.tree.forced.len());
        let mut settled = MoveList::new();
        std::mem::swap(&mut settled, &mut self.forced);
        for &mv in &moves {
            if !meter.take() {
                break;
            }
            let mut child = *position;
            child.make_move(mv);
            settled.clear();
            settle(&mut child, &mut self.moves, &mut settled);
            let node = self.evaluate(mv, &child);
            self.tree.nodes.push(node);
            let last = self.tree.nodes.len() as u32 - 1;
            self.tree.add_forced(last, &settled);
        }
        self.forced = settled;
        let count = self.tree.nodes.len() - children;
        let complete = count == moves.len();
        let is_cut = count < legal;
        self.moves = moves;
        if !complete && node != 0 {
            self.tree.nodes.truncate(children);
            self.tree.forced.truncate(forced_start);
            return Looked::Cut;
        }
        let at = &mut self.tree.nodes[node as usize];
        (at.children, at.count, at.mover, at.is_cut) = (children as u32, count as u32, position.to_move(), is_cut);
        self.tree.back_up(node);
        if complete { Looked::Done } else { Looked::Cut }
    }

    /// One way down and up again; returns its depth.
    fn iterate(&mut self, root: &Position<B>, meter: &mut Meter) -> u32 {
        let mut position = *root;
        let mut at = 0;
        self.path.clear();
        self.path.push(0);
        loop {
            let node = &self.tree.nodes[at as usize];
            if node.is_solved {
                break;
            }
            if node.count == 0 {
                let looked = self.look(at, &mut position, meter, self.options.moves_max);
                if looked != Looked::Done || self.options.strategy == Strategy::BestFirst {
                    break;
                }
            }
            let node = &self.tree.nodes[at as usize];
            let Some(next) = self.tree.next(node) else {
                // Every move that was looked at is settled. Where others were left out, they count now; without them the
                // search would come here again and again.
                if node.is_cut {
                    self.look(at, &mut position, meter, None);
                }
                break;
            };
            let child = &self.tree.nodes[next as usize];
            position.make_move(child.mv);
            for &mv in self.tree.forced(child) {
                position.make_move(mv);
            }
            self.path.push(next);
            at = next;
        }
        for &node in self.path.iter().rev() {
            self.tree.nodes[node as usize].visits += 1;
            self.tree.back_up(node);
        }
        self.path.len() as u32 - 1
    }

    /// The moves that the search expects after child `index` of `node`, its own first.
    fn principal_variation(&self, node: &Node, index: usize) -> Vec<Move> {
        let mut pv = Vec::new();
        let (mut at, mut index) = (node, Some(index));
        while let Some(next) = index.filter(|_| pv.len() < PV_MAX) {
            at = &self.tree.children(at)[next];
            pv.push(at.mv);
            pv.extend_from_slice(self.tree.forced(at));
            index = self.tree.safest(at);
        }
        pv
    }
}

impl<B: Board, E: Evaluator<B>> Search<B> for Descent<B, E> {
    fn describe(&self) -> String {
        let DescentOptions { strategy, moves_max, memory_mib: _ } = self.options;
        let widest = moves_max.map_or_else(String::new, |most| format!(", moves_max={most}"));
        let (strategy, scale) = (strategy.name(), self.scale.points());
        format!("descent(strategy={strategy}{widest}, scale={scale}, {})", self.evaluator.describe())
    }

    fn search(
        &mut self,
        position: &Position<B>,
        legal: &[Move],
        limits: &Limits,
        stop: &Stop,
        _: &mut GameRng,
    ) -> Option<SearchResult> {
        let &first = legal.first()?;
        let mut meter = Meter::start(limits, stop);
        let players = position.players();
        let (evaluated, seat) = (self.evaluations, position.to_move());
        self.tree.clear();
        self.root = Some(*position);
        let root = self.evaluate(first, position);
        self.tree.nodes.push(root);
        let bytes_max = self.options.memory_mib as usize * (1 << 20);
        let depth_max = limits.depth_max().unwrap_or(u32::MAX);
        let mut depth = 0;
        // A single move is looked at like others: the root has no forced moves of its own.
        let looked = match legal.len() {
            1 => Looked::Finished,
            _ if !meter.goes_on() => Looked::Cut,
            _ => self.look(0, &mut position.clone(), &mut meter, None),
        };
        let mut ended = (legal.len() == 1).then_some(Ended::Solved);
        while looked == Looked::Done && ended.is_none() && meter.ended().is_none() {
            if self.tree.nodes[0].is_solved {
                ended = Some(Ended::Solved);
            } else if depth >= depth_max {
                ended = Some(Ended::Depth);
            } else if self.tree.bytes() > bytes_max {
                ended = Some(Ended::Memory);
            } else if meter.goes_on() {
                depth = depth.max(self.iterate(position, &mut meter) + 1);
            }
        }
        let root = &self.tree.nodes[0];
        let values = root.values(players);
        let best = self.tree.safest(root);
        let children = self.tree.children(root);
        let visits: u64 = children.iter().map(|child| u64::from(child.visits)).sum();
        let mut by_move: Vec<usize> = (0..children.len()).collect();
        by_move.sort_unstable_by_key(|&index| children[index].mv);
        let won = best.filter(|&index| children[index].is_won_by(seat));
        let policy = |index: usize| match won {
            Some(won) => f64::from(u8::from(won == index)),
            None if visits > 0 => f64::from(children[index].visits) / visits as f64,
            None => f64::from(u8::from(best == Some(index))),
        };
        let lines: Vec<RootLine> = legal
            .iter()
            .map(|&mv| {
                let found = by_move.binary_search_by_key(&mv, |&index| children[index].mv).ok().map(|i| by_move[i]);
                RootLine {
                    mv,
                    visits: found.map_or(0, |index| u64::from(children[index].visits)),
                    values: found.map_or(values, |index| children[index].values(players)),
                    is_exact: found.is_some(),
                    pv: found.map_or_else(|| vec![mv], |index| self.principal_variation(root, index)),
                    policy: match found {
                        Some(index) => policy(index),
                        None => f64::from(u8::from(children.is_empty() && mv == first)),
                    },
                }
            })
            .collect();
        let chosen = best.map_or(first, |index| children[index].mv);
        let proven =
            root.is_solved.then(|| lines.iter().find(|line| line.mv == chosen).map_or(1, |line| line.pv.len()));
        Some(SearchResult {
            best: chosen,
            score: score_of(&values, players, seat, self.scale, proven),
            values,
            lines,
            nodes: meter.nodes(),
            evaluations: self.evaluations - evaluated,
            depth,
            elapsed: meter.elapsed(),
            ended: ended.or(meter.ended()).unwrap_or(Ended::Nodes),
        })
    }

    fn forget(&mut self) {
        self.tree.clear();
        self.root = None;
    }
}
