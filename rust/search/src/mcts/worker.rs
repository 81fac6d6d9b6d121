//! Simulations: collected under the lock of the tree, worked out outside of it, and backed up under it again.
//!
//! That is the same for one leaf at a time, for batches of them, and for several threads.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use ringrift_eval::{Ended, Values};
use ringrift_rules::{Board, Move, MoveList, PlayerId, Position};

use super::leaves::{Leaf, Leaves, fill};
use super::root::RootPlan;
use super::select::Rule;
use super::tree::{Expansion, NONE, Path, Pick, State, Tree};
use crate::forced::{settle, settle_fully};
use crate::limits::Meter;

/// Moves of a node that are stored when it is expanded; more follow when they are wanted.
const KEEP: usize = 32;

/// A node with a few more legal moves than [`KEEP`] stores them all.
const KEEP_ALL: usize = 48;

/// Simulations between two looks at flag, clock and memory: a simulation makes some ten to thirty moves.
const LOOK: u32 = 32;

/// Simulations that a thread takes at once when there are several: few in a small tree, where they get into each other's way.
const THREAD_BATCH: std::ops::RangeInclusive<usize> = 4..=16;

/// Simulations of a search per simulation of a thread's batch.
const SIMULATIONS_PER_BATCHED: u64 = 128;

/// How often a thread asks for the lock before it goes to sleep: for about as long as it takes to finish a few batches, as
/// sleeping takes longer than that.
const SPINS: u32 = 200;

/// What the threads of a search share.
pub(super) struct Shared<'s, B: Board> {
    pub tree: &'s mut Tree<B>,
    pub root: &'s Position<B>,
    pub rule: Rule,
    pub plan: Option<RootPlan>,
    pub meter: Meter,
    pub bytes_max: usize,
    pub depth_max: u32,
    /// Simulations that the meter granted and that did not take place yet.
    pub owed: u32,
    pub since_look: u32,
    /// Why the search is over, where the meter does not know.
    pub ended: Option<Ended>,
    pub simulations: u64,
}

/// What a simulation needs from outside the lock.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Goal {
    /// The value of its last node.
    Value,
    /// The moves of its last node, and the value of the first one.
    Expand,
    /// More moves of its last node, and the value of the first one that was not stored.
    Widen { stored: usize },
}

/// How a walk ended.
enum Found {
    /// At a node whose result is known.
    Known,
    /// At a node that somebody else is working on.
    Busy,
    /// At a node with something to work out.
    Work(Goal),
}

#[derive(Clone)]
struct Job<B: Board> {
    path: Path,
    goal: Goal,
    position: Position<B>,
    snapshot: Option<Position<B>>,
    /// Forced moves at the last node, and after the move that leads on from it.
    forced: MoveList,
    child_forced: MoveList,
    expansion: Expansion,
    /// The game ends at the last node itself.
    ends_here: bool,
    /// Values of the end of the game, at the last node or at its child.
    terminal: Option<Values>,
    /// Index of the leaf whose values are the job's otherwise.
    leaf: usize,
}

/// One thread's evaluator and working memory.
#[derive(Clone)]
pub(super) struct Worker<B: Board, L> {
    pub leaves: L,
    jobs: Vec<Job<B>>,
    batch: Vec<Leaf<B>>,
    moves: MoveList,
}

impl<B: Board> Shared<'_, B> {
    /// Whether another simulation may begin.
    fn grant(&mut self) -> bool {
        if self.ended.is_some() {
            return false;
        }
        if self.owed > 0 {
            self.owed -= 1;
            return true;
        }
        if self.since_look >= LOOK {
            self.since_look = 0;
            if self.tree.bytes() > self.bytes_max {
                self.ended = Some(Ended::Memory);
            }
            if self.ended.is_some() || !self.meter.goes_on() {
                return false;
            }
        }
        self.since_look += 1;
        self.meter.take()
    }

    /// Goes down the tree by the rule.
    fn walk(&mut self, job: &mut Job<B>) -> Found {
        let Job { path, position, .. } = job;
        path.nodes.clear();
        path.edges.clear();
        path.moves.clear();
        path.snapshot = None;
        let mut base = None;
        let (mut at, mut used) = (0, None);
        let found = loop {
            let node = self.tree.node(at);
            path.moves.extend_from_slice(self.tree.forced(node));
            path.nodes.push(at);
            if self.tree.base(node).is_some() {
                base = Some(at);
                path.moves.clear();
                path.snapshot = None;
            } else if path.snapshot.is_none() && Tree::<B>::wants_snapshot(node) && at != 0 {
                path.snapshot = Some((path.moves.len(), at));
            }
            let (state, pending, stored) = (node.state, node.pending, self.tree.candidates(node).len());
            let pick = match state {
                _ if pending => break Found::Busy,
                State::Proven => break Found::Known,
                State::New => break Found::Work(Goal::Value),
                State::Valued => break Found::Work(Goal::Expand),
                State::Expanded => match &mut self.plan {
                    Some(plan) if at == 0 => {
                        let (index, wanted) = plan.pick(self.tree, at);
                        used = Some(wanted);
                        Pick::Edge(index)
                    }
                    _ => self.rule.pick(self.tree, node),
                },
            };
            let index = match pick {
                Pick::Edge(index) => index,
                Pick::Open => self.tree.open(at),
                Pick::Widen => break Found::Work(Goal::Widen { stored }),
            };
            let candidate = self.tree.candidates(self.tree.node(at))[usize::from(index)];
            path.edges.push(index);
            path.moves.push(candidate.mv);
            let mut child = self.tree.edge_mut(at, index).child;
            if child == NONE {
                child = self.tree.add_node(at);
            }
            let edge = self.tree.edge_mut(at, index);
            edge.child = child;
            edge.inflight += 1;
            at = child;
        };
        for &index in &path.nodes {
            self.tree.nodes[index as usize].inflight += 1;
        }
        match found {
            Found::Busy => {
                self.tree.give_up(path);
                if let (Some(wanted), Some(plan)) = (used, &mut self.plan) {
                    plan.give_back(wanted);
                }
            }
            Found::Work(goal) => {
                self.tree.nodes[at as usize].pending = true;
                job.goal = goal;
                *position = *base.and_then(|at| self.tree.base(self.tree.node(at))).unwrap_or(self.root);
            }
            Found::Known => {}
        }
        found
    }

    /// Fills `jobs` with up to `batch` simulations that need work, and finishes those that do not; returns how many there
    /// are, and whether the search goes on.
    fn collect(&mut self, jobs: &mut [Job<B>], batch: usize) -> (usize, bool) {
        let mut count = 0;
        while count < batch {
            if self.tree.node(0).state == State::Proven {
                self.ended = self.ended.or(Some(Ended::Solved));
            } else if self.tree.depth >= self.depth_max {
                self.ended = self.ended.or(Some(Ended::Depth));
            }
            if !self.grant() {
                return (count, count > 0);
            }
            match self.walk(&mut jobs[count]) {
                Found::Work(_) => count += 1,
                Found::Busy => {
                    self.owed += 1;
                    break;
                }
                Found::Known => {
                    let path = &jobs[count].path;
                    let values = path.nodes.last().and_then(|&node| self.tree.mean(self.tree.node(node)));
                    self.simulations += 1;
                    self.tree.back_up(path, &values.unwrap_or_default());
                }
            }
        }
        (count, true)
    }

    /// Puts what a job found into the tree.
    fn finish(&mut self, job: &mut Job<B>, batch: &[Leaf<B>]) {
        let Some(&last) = job.path.nodes.last() else { return };
        let values = job.terminal.unwrap_or_else(|| batch[job.leaf].values);
        self.tree.nodes[last as usize].pending = false;
        self.tree.add_forced(last, &job.forced);
        if let (Some((_, node)), Some(position)) = (job.path.snapshot, &job.snapshot) {
            self.tree.set_snapshot(node, position);
        }
        self.simulations += 1;
        if job.goal == Goal::Value || job.ends_here {
            self.settle_node(last, &values, job.terminal.is_some());
            if !job.expansion.candidates.is_empty() {
                self.expand(
                    last,
                    &job.expansion,
                    job.position.to_move(),
                    f64::from(values[job.position.to_move()] as f32),
                );
            }
        } else {
            let mover = job.position.to_move();
            let node = self.tree.node(last);
            let own = if job.goal == Goal::Expand {
                node.sums[mover.index()] / f64::from(node.visits.max(1))
            } else {
                f64::from(node.own)
            };
            self.expand(last, &job.expansion, mover, own);
            let index = self.tree.open(last);
            let child = self.tree.add_node(last);
            self.tree.add_forced(child, &job.child_forced);
            self.tree.nodes[child as usize].inflight = 1;
            let edge = self.tree.edge_mut(last, index);
            edge.child = child;
            edge.inflight = 1;
            job.path.nodes.push(child);
            job.path.edges.push(index);
            self.settle_node(child, &values, job.terminal.is_some());
        }
        self.tree.back_up(&job.path, &values);
    }

    fn settle_node(&mut self, node: u32, values: &Values, is_terminal: bool) {
        if is_terminal {
            self.tree.prove(node, values);
        } else {
            self.tree.nodes[node as usize].state = State::Valued;
        }
    }

    fn expand(&mut self, node: u32, expansion: &Expansion, mover: PlayerId, own: f64) {
        let at = &mut self.tree.nodes[node as usize];
        (at.mover, at.own) = (mover, own as f32);
        self.tree.expand(node, expansion);
    }
}

/// The lock of the tree. Threads hold it for microseconds, so it is worth asking again before sleeping.
fn lock<'m, 's, B: Board>(shared: &'m Mutex<Shared<'s, B>>) -> MutexGuard<'m, Shared<'s, B>> {
    for _ in 0..SPINS {
        match shared.try_lock() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
        }
    }
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<B: Board, L: Leaves<B>> Worker<B, L> {
    pub(super) const fn new(leaves: L) -> Self {
        Self { leaves, jobs: Vec::new(), batch: Vec::new(), moves: Vec::new() }
    }

    /// Values one position and ranks all its moves: a root.
    pub(super) fn look_at(&mut self, position: &Position<B>, legal: &[Move]) -> (Values, Expansion) {
        let mut leaf =
            Leaf { position: *position, moves: MoveList::new(), values: Values::default(), priors: Vec::new() };
        if self.leaves.gives_priors() {
            leaf.moves.extend_from_slice(legal);
        }
        let mut expansion = Expansion { legal: legal.len() as u16, key: position.key(), ..Expansion::default() };
        let mut leaves = [leaf];
        self.leaves.value(&mut leaves);
        let [leaf] = leaves;
        if self.leaves.gives_priors() {
            fill(legal, leaf.priors.iter().copied(), &mut expansion.candidates);
        } else {
            self.leaves.rank(position, legal, legal.len(), &mut expansion.candidates);
        }
        (leaf.values, expansion)
    }

    /// Searches until the search is over.
    pub(super) fn run(&mut self, shared: &Mutex<Shared<'_, B>>, is_alone: bool) {
        let mut batch = self.leaves.batch().get();
        {
            let root = lock(shared).root;
            let batch = if is_alone { batch } else { batch.max(*THREAD_BATCH.end()) };
            let job = Job {
                path: Path::default(),
                goal: Goal::Value,
                position: *root,
                snapshot: None,
                forced: MoveList::new(),
                child_forced: MoveList::new(),
                expansion: Expansion::default(),
                ends_here: false,
                terminal: None,
                leaf: 0,
            };
            let leaf = Leaf { position: *root, moves: MoveList::new(), values: Values::default(), priors: Vec::new() };
            self.jobs.resize(batch.max(self.jobs.len()), job);
            self.batch.resize(batch.max(self.batch.len()), leaf);
        }
        let mut count = 0;
        loop {
            let goes_on;
            {
                let mut shared = lock(shared);
                for job in &mut self.jobs[..count] {
                    shared.finish(job, &self.batch);
                }
                if !is_alone {
                    let wanted = (shared.simulations / SIMULATIONS_PER_BATCHED) as usize;
                    batch = self.leaves.batch().get().max(wanted.clamp(*THREAD_BATCH.start(), *THREAD_BATCH.end()));
                }
                (count, goes_on) = shared.collect(&mut self.jobs, batch);
            }
            if !goes_on {
                break;
            }
            if count == 0 {
                std::thread::yield_now();
                continue;
            }
            let mut leaves = 0;
            for job in 0..count {
                leaves += usize::from(self.work_out(job, leaves));
            }
            if leaves > 0 {
                self.leaves.value(&mut self.batch[..leaves]);
            }
            if self.leaves.gives_priors() {
                for job in self.jobs[..count].iter_mut().filter(|job| job.terminal.is_none()) {
                    let leaf = &self.batch[job.leaf];
                    fill(&leaf.moves, leaf.priors.iter().copied(), &mut job.expansion.candidates);
                }
            }
        }
    }

    /// Replays a job's moves and finds out what it wants to know, but for the value of its leaf; says whether it has one, which
    /// is put at `slot` of the batch then.
    fn work_out(&mut self, job: usize, slot: usize) -> bool {
        let Self { leaves, jobs, batch, moves } = self;
        let job = &mut jobs[job];
        job.forced.clear();
        job.child_forced.clear();
        job.expansion.candidates.clear();
        (job.snapshot, job.terminal, job.ends_here, job.leaf) = (None, None, false, slot);
        let position = &mut job.position;
        let wanted = job.path.snapshot.map_or(usize::MAX, |(count, _)| count);
        for (index, &mv) in job.path.moves.iter().enumerate() {
            if index == wanted {
                job.snapshot = Some(*position);
            }
            position.make_move(mv);
        }
        if wanted == job.path.moves.len() {
            job.snapshot = Some(*position);
        }
        let leaf = &mut batch[slot];
        leaf.moves.clear();
        match job.goal {
            Goal::Value if !leaves.gives_priors() => settle(position, moves, &mut job.forced),
            _ => settle_fully(position, moves, &mut job.forced),
        }
        if let Some(values) = Values::terminal(position) {
            (job.terminal, job.ends_here) = (Some(values), true);
            return false;
        }
        let keep = match job.goal {
            Goal::Value => {
                if leaves.gives_priors() {
                    leaf.moves.extend_from_slice(moves);
                    job.expansion.legal = moves.len() as u16;
                    job.expansion.key = position.key();
                }
                leaf.position = *position;
                return true;
            }
            Goal::Expand if moves.len() <= KEEP_ALL => moves.len(),
            Goal::Expand => KEEP,
            Goal::Widen { stored } => stored * 2,
        };
        let first = match job.goal {
            Goal::Widen { stored } => stored,
            _ => 0,
        };
        leaves.rank(position, moves, keep, &mut job.expansion.candidates);
        job.expansion.legal = moves.len() as u16;
        job.expansion.key = position.key();
        leaf.position = *position;
        leaf.position.make_move(job.expansion.candidates[first].mv);
        settle(&mut leaf.position, moves, &mut job.child_forced);
        job.terminal = Values::terminal(&leaf.position);
        job.terminal.is_none()
    }
}
