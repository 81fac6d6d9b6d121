//! Budgets of a search, and the counter that keeps them.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ringrift_eval::Ended;

/// When a search has to end: at the first of the limits that are set, of which there is at least one.
///
/// A search that only nodes and depth limit is deterministic; one that the clock limits is not.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Limits {
    nodes: Option<NonZeroU64>,
    time: Option<Duration>,
    depth: Option<NonZeroU32>,
}

/// Limits that no search can have.
#[derive(Copy, Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLimits {
    /// No limit at all.
    #[error("a search without a limit\nhint: give nodes, a time or a depth")]
    Unlimited,
    /// A limit of 0.
    #[error("a search with a budget of 0 {0}\nhint: give at least 1, or leave the limit out")]
    Zero(&'static str),
}

impl Limits {
    /// These limits: positions made by a move (simulations for tree searches that say so), wall-clock time, and depth in the
    /// engine's own measure.
    ///
    /// # Errors
    /// [`InvalidLimits`] if all are none or one is 0.
    pub fn new(nodes: Option<u64>, time: Option<Duration>, depth: Option<u32>) -> Result<Self, InvalidLimits> {
        if nodes.is_none() && time.is_none() && depth.is_none() {
            return Err(InvalidLimits::Unlimited);
        }
        if time.is_some_and(|time| time.is_zero()) {
            return Err(InvalidLimits::Zero("milliseconds"));
        }
        let nodes = nodes.map(|n| NonZeroU64::new(n).ok_or(InvalidLimits::Zero("nodes"))).transpose()?;
        let depth = depth.map(|n| NonZeroU32::new(n).ok_or(InvalidLimits::Zero("plies of depth"))).transpose()?;
        Ok(Self { nodes, time, depth })
    }

    /// So many nodes.
    ///
    /// # Errors
    /// [`InvalidLimits`] if they are 0.
    pub fn nodes(nodes: u64) -> Result<Self, InvalidLimits> {
        Self::new(Some(nodes), None, None)
    }

    /// So much time.
    ///
    /// # Errors
    /// [`InvalidLimits`] if it is 0.
    pub fn time(time: Duration) -> Result<Self, InvalidLimits> {
        Self::new(None, Some(time), None)
    }

    /// So much depth.
    ///
    /// # Errors
    /// [`InvalidLimits`] if it is 0.
    pub fn depth(depth: u32) -> Result<Self, InvalidLimits> {
        Self::new(None, None, Some(depth))
    }

    /// Most nodes.
    pub fn nodes_max(&self) -> Option<u64> {
        self.nodes.map(NonZeroU64::get)
    }

    /// Longest time.
    pub const fn time_max(&self) -> Option<Duration> {
        self.time
    }

    /// Greatest depth.
    pub fn depth_max(&self) -> Option<u32> {
        self.depth.map(NonZeroU32::get)
    }

    /// Whether searches with these limits repeat exactly.
    pub const fn is_deterministic(&self) -> bool {
        self.time.is_none()
    }
}

impl std::fmt::Display for Limits {
    /// `nodes=2000, time_ms=50, depth=4`, as far as set.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut separator = "";
        if let Some(nodes) = self.nodes {
            write!(f, "nodes={nodes}")?;
            separator = ", ";
        }
        if let Some(time) = self.time {
            write!(f, "{separator}time_ms={}", time.as_secs_f64() * 1e3)?;
            separator = ", ";
        }
        if let Some(depth) = self.depth {
            write!(f, "{separator}depth={depth}")?;
        }
        Ok(())
    }
}

/// A flag that tells searches to stop. Clones share it, so that one thread can set it while another one searches.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets it: searches end at their next look, which is at most 1,024 nodes away.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes it back, for the next search.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl From<Arc<AtomicBool>> for Stop {
    /// A flag that something else sets, too.
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}

/// Most nodes between two looks at flag and clock.
const POLL_NODES_MAX: u64 = 1024;

/// Time that should pass between two looks at the clock; a search overruns its time by about that much.
const POLL_TIME: Duration = Duration::from_millis(1);

/// What the threads of one search share: its nodes, its time, and its end.
#[derive(Debug)]
pub(crate) struct Team {
    /// Nodes that no thread has taken yet.
    nodes: AtomicU64,
    threads: u64,
    began: Instant,
    /// Why the search is over: what its first thread to end has met.
    ended: OnceLock<Ended>,
}

impl Team {
    /// A search with so many threads, which starts now.
    pub(crate) fn new(limits: &Limits, threads: usize) -> Self {
        Self {
            nodes: AtomicU64::new(limits.nodes_max().unwrap_or(u64::MAX)),
            threads: threads.max(1) as u64,
            began: Instant::now(),
            ended: OnceLock::new(),
        }
    }

    /// Nodes for one thread, fewer the fewer are left; 0 if there are none.
    fn take(&self) -> u64 {
        let part = |left: u64| (left / (4 * self.threads)).clamp(1, POLL_NODES_MAX).min(left);
        let rest = |left: u64| left.checked_sub(part(left)).filter(|_| left > 0);
        self.nodes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rest).map_or(0, part)
    }

    /// Ends the search; false if another thread has.
    pub(crate) fn end(&self, ended: Ended) -> bool {
        self.ended.set(ended).is_ok()
    }

    /// Time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Why the search is over; none while it goes on.
    pub(crate) fn ended(&self) -> Option<Ended> {
        self.ended.get().copied()
    }
}

/// Counts the nodes of a running search, or of one of its threads, and says when it has to end.
#[derive(Debug)]
pub struct Meter {
    nodes: u64,
    /// Count at which something has to be looked at.
    next: u64,
    nodes_max: u64,
    polled_at: u64,
    polled: Duration,
    began: Instant,
    time: Option<Duration>,
    stop: Stop,
    ended: Option<Ended>,
    /// The search that it is a thread of; then `nodes_max` grows as the thread takes more.
    team: Option<Arc<Team>>,
}

impl Meter {
    /// A meter that starts now.
    pub fn start(limits: &Limits, stop: &Stop) -> Self {
        Self::begin(limits, stop, limits.nodes_max().unwrap_or(u64::MAX), Instant::now(), None)
    }

    /// The meter of one thread of a search.
    pub(crate) fn of_team(limits: &Limits, stop: &Stop, team: &Arc<Team>) -> Self {
        Self::begin(limits, stop, 0, team.began, Some(Arc::clone(team)))
    }

    fn begin(limits: &Limits, stop: &Stop, nodes_max: u64, began: Instant, team: Option<Arc<Team>>) -> Self {
        let mut meter = Self {
            nodes: 0,
            next: 0,
            nodes_max,
            polled_at: 0,
            polled: Duration::ZERO,
            began,
            time: limits.time,
            stop: stop.clone(),
            ended: None,
            team,
        };
        if stop.is_set() {
            meter.ended = Some(Ended::Stopped);
        } else {
            // The rate is not known yet: look early.
            meter.next = meter.nodes_max.min(if limits.time.is_some() { 16 } else { POLL_NODES_MAX });
        }
        meter
    }

    /// Counts one node before it is made; false if it must not be made any more, as then the search is over. Never more than
    /// the budget are granted.
    #[inline]
    pub fn take(&mut self) -> bool {
        if self.nodes >= self.next && !self.look() {
            return false;
        }
        self.nodes += 1;
        true
    }

    #[cold]
    fn look(&mut self) -> bool {
        if self.ended.is_none() {
            if let Some(team) = &self.team
                && self.nodes >= self.nodes_max
            {
                self.nodes_max += team.take();
            }
            if let Some(ended) = self.team.as_ref().and_then(|team| team.ended()) {
                self.ended = Some(ended);
            } else if self.nodes >= self.nodes_max {
                self.ended = Some(Ended::Nodes);
            } else if self.stop.is_set() {
                self.ended = Some(Ended::Stopped);
            } else if let Some(time) = self.time {
                let now = self.began.elapsed();
                if now >= time {
                    self.ended = Some(Ended::Time);
                } else {
                    let rate =
                        (self.nodes - self.polled_at) as f64 / now.saturating_sub(self.polled).as_secs_f64().max(1e-9);
                    let span = POLL_TIME.min(time.saturating_sub(now)).as_secs_f64();
                    let ahead = ((rate * span) as u64).clamp(1, POLL_NODES_MAX);
                    (self.polled_at, self.polled) = (self.nodes, now);
                    self.next = self.nodes_max.min(self.nodes + ahead);
                }
            } else {
                self.next = self.nodes_max.min(self.nodes + POLL_NODES_MAX);
            }
            if let (Some(ended), Some(team)) = (self.ended, &self.team) {
                team.end(ended);
            }
        }
        self.ended.is_none()
    }

    /// Looks at flag, clock and budget out of turn; false if the search is over. For work that takes long between nodes.
    pub fn goes_on(&mut self) -> bool {
        self.look()
    }

    /// Nodes taken so far.
    #[inline]
    pub const fn nodes(&self) -> u64 {
        self.nodes
    }

    /// Why the search is over; none while it goes on.
    #[inline]
    pub const fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_of_nothing_are_refused() {
        let zero = Duration::ZERO;
        for (limits, says) in [
            (Limits::new(None, None, None), "without a limit"),
            (Limits::nodes(0), "0 nodes"),
            (Limits::time(zero), "0 milliseconds"),
            (Limits::depth(0), "0 plies"),
            (Limits::new(Some(5), Some(zero), None), "0 milliseconds"),
        ] {
            let message = limits.unwrap_err().to_string();
            assert!(message.contains(says) && message.contains("\nhint: "), "{message}");
        }
    }

    #[test]
    fn exactly_the_budget_is_granted() {
        for budget in [1, 7, 1023, 1024, 1025, 5000] {
            let mut meter = Meter::start(&Limits::nodes(budget).unwrap(), &Stop::new());
            let granted = (0..10_000).filter(|_| meter.take()).count() as u64;
            assert_eq!((granted, meter.nodes(), meter.ended()), (budget, budget, Some(Ended::Nodes)));
            assert!(!meter.goes_on());
        }
    }

    #[test]
    fn flag_is_seen_within_1024_nodes() {
        let (flag, limits) = (Stop::new(), Limits::depth(1).unwrap());
        let mut meter = Meter::start(&limits, &flag);
        assert!((0..3000).all(|_| meter.take()));
        flag.clone().stop();
        let more = (0..3000).take_while(|_| meter.take()).count();
        assert!(more <= 1024, "{more}");
        assert_eq!(meter.ended(), Some(Ended::Stopped));
        assert!(!Meter::start(&limits, &flag).take());
        flag.clear();
        assert!(Meter::start(&limits, &flag).take());
    }

    #[test]
    fn threads_share_the_budget_and_the_end() {
        for budget in [1, 2, 7, 1023, 5000, 100_000] {
            let (limits, stop) = (Limits::nodes(budget).unwrap(), Stop::new());
            let team = Arc::new(Team::new(&limits, 3));
            let spend = || {
                let mut meter = Meter::of_team(&limits, &stop, &team);
                while meter.take() {}
                assert_eq!(meter.ended(), Some(Ended::Nodes));
                meter.nodes()
            };
            let spent: u64 = std::thread::scope(|scope| {
                let threads = [(); 3].map(|()| scope.spawn(spend));
                threads.map(|thread| thread.join().unwrap()).iter().sum()
            });
            // What a thread took and did not use when another one ended the search is lost: a quarter of its part.
            assert!(spent <= budget && spent >= budget - budget / 4, "{spent} of {budget}");
            assert_eq!(team.ended(), Some(Ended::Nodes));
        }
        let limits = Limits::depth(9).unwrap();
        let team = Arc::new(Team::new(&limits, 2));
        let mut meter = Meter::of_team(&limits, &Stop::new(), &team);
        assert!((0..3000).all(|_| meter.take()));
        assert!(team.end(Ended::Solved) && !team.end(Ended::Depth));
        assert!((0..3000).take_while(|_| meter.take()).count() <= 1024);
        assert_eq!(meter.ended(), Some(Ended::Solved));
    }

    #[test]
    fn time_is_kept_for_slow_nodes() {
        let time = Duration::from_millis(40);
        let mut meter = Meter::start(&Limits::time(time).unwrap(), &Stop::new());
        let (mut sum, mut count) = (0_u64, 0_u64);
        while meter.take() {
            count += 1;
            sum = (0..20_000).fold(sum, |sum, i| std::hint::black_box(sum.wrapping_mul(31).wrapping_add(i)));
        }
        assert_eq!(meter.ended(), Some(Ended::Time));
        assert!(meter.elapsed() >= time && count > 16, "{:?}, {count} nodes", meter.elapsed());
    }

    #[test]
    fn text_names_what_is_set() {
        let limits = Limits::new(Some(2000), Some(Duration::from_micros(1500)), Some(4)).unwrap();
        assert_eq!(limits.to_string(), "nodes=2000, time_ms=1.5, depth=4");
        assert_eq!(Limits::depth(3).unwrap().to_string(), "depth=3");
        assert!(!limits.is_deterministic() && Limits::nodes(1).unwrap().is_deterministic());
    }
}
