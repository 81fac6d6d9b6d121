//! Alpha-beta search: for two players, and for more of them by treating all opponents as one side.
//!
//! Iterative deepening, principal variation search with aspiration windows, a transposition table, killers and history, late
//! move reductions, and a quiescence search.
//!
//! - Depth counts decisions: a move without a choice costs none, nor does one that an opponent of the best-reply search plays
//!   at once.
//! - At depth 0 the turn in progress is finished (captures, lines, territory, payments, and the movement after a placement)
//!   before the position is evaluated, so that scores are compared at turn ends.
//! - Placements, and movements where there is depth left, are ordered by the evaluation right after each; these looks are
//!   nodes, too. Where there are many placements, only those that used to gain most are looked at.
//! - Several threads search the same root, each by its own iterations, and share the transposition table; the result is that
//!   of the thread that got furthest. With one thread, equal searches have equal results.
//! - Values of the table hold for the key of the position, which lacks the container order of the stacks. It is added where it
//!   may matter soon: a seat is down to its last stack, or a cap has to be given up.

mod node;
mod order;
mod table;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use ringrift_eval::{Ended, Evaluator, GameRng, RootLine, Scale, SearchResult, WIN, centi, from_centi};
use ringrift_rules::{Board, Move, Position};

use self::node::{DECIDED, Frame, INFINITY, PLY_MAX, Reply, WON, Worker};
pub(crate) use self::order::kind_bonus;
use self::order::{Gains, History};
use self::table::Table;
use crate::limits::{Limits, Meter, Stop, Team};
use crate::searcher::{InvalidSetting, Search};
use crate::threads;

/// How opponents are supposed to play where there are several of them; without effect with two players.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Opponents {
    /// All of them together against the root seat. Source: Sturtevant and Korf 2000 (paranoid).
    #[default]
    Paranoid,
    /// Between two turns of the root seat one opponent looks for the strongest reply, and the others play the move that looks
    /// best at once for themselves, so that every position is one of the game. Source: Schadd and Winands 2011 (best-reply
    /// search) in the form of Esser and others 2013 (BRS+); leaving turns out, as the first form does, is not legal here.
    BestReply,
}

impl Opponents {
    /// Spelling in descriptions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paranoid => "paranoid",
            Self::BestReply => "best-reply",
        }
    }
}

/// Differences of values from which alpha-beta concludes without searching, in points of the evaluator; they have to be of the
/// order of what a turn changes. Each is from 0 to 10,000.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Margins {
    /// First half-width of the window around the value of the last iteration.
    pub window: f64,
    /// By depth, from 1 on: a side to place that is so much above beta is not expected to fall below it.
    pub reverse_futility: [f64; 2],
    /// What a movement is expected to add to the static value of a placement at most.
    pub futility: f64,
    /// Most placements that are looked at in one position, once it is known what the side's placements used to gain; at least 1.
    pub promising: usize,
}

impl Margins {
    /// Those of the heuristic evaluation.
    pub const HEURISTIC: Self = Self { window: 20.0, reverse_futility: [60.0, 120.0], futility: 120.0, promising: 48 };

    /// Those of networks that know who is to move, on the scale of [`Scale::HEURISTIC`].
    ///
    /// Tuned: games of trained networks with themselves at 2,000 nodes a move. Against [`Margins::HEURISTIC`] these won 55 % of 1,000
    /// on square8 and 57 % of 500 on hex8; smaller ones were no better.
    pub const NETWORK: Self = Self { window: 10.0, reverse_futility: [15.0, 30.0], futility: 30.0, promising: 16 };

    fn check(&self) -> Result<(), InvalidSetting> {
        let Self { window, reverse_futility: [first, second], futility, promising } = *self;
        let points = [
            ("window", window),
            ("reverse_futility at depth 1", first),
            ("reverse_futility at depth 2", second),
            ("futility", futility),
        ];
        for (name, points) in points {
            InvalidSetting::check(name, points, (0.0..=10_000.0).contains(&points), "0 to 10000")?;
        }
        InvalidSetting::check("promising", promising as f64, promising > 0, "a number of placements, at least 1")
    }

    /// How descriptions name them; nothing for those of the heuristic evaluation.
    fn describe(&self) -> String {
        if *self == Self::HEURISTIC {
            return String::new();
        }
        let Self { window, reverse_futility: [first, second], futility, promising } = self;
        format!(", window={window}, reverse_futility={first}/{second}, futility={futility}, promising={promising}")
    }
}

/// Settings of [`AlphaBeta`].
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct AlphaBetaOptions {
    /// What opponents do in games of three and four.
    pub opponents: Opponents,
    /// Whether the turn in progress is finished before a position is evaluated. Without, a position is evaluated at depth 0
    /// as it stands.
    pub quiescence: bool,
    /// Whether late moves are searched less deep, and hopeless ones left out. Without, and without quiescence, values are those of
    /// plain minimax.
    pub reductions: bool,
    /// What it is worth to begin a turn, in points of the evaluator, 0 to 10,000. The evaluation does not know who moves, and a turn
    /// changes it by so much on the mean; without this, positions after an odd and an even number of turns do not compare.
    /// The default is the mean in games of this search with itself on square8.
    pub tempo: f64,
    /// From which differences it concludes without searching.
    pub margins: Margins,
    /// Binary logarithm of the number of entries of the transposition table, 16 bytes each; 2 to 32.
    pub table_bits: u32,
    /// Scale of the evaluator's points, for the win shares of results.
    pub scale: Scale,
    /// Threads, 1 to 256; results repeat with 1 only.
    pub threads: u32,
}

impl Default for AlphaBetaOptions {
    fn default() -> Self {
        Self {
            opponents: Opponents::Paranoid,
            quiescence: true,
            reductions: true,
            tempo: 140.0,
            margins: Margins::HEURISTIC,
            table_bits: 17,
            scale: Scale::HEURISTIC,
            threads: 1,
        }
    }
}

/// Greatest depth of the iterative deepening.
const DEPTH_MAX: u32 = 64;

/// Half-widths of a window, in first ones, beyond which it has no bound on the side where it failed.
const WIDEST: i32 = 25;

/// First depth with an aspiration window.
const WINDOW_DEPTH: u32 = 3;

/// Alpha-beta search with any evaluator.
#[derive(Debug)]
pub struct AlphaBeta<E> {
    options: AlphaBetaOptions,
    table: Table,
    threads: Vec<Thread<E>>,
}

/// One thread's evaluator, what it learns, and what it has found.
#[derive(Debug)]
struct Thread<E> {
    evaluator: E,
    history: History,
    gains: Gains,
    frames: Vec<Frame>,
    roots: Vec<RootMove>,
    found: Found,
}

/// How far a thread has come.
#[derive(Copy, Clone, Debug, Default)]
struct Found {
    nodes: u64,
    evaluations: u64,
    /// Depth that was completed.
    depth: u32,
    /// Whether it ended the search, by its depth or by a solution.
    is_first: bool,
}

/// A move of the root.
#[derive(Clone, Debug)]
struct RootMove {
    mv: Move,
    /// Place in the list that was given.
    index: usize,
    value: i32,
    is_exact: bool,
    nodes: u64,
    pv: Vec<Move>,
}

impl<E: Clone> AlphaBeta<E> {
    /// A search with this evaluator.
    ///
    /// # Errors
    /// [`InvalidSetting`] if the table has an impossible size, or for another number of threads.
    pub fn new(evaluator: E, options: AlphaBetaOptions) -> Result<Self, InvalidSetting> {
        let AlphaBetaOptions { tempo, table_bits: bits, threads, .. } = options;
        InvalidSetting::check("tempo", tempo, (0.0..=10_000.0).contains(&tempo), "0 to 10000")?;
        InvalidSetting::check("table_bits", bits.into(), (2..=32).contains(&bits), "2 to 32")?;
        options.margins.check()?;
        threads::check(threads)?;
        let thread = || Thread {
            evaluator: evaluator.clone(),
            history: History::new(),
            gains: Gains::new(),
            frames: vec![Frame::default(); PLY_MAX + 1],
            roots: Vec::new(),
            found: Found::default(),
        };
        Ok(Self { options, table: Table::new(bits), threads: (0..threads).map(|_| thread()).collect() })
    }

    /// The evaluator.
    pub fn evaluator(&self) -> &E {
        &self.threads[0].evaluator
    }

    /// The settings.
    pub const fn options(&self) -> &AlphaBetaOptions {
        &self.options
    }

    /// Nodes of every thread in the last search.
    pub fn thread_nodes(&self) -> Vec<u64> {
        self.threads.iter().map(|thread| thread.found.nodes).collect()
    }
}

impl<B: Board, E: Evaluator<B> + Clone> Search<B> for AlphaBeta<E> {
    fn describe(&self) -> String {
        let AlphaBetaOptions { opponents, quiescence, reductions, tempo, margins, table_bits, scale, threads } =
            self.options;
        let off = |name: &str, is_on: bool| if is_on { String::new() } else { format!(", {name}=off") };
        let (threads, margins) = (threads::text(threads), margins.describe());
        let (quiescence, reductions) = (off("quiescence", quiescence), off("reductions", reductions));
        let (opponents, scale, evaluator) = (opponents.name(), scale.points(), self.evaluator().describe());
        format!(
            "alphabeta(opponents={opponents}{quiescence}{reductions}, tempo={tempo}{margins}, table_bits={table_bits}, scale={scale}{threads}, {evaluator})"
        )
    }

    fn search(
        &mut self,
        position: &Position<B>,
        legal: &[Move],
        limits: &Limits,
        stop: &Stop,
        rng: &mut GameRng,
    ) -> Option<SearchResult> {
        let first = *legal.first()?;
        self.table.next_search();
        let team = Arc::new(Team::new(limits, self.threads.len()));
        let is_alone = self.threads.len() == 1;
        for thread in &mut self.threads {
            thread.found = Found::default();
            thread.history.fade();
            thread.roots.clear();
            thread.roots.extend(legal.iter().enumerate().map(|(index, &mv)| RootMove {
                mv,
                index,
                value: -INFINITY,
                is_exact: false,
                nodes: 0,
                pv: vec![mv],
            }));
            // Equal moves are taken in random order.
            for i in (1..thread.roots.len()).rev() {
                thread.roots.swap(i, rng.below(i + 1));
            }
        }
        let (table, options) = (&self.table, &self.options);
        let depth_max = limits.depth_max().unwrap_or(DEPTH_MAX).min(DEPTH_MAX);
        let meter = || if is_alone { Meter::start(limits, stop) } else { Meter::of_team(limits, stop, &team) };
        let (first_thread, others) = self.threads.split_first_mut()?;
        let mut meters = vec![first_thread.order_roots(position, table, options, meter())];
        for other in others {
            other.take_order(first_thread);
            meters.push(meter());
        }
        let mut threads: Vec<_> = self.threads.iter_mut().zip(meters).map(Some).collect();
        threads::on_each(&mut threads, |thread| {
            let Some((thread, meter)) = thread.take() else { return };
            let ended = thread.search(position, table, options, meter, depth_max);
            thread.found.is_first = team.end(ended);
        });
        let nodes = self.threads.iter().map(|thread| thread.found.nodes).sum();
        let evaluations = self.threads.iter().map(|thread| thread.found.evaluations).sum();
        let best = self.threads.iter().rev().max_by_key(|thread| (thread.found.is_first, thread.found.depth))?;
        let result = best.result(position, first, options);
        Some(SearchResult {
            nodes,
            evaluations,
            elapsed: team.elapsed(),
            ended: team.ended().unwrap_or(result.ended),
            ..result
        })
    }

    fn forget(&mut self) {
        self.table.clear();
        for thread in &mut self.threads {
            thread.history.clear();
            thread.gains.clear();
            thread.frames.iter_mut().for_each(Frame::forget);
        }
    }
}

impl<E> Thread<E> {
    fn worker<'s, B: Board>(
        &'s mut self,
        position: &Position<B>,
        table: &'s Table,
        options: &'s AlphaBetaOptions,
        meter: Meter,
    ) -> (Worker<'s, B, E>, &'s mut Vec<RootMove>) {
        let root = position.to_move();
        let is_two = position.players().get() == 2;
        let worker = Worker {
            evaluator: &mut self.evaluator,
            options,
            table,
            frames: &mut self.frames,
            history: &mut self.history,
            gains: &mut self.gains,
            meter,
            evaluations: 0,
            root,
            root_plies: position.plies(),
            tempo: centi(options.tempo),
            reverse_futility: options.margins.reverse_futility.map(centi),
            futility: centi(options.margins.futility),
            salt: if is_two { 0 } else { 0x9fb2_1c65_1e98_df25_u64.wrapping_mul(root.index() as u64 + 1) },
            board: PhantomData,
        };
        (worker, &mut self.roots)
    }

    /// Sorts the moves of the root by what the position is worth right after each; returns the meter.
    fn order_roots<B: Board>(
        &mut self,
        position: &Position<B>,
        table: &Table,
        options: &AlphaBetaOptions,
        meter: Meter,
    ) -> Meter
    where
        E: Evaluator<B>,
    {
        let (mut worker, roots) = self.worker(position, table, options, meter);
        worker.order_roots(position, roots);
        let (meter, evaluations) = (worker.meter, worker.evaluations);
        self.found.evaluations = evaluations;
        meter
    }

    /// Sorts the moves of the root by the values that another thread has found; equal ones stay in the thread's own order.
    fn take_order(&mut self, other: &Self) {
        let mut values = vec![(0, false); other.roots.len()];
        for root in &other.roots {
            values[root.index] = (root.value, root.is_exact);
        }
        for root in &mut self.roots {
            (root.value, root.is_exact) = values[root.index];
        }
        self.roots.sort_by_key(|root| std::cmp::Reverse(root.value));
        self.gains = other.gains.clone();
    }

    /// Searches until the meter or the depth ends it; returns why it ended.
    fn search<B: Board>(
        &mut self,
        position: &Position<B>,
        table: &Table,
        options: &AlphaBetaOptions,
        meter: Meter,
        depth_max: u32,
    ) -> Ended
    where
        E: Evaluator<B>,
    {
        let (mut worker, roots) = self.worker(position, table, options, meter);
        let (depth, ended) = worker.deepen(position, roots, depth_max);
        let (nodes, evaluations) = (worker.meter.nodes(), worker.evaluations);
        self.found = Found { nodes, evaluations: self.found.evaluations + evaluations, depth, is_first: false };
        ended
    }

    /// What the thread has found.
    fn result<B: Board>(&self, position: &Position<B>, first: Move, options: &AlphaBetaOptions) -> SearchResult {
        let (players, seat) = (position.players(), position.to_move());
        let best = self.roots.first().map_or(first, |best| best.mv);
        let value = self.roots.first().map_or(0, |best| best.value).clamp(-WON, WON);
        let values = |value: i32| {
            let relative = from_centi(value.clamp(-WON, WON));
            options.scale.values_of_relative(relative, players, seat)
        };
        let mut lines: Vec<(usize, RootLine)> = self
            .roots
            .iter()
            .map(|root| {
                let line = RootLine {
                    mv: root.mv,
                    visits: root.nodes,
                    values: values(root.value),
                    is_exact: root.is_exact,
                    pv: root.pv.clone(),
                    policy: if root.mv == best { 1.0 } else { 0.0 },
                };
                (root.index, line)
            })
            .collect();
        lines.sort_by_key(|&(index, _)| index);
        SearchResult {
            best,
            score: decided_score(value),
            values: values(value),
            lines: lines.into_iter().map(|(_, line)| line).collect(),
            nodes: 0,
            evaluations: 0,
            depth: self.found.depth,
            elapsed: Duration::ZERO,
            ended: Ended::Stopped,
        }
    }
}

/// Score of a value: wins and losses in whole points less the plies to the end.
fn decided_score(value: i32) -> f64 {
    if value > DECIDED {
        WIN - f64::from(WON - value)
    } else if value < -DECIDED {
        f64::from(WON + value) - WIN
    } else {
        from_centi(value)
    }
}

impl<B: Board, E: Evaluator<B>> Worker<'_, B, E> {
    /// Deepens until a limit; returns the depth that was completed, and why it ended. The best move comes first.
    fn deepen(&mut self, position: &Position<B>, roots: &mut [RootMove], depth_max: u32) -> (u32, Ended) {
        let mut done = 0;
        while !self.is_over() {
            if done >= depth_max {
                return (done, Ended::Depth);
            }
            if roots[0].value.abs() > DECIDED && done > 0 {
                return (done, Ended::Solved);
            }
            if !self.iterate(position, roots, done + 1) {
                break;
            }
            done += 1;
        }
        (done, self.meter.ended().unwrap_or(Ended::Depth))
    }

    /// Sorts the moves by what the position is worth right after each.
    fn order_roots(&mut self, position: &Position<B>, roots: &mut [RootMove]) {
        let mut sum = 0;
        for root in &mut *roots {
            if !self.meter.take() {
                break;
            }
            let mut child = *position;
            child.make_move(root.mv);
            root.nodes += 1;
            root.value = self.value_now(&child, 0);
            root.is_exact = true;
            sum += i64::from(root.value);
        }
        if !self.is_over() {
            let mean = (sum / roots.len() as i64) as i32;
            for root in &*roots {
                self.gains.note(0, root.mv, root.value - mean);
            }
            self.gains.is_known[0] |= position.phase() == ringrift_rules::Phase::RingPlacement;
        }
        roots.sort_by_key(|root| std::cmp::Reverse(root.value));
    }

    /// One iteration, with a window around the value of the last one if there is one; false if it was cut short, even if it
    /// found a better move before that.
    fn iterate(&mut self, position: &Position<B>, roots: &mut [RootMove], depth: u32) -> bool {
        let guess = roots[0].value;
        let first = centi(self.options.margins.window).max(1);
        let (mut below, mut above) = (first, first);
        let (mut alpha, mut beta) = (-INFINITY, INFINITY);
        if depth >= WINDOW_DEPTH && guess.abs() < DECIDED {
            (alpha, beta) = (guess - below, guess + above);
        }
        loop {
            let Some(value) = self.iterate_within(position, roots, depth, (alpha, beta)) else { return false };
            if value <= alpha {
                below *= 4;
                alpha = if below > WIDEST * first { -INFINITY } else { guess - below };
            } else if value >= beta {
                above *= 4;
                beta = if above > WIDEST * first { INFINITY } else { guess + above };
            } else {
                return true;
            }
        }
    }

    /// Searches all moves of the root within a window, and puts the best one first; none if it was cut short.
    fn iterate_within(
        &mut self,
        position: &Position<B>,
        roots: &mut [RootMove],
        depth: u32,
        (mut alpha, beta): (i32, i32),
    ) -> Option<i32> {
        let mut best = -INFINITY;
        for i in 0..roots.len() {
            let before = self.meter.nodes();
            let depth = depth as i32 - 1;
            let mut search = |window| self.child(position, roots[i].mv, 0, (depth, 0, Reply::Free), window);
            let mut value = if i == 0 { search((alpha, beta)) } else { search((alpha, alpha + 1)) };
            if i > 0 && value > alpha && value < beta {
                value = search((alpha, beta));
            }
            let root = &mut roots[i];
            root.nodes += self.meter.nodes() - before;
            if self.is_over() {
                return None;
            }
            // The first move's value is exact, or a bound of the window; the others have beaten it, or not.
            root.value = value;
            root.is_exact = value > alpha && value < beta;
            if value > best {
                best = value;
                if value > alpha || i == 0 {
                    root.pv.truncate(1);
                    root.pv.extend_from_slice(&self.frames[0].pv);
                }
                if value > alpha {
                    roots[..=i].rotate_right(1);
                    alpha = value;
                    if value >= beta {
                        break;
                    }
                }
            }
        }
        Some(best)
    }
}
