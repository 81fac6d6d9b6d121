//! Max-n: every seat maximises its own win share. For any number of players; meant for three and four.
//!
//! Iterative deepening with shallow pruning and a table of exact values; several threads share out the moves of the root. Depth counts decisions, as in [`crate::AlphaBeta`], and
//! the turn in progress is finished before a position is evaluated.
//! Source: Luckhardt and Irani 1986 (max-n), Korf 1991 (shallow pruning; it needs shares that are not negative and have a
//! known sum).

mod node;
mod table;

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use ringrift_eval::{Ended, Evaluator, GameRng, RANK_SHARE, RootLine, SHARE_MIN, Scale, SearchResult, Values};
use ringrift_rules::{Board, ByPlayer, Move, Position};

use self::node::{Frame, ONE, PLY_MAX, Shares, Sure, Worker, to_shares};
use self::table::Table;
use crate::limits::{Limits, Meter, Stop, Team};
use crate::searcher::{InvalidSetting, Search};
use crate::threads;

/// Settings of [`MaxN`].
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct MaxNOptions {
    /// Whether the turn in progress is finished before a position is evaluated.
    pub quiescence: bool,
    /// Whether branches that the previous seat would avoid are cut off. The result is the same without.
    pub pruning: bool,
    /// Binary logarithm of the number of entries of the table of exact values, 24 bytes each; 2 to 30.
    pub table_bits: u32,
    /// Scale of the evaluator's points.
    pub scale: Scale,
    /// Threads, 1 to 256; results repeat with 1 only.
    pub threads: u32,
}

impl Default for MaxNOptions {
    fn default() -> Self {
        Self { quiescence: true, pruning: true, table_bits: 15, scale: Scale::HEURISTIC, threads: 1 }
    }
}

/// Greatest depth of the iterative deepening.
const DEPTH_MAX: u32 = 64;

/// Max-n search with any evaluator.
#[derive(Debug)]
pub struct MaxN<E> {
    options: MaxNOptions,
    table: Table,
    threads: Vec<Thread<E>>,
}

/// One thread's evaluator and lists.
#[derive(Debug)]
struct Thread<E> {
    evaluator: E,
    frames: Vec<Frame>,
    nodes: u64,
}

impl<E: Clone> MaxN<E> {
    /// A search with this evaluator.
    ///
    /// # Errors
    /// [`InvalidSetting`] if the table has an impossible size, or for another number of threads.
    pub fn new(evaluator: E, options: MaxNOptions) -> Result<Self, InvalidSetting> {
        let bits = options.table_bits;
        InvalidSetting::check("table_bits", bits.into(), (2..=30).contains(&bits), "2 to 30")?;
        threads::check(options.threads)?;
        let thread = || Thread { evaluator: evaluator.clone(), frames: vec![Frame::default(); PLY_MAX + 1], nodes: 0 };
        let threads = (0..options.threads).map(|_| thread()).collect();
        Ok(Self { options, table: Table::new(bits), threads })
    }

    /// The evaluator.
    pub fn evaluator(&self) -> &E {
        &self.threads[0].evaluator
    }

    /// The settings.
    pub const fn options(&self) -> &MaxNOptions {
        &self.options
    }

    /// Nodes of every thread in the last search.
    pub fn thread_nodes(&self) -> Vec<u64> {
        self.threads.iter().map(|thread| thread.nodes).collect()
    }
}

/// A move of the root, and its place in the list that was given.
struct RootMove {
    mv: Move,
    index: usize,
    shares: Shares,
    is_exact: bool,
    /// Whether the iteration in progress has searched it.
    is_searched: bool,
    nodes: u64,
    pv: Vec<Move>,
}

/// The moves of the root in an iteration, shared out to the threads one by one.
struct Iteration<'r> {
    roots: &'r mut [RootMove],
    /// Index of the move that is searched next.
    next: usize,
    /// The greatest share of the moves that were searched.
    best: u32,
    mover: usize,
    depth: i32,
}

impl<B: Board, E: Evaluator<B>> Worker<'_, B, E> {
    /// Searches moves of the root until none are left.
    fn iterate(&mut self, position: &Position<B>, iteration: &Mutex<Iteration<'_>>) {
        let lock = || iteration.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let mut shared = lock();
            let (i, depth) = (shared.next, shared.depth);
            let Some(root) = shared.roots.get(i) else { break };
            let (mv, sure) = (root.mv, Sure { seat: shared.mover, share: shared.best });
            shared.next += 1;
            drop(shared);
            let before = self.meter.nodes();
            let (shares, is_exact) = self.child(position, mv, (depth, 0), sure);
            let mut shared = lock();
            let (mover, best) = (shared.mover, shared.best);
            let root = &mut shared.roots[i];
            root.nodes += self.meter.nodes() - before;
            if self.is_over() {
                break;
            }
            (root.shares, root.is_exact, root.is_searched) = (shares, is_exact, true);
            if i == 0 || shares[mover] > best {
                root.pv.truncate(1);
                root.pv.extend_from_slice(&self.frames[0].pv);
                shared.best = best.max(shares[mover]);
            }
        }
    }
}

/// Values the moves of the root right after each, and sorts them.
fn order_roots<B: Board, E: Evaluator<B>>(
    worker: &mut Worker<'_, B, E>,
    position: &Position<B>,
    roots: &mut [RootMove],
) {
    let mover = position.to_move().index();
    for root in &mut *roots {
        if !worker.meter.take() {
            break;
        }
        let mut child = *position;
        child.make_move(root.mv);
        root.shares = worker.shares_now(&child);
        root.is_exact = true;
        root.nodes += 1;
    }
    roots.sort_by_key(|root| std::cmp::Reverse(root.shares[mover]));
}

/// Deepens until a limit; returns the depth that was completed, and why it ended. The best move comes first.
fn deepen<B: Board, E: Evaluator<B>>(
    workers: &mut [Worker<'_, B, E>],
    position: &Position<B>,
    roots: &mut [RootMove],
    depth_max: u32,
) -> (u32, Ended) {
    let seats = position.players().get();
    let mover = position.to_move().index();
    order_roots(&mut workers[0], position, roots);
    // No evaluation reaches the share of a winner.
    let unfinished_max = 1.0 - (seats as f64 - 1.0) * SHARE_MIN;
    debug_assert!(unfinished_max < 1.0 - RANK_SHARE * (1.0 - 2.0 / seats as f64));
    let won = ((unfinished_max + 1e-4) * f64::from(ONE)) as u32;
    let mut done = 0;
    loop {
        if let Some(ended) = workers.iter().find_map(|worker| worker.meter.ended()) {
            return (done, ended);
        }
        if done >= depth_max.min(DEPTH_MAX) {
            return (done, Ended::Depth);
        }
        if done > 0 && roots[0].shares[mover] > won {
            return (done, Ended::Solved);
        }
        for root in &mut *roots {
            root.is_searched = false;
        }
        let iteration = Mutex::new(Iteration { roots: &mut *roots, next: 0, best: 0, mover, depth: done as i32 });
        threads::on_each(workers, |worker| worker.iterate(position, &iteration));
        // A best move that was found before the first one was searched would be compared with nothing.
        if roots[0].is_searched {
            let mut best = 0;
            for i in 0..roots.len() {
                let share = roots[i].shares[mover];
                if roots[i].is_searched && (i == 0 || share > best) {
                    best = share;
                    roots[..=i].rotate_right(1);
                }
            }
        }
        if workers.iter().all(|worker| !worker.is_over()) {
            done += 1;
        }
    }
}

impl<B: Board, E: Evaluator<B> + Clone> Search<B> for MaxN<E> {
    fn describe(&self) -> String {
        let MaxNOptions { quiescence, pruning, table_bits, scale, threads } = self.options;
        let off = |name: &str, is_on: bool| if is_on { String::new() } else { format!("{name}=off, ") };
        let (quiescence, pruning) = (off("quiescence", quiescence), off("pruning", pruning));
        let (scale, evaluator) = (scale.points(), self.evaluator().describe());
        let threads = threads::text(threads);
        format!("maxn({quiescence}{pruning}table_bits={table_bits}, scale={scale}{threads}, {evaluator})")
    }

    fn search(
        &mut self,
        position: &Position<B>,
        legal: &[Move],
        limits: &Limits,
        stop: &Stop,
        rng: &mut GameRng,
    ) -> Option<SearchResult> {
        legal.first()?;
        let players = position.players();
        let even = to_shares(&Values::even(players), players.get());
        let root_move = |(index, &mv)| RootMove {
            mv,
            index,
            shares: even,
            is_exact: false,
            is_searched: false,
            nodes: 0,
            pv: vec![mv],
        };
        let mut roots: Vec<RootMove> = legal.iter().enumerate().map(root_move).collect();
        // Equal moves are taken in random order.
        for i in (1..roots.len()).rev() {
            roots.swap(i, rng.below(i + 1));
        }
        let team = Arc::new(Team::new(limits, self.threads.len()));
        let is_alone = self.threads.len() == 1;
        let (table, options) = (&self.table, self.options);
        let worker = |thread| {
            let Thread { evaluator, frames, .. }: &mut Thread<E> = thread;
            let meter = if is_alone { Meter::start(limits, stop) } else { Meter::of_team(limits, stop, &team) };
            Worker { evaluator, options, table, frames, meter, evaluations: 0, board: PhantomData::<B> }
        };
        let mut workers = Vec::with_capacity(self.threads.len());
        for thread in &mut self.threads {
            workers.push(worker(thread));
        }
        let depth_max = limits.depth_max().unwrap_or(DEPTH_MAX);
        let (depth, ended) = deepen(&mut workers, position, &mut roots, depth_max);
        let evaluations = workers.iter().map(|worker| worker.evaluations).sum();
        let nodes: Vec<u64> = workers.iter().map(|worker| worker.meter.nodes()).collect();
        for (thread, &nodes) in self.threads.iter_mut().zip(&nodes) {
            thread.nodes = nodes;
        }
        let values = |shares: Shares| {
            let numbers = ByPlayer::new(shares.map(f64::from));
            Values::in_proportion(numbers, players).unwrap_or_else(|_| Values::even(players))
        };
        let best = &roots[0];
        let (best, root_values) = (best.mv, values(best.shares));
        let mover = position.to_move();
        roots.sort_by_key(|root| root.index);
        let line = |root: RootMove| RootLine {
            mv: root.mv,
            visits: root.nodes,
            values: values(root.shares),
            is_exact: root.is_exact,
            pv: root.pv,
            policy: if root.mv == best { 1.0 } else { 0.0 },
        };
        Some(SearchResult {
            best,
            score: self.options.scale.relative_score(root_values[mover]),
            values: root_values,
            lines: roots.into_iter().map(line).collect(),
            nodes: nodes.iter().sum(),
            evaluations,
            depth,
            elapsed: team.elapsed(),
            ended,
        })
    }

    fn forget(&mut self) {
        self.table.clear();
    }
}
