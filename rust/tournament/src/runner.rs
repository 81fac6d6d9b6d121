//! Games on all cores, handed out and taken back in the order of a schedule.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use ringrift_search::Stop;

/// Time between two looks at the flag that ends everything.
const STOP_INTERVAL: Duration = Duration::from_millis(10);

/// Stack of a thread that plays: that of a main thread, since searches recurse.
const STACK_BYTES: usize = 8 << 20;

/// Games that each thread may be ahead of the first one that is not over.
const AHEAD: u64 = 8;

/// How a run of games ended.
#[derive(Debug)]
pub(crate) enum Ended<E> {
    /// All were played, or the consumer had enough.
    Complete,
    /// The caller's flag was set.
    Stopped,
    /// A game or the consumer failed.
    Failed(E),
}

/// Where the threads are.
struct Place {
    /// The next game to be handed out.
    next: u64,
    /// Games that were consumed.
    consumed: u64,
    is_over: bool,
}

/// Plays the games `first..count` on `jobs` threads (0 = one per core). `play` is given a number and returns none if it was
/// stopped; `consume` gets the results in the order of their numbers, on the thread that called, and ends the run by `Break`.
///
/// # Errors
/// The system refuses threads.
pub(crate) fn play_in_order<T: Send, E: Send>(
    range: std::ops::Range<u64>,
    jobs: usize,
    stop: &AtomicBool,
    play: impl Fn(u64, &Stop) -> Result<Option<T>, E> + Sync,
    mut consume: impl FnMut(u64, T) -> Result<ControlFlow<()>, E>,
) -> io::Result<Ended<E>> {
    let threads = match jobs {
        0 => thread::available_parallelism().map_or(1, std::num::NonZero::get),
        jobs => jobs,
    };
    let threads = (threads as u64).min(range.end.saturating_sub(range.start)).max(1);
    let place = Mutex::new(Place { next: range.start, consumed: range.start, is_over: range.is_empty() });
    let (moved, searches) = (Condvar::new(), Stop::new());
    let (results, received) = mpsc::channel();
    thread::scope(|scope| {
        // Threads that wait are let go however this scope is left.
        let _end = EndOnDrop { place: &place, moved: &moved, searches: &searches };
        for number in 0..threads {
            let (results, place, moved, searches, play, end) =
                (results.clone(), &place, &moved, &searches, &play, range.end);
            let work = move || {
                while let Some(game) = take(place, moved, end, threads * AHEAD) {
                    let result = play(game, searches);
                    if results.send((game, result)).is_err() {
                        break;
                    }
                }
            };
            thread::Builder::new().name(format!("game-{number}")).stack_size(STACK_BYTES).spawn_scoped(scope, work)?;
        }
        drop(results);
        let mut waiting = BTreeMap::new();
        let mut next = range.start;
        while next < range.end {
            if stop.load(Ordering::Relaxed) {
                return Ok(Ended::Stopped);
            }
            match received.recv_timeout(STOP_INTERVAL) {
                Ok((game, result)) => {
                    waiting.insert(game, result);
                }
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Stopped),
            }
            while let Some(result) = waiting.remove(&next) {
                let flow = match result {
                    Ok(Some(value)) => consume(next, value),
                    Ok(None) => return Ok(Ended::Stopped),
                    Err(error) => Err(error),
                };
                match flow {
                    Ok(ControlFlow::Continue(())) => next += 1,
                    Ok(ControlFlow::Break(())) => return Ok(Ended::Complete),
                    Err(error) => return Ok(Ended::Failed(error)),
                }
                lock(&place).consumed = next;
                moved.notify_all();
            }
        }
        Ok(Ended::Complete)
    })
}

fn lock(place: &Mutex<Place>) -> MutexGuard<'_, Place> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of the next game; waits while it is too far ahead.
fn take(place: &Mutex<Place>, moved: &Condvar, end: u64, ahead: u64) -> Option<u64> {
    let mut place = lock(place);
    loop {
        if place.is_over || place.next >= end {
            return None;
        }
        if place.next < place.consumed + ahead {
            place.next += 1;
            return Some(place.next - 1);
        }
        place = moved.wait(place).unwrap_or_else(PoisonError::into_inner);
    }
}

struct EndOnDrop<'a> {
    place: &'a Mutex<Place>,
    moved: &'a Condvar,
    searches: &'a Stop,
}

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.searches.stop();
        lock(self.place).is_over = true;
        self.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(
        jobs: usize,
        play: impl Fn(u64, &Stop) -> Result<Option<u64>, String> + Sync,
        last: u64,
    ) -> (Vec<u64>, Ended<String>) {
        let mut seen = Vec::new();
        let ended = play_in_order(3..50, jobs, &AtomicBool::new(false), play, |number, value| {
            assert_eq!(value, number * number);
            seen.push(number);
            Ok(if number == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        (seen, ended.unwrap())
    }

    #[test]
    fn results_come_in_order_whatever_the_threads() {
        for jobs in [1, 2, 7] {
            // Games of different lengths.
            let square = |number: u64, _: &Stop| {
                let spun = (0..(number * 7919) % 5_000).fold(number, |a, b| std::hint::black_box(a ^ b ^ b));
                Ok(Some(spun * spun))
            };
            let (seen, ended) = run(jobs, square, 100);
            assert_eq!(seen, (3..50).collect::<Vec<_>>());
            assert!(matches!(ended, Ended::Complete));
            let (seen, ended) = run(jobs, square, 20);
            assert_eq!(seen, (3..=20).collect::<Vec<_>>());
            assert!(matches!(ended, Ended::Complete));
        }
    }

    #[test]
    fn failure_ends_the_run_at_its_place() {
        let play = |number: u64, _: &Stop| if number == 9 { Err("nine".to_owned()) } else { Ok(Some(number * number)) };
        let (seen, ended) = run(3, play, 100);
        assert_eq!(seen, (3..9).collect::<Vec<_>>());
        assert!(matches!(ended, Ended::Failed(text) if text == "nine"));
    }

    #[test]
    fn flag_stops_games_that_last() {
        let stop = AtomicBool::new(false);
        let play = |_, searches: &Stop| -> Result<Option<u64>, String> {
            stop.store(true, Ordering::Relaxed);
            while !searches.is_set() {
                thread::yield_now();
            }
            Ok(None)
        };
        let ended = play_in_order(0..10, 2, &stop, play, |_, _| Ok(ControlFlow::Continue(()))).unwrap();
        assert!(matches!(ended, Ended::Stopped));
    }
}
